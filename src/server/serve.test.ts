import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../wire/api.js';
import { startServer, type ServerConfig } from './serve.js';
import { SERVED, UNLIMITED } from './testing.js';

const RELEASED = fileURLToPath(new URL('../../models/student.onnx', import.meta.url));
const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));
const present = existsSync(RELEASED);
if (!present) process.stderr.write(`Skipped: there is no ${RELEASED}.\n`);

let folder: string;
let config: ServerConfig;
const log = (entry: object) => process.stderr.write(`${JSON.stringify(entry)}\n`);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-serve-'));
  config = {
    port: 0,
    host: '127.0.0.1',
    dataDir: join(folder, 'data'),
    tenant: SERVED.tenant,
    keyFile: join(folder, 'master.key'),
    rates: UNLIMITED,
    behindProxy: false,
    models: join(folder, 'models'),
    staticFiles: join(folder, 'dist'),
  };
  await mkdir(config.models);
  await mkdir(config.staticFiles);
  await writeFile(join(config.staticFiles, 'index.html'), 'page');
});
afterAll(() => rm(folder, { recursive: true }));

describe.runIf(present)('the server', () => {
  beforeAll(async () => {
    await copyFile(RELEASED, join(config.models, 'student.onnx'));
    const bytes = await readFile(RELEASED);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const student = { file: 'student.onnx', bytes: bytes.length, sha256 };
    const threshold = { value: 0.4, fmr: 1e-4 };
    const keyed = { model: '08'.repeat(8), threshold };
    const manifest = { release: '1.0.0', model: '07'.repeat(8), student, threshold, keyed };
    await writeFile(join(config.models, 'manifest.json'), JSON.stringify(manifest));
  });

  test('a TENANT that is another than the public one that is there is told to the operator', async () => {
    const dataDir = join(folder, 'other');
    await (await startServer({ ...config, dataDir }, log)).close();
    const other = startServer({ ...config, dataDir, tenant: new Uint8Array(16).fill(1) }, log);
    await expect(other).rejects.toThrow(/"demo" .* another id than (01){16}\. TENANT has to be/);
  }, 60_000);

  test('serves app and API on one port, holds its data folder, and leaves it free', async () => {
    const server = await startServer(config, log);
    expect(server.url).toMatch(/^http:\/\/localhost:\d+$/);
    const local = server.url.replace('localhost', '127.0.0.1');
    expect(await (await fetch(local)).text()).toBe('page');
    expect(await (await fetch(local + ROUTES.service)).json()).toEqual({
      model: '07'.repeat(8),
      keyedModel: '08'.repeat(8),
      tenant: '09'.repeat(16),
    });
    const metadata = await fetch(`${server.url}/.well-known/openid-configuration`);
    expect(await metadata.json()).toMatchObject({ issuer: server.url });
    expect(await readFile(join(config.dataDir, 'lock'), 'utf8')).toContain(String(process.pid));
    await server.close();
    expect(await readdir(config.dataDir)).toEqual(['postgres']);
    await expect(fetch(local)).rejects.toThrow();
  }, 60_000);

  test('counts a network of IPv6 as one address', async () => {
    const server = await startServer({ ...config, behindProxy: true, rates: { ...UNLIMITED, perAddress: 1 } }, log);
    const ask = async (address: string) => {
      const headers = { 'X-Forwarded-For': address };
      return (await fetch(server.url + ROUTES.challenges, { method: 'POST', headers })).status;
    };
    const statuses = [await ask('2001:db8::1'), await ask('2001:db8::2'), await ask('2001:db8:0:1::1')];
    await server.close();
    expect(statuses).toEqual([200, 429, 200]);
  }, 60_000);

  test('says so when the port is taken, and leaves its data folder free', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startServer({ ...config, port }, log)).rejects.toThrow(`Port ${port} is taken`);
    expect(await readdir(config.dataDir)).toEqual(['postgres']);
    other.close();
  }, 60_000);
});

describe.runIf(present)('a database that cannot be reached', () => {
  test.each(['127.0.0.1', 'localhost'])('at %s is named, but not its password', async (host) => {
    const failure = startServer({ ...config, databaseUrl: `postgres://me:s3cret@${host}:1/x` }, log);
    await expect(failure).rejects.toThrow(/DATABASE_URL cannot be used: (?!.*s3cret).*ECONNREFUSED/);
  });
});

test('says so when the app is not built', async () => {
  const staticFiles = join(folder, 'nowhere');
  await expect(startServer({ ...config, staticFiles }, log)).rejects.toThrow('npm run build');
});

test.each([
  [{ PORT: 'http' }, 'PORT must be'],
  [{ PORT: '70000' }, 'PORT must be'],
  [{ TENANT: 'demo' }, 'TENANT must be'],
  [{ TRAINING_AT_ONCE: 'two' }, 'TRAINING_AT_ONCE must be'],
  [{ DEPLOYMENTS_MOST: '-1' }, 'DEPLOYMENTS_MOST must be'],
])(
  'main refuses %j in words',
  async (env, words) => {
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN], { env: { ...process.env, ...env } });
    let said = '';
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toContain(words);
    expect(said).not.toContain('    at ');
  },
  30_000,
);
