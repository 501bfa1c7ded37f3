import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const CHILDREN = 4;
let folder: string;
let path: string;
let children: readonly ChildProcess[];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-lock-'));
  path = join(folder, 'lock');
  children = Array.from({ length: CHILDREN }, () =>
    fork(new URL('lock.testing.child.ts', import.meta.url), [path], { execArgv: ['--import', 'tsx'] }),
  );
  await Promise.all(children.map((child) => once(child, 'message')));
}, 60_000);
afterAll(async () => {
  for (const child of children) child.kill();
  await rm(folder, { recursive: true });
});

/** How many of the processes hold the lock after all have asked for it at once. */
async function holders(): Promise<number> {
  const answers = children.map((child) => once(child, 'message'));
  for (const child of children) child.send('take');
  return (await Promise.all(answers)).filter(([answer]) => answer === 'held').length;
}

test('of several processes that ask at once one gets the lock, be there none or that of one that was killed', async () => {
  for (let i = 0; i < 50; i++) {
    await writeFile(path, `999999999 ${hostname()}`);
    expect(await holders()).toBe(1);
    expect(await readFile(path, 'utf8')).toMatch(new RegExp(` ${hostname()}$`));
    await rm(path);
    expect(await holders()).toBe(1);
  }
  expect(await readdir(folder)).toEqual(['lock']);
}, 60_000);
