import { describe, expect, test } from 'vitest';
import { asFeatures } from './features.js';
import { FEATURE_CHANNELS, FEATURE_SIZE, FEATURE_VALUES, TOKEN_CHANNELS, TOKEN_COUNT } from './spec.js';
import { asObfuscated, dequantiseTokens, mapOf, quantiseTokens, tokens } from './tokens.js';

const numbered = asFeatures(Float32Array.from({ length: FEATURE_VALUES }, (_, i) => i));

describe('tokens', () => {
  test('are 49 of 512 channels, so not more than channels', () => {
    expect([TOKEN_COUNT, TOKEN_CHANNELS]).toEqual([49, 512]);
    expect(tokens(numbered)).toHaveLength(49 * 512);
  });

  test('hold four neighbouring positions, one after another', () => {
    const at = (row: number, column: number) => (row * FEATURE_SIZE + column) * FEATURE_CHANNELS;
    const token = tokens(numbered).subarray(9 * TOKEN_CHANNELS, 10 * TOKEN_CHANNELS);
    // Token 9 is in row 1, column 2.
    for (const [part, first] of [at(2, 4), at(2, 5), at(3, 4), at(3, 5)].entries()) {
      expect(token[part * FEATURE_CHANNELS]).toBe(first);
      expect(token[part * FEATURE_CHANNELS + 127]).toBe(first + 127);
    }
  });

  test('laid out as a map are the map they came from', () => {
    expect(mapOf(asObfuscated(Float32Array.from(tokens(numbered))))).toEqual(Float32Array.from(numbered));
  });

  test('are turned back into the map by the inverse', () => {
    const values = tokens(numbered);
    const map = Float32Array.from({ length: FEATURE_VALUES }, (_, i) => {
      const [row, column, channel] = [Math.floor(i / 1792), Math.floor(i / 128) % 14, i % 128];
      const token = 7 * (row >> 1) + (column >> 1);
      return values[token * 512 + (2 * (row & 1) + (column & 1)) * 128 + channel]!;
    });
    expect(map).toEqual(numbered);
  });
});

describe('quantised tokens', () => {
  const values = asObfuscated(
    Float32Array.from({ length: FEATURE_VALUES }, (_, i) => Math.sin(i * 7.31) * (1 + (Math.floor(i / 512) % 5))),
  );

  test('are off by half a step of their token at most', () => {
    const quantised = quantiseTokens(values);
    dequantiseTokens(quantised).forEach((value, i) => {
      expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(0.5001 * quantised.scales[Math.floor(i / 512)]!);
    });
    for (let token = 0; token < TOKEN_COUNT; token++) {
      const steps = quantised.steps.subarray(token * 512, (token + 1) * 512);
      expect(Math.max(...steps.map(Math.abs))).toBe(127);
    }
  });

  test('may be zeros', () => {
    const { steps, scales } = quantiseTokens(asObfuscated(new Float32Array(FEATURE_VALUES)));
    expect(steps.every((step) => step === 0)).toBe(true);
    expect(scales.every((scale) => scale > 0)).toBe(true);
  });

  test('of another size are refused', () => {
    expect(() => asObfuscated(new Float32Array(512))).toThrow(expect.objectContaining({ code: 'model_invalid' }));
  });
});
