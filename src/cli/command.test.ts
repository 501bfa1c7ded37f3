import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { outputTo } from './command.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'command-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('a result is written where its folder is made, and a place that takes none is refused before any work', async () => {
  const file = join(folder, 'new/result.json');
  const write = await outputTo(file);
  expect(await readdir(join(folder, 'new'))).toEqual([]);
  await write('{}\n');
  expect(await readFile(file, 'utf8')).toBe('{}\n');
  await expect(outputTo(folder)).rejects.toMatchObject({ code: 'file_unwritable' });
  await expect(outputTo(join(file, 'below.json'))).rejects.toMatchObject({ code: 'file_unwritable' });
});

it('a result that cannot be written in the end is printed', async () => {
  const file = join(folder, 'result.json');
  const write = await outputTo(file);
  await mkdir(file);
  const print = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await expect(write('{"rank1": 1}\n')).rejects.toMatchObject({ code: 'file_unwritable' });
    expect(print).toHaveBeenCalledWith('{"rank1": 1}\n');
  } finally {
    print.mockRestore();
  }
});
