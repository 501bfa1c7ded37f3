import { FEATURE_CHANNELS, FEATURE_VALUES, STEP_MAX } from './spec.js';

/** A feature map in whole steps: value = step · scale of its channel. */
export interface QuantisedFeatures {
  /** [14, 14, 128], of a message each in [-7, 7]. */
  readonly steps: Int8Array;
  /** [128], each positive and finite, in features per step. */
  readonly scales: Float32Array;
}

/** Smallest scale, so that a channel of zeros has a valid one. */
export const MIN_SCALE = 1e-12;

/** Rounds a feature map with one scale a channel, so that the largest magnitude of each channel becomes `most` steps, at most 127. */
export function quantise(values: Float32Array, most: number = STEP_MAX): QuantisedFeatures {
  const scales = new Float32Array(FEATURE_CHANNELS).fill(MIN_SCALE * most);
  for (let i = 0; i < FEATURE_VALUES; i++) {
    const channel = i % FEATURE_CHANNELS;
    scales[channel] = Math.max(scales[channel]!, Math.abs(values[i]!));
  }
  for (let channel = 0; channel < FEATURE_CHANNELS; channel++) scales[channel]! /= most;
  const steps = new Int8Array(FEATURE_VALUES);
  for (let i = 0; i < FEATURE_VALUES; i++) {
    steps[i] = stepOf(values[i]!, scales[i % FEATURE_CHANNELS]!, most);
  }
  return { steps, scales };
}

/** The step that is nearest to a value, in [-most, most]. */
export function stepOf(value: number, scale: number, most: number): number {
  return Math.max(-most, Math.min(most, Math.round(value / scale)));
}

/** The feature map [14, 14, 128] that a quantised one stands for. */
export function dequantise({ steps, scales }: QuantisedFeatures): Float32Array {
  return Float32Array.from(steps, (step, i) => step * scales[i % FEATURE_CHANNELS]!);
}
