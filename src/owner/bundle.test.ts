import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ErrorCode } from '../core/errors.js';
import { openBundle, readRecords } from './bundle.js';
import { protectFeatures } from './protect.js';
import { keyOf, peopleOf, syntheticSource } from './testing.js';

const set = peopleOf(['Ada', 'Grace'], 3);
let folder: string;
let bundle: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-test-'));
  bundle = join(folder, 'bundle');
  await protectFeatures({
    key: keyOf('permutation', 1),
    set,
    listing: '',
    source: syntheticSource(set),
    out: bundle,
    ownerFile: join(folder, 'owner.json'),
    recordsPerShard: 4,
    onProgress: () => {},
  });
});
afterEach(() => rm(folder, { recursive: true }));

async function readAll(): Promise<number[]> {
  const labels: number[] = [];
  for await (const { label } of readRecords(bundle, await openBundle(bundle))) labels.push(label);
  return labels;
}

const refusal = (code: ErrorCode) => expect.objectContaining({ name: 'XnnError', code }) as Error;
const shard = (number: number) => join(bundle, `0000${number}.safetensors`);

test('is read record by record', async () => {
  expect((await readAll()).sort()).toEqual([0, 0, 0, 1, 1, 1]);
});

test.each<[string, ErrorCode, () => Promise<void>]>([
  ['without its manifest', 'bundle_truncated', () => rm(join(bundle, 'manifest.json'))],
  ['with half a manifest', 'bundle_invalid', () => truncate(join(bundle, 'manifest.json'), 100)],
  ['without a shard', 'bundle_truncated', () => rm(shard(1))],
  ['with a shard cut off', 'bundle_truncated', () => truncate(shard(0), 5000)],
  ['with an empty shard', 'bundle_truncated', () => truncate(shard(0), 0)],
  [
    'with a bit changed',
    'bundle_corrupt',
    async () => {
      const bytes = await readFile(shard(1));
      bytes[bytes.length - 1]! ^= 1;
      await writeFile(shard(1), bytes);
    },
  ],
  ['with more in it', 'bundle_invalid', () => writeFile(join(bundle, 'names.txt'), 'Ada')],
])('%s is refused with %s', async (_, code, change) => {
  await change();
  await expect(readAll()).rejects.toThrow(refusal(code));
});
