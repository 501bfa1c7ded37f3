import type { ErrorCode } from '../core/errors.js';

// What the evaluation's server and its page say to each other:
//
//   GET  /task            Task
//   POST /started         StartedReply, or a Refusal if the page cannot start
//   GET  /images/:index   the file; the header `challenge` holds 32 hexadecimal digits
//   POST /results/:index  bytes, with the header `made`, a Making as JSON; or JSON, a Refusal

/**
 * What the page makes of an image: the message as the product sends it, under noise or an own key, for all images the same; clean features (float32 [14, 14, 128]), which the product
 * never gives away; or the detector's key points (float32 x, y of left eye, right eye, nose, mouth, in image pixels).
 */
export type Output = 'xnn-d' | 'keyed' | 'clean' | 'points';

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
