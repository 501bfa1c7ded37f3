import {
  CHALLENGE_BYTES,
  FEATURE_CHANNELS,
  FEATURE_VALUES,
  MODEL_VERSION_BYTES,
  STEP_BITS,
  TENANT_BYTES,
} from '../core/spec.js';
import { XnnError } from '../core/errors.js';
import type { PerturbedFeatures } from '../core/features.js';
import { MIN_SCALE, quantise, type QuantisedFeatures } from '../core/quantise.js';

// One message, little-endian:
//
//   struct {
//     u8  magic[4]       "XNNF"
//     u8  format         2
//     u8  mode           1 = XNN-d; others are kept for later modes
//     u8  reserved[2]    0
//     u8  model[8]       version of encoder, generator and student together
//     u8  tenant[16]     whose gallery
//     u8  challenge[16]  from the server, single use
//     f32 scales[128]    features per step, one a channel, each positive and finite
//     u8  steps[12544]   [14, 14, 128] row by row, two in a byte, each in [-7, 7] as a two's complement of 4 bits, the first in the lower half
//   }

const MAGIC = [0x58, 0x4e, 0x4e, 0x46] as const;
const FORMAT = 2;
const MODE_XNN_D = 1;
const FORMAT_AT = 4;
const MODE_AT = 5;
const RESERVED_AT = 6;
const MODEL_AT = 8;
const TENANT_AT = MODEL_AT + MODEL_VERSION_BYTES;
const CHALLENGE_AT = TENANT_AT + TENANT_BYTES;
const SCALES_AT = CHALLENGE_AT + CHALLENGE_BYTES;
const STEPS_AT = SCALES_AT + 4 * FEATURE_CHANNELS;

/** Size of every message, in bytes: 13,104. */
export const MESSAGE_BYTES = STEPS_AT + (FEATURE_VALUES * STEP_BITS) / 8;

/** Largest scale: z̃ is a sum of two layer norms, so no value of an encoder's comes near 7 · 8. */
const MAX_SCALE = 8;
/** The one value of 4 bits that is no step: -8. */
const NO_STEP = 0b1000;

/** What a message is bound to. */
export interface MessageHeader {
  /** 8 bytes. */
  readonly model: Uint8Array;
  /** 16 bytes. */
  readonly tenant: Uint8Array;
  /** 16 bytes. */
  readonly challenge: Uint8Array;
}

export interface Message extends MessageHeader {
  readonly features: QuantisedFeatures;
}

/** Writes one message. Takes perturbed features only: encoding clean ones is a type error. */
export function encodeMessage(header: MessageHeader, features: PerturbedFeatures): Uint8Array {
  const { steps, scales } = quantise(features);
  const bytes = new Uint8Array(MESSAGE_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint8(FORMAT_AT, FORMAT);
  view.setUint8(MODE_AT, MODE_XNN_D);
  place(bytes, MODEL_AT, header.model, MODEL_VERSION_BYTES);
  place(bytes, TENANT_AT, header.tenant, TENANT_BYTES);
  place(bytes, CHALLENGE_AT, header.challenge, CHALLENGE_BYTES);
  scales.forEach((scale, i) => view.setFloat32(SCALES_AT + 4 * i, scale, true));
  for (let i = 0; i < FEATURE_VALUES; i += 2) {
    bytes[STEPS_AT + i / 2] = (steps[i]! & 0b1111) | ((steps[i + 1]! & 0b1111) << 4);
  }
  return bytes;
}

/**
 * Reads one message. Everything is checked before anything is allocated; the result does not share memory with `bytes`.
 *
 * Knows neither the served model nor tenants nor challenges: the caller compares those.
 *
 * @throws message_truncated, message_too_long, message_invalid, format_unsupported, message_values_invalid
 */
export function decodeMessage(bytes: Uint8Array): Message {
  if (bytes.length < MESSAGE_BYTES) {
    throw new XnnError('message_truncated', `${bytes.length} of ${MESSAGE_BYTES} bytes`);
  }
  if (bytes.length > MESSAGE_BYTES) {
    throw new XnnError('message_too_long', `${bytes.length} instead of ${MESSAGE_BYTES} bytes`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) throw new XnnError('message_invalid', 'magic');
  if (bytes[FORMAT_AT] !== FORMAT) throw new XnnError('format_unsupported', `format ${bytes[FORMAT_AT]}`);
  if (bytes[MODE_AT] !== MODE_XNN_D) throw new XnnError('format_unsupported', `mode ${bytes[MODE_AT]}`);
  if (view.getUint16(RESERVED_AT) !== 0) throw new XnnError('message_invalid', 'reserved bytes are not 0');
  for (let channel = 0; channel < FEATURE_CHANNELS; channel++) {
    const scale = view.getFloat32(SCALES_AT + 4 * channel, true);
    // NaN fails both comparisons.
    if (!(scale >= MIN_SCALE / 2 && scale <= MAX_SCALE)) {
      throw new XnnError('message_values_invalid', `scale of channel ${channel}`);
    }
  }
  if (bytes.subarray(STEPS_AT).some((pair) => (pair & 0b1111) === NO_STEP || pair >> 4 === NO_STEP)) {
    throw new XnnError('message_values_invalid', 'a step is -8');
  }
  // Not `bytes.slice`, which in a Node Buffer shares memory.
  const copy = (from: number, to: number): Uint8Array<ArrayBuffer> => new Uint8Array(bytes.subarray(from, to));
  return {
    model: copy(MODEL_AT, TENANT_AT),
    tenant: copy(TENANT_AT, CHALLENGE_AT),
    challenge: copy(CHALLENGE_AT, SCALES_AT),
    features: {
      scales: Float32Array.from({ length: FEATURE_CHANNELS }, (_, i) => view.getFloat32(SCALES_AT + 4 * i, true)),
      steps: unpack(bytes.subarray(STEPS_AT)),
    },
  };
}

/** Two signed steps of each byte. */
function unpack(pairs: Uint8Array): Int8Array {
  const steps = new Int8Array(2 * pairs.length);
  pairs.forEach((pair, i) => {
    steps[2 * i] = (pair << 28) >> 28;
    steps[2 * i + 1] = (pair << 24) >> 28;
  });
  return steps;
}

function place(bytes: Uint8Array, at: number, value: Uint8Array, size: number): void {
  if (value.length !== size) throw new XnnError('message_invalid', `${value.length} bytes where ${size} belong`);
  bytes.set(value, at);
}
