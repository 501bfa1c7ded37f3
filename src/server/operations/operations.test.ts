import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { toHex } from '../../wire/hex.js';
import { verifyAudit, type AuditEntry } from '../../wire/audit.js';
import { allEntries } from '../audit/audit.js';
import type { Driver } from '../drivers.js';
import { localMaster } from '../keyring/master.js';
import { migrate } from '../migrations.js';
import { openStore, type Store } from '../store.js';
import { embeddingOf, enrol, MASTER, SERVED, testCloud, openTestDatabase } from '../testing.js';
import { backUp, KEPT, restore } from './backup.js';
import { createMetrics } from './metrics.js';
import { deliverWebhooks, signature, webhookSecret } from './webhooks.js';

let driver: Driver;
let store: Store;
let folder: string;
const act = { actor: 'operator', at: new Date('2024-01-01') };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-operations-'));
  driver = await openTestDatabase();
  store = await openStore(driver, MASTER);
  const { fetch } = await testCloud({ store });
  for (const person of [1, 2, 3]) await enrol(fetch, `person ${person}`, person);
});
afterAll(async () => {
  await store.close();
  await rm(folder, { recursive: true });
});

test('a backup restores templates, keys and the audit chain, and shows no template', async () => {
  await store.limiter.attempts(driver, [{ tenant: SERVED.tenant, subject: 'person 1' }]);
  const file = join(folder, 'all.jsonl.gz');
  const rows = await backUp(driver, file);
  const text = gunzipSync(await readFile(file)).toString();
  expect(text.trim().split('\n')).toHaveLength(rows + 1);
  const plain = Buffer.from(embeddingOf(1).buffer).subarray(0, 8);
  expect(text).not.toContain(plain.toString('hex'));

  const other = await openTestDatabase();
  await migrate(other, MASTER);
  const stranger = localMaster(new Uint8Array(32).fill(1));
  await expect(restore(other, file, stranger)).rejects.toMatchObject({ code: 'master_key_wrong' });
  expect(await restore(other, file, MASTER)).toBe(rows);
  await expect(restore(other, file, MASTER)).rejects.toMatchObject({ code: 'database_not_empty' });
  const restored = await openStore(other, MASTER);
  expect((await restored.nearest(SERVED, embeddingOf(2)))?.subject).toBe('person 2');
  expect(await restored.limiter.misses(SERVED.tenant, 'person 1')).toBe(1);
  const entries: AuditEntry[] = [];
  for await (const entry of allEntries(restored.audit, SERVED.tenant)) entries.push(entry);
  expect((await verifyAudit(toHex(SERVED.tenant), entries)).entries).toBe(4);
  // What comes after it is numbered after it.
  const { fetch } = await testCloud({ store: restored });
  await enrol(fetch, 'person 4', 4);
  expect((await restored.nearest(SERVED, embeddingOf(4)))?.subject).toBe('person 4');
  await restored.close();
}, 120_000);

test('a backup has every table but what ends by itself, and none that is not ours', async () => {
  const tables = await driver.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`,
  );
  const ended = ['migrations', 'challenges', 'sessions', 'oidc_models'];
  expect(tables.map(({ name }) => name).toSorted()).toEqual([...KEPT, ...ended].toSorted());

  const other = await openTestDatabase();
  await migrate(other, MASTER);
  await driver.query('CREATE TABLE notes (t text)');
  await driver.query("INSERT INTO notes VALUES ('somebody else’s')");
  const file = join(folder, 'shared.jsonl.gz');
  const rows = await backUp(driver, file);
  await driver.query('DROP TABLE notes');
  expect(await restore(other, file, MASTER)).toBe(rows);
  await other.close();
}, 120_000);

test('a database whose tables stand in another schema has a backup as any other', async () => {
  const other = await openTestDatabase();
  await other.query('CREATE SCHEMA own');
  const elsewhere: Driver = {
    ...other,
    transaction: (work) =>
      other.transaction(async (connection) => {
        await connection.query('SET LOCAL search_path TO own');
        return work(connection);
      }),
  };
  await migrate(elsewhere, MASTER);
  const rows = await restore(elsewhere, join(folder, 'all.jsonl.gz'), MASTER);
  expect(await backUp(elsewhere, join(folder, 'schema.jsonl.gz'))).toBe(rows);
  await other.close();
}, 120_000);

test('of two backups of one second neither is written over the other', async () => {
  const file = join(folder, 'second.jsonl.gz');
  const both = await Promise.allSettled([backUp(driver, file), backUp(driver, file)]);
  const whole = await backUp(driver, join(folder, 'alone.jsonl.gz'));
  expect(both.filter(({ status }) => status === 'fulfilled')).toEqual([{ status: 'fulfilled', value: whole }]);
  expect(both.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { code: 'file_unwritable' } });
  expect(
    gunzipSync(await readFile(file))
      .toString()
      .trim()
      .split('\n'),
  ).toHaveLength(whole + 1);
}, 120_000);

test('a backup that fails half-way leaves nothing', async () => {
  const breaking: Driver = {
    ...driver,
    transaction: (work) =>
      driver.transaction((connection) =>
        work({
          query: (sql, parameters) =>
            sql.startsWith('FETCH') ? Promise.reject(new Error('away')) : connection.query(sql, parameters),
        }),
      ),
  };
  await expect(backUp(breaking, join(folder, 'broken.jsonl.gz'))).rejects.toThrow('away');
  expect((await readdir(folder)).filter((name) => name.startsWith('broken'))).toEqual([]);
}, 120_000);

test('what is no backup is refused, and leaves nothing', async () => {
  const other = await openTestDatabase();
  await migrate(other, MASTER);
  const lines = gunzipSync(await readFile(join(folder, 'all.jsonl.gz')))
    .toString()
    .split('\n');
  const wrong = [
    '{"format":"xnn-backup-1","version":1}\n',
    `${lines.slice(0, 3).join('\n')}\n{"table":"pg_authid","row":{}}\n`,
    '{}',
  ];
  for (const text of wrong) {
    const file = join(folder, 'wrong.jsonl.gz');
    await writeFile(file, gzipSync(text));
    await expect(restore(other, file, MASTER)).rejects.toMatchObject({ code: 'backup_invalid' });
  }
  const whole = await readFile(join(folder, 'all.jsonl.gz'));
  await writeFile(join(folder, 'cut.jsonl.gz'), whole.subarray(0, whole.length >> 1));
  await writeFile(join(folder, 'open.jsonl.gz'), gunzipSync(whole));
  for (const name of ['cut.jsonl.gz', 'open.jsonl.gz', 'missing.jsonl.gz']) {
    await expect(restore(other, join(folder, name), MASTER)).rejects.toMatchObject({ code: 'backup_invalid' });
  }
  expect(await other.query('SELECT 1 FROM tenants')).toEqual([]);
  await other.close();
}, 120_000);

test('a webhook is told the audit log, signed, in order, and again when it failed', async () => {
  const told: { body: string; signature: string }[] = [];
  let status = 500;
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      told.push({ body, signature: String(request.headers['xnn-signature']) });
      response.writeHead(status).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await store.tenants.change(SERVED.tenant, { webhook }, act);
  const now = () => 1_700_000_000_000;
  // What was before it is not told.
  const before = await deliverWebhooks(store, now);
  expect(before).toBe(0);
  status = 204;
  await store.removeSubject(SERVED.tenant, 'person 3', null, act);
  expect(await deliverWebhooks(store, now)).toBeGreaterThan(0);
  expect(await deliverWebhooks(store, now)).toBe(0);
  const last = told.at(-1)!;
  expect(last.signature).toBe(signature(await webhookSecret(store, SERVED.tenant), 1_700_000_000, last.body));
  const { tenant, entries } = JSON.parse(last.body) as { tenant: string; entries: AuditEntry[] };
  expect([tenant, entries.at(-1)?.action]).toEqual([toHex(SERVED.tenant), 'remove']);
  expect(last.body).not.toContain('person');
  await store.tenants.change(SERVED.tenant, { webhook: null }, act);
  server.close();
});

test('an address that is set while another is told is told only what comes', async () => {
  const tenant = new Uint8Array(16).fill(3);
  await store.tenants.ensure(tenant, 'tenant 3', false, act);
  const told: string[] = [];
  const server = createServer((request, response) => {
    request.resume();
    told.push(request.url!);
    const change = request.url === '/old' ? store.tenants.change(tenant, { webhook: `${address}new` }, act) : null;
    void Promise.resolve(change).then(() => response.writeHead(204).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await store.tenants.change(tenant, { webhook: `${address}old` }, act);
  await store.audit.append({ ...act, tenant, action: 'verify', object: null, outcome: 'match' });
  await deliverWebhooks(store, Date.now);
  const [row] = await driver.query<{ seq: number; head: number }>(
    `SELECT webhook_seq::float8 AS seq, (SELECT max(seq)::float8 FROM audit WHERE tenant = $1) AS head
     FROM tenants WHERE id = $1`,
    [tenant],
  );
  // The change itself was noted after it.
  expect([told, row!.seq]).toEqual([['/old'], row!.head - 1]);
  await store.tenants.change(tenant, { webhook: null }, act);
  server.close();
});

test('a webhook that takes its time holds up the others for a few seconds, not for all that it is told', async () => {
  const tenant = new Uint8Array(16).fill(4);
  let clock = 1_700_000_000_000;
  let told = 0;
  const server = createServer((request, response) => {
    request.resume();
    told++;
    clock += 3_000;
    response.writeHead(204).end();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  await store.tenants.ensure(tenant, 'tenant 4', false, act);
  await store.tenants.change(tenant, { webhook }, act);
  const event = { ...act, tenant, action: 'verify', object: null, outcome: 'match' } as const;
  await Promise.all(Array.from({ length: 500 }, () => store.audit.append(event)));
  await deliverWebhooks(store, () => clock);
  expect(told).toBe(2);
  await deliverWebhooks(store, () => clock);
  expect(told).toBe(4);
  await store.tenants.change(tenant, { webhook: null }, act);
  server.close();
});

test('one webhook that fails keeps no other from its entries, of which there may be many', async () => {
  let told = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => (told++, response.writeHead(204).end()));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const webhook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const [first, second] = [1, 2].map((byte) => new Uint8Array(16).fill(byte)) as [Uint8Array, Uint8Array];
  for (const tenant of [first, second]) {
    await store.tenants.ensure(tenant, `tenant ${tenant[0]}`, false, act);
    await store.tenants.change(tenant, { webhook }, act);
    await webhookSecret(store, tenant);
  }
  const event = { ...act, action: 'verify', object: null, outcome: 'match' } as const;
  await Promise.all(Array.from({ length: 250 }, () => store.audit.append({ ...event, tenant: second })));
  await store.audit.append({ ...event, tenant: first });
  const read: typeof store.audit.read = (tenant, ...rest) =>
    tenant[0] === 1 ? Promise.reject(new Error('broken')) : store.audit.read(tenant, ...rest);
  await expect(deliverWebhooks({ ...store, audit: { ...store.audit, read } }, Date.now)).rejects.toThrow('1 webhooks');
  expect(told).toBe(3);
  expect(await deliverWebhooks(store, Date.now)).toBeGreaterThan(0);
  expect(told).toBe(4);
  server.close();
});

test('metrics count requests by route, never by name', async () => {
  const metrics = createMetrics();
  const { fetch } = await testCloud({ store, observe: metrics.observe });
  await fetch('/v1/subjects/Ada%20Lovelace/verification', { method: 'POST' });
  const text = await metrics.text();
  expect(text).toMatch(
    /xnn_requests_total\{method="POST",route="\/v1\/subjects\/:subject\/verification",status="400"\} 1/,
  );
  expect(text).not.toContain('Lovelace');
  expect(text).toContain('process_resident_memory_bytes');
});
