import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { XnnError } from '../core/errors.js';
import { LOGIN_ROUTES } from '../wire/login.js';
import type { Session } from './types.js';

const OFFER = { challenge: 'cd'.repeat(16), model: '0123456789abcdef', tenant: '00'.repeat(16) };
const WORDS = ['abandon', 'ability'];
const PICTURES = [new Blob(['a picture'])];

/** Has no key of its own at first. */
const session = { ensureOwnKey: vi.fn<Session['ensureOwnKey']>(), messages: vi.fn<Session['messages']>() };
/** Offers challenges and takes nothing else. */
const server = vi.fn((path: string) =>
  Promise.resolve(path === LOGIN_ROUTES.challenges ? Response.json(OFFER) : new Response(null, { status: 502 })),
);
const onWords = vi.fn();
// Other tests have passkeys of their own, and share what they import.
vi.resetModules();
afterAll(() => void vi.resetModules());
const { connectLogin } = await import('./login.js');
const login = connectLogin(session as Partial<Session> as Session, 'https://login.test', (input) => server(input));

beforeEach(() => {
  session.ensureOwnKey.mockReset().mockResolvedValueOnce(WORDS).mockResolvedValue(null);
  session.messages.mockReset().mockResolvedValue(new Uint8Array(48));
  onWords.mockReset();
  server.mockClear();
});

const noFace = () => session.messages.mockRejectedValueOnce(new XnnError('no_face'));
const away = () => server.mockRejectedValueOnce(new TypeError('Failed to fetch'));

describe('the words of an own key that is made on the way', () => {
  it.each([
    ['no face is found', 'no_face', noFace],
    ['the cloud is away', 'server_away', away],
    ['no passkey is made', 'passkeys_missing', () => {}],
  ])('are given out when registering, though %s', async (_, code, fail) => {
    fail();
    await expect(login.register('Ann', PICTURES, onWords)).rejects.toMatchObject({ code });
    expect(onWords.mock.calls).toEqual([[WORDS]]);

    // The key is there the second time.
    await expect(login.register('Ann', PICTURES, onWords)).rejects.toHaveProperty('code');
    expect(onWords).toHaveBeenCalledOnce();
  });

  it.each([
    ['no face is found', 'no_face', noFace],
    ['the cloud is away', 'server_away', away],
  ])('are given out when the template is renewed, though %s', async (_, code, fail) => {
    fail();
    await expect(login.renewTemplate(PICTURES, onWords)).rejects.toMatchObject({ code });
    expect(onWords.mock.calls).toEqual([[WORDS]]);
  });
});

it('registers nobody under a name that cannot be one, and makes neither key nor passkey for it', async () => {
  await expect(login.register('Seán/Ó Briain', PICTURES, onWords)).rejects.toMatchObject({ code: 'subject_invalid' });
  expect(session.ensureOwnKey).not.toHaveBeenCalled();
  expect(server).not.toHaveBeenCalled();
});
