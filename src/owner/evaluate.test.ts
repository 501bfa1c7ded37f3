import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../core/errors.js';
import { evaluateTail } from './evaluate.js';
import { loadTail } from '../server/tail.js';
import { openTail } from './tail.js';
import { keyOf, meanTail, peopleOf, syntheticSource } from './testing.js';

const set = peopleOf(['Ada', 'Grace', 'Mary'], 4);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'evaluate-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function tailFile(network: Uint8Array): Promise<string> {
  const file = join(folder, 'tail.onnx');
  await writeFile(file, network);
  return file;
}

const refusal = (code: ErrorCode) => expect.objectContaining({ name: 'XnnError', code }) as Error;

describe('evaluation', () => {
  test('recognises people through key and tail', async () => {
    const tail = await loadTail(meanTail());
    const progress: number[] = [];
    const report = await evaluateTail({
      key: keyOf('xnn', 1),
      tail,
      set,
      source: syntheticSource(set),
      fmr: 1e-3,
      onProgress: (done) => progress.push(done),
    });
    expect(report).toMatchObject({
      images: 12,
      identities: 3,
      detectionFailures: 0,
      pairs: { genuine: 18, impostor: 48 },
      rank1: { value: 1 },
      eer: { value: 0 },
      tarAtFar1e3: { value: 1 },
      atThreshold: null,
      threshold: { fmr: 1e-3, pairs: 48 },
    });
    expect(progress).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  test('counts refused images as not recognised', async () => {
    const tail = await loadTail(meanTail());
    const source = syntheticSource(set, (image) => (image === 0 ? { code: 'no_face' } : null));
    const report = await evaluateTail({
      key: keyOf('permutation', 1),
      tail,
      set,
      source,
      fmr: 1e-3,
      onProgress: () => {},
    });
    expect(report.failures).toEqual([{ file: 'Ada/holiday 0.jpg', code: 'no_face' }]);
    expect(report.rank1.value).toBeLessThan(1);
    expect(report.withoutFailures?.pairs.genuine).toBe(15);
  });

  test('needs somebody with two pictures', async () => {
    const tail = await loadTail(meanTail());
    const single = peopleOf(['Ada', 'Grace'], 1);
    const source = syntheticSource(single);
    const job = { key: keyOf('xnn', 1), tail, set: single, source, fmr: 1e-3, onProgress: () => {} };
    await expect(evaluateTail(job)).rejects.toThrow(refusal('too_few_pairs'));
  });
});

describe('a tail', () => {
  test.each([
    ['that is no network', () => Buffer.from('hello')],
    ['with another input', () => meanTail({ input: 'steps' })],
    ['with another output', () => meanTail({ output: 'logits' })],
    ['for other tokens', () => meanTail({ channels: 128 })],
    ['with a shorter embedding', () => meanTail({ size: 64 })],
  ])('%s does not fit', async (_, network) => {
    await expect(openTail(await tailFile(network()))).rejects.toThrow(refusal('tail_invalid'));
  });

  test('that is not there does not fit', async () => {
    await expect(openTail(join(folder, 'missing.onnx'))).rejects.toThrow(refusal('tail_invalid'));
  });
});
