import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ADMIN_ROUTES,
  ROLE_SCOPES,
  ROLES,
  type AuditReply,
  type NewClientReply,
  type KeysReply,
  type NewKeyReply,
  type NewTenantReply,
  type Role,
  type Scope,
  type SearchReply,
  type TenantReply,
  type TenantsReply,
  type WebhookReply,
} from '../../wire/admin.js';
import { MESSAGE_TYPE, ROUTES } from '../../wire/api.js';
import { toHex } from '../../wire/hex.js';
import type { Driver } from '../drivers.js';
import { webhookSecret } from '../operations/webhooks.js';
import { openStore, type Store } from '../store.js';
import {
  embeddingOf,
  enrol,
  KEYED,
  keyedMessageOf,
  MASTER,
  messageOf,
  newChallenge,
  post,
  SERVED,
  show,
  testCloud,
  type Fetch,
  openTestDatabase,
} from '../testing.js';
import { OVERLAP } from './tenants.js';

const DAY = 86_400_000;
const ADA = 1;
const NAMES = ['alpha', 'beta'] as const;
type Name = (typeof NAMES)[number];
const served = {
  alpha: { ...SERVED, tenant: new Uint8Array(16).fill(1) },
  beta: { ...SERVED, tenant: new Uint8Array(16).fill(2) },
};
const act = { actor: 'operator', at: new Date('2024-01-01') };

let driver: Driver;
let store: Store;
let cloud: Awaited<ReturnType<typeof testCloud>>;
const keys: Record<string, string> = {};

/** A tenant's cloud as one of its keys sees it. */
function as(key: string): Fetch {
  return (path, init) => {
    const headers = new Headers(init?.headers);
    headers.set('Authorization', `Bearer ${key}`);
    return cloud.fetch(path, { ...init, headers });
  };
}
const of = (tenant: Name, role: Role) => as(keys[`${tenant} ${role}`]!);

beforeAll(async () => {
  driver = await openTestDatabase();
  store = await openStore(driver, MASTER);
  const login = new Uint8Array(16).fill(0x6c);
  await store.tenants.ensure(login, 'login', false, act);
  cloud = await testCloud({ store, login: { tenant: login, origin: 'https://login.example.com' } });
  for (const name of NAMES) {
    await store.tenants.ensure(served[name].tenant, name, false, act);
    for (const role of ROLES) {
      const made = await store.tenants.createKey(
        served[name].tenant,
        { role, scopes: ROLE_SCOPES[role], expiresAt: null },
        act,
      );
      keys[`${name} ${role}`] = made.key;
    }
  }
  await enrol(of('alpha', 'user'), 'Ada', ADA, served.alpha);
});
afterAll(() => store.close());

interface Attempt {
  readonly method: string;
  /** As in the OpenAPI document. */
  readonly path: string;
  /** What it needs; null if anybody may. */
  readonly scope: Scope | null;
  /** Asks for what is alpha's. */
  readonly ask: (fetch: Fetch) => Promise<Response>;
}

const send = (method: string, path: string, body?: object) => (fetch: Fetch) =>
  fetch(path, {
    method,
    ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });

/** A message that shows Ada to alpha, under whatever challenge the asker gets. */
const showing = (path: string) => async (fetch: Fetch) => {
  const challenge = await newChallenge(fetch).catch(() => new Uint8Array(16));
  return post(fetch, path, messageOf(ADA, challenge, served.alpha, 7));
};
const alphasKey = () => keys['alpha owner']!.split('_')[1]!;

const ATTEMPTS: readonly Attempt[] = [
  { method: 'get', path: '/v1/health', scope: null, ask: send('GET', '/v1/health') },
  { method: 'get', path: '/v1/ready', scope: null, ask: send('GET', '/v1/ready') },
  { method: 'get', path: '/v1/service', scope: null, ask: send('GET', ROUTES.service) },
  { method: 'post', path: '/v1/challenges', scope: null, ask: send('POST', ROUTES.challenges) },
  { method: 'post', path: '/v1/subjects/{subject}/enrolment', scope: 'enrol', ask: showing(ROUTES.enrolment('Ada')) },
  {
    method: 'post',
    path: '/v1/subjects/{subject}/verification',
    scope: 'verify',
    ask: showing(ROUTES.verification('Ada')),
  },
  { method: 'post', path: '/v1/identification', scope: 'identify', ask: showing(ROUTES.identification) },
  { method: 'post', path: '/v1/subjects/{subject}/removal', scope: 'remove', ask: showing(ROUTES.removal('Ada')) },
  { method: 'post', path: '/v1/subjects/{subject}/score', scope: 'scores', ask: showing(ADMIN_ROUTES.score('Ada')) },
  { method: 'get', path: '/v1/tenant', scope: 'tenant', ask: send('GET', ADMIN_ROUTES.tenant) },
  {
    method: 'patch',
    path: '/v1/tenant',
    scope: 'settings',
    ask: send('PATCH', ADMIN_ROUTES.tenant, { threshold: null }),
  },
  { method: 'get', path: '/v1/key', scope: 'tenant', ask: send('GET', ADMIN_ROUTES.ownKey) },
  { method: 'get', path: '/v1/tenant/webhook', scope: 'settings', ask: send('GET', ADMIN_ROUTES.webhook) },
  { method: 'get', path: '/v1/keys', scope: 'keys', ask: send('GET', ADMIN_ROUTES.keys) },
  { method: 'post', path: '/v1/keys', scope: 'keys', ask: send('POST', ADMIN_ROUTES.keys, { role: 'user' }) },
  {
    method: 'post',
    path: '/v1/keys/{id}/rotation',
    scope: 'keys',
    ask: (fetch) => send('POST', ADMIN_ROUTES.rotation(alphasKey()))(fetch),
  },
  {
    method: 'delete',
    path: '/v1/keys/{id}',
    scope: 'keys',
    ask: (fetch) => send('DELETE', ADMIN_ROUTES.key(alphasKey()))(fetch),
  },
  { method: 'get', path: '/v1/audit', scope: 'audit', ask: send('GET', ADMIN_ROUTES.audit) },
  {
    method: 'post',
    path: '/v1/subjects/search',
    scope: 'subjects',
    ask: send('POST', ADMIN_ROUTES.search, { name: 'Ada' }),
  },
  { method: 'get', path: '/v1/tenants', scope: 'tenants', ask: send('GET', ADMIN_ROUTES.tenants) },
  {
    method: 'post',
    path: '/v1/tenants',
    scope: 'tenants',
    ask: send('POST', ADMIN_ROUTES.tenants, { name: 'gamma' }),
  },
  {
    method: 'patch',
    path: '/v1/tenants/{id}',
    scope: 'tenants',
    ask: send('PATCH', ADMIN_ROUTES.otherTenant(toHex(served.alpha.tenant)), { disabled: false }),
  },
  { method: 'get', path: '/v1/clients', scope: 'clients', ask: send('GET', ADMIN_ROUTES.clients) },
  {
    method: 'post',
    path: '/v1/clients',
    scope: 'clients',
    ask: send('POST', ADMIN_ROUTES.clients, { name: 'Site', redirectUris: ['https://site.example/'], faceOnly: true }),
  },
  {
    method: 'delete',
    path: '/v1/clients/{id}',
    scope: 'clients',
    ask: send('DELETE', ADMIN_ROUTES.client('0'.repeat(16))),
  },
  {
    method: 'post',
    path: '/v1/subjects/{subject}/unlock',
    scope: 'subjects',
    ask: send('POST', ADMIN_ROUTES.unlock('Ada')),
  },
  {
    method: 'delete',
    path: '/v1/subjects/{subject}',
    scope: 'subjects',
    ask: send('DELETE', ADMIN_ROUTES.subject('Ada')),
  },
];

/** All that alpha has. */
async function alphas(): Promise<string> {
  const tables = [
    'SELECT * FROM templates WHERE tenant = $1',
    'SELECT * FROM api_keys WHERE tenant = $1 ORDER BY id',
    'SELECT * FROM tenants WHERE id = $1',
    'SELECT * FROM audit WHERE tenant = $1 ORDER BY seq',
  ];
  return JSON.stringify(await Promise.all(tables.map((sql) => driver.query(sql, [served.alpha.tenant]))));
}

test('the attempts below are all the routes there are', async () => {
  const document = (await (await cloud.fetch('/openapi.json')).json()) as { paths: Record<string, object> };
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(routes.toSorted()).toEqual(ATTEMPTS.map(({ method, path }) => `${method} ${path}`).toSorted());
});

describe.each(ROLES)("another tenant's %s", (role) => {
  // An operator's keys are for all tenants, in what these routes do: see below.
  const attempts = ATTEMPTS.filter(({ scope }) => role !== 'operator' || scope !== 'tenants');
  test.each(attempts)('gets nothing of it by $method $path, and changes nothing', async ({ ask }) => {
    const before = await alphas();
    const response = await ask(of('beta', role));
    const text = await response.text();
    expect(await alphas()).toBe(before);
    for (const secret of [toHex(served.alpha.tenant), 'alpha', alphasKey(), '"match"'])
      expect(text).not.toContain(secret);
  });
});

describe.each(ROLES)('the role %s', (role) => {
  // Keys that rotate or go would change what the other attempts find.
  const attempts = ATTEMPTS.filter(({ path }) => !path.startsWith('/v1/keys/'));
  test.each(attempts)('on $method $path', async ({ scope, ask }) => {
    const response = await ask(of('beta', role));
    const { error } = (await response.json()) as { error?: { code: string } };
    if (scope === null || ROLE_SCOPES[role].includes(scope)) expect(error?.code).not.toBe('forbidden');
    else expect([response.status, error?.code]).toEqual([403, 'forbidden']);
  });
});

describe('without a key', () => {
  test.each(ATTEMPTS.filter(({ scope }) => scope !== null && !ROLE_SCOPES.user.includes(scope)))(
    '$method $path is forbidden, also in the public tenant',
    async ({ ask }) => {
      expect((await ask(cloud.fetch)).status).toBe(403);
    },
  );

  test('nothing is served once the tenant is not public', async () => {
    await store.tenants.change(SERVED.tenant, { isPublic: false }, act);
    const response = await cloud.fetch(ROUTES.service);
    expect([response.status, await response.json()]).toEqual([
      401,
      { error: { code: 'credentials_missing', message: expect.any(String) as string } },
    ]);
    expect((await cloud.fetch('/v1/health')).status).toBe(200);
    await store.tenants.change(SERVED.tenant, { isPublic: true }, act);
    expect((await cloud.fetch(ROUTES.service)).status).toBe(200);
  });
});

describe('keys', () => {
  const create = async (fetch: Fetch, body: object) => {
    const response = await send('POST', ADMIN_ROUTES.keys, body)(fetch);
    return { status: response.status, ...((await response.json()) as Partial<NewKeyReply>) };
  };

  test('only a hash of a key is stored, and lists do not show it', async () => {
    const { key, id } = await create(of('alpha', 'owner'), { role: 'user' });
    const secret = key!.split('_')[2]!;
    const stored = JSON.stringify(await driver.query("SELECT *, encode(secret_hash, 'hex') AS hash FROM api_keys"));
    expect(stored).toContain(id);
    expect(stored).not.toContain(secret);
    const listed = await (await send('GET', ADMIN_ROUTES.keys)(of('alpha', 'admin'))).text();
    expect(listed).toContain(id);
    expect(listed).not.toContain(secret);
    expect(listed).not.toContain('hash');
  });

  test('do what their scopes say and no more', async () => {
    const { key } = await create(of('alpha', 'admin'), { role: 'user', scopes: ['verify'] });
    expect(await show(as(key!), ROUTES.verification('Ada'), ADA, served.alpha)).toEqual({ verdict: 'match' });
    expect(await show(as(key!), ROUTES.identification, ADA, served.alpha)).toMatchObject({
      error: { code: 'forbidden' },
    });
    expect((await create(of('alpha', 'owner'), { role: 'user', scopes: ['audit'] })).status).toBe(400);
  });

  test('an owner cannot make, rotate or revoke an operator', async () => {
    const owner = of('alpha', 'owner');
    const operators = keys['alpha operator']!.split('_')[1]!;
    expect((await create(owner, { role: 'operator' })).status).toBe(403);
    expect((await create(owner, { role: 'operator', scopes: ['tenants'] })).status).toBe(403);
    expect((await send('POST', ADMIN_ROUTES.rotation(operators))(owner)).status).toBe(403);
    expect((await send('DELETE', ADMIN_ROUTES.key(operators))(owner)).status).toBe(403);
  });

  test('a key is told what it may do', async () => {
    const { key, id } = await create(of('alpha', 'owner'), { role: 'admin', scopes: ['tenant', 'audit'] });
    const reply: unknown = await (await send('GET', ADMIN_ROUTES.ownKey)(as(key!))).json();
    expect(reply).toEqual({ id, scopes: ['audit', 'tenant'] });
  });

  test('an admin cannot make, rotate or revoke an owner', async () => {
    const admin = of('alpha', 'admin');
    expect((await create(admin, { role: 'owner' })).status).toBe(403);
    expect((await send('POST', ADMIN_ROUTES.rotation(alphasKey()))(admin)).status).toBe(403);
    expect((await send('DELETE', ADMIN_ROUTES.key(alphasKey()))(admin)).status).toBe(403);
    expect((await send('GET', ADMIN_ROUTES.keys)(of('alpha', 'owner'))).status).toBe(200);
  });

  test('a rotated key works for another day, its successor from now on', async () => {
    const { key, id } = await create(of('alpha', 'owner'), { role: 'user' });
    const rotated = (await (
      await send('POST', ADMIN_ROUTES.rotation(id!))(of('alpha', 'owner'))
    ).json()) as NewKeyReply;
    const works = async (candidate: string) => (await as(candidate)(ROUTES.service)).status;
    expect([await works(key!), await works(rotated.key)]).toEqual([200, 200]);
    cloud.clock.now += OVERLAP;
    expect([await works(key!), await works(rotated.key)]).toEqual([401, 200]);
    cloud.clock.now -= OVERLAP;
  });

  test('a revoked key stays revoked when the clock is set back', async () => {
    const { key, id } = await create(of('alpha', 'owner'), { role: 'user' });
    cloud.clock.now += DAY;
    expect((await send('DELETE', ADMIN_ROUTES.key(id!))(of('alpha', 'owner'))).status).toBe(200);
    cloud.clock.now -= DAY;
    expect((await as(key!)(ROUTES.service)).status).toBe(401);
  });

  test('a key that ends makes none that outlasts it', async () => {
    const owner = of('alpha', 'owner');
    const { key: ending, id } = await create(owner, { role: 'admin', expiresInDays: 2 });
    const lasting = await create(owner, { role: 'user' });
    const made = [{}, { expiresInDays: 3 }, { expiresInDays: 1 }].map((days) =>
      create(as(ending!), { role: 'user', ...days }),
    );
    const ids = (await Promise.all(made)).map((one) => one.id!);
    const { keys: all } = (await (await send('GET', ADMIN_ROUTES.keys)(owner)).json()) as KeysReply;
    const ends = ids.map((made) => Date.parse(all.find((one) => one.id === made)!.expiresAt!));
    expect(ends.map((end) => (end - cloud.clock.now) / DAY)).toEqual([2, 2, 1]);
    expect((await send('POST', ADMIN_ROUTES.rotation(lasting.id!))(as(ending!))).status).toBe(403);
    expect((await send('POST', ADMIN_ROUTES.rotation(id!))(as(ending!))).status).toBe(200);
  });

  test('a revoked or expired key works no more, and each is told the same', async () => {
    const { key, id } = await create(of('alpha', 'owner'), { role: 'user' });
    const { key: short } = await create(of('alpha', 'owner'), { role: 'user', expiresInDays: 1 });
    expect((await send('DELETE', ADMIN_ROUTES.key(id!))(of('alpha', 'owner'))).status).toBe(200);
    expect((await send('DELETE', ADMIN_ROUTES.key(id!))(of('alpha', 'owner'))).status).toBe(404);
    cloud.clock.now += DAY;
    const wrong = [
      key!,
      short!,
      `xnn_${'0'.repeat(16)}_${'0'.repeat(64)}`,
      `${keys['alpha user']!.slice(0, -1)}x`,
      'x',
      '',
    ];
    const answers = await Promise.all(wrong.map(async (candidate) => (await as(candidate)(ROUTES.service)).text()));
    cloud.clock.now -= DAY;
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('credentials_invalid');
  });

  test.each([
    {},
    { role: 'root' },
    { role: 'user', more: 1 },
    { role: 'user', scopes: [] },
    { role: 'user', expiresInDays: 0 },
  ])('a request of %j is refused', async (body) => {
    expect((await create(of('alpha', 'owner'), body)).status).toBe(400);
  });
});

describe('settings', () => {
  const change = async (body: object) => (await send('PATCH', ADMIN_ROUTES.tenant, body)(of('alpha', 'owner'))).status;

  test('a threshold of its own decides, in this tenant alone', async () => {
    expect(await change({ threshold: 1 })).toBe(200);
    expect(await show(of('alpha', 'user'), ROUTES.verification('Ada'), ADA, served.alpha)).toEqual({
      verdict: 'no_match',
    });
    expect(await show(of('alpha', 'user'), ROUTES.identification, ADA, served.alpha)).toEqual({ verdict: 'no_match' });
    await enrol(of('beta', 'user'), 'Bea', 5, served.beta);
    expect(await show(of('beta', 'user'), ROUTES.verification('Bea'), 5, served.beta)).toEqual({ verdict: 'match' });
    expect(await change({ threshold: null })).toBe(200);
    expect(await show(of('alpha', 'user'), ROUTES.verification('Ada'), ADA, served.alpha)).toEqual({
      verdict: 'match',
    });
  });

  test('a threshold under a key likewise, and not the one under noise', async () => {
    const fetch = of('alpha', 'user');
    const { tenant } = served.alpha;
    const challenge = await newChallenge(fetch);
    const enrolled = await post(fetch, ROUTES.enrolment('Keyed'), keyedMessageOf(1, 71, challenge, tenant));
    expect(enrolled.status).toBe(200);
    const verify = async () => {
      const message = keyedMessageOf(1, 71, await newChallenge(fetch), tenant, 4);
      return (await post(fetch, ROUTES.verification('Keyed'), message)).json() as Promise<unknown>;
    };
    expect(await change({ threshold: 1 })).toBe(200);
    expect(await verify()).toEqual({ verdict: 'match' });
    expect(await change({ threshold: null, keyedThreshold: 1 })).toBe(200);
    expect(await verify()).toEqual({ verdict: 'no_match' });
    expect(await change({ keyedThreshold: null })).toBe(200);
    expect(await verify()).toEqual({ verdict: 'match' });
  });

  test.each([
    { threshold: 2 },
    { keyedThreshold: -1 },
    { perMinute: 0 },
    { threshold: '0.5' },
    { retentionDays: 0 },
    { webhook: 'http://example.com/' },
    { webhook: 'http://localhost:x@example.com/' },
    { webhook: 'https://me@example.com/' },
    { webhook: 'http://' },
    { webhook: 'ftp://x' },
    { name: 'x' },
    { modes: [] },
    { modes: ['xnn'] },
  ])('%j is refused', async (body) => expect(await change(body)).toBe(400));

  test('modes that the tenant does not take are refused: to enrol, verify, identify and score, not to remove', async () => {
    const fetch = of('beta', 'admin');
    const { tenant } = served.beta;
    const noise = async (path: string) => {
      const response = await post(fetch, path, messageOf(70, await newChallenge(fetch), served.beta, 4));
      return ((await response.json()) as { error?: { code: string } }).error?.code;
    };
    const keyed = async (path: string) => {
      const response = await post(fetch, path, keyedMessageOf(1, 71, await newChallenge(fetch), tenant));
      return ((await response.json()) as { error?: { code: string } }).error?.code;
    };
    await enrol(fetch, 'Under noise', 70, served.beta);
    const paths = [ROUTES.enrolment('New'), ROUTES.verification('Under noise'), ADMIN_ROUTES.score('Under noise')];

    expect((await send('PATCH', ADMIN_ROUTES.tenant, { modes: ['keyed'] })(of('beta', 'owner'))).status).toBe(200);
    for (const path of [...paths, ROUTES.identification]) expect(await noise(path)).toBe('mode_refused');
    expect(await keyed(ROUTES.enrolment('Under key'))).toBeUndefined();
    expect(await keyed(ROUTES.verification('Under key'))).toBeUndefined();
    expect(await noise(ROUTES.removal('Under noise'))).toBeUndefined();

    await store.tenants.change(tenant, { modes: ['xnn-d'] }, act);
    for (const path of paths) expect(await keyed(path)).toBe('mode_refused');
    expect(await keyed(ROUTES.identification)).toBe('identification_keyed');
    expect(await noise(ROUTES.identification)).toBeUndefined();
    // In other tenants nothing changed.
    expect(await show(of('alpha', 'user'), ROUTES.verification('Ada'), ADA, served.alpha)).toEqual({
      verdict: 'match',
    });
    await store.tenants.change(tenant, { modes: ['xnn-d', 'keyed'] }, act);
  });

  test('scores need an admin, and verdicts never bring one', async () => {
    const score = await show(of('alpha', 'admin'), ADMIN_ROUTES.score('Ada'), ADA, served.alpha);
    expect(score).toEqual({ verdict: 'match', score: expect.closeTo(1, 1) as number });
    const verdict = await show(of('alpha', 'admin'), ROUTES.verification('Ada'), ADA, served.alpha);
    expect(verdict).toEqual({ verdict: 'match' });
  });

  test('numbers that no column holds are refused, and the answer says what is kept', async () => {
    const change = (body: object) => send('PATCH', '/v1/tenant', body)(of('alpha', 'owner'));
    expect((await change({ perMinute: 3e9 })).status).toBe(400);
    expect(await (await change({ threshold: 1e-320 })).json()).toMatchObject({ threshold: 0 });
    const reply = (await (await change({ threshold: 0.1234567890123, modes: ['keyed', 'keyed'] })).json()) as object;
    expect(reply).toMatchObject({ threshold: 0.12345679, modes: ['keyed'] });
    expect(await (await send('GET', '/v1/tenant')(of('alpha', 'owner'))).json()).toEqual(reply);
    await change({ threshold: null, modes: ['xnn-d', 'keyed'] });
  });

  test('templates older than the retention are deleted, from memory too', async () => {
    const { tenant } = served.alpha;
    const old = { ...served.alpha, subject: 'Old', embedding: embeddingOf(40), receiptHash: new Uint8Array(32) };
    await store.addTemplate({ ...old, createdAt: new Date(cloud.clock.now - 31 * DAY) }, 'test');
    expect((await store.nearest(served.alpha, embeddingOf(40)))?.subject).toBe('Old');
    const sweep = () => store.sweep({ actor: 'server', at: new Date(cloud.clock.now) });
    expect(await sweep()).toBe(0);
    await store.tenants.change(tenant, { retentionDays: 30 }, act);
    expect(await sweep()).toBe(1);
    expect((await store.nearest(served.alpha, embeddingOf(40)))?.subject).toBe('Ada');
    await store.tenants.change(tenant, { retentionDays: null }, act);
  });
});

describe('subjects', () => {
  const search = async (body: object, role: Role = 'admin') => {
    const response = await send('POST', ADMIN_ROUTES.search, body)(of('beta', role));
    return (await response.json()) as SearchReply;
  };

  test('are found by a part of their name, a page at a time, with the mode of their template', async () => {
    await store.removeGallery(served.beta.tenant);
    const template = { ...served.beta, embedding: embeddingOf(1), receiptHash: new Uint8Array(32), createdAt: act.at };
    for (let i = 0; i < 60; i++) {
      const model = [SERVED.model, KEYED.model, new Uint8Array(8)][i % 3]!;
      await store.addTemplate({ ...template, model, subject: `Person ${String(i).padStart(2, '0')}` }, 'test');
    }
    await store.addTemplate({ ...template, subject: '100%_sure' }, 'test');
    const first = await search({ name: 'person' });
    expect([first.total, first.more, first.subjects.length]).toEqual([61, true, 50]);
    expect(first.subjects.slice(0, 3).map(({ subject, mode }) => [subject, mode])).toEqual([
      ['Person 00', 'xnn-d'],
      ['Person 01', 'keyed'],
      ['Person 02', null],
    ]);
    const second = await search({ name: 'person', after: first.subjects.at(-1)!.subject });
    expect([second.more, second.subjects.map(({ subject }) => subject).at(-1)]).toEqual([false, 'Person 59']);
    expect(second.subjects).toHaveLength(10);
    expect((await search({ name: 'n%0' })).subjects).toEqual([]);
    expect((await search({ name: '%_' })).subjects).toHaveLength(1);
    expect((await search({})).subjects).toHaveLength(50);
  });

  test('who is enrolled under the name of one who was locked and deleted is not locked', async () => {
    const { tenant } = served.beta;
    await enrol(of('beta', 'user'), 'Kim', ADA, served.beta);
    await driver.query('INSERT INTO limits (key, points) VALUES ($1, 50)', [
      `misses:${store.keyring.pseudonym(tenant, 'Kim')}`,
    ]);
    const verdict = () => show(of('beta', 'user'), ROUTES.verification('Kim'), ADA, served.beta);
    expect(await verdict()).toEqual({ verdict: 'no_match' });
    expect((await send('DELETE', ADMIN_ROUTES.subject('Kim'))(of('beta', 'admin'))).status).toBe(200);
    await enrol(of('beta', 'user'), 'Kim', ADA, served.beta);
    expect(await verdict()).toEqual({ verdict: 'match' });
    await send('DELETE', ADMIN_ROUTES.subject('Kim'))(of('beta', 'admin'));
  });

  test('show whether they are locked, until they are unlocked', async () => {
    const { tenant } = served.beta;
    const lock = async () => (await search({ name: 'Person 00' })).subjects[0]!;
    expect(await lock()).toMatchObject({ misses: 0, lock: 'open' });
    for (let i = 0; i < 5; i++) await store.limiter.attempts(store.driver, [{ tenant, subject: 'Person 00' }]);
    expect(await lock()).toMatchObject({ misses: 5, lock: 'paced' });
    await driver.query('UPDATE limits SET points = 50 WHERE key LIKE $1', ['misses:%']);
    expect(await lock()).toMatchObject({ misses: 50, lock: 'locked' });
    expect((await send('POST', ADMIN_ROUTES.unlock('Person 00'))(of('beta', 'admin'))).status).toBe(200);
    expect(await lock()).toMatchObject({ misses: 0, lock: 'open' });
  });
});

describe('the operator', () => {
  const ask = async (method: string, path: string, body?: object) => {
    const response = await send(method, path, body)(of('beta', 'operator'));
    return { status: response.status, body: (await response.json()) as unknown };
  };

  test('sees names of tenants, and nothing that is theirs', async () => {
    const { tenants } = (await ask('GET', ADMIN_ROUTES.tenants)).body as TenantsReply;
    const alpha = tenants.find(({ name }) => name === 'alpha');
    const createdAt = act.at.toISOString();
    expect(alpha).toEqual({ id: toHex(served.alpha.tenant), name: 'alpha', createdAt, disabledAt: null });
  });

  test('makes a tenant, whose first key is an owner of that one', async () => {
    const made = (await ask('POST', ADMIN_ROUTES.tenants, { name: 'delta' })).body as NewTenantReply;
    const owner = as(made.key);
    const tenant = (await (await send('GET', ADMIN_ROUTES.tenant)(owner)).json()) as TenantReply;
    expect(tenant).toMatchObject({ id: made.tenant, name: 'delta', isPublic: false, modes: ['xnn-d', 'keyed'] });
    expect((await send('GET', ADMIN_ROUTES.tenants)(owner)).status).toBe(403);
    for (const [name, code] of [
      ['delta', 'tenant_exists'],
      ['', 'request_invalid'],
      ['a\nb', 'request_invalid'],
    ] as const) {
      expect((await ask('POST', ADMIN_ROUTES.tenants, { name })).body).toMatchObject({ error: { code } });
    }
  });

  test('disables another tenant, whose keys then do nothing, and enables it again; never the own', async () => {
    const path = ADMIN_ROUTES.otherTenant(toHex(served.alpha.tenant));
    expect((await ask('PATCH', path, { disabled: true })).status).toBe(200);
    const refused = await of('alpha', 'owner')(ROUTES.service);
    expect([refused.status, await refused.json()]).toEqual([
      403,
      { error: { code: 'tenant_disabled', message: expect.any(String) as string } },
    ]);
    // Who has no key of it is told nothing of it.
    const wrong = await as(`${keys['alpha owner']!.slice(0, -1)}x`)(ROUTES.service);
    expect(await wrong.json()).toMatchObject({ error: { code: 'credentials_invalid' } });
    expect((await ask('PATCH', path, { disabled: false })).status).toBe(200);
    expect((await of('alpha', 'owner')(ROUTES.service)).status).toBe(200);
    const own = ADMIN_ROUTES.otherTenant(toHex(served.beta.tenant));
    expect((await ask('PATCH', own, { disabled: true })).status).toBe(403);
    expect((await ask('PATCH', ADMIN_ROUTES.otherTenant('0'.repeat(32)), { disabled: true })).status).toBe(404);
    const actions = (await store.audit.read(served.alpha.tenant, 0, 1_000)).map(({ action }) => action);
    expect(actions).toEqual(expect.arrayContaining(['tenant.disable', 'tenant.enable']));
  });

  test('registers clients of the login, whose secret is shown once, and deletes them', async () => {
    const client = { name: 'Grafana', redirectUris: ['https://grafana.example/login'], faceOnly: true };
    const { id, secret } = (await ask('POST', ADMIN_ROUTES.clients, client)).body as NewClientReply;
    const listed = JSON.stringify((await ask('GET', ADMIN_ROUTES.clients)).body);
    expect(listed).toContain(`{"id":"${id}","name":"Grafana"`);
    expect(listed).not.toContain(secret);
    expect((await ask('DELETE', ADMIN_ROUTES.client(id))).status).toBe(200);
    expect((await ask('DELETE', ADMIN_ROUTES.client(id))).status).toBe(404);
    const plain = { ...client, redirectUris: ['http://grafana.example/login'] };
    expect((await ask('POST', ADMIN_ROUTES.clients, plain)).status).toBe(400);
  });
});

test('the webhook tells its secret and how far it was told, to an owner', async () => {
  const reply = (await (await send('GET', ADMIN_ROUTES.webhook)(of('alpha', 'owner'))).json()) as WebhookReply;
  expect(reply).toEqual({ secret: await webhookSecret(store, served.alpha.tenant), delivered: 0 });
});

test('a page of the audit log before an entry', async () => {
  const page = async (query: string) => {
    const response = await of('alpha', 'admin')(`${ADMIN_ROUTES.audit}?${query}`);
    return ((await response.json()) as AuditReply).entries.map(({ seq }) => seq);
  };
  expect(await page('before=4')).toEqual([1, 2, 3]);
  const last = await page(`before=${Number.MAX_SAFE_INTEGER}`);
  const { length } = await store.audit.read(served.alpha.tenant, 0, 1_000);
  expect([last.at(-1), last.length]).toEqual([length, Math.min(length, 50)]);
});

test('a body of another type is refused where JSON belongs', async () => {
  const response = await of('alpha', 'owner')(ADMIN_ROUTES.keys, {
    method: 'POST',
    headers: { 'Content-Type': MESSAGE_TYPE },
    body: 'x',
  });
  expect(response.status).toBe(400);
});
