import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { XnnError } from '../core/errors.js';
import { SECRET_BYTES } from '../core/spec.js';
import type { Scheme } from '../core/xnn.js';
import { decodeKeyFile, encodeKeyFile, type StoredKey } from '../wire/key-file.js';
import { createPrivateFile, exists } from './files.js';

/** Shortest passphrase, in characters. */
export const LEAST_PASSPHRASE = 12;

/**
 * Makes a new key and writes it to a file that only its owner may read.
 *
 * @param encoder model version, 16 hexadecimal digits
 * @throws passphrase_weak, file_exists, file_unwritable
 */
export async function createKey(file: string, scheme: Scheme, encoder: string, passphrase: string): Promise<StoredKey> {
  if ([...passphrase].length < LEAST_PASSPHRASE) throw new XnnError('passphrase_weak');
  if (await exists(file)) throw new XnnError('file_exists', file);
  const key: StoredKey = {
    scheme,
    encoder,
    secret: new Uint8Array(randomBytes(SECRET_BYTES)),
    created: new Date().toISOString(),
  };
  await createPrivateFile(file, await encodeKeyFile(key, passphrase));
  return key;
}

/** @throws key_invalid, passphrase_wrong */
export async function readKey(file: string, passphrase: string): Promise<StoredKey> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new XnnError('key_invalid', `${file} cannot be read`, { cause });
  });
  return decodeKeyFile(text, passphrase);
}
