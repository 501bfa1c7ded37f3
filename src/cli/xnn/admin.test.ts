import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  BACKUP,
  KEY_CREATE,
  REKEY,
  TENANT_CREATE,
  TENANT_DISABLE,
  TENANT_ENABLE,
  TENANT_LIST,
  TENANT_SET,
  withStore,
} from './admin.js';
import { AUDIT_EXPORT } from './audit.js';
import { CLIENT_LIST } from './clients.js';
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
