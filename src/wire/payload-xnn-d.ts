import type { PerturbedFeatures } from '../core/features.js';
import { quantise, type QuantisedFeatures } from '../core/quantise.js';
import { FEATURE_CHANNELS, FEATURE_VALUES } from '../core/spec.js';
import { readInt8, writeInt8 } from './int8.js';

// What follows the header in mode 1, XNN-d: z̃ in int8, steps [14, 14, 128] row by row, a scale for each of the 128 channels.

/** 25,600. */
export const XNN_D_BYTES = 4 * FEATURE_CHANNELS + FEATURE_VALUES;

export function writeFeatures(payload: Uint8Array, features: PerturbedFeatures): void {
  const { scales, steps } = quantise(features);
  writeInt8(payload, scales, steps);
}

/** @throws message_values_invalid */
export function readFeatures(payload: Uint8Array): QuantisedFeatures {
  return readInt8(payload, FEATURE_CHANNELS);
}
