import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { similarity, unit } from '../core/match.js';
import { readMessages, recognise } from '../protocol/recognise.js';
import { ROUTES } from '../wire/api.js';
import { loadCloudModel } from './models.js';
import { messageOf, newChallenge, post, SERVED, testCloud } from './testing.js';

const RELEASED = fileURLToPath(new URL('../../models/student.onnx', import.meta.url));
const present = existsSync(RELEASED);
if (!present) process.stderr.write(`Skipped: there is no ${RELEASED}.\n`);

let folder: string;
let entry: { file: string; bytes: number; sha256: string };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-models-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function writeManifest(changes: object = {}): Promise<void> {
  const threshold = { value: 0.4, fmr: 1e-4, low: 0.38, high: 0.42, pairs: 10 };
  const keyed = { model: '08'.repeat(8), threshold };
  const manifest = { release: '1.0.0', model: '07'.repeat(8), student: entry, threshold, keyed, ...changes };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
}

describe.runIf(present)('the released student', () => {
  beforeAll(async () => {
    await copyFile(RELEASED, join(folder, 'student.onnx'));
    const bytes = await readFile(RELEASED);
    entry = { file: 'student.onnx', bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
    await writeManifest();
  });

  test('is run without reports of it: onnxruntime keeps no id of the machine to send along', async () => {
    const home = await mkdtemp(join(tmpdir(), 'xnn-home-'));
    const script = `import { startStudent } from ${JSON.stringify(new URL('./student.ts', import.meta.url).href)};
      await (await startStudent(${JSON.stringify(folder)})).close();`;
    // As on a machine that is no tester's, where they are never sent.
    const { PATH } = process.env;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    await promisify(execFile)(process.execPath, args, { env: { PATH, HOME: home } });
    expect(await readdir(home, { recursive: true })).toEqual([]);
    await rm(home, { recursive: true });
  }, 120_000);

  test('is loaded with its version and threshold', async () => {
    expect(await loadCloudModel(folder)).toMatchObject({ release: '1.0.0', model: SERVED.model, threshold: 0.4 });
  });

  test('gives each message of a batch the embedding it has alone', async () => {
    const { student } = await loadCloudModel(folder);
    const challenge = new Uint8Array(16);
    const messages = [1, 2, 3].flatMap((person) => readMessages(messageOf(person, challenge), SERVED));
    const together = await recognise(student, messages);
    for (const [i, message] of messages.entries()) {
      const [alone] = await recognise(student, [message]);
      expect(similarity(alone!, together[i]!)).toBeGreaterThan(0.9999);
    }
    const raw = await student(messages.map(({ features }) => features));
    for (const vector of raw) expect(similarity(vector, unit(vector))).toBeCloseTo(1, 3);
  });

  test('recognises the same features again, through every route', async () => {
    const { student } = await loadCloudModel(folder);
    // Random features show no face: only equal ones are sure to be alike.
    const { fetch, store } = await testCloud({ student, threshold: 0.999 });
    const same = async (path: string) => {
      const response = await post(fetch, path, messageOf(1, await newChallenge(fetch)));
      return response.json() as Promise<unknown>;
    };
    expect(await same(ROUTES.enrolment('Ada'))).toMatchObject({ subject: 'Ada' });
    expect(await same(ROUTES.verification('Ada'))).toEqual({ verdict: 'match' });
    expect(await same(ROUTES.verification('Nobody'))).toEqual({ verdict: 'no_match' });
    expect(await same(ROUTES.identification)).toEqual({ verdict: 'match', subject: 'Ada' });
    expect(await same(ROUTES.removal('Ada'))).toEqual({ removed: true });
    expect(await same(ROUTES.verification('Ada'))).toEqual({ verdict: 'no_match' });
    await store.close();
  }, 30_000);

  test.each([
    ['another hash', { sha256: '0'.repeat(64) }],
    ['another size', { bytes: 17 }],
  ])('is refused with %s', async (_, change) => {
    await writeManifest({ student: { ...entry, ...change } });
    await expect(loadCloudModel(folder)).rejects.toMatchObject({ code: 'model_hash_wrong' });
  });

  test('is refused when one bit of the file differs', async () => {
    await writeManifest();
    const bytes = await readFile(RELEASED);
    bytes[bytes.length >> 1]! ^= 1;
    await writeFile(join(folder, 'student.onnx'), bytes);
    await expect(loadCloudModel(folder)).rejects.toMatchObject({ code: 'model_hash_wrong' });
    await copyFile(RELEASED, join(folder, 'student.onnx'));
  });
});

test('a folder without manifest or student', async () => {
  await expect(loadCloudModel(join(folder, 'missing'))).rejects.toMatchObject({ code: 'model_missing' });
  await writeManifest({ student: { file: 'absent.onnx', bytes: 1, sha256: '0'.repeat(64) } });
  await expect(loadCloudModel(folder)).rejects.toMatchObject({ code: 'model_missing' });
});

test('a student that is no network', async () => {
  const sha256 = createHash('sha256').update('no network').digest('hex');
  await writeFile(join(folder, 'fake.onnx'), 'no network');
  await writeManifest({ student: { file: 'fake.onnx', bytes: 10, sha256 } });
  await expect(loadCloudModel(folder)).rejects.toMatchObject({ code: 'model_invalid' });
});

test.each([
  ['without a threshold', { threshold: undefined }],
  ['with a threshold that is no cosine', { threshold: { value: 2, fmr: 1e-4 } }],
  ['with a short version', { model: '07' }],
  ['whose student lies elsewhere', { student: { file: '../student.onnx', bytes: 1, sha256: '0'.repeat(64) } }],
])('a manifest %s', async (_, changes) => {
  await writeManifest({ student: { file: 'student.onnx', bytes: 1, sha256: '0'.repeat(64) }, ...changes });
  await expect(loadCloudModel(folder)).rejects.toMatchObject({ code: 'model_invalid' });
});

test('a manifest that is no JSON', async () => {
  await writeFile(join(folder, 'manifest.json'), '{');
  await expect(loadCloudModel(folder)).rejects.toMatchObject({ code: 'model_invalid' });
});
