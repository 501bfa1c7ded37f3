import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { similarity } from '../core/match.js';
import { openEmbedded, openPostgres, type Connection, type Driver } from './drivers.js';
import { migrate } from './migrations.js';
import { openStore, type Store, type Template } from './store.js';
import { openGallery } from './templates.js';
import { embeddingOf, MASTER, openInMemory, SERVED } from './testing.js';

const NOW = new Date('2024-01-01T12:00:00.250Z');
const later = (ms: number) => new Date(NOW.getTime() + ms);
const ACT = { actor: 'test', at: NOW };
const bytes = (size: number, value: number) => new Uint8Array(size).fill(value);

function templateOf(person: number, changes: Partial<Template> = {}): Template {
  return {
    ...SERVED,
    subject: `person ${person}`,
    embedding: embeddingOf(person),
    receiptHash: bytes(32, person),
    createdAt: NOW,
    ...changes,
  };
}

/** A PostgreSQL that speaks its wire protocol over TCP. All its clients share one session, so that only one may be busy at a time. */
async function overTheWire(): Promise<Driver> {
  const db = await PGlite.create({ extensions: { vector } });
  const server = new PGLiteSocketServer({ db, port: 0, maxConnections: 4 });
  const listening = new Promise<number>((resolve) =>
    server.addEventListener('listening', (event) => resolve((event as CustomEvent<{ port: number }>).detail.port)),
  );
  await server.start();
  const driver = openPostgres(`postgres://postgres@127.0.0.1:${await listening}/postgres`, () => undefined, 1);
  const close = async () => {
    await driver.close();
    await server.stop();
    await db.close();
  };
  return { ...driver, close };
}

/** Address of a PostgreSQL for these tests, which empty its tables. Without one, the embedded databases must do. */
const TEST_DATABASE_URL = process.env['TEST_DATABASE_URL'];

const servers = TEST_DATABASE_URL
  ? [['on a PostgreSQL server', () => openPostgres(TEST_DATABASE_URL, () => undefined)] as const]
  : [];

describe.each<readonly [string, () => Driver | Promise<Driver>]>([
  ['embedded', () => openInMemory()],
  ['over the wire protocol', overTheWire],
  ...servers,
])('the store, %s', (_, open) => {
  let driver: Driver;
  let store: Store;

  beforeAll(async () => {
    driver = await open();
    store = await openStore(driver, MASTER);
  }, 120_000);
  afterAll(() => store.close());
  beforeEach(async () => {
    await driver.query('DELETE FROM templates');
    await driver.query('DELETE FROM challenges');
  });

  test('settings that are changed at once are all kept', async () => {
    const { tenant } = await store.tenants.create(`of ${crypto.randomUUID()}`, ACT);
    for (let perMinute = 1; perMinute <= 10; perMinute++) {
      const isPublic = perMinute % 2 === 0;
      await Promise.all([{ isPublic }, { perMinute }].map((change) => store.tenants.change(tenant, change, ACT)));
      expect(await store.tenants.find(tenant)).toMatchObject({ isPublic, perMinute });
    }
  });

  const decoy = { embedding: embeddingOf(99), receiptHash: bytes(32, 99) };
  const otherTenant = { ...SERVED, tenant: bytes(16, 1) };
  const otherModel = { ...SERVED, model: bytes(8, 1) };

  test('gives a template back bit by bit', async () => {
    expect(await store.addTemplate(templateOf(1), 'test')).toBe(true);
    const found = await store.findTemplate(SERVED, 'person 1', decoy);
    expect(found.known).toBe(true);
    expect(found.embedding).toEqual(embeddingOf(1));
    expect(Uint8Array.from(found.receiptHash)).toEqual(bytes(32, 1));
  });

  test('gives the decoy, bit by bit, for another subject, tenant or model', async () => {
    await store.addTemplate(templateOf(1), 'test');
    for (const [served, subject] of [
      [SERVED, 'person 2'],
      [otherTenant, 'person 1'],
      [otherModel, 'person 1'],
    ] as const) {
      const found = await store.findTemplate(served, subject, decoy);
      expect(found.known).toBe(false);
      expect(found.embedding).toEqual(decoy.embedding);
      expect(Uint8Array.from(found.receiptHash)).toEqual(decoy.receiptHash);
    }
    expect(Uint8Array.from(await store.findReceipt(SERVED.tenant, 'person 1', bytes(32, 5)))).toEqual(bytes(32, 1));
    expect(Uint8Array.from(await store.findReceipt(SERVED.tenant, 'person 2', bytes(32, 5)))).toEqual(bytes(32, 5));
    expect(Uint8Array.from(await store.findReceipt(otherTenant.tenant, 'person 1', bytes(32, 5)))).toEqual(
      bytes(32, 5),
    );
  });

  test('never overwrites, not even a template of another model', async () => {
    await store.addTemplate(templateOf(1), 'test');
    expect(await store.addTemplate(templateOf(2, { subject: 'person 1' }), 'test')).toBe(false);
    expect(await store.addTemplate(templateOf(2, { ...otherModel, subject: 'person 1' }), 'test')).toBe(false);
    expect((await store.findTemplate(SERVED, 'person 1', decoy)).embedding).toEqual(embeddingOf(1));
    expect(await store.addTemplate(templateOf(2, { ...otherTenant, subject: 'person 1' }), 'test')).toBe(true);
  });

  test('finds the nearest of a tenant and model, as a search through all does', async () => {
    expect(await store.nearest(SERVED, embeddingOf(1))).toBeNull();
    const people = Array.from({ length: 40 }, (_, i) => i);
    for (const person of people) await store.addTemplate(templateOf(person), 'test');
    for (const probe of [7, 200, 201, 202, 203]) {
      await store.addTemplate(templateOf(probe, { ...otherTenant, subject: `theirs ${probe}` }), 'test');
      await store.addTemplate(templateOf(probe, { ...otherModel, subject: `older ${probe}` }), 'test');
      const best = people.toSorted((a, b) => cosine(probe, b) - cosine(probe, a))[0] ?? NaN;
      const nearest = await store.nearest(SERVED, embeddingOf(probe));
      expect(nearest).toEqual({ subject: `person ${best}`, embedding: embeddingOf(best) });
    }
  });

  test('forgets what it keeps in memory amid a search, and finds everybody all the same', async () => {
    for (const person of [1, 2, 3]) await store.addTemplate(templateOf(person), 'test');
    let goOn = Promise.resolve();
    const slow: Connection = {
      query: async (sql, values) => {
        await goOn;
        return driver.query(sql, values);
      },
    };
    const gallery = openGallery(slow, store.keyring, SERVED);
    expect((await gallery.nearest(embeddingOf(1)))?.subject).toBe('person 1');
    await store.addTemplate(templateOf(4), 'test');
    let read = () => {};
    goOn = new Promise((resolve) => (read = resolve));
    const asked = [1, 4].map((person) => gallery.nearest(embeddingOf(person)));
    await new Promise(setImmediate);
    gallery.clear();
    read();
    expect((await Promise.all(asked)).map((found) => found?.subject)).toEqual(['person 1', 'person 4']);
    for (const person of [1, 2, 3, 4]) {
      expect((await gallery.nearest(embeddingOf(person)))?.subject).toBe(`person ${person}`);
    }
  });

  const cosine = (a: number, b: number) => similarity(embeddingOf(a), embeddingOf(b));

  test('removes a subject only with the receipt, tenant and name that belong together', async () => {
    await store.addTemplate(templateOf(1), 'test');
    expect(await store.removeSubject(SERVED.tenant, 'person 1', bytes(32, 2), ACT)).toBe(false);
    expect(await store.removeSubject(otherTenant.tenant, 'person 1', bytes(32, 1), ACT)).toBe(false);
    expect(await store.removeSubject(SERVED.tenant, 'person 2', bytes(32, 1), ACT)).toBe(false);
    expect(await store.removeSubject(SERVED.tenant, 'person 1', bytes(32, 1), ACT)).toBe(true);
    expect(await driver.query('SELECT subject FROM templates')).toEqual([]);
  });

  test('takes a challenge once, of its tenant, before it expires', async () => {
    const [one, two] = [bytes(16, 1), bytes(16, 2)];
    await store.addChallenge(SERVED.tenant, one, NOW, later(1000));
    await store.addChallenge(SERVED.tenant, two, NOW, later(1000));
    expect(await store.takeChallenge(otherTenant.tenant, one, NOW)).toBe(false);
    expect(await store.takeChallenge(SERVED.tenant, bytes(16, 3), NOW)).toBe(false);
    expect(await store.takeChallenge(SERVED.tenant, two, later(1000))).toBe(false);
    expect(await store.takeChallenge(SERVED.tenant, two, later(999))).toBe(true);
    const taken = await Promise.all(Array.from({ length: 50 }, () => store.takeChallenge(SERVED.tenant, one, NOW)));
    expect(taken.filter(Boolean)).toHaveLength(1);
  });

  test('forgets expired challenges, and no others', async () => {
    await store.addChallenge(SERVED.tenant, bytes(16, 1), NOW, later(1000));
    await store.addChallenge(SERVED.tenant, bytes(16, 2), NOW, later(1001));
    await store.addChallenge(SERVED.tenant, bytes(16, 3), later(1000), later(2000));
    const left = await driver.query<{ id: Uint8Array }>('SELECT id FROM challenges ORDER BY id');
    expect(left.map(({ id }) => id[0])).toEqual([2, 3]);
  });

  test.each([
    ['a short tenant', templateOf(1, { tenant: bytes(15, 1) })],
    ['a long model version', templateOf(1, { model: bytes(9, 1) })],
    ['a short receipt hash', templateOf(1, { receiptHash: bytes(31, 1) })],
    ['an empty name', templateOf(1, { subject: '' })],
    ['an embedding of another size', templateOf(1, { embedding: new Float32Array(64) })],
    ['an embedding that is not finite', templateOf(1, { embedding: new Float32Array(128).fill(NaN) })],
  ])('refuses %s', async (_, template) => {
    await expect(store.addTemplate(template, 'test')).rejects.toThrow();
    expect(await driver.query('SELECT subject FROM templates')).toEqual([]);
  });

  test('a transaction that fails leaves nothing, and the next one works', async () => {
    const insert = "INSERT INTO challenges (id, tenant, expires_at) VALUES ($1, $2, '2030-01-01')";
    const failing = driver.transaction(async (connection) => {
      await connection.query(insert, [bytes(16, 1), SERVED.tenant]);
      throw new Error('half-way');
    });
    await expect(failing).rejects.toThrow('half-way');
    await driver.transaction((connection) => connection.query(insert, [bytes(16, 2), SERVED.tenant]));
    const left = await driver.query<{ id: Uint8Array }>('SELECT id FROM challenges');
    expect(left.map(({ id }) => id[0])).toEqual([2]);
  });

  test('migrates any number of times, at once too, and keeps what is there', async () => {
    await store.addTemplate(templateOf(1), 'test');
    await Promise.all([migrate(driver, MASTER), migrate(driver, MASTER), migrate(driver, MASTER)]);
    expect(await driver.query('SELECT id FROM migrations ORDER BY id')).toEqual(
      [1, 2, 3, 4, 5, 6, 7].map((id) => ({ id })),
    );
    expect((await store.findTemplate(SERVED, 'person 1', decoy)).known).toBe(true);
  });

  test('refuses the database of a newer version', async () => {
    await driver.query('INSERT INTO migrations (id, applied_at) VALUES (1000, now())');
    await expect(migrate(driver, MASTER)).rejects.toThrow('newer version');
    await driver.query('DELETE FROM migrations WHERE id = 1000');
  });
});

test('a migration that fails half-way leaves nothing behind', async () => {
  const driver = await openInMemory();
  const failing: Driver = {
    ...driver,
    transaction: (work) =>
      driver.transaction((connection) =>
        work({
          query: (sql, values) =>
            sql.includes('INDEX') ? Promise.reject(new Error('disk full')) : connection.query(sql, values),
        }),
      ),
  };
  await expect(migrate(failing, MASTER)).rejects.toThrow('disk full');
  expect(await driver.query("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).toEqual([]);
  await migrate(driver, MASTER);
  await driver.close();
});

describe('on disk', () => {
  let root: string;
  let folder: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'xnn-store-'));
    folder = join(root, 'made/when/missing');
  });
  afterEach(() => rm(root, { recursive: true }));

  test('templates and challenges outlive the process that wrote them', async () => {
    const before = await openStore(await openEmbedded(folder), MASTER);
    await before.addTemplate(templateOf(1), 'test');
    await before.addChallenge(SERVED.tenant, bytes(16, 1), NOW, later(1000));
    await before.close();
    // Its files are open to everybody.
    expect((await stat(join(folder, 'postgres'))).mode & 0o777).toBe(0o700);
    const after = await openStore(await openEmbedded(folder), MASTER);
    expect((await after.nearest(SERVED, embeddingOf(1)))?.subject).toBe('person 1');
    expect(await after.takeChallenge(SERVED.tenant, bytes(16, 1), NOW)).toBe(true);
    await after.close();
  }, 120_000);

  test('a folder that a living process holds is refused, one whose owner died is not', async () => {
    await (await openEmbedded(folder)).close();
    const lock = join(folder, 'lock');
    for (const owner of [`${process.ppid} ${hostname()}`, `${process.pid} another-host`]) {
      await writeFile(lock, owner);
      await expect(openEmbedded(folder)).rejects.toThrow(/used by process \d+ on .* DATA_DIR/);
    }
    // No process id is this large; and what was cut off while it was written names no owner.
    for (const owner of [`4194305 ${hostname()}`, `${process.pid} ${hostname()}`, '']) {
      await writeFile(lock, owner);
      await (await openEmbedded(folder)).close();
    }
  }, 60_000);
});
