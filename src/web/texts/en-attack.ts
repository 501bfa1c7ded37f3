/** What the page of attacks says, which comes with it. */
export const texts = {
  attack: {
    title: 'Attack it yourself',
    lead: 'Here you are the attacker. A network that learnt to paint faces from what leaves this browser is let loose on your own picture, first with the clean features, then with what is sent in their place.',
    justSent: 'What you just sent',
    justSentText: 'The message is still in this page’s memory, and the photo it was made of.',
    again: 'Attack it again',
    sent: 'Attack what I sent',
    other: 'Or another picture',
    picture: 'A picture to attack',
    take: 'Take a picture',
    againFresh: 'Attack it again, with fresh noise',
    act: 'Attack this picture',
    nothingSent:
      '<strong>Nothing is sent here.</strong> The attackers are downloaded (5 MB, once) and run in this page. Neither photo nor features nor what is painted leaves it.',
    onward: 'What all attackers got, on faces that none of them was trained on: <a>the attack report</a>.',
    step1: 'Your face is cut out and encoded, as if it were to be sent.',
    step2: 'One attacker paints it from the clean features, which never leave: the worst case.',
    step3: 'Another, trained on noisy messages, paints it from the very bytes of yours.',
    step4: 'A face network says whether it would still take each painting for you.',
    loading: 'Loading the attackers',
    painting: 'Painting',
    done: 'Done',
    doneBoth: 'Both paintings, with a verdict for each, are below.',
    doneKeyed: 'Under a key there was nothing to paint from. See below.',
  },
  recovered: {
    title: 'What an attacker sees',
    truth: 'The truth',
    face: 'Your face',
    faceText: 'As it was cut out. It stayed in this page.',
    ifLeaked: 'If clean features leaked',
    clean: 'Painted from clean features',
    cleanText: 'What this project is built to never send.',
    cleanLabel: 'Your face as painted from the clean features',
    fromSent: 'From what is sent',
    noise: 'Painted from features plus noise',
    noiseText: 'By an attacker who was trained on such messages, and read yours.',
    noiseLabel: 'Your face as painted from the message',
    time: 'Both attackers and the verdicts took {{time}} in this page.',
    ours: 'Our own network',
    foreign: 'A foreign network, dlib’s',
    taken: 'Taken for you',
    alike: 'Refused, but like you',
    notTaken: 'Not taken for you',
    likenessMost: 'likeness {{likeness}}, needed {{threshold}}; most strangers are as like',
    likenessFew: 'likeness {{likeness}}, needed {{threshold}}; at most 1 in {{strangers}} strangers is as like',
    sent: 'What is sent',
    sentLabel: 'What is sent, drawn as grays',
    keyed: 'Nothing to paint from',
    keyedText:
      'Under your own key these 128 numbers are a random direction: any face gives any of them equally often, so no network can learn to read them without the key. With the key, they are as good as a plain face descriptor.',
    xnn: 'No attacker of this kind',
    xnnText:
      'Under a network’s key one record of the hardened scheme is noise to whoever does not have it. Many records under one key are not: the report says what their statistics give away.',
    reading: 'How to read this',
    weak: '<strong>These attackers are weak.</strong> Each learnt from {{photos}} photos of other people, seen {{epochs}} times on average. A patient attacker does better, and one with many messages of you averages the noise away.',
    strangers:
      '<strong>On strangers</strong> (LFW), a foreign network, dlib’s, told by such a painting whether another photo is of the same person in {{clean}} of pairs for clean features; guessing gives {{half}}.',
    strangersBoth:
      '<strong>On strangers</strong> (LFW), a foreign network, dlib’s, told by such a painting whether another photo is of the same person in {{clean}} of pairs for clean features and {{sent}} for what is sent; guessing gives {{half}}.',
    judge:
      '<strong>Our own network</strong> is the one of keyed mode, at its threshold of {{threshold}}. It reads the same features that were attacked, so it is a partial judge; and it compares with the very photo that was attacked, which is easier than with another one.',
    noSecret:
      '<strong>Noise is no secret.</strong> It hides some of the picture and little of who you are. If that is not enough for you, use a key of your own.',
  },
  foreign: {
    title: 'And a judge from elsewhere?',
    lead: 'A network should not be judged by its relatives. This one was made by others, from other photos: it knows nothing of our networks, and the attackers did not learn to please it.',
    ask: 'Ask a foreign judge too ({{size}}, once)',
    step1: 'The judge is downloaded from this server ({{size}}, once) and runs in this page.',
    step2: 'Your face and each painting become 128 numbers in his network.',
    step3: 'How like those are says whether he takes the painting for you.',
    loading: 'Loading the judge',
    judging: 'Judging',
    done: 'His verdicts stand under the paintings above.',
    nothingSent:
      '<strong>Nothing is sent here, either.</strong> The judge comes to the paintings; they do not go to him.',
    who: '<strong>He is dlib’s face network</strong>, which is in the public domain, with a byte a weight as the npm package face-api has it. Neither our networks nor these attackers were trained with or against him.',
    mistakes:
      '<strong>He takes 1 in {{strangers}} strangers for one person, too.</strong> The likeness that he needs was set so, on {{impostors}} pairs of plain photos of {{people}} people from whom no network of ours learnt. On other people (LFW, 6,000 pairs) he then says yes to {{accepted}} of {{thousand}} pairs of photos of one person, and to {{mistaken}} of {{thousand}} of two.',
    easier:
      '<strong>He, too, compares with the very photo that was attacked</strong>, whose pose and light a painting shares: that is easier than with another photo of you. And “not taken” is no proof of safety; the likeness that he needs is a strict one.',
    time: 'He took {{time}} in this page.',
  },
  linking: {
    title: 'Does it give away whose it is?',
    lead: 'Another attacker paints nothing. He holds a photo of somebody and asks of every message whether it shows the same person.',
    photo: 'The attacker’s photo',
    photoText:
      'Give him another photo of you, or one of somebody else, and see what he says. Without one he gets the very picture that the message was made of: the easiest case.',
    act: 'Compare it with my message',
    actSame: 'Compare with the same picture',
    step1: 'His photo goes through the networks of keyed mode, which anybody may download, and becomes 128 numbers.',
    step2: 'So do the clean features, which never leave: the worst case.',
    step3:
      'The bytes of your message go through a network of his own, which learnt to say of messages what those networks say of photos.',
    comparing: 'Comparing',
    done: 'What he says of the clean features and of what is sent is below.',
    nothingSent:
      '<strong>Nothing is sent here, either.</strong> The attacker is downloaded (4 MB, once) and runs in this page. His photo does not leave it.',
    theirs: 'In the attacker’s hands',
    same: 'The same picture',
    sameText: 'The very one that the message was made of.',
    other: 'His photo',
    otherText: 'As it was cut out. It stayed in this page.',
    theirLabel: 'The attacker’s photo, as it was cut out',
    clean: 'Clean features',
    cleanLabel: 'The clean features, drawn as grays',
    'xnn-d': 'Features plus noise',
    'xnn-dText': 'Read from the bytes of the message alone.',
    keyed: 'Nothing to compare',
    keyedText:
      'Under your own key these 128 numbers point in a random direction. A photo says nothing of it without the key; with the key it is as easy as from clean features.',
    xnn: 'No attacker of this kind',
    xnnText:
      'He did not learn from records under a network’s key, so he reads none. What other attackers make of many of them is in the report.',
    linked: 'Linked: the same person',
    notLinked: 'Not linked',
    figure: 'likeness {{likeness}}, needed {{threshold}}',
    easiest:
      '<strong>This was the easiest case.</strong> Photo and message were made of one picture. Give him another photo to see what he makes of it in earnest.',
    mistakes:
      '<strong>He links 1 in {{strangers}} strangers, too.</strong> The likeness that is needed was set so, on {{impostors}} pairs of photos of {{people}} people from whom no network learnt.',
    rate: '<strong>On other people</strong> (LFW, 6,000 pairs) he tells by clean features whether two photos show one person in {{clean}} of pairs; guessing gives {{half}}. At the likeness needed here he links {{linked}} of {{thousand}} pairs of one person, and {{mistaken}} of {{thousand}} of two. Under a key see <a>the attack report</a>.',
    rateBoth:
      '<strong>On other people</strong> (LFW, 6,000 pairs) he tells whether a photo and another one show the same person in {{clean}} of pairs by clean features, and in {{sent}} by what is sent; guessing gives {{half}}. At the likeness needed here he links what is sent in {{linked}} of {{thousand}} pairs of one person, and in {{mistaken}} of {{thousand}} of two. Source: <a>the attack report</a>.',
    cheap:
      '<strong>He was cheap.</strong> He learnt from {{photos}} photos of other people and their messages, with nothing but what every browser may download. “Not linked” says that this one failed here; a better one need not.',
    time: 'It took {{time}} in this page.',
  },
};
