import { startAuthentication, startRegistration } from '@simplewebauthn/browser';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { keyOf, ownKeyOf } from './own-key.js';
import { base64url, newPasskeySecret, passkeySecret } from './passkey.js';

vi.mock('@simplewebauthn/browser', async (original) => ({
  ...(await original<typeof import('@simplewebauthn/browser')>()),
  browserSupportsWebAuthn: () => true,
  startRegistration: vi.fn(),
  startAuthentication: vi.fn(),
}));
const create = vi.mocked(startRegistration);
const get = vi.mocked(startAuthentication);

const made = (prf: object) => ({ id: 'one', clientExtensionResults: { prf } }) as never;
const asked = (handle: Uint8Array, prf: object) =>
  ({ id: 'one', response: { userHandle: base64url(handle) }, clientExtensionResults: { prf } }) as never;
const results = () => ({ results: { first: new Uint8Array(32).fill(7).buffer } });
const handle = new TextEncoder().encode('xnn own key 0123456789abcdef');

beforeEach(() => {
  create.mockReset();
  get.mockReset();
});

describe('a secret of a passkey', () => {
  it('comes with the passkey, or when the device is asked once more for that passkey', async () => {
    create.mockResolvedValueOnce(made({ enabled: true, ...results() }));
    expect(await newPasskeySecret('localhost')).toEqual(new Uint8Array(32).fill(7));
    expect(get).not.toHaveBeenCalled();

    create.mockResolvedValueOnce(made({ enabled: true }));
    get.mockResolvedValueOnce(asked(handle, results()));
    expect(await newPasskeySecret('localhost')).toEqual(new Uint8Array(32).fill(7));
    expect(get.mock.lastCall?.[0].optionsJSON.allowCredentials).toEqual([{ id: 'one', type: 'public-key' }]);
  });

  it('is the same later, and of no passkey that was made for a login', async () => {
    get.mockResolvedValueOnce(asked(handle, results()));
    expect(await passkeySecret('localhost')).toEqual(new Uint8Array(32).fill(7));
    get.mockResolvedValueOnce(asked(new Uint8Array(16), results()));
    await expect(passkeySecret('localhost')).rejects.toMatchObject({ code: 'passkey_without_secret' });
  });

  it('is missed clearly where browser or device have none', async () => {
    for (const prf of [{}, { enabled: false }]) {
      create.mockResolvedValueOnce(made(prf));
      await expect(newPasskeySecret('localhost')).rejects.toMatchObject({ code: 'passkey_without_secret' });
    }
    get.mockResolvedValueOnce(asked(handle, {}));
    await expect(passkeySecret('localhost')).rejects.toMatchObject({ code: 'passkey_without_secret' });
    create.mockRejectedValueOnce(new Error('cancelled'));
    await expect(newPasskeySecret('localhost')).rejects.toMatchObject({ code: 'passkey_failed' });
  });

  it('makes a key as docs/keyed-mode.md has it, and is wiped', async () => {
    const given = new Uint8Array(32).fill(7);
    const { fingerprint } = await ownKeyOf(await keyOf(given));
    expect(fingerprint).toBe('0a7c3994b7c692d7');
    expect(given).toEqual(new Uint8Array(32));
  });
});
