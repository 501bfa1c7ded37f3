import { chacha20 } from '@noble/ciphers/chacha.js';

/** Names one stream of a secret: three numbers of 32 bits. Streams of different names are independent. */
export type StreamName = readonly [number, number, number];

/** Blocks of 64 bytes made at once for `words`. */
const BLOCKS = 16;

/** The first bytes of a stream: ChaCha20 (RFC 8439) with the 32-byte secret as key, the name, little-endian, as nonce, counter from 0. */
export function keystream(secret: Uint8Array, name: StreamName, length: number, block = 0): Uint8Array {
  const nonce = new DataView(new ArrayBuffer(12));
  name.forEach((part, i) => nonce.setUint32(4 * i, part, true));
  return chacha20(secret, new Uint8Array(nonce.buffer), new Uint8Array(length), undefined, block);
}

/** The whole stream as unsigned numbers of 32 bits, little-endian. */
export function* words(secret: Uint8Array, name: StreamName): Generator<number, never> {
  for (let block = 0; ; block += BLOCKS) {
    const bytes = new DataView(keystream(secret, name, 64 * BLOCKS, block).buffer);
    for (let at = 0; at < bytes.byteLength; at += 4) yield bytes.getUint32(at, true);
  }
}

/**
 * A permutation of 0 … count − 1, every one equally likely: Fisher–Yates from the end. For i = count − 1 … 1, the element at i changes
 * places with that at word mod (i + 1), where words of at least ⌊2³² / (i + 1)⌋ · (i + 1) are passed over.
 */
export function permutation(count: number, random: Iterator<number, unknown>): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const other = below(i + 1, random);
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order;
}

function below(bound: number, random: Iterator<number, unknown>): number {
  const limit = Math.floor(2 ** 32 / bound) * bound;
  for (;;) {
    const word = random.next().value as number;
    if (word < limit) return word % bound;
  }
}

/**
 * Standard normal numbers in float64 by the Box–Muller transform, 16 bytes of the stream a pair.
 *
 * Of two unsigned numbers of 64 bits, little-endian, the upper 53 bits a and b: with r = √(−2 ln((a + 1) / 2⁵³)) and φ = 2π b / 2⁵³ the
 * pair is r cos φ, r sin φ. So every number is finite and below 8.6.
 *
 * @param count even
 */
export function normals(secret: Uint8Array, name: StreamName, count: number): Float64Array {
  const bits = new DataView(keystream(secret, name, 8 * count).buffer);
  const upper53 = (at: number) => bits.getUint32(at + 4, true) * 2 ** 21 + (bits.getUint32(at, true) >>> 11);
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 2) {
    const radius = Math.sqrt(-2 * Math.log((upper53(8 * i) + 1) / 2 ** 53));
    const angle = (2 * Math.PI * upper53(8 * i + 8)) / 2 ** 53;
    values[i] = radius * Math.cos(angle);
    values[i + 1] = radius * Math.sin(angle);
  }
  return values;
}
