import { armor, Decrypter, Encrypter } from 'age-encryption';
import { z } from 'zod';
import { XnnError } from '../core/errors.js';
import { MODEL_VERSION_BYTES, SECRET_BYTES } from '../core/spec.js';
import { fingerprint, SCHEMES, type Key, type Scheme } from '../core/xnn.js';
import { fromHex, toHex } from './hex.js';

// A key file is an age file (https://age-encryption.org/v1), in ASCII, encrypted with a passphrase (scrypt). Any age program opens it.
// In it, as JSON: the fields below.

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

/** Takes a second: that is what makes guessing passphrases dear. */
export async function encodeKeyFile(key: StoredKey, passphrase: string): Promise<string> {
  const content: z.infer<typeof contentSchema> = {
    format: 'xnn-key-1',
    scheme: key.scheme,
    key: toHex(key.secret),
    encoderModel: key.encoder,
    created: key.created,
    fingerprint: fingerprint(key),
  };
  const age = new Encrypter();
  age.setPassphrase(passphrase);
  return armor.encode(await age.encrypt(JSON.stringify(content)));
}

/** @throws key_invalid, passphrase_wrong */
export async function decodeKeyFile(text: string, passphrase: string): Promise<StoredKey> {
  try {
    const content = contentSchema.parse(JSON.parse(await decrypt(armor.decode(text), passphrase)));
    const { scheme, encoderModel: encoder, created } = content;
    const key: StoredKey = { scheme, encoder, created, secret: fromHex(content.key, SECRET_BYTES) };
    if (fingerprint(key) === content.fingerprint) return key;
  } catch (cause) {
    if (cause instanceof XnnError) throw cause;
    // Without the cause, whose message may quote what was decrypted.
    throw new XnnError('key_invalid');
  }
  throw new XnnError('key_invalid', 'the fingerprint is that of another key');
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
