/** A source of random bytes. In the app `crypto.getRandomValues`, in tests a seeded one. */
export type RandomBytes = (length: number) => Uint8Array;

/**
 * Standard normal numbers by the Box–Muller transform, from 32 random bits each.
 *
 * A uniform number is (bits + 0.5) / 2³², so its logarithm is finite and |value| < 6.8.
 */
export function gaussian(count: number, random: RandomBytes): Float32Array {
  const pairs = Math.ceil(count / 2);
  const bytes = random(pairs * 8);
  const bits = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(count);
  for (let pair = 0; pair < pairs; pair++) {
    const radius = Math.sqrt(-2 * Math.log((bits.getUint32(pair * 8, true) + 0.5) / 2 ** 32));
    const angle = (2 * Math.PI * bits.getUint32(pair * 8 + 4, true)) / 2 ** 32;
    values[2 * pair] = radius * Math.cos(angle);
    if (2 * pair + 1 < count) values[2 * pair + 1] = radius * Math.sin(angle);
  }
  return values;
}
