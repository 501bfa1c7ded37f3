import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { XnnError } from './errors.js';
import { normals, permutation, words } from './keystream.js';
import { FEATURE_VALUES, SECRET_BYTES, TOKEN_CHANNELS, TOKEN_COUNT } from './spec.js';
import { asObfuscated, type ObfuscatedTokens, type Tokens } from './tokens.js';

// XNN of the paper: the owner's key turns the tokens X of every image into X̃ = P_π X W.
//
//   scheme         X̃ row j                       what it keeps from the cloud
//   none           X row j                       nothing; to compare with
//   permutation    X row π(j)                    nothing from a network that ignores the order, such as a transformer
//   matrix         (X row j) W                   as xnn, if the order is known
//   xnn            (X row π(j)) W                the paper's
//   xnn-hardened   (X row π(j)) W_π(j)           sums over tokens and their Gram matrix depend on the key, too
//
// All schemes are linear: who has enough images together with their X̃ computes the key, whatever its size.
//
// Everything is derived from 32 secret bytes by ChaCha20 streams (`keystream.ts`). Each has a name of three numbers, its nonce:
//
//   π      (1, scheme, 0)   a permutation of 0 … 48 from the stream's words
//   W_i    (2, scheme, i)   512 · 512 standard normal numbers row by row, each divided by √512 and rounded to float32;
//                           i = 0 for the one W of matrix and xnn, 0 … 48 for the matrices of xnn-hardened
//
// where scheme is the row in the table above, from 0. Products and sums are in float64, sums in the order of X's channels, and each
// value of X̃ is rounded to float32 at the end. So a key gives the same X̃ bit for bit wherever logarithm, sine and cosine are the same
// to the last bit, and elsewhere in all but about one entry of W in a billion.

const PERMUTATION = 1;
const MATRIX = 2;

export const SCHEMES = ['none', 'permutation', 'matrix', 'xnn', 'xnn-hardened'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** What the matrices of each scheme are; which schemes permute. */
const PARTS: Record<Scheme, { readonly permutes: boolean; readonly matrices: number }> = {
  none: { permutes: false, matrices: 0 },
  permutation: { permutes: true, matrices: 0 },
  matrix: { permutes: false, matrices: 1 },
  xnn: { permutes: true, matrices: 1 },
  'xnn-hardened': { permutes: true, matrices: TOKEN_COUNT },
};

/** One owner's key, the same for every image. It is part of the model: whoever has it undoes the obfuscation. */
export interface Key {
  readonly scheme: Scheme;
  /** Model version of the encoder it is for, 16 hexadecimal digits. */
  readonly encoder: string;
  /** 32 bytes of a cryptographic source. Never logged, sent or stored in the clear. */
  readonly secret: Uint8Array;
}

/** What a key stands for. */
export interface Derived {
  /** π: [49]; row j of X̃ comes from row order[j] of X. */
  readonly order: Uint32Array;
  /** Each [512, 512] row by row: none, one for all positions, or one for each position of X. */
  readonly matrices: readonly Float32Array[];
}

/**
 * Computes what a key stands for. Takes a second or two and 51 MB for xnn-hardened, so it is done once for many images.
 *
 * @throws key_invalid if the secret has another size
 */
export function derive({ scheme, secret }: Key): Derived {
  if (secret.length !== SECRET_BYTES) throw new XnnError('key_invalid', `a secret has ${SECRET_BYTES} bytes`);
  const { permutes, matrices } = PARTS[scheme];
  const number = SCHEMES.indexOf(scheme);
  return {
    order: permutes
      ? permutation(TOKEN_COUNT, words(secret, [PERMUTATION, number, 0]))
      : Uint32Array.from({ length: TOKEN_COUNT }, (_, i) => i),
    matrices: Array.from({ length: matrices }, (_, i) => matrix(secret, number, i)),
  };
}

/** W: entries independent and normal with variance 1/512. Not orthogonal, or X̃X̃ᵀ would be free of it. */
function matrix(secret: Uint8Array, scheme: number, index: number): Float32Array {
  const entries = normals(secret, [MATRIX, scheme, index], TOKEN_CHANNELS * TOKEN_CHANNELS);
  const root = Math.sqrt(TOKEN_CHANNELS);
  return new Float32Array(entries.map((entry) => entry / root));
}

/** X to X̃. */
export function obfuscate({ order, matrices }: Derived, tokens: Tokens): ObfuscatedTokens {
  const result = new Float32Array(FEATURE_VALUES);
  order.forEach((from, to) => {
    const row = tokens.subarray(from * TOKEN_CHANNELS, (from + 1) * TOKEN_CHANNELS);
    const weights = matrices.length > 1 ? matrices[from] : matrices[0];
    result.set(weights === undefined ? row : multiply(row, weights), to * TOKEN_CHANNELS);
  });
  return asObfuscated(result);
}

/** row [512] · weights [512, 512], in float64. */
function multiply(row: Float32Array, weights: Float32Array): Float64Array {
  const size = row.length;
  const sums = new Float64Array(size);
  // Four channels at once, which is faster and, from left to right, the same sum.
  for (let i = 0; i < size; i += 4) {
    const [a, b, c, d] = [row[i]!, row[i + 1]!, row[i + 2]!, row[i + 3]!];
    for (let j = 0, at = i * size; j < size; j++, at++) {
      sums[j] =
        sums[j]! +
        a * weights[at]! +
        b * weights[at + size]! +
        c * weights[at + 2 * size]! +
        d * weights[at + 3 * size]!;
    }
  }
  return sums;
}

/**
 * Names a key without revealing it, 32 hexadecimal digits: the first half of SHA-256 of "xnn key", scheme and encoder, a zero byte after
 * each, and the secret. Of 256 random bits nobody guesses anything, so it may stand in a bundle.
 */
export function fingerprint({ scheme, encoder, secret }: Key): string {
  const named = utf8ToBytes(`xnn key\0${scheme}\0${encoder}\0`);
  return bytesToHex(sha256(concatBytes(named, secret))).slice(0, 32);
}
