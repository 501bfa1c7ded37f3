import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPrivateFile, OWNER_ONLY, replaceFile } from './files.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'files-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('a file is replaced, and nothing is left beside it', async () => {
  const file = join(folder, 'a');
  await replaceFile(file, 'one');
  await replaceFile(file, 'two', OWNER_ONLY);
  expect(await readFile(file, 'utf8')).toBe('two');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readdir(folder)).toEqual(['a']);
});

test('what lies in the way of a private file does not make it less so', async () => {
  const file = join(folder, 'a');
  await writeFile(join(folder, 'elsewhere'), 'other');
  await symlink(join(folder, 'elsewhere'), `${file}.new`);
  await replaceFile(file, 'one', OWNER_ONLY);
  await writeFile(`${file}.new`, 'cut off', { mode: 0o644 });
  await replaceFile(file, 'two', OWNER_ONLY);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await readFile(join(folder, 'elsewhere'), 'utf8')).toBe('other');
});

test('a file that cannot be replaced stays as it is', async () => {
  await mkdir(join(folder, 'a'));
  await writeFile(join(folder, 'a/b'), '');
  await expect(replaceFile(join(folder, 'a'), 'one')).rejects.toMatchObject({ code: 'file_unwritable' });
  expect(await readdir(join(folder, 'a'))).toEqual(['b']);
  expect(await readdir(folder)).toEqual(['a']);
  await expect(replaceFile(join(folder, 'no/such'), 'one')).rejects.toMatchObject({ code: 'file_unwritable' });
});

test('a private file is never written over another one', async () => {
  const file = join(folder, 'key');
  await createPrivateFile(file, 'one');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await expect(createPrivateFile(file, 'two')).rejects.toMatchObject({ code: 'file_unwritable' });
  expect(await readFile(file, 'utf8')).toBe('one');
});
