import { clear, createStore, del, get, set, type UseStore } from 'idb-keyval';
import { ROTATION_INFO } from '../core/keyed.js';
import { XnnError } from '../core/errors.js';
import { SECRET_BYTES } from '../core/spec.js';
import { toHex } from '../wire/hex.js';

// A person's own key is 32 secret bytes, of which HKDF-SHA-256 makes everything else. In the browser it is a CryptoKey of WebCrypto that
// cannot be read, neither by this page later nor by a script that gets into it: it only derives. Whoever controls the page can use it while the
// page is open.

/** A key and what may be shown of it. */
export interface OwnKey {
  /** HKDF, not extractable. */
  readonly key: CryptoKey;
  /** 16 hexadecimal digits, by which a person tells it from another. */
  readonly fingerprint: string;
}

/** Where keys are kept from one visit to the next, by name. Where the browser keeps nothing, there is none and nothing is kept. */
export interface KeyStore {
  load(name: string): Promise<OwnKey | null>;
  keep(name: string, key: OwnKey): Promise<void>;
  forget(name: string): Promise<void>;
  /** Tells of a key that another page of this origin keeps (true) or forgets (false), until what is returned is called. */
  watch(name: string, changed: (isKept: boolean) => void): () => void;
}

/** What such pages tell one another. */
interface KeyChange {
  readonly name: string;
  readonly isKept: boolean;
}

const PASSKEY_INFO = 'xnn own key of a passkey';
const FINGERPRINT_INFO = 'xnn keyed fingerprint';
const FINGERPRINT_BYTES = 8;
const NO_SALT = new Uint8Array();

/** A key and the 24 words by which a person has it elsewhere (BIP-39, English). */
export interface NewKey {
  readonly own: OwnKey;
  readonly words: readonly string[];
}

/**
 * A new key, of random bytes or those of a passkey that was made for it.
 *
 * @param secret 32 bytes, wiped here
 */
export async function makeOwnKey(secret = crypto.getRandomValues(new Uint8Array(SECRET_BYTES))): Promise<NewKey> {
  const { entropyToMnemonic, wordlist } = await bip39();
  const words = entropyToMnemonic(secret, wordlist).split(' ');
  return { own: await ownKeyOf(secret), words };
}

/** From what a passkey gives [32], which is wiped, to the key [32]. */
export async function keyOf(given: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const key = await crypto.subtle.importKey('raw', given, 'HKDF', false, ['deriveBits']);
  given.fill(0);
  return derived(key, NO_SALT, PASSKEY_INFO, SECRET_BYTES);
}

/** The key of such words, in any case and spacing. @throws words_invalid */
export async function restoreOwnKey(words: string): Promise<OwnKey> {
  const { mnemonicToEntropy, wordlist } = await bip39();
  const given = words.toLowerCase().match(/\p{L}+/gu) ?? [];
  let secret: Uint8Array<ArrayBuffer>;
  try {
    secret = Uint8Array.from(mnemonicToEntropy(given.join(' '), wordlist));
  } catch (cause) {
    throw new XnnError('words_invalid', `${given.length} words`, { cause });
  }
  if (secret.length !== SECRET_BYTES) throw new XnnError('words_invalid', `${given.length} words`);
  return ownKeyOf(secret);
}

/** @param secret 32 random bytes, wiped here. @throws key_invalid if it has another size */
export async function ownKeyOf(secret: Uint8Array<ArrayBuffer>): Promise<OwnKey> {
  if (secret.length !== SECRET_BYTES) throw new XnnError('key_invalid', `${secret.length} bytes`);
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  secret.fill(0);
  return { key, fingerprint: toHex(await derived(key, NO_SALT, FINGERPRINT_INFO, FINGERPRINT_BYTES)) };
}

/** What turns this owner's faces for one tenant, 32 bytes (`core/keyed.ts`). Nothing of it tells what another tenant's is. */
export function tenantSecret(key: CryptoKey, tenant: Uint8Array): Promise<Uint8Array> {
  return derived(key, tenant, ROTATION_INFO, SECRET_BYTES);
}

async function derived(
  key: CryptoKey,
  salt: Uint8Array,
  info: string,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const how = { name: 'HKDF', hash: 'SHA-256', salt: Uint8Array.from(salt), info: new TextEncoder().encode(info) };
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, 8 * bytes));
}

const openStore = () => createStore('xnn keys', 'own');

/** Deletes every key that this browser keeps. */
export async function deleteKeys(): Promise<void> {
  await clear(openStore());
}

/** In IndexedDB. */
export function openKeyStore(): KeyStore {
  let opened: UseStore | undefined;
  let channel: BroadcastChannel | undefined;
  const others = () => (channel ??= new BroadcastChannel('xnn keys'));
  const tell = (name: string, isKept: boolean) => others().postMessage({ name, isKept } satisfies KeyChange);
  /** @throws key_unkept in a browser that keeps nothing, as in some private windows */
  const using = async <T>(act: (store: UseStore) => Promise<T>): Promise<T> => {
    try {
      return await act((opened ??= openStore()));
    } catch (cause) {
      throw new XnnError('key_unkept', undefined, { cause });
    }
  };
  return {
    load: (name) =>
      using((store) => get<OwnKey>(name, store)).then(
        (key) => key ?? null,
        () => null,
      ),
    async keep(name, key) {
      await using((store) => set(name, key, store));
      tell(name, true);
    },
    async forget(name) {
      await using((store) => del(name, store));
      tell(name, false);
    },
    watch(name, changed) {
      const heard = ({ data }: MessageEvent<KeyChange>) => {
        if (data.name === name) changed(data.isKept);
      };
      others().addEventListener('message', heard);
      return () => others().removeEventListener('message', heard);
    },
  };
}

/** The list of words is large; only who makes or restores a key loads it. */
async function bip39() {
  const [{ entropyToMnemonic, mnemonicToEntropy }, { wordlist }] = await Promise.all([
    import('@scure/bip39'),
    import('@scure/bip39/wordlists/english.js'),
  ]);
  return { entropyToMnemonic, mnemonicToEntropy, wordlist };
}
