import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Driver } from '../drivers.js';
import { openStore, type Store } from '../store.js';
import { MASTER, SERVED, openTestDatabase } from '../testing.js';
import { verifyAudit, type AuditEntry } from '../../wire/audit.js';
import { toHex } from '../../wire/hex.js';
import { allEntries, type AuditEvent } from './audit.js';

let driver: Driver;
let store: Store;
let entries: readonly AuditEntry[];
const { tenant } = SERVED;
const event = (object: string, changes: Partial<AuditEvent> = {}): AuditEvent => ({
  tenant,
  actor: 'public',
  at: new Date('2024-01-01T00:00:00.123Z'),
  action: 'verify',
  object,
  outcome: 'match',
  ...changes,
});

async function all(): Promise<AuditEntry[]> {
  const list: AuditEntry[] = [];
  for await (const entry of allEntries(store.audit, tenant)) list.push(entry);
  return list;
}

beforeAll(async () => {
  driver = await openTestDatabase();
  store = await openStore(driver, MASTER);
  const other = new Uint8Array(16);
  await Promise.all(
    Array.from({ length: 60 }, (_, i) => store.audit.append(event(`o${i}`, i % 3 === 0 ? { tenant: other } : {}))),
  );
  entries = await all();
});
afterAll(() => store.close());

test('the chain of all that was appended at once holds, without gaps', async () => {
  expect(entries).toHaveLength(40);
  expect(await verifyAudit(toHex(tenant), entries)).toEqual({ entries: 40, head: entries.at(-1)!.hash });
  expect(await verifyAudit(toHex(tenant), [])).toEqual({ entries: 0, head: '0'.repeat(64) });
  expect(await store.audit.read(tenant, 38, 10)).toEqual(entries.slice(38));
  expect(await store.audit.readBefore(tenant, Number.MAX_SAFE_INTEGER, 3)).toEqual(entries.slice(37));
  expect(await store.audit.readBefore(tenant, 3, 10)).toEqual(entries.slice(0, 2));
});

test('of one object the newest are read, oldest first, and nothing of another', async () => {
  const own = new Uint8Array(16).fill(1);
  for (const outcome of ['match', 'no_match', 'refused', 'done'] as const) {
    await store.audit.append(event('mine', { tenant: own, outcome }));
    await store.audit.append(event('theirs', { tenant: own }));
  }
  const read = async (seq: number) => (await store.audit.readBefore(own, seq, 2, 'mine')).map(({ seq }) => seq);
  expect(await read(Number.MAX_SAFE_INTEGER)).toEqual([5, 7]);
  expect(await read(5)).toEqual([1, 3]);
});

test.each<readonly [string, (list: AuditEntry[]) => AuditEntry[]]>([
  ['changed outcome', (list) => list.with(5, { ...list[5]!, outcome: 'no_match' })],
  ['changed time', (list) => list.with(5, { ...list[5]!, at: '2024-01-01T00:00:00.124Z' })],
  ['changed object', (list) => list.with(0, { ...list[0]!, object: null })],
  ['missing first entry', (list) => list.slice(1)],
  ['missing entry', (list) => list.toSpliced(7, 1)],
  ['entry twice', (list) => list.toSpliced(7, 0, list[7]!)],
  ['two that changed places', (list) => list.with(3, list[4]!).with(4, list[3]!)],
])('a log with a %s is found out', async (_, change) => {
  await expect(verifyAudit(toHex(tenant), change([...entries]))).rejects.toMatchObject({ code: 'audit_broken' });
});

test("one tenant's log does not pass for another's", async () => {
  await expect(verifyAudit('00'.repeat(16), entries)).rejects.toMatchObject({ code: 'audit_broken' });
});

test.each(['UPDATE audit SET outcome = outcome', 'DELETE FROM audit', 'TRUNCATE audit'])(
  'the database refuses %s',
  async (sql) => {
    await expect(driver.query(sql)).rejects.toThrow('only appended to');
  },
);

test('a log goes on past as many entries as 32 bits count', async () => {
  const long = new Uint8Array(16).fill(2);
  const [first] = entries;
  const zero = new Uint8Array(32);
  await driver.query(
    `INSERT INTO audit (tenant, seq, at, actor, action, object, outcome, previous, hash)
     VALUES ($1, 2147483647, $2, 'public', 'verify', NULL, 'match', $3, $3)`,
    [long, new Date(first!.at), zero],
  );
  await store.audit.append(event('next', { tenant: long }));
  expect((await store.audit.read(long, 2147483647, 10)).map(({ seq }) => seq)).toEqual([2147483648]);
});

test('what fails with its transaction leaves no entry, and the next is kept', async () => {
  const failing = driver.transaction(async (connection) => {
    await store.audit.within(connection, event('lost'));
    throw new Error('half-way');
  });
  await expect(failing).rejects.toThrow('half-way');
  await store.audit.append(event('kept'));
  const after = await all();
  expect(after.map(({ object }) => object)).not.toContain('lost');
  expect(await verifyAudit(toHex(tenant), after)).toMatchObject({ entries: 41 });
});
