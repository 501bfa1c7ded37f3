import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { XnnError } from './errors.js';
import { normals, permutation, words } from './keystream.js';
import { rotate, rotation, setLength, type Rotation } from './rotation.js';
import { FEATURE_VALUES, SECRET_BYTES, TOKEN_CHANNELS, TOKEN_COUNT } from './spec.js';
import { asObfuscated, type ObfuscatedTokens, type Tokens } from './tokens.js';

// XNN of the paper: the owner's key turns the tokens X of every image into X̃ = P_π X W.
//
//   scheme         X̃ row j                       what it keeps from the cloud
//   none           X row j                       nothing; to compare with
//   permutation    X row π(j)                    nothing from a network that ignores the order, such as a transformer
//   matrix         (X row j) W                   as xnn, if the order is known
//   xnn            (X row π(j)) W                the paper's
//   xnn-hardened   √512 unit(X row π(j)) Q_π(j)  everything that one record alone could tell; Q_i are rotations, one for each position
//
// What holds of xnn-hardened. A vector of fixed length under a uniformly distributed (Haar) orthogonal matrix is uniform on the sphere,
// whatever it was. So with a secret that nobody knows, the 49 tokens of one record are independent and uniform: they say nothing of the
// face, however they are read. Rounding to int8 sees nothing but those tokens and changes nothing about it. Many records under one key
// give away, at each place, how they lie to one another (their inner products) and nothing else; a cloud that is to learn from them
// needs that, and it is not nothing: see docs/xnn-attacks.md. Clean tokens have that length already, but for layer norm's epsilon.
//
// Every scheme falls to who has enough images together with their X̃.
//
// Everything is derived from 32 secret bytes by ChaCha20 streams (`keystream.ts`). Each has a name of three numbers, its nonce:
//
//   π      (1, scheme, 0)   a permutation of 0 … 48 from the stream's words
//   W      (2, scheme, 0)   512 · 512 standard normal numbers row by row, each divided by √512 and rounded to float32
//   Q_i    (2, scheme, i)   rotation i = 0 … 48 of 512 dimensions (`rotation.ts`)
//
// where scheme is the row in the table above, from 0. Products and sums are in float64, sums in the order of X's channels, and each
// value of X̃ is rounded to float32 at the end. So a key gives the same X̃ bit for bit wherever logarithm, sine and cosine are the same
// to the last bit, and elsewhere in all but about one entry of W in a billion.

const PERMUTATION = 1;
const MATRIX = 2;

export const SCHEMES = ['none', 'permutation', 'matrix', 'xnn', 'xnn-hardened'] as const;
export type Scheme = (typeof SCHEMES)[number];

/** What each scheme does to tokens; `map` is one W for all positions, or a rotation Q_i for each. */
const PARTS: Record<Scheme, { readonly permutes: boolean; readonly map: 'none' | 'matrix' | 'rotations' }> = {
  none: { permutes: false, map: 'none' },
  permutation: { permutes: true, map: 'none' },
  matrix: { permutes: false, map: 'matrix' },
  xnn: { permutes: true, map: 'matrix' },
  'xnn-hardened': { permutes: true, map: 'rotations' },
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
  /** W [512, 512] row by row, if the scheme has one. */
  readonly matrix: Float32Array | undefined;
  /** Q_i of each position of X; none in other schemes. */
  readonly rotations: readonly Rotation[];
}

/**
 * Computes what a key stands for. Takes about a second and 26 MB for xnn-hardened, so it is done once for many images.
 *
 * @throws key_invalid if the secret has another size
 */
export function derive({ scheme, secret }: Key): Derived {
  if (secret.length !== SECRET_BYTES) throw new XnnError('key_invalid', `a secret has ${SECRET_BYTES} bytes`);
  const { permutes, map } = PARTS[scheme];
  const number = SCHEMES.indexOf(scheme);
  return {
    order: permutes
      ? permutation(TOKEN_COUNT, words(secret, [PERMUTATION, number, 0]))
      : Uint32Array.from({ length: TOKEN_COUNT }, (_, i) => i),
    matrix: map === 'matrix' ? matrix(secret, number) : undefined,
    rotations:
      map === 'rotations'
        ? Array.from({ length: TOKEN_COUNT }, (_, i) => rotation(secret, [MATRIX, number, i], TOKEN_CHANNELS))
        : [],
  };
}

/** W: entries independent and normal with variance 1/512. Not orthogonal, or X̃X̃ᵀ would be free of it. */
function matrix(secret: Uint8Array, scheme: number): Float32Array {
  const entries = normals(secret, [MATRIX, scheme, 0], TOKEN_CHANNELS * TOKEN_CHANNELS);
  const root = Math.sqrt(TOKEN_CHANNELS);
  return new Float32Array(entries.map((entry) => entry / root));
}

/** X to X̃. */
export function obfuscate({ order, matrix, rotations }: Derived, tokens: Tokens): ObfuscatedTokens {
  const result = new Float32Array(FEATURE_VALUES);
  order.forEach((from, to) => {
    const row = tokens.subarray(from * TOKEN_CHANNELS, (from + 1) * TOKEN_CHANNELS);
    const turn = rotations[from];
    const hidden = turn !== undefined ? turned(row, turn) : matrix !== undefined ? multiply(row, matrix) : row;
    result.set(hidden, to * TOKEN_CHANNELS);
  });
  return asObfuscated(result);
}

/** row [512], scaled to the length √512, under a rotation, in float64. */
function turned(row: Float32Array, turn: Rotation): Float64Array {
  const x = Float64Array.from(row);
  setLength(x, Math.sqrt(x.length));
  rotate(x, turn);
  return x;
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
