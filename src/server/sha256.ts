import { createHash } from 'node:crypto';

/** Of bytes, or of a text in UTF-8: 32 bytes. */
export function sha256(data: string | Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(data).digest());
}
