import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { changeLedger, readLedger } from './ledger.js';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-ledger-'));
  file = join(folder, 'cloud.json');
});
afterEach(() => rm(folder, { recursive: true }));

const add = (job: string) =>
  changeLedger((ledger) => {
    const entry = { cloud: '', token: '', created: '', job, bundle: '', sha256: '' };
    return { ...ledger, jobs: [...ledger.jobs, entry] };
  }, file);

test('commands that change it at once forget nothing', async () => {
  const jobs = Array.from({ length: 10 }, (_, i) => `${i}`);
  await Promise.all(jobs.map(add));
  expect((await readLedger(file)).jobs.map(({ job }) => job).sort()).toEqual(jobs);
});

test('a command that was killed holds up no other for long', async () => {
  await writeFile(`${file}.lock`, '');
  const then = new Date(Date.now() - 11_000);
  await utimes(`${file}.lock`, then, then);
  await add('1');
  expect((await readLedger(file)).jobs).toHaveLength(1);
});
