import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { fromHex } from '../../wire/hex.js';
import {
  bindingOf,
  LOGIN_ROUTES,
  type AccountReply,
  type CodesReply,
  type LoginChallenge,
  type SessionReply,
} from '../../wire/login.js';
import type { Driver } from '../drivers.js';
import { openStore, type Store } from '../store.js';
import { FREE_MISSES } from '../limits/limiter.js';
import { distance, embeddingOf, keyedMessageOf, MASTER, SERVED, testCloud, openTestDatabase } from '../testing.js';
import { CHANGES_LIFETIME, openAccounts, SESSION_LIFETIME, subjectOf } from './accounts.js';
import { TRAIL_ENTRIES } from './login.js';
import { softDevice } from './testing.js';

const ORIGIN = 'https://login.example.com';
const TENANT = new Uint8Array(16).fill(0x6c);
/** Whose key faces are under. */
const OWNER = 1;
const [ADA, BEN] = [1, 2];
/** Of each kind, where times are compared. */
const TRIALS = Number(process.env['TRIALS'] ?? 60);

let driver: Driver;
let store: Store;
let cloud: Awaited<ReturnType<typeof testCloud>>;

beforeAll(async () => {
  driver = await openTestDatabase();
  store = await openStore(driver, MASTER);
  await store.tenants.ensure(TENANT, 'login', false, { actor: 'test', at: new Date() });
});
afterAll(() => store.close());
beforeEach(async () => {
  for (const table of ['limits', 'challenges', 'templates', 'accounts']) await driver.query(`DELETE FROM ${table}`);
  const random = (size: number) => crypto.getRandomValues(new Uint8Array(size));
  cloud = await testCloud({ store, random, login: { tenant: TENANT, origin: ORIGIN } });
});

type Device = ReturnType<typeof softDevice>;
const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

interface Answer<T> {
  readonly status: number;
  readonly cookie: string;
  readonly body: T & { readonly error?: { readonly code: string } };
}

async function ask<T>(
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer<T>> {
  const response = await cloud.fetch(path, {
    method,
    headers: { Origin: ORIGIN, ...(body && { 'Content-Type': 'application/json' }), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
  const cookie = response.headers.get('set-cookie') ?? '';
  return { status: response.status, cookie, body: (await response.json()) as Answer<T>['body'] };
}

/** A request whose body is half there. @returns how to send the rest */
function slowly(method: string, path: string, body: object, headers: Record<string, string>): () => Promise<Response> {
  const bytes = Buffer.from(JSON.stringify(body));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const sender = writable.getWriter();
  const answer = cloud.fetch(path, {
    method,
    headers: { Origin: ORIGIN, 'Content-Type': 'application/json', ...headers },
    body: readable,
    duplex: 'half',
  });
  void sender.write(bytes.subarray(0, 10));
  return async () => {
    void sender.write(bytes.subarray(10));
    void sender.close();
    return answer;
  };
}

async function newChallenge(): Promise<Uint8Array> {
  return fromHex((await ask<LoginChallenge>('POST', LOGIN_ROUTES.challenges)).body.challenge, 16);
}

/** A request, made of parts that an attacker may take from different ones. */
function request(challenge: Uint8Array, message: Uint8Array, device: object) {
  return { challenge: Buffer.from(challenge).toString('hex'), messages: base64url(message), device };
}
const bound = (challenge: Uint8Array, message: Uint8Array) =>
  bindingOf({ challenge, tenant: TENANT, origin: ORIGIN }, message);

async function register(device: Device, person = ADA) {
  const challenge = await newChallenge();
  const message = keyedMessageOf(OWNER, person, challenge, TENANT);
  const body = { name: 'Ada Lovelace', ...request(challenge, message, device.register(bound(challenge, message))) };
  const answer = await ask<CodesReply>('POST', LOGIN_ROUTES.accounts, body);
  return { ...answer, session: { Cookie: answer.cookie.split(';')[0]! } };
}

async function attempt(device: Device, person: number) {
  const challenge = await newChallenge();
  const message = keyedMessageOf(OWNER, person, challenge, TENANT, 3);
  return request(challenge, message, device.sign(bound(challenge, message)));
}
const logIn = async (device: Device, person: number) =>
  ask<{ done: true }>('POST', LOGIN_ROUTES.sessions, await attempt(device, person));
const account = (session: Record<string, string>) => ask<AccountReply>('GET', LOGIN_ROUTES.account, undefined, session);
const loggedIn = async (session: Record<string, string>) =>
  (await ask<SessionReply>('GET', LOGIN_ROUTES.session, undefined, session)).body.loggedIn;

describe('device and face', () => {
  test('log in together, and only together', async () => {
    const device = softDevice(ORIGIN);
    expect((await register(device)).status).toBe(200);
    expect(await logIn(device, ADA)).toMatchObject({ status: 200, body: { done: true } });
    const refusals = [await logIn(device, BEN), await logIn(softDevice(ORIGIN), ADA)];
    for (const { status, body, cookie } of refusals)
      expect([status, body.error?.code, cookie]).toEqual([403, 'login_refused', '']);
  });

  test('the face alone logs nobody in', async () => {
    await register(softDevice(ORIGIN));
    const challenge = await newChallenge();
    const message = keyedMessageOf(OWNER, ADA, challenge, TENANT);
    for (const device of [{}, { id: 'x', response: {} }, softDevice(ORIGIN).register(bound(challenge, message))]) {
      const { status, cookie } = await ask('POST', LOGIN_ROUTES.sessions, request(challenge, message, device));
      expect([status >= 400, cookie]).toEqual([true, '']);
    }
  });

  test('the gallery of the demo knows nothing of it', async () => {
    await register(softDevice(ORIGIN));
    expect(await store.nearest(SERVED, new Float32Array(128))).toBeNull();
  });
});

describe('what the device signs is bound to', () => {
  let device: Device;
  beforeEach(async () => {
    device = softDevice(ORIGIN);
    await register(device);
  });
  const refused = async (body: object, code: string) => {
    const answer = await ask('POST', LOGIN_ROUTES.sessions, body);
    expect([answer.body.error?.code, answer.cookie]).toEqual([code, '']);
  };

  test('the message: another of the same face is refused, however it came about', async () => {
    const challenge = await newChallenge();
    const [signed, other] = [
      keyedMessageOf(OWNER, ADA, challenge, TENANT, 1),
      keyedMessageOf(OWNER, ADA, challenge, TENANT, 2),
    ];
    await refused(request(challenge, other, device.sign(bound(challenge, signed))), 'login_refused');
  });

  test('the challenge', async () => {
    const [one, two] = [await newChallenge(), await newChallenge()];
    const message = keyedMessageOf(OWNER, ADA, one, TENANT);
    await refused(request(two, message, device.sign(bound(one, message))), 'login_refused');
    const [three, four] = [await newChallenge(), await newChallenge()];
    const theirs = keyedMessageOf(OWNER, ADA, three, TENANT);
    // Signed for the challenge that is used up, around a message for another.
    await refused(request(four, theirs, device.sign(bound(four, theirs))), 'challenge_invalid');
  });

  test('the origin, as the page says and as the browser says', async () => {
    const challenge = await newChallenge();
    const message = keyedMessageOf(OWNER, ADA, challenge, TENANT);
    const elsewhere = bindingOf({ challenge, tenant: TENANT, origin: 'https://evil.example' }, message);
    await refused(request(challenge, message, device.sign(elsewhere)), 'login_refused');
    const again = await newChallenge();
    const second = keyedMessageOf(OWNER, ADA, again, TENANT);
    await refused(request(again, second, device.sign(bound(again, second), 'https://evil.example')), 'login_refused');
  });

  test('the tenant', async () => {
    const challenge = await newChallenge();
    const message = keyedMessageOf(OWNER, ADA, challenge, TENANT);
    const elsewhere = bindingOf({ challenge, tenant: SERVED.tenant, origin: ORIGIN }, message);
    await refused(request(challenge, message, device.sign(elsewhere)), 'login_refused');
    const again = await newChallenge();
    const theirs = keyedMessageOf(OWNER, ADA, again);
    await refused(request(again, theirs, device.sign(bound(again, theirs))), 'tenant_unknown');
  });

  test('all four at once: of the sixteen ways to sign for this request or another, only the true one passes', async () => {
    const other = { challenge: await newChallenge(), tenant: SERVED.tenant, origin: 'https://evil.example' };
    for (let way = 0; way < 16; way++) {
      const challenge = await newChallenge();
      const own = { challenge, tenant: TENANT, origin: ORIGIN };
      const message = keyedMessageOf(OWNER, ADA, challenge, TENANT);
      const of = (bit: number) => ((way >> bit) & 1 ? other : own);
      const signed = bindingOf(
        { challenge: of(0).challenge, tenant: of(1).tenant, origin: of(2).origin },
        way & 8 ? keyedMessageOf(OWNER, ADA, challenge, TENANT, 1) : message,
      );
      const { status, cookie } = await ask(
        'POST',
        LOGIN_ROUTES.sessions,
        request(challenge, message, device.sign(signed)),
      );
      expect([way, status, cookie !== '']).toEqual(way === 0 ? [0, 200, true] : [way, 403, false]);
    }
  });

  test('one use: of 50 at once exactly one passes, and none afterwards', async () => {
    const body = await attempt(device, ADA);
    const answers = await Promise.all(Array.from({ length: 50 }, () => ask('POST', LOGIN_ROUTES.sessions, body)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(new Set(answers.map(({ body }) => body.error?.code))).toEqual(new Set([undefined, 'challenge_invalid']));
    await refused(body, 'challenge_invalid');
  });
});

describe('a face that does not match and one that is locked', () => {
  test('are refused alike: status, headers, body and time', async () => {
    const [ada, locked] = [softDevice(ORIGIN), softDevice(ORIGIN)];
    await register(ada);
    await register(locked);
    const times: [number[], number[]] = [[], []];
    const answers = new Set<string>();
    const refuse = async (body: object) => {
      const headers = { Origin: ORIGIN, 'Content-Type': 'application/json' };
      const begun = performance.now();
      const response = await cloud.fetch(LOGIN_ROUTES.sessions, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      const ms = performance.now() - begun;
      answers.add(JSON.stringify([response.status, [...response.headers], await response.text()]));
      return ms;
    };
    for (let miss = 0; miss < FREE_MISSES + 2; miss++) await refuse(await attempt(locked, BEN));
    const [hers] = await driver.query<{ account: Uint8Array }>('SELECT account FROM devices WHERE id = $1', [ada.id]);
    for (let trial = 0; trial < TRIALS; trial++) {
      for (const kind of trial % 2 === 0 ? ([0, 1] as const) : ([1, 0] as const)) {
        await store.limiter.succeed(TENANT, subjectOf(hers!.account));
        times[kind].push(await refuse(await attempt(kind === 0 ? ada : locked, BEN)));
      }
    }
    // A device that nobody registered is told the same, though sooner: its face is not looked at.
    await refuse(await attempt(softDevice(ORIGIN), ADA));
    expect([...answers]).toEqual([expect.stringContaining('login_refused') as string]);
    expect(distance(...times)).toBeLessThan(1.95 * Math.sqrt(2 / TRIALS));
  }, 120_000);
});

describe('limits', () => {
  test('nobody is locked out by who has not his device; who has it is, and a recovery code helps', async () => {
    const device = softDevice(ORIGIN);
    const {
      body: { codes },
    } = await register(device);
    for (let i = 0; i < 2 * FREE_MISSES; i++) await logIn(softDevice(ORIGIN), ADA);
    expect((await logIn(device, ADA)).status).toBe(200);
    for (let i = 0; i <= FREE_MISSES; i++) await logIn(device, BEN);
    const locked = await logIn(device, ADA);
    expect([locked.status, locked.body.error?.code]).toEqual([403, 'login_refused']);
    expect((await ask('POST', LOGIN_ROUTES.recoveries, { code: codes[0] })).status).toBe(200);
    expect((await logIn(device, ADA)).status).toBe(200);
  }, 120_000);

  test('a recovery code works once, however it is typed, and no other does', async () => {
    const {
      body: { codes },
    } = await register(softDevice(ORIGIN));
    expect(new Set(codes).size).toBe(10);
    // Crockford's 32 letters and digits: 24 of them are 120 bits.
    for (const code of codes) expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/);
    const typed = codes[0]!.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l');
    const first = await ask('POST', LOGIN_ROUTES.recoveries, { code: typed });
    expect(first.status).toBe(200);
    expect((await account({ Cookie: first.cookie.split(';')[0]! })).body).toMatchObject({
      by: 'recovery',
      codesLeft: 9,
      codesShort: false,
    });
    for (const code of [codes[0], '0000-0000-0000-0000']) {
      expect((await ask('POST', LOGIN_ROUTES.recoveries, { code })).body.error?.code).toBe('login_refused');
    }
  });
});

test('a code of 80 bits, made by a release before, works until new ones are made', async () => {
  const { session } = await register(softDevice(ORIGIN));
  const old = ['ABCD-EFGH-JKMN-PQRS', '0123-4567-89AB-CDEF'];
  for (const code of old) {
    const hash = createHash('sha256').update(code.replaceAll('-', '')).digest();
    await driver.query('INSERT INTO recovery_codes (hash, account, is_short) SELECT $1, account, true FROM devices', [
      hash,
    ]);
  }
  expect((await account(session)).body).toMatchObject({ codesLeft: 12, codesShort: true });
  expect((await ask('POST', LOGIN_ROUTES.recoveries, { code: old[0] })).status).toBe(200);
  expect((await ask<CodesReply>('POST', LOGIN_ROUTES.codes, undefined, session)).body.codes).toHaveLength(10);
  expect((await ask('POST', LOGIN_ROUTES.recoveries, { code: old[1] })).status).toBe(403);
  expect((await account(session)).body).toMatchObject({ codesLeft: 10, codesShort: false });
});

test('a login that the operator disabled, or that takes other modes only, looks at no face', async () => {
  const device = softDevice(ORIGIN);
  const { codes } = (await register(device)).body;
  const act = { actor: 'operator', at: new Date() };
  await store.tenants.change(TENANT, { modes: ['xnn-d'] }, act);
  expect((await logIn(device, ADA)).body.error?.code).toBe('mode_refused');
  await store.tenants.change(TENANT, { modes: ['keyed'] }, act);
  await store.tenants.disable(TENANT, true, act);
  expect((await logIn(device, ADA)).body.error?.code).toBe('tenant_disabled');
  expect((await ask('POST', LOGIN_ROUTES.recoveries, { code: codes[0] })).body.error?.code).toBe('tenant_disabled');
  await store.tenants.disable(TENANT, false, act);
  expect((await logIn(device, ADA)).status).toBe(200);
});

/** Every route that changes something. */
const CHANGING = [
  ['POST', LOGIN_ROUTES.challenges],
  ['POST', LOGIN_ROUTES.accounts],
  ['POST', LOGIN_ROUTES.sessions],
  ['POST', LOGIN_ROUTES.recoveries],
  ['DELETE', LOGIN_ROUTES.session],
  ['DELETE', LOGIN_ROUTES.account],
  ['PUT', LOGIN_ROUTES.template],
  ['DELETE', LOGIN_ROUTES.template],
  ['POST', LOGIN_ROUTES.codes],
  ['POST', LOGIN_ROUTES.devices],
  ['DELETE', LOGIN_ROUTES.device('x')],
  ['DELETE', LOGIN_ROUTES.ownSession('x')],
] as const;

test.each([...CHANGING, ['GET', LOGIN_ROUTES.session] as const, ['GET', LOGIN_ROUTES.account] as const])(
  '%s %s may be kept by nobody, framed by nobody and read by no other origin',
  async (method, path) => {
    const { headers } = await cloud.fetch(path, { method, headers: { Origin: ORIGIN } });
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'") as string,
      'cross-origin-resource-policy': 'same-origin',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
    });
    expect(headers.has('access-control-allow-origin')).toBe(false);
  },
);

describe('sessions', () => {
  test('live in a cookie of this host only, for half an hour', async () => {
    const { cookie, session } = await register(softDevice(ORIGIN));
    expect(cookie).toMatch(/^__Host-session=[\w-]{43};/);
    for (const part of ['HttpOnly', 'Secure', 'SameSite=Strict', 'Path=/']) expect(cookie).toContain(part);
    expect(cookie).not.toContain('Domain');
    const stored = JSON.stringify(await driver.query("SELECT encode(hash, 'base64') AS hash, by FROM sessions"));
    expect(stored).not.toContain(cookie.slice(15, 58));
    expect((await account(session)).status).toBe(200);
    expect(await loggedIn(session)).toBe(true);
    cloud.clock.now += SESSION_LIFETIME;
    expect(await loggedIn(session)).toBe(false);
    expect((await account(session)).body.error?.code).toBe('session_missing');
  });

  test('end with a logout, and are nobody’s without a cookie', async () => {
    const { session } = await register(softDevice(ORIGIN));
    const { status, cookie } = await ask('DELETE', LOGIN_ROUTES.session, undefined, session);
    expect([status, cookie]).toEqual([200, expect.stringMatching(/^__Host-session=; Max-Age=0;.*Secure/)]);
    for (const headers of [session, {}, { Cookie: '__Host-session=x' }]) {
      expect(await loggedIn(headers)).toBe(false);
      expect((await account(headers)).body.error?.code).toBe('session_missing');
    }
  });

  test('are listed to whom they are of, who ends any of them; nobody ends those of another', async () => {
    const device = softDevice(ORIGIN);
    const { session } = await register(device);
    const other = await register(softDevice(ORIGIN), BEN);
    cloud.clock.now += 60_000;
    const second = { Cookie: (await logIn(device, ADA)).cookie.split(';')[0]! };
    const { sessions } = (await account(session)).body;
    expect(sessions.map(({ by, begunAt, current }) => [by, begunAt, current])).toEqual([
      ['face', new Date(cloud.clock.now).toISOString(), false],
      ['face', new Date(cloud.clock.now - 60_000).toISOString(), true],
    ]);
    const path = LOGIN_ROUTES.ownSession(sessions[0]!.id);
    expect((await ask('DELETE', path, undefined, other.session)).status).toBe(404);
    expect((await account(second)).status).toBe(200);
    expect((await ask('DELETE', path, undefined, session)).status).toBe(200);
    expect((await account(second)).body.error?.code).toBe('session_missing');
    const { body } = await account(session);
    expect(body.sessions).toHaveLength(1);
    expect(body.trail.map(({ action }) => action)).toContain('session.revoke');
  });

  test.each([undefined, 'null', 'https://evil.example', `${ORIGIN}.evil.example`])(
    'a request from a page of %s is refused',
    async (origin) => {
      const { session } = await register(softDevice(ORIGIN));
      for (const [method, path] of CHANGING) {
        const headers = { ...session, ...(origin !== undefined && { Origin: origin }) };
        const response = await cloud.fetch(path, { method, headers });
        expect(((await response.json()) as { error: { code: string } }).error.code).toBe('origin_refused');
      }
      expect((await account(session)).status).toBe(200);
    },
  );
});

describe('behind the login', () => {
  test('a revoked device logs in no more, and its sessions end', async () => {
    const device = softDevice(ORIGIN);
    const { session } = await register(device);
    const second = softDevice(ORIGIN);
    const challenge = await newChallenge();
    const addition = {
      challenge: Buffer.from(challenge).toString('hex'),
      device: second.register(bound(challenge, new Uint8Array())),
    };
    expect((await ask('POST', LOGIN_ROUTES.devices, addition, session)).status).toBe(200);
    expect((await account(session)).body.devices).toHaveLength(2);
    expect((await ask('DELETE', LOGIN_ROUTES.device(device.id), undefined, session)).status).toBe(200);
    expect((await account(session)).status).toBe(401);
    expect((await logIn(device, ADA)).status).toBe(403);
    expect((await logIn(second, ADA)).status).toBe(200);
  });

  test('what one logs in with is changed only soon after a login; looking and ending sessions goes on', async () => {
    const device = softDevice(ORIGIN);
    const { session } = await register(device);
    cloud.clock.now += CHANGES_LIFETIME + 1;
    const kept = [LOGIN_ROUTES.accounts, LOGIN_ROUTES.ownSession('x')];
    const late = CHANGING.filter(([, path]) => path.startsWith(LOGIN_ROUTES.account) && !kept.includes(path));
    expect(late).toHaveLength(6);
    for (const [method, path] of late) {
      const { status, body } = await ask(method, path, {}, session);
      expect([path, status, body.error?.code]).toEqual([path, 401, 'session_missing']);
    }
    expect((await account(session)).status).toBe(200);
    expect((await ask('DELETE', LOGIN_ROUTES.ownSession('x'), undefined, session)).status).toBe(404);
    const again = await logIn(device, ADA);
    expect((await ask('POST', LOGIN_ROUTES.codes, undefined, { Cookie: again.cookie.split(';')[0]! })).status).toBe(
      200,
    );
  });

  test("nobody revokes another's device", async () => {
    const device = softDevice(ORIGIN);
    await register(device);
    const other = await register(softDevice(ORIGIN), BEN);
    expect((await ask('DELETE', LOGIN_ROUTES.device(device.id), undefined, other.session)).status).toBe(404);
    expect((await logIn(device, ADA)).status).toBe(200);
  });

  test('a renewed template matches, the one before never again; a deleted one matches nobody', async () => {
    const device = softDevice(ORIGIN);
    const { session } = await register(device);
    const challenge = await newChallenge();
    const renewal = {
      challenge: Buffer.from(challenge).toString('hex'),
      messages: base64url(keyedMessageOf(OWNER, BEN, challenge, TENANT)),
    };
    expect((await ask('PUT', LOGIN_ROUTES.template, renewal, session)).status).toBe(200);
    expect((await logIn(device, ADA)).status).toBe(403);
    expect((await logIn(device, BEN)).status).toBe(200);
    expect((await ask('DELETE', LOGIN_ROUTES.template, undefined, session)).status).toBe(200);
    expect((await logIn(device, BEN)).status).toBe(403);
    expect(await driver.query('SELECT 1 FROM templates')).toEqual([]);
  });

  test('new recovery codes leave an entry in the log', async () => {
    const { session } = await register(softDevice(ORIGIN));
    await ask('POST', LOGIN_ROUTES.codes, undefined, session);
    const { trail } = (await account(session)).body;
    expect(trail.map(({ action, outcome }) => [action, outcome])).toEqual([
      ['account.create', 'done'],
      ['codes.renew', 'done'],
    ]);
  });

  test('of a long log the newest entries are shown, oldest first', async () => {
    const { session } = await register(softDevice(ORIGIN));
    const [row] = await driver.query<{ object: string }>(
      "SELECT object FROM audit WHERE action = 'account.create' ORDER BY seq DESC LIMIT 1",
    );
    const at = new Date(cloud.clock.now);
    const login = {
      tenant: TENANT,
      actor: 'account',
      at,
      action: 'login',
      object: row!.object,
      outcome: 'match',
    } as const;
    await driver.transaction((connection) =>
      store.audit.within(connection, ...Array.from({ length: TRAIL_ENTRIES - 1 }, () => login)),
    );
    await ask('POST', LOGIN_ROUTES.codes, undefined, session);
    const actions = (await account(session)).body.trail.map(({ action }) => action);
    expect(actions).toEqual([...Array.from({ length: TRAIL_ENTRIES - 1 }, () => 'login'), 'codes.renew']);
  });

  test('what was begun before a session ended is not done, and leaves nothing', async () => {
    const device = softDevice(ORIGIN);
    const { session } = await register(device);
    const other = (await logIn(device, ADA)).cookie.split(';')[0]!;
    const challenge = await newChallenge();
    const renewal = {
      challenge: Buffer.from(challenge).toString('hex'),
      messages: base64url(keyedMessageOf(OWNER, BEN, challenge, TENANT)),
    };
    const next = await newChallenge();
    const addition = {
      challenge: Buffer.from(next).toString('hex'),
      device: softDevice(ORIGIN).register(bound(next, new Uint8Array())),
    };
    const [added, renewed] = [
      slowly('POST', LOGIN_ROUTES.devices, addition, { Cookie: other }),
      slowly('PUT', LOGIN_ROUTES.template, renewal, session),
    ];
    const { sessions } = (await account(session)).body;
    const { id } = sessions.find(({ current }) => !current)!;
    expect((await ask('DELETE', LOGIN_ROUTES.ownSession(id), undefined, session)).status).toBe(200);
    expect((await added()).status).toBe(401);
    expect((await account(session)).body.devices).toHaveLength(1);
    expect((await ask('DELETE', LOGIN_ROUTES.account, undefined, session)).status).toBe(200);
    expect((await renewed()).status).toBe(401);
    expect(await driver.query('SELECT 1 FROM templates')).toEqual([]);
  });

  test('nothing is put beside an account that was deleted meanwhile', async () => {
    const accounts = openAccounts(driver, store.keyring, store.audit, TENANT);
    const gone = new Uint8Array(16).fill(1);
    const at = new Date(cloud.clock.now);
    const template = {
      ...SERVED,
      tenant: TENANT,
      subject: subjectOf(gone),
      embedding: embeddingOf(ADA),
      receiptHash: new Uint8Array(32),
      createdAt: at,
    };
    const device = { id: 'x', publicKey: new Uint8Array(1), counter: 0, createdAt: at, usedAt: at };
    const missing = { code: 'session_missing' };
    await expect(accounts.renewTemplate(gone, template)).rejects.toMatchObject(missing);
    await expect(accounts.addDevice(gone, device)).rejects.toMatchObject(missing);
    await expect(accounts.renewCodes(gone, at)).rejects.toMatchObject(missing);
    expect(await driver.query('SELECT 1 FROM templates')).toEqual([]);
  });

  test("a device is one account's alone", async () => {
    const device = softDevice(ORIGIN);
    await register(device);
    const { status, body } = await register(device, BEN);
    expect([status, body.error?.code]).toEqual([403, 'login_refused']);
    expect(await driver.query('SELECT 1 FROM accounts')).toHaveLength(1);
  });

  test('a deleted account leaves its log, without its name, and nothing else', async () => {
    const { session } = await register(softDevice(ORIGIN));
    const { body } = await account(session);
    expect(body.trail.map(({ action }) => action)).toEqual(['account.create']);
    expect((await ask('DELETE', LOGIN_ROUTES.account, undefined, session)).status).toBe(200);
    for (const table of ['accounts', 'devices', 'recovery_codes', 'sessions', 'templates']) {
      expect(await driver.query(`SELECT 1 FROM ${table}`)).toEqual([]);
    }
    const log = JSON.stringify(await driver.query('SELECT * FROM audit'));
    expect(log).toContain('account.remove');
    expect(log).not.toContain('Lovelace');
  });
});
