import { unit } from './match.js';
import { rotate, rotation, type Rotation } from './rotation.js';
import { XnnError } from './errors.js';
import { EMBEDDING_SIZE, INT8_MAX, SECRET_BYTES } from './spec.js';

// Keyed mode: y = v Q, where v is the unit descriptor [128] of a face and Q an orthogonal matrix of its owner's secret.
//
// A unit vector under a uniformly distributed (Haar) orthogonal matrix is uniform on the sphere, whatever it was. So to whoever has no
// secret one record says nothing of the face, however it is read; records under one secret say how they lie to one another (their inner
// products, by which the cloud verifies) and nothing else; records under two secrets are independent. Rounding to int8 sees nothing but y
// and changes nothing about it. docs/keyed-mode.md has the proposition, its assumptions, and what it does not promise.
//
// Q is stream (3, 0, 0) of the secret (`rotation.ts`), and the secret is HKDF-SHA-256 (RFC 5869) of the owner's 32 bytes:
//
//   salt   16 bytes, the tenant
//   info   "xnn keyed rotation" in ASCII
//   size   32 bytes

const STREAM = [3, 0, 0] as const;

/** What HKDF is told the secret is for. */
export const ROTATION_INFO = 'xnn keyed rotation';

declare const brand: unique symbol;

/** A face's descriptor under its owner's Q, in whole steps [128], each in [-127, 127], not all 0. Its length means nothing. */
export type KeyedDescriptor = Int8Array & { readonly [brand]: 'keyed' };

/** @param secret of one owner and one tenant. @throws key_invalid if it has another size than 32 bytes */
export function keyedRotation(secret: Uint8Array): Rotation {
  if (secret.length !== SECRET_BYTES) throw new XnnError('key_invalid', `a secret has ${SECRET_BYTES} bytes`);
  return rotation(secret, STREAM, EMBEDDING_SIZE);
}

/** v [128] to y, rounded so that the largest magnitude becomes 127 steps. @throws model_invalid if v has no direction */
export function protectDescriptor(descriptor: Float32Array, turn: Rotation): KeyedDescriptor {
  const y = Float64Array.from(unit(descriptor));
  rotate(y, turn);
  const largest = y.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return Int8Array.from(y, (value) => Math.round((value / largest) * INT8_MAX)) as KeyedDescriptor;
}

/** @throws message_values_invalid if a step is -128 or all are 0 */
export function asKeyedDescriptor(steps: Int8Array): KeyedDescriptor {
  if (steps.includes(-INT8_MAX - 1)) throw new XnnError('message_values_invalid', 'a step is -128');
  if (steps.every((step) => step === 0)) throw new XnnError('message_values_invalid', 'no direction');
  return steps as KeyedDescriptor;
}
