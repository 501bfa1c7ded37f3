import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { httpStatus, type ErrorCode } from '../core/errors.js';
import { ROUTES } from '../wire/api.js';
import { databaseTrouble, openPostgres, type Driver } from './drivers.js';
import { openStore, type Store } from './store.js';
import { enrol, MASTER, openTestDatabase, show, testCloud, type Fetch } from './testing.js';

const ADA = 1;

async function refusal(fetch: Fetch, path: string, method = 'GET'): Promise<readonly unknown[]> {
  const response = await fetch(path, { method });
  const { error } = (await response.json()) as { error?: { code: ErrorCode } };
  return [response.status, error?.code, response.headers.get('retry-after')];
}

describe('a database that fails', () => {
  let driver: Driver;
  let store: Store;
  let failure: Error | null = null;
  let enrolled = 0;
  beforeAll(async () => {
    driver = await openTestDatabase();
    const failing = <T>(work: () => Promise<T>) => (failure === null ? work() : Promise.reject(failure));
    store = await openStore(
      {
        ...driver,
        query: (sql, values) => failing(() => driver.query(sql, values)),
        // At its end, when all of it was done.
        transaction: (work) =>
          driver.transaction(async (connection) => {
            const result = await work(connection);
            if (failure !== null) throw failure;
            return result;
          }),
      },
      MASTER,
    );
  });
  afterAll(() => store.close());

  test.each<readonly [string, string, ErrorCode]>([
    ['ECONNREFUSED', '', 'database_away'],
    ['57P01', 'terminating connection due to administrator command', 'database_away'],
    ['08006', 'connection failure', 'database_away'],
    ['53300', 'too many connections', 'database_away'],
    ['', 'Connection terminated unexpectedly', 'database_away'],
    ['', 'timeout exceeded when trying to connect', 'database_away'],
    ['53100', 'could not extend file "base/1/2": No space left on device', 'storage_full'],
    ['ENOSPC', 'no space left on device, write', 'storage_full'],
    ['22001', 'value too long', 'internal'],
  ])('with %s %s is answered by a code, keeps nothing half-done and is used again when it is back', async (...how) => {
    const [code, words, expected] = how;
    const { fetch, logged } = await testCloud({
      store,
      random: (size) => crypto.getRandomValues(new Uint8Array(size)),
    });
    const before = await driver.query('SELECT * FROM audit ORDER BY seq');
    failure = Object.assign(new Error(words), { code });
    const patience = { database_away: '5', storage_full: '60' }[expected as string] ?? null;
    for (const path of ['/v1/ready', ROUTES.service])
      expect(await refusal(fetch, path)).toEqual([httpStatus(expected), expected, patience]);
    expect(await refusal(fetch, ROUTES.challenges, 'POST')).toEqual([httpStatus(expected), expected, patience]);
    expect((await fetch('/v1/health')).status).toBe(200);
    const act = { actor: 'test', at: new Date() };
    await expect(store.removeSubject(new Uint8Array(16), 'Ada', null, act)).rejects.toThrow();
    expect(logged.map(({ code: logs }) => logs)).toEqual([expected, expected, expected]);
    expect(JSON.stringify(logged)).not.toContain(words || 'nothing');
    failure = null;
    expect(await driver.query('SELECT * FROM audit ORDER BY seq')).toEqual(before);
    expect((await fetch('/v1/ready')).status).toBe(200);
    await enrol(fetch, `person ${++enrolled}`, enrolled);
  });

  test('is not at fault for a text that it cannot hold: who sent it is', async () => {
    const refused = await driver.query('SELECT $1::text', ['\0']).catch((error: unknown) => error as Error);
    expect(databaseTrouble(refused as Error)).toBe('request_invalid');
  });
});

test('a database server that goes and comes back is noticed, by itself', async () => {
  const db = await PGlite.create();
  const serve = async (port: number) => {
    const server = new PGLiteSocketServer({ db, port, maxConnections: 4 });
    const listening = new Promise<number>((resolve) =>
      server.addEventListener('listening', (event) => resolve((event as CustomEvent<{ port: number }>).detail.port)),
    );
    await server.start();
    return { server, port: await listening };
  };
  const { server, port } = await serve(0);
  const lost: Error[] = [];
  const driver = openPostgres(`postgres://postgres@127.0.0.1:${port}/postgres`, (error) => lost.push(error), 1);
  const store = await openStore(driver, MASTER);
  const { fetch } = await testCloud({ store });
  await enrol(fetch, 'Ada', ADA);
  await server.stop();
  for (let i = 0; i < 3; i++) expect(await refusal(fetch, '/v1/ready')).toEqual([503, 'database_away', '5']);
  expect(await refusal(fetch, ROUTES.challenges, 'POST')).toEqual([503, 'database_away', '5']);
  expect((await fetch('/v1/health')).status).toBe(200);
  const again = await serve(port);
  expect((await fetch('/v1/ready')).status).toBe(200);
  expect(await show(fetch, ROUTES.verification('Ada'), ADA)).toEqual({ verdict: 'match' });
  await store.close();
  await again.server.stop();
  await db.close();
});
