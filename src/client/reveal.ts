import type { Pixels } from '../core/align.js';
import { dequantise } from '../core/quantise.js';
import {
  CHALLENGE_BYTES,
  CROP_SIZE,
  FEATURE_CHANNELS,
  FEATURE_VALUES,
  MODEL_VERSION_BYTES,
  STEP_BITS,
  TENANT_BYTES,
} from '../core/spec.js';
import { decodeMessage } from '../wire/message.js';
import type { Capture } from './types.js';

export { CROP_SIZE, FEATURE_CHANNELS, FEATURE_SIZE } from '../core/spec.js';
export { MESSAGE_BYTES } from '../wire/message.js';
export type { Pixels } from '../core/align.js';

/** The parts of a message in their order, with their sizes in bytes. */
const PARTS = {
  magic: 4,
  format: 1,
  mode: 1,
  reserved: 2,
  model: MODEL_VERSION_BYTES,
  tenant: TENANT_BYTES,
  challenge: CHALLENGE_BYTES,
  scales: 4 * FEATURE_CHANNELS,
  steps: (FEATURE_VALUES * STEP_BITS) / 8,
} as const;

/** One part of a message as it lies in the bytes. */
export interface Field {
  readonly name: keyof typeof PARTS;
  /** First byte, from 0. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** What one capture gave away, beside what it kept. */
export interface Revealed {
  /** The aligned face 112×112, opaque. Stayed in the page. */
  readonly face: Pixels;
  /** Clean features [14, 14, 128]. Stayed in the page. */
  readonly clean: Float32Array;
  /** What the cloud reads, [14, 14, 128]: decoded from the bytes that were sent, not from what they were made of. */
  readonly sent: Float32Array;
  /** Every byte of the message, in order, none left out. */
  readonly fields: readonly Field[];
}

/** Lays open one capture. @throws what `decodeMessage` throws, if its message is none */
export function reveal({ face, clean, message }: Capture): Revealed {
  return { face: opaque(face), clean, sent: dequantise(decodeMessage(message).features), fields: fieldsOf(message) };
}

function fieldsOf(message: Uint8Array): readonly Field[] {
  let end = 0;
  return (Object.keys(PARTS) as (keyof typeof PARTS)[]).map((name) => {
    const at = end;
    end += PARTS[name];
    return { name, at, bytes: message.subarray(at, end) };
  });
}

function opaque(rgb: Uint8Array): Pixels {
  const data = new Uint8ClampedArray(CROP_SIZE * CROP_SIZE * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    data[to] = rgb[from]!;
    data[to + 1] = rgb[from + 1]!;
    data[to + 2] = rgb[from + 2]!;
  }
  return { data, width: CROP_SIZE, height: CROP_SIZE };
}
