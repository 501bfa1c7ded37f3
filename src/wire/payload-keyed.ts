import { asKeyedDescriptor, type KeyedDescriptor } from '../core/keyed.js';
import { EMBEDDING_SIZE } from '../core/spec.js';

// What follows the header in mode 3, keyed: the direction y as i8 steps[128]. Its length is no part of it.

export const KEYED_BYTES = EMBEDDING_SIZE;

export function writeDescriptor(payload: Uint8Array, descriptor: KeyedDescriptor): void {
  payload.set(new Uint8Array(descriptor.buffer, descriptor.byteOffset, descriptor.byteLength));
}

/** @throws message_values_invalid */
export function readDescriptor(payload: Uint8Array): KeyedDescriptor {
  // Not `payload.slice`, which in a Node Buffer shares memory.
  return asKeyedDescriptor(new Int8Array(new Uint8Array(payload).buffer));
}
