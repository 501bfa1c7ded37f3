import { normals, type StreamName } from './keystream.js';

// Uniformly distributed (Haar) orthogonal matrices as Householder vectors (Stewart 1980; Diaconis and Shahshahani 1987). A matrix of size n is
// n vectors of 1, 2 … n numbers: vector k is made of k standard normal numbers: divided by their length they are u; s, the sign of its last
// number, is added to that, and what comes of it is given the length √2 and rounded to float32. The stream holds the numbers of one vector
// after another's.
//
// x Q is computed without the matrix: for k = 1 … n the first k numbers c become −s (c − v (v·c)), the orthogonal map that takes axis k to u.
// So axis k goes anywhere with equal chance, and the axes before it have been turned in the same way.

/** A rotation or reflection of n dimensions: Householder vectors of 1, 2 … n numbers, one after another. */
export type Rotation = Float32Array;

/** Derives one from a stream of a secret. @param size n, with n (n + 1) / 2 even */
export function rotation(secret: Uint8Array, name: StreamName, size: number): Rotation {
  const entries = normals(secret, name, (size * (size + 1)) / 2);
  for (let k = 1, from = 0; k <= size; from += k++) {
    const vector = entries.subarray(from, from + k);
    setLength(vector, 1);
    vector[k - 1]! += signOf(vector[k - 1]!);
    setLength(vector, Math.SQRT2);
  }
  return new Float32Array(entries);
}

/** x to x Q, in its place, in float64. */
export function rotate(x: Float64Array, vectors: Rotation): void {
  for (let k = 1, from = 0; k <= x.length; from += k++) {
    const vector = vectors.subarray(from, from + k);
    const sign = signOf(vector[k - 1]!);
    const along = dot(vector, x);
    for (let i = 0; i < k; i++) x[i] = sign * (vector[i]! * along - x[i]!);
  }
}

/** Gives a vector this length. Zeros stay zeros. */
export function setLength(vector: Float64Array, length: number): void {
  const before = Math.sqrt(dot(vector, vector));
  const factor = before > 0 ? length / before : 0;
  for (let i = 0; i < vector.length; i++) vector[i]! *= factor;
}

function signOf(value: number): number {
  return value < 0 ? -1 : 1;
}

/** Of the numbers of the first vector with as many of the second. Four sums at once, which is faster; then the rest. */
function dot(first: Float32Array | Float64Array, second: Float64Array): number {
  const whole = first.length - (first.length % 4);
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < whole; i += 4) {
    a += first[i]! * second[i]!;
    b += first[i + 1]! * second[i + 1]!;
    c += first[i + 2]! * second[i + 2]!;
    d += first[i + 3]! * second[i + 3]!;
  }
  for (let i = whole; i < first.length; i++) a += first[i]! * second[i]!;
  return a + b + c + d;
}
