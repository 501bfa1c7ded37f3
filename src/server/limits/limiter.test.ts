import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { ROUTES } from '../../wire/api.js';
import { DEPLOYMENT_ROUTES } from '../../wire/deployment.js';
import { LOGIN_ROUTES } from '../../wire/login.js';
import { TRAINING_ROUTES } from '../../wire/training.js';
import { Deployments, USUAL_DEPLOYMENT_LIMITS } from '../deployments/deployments.js';
import { deploymentRows } from '../deployments/rows.js';
import type { Connection, Driver } from '../drivers.js';
import { openStore, type Store } from '../store.js';
import {
  enrol,
  MASTER,
  meanStudent,
  messageOf,
  newChallenge,
  post,
  SERVED,
  show,
  testCloud,
  openTestDatabase,
  distance,
} from '../testing.js';
import { TrainingQueue, USUAL_LIMITS } from '../training/queue.js';
import { jobRows } from '../training/rows.js';
import { MOST_OF_AN_ADDRESS, MOST_UNDER_WAY } from './admission.js';
import { FREE_MISSES, MOST_MISSES, WAIT } from './limiter.js';

const [ADA, BEN] = [1, 2];
const MATCH = { verdict: 'match' };
const NO_MATCH = { verdict: 'no_match' };
/** Of each kind, where times are compared. */
const TRIALS = Number(process.env['TRIALS'] ?? 60);

let driver: Driver;
let store: Store;
beforeAll(async () => {
  driver = await openTestDatabase();
  store = await openStore(driver, MASTER);
});
afterAll(() => store.close());
beforeEach(async () => {
  await driver.query('DELETE FROM limits');
  await driver.query('DELETE FROM challenges');
  await driver.query('DELETE FROM templates');
  vi.useFakeTimers({ toFake: ['Date'] });
});
afterEach(() => vi.useRealTimers());

const attempt = async ({ limiter, driver }: Store, tenant: Uint8Array, subject: string): Promise<boolean> =>
  (await limiter.attempts(driver, [{ tenant, subject }]))[0]!;
const later = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);

describe('of a subject', () => {
  test('five misses are free, then every try waits 30 s; a success resets', async () => {
    const { fetch } = await testCloud({ store });
    await enrol(fetch, 'Ada', ADA);
    const verify = (person: number) => show(fetch, ROUTES.verification('Ada'), person);
    for (let miss = 0; miss < FREE_MISSES; miss++) expect(await verify(BEN)).toEqual(NO_MATCH);
    // The sixth is looked at at once, and only from then on the clock runs.
    expect(await verify(BEN)).toEqual(NO_MATCH);
    expect(await verify(ADA)).toEqual(NO_MATCH);
    later(WAIT - 1);
    expect(await verify(ADA)).toEqual(NO_MATCH);
    later(2);
    expect(await verify(ADA)).toEqual(MATCH);
    for (let miss = 0; miss < FREE_MISSES; miss++) await verify(BEN);
    expect(await verify(ADA)).toEqual(MATCH);
  });

  test('a clock that was set back holds nobody for as long as it was wrong', async () => {
    const tenant = SERVED.tenant;
    later(24 * 3600);
    for (let miss = 0; miss <= FREE_MISSES; miss++) expect(await attempt(store, tenant, 'Eve')).toBe(true);
    expect(await attempt(store, tenant, 'Eve')).toBe(false);
    // As much as clocks of two servers may differ by.
    later(-1);
    expect(await attempt(store, tenant, 'Eve')).toBe(false);
    later(-24 * 3600);
    expect(await attempt(store, tenant, 'Eve')).toBe(true);
    expect(await attempt(store, tenant, 'Eve')).toBe(false);
  });

  test('after 50 misses the right face is refused too, after a restart too, until somebody unlocks it', async () => {
    const tenant = SERVED.tenant;
    for (let miss = 0; miss < MOST_MISSES; miss++) {
      if (miss >= FREE_MISSES) later(WAIT + 1);
      expect(await attempt(store, tenant, 'Ada')).toBe(true);
    }
    later(24 * 3600);
    expect(await attempt(store, tenant, 'Ada')).toBe(false);
    // Another process, which remembers nothing but the database.
    const restarted = await openStore({ ...driver, close: () => Promise.resolve() }, MASTER);
    expect(await attempt(restarted, tenant, 'Ada')).toBe(false);
    await restarted.limiter.succeed(tenant, 'Ada');
    expect(await attempt(store, tenant, 'Ada')).toBe(true);
  });

  test('a locked subject is locked for 1:1 alone: others match, 1:N finds it, and its receipt removes it', async () => {
    const { fetch } = await testCloud({ store });
    const { receipt } = await enrol(fetch, 'Ada', ADA);
    await enrol(fetch, 'Ben', BEN);
    for (let miss = 0; miss < MOST_MISSES; miss++) {
      if (miss >= FREE_MISSES) later(WAIT + 1);
      await attempt(store, SERVED.tenant, 'Ada');
    }
    later(24 * 3600);
    expect(await show(fetch, ROUTES.verification('Ada'), ADA)).toEqual(NO_MATCH);
    expect(await show(fetch, ROUTES.verification('Ben'), BEN)).toEqual(MATCH);
    expect(await show(fetch, ROUTES.identification, ADA)).toEqual({ ...MATCH, subject: 'Ada' });
    const headers = { 'Content-Type': 'application/json' };
    const removal = await fetch(ROUTES.removal('Ada'), { method: 'POST', headers, body: JSON.stringify({ receipt }) });
    expect(await removal.json()).toEqual({ removed: true });
    await enrol(fetch, 'Ada', ADA);
    expect(await show(fetch, ROUTES.verification('Ada'), ADA)).toEqual(MATCH);
  });

  test('of many tries at once, no more than the free ones and one get through', async () => {
    const tries = await Promise.all(Array.from({ length: 40 }, () => attempt(store, SERVED.tenant, 'Ada')));
    expect(tries.filter(Boolean).length).toBeLessThanOrEqual(FREE_MISSES + 1);
    expect(tries.filter(Boolean).length).toBeGreaterThanOrEqual(1);
    const together = Array.from({ length: 40 }, (_, i) => ({ ...SERVED, subject: i % 2 ? 'Ben' : 'Cid' }));
    const allowed = await store.limiter.attempts(driver, together);
    for (const odd of [0, 1]) expect(allowed.filter((may, i) => may && i % 2 === odd)).toHaveLength(FREE_MISSES + 1);
  });

  test("one tenant's misses are not another's, and no name is stored", async () => {
    for (let miss = 0; miss < 10; miss++) await attempt(store, SERVED.tenant, 'Ada Lovelace');
    expect(await attempt(store, new Uint8Array(16), 'Ada Lovelace')).toBe(true);
    expect(JSON.stringify(await driver.query('SELECT key FROM limits'))).not.toContain('Ada');
  });
});

describe('of an address and of a tenant', () => {
  const statuses = async (fetch: (i: number) => Promise<Response>, count: number) => {
    const all: number[] = [];
    for (let i = 0; i < count; i++) all.push((await fetch(i)).status);
    return all;
  };

  test('too many requests of one address are refused, for a minute, and of others are not', async () => {
    let address = '192.0.2.7';
    const { fetch } = await testCloud({ store, rates: { perAddress: 3, perTenant: 1000 }, addressOf: () => address });
    const ask = () => fetch(ROUTES.challenges, { method: 'POST' });
    expect(await statuses(ask, 5)).toEqual([200, 200, 200, 429, 429]);
    expect((await fetch(ROUTES.service)).status).toBe(200);
    address = '192.0.2.8';
    expect((await ask()).status).toBe(200);
    expect(JSON.stringify(await driver.query('SELECT key FROM limits'))).not.toContain('192.0.2');
  });

  test('a tenant is held from all addresses together', async () => {
    let address = 0;
    const { fetch } = await testCloud({
      store,
      rates: { perAddress: 1000, perTenant: 4 },
      addressOf: () => `${address++}`,
    });
    expect(await statuses(() => fetch(ROUTES.challenges, { method: 'POST' }), 6)).toEqual([
      200, 200, 200, 200, 429, 429,
    ]);
    later(61);
    expect((await fetch(ROUTES.challenges, { method: 'POST' })).status).toBe(200);
  });

  test('a tenant sets a number of its own, below that of the server', async () => {
    let address = 0;
    const rates = { perAddress: 1000, perTenant: 4 };
    const { fetch, store: its } = await testCloud({ store, rates, addressOf: () => `${address++}` });
    const ask = () => fetch(ROUTES.challenges, { method: 'POST' });
    const act = { actor: 'test', at: new Date() };
    for (const [perMinute, passing] of [
      [2, 2],
      [9, 4],
    ] as const) {
      later(61);
      await its.tenants.change(SERVED.tenant, { perMinute }, act);
      expect((await statuses(ask, 6)).filter((status) => status === 200)).toHaveLength(passing);
    }
    await its.tenants.change(SERVED.tenant, { perMinute: null }, act);
  });
});

describe('whatever the route', () => {
  const id = '0'.repeat(32);
  const ORIGIN = 'https://login.example.com';
  /** A cloud with all rooms; their folders are never written to here. */
  const wholeCloud = (changes: Parameters<typeof testCloud>[0]) => {
    const rows = jobRows(driver);
    const deployments = deploymentRows(driver);
    const folder = '/nowhere';
    const now = Date.now;
    const trainer = () => Promise.reject(new Error('none'));
    return testCloud({
      store,
      login: { tenant: SERVED.tenant, origin: ORIGIN },
      training: {
        rows,
        queue: new TrainingQueue({ rows, folder, trainer, limits: USUAL_LIMITS, now, log: () => undefined }),
      },
      deployments: {
        rows: deployments,
        deployments: new Deployments({ rows: deployments, store, folder, limits: USUAL_DEPLOYMENT_LIMITS, now }),
      },
      ...changes,
    });
  };

  test.each([
    ['POST', ROUTES.challenges],
    ['POST', ROUTES.verification('Ada')],
    ['POST', LOGIN_ROUTES.challenges],
    ['POST', LOGIN_ROUTES.sessions],
    ['POST', LOGIN_ROUTES.recoveries],
    ['POST', TRAINING_ROUTES.jobs],
    ['PATCH', TRAINING_ROUTES.bundle(id)],
    ['POST', TRAINING_ROUTES.cancellation(id)],
    ['DELETE', TRAINING_ROUTES.job(id)],
    ['POST', DEPLOYMENT_ROUTES.deployments],
    ['PATCH', DEPLOYMENT_ROUTES.tail(id)],
    ['DELETE', DEPLOYMENT_ROUTES.deployment(id)],
  ])('%s %s is held by address', async (method, path) => {
    const { fetch } = await wholeCloud({
      rates: { perAddress: 2, perTenant: 1000 },
      addressOf: () => `${method} ${path}`,
    });
    const ask = () => fetch(path, { method, headers: { Origin: ORIGIN } });
    for (let i = 0; i < 2; i++) expect((await ask()).status).not.toBe(429);
    const refused = await ask();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '60']);
    expect(await refused.json()).toMatchObject({ error: { code: 'limited' } });
  });

  test.each(['/v1/service', LOGIN_ROUTES.account, TRAINING_ROUTES.jobs, DEPLOYMENT_ROUTES.ofKey(id)])(
    'with too much to do, %s is refused at once, and the server is still up',
    async (path) => {
      const asked: string[] = [];
      let goOn = () => {};
      const held = new Promise<void>((resolve) => (goOn = resolve));
      const slow: Driver = { ...driver, query: (sql, values) => (asked.push(sql), driver.query(sql, values)) };
      const admitAddress = () => held;
      let visitors = 0;
      const { fetch, logged } = await wholeCloud({
        store: { ...store, driver: slow, limiter: { ...store.limiter, admitAddress } },
        addressOf: () => `visitor ${visitors++}`,
      });
      const underWay = Array.from({ length: MOST_UNDER_WAY }, () => fetch(ROUTES.challenges, { method: 'POST' }));
      asked.length = 0;
      const refused = await fetch(path);
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
      expect(await refused.json()).toMatchObject({ error: { code: 'overloaded' } });
      expect((await fetch('/v1/health')).status).toBe(200);
      expect([asked, logged]).toEqual([[], []]);
      goOn();
      expect(new Set((await Promise.all(underWay)).map(({ status }) => status))).toEqual(new Set([200]));
      expect((await fetch(path)).status).not.toBe(503);
    },
  );

  test('one address holds a part of the places, and not all', async () => {
    let goOn = () => {};
    const held = new Promise<void>((resolve) => (goOn = resolve));
    let visitor = 'slow';
    const { fetch } = await wholeCloud({
      store: { ...store, limiter: { ...store.limiter, admitAddress: () => held } },
      addressOf: () => visitor,
    });
    const underWay = Array.from({ length: MOST_OF_AN_ADDRESS }, () => fetch(ROUTES.challenges, { method: 'POST' }));
    expect((await fetch('/v1/service')).status).toBe(503);
    visitor = 'another';
    expect((await fetch('/v1/service')).status).toBe(200);
    goOn();
    await Promise.all(underWay);
    visitor = 'slow';
    expect((await fetch('/v1/service')).status).toBe(200);
  });

  test('a body that does not come is not waited for, whoever sends it', async () => {
    vi.useRealTimers();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { fetch } = await wholeCloud({});
    for (const length of [undefined, '100']) {
      const body = new ReadableStream<Uint8Array>({ start: (sender) => sender.enqueue(new Uint8Array(1)) });
      const headers = { 'Content-Type': 'application/json', ...(length && { 'Content-Length': length }) };
      const answer = fetch(DEPLOYMENT_ROUTES.deployments, { method: 'POST', headers, body, duplex: 'half' });
      await vi.advanceTimersByTimeAsync(20_000);
      expect(await (await answer).json()).toMatchObject({ error: { code: 'message_truncated' } });
    }
  });
});

describe('unknown subject, locked subject and non-match', () => {
  test('are answered alike: status, headers, body, queries and time', async () => {
    vi.useRealTimers();
    const seen: string[] = [];
    const watching = (connection: Connection): Connection => ({
      query: (sql, values) => (seen.push(sql), connection.query(sql, values)),
    });
    const watched: Driver = {
      ...driver,
      ...watching(driver),
      transaction: (work) => driver.transaction((connection) => work(watching(connection))),
    };
    // As long as a real one, so that leaving it out would show.
    const student: typeof meanStudent = async (batch) => {
      const end = performance.now() + 2;
      while (performance.now() < end);
      return meanStudent(batch);
    };
    const { fetch } = await testCloud({ store: await openStore(watched, MASTER), student });
    await enrol(fetch, 'Ada', ADA);
    await enrol(fetch, 'Locked', ADA);
    await driver.query('DELETE FROM limits');
    await driver.query('DELETE FROM challenges');
    for (let miss = 0; miss < FREE_MISSES + 2; miss++) await attempt(store, SERVED.tenant, 'Locked');

    const kinds = ['Ada', 'Nobody', 'Locked'] as const;
    const times = { Ada: [] as number[], Nobody: [] as number[], Locked: [] as number[] };
    const answers = new Set<string>();
    const queries = new Set<string>();
    for (let trial = 0; trial < TRIALS; trial++) {
      // In another order each time, so that whatever else the machine does falls on all.
      for (let i = 0; i < kinds.length; i++) {
        const subject = kinds[(trial + i) % kinds.length]!;
        await store.limiter.succeed(SERVED.tenant, 'Ada');
        await store.limiter.succeed(SERVED.tenant, 'Nobody');
        const message = messageOf(BEN, await newChallenge(fetch));
        seen.length = 0;
        const begun = performance.now();
        const response = await post(fetch, ROUTES.verification(subject), message);
        times[subject].push(performance.now() - begun);
        queries.add(seen.join('\n'));
        answers.add(JSON.stringify([response.status, [...response.headers], await response.text()]));
      }
    }
    expect([...answers]).toEqual([expect.stringContaining('no_match') as string]);
    expect(queries.size).toBe(1);
    expect([...queries][0]).toContain('INSERT INTO audit');
    for (const [a, b] of [
      ['Ada', 'Nobody'],
      ['Ada', 'Locked'],
      ['Nobody', 'Locked'],
    ] as const) {
      // Kolmogorov and Smirnov: 0.1 % of equal distributions differ by more.
      expect(distance(times[a], times[b])).toBeLessThan(1.95 * Math.sqrt(2 / TRIALS));
    }
  }, 120_000);

  test('the distance of two distributions sees a difference that would tell', () => {
    const steady = Array.from({ length: 30 }, (_, i) => 10 + i / 30);
    expect(distance(steady, steady)).toBe(0);
    expect(
      distance(
        steady,
        steady.map((ms) => ms + 2),
      ),
    ).toBe(1);
  });
});
