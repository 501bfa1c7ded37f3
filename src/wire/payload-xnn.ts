import { FEATURE_VALUES, TOKEN_COUNT } from '../core/spec.js';
import { quantiseTokens, type ObfuscatedTokens, type QuantisedTokens } from '../core/tokens.js';
import { readInt8, writeInt8 } from './int8.js';

// What follows the header in mode 2, XNN: X̃ in int8, steps [49, 512] row by row, a scale for each of the 49 tokens, as in a bundle.

/** 25,284. */
export const XNN_BYTES = 4 * TOKEN_COUNT + FEATURE_VALUES;

export function writeTokens(payload: Uint8Array, tokens: ObfuscatedTokens): void {
  const { scales, steps } = quantiseTokens(tokens);
  writeInt8(payload, scales, steps);
}

/** @throws message_values_invalid */
export function readTokens(payload: Uint8Array): QuantisedTokens {
  return readInt8(payload, TOKEN_COUNT);
}
