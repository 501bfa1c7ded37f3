import { XnnError } from '../core/errors.js';

/** Bytes as lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** The bytes of `size * 2` hexadecimal digits. @throws request_invalid */
export function fromHex(digits: string, size: number): Uint8Array {
  if (digits.length !== size * 2 || !/^[0-9a-f]*$/.test(digits)) {
    throw new XnnError('request_invalid', `expected ${size * 2} hexadecimal digits`);
  }
  return Uint8Array.from({ length: size }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
