import { XnnError } from '../core/errors.js';
import { FEATURE_VALUES, INT8_MAX, TOKEN_COUNT } from '../core/spec.js';
import { quantiseTokens, type ObfuscatedTokens, type QuantisedTokens } from '../core/tokens.js';
import { readScaled, writeScaled } from './scaled.js';

// What follows the header in mode 2, XNN: X̃ in int8, steps [49, 512] row by row, a scale for each of the 49 tokens, as in a bundle.

/** 25,284. */
export const XNN_BYTES = 4 * TOKEN_COUNT + FEATURE_VALUES;

export function writeTokens(payload: Uint8Array, tokens: ObfuscatedTokens): void {
  const { scales, steps } = quantiseTokens(tokens);
  writeScaled(payload, scales, new Uint8Array(steps.buffer, steps.byteOffset, steps.byteLength));
}

/** @throws message_values_invalid */
export function readTokens(payload: Uint8Array): QuantisedTokens {
  const { scales, steps } = readScaled(payload, TOKEN_COUNT);
  if (steps.includes(-INT8_MAX - 1 + 256)) throw new XnnError('message_values_invalid', 'a step is -128');
  // Not `steps.slice`, which in a Node Buffer shares memory.
  return { scales, steps: new Int8Array(new Uint8Array(steps).buffer) };
}
