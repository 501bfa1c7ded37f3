import { XnnError } from '../core/errors.js';
import { MIN_SCALE } from '../core/quantise.js';

// Values in whole steps, little-endian:
//
//   struct {
//     f32 scales[n]   values per step, each positive and finite
//     u8  steps[]     as the mode packs them
//   }

/** Largest scale: all that is sent has a mean square of about 1 or 2, so no value of an encoder's comes near 7 · 8. */
const MAX_SCALE = 8;

/** @param payload as long as the struct */
export function writeScaled(payload: Uint8Array, scales: Float32Array, steps: Uint8Array): void {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  scales.forEach((scale, i) => view.setFloat32(4 * i, scale, true));
  payload.set(steps, 4 * scales.length);
}

/**
 * Steps share memory with `payload`, and are not checked.
 *
 * @param count of scales
 * @throws message_values_invalid
 */
export function readScaled(payload: Uint8Array, count: number): { scales: Float32Array; steps: Uint8Array } {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const scales = Float32Array.from({ length: count }, (_, i) => view.getFloat32(4 * i, true));
  // NaN fails both comparisons.
  const wrong = scales.findIndex((scale) => !(scale >= MIN_SCALE / 2 && scale <= MAX_SCALE));
  if (wrong >= 0) throw new XnnError('message_values_invalid', `scale ${wrong}`);
  return { scales, steps: payload.subarray(4 * count) };
}
