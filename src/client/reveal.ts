import type { Pixels } from '../core/align.js';
import { dequantise } from '../core/quantise.js';
import { dequantiseTokens, mapOf } from '../core/tokens.js';
import {
  CHALLENGE_BYTES,
  CROP_SIZE,
  EMBEDDING_SIZE,
  FEATURE_CHANNELS,
  FEATURE_VALUES,
  MODEL_VERSION_BYTES,
  STEP_BITS,
  TENANT_BYTES,
  TOKEN_COUNT,
} from '../core/spec.js';
import { decodeKeyedMessage, decodeMessage, decodeXnnMessage, modeOf, type Mode } from '../wire/message.js';
import type { Capture } from './types.js';

export { CROP_SIZE, FEATURE_CHANNELS, FEATURE_SIZE } from '../core/spec.js';
export { MESSAGE_BYTES, type Mode } from '../wire/message.js';
export type { Pixels } from '../core/align.js';

/** The parts of each kind of message in their order, with their sizes in bytes. */
const HEADER = {
  magic: 4,
  format: 1,
  mode: 1,
  reserved: 2,
  model: MODEL_VERSION_BYTES,
  tenant: TENANT_BYTES,
  challenge: CHALLENGE_BYTES,
} as const;
const PARTS = {
  'xnn-d': { ...HEADER, scales: 4 * FEATURE_CHANNELS, steps: (FEATURE_VALUES * STEP_BITS) / 8 },
  xnn: { ...HEADER, scales: 4 * TOKEN_COUNT, steps: FEATURE_VALUES },
  keyed: { ...HEADER, steps: EMBEDDING_SIZE },
} as const satisfies Record<Mode, object>;

/** One part of a message as it lies in the bytes. */
export interface Field {
  readonly name: keyof (typeof PARTS)['xnn-d'];
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
  /** What hides the features: noise, or a key. */
  readonly mode: Mode;
  /**
   * What the cloud reads: decoded from the bytes that were sent, not from what they were made of. A map [14, 14, 128], in which under a
   * network's key each token lies where one of its place would; under an own key a direction [128].
   */
  readonly sent: Float32Array;
  /** Every byte of the message, in order, none left out. */
  readonly fields: readonly Field[];
}

/** Lays open one capture. @throws what `decodeMessage` throws, if its message is none */
export function reveal({ face, clean, message }: Capture): Revealed {
  const mode = modeOf(message);
  return { face: opaque(face), clean, mode, sent: READ[mode](message), fields: fieldsOf(message, mode) };
}

const READ: Record<Mode, (message: Uint8Array) => Float32Array> = {
  'xnn-d': (message) => dequantise(decodeMessage(message).features),
  xnn: (message) => mapOf(dequantiseTokens(decodeXnnMessage(message).tokens)),
  keyed: (message) => Float32Array.from(decodeKeyedMessage(message).descriptor),
};

function fieldsOf(message: Uint8Array, mode: Mode): readonly Field[] {
  let end = 0;
  return (Object.entries(PARTS[mode]) as [Field['name'], number][]).map(([name, size]) => {
    const at = end;
    end += size;
    return { name, at, bytes: message.subarray(at, end) };
  });
}

/** RGB bytes [112, 112, 3] as a picture. */
export function opaque(rgb: Uint8Array): Pixels {
  const data = new Uint8ClampedArray(CROP_SIZE * CROP_SIZE * 4).fill(255);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    data[to] = rgb[from]!;
    data[to + 1] = rgb[from + 1]!;
    data[to + 2] = rgb[from + 2]!;
  }
  return { data, width: CROP_SIZE, height: CROP_SIZE };
}

/** The inverse of `opaque`. */
export function coloursOf({ data }: Pixels): Uint8Array {
  return Uint8Array.from(data.filter((_, i) => i % 4 < 3));
}
