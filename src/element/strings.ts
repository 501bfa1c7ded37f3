import { sentence, type ErrorCode, type Sentences } from '../client/messages.js';
import { sentences as germanSentences } from '../client/sentences/de.js';

/** All that the element says. */
export interface Strings {
  /** Name of the whole, for screen readers. */
  readonly name: string;
  readonly intro: Readonly<Record<'verify' | 'identify' | 'enrol', string>>;
  readonly start: Readonly<Record<'verify' | 'identify' | 'enrol', string>>;
  readonly privacy: string;
  readonly released: string;
  readonly allowCamera: string;
  readonly loading: string;
  readonly looking: string;
  readonly good: string;
  readonly goodByItself: string;
  readonly taken: (taken: number, wanted: number) => string;
  readonly take: string;
  readonly cancel: string;
  readonly camera: string;
  readonly cameraNumber: (number: number) => string;
  readonly working: string;
  readonly verified: string;
  readonly identified: (subject: string) => string;
  readonly enrolled: string;
  readonly refused: string;
  readonly unknown: string;
  readonly again: string;
  /** What a form says that needs an answer first. */
  readonly required: string;
  /** In place of the sentence that every code has in English. */
  readonly errors: Partial<Sentences>;
}

const ENGLISH: Strings = {
  name: 'Face verification',
  intro: {
    verify: 'Show your face to the camera. Nothing happens before you press the button.',
    identify: 'Show your face to the camera. Nothing happens before you press the button.',
    enrol: 'The camera takes three pictures of your face. Nothing happens before you press the button.',
  },
  start: { verify: 'Verify my face', identify: 'Recognise my face', enrol: 'Enrol my face' },
  privacy: 'Your picture stays in this browser. Only disguised features of it are sent.',
  released: 'The camera was released while this page was hidden.',
  allowCamera: 'Allow the camera.',
  loading: 'Loading the face networks…',
  looking: 'Looking for a face…',
  good: 'Good. Take the picture.',
  goodByItself: 'Good. Hold still.',
  taken: (taken, wanted) => `${taken} of ${wanted} pictures taken`,
  take: 'Take the picture',
  cancel: 'Cancel',
  camera: 'Camera',
  cameraNumber: (number) => `Camera ${number}`,
  working: 'Comparing…',
  verified: 'Your face was verified.',
  identified: (subject) => `You are ${subject}.`,
  enrolled: 'Your face is enrolled.',
  refused: 'This face was not recognised.',
  unknown: 'Nobody known was recognised.',
  again: 'Try again',
  required: 'Verify your face first.',
  errors: {
    camera_refused: 'The camera was refused. Allow it in the browser, then try again.',
    camera_absent: 'No camera was found. Connect one, then try again.',
  },
};

const GERMAN: Strings = {
  name: 'Gesichtsprüfung',
  intro: {
    verify: 'Zeigen Sie der Kamera Ihr Gesicht. Vor dem Druck auf den Knopf geschieht nichts.',
    identify: 'Zeigen Sie der Kamera Ihr Gesicht. Vor dem Druck auf den Knopf geschieht nichts.',
    enrol: 'Die Kamera macht drei Bilder Ihres Gesichts. Vor dem Druck auf den Knopf geschieht nichts.',
  },
  start: { verify: 'Gesicht prüfen', identify: 'Gesicht erkennen', enrol: 'Gesicht anmelden' },
  privacy: 'Ihr Bild bleibt in diesem Browser. Gesendet werden nur verhüllte Merkmale.',
  released: 'Die Kamera wurde freigegeben, während diese Seite verdeckt war.',
  allowCamera: 'Erlauben Sie die Kamera.',
  loading: 'Die Gesichtsnetze werden geladen …',
  looking: 'Suche ein Gesicht …',
  good: 'Gut. Machen Sie das Bild.',
  goodByItself: 'Gut. Halten Sie still.',
  taken: (taken, wanted) => `${taken} von ${wanted} Bildern gemacht`,
  take: 'Bild machen',
  cancel: 'Abbrechen',
  camera: 'Kamera',
  cameraNumber: (number) => `Kamera ${number}`,
  working: 'Vergleiche …',
  verified: 'Ihr Gesicht wurde bestätigt.',
  identified: (subject) => `Sie sind ${subject}.`,
  enrolled: 'Ihr Gesicht ist angemeldet.',
  refused: 'Dieses Gesicht wurde nicht erkannt.',
  unknown: 'Niemand Bekanntes wurde erkannt.',
  again: 'Noch einmal',
  required: 'Lassen Sie zuerst Ihr Gesicht prüfen.',
  errors: {
    ...germanSentences,
    camera_refused: 'Die Kamera wurde verweigert. Erlauben Sie sie im Browser und versuchen Sie es noch einmal.',
    camera_absent: 'Keine Kamera gefunden. Schließen Sie eine an und versuchen Sie es noch einmal.',
  },
};

/** By the language's subtag. */
const LANGUAGES: ReadonlyMap<string, Strings> = new Map([
  ['en', ENGLISH],
  ['de', GERMAN],
]);

/** @param locale as in BCP 47 ("de-AT") @returns a language there is, English if that one is not, and what is said in it */
export function language(locale: string): { readonly lang: string; readonly strings: Strings } {
  const lang = locale.toLowerCase().split(/[-_]/)[0] ?? '';
  const strings = LANGUAGES.get(lang);
  return strings ? { lang, strings } : { lang: 'en', strings: ENGLISH };
}

/** What a person is told of an error or how to pose; in English where the language lacks it. */
export function errorText({ errors }: Strings, code: ErrorCode): string {
  return sentence(code, errors);
}
