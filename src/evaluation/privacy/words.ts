import type { Report } from '../../wire/report.js';

/** The attackers, weakest question first. */
export const ATTACKERS: Report['attackers'] = [
  {
    id: 'utility',
    name: 'The product',
    question: 'Does it still recognise people?',
    text: 'No attack: what the product achieves on the bytes of its own messages. Under an own key everybody is put under the same one, as if impostors had it.',
  },
  {
    id: 'S',
    name: 'S, the cloud’s own student',
    question: 'What can the cloud do in its own gallery?',
    text: 'The utility of each way of hiding, after the same training, and the honest ceiling of every attack: whoever holds S recognises people about as well as the product does. It learns a public network’s embedding from 27,727 photos without names, so that a stranger can train it as well as the cloud.',
  },
  {
    id: 'D',
    name: 'D, distilled linkage',
    question: 'Does a message give away whose photo it was made of?',
    text: 'Learns dlib’s public face embedding from photos of other people beside their messages, from the public clean tail’s weights, then tells whether a message and a plain photo show one person. Judged by dlib’s embedding of the plain photo. His TAR at FAR 1e-3 stands on three of 3,000 impostor pairs and moves by up to fifteen points from run to run: no interval is given. Where rows say so he learns the clean tail’s embedding instead, which every browser that uses a key gets, and compares with that of the plain photo: the app’s page runs him. Where others’ defences send pictures or magnitudes, he starts from networks that never saw such: low figures there may say that his training was too short, not that the defence holds.',
  },
  {
    id: 'I',
    name: 'I, inversion',
    question: 'Can the face be painted from a message?',
    text: 'A network from what is sent to the photo, trained on all 27,727 training photos to the least squared error. Dlib’s network then tells pairs of a painting and another photo: 50 % is guessing, two photos have 97 %. “Nothing” paints the mean face: what SSIM and PSNR give for free. Painters of width 96, of 192, have a quarter of the weights; the app’s page runs those of one epoch.',
  },
  {
    id: 'A',
    name: 'A, averaging',
    question: 'Do many messages of one photo help?',
    text: 'D and I again, and R’s clean tail as it is, not trained, on the mean of several messages of one photo.',
  },
  {
    id: 'R',
    name: 'R, a fresh tail',
    question: 'Can a stranger train a recogniser of his own?',
    text: 'The authors’ own attack: a tail trained on 19,122 labelled photos of 5,487 other people that went through the browser’s half, tested on 50 people. From random weights, as the authors have it, or from the public clean tail’s. From random weights he has hardly begun to learn after eight epochs (under our noise a loss of 18.7; who knows nothing has 19.8): low figures there are of haste. “Not trained” is that tail on what is sent. A few photos of each person teach a tail less about strangers than S’s teacher does.',
  },
  {
    id: 'H',
    name: 'H, hill climbing and guessing',
    question: 'Can one ask until one is let in?',
    text: 'Asks the interface again and again, here without its limits. The service itself answers five misses freely, then one in 30 seconds, and none after 50; it gives verdicts and no scores, so that nothing says whether a refusal was a near one. A climber who is told the scores, the control, got in after 468 and 2,625 tries. By its threshold 1 stranger in 10,000 is taken for somebody (4.5 in a million on LFW): 10,000 different faces would get in with a chance of 4 to 63 %, the 50 that the limits leave with 0.02 to 0.5 %.',
  },
  {
    id: 'T',
    name: 'T, the template thief',
    question: 'Do two stolen databases tell who is in both?',
    text: 'Scores of one person’s templates in two databases against those of two people, as D_sys (Gomez-Barrero et al. 2018): 0 is unlinkable, 1 fully linkable. Two sets of strangers give about 0.009 by histograms of 30,000 scores, and by those of 15,000, which the column of chance has, 0.010 to 0.016. Under keys, the two photos of a pair are under two of 300 each. Under noise, a template is made of one message; all students learnt one teacher’s embedding, so that templates of two tenants, of two releases, and plain photos in the public clean tail’s embedding lie beside one another: who steals them needs no attacker’s network. The server keeps them encrypted.',
  },
  {
    id: 'P',
    name: 'P, known photos',
    question: 'How many photos beside what was sent of them are the key?',
    text: 'Solves for the key by least squares. An error of 1.41 is that of a key that has nothing to do with it.',
  },
  {
    id: 'X-utility',
    name: 'Training in a cloud (XNN): use',
    question: 'What does obfuscated training cost?',
    text: 'No attack: rank-1 of a small tail under one key, after the same short training. For Gaussian noise and InstaHide, which have no key, it is the attack as well.',
  },
  {
    id: 'X-who',
    name: 'XNN: who is who',
    question: 'Can class ids be given names?',
    text: 'Lays the figure that people’s mean records form over that of their photos. Needs no training, and no key can hide it.',
  },
  {
    id: 'X-statistics',
    name: 'XNN: statistics of a bundle',
    question: 'Can records be restored without a key or a known photo?',
    text: 'From means and covariances of many records under one key, by what faces have in common; then a public recogniser compares them with plain photos.',
  },
  {
    id: 'X-expected',
    name: 'XNN: expected recognition',
    question: 'Does a tail trained over many keys match records of two keys?',
    text: 'The authors’ attack on the training phase.',
  },
  {
    id: 'X-gram',
    name: 'XNN: Gram forms',
    question: 'Is there something of a face in a record that no key changes?',
    text: 'Gram matrices and projectors, in which the key cancels.',
  },
  {
    id: 'X-inversion',
    name: 'XNN: inversion',
    question: 'Can a face be painted from a record?',
    text: 'A painter that learnt under a new key at every step.',
  },
  {
    id: 'cost',
    name: 'What it costs',
    question: 'Why not compare under encryption?',
    text: 'No attack: time and bytes of a verification, beside libraries that compare in the page and beside CKKS, where the cloud multiplies what it cannot read. Encrypted matching hides the face from the cloud entirely. It needs an own key a person, as our keyed mode does with 176 bytes a message; it gives the score to whoever holds the key, so that the cloud has to believe the verdict it is told; and a search through a gallery costs every comparison.',
  },
];

export const NOT_PROTECTED: Report['notProtected'] = [
  {
    what: 'The cloud itself, in its own gallery',
    text: 'Recognising people there is its purpose. Whoever holds the student network can match anybody’s photos to messages about as well as the product does.',
  },
  {
    what: 'Somebody who trains on messages (under noise)',
    text: 'The browser’s half is public. With photos of his own and their messages, anybody trains a network that links messages to people; by the product’s own embedding, which is public, nearly as well as two plain photos are. Noise hardly raises the number of photos he needs and does not prevent it.',
  },
  {
    what: 'A likeness (under noise)',
    text: 'A painter that is trained for half an hour of a core recovers faces of which a foreign network tells nine in ten pairs right with another photo of the person or of somebody else; guessing is half, two photos 97 of 100. Shortly trained ones get less, and there learnt noise hides more of the picture than Gaussian noise of its power does; from patient ones it hides no more.',
  },
  {
    what: 'Many messages of one face (under noise)',
    text: 'The noise is fresh each time, so its mean is nothing: who averages messages has clean features.',
  },
  {
    what: 'Who serves the page',
    text: 'He can serve one that sends the photo, or the key. Every web page has that limit.',
  },
  {
    what: 'A stolen key',
    text: 'With the key, a message is a plain face descriptor. And about 128 photos, each beside the message of it, are as good as the key.',
  },
  {
    what: 'A stolen database with its master key',
    text: 'Templates under noise are then linked to plain photos, by a network that every browser may have, and to templates of other tenants and of the release before. Those under their owners’ keys link nobody.',
  },
  {
    what: 'A bundle of many records under one key (XNN)',
    text: 'It is pseudonymous and not anonymous: its statistics restore faces, and photos of the same people name its class ids.',
  },
  {
    what: 'A message that was tapped and is sent again under a new challenge',
    text: 'The bare interface binds a message to a challenge and no more. The login adds a signature of the device.',
  },
  {
    what: 'Different groups of people alike',
    text: 'Errors by skin tone, sex or age have not been measured: the data names no groups. Expect more of them for people who are rare among celebrities.',
  },
];

/** What was not run. */
export const NOT_RUN: Report['notRun'] = [
  {
    what: 'I of five epochs against MinusFace, and all the training that others’ defences need',
    reason:
      'What MinusFace sends takes 14 ms a picture, which makes of it more than an hour of a core. S and the attackers start from networks that were taught plain photos and clean features, and are trained on what these send as long as on ours. Their S is not what they can reach, and low figures of their attackers are no proof of protection. PartialFace’s are far from what can be had without any training: its picture is the solution of linear equations (under D and I).',
  },
  {
    what: 'Three seeds of every training; long trainings at other levels of noise',
    reason:
      'On clean features and both noises, S after half an epoch and after five, D after 256 and 20,480 photos, I after 0.3 and after five epochs and R have three seeds; S, D and I differ by 1.4 points at most on LFW, R by 0.1 there and by 1.5 in right names. All other rows have one. S, D and I at other levels, and all at other sizes, were trained shortly; R at 0, 3 and 12 dB. Intervals are of the test set and say nothing of another training run. Read every leakage figure as a lower bound. What the released student reads at other levels and bits is in docs/model-card.md.',
  },
  {
    what: 'R trained on averaged messages',
    reason:
      'The public clean tail, not trained at all, names nearly as many people from the mean of 16 messages as from clean features, as it must: the mean of the noise is nothing.',
  },
  {
    what: 'W, the picture of a message',
    reason: 'It is no number: the app draws it after every request, under “What left your browser”.',
  },
];
