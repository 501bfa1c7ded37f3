import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Driver } from '../drivers.js';
import { insertTemplate, openStore, type Store } from '../store.js';
import { dump, embeddingOf, MASTER, SERVED, openTestDatabase } from '../testing.js';
import { changeMaster } from './keyring.js';
import { loadMaster, localMaster } from './master.js';

const ACT = { actor: 'test', at: new Date('2024-01-01') };
const bytes = (embedding: Float32Array) => Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength);

let driver: Driver;
let store: Store;
beforeAll(async () => {
  driver = await openTestDatabase();
  store = await openStore(driver, MASTER);
  await store.tenants.ensure(SERVED.tenant, 'test', true, ACT);
  for (const person of [1, 2]) {
    const template = { ...SERVED, subject: `person ${person}`, embedding: embeddingOf(person) };
    await store.addTemplate({ ...template, receiptHash: new Uint8Array(32), createdAt: ACT.at }, 'test');
  }
});
afterAll(() => store.close());

const decoy = { embedding: embeddingOf(9), receiptHash: new Uint8Array(32) };
/** The store in another process, with a master key. */
const reopened = (master = MASTER) => openStore({ ...driver, close: () => Promise.resolve() }, master);

test('no table holds a template or a part of one in the clear', async () => {
  const stolen = await dump(driver);
  expect(stolen.length).toBeGreaterThan(1_000);
  for (const person of [1, 2]) {
    const plain = bytes(embeddingOf(person));
    for (let at = 0; at + 8 <= plain.length; at += 4) expect(stolen.includes(plain.subarray(at, at + 8))).toBe(false);
    expect(stolen.includes(String(embeddingOf(person)[0]))).toBe(false);
  }
});

test('a stolen database does not open with another master key', async () => {
  await expect(reopened(localMaster(new Uint8Array(32).fill(4)))).rejects.toMatchObject({ code: 'master_key_wrong' });
});

test('a template that is moved to another name, or changed by a bit, does not open', async () => {
  const read = () => store.findTemplate(SERVED, 'person 2', decoy);
  const swap = (from: string) =>
    driver.query('UPDATE templates SET sealed = (SELECT sealed FROM templates WHERE subject = $1) WHERE subject = $2', [
      from,
      'person 2',
    ]);
  const [before] = await driver.query<{ sealed: Uint8Array }>(
    "SELECT sealed FROM templates WHERE subject = 'person 2'",
  );
  await swap('person 1');
  await expect(read()).rejects.toMatchObject({ code: 'master_key_wrong' });
  const flipped = before!.sealed.map((byte, i) => (i === 100 ? byte ^ 1 : byte));
  await driver.query("UPDATE templates SET sealed = $1 WHERE subject = 'person 2'", [flipped]);
  await expect(read()).rejects.toMatchObject({ code: 'master_key_wrong' });
  await driver.query("UPDATE templates SET sealed = $1 WHERE subject = 'person 2'", [before!.sealed]);
  expect((await read()).embedding).toEqual(embeddingOf(2));
});

test('two templates of one face are sealed differently', () => {
  const seal = () => Buffer.from(store.keyring.seal(bytes(embeddingOf(1)), 'x')).toString('hex');
  expect(seal()).not.toBe(seal());
});

describe('rotation', () => {
  test('seals everything anew; what was stolen before does not open with what is there after', async () => {
    const other = await reopened();
    const before = await driver.query<{ sealed: Uint8Array }>('SELECT sealed FROM templates ORDER BY subject');
    expect(await store.reseal()).toBe(2);
    const after = await driver.query<{ sealed: Uint8Array }>('SELECT sealed FROM templates ORDER BY subject');
    expect(after.map(({ sealed }) => sealed[3])).not.toEqual(before.map(({ sealed }) => sealed[3]));
    expect(await driver.query('SELECT id FROM data_keys')).toHaveLength(1);
    for (const each of [store, other, await reopened()]) {
      expect((await each.findTemplate(SERVED, 'person 1', decoy)).embedding).toEqual(embeddingOf(1));
    }
    const fresh = await reopened();
    await expect(
      fresh.keyring.open(before[0]!.sealed, 'template', SERVED.tenant, 'person 1', SERVED.model),
    ).rejects.toMatchObject({
      code: 'master_key_wrong',
    });
    // Another process still seals with the key that it knows.
    await other.addTemplate({ ...SERVED, subject: 'late', ...decoy, createdAt: ACT.at }, 'test');
    expect((await store.findTemplate(SERVED, 'late', { ...decoy, embedding: embeddingOf(3) })).known).toBe(true);
  });

  test('a secret that another process makes meanwhile still opens after it', async () => {
    const other = await reopened();
    const made = embeddingOf(4);
    await other.keyring.secret('late', async () => {
      await store.reseal();
      return bytes(made);
    });
    const { keyring } = await reopened();
    expect(Buffer.from(await keyring.secret('late', () => bytes(embeddingOf(5))))).toEqual(bytes(made));
  });

  // An embedded database has one transaction at a time: there it cannot go wrong.
  test("a tenant's first enrolment that is under way when it begins is sealed anew too", async () => {
    const other = await reopened();
    const first = { ...SERVED, tenant: new Uint8Array(16).fill(10), subject: 'first', ...decoy, createdAt: ACT.at };
    const resealing = await driver.transaction(async (connection) => {
      await insertTemplate(connection, other.keyring, first);
      const begun = store.reseal();
      await Promise.race([begun, setTimeout(300)]);
      return { begun };
    });
    await resealing.begun;
    const fresh = await reopened();
    const { known, embedding } = await fresh.findTemplate(first, 'first', { ...decoy, embedding: embeddingOf(3) });
    expect([known, embedding]).toEqual([true, decoy.embedding]);
  });

  test('the master key is changed without touching what is sealed', async () => {
    const next = localMaster(new Uint8Array(32).fill(5));
    await changeMaster(driver, MASTER, next);
    await expect(reopened()).rejects.toMatchObject({ code: 'master_key_wrong' });
    const opened = await reopened(next);
    expect((await opened.findTemplate(SERVED, 'person 1', decoy)).embedding).toEqual(embeddingOf(1));
    await changeMaster(driver, next, MASTER);
    await reopened();
  });
});

describe('the master key', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'xnn-key-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is made once, in a file for its owner only', async () => {
    const file = join(folder, 'made/master.key');
    const { id } = await loadMaster(undefined, file);
    expect((await loadMaster(undefined, file)).id).toBe(id);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readFile(file, 'utf8')).not.toContain(id);
  });

  test('of the environment goes before the file', async () => {
    const { id } = await loadMaster('03'.repeat(32), join(folder, 'unused'));
    expect(id).toBe(MASTER.id);
  });

  test('that is none is refused in words', async () => {
    await expect(loadMaster('secret', folder)).rejects.toThrow('MASTER_KEY must hold 64');
    const file = join(folder, 'short.key');
    await writeFile(file, 'abc');
    await expect(loadMaster(undefined, file)).rejects.toThrow('short.key must hold 64');
  });
});
