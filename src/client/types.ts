import type { ErrorCode } from '../core/errors.js';
import type { KeyInfo } from '../wire/key-file.js';
import type { Study } from './liveness.js';

export type { AccountReply as Account, ClientReply as Client, LoginChallenge } from '../wire/login.js';

/** In the order they are tried. */
export const BACKENDS = ['webgpu', 'webgl', 'wasm'] as const;
export type Backend = (typeof BACKENDS)[number];

/** By what a person has his own key on another device: words he wrote down, or a passkey that his devices share. */
export type KeyCarrier = 'words' | 'passkey';

/** Time spent, in ms. */
export interface StageMs {
  readonly detect: number;
  readonly align: number;
  /** Encoder and generator, until the values are in memory. */
  readonly encode: number;
  /** Quantising and writing the message. */
  readonly pack: number;
}

/** One face, ready to send. All of it stays in the page except `message`. */
export interface Capture {
  /** The aligned face [112, 112, 3], RGB bytes. */
  readonly face: Uint8Array;
  /** Clean features z [14, 14, 128]. */
  readonly clean: Float32Array;
  /** The message, as sent. */
  readonly message: Uint8Array;
  readonly stageMs: StageMs;
}

/** What the camera sees now: where the face is and what to change, if anything. */
export interface Sighting {
  /** One hint at a time, the most important first; null when the picture is good. */
  readonly hint: ErrorCode | null;
  /** Box of the largest face in frame pixels, null without a face. */
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | null;
}

/** A picture to capture a face from: a camera frame, or a file the user chose. */
export type Picture = ImageBitmap | Blob;

export interface Started {
  readonly backend: Backend;
  /** Model version, 16 hexadecimal digits. */
  readonly model: string;
  /** The same of keyed mode. */
  readonly keyedModel: string;
  /** Release of the model, for people ("1.0.0"). */
  readonly release: string;
}

/** What a server says messages must be made for, in hexadecimal digits. */
export interface Offer {
  readonly model: string;
  readonly tenant: string;
  readonly challenge: string;
}

export interface Progress {
  readonly stage: 'download' | 'detector' | 'backend' | 'compile';
  /** Of the whole start, in [0, 1]. */
  readonly fraction: number;
}

/** What was sent and how long it took, for showing. */
export interface Receipt {
  readonly captures: readonly Capture[];
  readonly bytesSent: number;
  /** From sending to the answer, in ms: network and cloud. */
  readonly cloudMs: number;
}

/** A key that this page may use, and what it is used with. The key itself is in the worker alone. */
export interface OpenKey extends KeyInfo {
  /** Gallery of the deployment that was trained with it, 32 hexadecimal digits. */
  readonly deployment: string;
  /** Model version of the deployment, 16 hexadecimal digits. */
  readonly model: string;
}

export type Outcome =
  /** Who has `removal`, 64 hexadecimal digits, may remove the subject. */
  | { readonly kind: 'enrolled'; readonly subject: string; readonly removal: string; readonly receipt: Receipt }
  | { readonly kind: 'verified'; readonly subject: string; readonly match: boolean; readonly receipt: Receipt }
  /** `subject` is null when nobody matches. */
  | { readonly kind: 'identified'; readonly subject: string | null; readonly receipt: Receipt }
  | { readonly kind: 'forgotten'; readonly subject: string }
  | { readonly kind: 'key opened'; readonly key: OpenKey }
  | { readonly kind: 'key closed' }
  /** The words are shown once. */
  | { readonly kind: 'own key made'; readonly words: readonly string[] }
  | { readonly kind: 'own key restored' }
  | { readonly kind: 'own key removed' };

export type Activity = 'idle' | 'opening' | 'encoding' | 'sending';

/** All a user interface needs to know, replaced as a whole on every change. */
export type SessionState =
  | { readonly status: 'starting'; readonly progress: Progress }
  | { readonly status: 'failed'; readonly error: ErrorCode }
  | {
      readonly status: 'ready';
      readonly started: Started;
      /** What is being done now. */
      readonly activity: Activity;
      /** Under which faces are shown from now on; null for noise. */
      readonly key: OpenKey | null;
      /** Fingerprint of the person's own key, which hides faces in place of noise where a name is given; null without one. */
      readonly ownKey: string | null;
      /** The last answer or refusal, until the next action begins. */
      readonly outcome: Outcome | null;
      readonly error: ErrorCode | null;
      /** Which of several pictures the error is of, from 0; null for none or all. */
      readonly wrong: number | null;
    };

/** Face verification without a user interface. Knows neither React nor the page; a UI subscribes to it. */
export interface Session {
  /** The same object until something changes. */
  getState(): SessionState;
  /** Calls `listener` after every change. @returns how to stop. */
  subscribe(listener: () => void): () => void;
  /** Looks at one camera frame and says what to change. Sends nothing; closes the frame. */
  look(frame: ImageBitmap): Promise<Sighting>;
  /** Looks at one camera frame for a liveness check. Sends nothing; closes the frame. @param anew whether faces are compared with this one from now on */
  study(frame: ImageBitmap, anew: boolean): Promise<Study>;
  /** A fresh challenge for a liveness check and the action that follows it, 32 hexadecimal digits. Rejects with XnnError. */
  challenge(): Promise<string>;
  /** Each action resolves when the state holds its outcome or its error; it never rejects. One at a time. */
  /** @param challenge the one that the pictures' liveness was checked for; a fresh one without */
  enrol(subject: string, pictures: readonly Picture[], challenge?: string): Promise<void>;
  /** @param challenge as in `enrol` */
  verify(subject: string, picture: Picture, challenge?: string): Promise<void>;
  identify(picture: Picture): Promise<void>;
  /** With the receipt this browser kept; else with a picture of the subject's face. */
  forget(subject: string, picture?: Picture): Promise<void>;
  /** Opens a key file: faces are shown under that key from then on, to the deployment that was trained with it. */
  openKey(file: Blob, passphrase: string): Promise<void>;
  /** Back to noise, and the cloud's own gallery. */
  closeKey(): Promise<void>;
  /** Makes a key of the person's own, in place of one that is there. */
  makeOwnKey(by?: KeyCarrier): Promise<void>;
  /** Takes over the key of 24 words. */
  restoreOwnKey(words: string): Promise<void>;
  /** Takes over the key of a passkey. */
  recallOwnKey(): Promise<void>;
  /** Takes it out of this browser: back to noise. */
  removeOwnKey(): Promise<void>;
  /** Sees to it that there is an own key. @returns the words of one that had to be made, shown this once; else null. Rejects with XnnError. */
  ensureOwnKey(): Promise<readonly string[] | null>;
  /**
   * Pictures under the own key as messages of one request, one after another, for who sends them himself. Rejects with XnnError, own_key_missing
   * without a key; leaves outcome and error alone.
   */
  messages(pictures: readonly Picture[], offer: Offer): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * A picture as it would be sent now, for no challenge, so that nobody would take it; for looking at what it gives away. Sends nothing. Rejects with
   * XnnError; leaves outcome and error alone.
   */
  rehearse(picture: Picture): Promise<Capture>;
  /** Names enrolled in this browser in the gallery of now, whose receipts it keeps. */
  enrolledHere(): readonly string[];
  /** Clears outcome and error. */
  reset(): void;
  /** Tries to start again after `failed`. */
  restart(): void;
  /** Ends the worker and frees everything. */
  dispose(): void;
}
