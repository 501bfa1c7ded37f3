import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  BACKUP,
  KEY_CREATE,
  REKEY,
  RESTORE,
  TENANT_CREATE,
  TENANT_DISABLE,
  TENANT_ENABLE,
  TENANT_LIST,
  TENANT_SET,
  UNLOCK,
  withStore,
} from './admin.js';
import { AUDIT_EXPORT, AUDIT_VERIFY } from './audit.js';
import { CLIENT_CREATE, CLIENT_LIST } from './clients.js';
import type { Command } from './command.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-admin-'));
  vi.stubEnv('DATA_DIR', folder);
  vi.stubEnv('DATABASE_URL', '');
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** What a command prints, as JSON. */
async function printed(command: Command, ...args: string[]): Promise<unknown> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    await command.run([...args, '--json']);
    return JSON.parse(String(log.mock.calls[0]?.[0]));
  } finally {
    log.mockRestore();
  }
}

test('where no database is, none is made but for a first tenant, and no backup of it takes the place of others', async () => {
  const backups = await mkdtemp(join(tmpdir(), 'xnn-backups-'));
  const old = 'xnn-2020-01-01T00-00-00.jsonl.gz';
  await writeFile(join(backups, old), '');
  await utimes(join(backups, old), 0, 0);
  const missing = { code: 'database_missing' };
  await expect(BACKUP.run(['--out', backups, '--keep-days', '30'])).rejects.toMatchObject(missing);
  expect(await readdir(backups)).toEqual([old]);
  await expect(TENANT_LIST.run([])).rejects.toMatchObject(missing);
  await expect(CLIENT_LIST.run([])).rejects.toMatchObject(missing);
  await expect(AUDIT_EXPORT.run(['--tenant', 'acme'])).rejects.toMatchObject(missing);
  vi.stubEnv('NEW_MASTER_KEY', '00'.repeat(32));
  await expect(REKEY.run([])).rejects.toMatchObject(missing);
  expect(await readdir(folder)).toEqual([]);
  await rm(backups, { recursive: true });
});

test('a tenant is made, set, disabled and enabled', async () => {
  const { key } = (await printed(TENANT_CREATE, '--tenant', 'acme')) as { key: string };
  await expect(printed(TENANT_CREATE, '--tenant', 'acme')).rejects.toMatchObject({ code: 'tenant_exists' });
  const made = (await printed(KEY_CREATE, '--tenant', 'acme', '--role', 'operator')) as { key: string };

  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await expect(TENANT_SET.run(['--tenant', 'acme', '--modes', 'xnn'])).rejects.toMatchObject({
    code: 'request_invalid',
  });
  for (const webhook of ['acme.example', 'ftp://acme.example/', 'http://acme.example/']) {
    await expect(TENANT_SET.run(['--tenant', 'acme', '--webhook', webhook])).rejects.toMatchObject({
      code: 'request_invalid',
    });
  }
  // An unset variable of a shell, and a part of a day.
  for (const setting of ['--public=', '--threshold=', '--webhook= ', '--retention-days=1.4']) {
    await expect(TENANT_SET.run(['--tenant', 'acme', setting]), setting).rejects.toMatchObject({
      code: 'request_invalid',
    });
  }
  await TENANT_SET.run(['--tenant', 'acme', '--modes', 'keyed', '--threshold', '0.55']);
  await TENANT_DISABLE.run(['--tenant', 'acme']);
  log.mockRestore();
  expect(await printed(TENANT_LIST)).toEqual([
    expect.objectContaining({
      name: 'acme',
      modes: ['keyed'],
      threshold: 0.55,
      disabledAt: expect.any(String) as string,
    }),
  ]);
  const use = (shown: string) =>
    withStore(async ({ tenants }) => (await tenants.authenticate(shown, new Date())).scopes);
  await expect(use(key)).rejects.toMatchObject({ code: 'tenant_disabled' });
  await TENANT_ENABLE.run(['--tenant', 'acme']);
  expect((await use(key)).has('tenants')).toBe(false);
  expect((await use(made.key)).has('tenants')).toBe(true);
});

test('names that servers use for themselves, and names that the API refuses, are refused', async () => {
  for (const name of ['login', 'demo']) {
    await expect(TENANT_CREATE.run(['--tenant', name]), name).rejects.toMatchObject({ code: 'tenant_exists' });
  }
  for (const name of ['acme ', ' ', 'a\u001b[31m', 'a\nb', 'x'.repeat(65)]) {
    await expect(TENANT_CREATE.run(['--tenant', name]), name).rejects.toMatchObject({ code: 'request_invalid' });
    const client = ['--name', name, '--redirect-uri', 'https://a.example/cb'];
    await expect(CLIENT_CREATE.run(client), name).rejects.toMatchObject({ code: 'request_invalid' });
  }
});

test('where a database is, no master key is made in the place of one that is missing', async () => {
  vi.stubEnv('KEY_FILE', join(folder, 'elsewhere.key'));
  await expect(TENANT_LIST.run([])).rejects.toThrow('elsewhere.key cannot be read');
  await expect(REKEY.run([])).rejects.toThrow('elsewhere.key cannot be read');
  expect(await readdir(folder)).not.toContain('elsewhere.key');
  vi.stubEnv('KEY_FILE', '');
});

test('a database that cannot be used is named to who restores or changes keys, without its password', async () => {
  vi.stubEnv('DATABASE_URL', 'postgres://me:s3cret@127.0.0.1:1/x');
  vi.stubEnv('MASTER_KEY', '00'.repeat(32));
  for (const command of [RESTORE.run(['--from', 'x.gz']), REKEY.run([])]) {
    await expect(command).rejects.toThrow(/DATABASE_URL cannot be used: (?!.*s3cret).*ECONNREFUSED/);
  }
  vi.stubEnv('DATABASE_URL', '');
  vi.stubEnv('MASTER_KEY', '');
});

test('a head that cannot be one, and two logs at once, are mistakes and no broken chain', async () => {
  const file = join(folder, 'acme.jsonl');
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await AUDIT_EXPORT.run(['--tenant', 'acme']);
  const lines = log.mock.calls.map(([line]) => String(line));
  await writeFile(file, `${lines.join('\n')}\n`);
  const { hash } = JSON.parse(lines.at(-1)!) as { hash: string };
  await AUDIT_VERIFY.run(['--file', file, '--head', ` ${hash.toUpperCase()}`]);
  for (const wrong of [
    ['--head', ''],
    ['--head', hash.slice(1)],
    ['--tenant', 'acme'],
  ]) {
    await expect(AUDIT_VERIFY.run(['--file', file, ...wrong])).rejects.toMatchObject({ code: 'request_invalid' });
  }
  const other = ['--file', file, '--head', '0'.repeat(64)];
  await expect(AUDIT_VERIFY.run(other)).rejects.toMatchObject({ code: 'audit_broken' });
  log.mockRestore();
});

test('who unlocks is told how many misses were forgotten', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
  await UNLOCK.run(['--tenant', 'acme', '--subject', 'Nobody']);
  expect(log.mock.calls).toEqual([['Misses forgotten  0']]);
  log.mockRestore();
});
