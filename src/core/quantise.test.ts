import { expect, test } from 'vitest';
import { dequantise, MIN_SCALE, quantise } from './quantise.js';
import { FEATURE_CHANNELS, FEATURE_VALUES, INT8_MAX, STEP_MAX } from './spec.js';

/** Values whose magnitude differs from channel to channel by a factor of up to 1000. */
function features(): Float32Array {
  return Float32Array.from({ length: FEATURE_VALUES }, (_, i) => {
    const channel = i % FEATURE_CHANNELS;
    return Math.sin(i * 12.9898) * 0.01 * 1000 ** (channel / FEATURE_CHANNELS);
  });
}

test('no value is off by more than half a step of its channel', () => {
  const values = features();
  const quantised = quantise(values);
  const restored = dequantise(quantised);
  for (let i = 0; i < FEATURE_VALUES; i++) {
    const step = quantised.scales[i % FEATURE_CHANNELS]!;
    expect(Math.abs(restored[i]! - values[i]!)).toBeLessThanOrEqual((step / 2) * 1.0001);
  }
});

test.each([STEP_MAX, INT8_MAX])('the largest magnitude of every channel becomes %d steps', (most) => {
  const { steps, scales } = quantise(features(), most);
  expect(scales).toHaveLength(FEATURE_CHANNELS);
  const largest = new Uint8Array(FEATURE_CHANNELS);
  steps.forEach((step, i) => {
    largest[i % FEATURE_CHANNELS] = Math.max(largest[i % FEATURE_CHANNELS]!, Math.abs(step));
  });
  expect(new Set(largest)).toEqual(new Set([most]));
});

test('a channel of zeros stays zero, with a scale that is valid', () => {
  const { steps, scales } = quantise(new Float32Array(FEATURE_VALUES));
  expect(steps.every((step) => step === 0)).toBe(true);
  expect(scales.every((scale) => scale > 0 && Math.abs(scale / MIN_SCALE - 1) < 1e-6)).toBe(true);
});

test('quantising what was restored changes nothing', () => {
  const once = quantise(features());
  expect(quantise(dequantise(once)).steps).toEqual(once.steps);
});
