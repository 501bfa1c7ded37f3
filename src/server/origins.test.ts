import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MESSAGE_TYPE, ROUTES } from '../wire/api.js';
import { configuration } from './configuration.js';
import { testCloud } from './testing.js';

const SHOP = 'https://shop.example.com';
const STRANGER = 'https://stranger.example.com';

let folder: string;
let cloud: Awaited<ReturnType<typeof testCloud>>;
/** Without any allowed origin. */
let closed: Awaited<ReturnType<typeof testCloud>>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-origins-'));
  for (const place of ['element', 'models', 'wasm']) {
    await mkdir(join(folder, place));
    await writeFile(join(folder, place, 'file.js'), 'file');
  }
  cloud = await testCloud({ allowedOrigins: [SHOP], staticFiles: folder });
  closed = await testCloud({ store: cloud.store, staticFiles: folder });
});
afterAll(async () => {
  await cloud.store.close();
  await rm(folder, { recursive: true });
});

const from = (origin: string, headers: Record<string, string> = {}) => ({ headers: { Origin: origin, ...headers } });
const allowed = (response: Response) => response.headers.get('Access-Control-Allow-Origin');

it.each([ROUTES.service, '/element/file.js', '/models/file.js', '/wasm/file.js'])(
  'lets pages of an allowed origin read %s, and no others',
  async (path) => {
    const shared = await cloud.fetch(path, from(SHOP));
    expect(shared.status).toBe(200);
    expect(allowed(shared)).toBe(SHOP);
    expect(shared.headers.get('Vary')).toContain('Origin');
    expect(shared.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    expect(allowed(await cloud.fetch(path, from(STRANGER)))).toBeNull();
    expect(allowed(await closed.fetch(path, from(SHOP)))).toBeNull();
  },
);

it('lets them read what has not changed since, and refusals', async () => {
  const tag = (await cloud.fetch('/element/file.js', from(SHOP))).headers.get('ETag')!;
  const same = await cloud.fetch('/element/file.js', from(SHOP, { 'If-None-Match': tag }));
  expect([same.status, allowed(same)]).toEqual([304, SHOP]);
  const refused = await cloud.fetch(ROUTES.identification, { method: 'POST', ...from(SHOP) });
  expect([refused.status, allowed(refused)]).toEqual([400, SHOP]);
});

/** Asks as a browser does before a request with a body. */
const ask = (path: string, origin: string) =>
  cloud.fetch(path, {
    method: 'OPTIONS',
    ...from(origin, { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'content-type' }),
  });

it.each([ROUTES.challenges, ROUTES.identification, ROUTES.verification('Ada'), ROUTES.enrolment('Ada')])(
  'lets them ask %s',
  async (path) => {
    const answer = await ask(path, SHOP);
    expect(answer.status).toBe(204);
    expect(allowed(answer)).toBe(SHOP);
    expect(answer.headers.get('Access-Control-Allow-Headers')).toBe('Content-Type');
    expect(answer.headers.get('Access-Control-Allow-Credentials')).toBeNull();
    expect(allowed(await ask(path, STRANGER))).toBeNull();
  },
);

it.each([
  ROUTES.removal('Ada'),
  '/v1/subjects/Ada/scores',
  '/v1/login/session',
  '/v1/keys',
  '/v1/audit',
  '/index.html',
])('keeps %s to its own page', async (path) => {
  expect(allowed(await ask(path, SHOP))).toBeNull();
  expect(allowed(await cloud.fetch(path, from(SHOP)))).toBeNull();
});

it('answers a verification from there as it does from its own page', async () => {
  const body = new Uint8Array(4);
  const headers = { Origin: SHOP, 'Content-Type': MESSAGE_TYPE };
  const answer = await cloud.fetch(ROUTES.verification('Ada'), { method: 'POST', headers, body });
  expect(await answer.json()).toMatchObject({ error: { code: 'message_truncated' } });
  expect(allowed(answer)).toBe(SHOP);
});

it('takes origins from the environment', () => {
  expect(configuration({}).allowedOrigins).toEqual([]);
  expect(configuration({ ALLOWED_ORIGINS: `${SHOP}, http://localhost:3000` }).allowedOrigins).toEqual([
    SHOP,
    'http://localhost:3000',
  ]);
  for (const wrong of ['*', 'null', `${SHOP}/`, `${SHOP}/login`, 'shop.example.com']) {
    expect(() => configuration({ ALLOWED_ORIGINS: wrong })).toThrow('ALLOWED_ORIGINS must be an address');
  }
});
