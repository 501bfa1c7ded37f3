import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import type { AddressInfo } from 'node:net';
import * as oidc from 'openid-client';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { fromHex, toHex } from '../../wire/hex.js';
import { bindingOf, LOGIN_ROUTES, type ClientReply, type CodesReply, type LoginChallenge } from '../../wire/login.js';
import type { AppDependencies, LogEntry } from '../app.js';
import type { Driver } from '../drivers.js';
import type { Env } from '../tenants/authenticate.js';
import { softDevice } from '../login/testing.js';
import { openStore, type Store } from '../store.js';
import { MASTER, keyedMessageOf, openTestDatabase, testCloud } from '../testing.js';
import { openClients, type Clients } from './clients.js';
import { openKeys, rotateKeys } from './keys.js';
import { createProvider } from './provider.js';

const TENANT = new Uint8Array(16).fill(0x6c);
/** Whose key faces are under. */
const OWNER = 1;
const ADA = 1;
const REDIRECT = 'https://grafana.example.com/callback';
const OPERATOR = { actor: 'operator', at: new Date() };

let driver: Driver;
let store: Store;
let clients: Clients;
let app: Hono<Env>;
let server: ReturnType<typeof createAdaptorServer>;
let origin: string;
const logged: LogEntry[] = [];

/** A server with the provider's keys as they are now. */
async function start(changes: Partial<AppDependencies> = {}): Promise<void> {
  const keys = await openKeys(store.keyring);
  const login = { store, keys, tenant: TENANT, origin, now: Date.now, log: (entry: LogEntry) => logged.push(entry) };
  const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
  ({ app } = await testCloud({ ...login, random, login: { ...login, provider: createProvider(login) }, ...changes }));
}

beforeAll(async () => {
  driver = await openTestDatabase();
  store = await openStore(driver, MASTER);
  await store.tenants.ensure(TENANT, 'login', false, OPERATOR);
  clients = openClients(driver, store.keyring, store.audit, TENANT);
  server = createAdaptorServer({ fetch: (request, env) => app.fetch(request, env) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  await start();
});
afterAll(async () => {
  server.close();
  await store.close();
});

const grafana = { name: 'Grafana', redirectUris: [REDIRECT], faceOnly: false };

/** A relying party, registered and configured by discovery. */
async function relyingParty(changes: Partial<typeof grafana> = {}) {
  const { id, secret } = await clients.create({ ...grafana, ...changes }, OPERATOR);
  return { id, secret, config: await discover(id, secret) };
}
const discover = (id: string, secret: string) =>
  oidc.discovery(new URL(origin), id, undefined, oidc.ClientSecretBasic(secret), {
    execute: [oidc.allowInsecureRequests],
  });

/** A browser that keeps cookies, and follows no redirect by itself. */
function browser() {
  const jar = new Map<string, string>();
  return {
    jar,
    async ask(path: string, init: RequestInit = {}) {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { Origin: origin, Cookie: cookie, Accept: 'text/html', ...init.headers };
      const response = await fetch(new URL(path, origin), { ...init, headers, redirect: 'manual' });
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!;
        if (value === '') jar.delete(name!);
        else jar.set(name!, value!);
      }
      return response;
    },
    async json<T>(method: string, path: string, body?: object) {
      const headers = { 'Content-Type': 'application/json' };
      const response = await this.ask(path, { method, ...(body && { headers, body: JSON.stringify(body) }) });
      return (await response.json()) as T & { error?: { code: string } };
    },
  };
}
type Browser = ReturnType<typeof browser>;

async function prepared(tab: Browser, device: ReturnType<typeof softDevice>, act: 'register' | 'sign') {
  const { challenge: digits } = await tab.json<LoginChallenge>('POST', LOGIN_ROUTES.challenges);
  const challenge = fromHex(digits, 16);
  const message = keyedMessageOf(OWNER, ADA, challenge, TENANT);
  const answer = device[act](bindingOf({ challenge, tenant: TENANT, origin }, message));
  return { challenge: toHex(challenge), messages: Buffer.from(message).toString('base64url'), device: answer };
}

/** A person with an account, in a browser that is not logged in. */
async function person() {
  const device = softDevice(origin);
  const request = { name: 'Ada Lovelace', ...(await prepared(browser(), device, 'register')) };
  const { codes } = await browser().json<CodesReply>('POST', LOGIN_ROUTES.accounts, request);
  const left = [...codes];
  return {
    byFace: async (tab: Browser) =>
      tab.json<object>('POST', LOGIN_ROUTES.sessions, await prepared(tab, device, 'sign')),
    byCode: (tab: Browser) => tab.json<object>('POST', LOGIN_ROUTES.recoveries, { code: left.pop() }),
  };
}

/** Follows a relying party's request as far as the login page. */
async function begin(config: oidc.Configuration, tab: Browser, parameters: Record<string, string> = {}) {
  const verifier = oidc.randomPKCECodeVerifier();
  const [state, nonce] = [oidc.randomState(), oidc.randomNonce()];
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: REDIRECT,
    scope: 'openid profile',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...parameters,
  });
  const answer = await tab.ask(url.href);
  const first = answer.headers.get('location') ?? '';
  const page = first.startsWith('/') ? (await tab.ask(first)).headers.get('location')! : '';
  const uid = new URL(page, origin).searchParams.get('interaction') ?? '';
  return {
    answer,
    first,
    page,
    uid,
    checks: { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce },
  };
}

/** Goes on with the login. @returns where the relying party is called back */
async function accept(tab: Browser, uid: string): Promise<URL> {
  const { location, error } = await tab.json<{ location: string }>('POST', LOGIN_ROUTES.interaction(uid));
  if (error) throw new Error(error.code);
  const answer = await tab.ask(location);
  return new URL(answer.headers.get('location')!);
}

describe('the code flow', () => {
  let ada: Awaited<ReturnType<typeof person>>;
  let party: Awaited<ReturnType<typeof relyingParty>>;
  beforeAll(async () => {
    ada = await person();
  });
  beforeEach(async () => {
    party = await relyingParty();
  });

  async function logIn(way: 'byFace' | 'byCode', config = party.config, parameters = {}) {
    const tab = browser();
    const { uid, checks } = await begin(config, tab, parameters);
    await ada[way](tab);
    const callback = await accept(tab, uid);
    const tokens = await oidc.authorizationCodeGrant(config, callback, checks);
    return { claims: tokens.claims()!, tokens, callback, checks };
  }

  test('tells a relying party who logged in by passkey and face', async () => {
    const tab = browser();
    const { page, uid, checks } = await begin(party.config, tab, { acr_values: 'face' });
    expect(page).toBe(`/demo/login?interaction=${uid}`);
    const shown = await tab.json<ClientReply>('GET', LOGIN_ROUTES.interactionClient(uid));
    expect(shown).toEqual({ client: 'Grafana', faceOnly: false });
    await ada.byFace(tab);
    const callback = await accept(tab, uid);
    expect(callback.href.startsWith(`${REDIRECT}?`)).toBe(true);
    const tokens = await oidc.authorizationCodeGrant(party.config, callback, checks);
    const claims = tokens.claims()!;
    expect(claims).toMatchObject({ iss: origin, aud: party.id, acr: 'face', amr: ['face', 'hwk', 'mfa'] });
    expect(claims['nonce']).toBe(checks.expectedNonce);
    expect(Math.abs(Date.now() / 1000 - claims.auth_time!)).toBeLessThan(60);
    expect(claims.sub).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.stringify(claims)).not.toContain('Lovelace');
    const userinfo = await oidc.fetchUserInfo(party.config, tokens.access_token, claims.sub);
    expect(userinfo).toEqual({ sub: claims.sub, name: 'Ada Lovelace' });
    expect(tokens.refresh_token).toBeUndefined();
  });

  test('tells no name without the scope for it', async () => {
    const { tokens, claims } = await logIn('byFace', party.config, { scope: 'openid' });
    expect(await oidc.fetchUserInfo(party.config, tokens.access_token, claims.sub)).toEqual({ sub: claims.sub });
  });

  test('says so when it was a recovery code', async () => {
    const { claims } = await logIn('byCode');
    expect(claims).toMatchObject({ acr: 'recovery', amr: ['otp'] });
  });

  test('calls a person the same each time, and differently for another host', async () => {
    const elsewhere = 'https://wiki.example.com/callback';
    const other = await relyingParty({ redirectUris: [elsewhere] });
    const [first, second] = [await logIn('byFace'), await logIn('byCode')];
    const third = await logIn('byFace', other.config, { redirect_uri: elsewhere });
    expect(second.claims.sub).toBe(first.claims.sub);
    expect(third.claims.sub).not.toBe(first.claims.sub);
  });

  test('takes a code once, also of 10 at once', async () => {
    const tab = browser();
    const { uid, checks } = await begin(party.config, tab);
    await ada.byFace(tab);
    const callback = await accept(tab, uid);
    const grants = Array.from({ length: 10 }, () => oidc.authorizationCodeGrant(party.config, callback, checks));
    const results = await Promise.allSettled(grants);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const replay = oidc.authorizationCodeGrant(party.config, callback, checks);
    await expect(replay).rejects.toMatchObject({ error: 'invalid_grant' });
  });

  test('revokes what a replayed code was good for', async () => {
    const { callback, checks, tokens, claims } = await logIn('byFace');
    await expect(oidc.authorizationCodeGrant(party.config, callback, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
    await expect(oidc.fetchUserInfo(party.config, tokens.access_token, claims.sub)).rejects.toThrow();
  });

  test('refuses a wrong secret, a wrong verifier and a client that was deleted', async () => {
    const tab = browser();
    const { uid, checks } = await begin(party.config, tab);
    await ada.byFace(tab);
    const callback = await accept(tab, uid);
    const thief = await discover(party.id, '0'.repeat(64));
    const refused = (config: oidc.Configuration, changes: object) =>
      oidc.authorizationCodeGrant(config, callback, { ...checks, ...changes }).then(
        () => 'granted',
        (error: { error?: string; status?: number }) => error.error ?? error.status,
      );
    expect(await refused(thief, {})).toBe(401);
    expect(await refused(party.config, { pkceCodeVerifier: oidc.randomPKCECodeVerifier() })).toBe('invalid_grant');
    expect(await clients.remove(party.id, OPERATOR)).toBe(true);
    expect(await refused(party.config, {})).toBe(401);
  });

  test.each([`${REDIRECT}/../evil`, 'https://evil.example/callback', `${REDIRECT}?x=1`])(
    'goes nowhere with the redirect URI %s',
    async (redirect_uri) => {
      const { answer } = await begin(party.config, browser(), { redirect_uri });
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
      expect(await answer.text()).toContain('invalid_redirect_uri');
    },
  );

  test('needs PKCE', async () => {
    const url = oidc.buildAuthorizationUrl(party.config, { redirect_uri: REDIRECT, scope: 'openid' });
    const location = (await browser().ask(url.href)).headers.get('location')!;
    expect(new URL(location).searchParams.get('error')).toBe('invalid_request');
  });

  test('posts its answer for who asks for that, out of a page that may do so', async () => {
    const tab = browser();
    const { uid, checks } = await begin(party.config, tab, { response_mode: 'form_post' });
    await ada.byFace(tab);
    const { location } = await tab.json<{ location: string }>('POST', LOGIN_ROUTES.interaction(uid));
    const answer = await tab.ask(location);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(answer.headers.get('content-security-policy')).not.toContain('form-action');
    const page = await answer.text();
    expect(page).toContain(`action="${REDIRECT}"`);
    const fields = [...page.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name!, value!]);
    const body = new URLSearchParams(fields);
    const posted = new Request(REDIRECT, { method: 'POST', body });
    const tokens = await oidc.authorizationCodeGrant(party.config, posted, checks);
    expect(tokens.claims()!['acr']).toBe('face');
  });

  test('goes back without a login for who wants none', async () => {
    const tab = browser();
    const { uid } = await begin(party.config, tab);
    const { location } = await tab.json<{ location: string }>('DELETE', LOGIN_ROUTES.interaction(uid));
    const callback = new URL((await tab.ask(location)).headers.get('location')!);
    expect(callback.searchParams.get('error')).toBe('access_denied');
  });

  describe('face demanded', () => {
    test('a recovery code does not satisfy a request for it, the face afterwards does', async () => {
      const tab = browser();
      const { uid, checks } = await begin(party.config, tab, { acr_values: 'face' });
      await ada.byCode(tab);
      await expect(accept(tab, uid)).rejects.toThrow('login_insufficient');
      await ada.byFace(tab);
      const tokens = await oidc.authorizationCodeGrant(party.config, await accept(tab, uid), checks);
      expect(tokens.claims()!['acr']).toBe('face');
    });

    test('a client of which it is demanded gets nothing else, whatever the address says', async () => {
      const { config } = await relyingParty({ faceOnly: true });
      for (const parameters of [{}, { acr_values: 'recovery face' }] as Record<string, string>[]) {
        const tab = browser();
        const { uid } = await begin(config, tab, parameters);
        await ada.byCode(tab);
        await expect(accept(tab, uid)).rejects.toThrow('login_insufficient');
      }
      const { first } = await begin(config, browser(), { acr_values: 'recovery' });
      expect(new URL(first).searchParams.get('error')).toBe('unmet_authentication_requirements');
    });
  });

  test('asks for a new login where the request does', async () => {
    const tab = browser();
    await ada.byFace(tab);
    await driver.query("UPDATE sessions SET expires_at = expires_at - interval '2 minutes'");
    for (const stale of [{ prompt: 'login' }, { max_age: '60' }, { max_age: '0' }] as Record<string, string>[]) {
      await expect(accept(tab, (await begin(party.config, tab, stale)).uid)).rejects.toThrow('login_insufficient');
    }
    const { uid, checks } = await begin(party.config, tab, { max_age: '600' });
    const tokens = await oidc.authorizationCodeGrant(party.config, await accept(tab, uid), checks);
    expect(Date.now() / 1000 - tokens.claims()!.auth_time!).toBeGreaterThan(110);
  });

  test('never goes on by itself, nor for another browser or without a session', async () => {
    const tab = browser();
    const { uid } = await begin(party.config, tab);
    await expect(accept(tab, uid)).rejects.toThrow('session_missing');
    const victim = browser();
    await ada.byFace(victim);
    await expect(accept(victim, uid)).rejects.toThrow('interaction_missing');
    await ada.byFace(tab);
    await accept(tab, uid);
    // Even with the provider's own cookie, which a browser does not send here.
    expect(tab.jar.has('oidc_session')).toBe(true);
    expect((await begin(party.config, tab)).uid).not.toBe('');
    const { first } = await begin(party.config, tab, { prompt: 'none' });
    expect(new URL(first).searchParams.get('error')).toBe('login_required');
  });

  test('ends with the account', async () => {
    const [ben, tab] = [await person(), browser()];
    const { uid, checks } = await begin(party.config, tab);
    await ben.byFace(tab);
    const callback = await accept(tab, uid);
    expect((await tab.ask(LOGIN_ROUTES.account, { method: 'DELETE' })).status).toBe(200);
    await expect(oidc.authorizationCodeGrant(party.config, callback, checks)).rejects.toMatchObject({
      error: 'invalid_grant',
    });
  });

  test('is written down, with pseudonyms', async () => {
    await logIn('byFace');
    const [entry] = (await store.audit.read(TENANT, 0, 1_000)).filter(({ actor }) => actor === party.id);
    expect(entry).toMatchObject({ action: 'authorize', outcome: 'done' });
    expect(entry?.object).toMatch(/^[0-9a-f]{32}$/);
    expect(logged).toEqual([]);
  });

  test('keeps no secret, code or token as it is', async () => {
    const { tokens, callback } = await logIn('byFace');
    const kept = JSON.stringify([
      await driver.query('SELECT * FROM oidc_models'),
      await driver.query('SELECT * FROM oidc_clients'),
      await driver.query("SELECT encode(sealed, 'escape') FROM secrets"),
    ]);
    for (const secret of [tokens.access_token, callback.searchParams.get('code')!, party.secret]) {
      expect(kept).not.toContain(secret);
    }
  });
});

describe('the provider', () => {
  test('offers what it does and no more, under its own address, whatever a proxy or request says', async () => {
    const headers = { 'X-Forwarded-Host': 'evil.example', 'X-Forwarded-Proto': 'https' };
    const response = await fetch(`${origin}/.well-known/openid-configuration`, { headers });
    const metadata = (await response.json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({
      issuer: origin,
      authorization_endpoint: `${origin}/oidc/auth`,
      token_endpoint: `${origin}/oidc/token`,
      userinfo_endpoint: `${origin}/oidc/userinfo`,
      jwks_uri: `${origin}/oidc/jwks`,
      acr_values_supported: ['face', 'recovery'],
      response_types_supported: ['code'],
      response_modes_supported: ['query', 'form_post'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
    });
    for (const endpoint of ['registration', 'end_session', 'introspection', 'pushed_authorization_request']) {
      expect(metadata[`${endpoint}_endpoint`]).toBeUndefined();
    }
    expect(response.headers.get('content-security-policy')).toContain("form-action 'self'");
  });

  test('has a new key signed with by a rotation, which was published before', async () => {
    const kids = async () => {
      const { keys } = (await (await fetch(`${origin}/oidc/jwks`)).json()) as { keys: { kid: string; d?: string }[] };
      expect(keys.every(({ d }) => d === undefined)).toBe(true);
      return keys.map(({ kid }) => kid);
    };
    const before = await kids();
    expect(before).toHaveLength(2);
    await rotateKeys(store.keyring);
    await start();
    const after = await kids();
    expect([after[0], after[2]]).toEqual([before[1], before[0]]);

    await store.reseal();
    await start();
    const [ada, { config }, tab] = [await person(), await relyingParty(), browser()];
    const { uid, checks } = await begin(config, tab);
    await ada.byFace(tab);
    const { id_token } = await oidc.authorizationCodeGrant(config, await accept(tab, uid), checks);
    const [header] = id_token!.split('.');
    expect(JSON.parse(Buffer.from(header!, 'base64url').toString())).toMatchObject({ kid: after[0], alg: 'RS256' });
  });
});

test.each([
  ['http://grafana.example.com/'],
  ['https://a.example/', 'https://b.example/'],
  ['https://a.example/#x'],
  ['https://*.a.example/'],
  ['https://a.example/*'],
  ['javascript:alert(1)'],
])('no client is registered with %s', async (...redirectUris) => {
  await expect(clients.create({ ...grafana, redirectUris }, OPERATOR)).rejects.toMatchObject({
    code: 'request_invalid',
  });
});

test('a body that does not come is not waited for, and an id that no client has is none', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const body = new ReadableStream<Uint8Array>({ start: (sender) => sender.enqueue(new Uint8Array(1)) });
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded', 'Content-Length': '100' };
  const arrived = once(server, 'request');
  const request: RequestInit & { duplex: 'half' } = { method: 'POST', headers, body, duplex: 'half' };
  const answered = fetch(`${origin}/oidc/token`, request).catch(() => null);
  const [, response] = (await arrived) as [unknown, ServerResponse];
  const closed = once(response, 'close');
  await vi.advanceTimersByTimeAsync(20_000);
  vi.useRealTimers();
  await Promise.all([closed, answered]);
  expect((await fetch(`${origin}/oidc/auth?client_id=%00`)).status).toBe(400);
});

test('who begins logins again and again is held by address; who reads the configuration is not', async () => {
  await start({ rates: { perAddress: 2, perTenant: 1000 }, addressOf: () => 'a visitor' });
  const statuses = async (path: string) => {
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push((await fetch(`${origin}${path}`)).status);
    return answers;
  };
  expect(await statuses('/.well-known/openid-configuration')).toEqual([200, 200, 200]);
  expect(await statuses('/oidc/auth?client_id=unknown')).toEqual([400, 400, 429]);
  await start();
});
