import { generateKeyPair, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import type { JWK } from 'oidc-provider';
import type { Keyring } from '../keyring/keyring.js';

/**
 * Keys of the provider, sealed as secrets of the keyring: the one that is used, the next, and from the first rotation on the one before. All
 * are published and accepted, so that a rotation is noticed by nobody.
 */
export interface ProviderKeys {
  /** Private keys for RS256, which every client understands. */
  readonly signing: readonly JWK[];
  /** Of cookies, base64url. */
  readonly cookies: readonly string[];
}

const SECRET = 'oidc keys';
const RSA_BITS = 2048;

/** The keys, made when first asked for. */
export async function openKeys(keyring: Keyring): Promise<ProviderKeys> {
  const bytes = await keyring.secret(SECRET, async () =>
    encode({
      signing: [await newSigningKey(), await newSigningKey()],
      cookies: [newCookieKey(), newCookieKey()],
    }),
  );
  return JSON.parse(Buffer.from(bytes).toString()) as ProviderKeys;
}

/** Uses the next keys, and makes new next ones. Servers take them when they start. */
export async function rotateKeys(keyring: Keyring): Promise<void> {
  const { signing, cookies } = await openKeys(keyring);
  const keys = {
    signing: [signing[1]!, await newSigningKey(), signing[0]!],
    cookies: [cookies[1]!, newCookieKey(), cookies[0]!],
  };
  await keyring.replaceSecret(SECRET, encode(keys));
}

async function newSigningKey(): Promise<JWK> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  const kid = randomBytes(8).toString('hex');
  return { ...(privateKey.export({ format: 'jwk' }) as JWK), kid, use: 'sig', alg: 'RS256' };
}

function newCookieKey(): string {
  return randomBytes(32).toString('base64url');
}

function encode(keys: ProviderKeys): Uint8Array {
  return Buffer.from(JSON.stringify(keys));
}
