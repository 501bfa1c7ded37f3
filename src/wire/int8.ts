import { XnnError } from '../core/errors.js';
import { MIN_SCALE } from '../core/quantise.js';
import { INT8_MAX } from '../core/spec.js';

// Values in int8, little-endian:
//
//   struct {
//     f32 scales[n]   values per step, each positive and finite
//     i8  steps[]     each in [-127, 127]
//   }

/** Largest scale: all that is sent has a mean square of about 1 or 2, so no value of an encoder's comes near 127 · 8. */
const MAX_SCALE = 8;

/** @param payload as long as the struct */
export function writeInt8(payload: Uint8Array, scales: Float32Array, steps: Int8Array): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  scales.forEach((scale, i) => view.setFloat32(4 * i, scale, true));
  payload.set(new Uint8Array(steps.buffer, steps.byteOffset, steps.byteLength), 4 * scales.length);
}

/**
 * Everything is checked before anything of size is allocated; the result does not share memory with `payload`.
 *
 * @param count of scales
 * @throws message_values_invalid
 */
export function readInt8(payload: Uint8Array, count: number): { scales: Float32Array; steps: Int8Array } {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const scales = Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
  // NaN fails both comparisons.
  const wrong = scales.findIndex((scale) => !(scale >= MIN_SCALE / 2 && scale <= MAX_SCALE));
  if (wrong >= 0) throw new XnnError('message_values_invalid', `scale ${wrong}`);
  const steps = payload.subarray(4 * count);
  if (steps.includes(-INT8_MAX - 1 + 256)) throw new XnnError('message_values_invalid', 'a step is -128');
  // Not `steps.slice`, which in a Node Buffer shares memory.
  return { scales, steps: new Int8Array(new Uint8Array(steps).buffer) };
}
