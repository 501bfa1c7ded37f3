import { XnnError } from '../core/errors.js';

/** Of each byte. */
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Bytes as lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array): string {
  let digits = '';
  for (const byte of bytes) digits += DIGITS[byte];
  return digits;
}

/** The bytes of `size * 2` hexadecimal digits. @throws request_invalid */
export function fromHex(digits: string, size: number): Uint8Array {
  if (digits.length !== size * 2 || !/^[0-9a-f]*$/.test(digits)) {
    throw new XnnError('request_invalid', `expected ${size * 2} hexadecimal digits`);
  }
  return Uint8Array.from({ length: size }, (_, i) => Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16));
}
