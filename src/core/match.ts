import { EMBEDDING_SIZE } from './spec.js';
import { XnnError } from './errors.js';

/** A unit vector [128] that says who a face is. */
export type Embedding = Float32Array;

/** Cosine of two unit vectors, in [-1, 1]. */
export function similarity(a: Embedding, b: Embedding): number {
  let sum = 0;
  for (let i = 0; i < EMBEDDING_SIZE; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Scales a vector to length 1. @throws model_invalid if it has no direction or is not finite. */
export function unit(vector: Float32Array): Embedding {
  const length = Math.hypot(...vector);
  if (vector.length !== EMBEDDING_SIZE || !(length > 0) || !Number.isFinite(length)) {
    throw new XnnError('model_invalid', `an embedding has ${EMBEDDING_SIZE} finite values that are not all zero`);
  }
  return vector.map((value) => value / length);
}

/**
 * Averages the embeddings of one person's captures into a template.
 *
 * @throws captures_differ if any capture is less similar than `threshold` to another: two people, or a very bad picture.
 */
export function template(captures: readonly Embedding[], threshold: number): Embedding {
  for (const [i, a] of captures.entries()) {
    for (const b of captures.slice(i + 1)) {
      if (similarity(a, b) < threshold) throw new XnnError('captures_differ');
    }
  }
  const sum = new Float32Array(EMBEDDING_SIZE);
  for (const capture of captures) capture.forEach((value, i) => (sum[i]! += value));
  return unit(sum);
}
