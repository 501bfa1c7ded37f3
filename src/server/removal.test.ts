import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_ROUTES, ROLE_SCOPES } from '../wire/admin.js';
import { ROUTES } from '../wire/api.js';
import { fromHex } from '../wire/hex.js';
import { bindingOf, LOGIN_ROUTES, type LoginChallenge } from '../wire/login.js';
import { openStore, type Store } from './store.js';
import type { Driver } from './drivers.js';
import { softDevice } from './login/testing.js';
import {
  dump,
  embeddingOf,
  enrol,
  keyedMessageOf,
  MASTER,
  openTestDatabase,
  SERVED,
  show,
  testCloud,
} from './testing.js';

// Nothing of a subject that was removed is left: no template, sealed or not, and no name, in any table or line of the log.

const DAY = 86_400_000;
const ORIGIN = 'https://login.example.com';
const LOGIN = { ...SERVED, tenant: new Uint8Array(16).fill(0x6c) };
const act = { actor: 'test', at: new Date('2024-01-01') };
/** By the way each will go. */
const SUBJECTS = ['Ada Receipt', 'Ben Face', 'Cleo Admin', 'Dora Retention'] as const;
const ACCOUNT = 'Emil Account';

let driver: Driver;
let store: Store;
beforeAll(async () => {
  driver = await openTestDatabase();
  store = await openStore(driver, MASTER);
  await store.tenants.ensure(LOGIN.tenant, 'login', false, act);
});
afterAll(() => store.close());

test('a removed subject leaves no copy in any table or log, however it goes', async () => {
  const lines: object[] = [];
  const cloud = await testCloud({
    store,
    login: { tenant: LOGIN.tenant, origin: ORIGIN },
    observe: (request) => lines.push(request),
    log: (entry) => lines.push(entry),
    random: (size) => crypto.getRandomValues(new Uint8Array(size)),
  });
  const { fetch } = cloud;
  const key = { role: 'admin', scopes: ROLE_SCOPES.admin, expiresAt: null } as const;
  const admin = { Authorization: `Bearer ${(await store.tenants.createKey(SERVED.tenant, key, act)).key}` };
  const json = (body: object) => ({ headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });

  const receipts: string[] = [];
  for (const [person, subject] of SUBJECTS.entries()) receipts.push((await enrol(fetch, subject, person)).receipt);
  const session = await register(fetch);
  for (const [person, subject] of SUBJECTS.entries()) {
    expect(await show(fetch, ROUTES.verification(subject), person)).toEqual({ verdict: 'match' });
    expect(await show(fetch, ROUTES.verification(subject), 99)).toEqual({ verdict: 'no_match' });
    expect(await show(fetch, ROUTES.identification, person)).toEqual({ verdict: 'match', subject });
  }

  const rows = await driver.query<{ sealed: Uint8Array; receipt_hash: Uint8Array }>('SELECT * FROM templates');
  expect(rows).toHaveLength(SUBJECTS.length + 1);
  const copies = rows.flatMap(({ sealed, receipt_hash }) => [Buffer.from(sealed), Buffer.from(receipt_hash)]);
  const names = [...SUBJECTS, ACCOUNT].map((name) => Buffer.from(name));
  const before = await dump(driver);
  for (const kept of [...copies, ...names]) expect(before.includes(kept)).toBe(true);

  await fetch(ROUTES.removal(SUBJECTS[0]), { method: 'POST', ...json({ receipt: receipts[0] }) });
  expect(await show(fetch, ROUTES.removal(SUBJECTS[1]), 1)).toEqual({ removed: true });
  await fetch(ADMIN_ROUTES.subject(SUBJECTS[2]), { method: 'DELETE', headers: admin });
  await store.tenants.change(SERVED.tenant, { retentionDays: 1 }, act);
  expect(await store.sweep({ ...act, at: new Date(cloud.clock.now + 2 * DAY) })).toBe(1);
  await fetch(LOGIN_ROUTES.account, { method: 'DELETE', headers: { Origin: ORIGIN, Cookie: session } });

  const after = await dump(driver);
  const log = Buffer.from(JSON.stringify(lines));
  expect(await driver.query('SELECT 1 FROM templates')).toEqual([]);
  expect(await driver.query('SELECT key FROM limits')).toEqual([]);
  expect(lines.length).toBeGreaterThan(SUBJECTS.length);
  const plain = [0, 1, 2, 3, 4].flatMap((person) => {
    const bytes = Buffer.from(embeddingOf(person).buffer);
    return Array.from({ length: bytes.length / 4 - 1 }, (_, i) => bytes.subarray(4 * i, 4 * i + 8));
  });
  for (const text of [after, log]) {
    for (const part of [...copies, ...names, ...plain]) {
      expect(text.includes(part)).toBe(false);
      expect(text.includes(part.toString('hex'))).toBe(false);
      expect(text.includes(part.toString('base64'))).toBe(false);
    }
    for (const name of SUBJECTS.flatMap((subject) => subject.split(' ')[0]!)) expect(text.includes(name)).toBe(false);
    for (const name of SUBJECTS) expect(text.includes(encodeURIComponent(name))).toBe(false);
  }
  for (const person of SUBJECTS.keys())
    expect(await show(fetch, ROUTES.identification, person)).toEqual({ verdict: 'no_match' });
});

/** An account, with the face of person 4. @returns its cookie */
async function register(fetch: Awaited<ReturnType<typeof testCloud>>['fetch']): Promise<string> {
  const device = softDevice(ORIGIN);
  const headers = { Origin: ORIGIN, 'Content-Type': 'application/json' };
  const given = await fetch(LOGIN_ROUTES.challenges, { method: 'POST', headers });
  const { challenge } = (await given.json()) as LoginChallenge;
  const bytes = fromHex(challenge, 16);
  const message = keyedMessageOf(1, 4, bytes, LOGIN.tenant);
  const binding = bindingOf({ challenge: bytes, tenant: LOGIN.tenant, origin: ORIGIN }, message);
  const messages = Buffer.from(message).toString('base64url');
  const body = JSON.stringify({ name: ACCOUNT, challenge, messages, device: device.register(binding) });
  const response = await fetch(LOGIN_ROUTES.accounts, { method: 'POST', headers, body });
  expect(response.status).toBe(200);
  return response.headers.get('set-cookie')!.split(';')[0]!;
}
