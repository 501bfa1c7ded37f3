import { describe, expect, it } from 'vitest';
import vectors from '../core/keyed.vectors.json' with { type: 'json' };
import { fromHex, toHex } from '../wire/hex.js';
import { makeOwnKey, openKeyStore, ownKeyOf, restoreOwnKey, tenantSecret } from './own-key.js';

const tenant = fromHex(vectors.tenant, 16);

describe('an own key', () => {
  it('gives each tenant the secret of the vectors', async () => {
    const { key } = await ownKeyOf(Uint8Array.from(fromHex(vectors.secret, 32)));
    expect(toHex(await tenantSecret(key, tenant))).toBe(vectors.tenantSecret);
    expect(toHex(await tenantSecret(key, new Uint8Array(16)))).not.toBe(vectors.tenantSecret);
  });

  it('comes back from its words, however they are typed, and cannot be read', async () => {
    const { own, words } = await makeOwnKey();
    expect(words).toHaveLength(24);
    const back = await restoreOwnKey(`  1. ${words.join(',\n').toUpperCase()} `);
    expect(back.fingerprint).toBe(own.fingerprint);
    expect(await tenantSecret(back.key, tenant)).toEqual(await tenantSecret(own.key, tenant));
    expect(own.key.extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', own.key)).rejects.toThrow();
    expect((await makeOwnKey()).own.fingerprint).not.toBe(own.fingerprint);
  });

  it('does not come from other words', async () => {
    // Of 32 zeros; of random bytes one in 256 has another order that is a key's as well.
    const words = [...Array<string>(23).fill('abandon'), 'art'];
    await restoreOwnKey(words.join(' '));
    const ofHalfAKey = [...words.slice(12, 23), 'about'];
    for (const list of [words.slice(1), ['art', ...words.slice(0, 23)], ['abandon'], [], ofHalfAKey]) {
      await expect(restoreOwnKey(list.join(' '))).rejects.toMatchObject({ code: 'words_invalid' });
    }
  });

  it('wipes the secret it is made of, which has 32 bytes', async () => {
    const secret = new Uint8Array(32).fill(9);
    await ownKeyOf(secret);
    expect(secret.every((byte) => byte === 0)).toBe(true);
    await expect(ownKeyOf(new Uint8Array(16))).rejects.toMatchObject({ code: 'key_invalid' });
  });

  it('is not there where the browser keeps nothing', async () => {
    const store = openKeyStore();
    const { own } = await makeOwnKey();
    expect(await store.load('own')).toBeNull();
    await expect(store.keep('own', own)).rejects.toMatchObject({ code: 'key_unkept' });
  });
});
