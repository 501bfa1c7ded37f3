import { XnnError } from './errors.js';
import type { Features } from './features.js';
import { MIN_SCALE, stepOf } from './quantise.js';
import { FEATURE_CHANNELS, FEATURE_SIZE, FEATURE_VALUES, INT8_MAX, TOKEN_CHANNELS, TOKEN_COUNT } from './spec.js';

declare const brand: unique symbol;

/** Clean features z as tokens X, [49, 512] row by row. They identify a person and must never leave their owner. */
export type Tokens = Float32Array & { readonly [brand]: 'tokens' };

/** Tokens X̃ after an obfuscation, [49, 512] row by row. The only kind that is written into a bundle. */
export type ObfuscatedTokens = Float32Array & { readonly [brand]: 'obfuscated' };

/** Obfuscated tokens in int8: value = step · scale of its token. */
export interface QuantisedTokens {
  /** [49, 512], each in [-127, 127]. */
  readonly steps: Int8Array;
  /** [49], each positive and finite, in features per step. */
  readonly scales: Float32Array;
}

/** Tokens in a row of the map. */
const ROW = FEATURE_SIZE / 2;

/**
 * z [14, 14, 128] as X [49, 512], by space-to-depth: token 7r + c holds the positions (2r, 2c), (2r, 2c + 1), (2r + 1, 2c) and
 * (2r + 1, 2c + 1), one after another.
 *
 * Not [196, 128]: with more tokens than channels the projector X(XᵀX)⁻¹Xᵀ is the same for every invertible W and carries identity; with
 * at most as many it is the identity matrix and carries nothing.
 */
export function tokens(features: Features): Tokens {
  const values = new Float32Array(FEATURE_VALUES);
  eachPart((token, part, position) => {
    const channels = features.subarray(position * FEATURE_CHANNELS, (position + 1) * FEATURE_CHANNELS);
    values.set(channels, token * TOKEN_CHANNELS + part * FEATURE_CHANNELS);
  });
  return values as Tokens;
}

/** Tokens [49, 512] laid out as the map [14, 14, 128] that `tokens` reads: for showing, whatever they stand for. */
export function mapOf(values: ObfuscatedTokens): Float32Array {
  const map = new Float32Array(FEATURE_VALUES);
  eachPart((token, part, position) => {
    const from = token * TOKEN_CHANNELS + part * FEATURE_CHANNELS;
    map.set(values.subarray(from, from + FEATURE_CHANNELS), position * FEATURE_CHANNELS);
  });
  return map;
}

/** Every part of every token, and the position of the map that it is. */
function eachPart(visit: (token: number, part: number, position: number) => void): void {
  for (let token = 0; token < TOKEN_COUNT; token++) {
    const top = 2 * Math.floor(token / ROW);
    const left = 2 * (token % ROW);
    for (let part = 0; part < 4; part++) visit(token, part, (top + (part >> 1)) * FEATURE_SIZE + left + (part & 1));
  }
}

/** @throws model_invalid if there are not 49 · 512 values */
export function asObfuscated(values: Float32Array): ObfuscatedTokens {
  if (values.length === FEATURE_VALUES) return values as ObfuscatedTokens;
  throw new XnnError('model_invalid', `tokens have ${FEATURE_VALUES} values, not ${values.length}`);
}

/** Rounds tokens to int8 with one scale a token, so that the largest magnitude of each becomes 127. */
export function quantiseTokens(values: ObfuscatedTokens): QuantisedTokens {
  const steps = new Int8Array(FEATURE_VALUES);
  const scales = new Float32Array(TOKEN_COUNT);
  for (let token = 0; token < TOKEN_COUNT; token++) {
    const from = token * TOKEN_CHANNELS;
    const channels = values.subarray(from, from + TOKEN_CHANNELS);
    const largest = channels.reduce((most, value) => Math.max(most, Math.abs(value)), MIN_SCALE * INT8_MAX);
    scales[token] = largest / INT8_MAX;
    const scale = scales[token]!;
    for (let i = 0; i < TOKEN_CHANNELS; i++) {
      steps[from + i] = stepOf(channels[i]!, scale, INT8_MAX);
    }
  }
  return { steps, scales };
}

/** The tokens [49, 512] that quantised ones stand for. */
export function dequantiseTokens({ steps, scales }: QuantisedTokens): ObfuscatedTokens {
  return asObfuscated(Float32Array.from(steps, (step, i) => step * scales[Math.floor(i / TOKEN_CHANNELS)]!));
}
