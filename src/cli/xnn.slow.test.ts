import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBundle, readRecords } from '../owner/bundle.js';
import { createKey } from '../owner/key.js';
import { infoOf, type StoredKey } from '../wire/key-file.js';
import { releasedEncoder } from '../owner/release.js';

const XNN = fileURLToPath(new URL('../../bin/xnn.js', import.meta.url));
const PASSPHRASE = 'correct horse battery';
const photos = dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/demo/sample1.jpg'));
let folder: string;
let key: StoredKey;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'xnn-slow-test-'));
  const faces = join(folder, 'faces');
  for (const name of ['Ada Lovelace', 'Grace Hopper']) await mkdir(join(faces, name), { recursive: true });
  for (const copy of ['beach.jpg', 'wedding.jpg']) {
    await copyFile(join(photos, 'sample2.jpg'), join(faces, 'Ada Lovelace', copy));
    await copyFile(join(photos, 'sample4.jpg'), join(faces, 'Grace Hopper', copy));
  }
  await copyFile(join(photos, 'sample1.jpg'), join(faces, 'Ada Lovelace/group.jpg'));
  await writeFile(join(faces, 'Grace Hopper/broken.png'), 'not a picture');
  await writeFile(join(folder, 'passphrase'), PASSPHRASE);
  await mkdir(join(folder, 'keys'));
  key = await createKey(join(folder, 'keys/faces.key'), 'xnn', await releasedEncoder(), PASSPHRASE);
});
afterAll(() => rm(folder, { recursive: true }));

test('pictures become a bundle that shows none of them', { timeout: 180_000 }, async () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [XNN, 'protect', '--images', 'faces', '--key', 'keys/faces.key', '--out', 'faces.bundle', '--json'],
    { encoding: 'utf8', cwd: folder, env: { ...process.env, XNN_PASSPHRASE_FILE: 'passphrase' } },
  );
  expect(status, stderr).toBe(0);
  expect(stderr).toContain('6 of 6 images');
  const result = JSON.parse(stdout) as { refused: { image: string; code: string }[] };
  expect(result).toMatchObject({
    bundle: 'faces.bundle',
    ownerFile: 'keys/faces.bundle.owner.json',
    images: 6,
    records: 4,
    classes: 2,
  });
  expect(result.refused.toSorted((a, b) => a.image.localeCompare(b.image))).toEqual([
    { image: 'Ada Lovelace/group.jpg', code: 'several_faces' },
    { image: 'Grace Hopper/broken.png', code: 'image_corrupt' },
  ]);

  // Copies of a photo give equal records of one class.
  const bundle = join(folder, 'faces.bundle');
  const manifest = await openBundle(bundle);
  expect(manifest.key).toBe(infoOf(key).fingerprint);
  const records = new Map<string, number[]>();
  for await (const { label, steps } of readRecords(bundle, manifest)) {
    const content = Buffer.from(steps).toString('base64');
    records.set(content, [...(records.get(content) ?? []), label]);
  }
  expect([...records.values()].toSorted((a, b) => a[0]! - b[0]!)).toEqual([
    [0, 0],
    [1, 1],
  ]);

  const names = ['Ada', 'Lovelace', 'Grace', 'Hopper', 'beach', 'wedding', 'group', 'broken', 'faces'];
  const files = await readdir(bundle);
  for (const file of files) {
    const bytes = await readFile(join(bundle, file));
    for (const hidden of [key.secret, Buffer.from(key.secret).toString('hex'), ...names, 'JFIF']) {
      expect(bytes.includes(hidden), `${String(hidden)} in ${file}`).toBe(false);
    }
  }
  expect((await readdir(folder)).sort()).toEqual(['faces', 'faces.bundle', 'keys', 'passphrase']);
});
