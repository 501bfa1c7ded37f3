import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { XnnError } from '../../core/errors.js';
import { fromHex } from '../../wire/hex.js';
import { hasCode } from '../has-code.js';

/** Bytes of every key here: AES-256. */
export const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CIPHER = 'aes-256-gcm';

/**
 * What wraps the keys that the database holds, and is itself never in it: a secret of this machine, or a key management service, whose
 * encrypt and decrypt calls have this form.
 */
export interface MasterKey {
  /** Names the key and tells nothing of it. */
  readonly id: string;
  wrap(key: Uint8Array): Promise<Uint8Array>;
  /** @throws master_key_wrong */
  unwrap(wrapped: Uint8Array): Promise<Uint8Array>;
}

/** A master key that is a secret of 32 bytes in this process. */
export function localMaster(secret: Uint8Array): MasterKey {
  if (secret.length !== KEY_BYTES) throw new XnnError('master_key_wrong', `${secret.length} instead of 32 bytes`);
  const id = createHash('sha256').update('xnn master key id').update(secret).digest('hex').slice(0, 16);
  const context = Buffer.from(`xnn data key under ${id}`);
  return {
    id,
    wrap: (key) => Promise.resolve(encrypt(secret, key, context)),
    unwrap: async (wrapped) => {
      await Promise.resolve();
      return decrypt(secret, wrapped, context);
    },
  };
}

/**
 * The master key of the environment (64 hexadecimal digits), or else of a file, which is made when missing and readable by its owner only.
 *
 * @param mayBeNew whether it may be made: where something is sealed already, another key would open nothing
 * @throws an Error for the operator if either is no such key
 */
export async function loadMaster(
  digits: string | undefined,
  file: string,
  mayBeNew: boolean = true,
): Promise<MasterKey> {
  const text = (digits ?? (await keyFile(file, mayBeNew))).trim().toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(text)) {
    const where = digits === undefined ? file : 'MASTER_KEY';
    throw new Error(`${where} must hold ${2 * KEY_BYTES} hexadecimal digits ("openssl rand -hex ${KEY_BYTES}").`);
  }
  return localMaster(fromHex(text, KEY_BYTES));
}

async function keyFile(path: string, mayBeNew: boolean): Promise<string> {
  if (!mayBeNew) {
    return readFile(path, 'utf8').catch((cause: unknown) => {
      throw new Error(`MASTER_KEY is not set, and the file ${path} cannot be read. KEY_FILE names another.`, { cause });
    });
  }
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`);
      // A template sealed with a key that is lost with the power is lost itself.
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error;
  }
  return readFile(path, 'utf8');
}

/**
 * AES-256-GCM with a fresh nonce:
 *
 *   struct { u8 nonce[12]; u8 tag[16]; u8 ciphertext[...] }
 *
 * @param context what it belongs to, without which it does not open
 */
export function encrypt(key: Uint8Array, plain: Uint8Array, context: Uint8Array): Uint8Array {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(context);
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), ciphertext]);
}

/** @throws master_key_wrong if key, context or a byte is another */
export function decrypt(key: Uint8Array, sealed: Uint8Array, context: Uint8Array): Uint8Array {
  try {
    const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
      .setAAD(context)
      .setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
  } catch (cause) {
    throw new XnnError('master_key_wrong', 'what is sealed does not open', { cause });
  }
}
