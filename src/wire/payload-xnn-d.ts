import { XnnError } from '../core/errors.js';
import type { PerturbedFeatures } from '../core/features.js';
import { quantise, type QuantisedFeatures } from '../core/quantise.js';
import { FEATURE_CHANNELS, FEATURE_VALUES, STEP_BITS } from '../core/spec.js';
import { readScaled, writeScaled } from './scaled.js';

// What follows the header in mode 1, XNN-d: a scale for each of the 128 channels, then z̃, steps [14, 14, 128] row by row, two in a byte,
// the first in the lower half, each in [-7, 7] as a two's complement of 4 bits.

/** 13,056. */
export const XNN_D_BYTES = 4 * FEATURE_CHANNELS + (FEATURE_VALUES * STEP_BITS) / 8;

/** The one value of 4 bits that is no step: -8. */
const NO_STEP = 0b1000;

export function writeFeatures(payload: Uint8Array, features: PerturbedFeatures): void {
  const { scales, steps } = quantise(features);
  const pairs = Uint8Array.from(
    { length: FEATURE_VALUES / 2 },
    (_, i) => (steps[2 * i]! & 0b1111) | ((steps[2 * i + 1]! & 0b1111) << 4),
  );
  writeScaled(payload, scales, pairs);
}

/** @throws message_values_invalid */
export function readFeatures(payload: Uint8Array): QuantisedFeatures {
  const { scales, steps: pairs } = readScaled(payload, FEATURE_CHANNELS);
  const steps = new Int8Array(FEATURE_VALUES);
  // A plain loop: a cloud reads a hundred messages a second and more.
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i]!;
    if ((pair & 0b1111) === NO_STEP || pair >> 4 === NO_STEP) {
      throw new XnnError('message_values_invalid', 'a step is -8');
    }
    steps[2 * i] = (pair << 28) >> 28;
    steps[2 * i + 1] = (pair << 24) >> 28;
  }
  return { scales, steps };
}
