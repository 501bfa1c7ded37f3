import { FEATURE_CHANNELS, FEATURE_VALUES, INT8_MAX } from './spec.js';

/** A feature map in int8: value = step · scale of its channel. */
export interface QuantisedFeatures {
  /** [14, 14, 128], each in [-127, 127]. */
  readonly steps: Int8Array;
  /** [128], each positive and finite, in features per step. */
  readonly scales: Float32Array;
}

/** Smallest scale, so that a channel of zeros has a valid one. */
export const MIN_SCALE = 1e-12;

/** Rounds a feature map to int8 with one scale a channel, so that the largest magnitude of each channel becomes 127. */
export function quantise(values: Float32Array): QuantisedFeatures {
  const scales = new Float32Array(FEATURE_CHANNELS).fill(MIN_SCALE * INT8_MAX);
  for (let i = 0; i < FEATURE_VALUES; i++) {
    const channel = i % FEATURE_CHANNELS;
    scales[channel] = Math.max(scales[channel]!, Math.abs(values[i]!));
  }
  for (let channel = 0; channel < FEATURE_CHANNELS; channel++) scales[channel]! /= INT8_MAX;
  const steps = new Int8Array(FEATURE_VALUES);
  for (let i = 0; i < FEATURE_VALUES; i++) {
    steps[i] = stepOf(values[i]!, scales[i % FEATURE_CHANNELS]!);
  }
  return { steps, scales };
}

/** The step that is nearest to a value, in [-127, 127]. */
export function stepOf(value: number, scale: number): number {
  return Math.max(-INT8_MAX, Math.min(INT8_MAX, Math.round(value / scale)));
}

/** The feature map [14, 14, 128] that a quantised one stands for. */
export function dequantise({ steps, scales }: QuantisedFeatures): Float32Array {
  return Float32Array.from(steps, (step, i) => step * scales[i % FEATURE_CHANNELS]!);
}
