import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { XnnError, type ErrorCode } from '../core/errors.js';
import { quantiseTokens, tokens } from '../core/tokens.js';
import { derive, fingerprint, obfuscate, type Key } from '../core/xnn.js';
import { openBundle, readRecords } from './bundle.js';
import { ownerFile, protectFeatures, type ProtectJob } from './protect.js';
import type { FeatureSource } from './source.js';
import { featuresOf, keyOf, peopleOf, syntheticSource } from './testing.js';

const set = peopleOf(['Ada Lovelace', 'Grace Hopper', 'Mary Jackson', 'Zhu Lin'], 5);
// Cheap to compute with; what the key does with the features is the same code for every scheme.
const key = keyOf('permutation', 1);
let folder: string;
let job: ProtectJob;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'protect-test-'));
  await mkdir(join(folder, 'keys'));
  const out = join(folder, 'sent/faces.bundle');
  job = {
    key,
    set,
    listing: 'as it was',
    source: syntheticSource(set),
    out,
    ownerFile: ownerFile(join(folder, 'keys/faces.key'), out),
    recordsPerShard: 8,
    onProgress: () => {},
  };
});
afterEach(() => rm(folder, { recursive: true }));

const refusal = (code: ErrorCode) => expect.objectContaining({ name: 'XnnError', code }) as Error;
const there = (path: string) => stat(path).then(Boolean, () => false);
const ownerRecord = async () =>
  JSON.parse(await readFile(job.ownerFile, 'utf8')) as { people: string[]; seed: string; shards: unknown[] };

/** Gives up after some images, as a machine that is switched off. */
function interrupted(after: number): FeatureSource {
  let left = after;
  return syntheticSource(set, () => {
    if (left-- === 0) throw new XnnError('page_failed', 'switched off');
    return null;
  });
}

/** A source that notes what it is asked for. */
function noted(): { source: FeatureSource; asked: number[] } {
  const asked: number[] = [];
  const source = syntheticSource(set, (image) => {
    asked.push(image);
    return null;
  });
  return { source, asked };
}

/** Which image each record shows, found by its bytes; each image at most once. */
async function imagesIn(used: Key = key): Promise<{ image: number; label: number }[]> {
  const derived = derive(used);
  const numbers = new Map(
    set.images.map((_, image) => {
      const { steps } = quantiseTokens(obfuscate(derived, tokens(featuresOf(set, image))));
      return [Buffer.from(steps.buffer).toString('base64'), image];
    }),
  );
  const found: { image: number; label: number }[] = [];
  for await (const { label, steps } of readRecords(job.out, await openBundle(job.out))) {
    const name = Buffer.from(steps.buffer, steps.byteOffset, steps.length).toString('base64');
    found.push({ label, image: numbers.get(name)! });
    numbers.delete(name);
  }
  return found;
}

describe('a bundle', () => {
  test('holds the features of every image under the key, with the number of its person', async () => {
    const xnn = keyOf('xnn', 1);
    const { manifest, refused } = await protectFeatures({ ...job, key: xnn });
    expect(manifest).toEqual(await openBundle(job.out));
    const { scheme, encoder } = xnn;
    expect(manifest).toMatchObject({ scheme, encoder, key: fingerprint(xnn), classes: 4, records: 20 });
    expect(manifest.shards.map(({ records }) => records)).toEqual([8, 8, 4]);
    expect(refused).toEqual([]);
    const { people } = await ownerRecord();
    const found = await imagesIn(xnn);
    expect(found.map(({ image }) => image).sort((a, b) => a - b)).toEqual([...set.images.keys()]);
    for (const { image, label } of found) expect(people[label]).toBe(set.identities[set.images[image]!.identity]);
    expect((await stat(job.ownerFile)).mode & 0o777).toBe(0o600);
    expect((await stat(job.out)).mode & 0o777).toBe(0o700);
    expect(await readdir(join(folder, 'sent'))).toEqual(['faces.bundle']);
  });

  test('has records and classes in a random order, another one each time', async () => {
    const orders: string[] = [];
    const classes: string[] = [];
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      job = { ...job, out: join(folder, name), ownerFile: join(folder, `${name}.owner.json`) };
      await protectFeatures(job);
      orders.push((await imagesIn()).map(({ image }) => image).join());
      classes.push((await ownerRecord()).people.join());
    }
    expect(new Set(orders).size).toBe(6);
    // Six times the same order of four has a probability of 24⁻⁵.
    expect(new Set(classes).size).toBeGreaterThan(1);
  });

  test('shows neither key nor names nor where its order comes from', async () => {
    await protectFeatures(job);
    const { seed } = await ownerRecord();
    const files = await readdir(job.out);
    const everything = Buffer.concat([
      Buffer.from(files.join('\n')),
      ...(await Promise.all(files.map((file) => readFile(join(job.out, file))))),
    ]);
    const secrets = [Buffer.from(key.secret), Buffer.from(seed, 'hex')].flatMap((secret) => [
      // Half of it would be bad enough.
      secret.subarray(0, 16),
      secret.subarray(16),
      secret.toString('hex').slice(0, 32),
      secret.toString('base64').slice(0, 21),
    ]);
    const names = [...set.identities, ...set.images.map(({ name }) => name.split('/')[1]!)];
    for (const secret of [...secrets, ...names, 'Ada', 'holiday', 'photos', 'listing']) {
      expect(everything.includes(secret), String(secret)).toBe(false);
    }
    // What is looked for is found where it is.
    expect(everything.includes(fingerprint(key))).toBe(true);
  });

  test('leaves out refused images, and lists them for the owner', async () => {
    const codes = new Map<number, ErrorCode>([
      [3, 'no_face'],
      [7, 'image_corrupt'],
    ]);
    const source = syntheticSource(set, (image) => {
      const code = codes.get(image);
      return code === undefined ? null : { code };
    });
    const { manifest, refused } = await protectFeatures({ ...job, source });
    expect(manifest.records).toBe(18);
    expect(refused.toSorted((a, b) => a.code.localeCompare(b.code))).toEqual([
      { image: 'Grace Hopper/holiday 2.jpg', code: 'image_corrupt' },
      { image: 'Ada Lovelace/holiday 3.jpg', code: 'no_face' },
    ]);
    expect((await imagesIn()).map(({ image }) => image)).not.toContain(3);
    expect(await readFile(job.ownerFile, 'utf8')).toContain('Ada Lovelace/holiday 3.jpg');
  });

  test('may have shards of which every image was refused', async () => {
    let refusing = 8;
    const source = syntheticSource(set, () => (refusing-- > 0 ? { code: 'no_face' } : null));
    const { manifest, refused } = await protectFeatures({ ...job, source });
    expect(manifest.shards.map(({ file }) => file)).toEqual(['00001.safetensors', '00002.safetensors']);
    expect(refused).toHaveLength(8);
    expect(await imagesIn()).toHaveLength(12);
  });

  test('is not there when fewer than two people have a usable image, and nothing else is', async () => {
    const source = syntheticSource(set, (image) => (image < 5 ? null : { code: 'no_face' }));
    await expect(protectFeatures({ ...job, source })).rejects.toThrow(refusal('too_few_identities'));
    expect(await readdir(join(folder, 'sent'))).toEqual([]);
    expect(await readdir(join(folder, 'keys'))).toEqual([]);
  });

  test('does not replace anything', async () => {
    await protectFeatures(job);
    await expect(protectFeatures(job)).rejects.toThrow(refusal('file_exists'));
    // The bundle was moved to the cloud; its names are still needed.
    await rm(job.out, { recursive: true });
    const before = await readFile(job.ownerFile, 'utf8');
    await expect(protectFeatures(job)).rejects.toThrow(refusal('file_exists'));
    expect(await readFile(job.ownerFile, 'utf8')).toBe(before);
  });

  test('is made by one process at a time', async () => {
    const lock = `${job.ownerFile}.lock`;
    await writeFile(lock, `${process.ppid} ${hostname()}`);
    await expect(protectFeatures(job)).rejects.toThrow(refusal('file_exists'));
    expect(await there(`${job.out}.part`)).toBe(false);
    // Of a process that was killed: no other has so high a number.
    await writeFile(lock, `99999999 ${hostname()}`);
    await protectFeatures(job);
    expect(await there(lock)).toBe(false);
  });

  test('cannot be where nothing can be written', async () => {
    await writeFile(join(folder, 'sent'), 'a file, not a folder');
    await expect(protectFeatures(job)).rejects.toThrow(refusal('file_unwritable'));
  });

  test('is not made of a source that answers for some images only', async () => {
    const source: FeatureSource = (images, deliver) => syntheticSource(set)(images.slice(1), deliver);
    await expect(protectFeatures({ ...job, source })).rejects.toThrow(refusal('page_failed'));
    expect(await there(job.out)).toBe(false);
  });
});

describe('an interrupted run', () => {
  beforeEach(async () => {
    await expect(protectFeatures({ ...job, source: interrupted(18) })).rejects.toThrow(refusal('page_failed'));
  });

  test('leaves no bundle, and goes on with what is missing', async () => {
    expect(await readdir(join(folder, 'sent'))).toEqual(['faces.bundle.part']);
    expect((await readdir(`${job.out}.part`)).sort()).toEqual(['00000.safetensors', '00001.safetensors']);
    const { source, asked } = noted();
    const progress: string[] = [];
    const { manifest } = await protectFeatures({
      ...job,
      source,
      onProgress: (done, left) => progress.push(`${done}/${left}`),
    });
    expect(asked).toHaveLength(4);
    expect(progress).toEqual(['0/4', '1/4', '2/4', '3/4', '4/4']);
    expect(manifest.records).toBe(20);
    expect(new Set((await imagesIn()).map(({ image }) => image)).size).toBe(20);
    expect(await readdir(join(folder, 'sent'))).toEqual(['faces.bundle']);
  });

  test('does what was cut off again, and clears what was not finished', async () => {
    const part = `${job.out}.part`;
    const whole = await readFile(join(part, '00001.safetensors'));
    await writeFile(join(part, '00001.safetensors'), whole.subarray(0, 1000));
    await writeFile(join(part, '00002.safetensors.new'), whole.subarray(0, 1000));
    const { source, asked } = noted();
    await protectFeatures({ ...job, source });
    expect(asked).toHaveLength(12);
    expect(new Set((await imagesIn()).map(({ image }) => image)).size).toBe(20);
  });

  test.each([
    ['another key', () => ({ key: keyOf('permutation', 2) })],
    ['another scheme', () => ({ key: { ...key, scheme: 'matrix' as const } })],
    ['another encoder', () => ({ key: { ...key, encoder: '00'.repeat(8) } })],
    ['other pictures', () => ({ listing: 'one more' })],
    ['no record of it', () => ({ ownerFile: join(folder, 'elsewhere.json') })],
  ])('does not go on with %s', async (_, change) => {
    await expect(protectFeatures({ ...job, ...change() })).rejects.toThrow(refusal('resume_refused'));
    expect((await readdir(`${job.out}.part`)).sort()).toEqual(['00000.safetensors', '00001.safetensors']);
  });

  test('does not go on with a record that cannot be read', async () => {
    await writeFile(job.ownerFile, '{');
    await expect(protectFeatures(job)).rejects.toThrow(refusal('resume_refused'));
  });
});
