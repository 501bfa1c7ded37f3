import type { ErrorCode } from '../core/errors.js';

// What the evaluation's server and its page say to each other:
//
//   GET  /task            Task
//   POST /started         StartedReply, or a Refusal if the page cannot start
//   GET  /images/:index   the file; the header `challenge` holds 32 hexadecimal digits
//   POST /results/:index  bytes, with the header `made`, a Making as JSON; or JSON, a Refusal

/**
 * What the page makes of an image: the message as the product sends it, under noise or an own key, for all images the same; clean features (float32 [14, 14, 128]), which the product
 * never gives away; the detector's key points (float32 x, y of left eye, right eye, nose, mouth, in image pixels); or what the liveness check
 * says to those who show it the image, each in his way (a `LivenessReport` as JSON).
 */
export type Output = 'xnn-d' | 'keyed' | 'clean' | 'points' | 'liveness';

/** Who comes before the camera. The first is a person, the others attack. */
export const SPECIES = [
  'genuine',
  'print, held still',
  'print, turned',
  'print, bent and turned',
  'screen, recording of another challenge',
  'frozen picture',
  'looped film',
  'swap for a print at the end',
] as const;
export type Species = (typeof SPECIES)[number];

/** What the measure of turning is looked at with: what is turned, and how far, in degrees. */
export const SURFACES = ['head', 'flat', 'bent'] as const;
export const ANGLES = [-45, -30, -15, 0, 15, 30, 45] as const;

/** How one check ended. */
export interface Played {
  readonly outcome: 'passed' | ErrorCode;
  /** Moves that were made. */
  readonly done: number;
  readonly seconds: number;
  /** Least cosine with the face it began with, 1 if there was none. */
  readonly likeness: number;
}

export interface LivenessReport {
  /** Every presentation, a species at a time. */
  readonly played: Partial<Readonly<Record<Species, readonly Played[]>>>;
  /** Angles that the product saw, for each of ANGLES, NaN (null in JSON) where it saw no face. */
  readonly angles: Readonly<Record<(typeof SURFACES)[number], readonly (number | null)[]>>;
}

export const BACKENDS = ['wasm', 'webgl', 'webgpu'] as const;
export type Backend = (typeof BACKENDS)[number];

export interface Task {
  readonly output: Output;
  /** Images are numbered from 0. */
  readonly images: number;
  readonly backend: Backend;
  /** 32 hexadecimal digits. */
  readonly tenant: string;
}

/** What the product's engine says of itself when it has started. */
export interface Started {
  readonly backend: Backend;
  /** Model version, 16 hexadecimal digits. */
  readonly model: string;
  /** The same of keyed mode. */
  readonly keyedModel: string;
  readonly release: string;
}

/** Null for key points, which need no networks. */
export type StartedReply = Started | null;

export interface Refusal {
  readonly code: ErrorCode;
  readonly detail: string;
}

export const CHALLENGE_HEADER = 'challenge';
export const MADE_HEADER = 'made';

/** Time spent in the browser, in ms; `detect` includes decoding the image. */
export type StageMs = Readonly<Record<'detect' | 'align' | 'encode' | 'pack', number>>;

/** What the page made of one image. */
export interface Produced {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Null for key points. */
  readonly stageMs: StageMs | null;
}

/** How the page made it. */
export interface Making {
  readonly stageMs: StageMs | null;
  /** How much of the image's width and height was used, around its centre; 1 unless the whole shows several faces. */
  readonly part: number;
}
