import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { armor, Decrypter, Encrypter } from 'age-encryption';
import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { MODEL_VERSION_BYTES, SECRET_BYTES } from '../core/spec.js';
import { fingerprint, SCHEMES, type Key, type Scheme } from '../core/xnn.js';
import { fromHex, toHex } from '../wire/hex.js';
import { createPrivateFile, exists } from './files.js';

// A key file is an age file (https://age-encryption.org/v1), in ASCII, encrypted with a passphrase (scrypt). Any age program opens it.
// In it, as JSON: the fields below.

/** Shortest passphrase, in characters. */
export const LEAST_PASSPHRASE = 12;

const digits = (bytes: number) => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

const contentSchema = z.strictObject({
  format: z.literal('xnn-key-1'),
  scheme: z.enum(SCHEMES),
  key: digits(SECRET_BYTES),
  encoderModel: digits(MODEL_VERSION_BYTES),
  created: z.iso.datetime(),
  /** Tells a key that was changed by hand. */
  fingerprint: digits(16),
});

/** What may be shown of a key. */
export interface KeyInfo {
  readonly scheme: Scheme;
  /** 32 hexadecimal digits that name the key and reveal nothing of it. */
  readonly fingerprint: string;
  /** Model version of the encoder, 16 hexadecimal digits. */
  readonly encoder: string;
  /** ISO 8601. */
  readonly created: string;
}

export interface StoredKey extends Key {
  readonly created: string;
}

export function infoOf(key: StoredKey): KeyInfo {
  const { scheme, encoder, created } = key;
  return { scheme, fingerprint: fingerprint(key), encoder, created };
}

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
  const content: z.infer<typeof contentSchema> = {
    format: 'xnn-key-1',
    scheme,
    key: toHex(key.secret),
    encoderModel: encoder,
    created: key.created,
    fingerprint: fingerprint(key),
  };
  const age = new Encrypter();
  age.setPassphrase(passphrase);
  await createPrivateFile(file, armor.encode(await age.encrypt(JSON.stringify(content))));
  return key;
}

/** @throws key_invalid, passphrase_wrong */
export async function readKey(file: string, passphrase: string): Promise<StoredKey> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new XnnError('key_invalid', `${file} cannot be read`, { cause });
  });
  try {
    const content = contentSchema.parse(JSON.parse(await decrypt(armor.decode(text), passphrase)));
    const { scheme, encoderModel: encoder, created } = content;
    const key: StoredKey = { scheme, encoder, created, secret: fromHex(content.key, SECRET_BYTES) };
    if (fingerprint(key) === content.fingerprint) return key;
  } catch (cause) {
    if (cause instanceof XnnError) throw cause;
    // Without the cause, whose message may quote what was decrypted.
    throw new XnnError('key_invalid', file);
  }
  throw new XnnError('key_invalid', `${file}: the fingerprint is that of another key`);
}

async function decrypt(bytes: Uint8Array, passphrase: string): Promise<string> {
  const age = new Decrypter();
  age.addPassphrase(passphrase);
  try {
    return await age.decrypt(bytes, 'text');
  } catch (cause) {
    const isWrong = cause instanceof Error && cause.message.startsWith('no identity matched');
    throw new XnnError(isWrong ? 'passphrase_wrong' : 'key_invalid', undefined, { cause });
  }
}
