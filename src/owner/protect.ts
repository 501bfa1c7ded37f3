import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ERROR_CODES, XnnError, type ErrorCode } from '../core/errors.js';
import { permutation, words } from '../core/keystream.js';
import { SECRET_BYTES, TOKEN_CHANNELS, TOKEN_COUNT } from '../core/spec.js';
import { quantiseTokens, tokens } from '../core/tokens.js';
import { derive, fingerprint, obfuscate, type Key } from '../core/xnn.js';
import type { Dataset } from '../evaluation/dataset.js';
import { takeLock } from '../server/lock.js';
import {
  encodeShard,
  MANIFEST_FILE,
  SHARD_RECORDS,
  shardSchema,
  type BundleManifest,
  type BundleRecord,
  type ShardEntry,
} from '../wire/bundle.js';
import { fromHex, toHex } from '../wire/hex.js';
import { exists, OWNER_ONLY, replaceFile, sha256, writing } from './files.js';
import type { FeatureSource } from './source.js';

export interface ProtectJob {
  readonly key: Key;
  readonly set: Dataset;
  /** Says which pictures these are: what was begun with others is not continued. */
  readonly listing: string;
  readonly source: FeatureSource;
  /** The bundle's folder. Until it is complete, it is called so with ".part" at the end. */
  readonly out: string;
  /** The owner's own file of this bundle (`ownerFile`). */
  readonly ownerFile: string;
  readonly recordsPerShard?: number;
  /** Told after every image how many of those that were left at the start are done; first with 0. */
  readonly onProgress: (done: number, left: number) => void;
}

export interface Refused {
  /** Its path in the set's folder. */
  readonly image: string;
  readonly code: ErrorCode;
}

export interface ProtectedBundle {
  readonly manifest: BundleManifest;
  readonly refused: readonly Refused[];
}

// What the owner keeps of a bundle: who stands behind the class numbers, which images gave nothing, and how far the work is.
const ownerSchema = z.strictObject({
  format: z.literal('xnn-owner-1'),
  /** Fingerprint. */
  key: z.string(),
  listing: z.string(),
  /** Where the order of images and classes comes from, 64 hexadecimal digits. */
  seed: z.string(),
  /** Name of each class, by number. */
  people: z.array(z.string()),
  /** Null until a shard is written; without a file where all of its images were refused. */
  shards: z.array(
    z.nullable(
      z.strictObject({
        entry: z.nullable(shardSchema),
        refused: z.array(z.strictObject({ image: z.string(), code: z.enum(ERROR_CODES) })),
      }),
    ),
  ),
});

type OwnerRecord = z.infer<typeof ownerSchema>;

/** Beside the key, not beside the bundle: who copies the bundle's folder does not take the names along. */
export function ownerFile(keyFile: string, out: string): string {
  return join(dirname(keyFile), `${basename(out)}.owner.json`);
}

/**
 * Turns clean features into a bundle. Goes on where an earlier run stopped, in memory that does not grow with the number of images.
 *
 * @throws file_exists if the bundle is there, or another process makes it; resume_refused if something else was begun there;
 *   too_few_identities if the images of at least two people cannot be used, and then nothing is left; file_unwritable, and what the source
 *   throws
 */
export async function protectFeatures(job: ProtectJob): Promise<ProtectedBundle> {
  // Two would write over each other's shards and names.
  const path = `${job.ownerFile}.lock`;
  const lock = await writing(path, () => takeLock(path));
  if ('holder' in lock) {
    throw new XnnError(
      'file_exists',
      `${lock.holder} is at work on ${job.out}; if that is no such command, delete ${path}`,
    );
  }
  // Also if the process is told to stop.
  process.once('exit', lock.release);
  try {
    return await protectAlone(job);
  } finally {
    process.off('exit', lock.release);
    lock.release();
  }
}

async function protectAlone(job: ProtectJob): Promise<ProtectedBundle> {
  const { key, set, out, onProgress, recordsPerShard = SHARD_RECORDS } = job;
  const folder = `${out}.part`;
  const record = await openRecord(job, folder, recordsPerShard);
  const { order, labels } = planOf(record.seed, set);
  const derived = derive(key);

  const places = new Uint32Array(order.length);
  order.forEach((image, place) => (places[image] = place));
  const left = [...order].filter((_, place) => record.shards[Math.floor(place / recordsPerShard)] === null);
  const open = new Map<number, (BundleRecord | Refused)[]>();
  let done = 0;
  // One at a time: each also writes the owner's file.
  let saved = Promise.resolve();
  onProgress(done, left.length);
  await job.source(left, async (image, made) => {
    const shard = Math.floor(places[image]! / recordsPerShard);
    const records = open.get(shard) ?? [];
    open.set(shard, records);
    records.push(
      'code' in made
        ? { image: set.images[image]!.name, code: made.code }
        : { label: labels[image]!, ...quantiseTokens(obfuscate(derived, tokens(made.features))) },
    );
    if (records.length === Math.min(recordsPerShard, order.length - shard * recordsPerShard)) {
      open.delete(shard);
      saved = saved.then(() => save(job, folder, record, shard, records));
      await saved;
    }
    onProgress(++done, left.length);
  });
  return finish(job, folder, record);
}

/** A random order of the images and a random class number of each image's person, the same for the same seed. */
function planOf(seed: string, { images, identities }: Dataset): { order: Uint32Array; labels: Uint32Array } {
  const bytes = fromHex(seed, SECRET_BYTES);
  const numbers = permutation(identities.length, words(bytes, [0, 0, 0]));
  return {
    order: permutation(images.length, words(bytes, [1, 0, 0])),
    labels: Uint32Array.from(images, ({ identity }) => numbers[identity]!),
  };
}

/** Begins, or reads what was begun and checks that it is there. */
async function openRecord(job: ProtectJob, folder: string, recordsPerShard: number): Promise<OwnerRecord> {
  const { key, set, listing, out, ownerFile: file } = job;
  if (await exists(out)) throw new XnnError('file_exists', out);
  const begun = await readdir(folder).catch(() => null);
  const count = Math.ceil(set.images.length / recordsPerShard);
  if (!(await exists(file))) {
    if (begun !== null && begun.length > 0) throw new XnnError('resume_refused', `${folder} is there without ${file}`);
    const seed = toHex(randomBytes(SECRET_BYTES));
    const people: string[] = [];
    const { labels } = planOf(seed, set);
    set.images.forEach(({ identity }, image) => (people[labels[image]!] = set.identities[identity]!));
    const record: OwnerRecord = {
      format: 'xnn-owner-1',
      key: fingerprint(key),
      listing,
      seed,
      people,
      shards: new Array<null>(count).fill(null),
    };
    await writing(folder, () => mkdir(folder, { recursive: true, mode: 0o700 }));
    await replaceFile(file, JSON.stringify(record), OWNER_ONLY);
    return record;
  }
  // Of a bundle that was moved away, this may be the only place with its names.
  if (begun === null) throw new XnnError('file_exists', file);
  const record = await readRecord(file);
  if (record.key !== fingerprint(key)) throw new XnnError('resume_refused', 'it was begun with another key');
  if (record.listing !== listing || record.shards.length !== count) {
    throw new XnnError('resume_refused', 'it was begun with other pictures');
  }
  const kept = new Set<string>();
  for (const [i, shard] of record.shards.entries()) {
    if (!shard?.entry) continue;
    if (await isIntact(folder, shard.entry)) kept.add(shard.entry.file);
    else record.shards[i] = null;
  }
  for (const stray of begun.filter((name) => !kept.has(name))) await rm(join(folder, stray));
  return record;
}

async function readRecord(file: string): Promise<OwnerRecord> {
  try {
    return ownerSchema.parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    throw new XnnError('resume_refused', `${file} cannot be read`, { cause });
  }
}

async function isIntact(folder: string, entry: ShardEntry): Promise<boolean> {
  const bytes = await readFile(join(folder, entry.file)).catch(() => null);
  return bytes !== null && sha256(bytes) === entry.sha256;
}

async function save(
  job: ProtectJob,
  folder: string,
  record: OwnerRecord,
  shard: number,
  made: readonly (BundleRecord | Refused)[],
): Promise<void> {
  const records = made.filter((one) => 'label' in one);
  const refused = made.filter((one) => 'code' in one);
  record.shards[shard] = { entry: null, refused };
  if (records.length > 0) {
    const bytes = encodeShard(records);
    const file = `${String(shard).padStart(5, '0')}.safetensors`;
    await replaceFile(join(folder, file), bytes);
    record.shards[shard].entry = { file, records: records.length, bytes: bytes.length, sha256: sha256(bytes) };
  }
  await replaceFile(job.ownerFile, JSON.stringify(record), OWNER_ONLY);
}

async function finish(job: ProtectJob, folder: string, record: OwnerRecord): Promise<ProtectedBundle> {
  const { key, set, out, ownerFile } = job;
  if (record.shards.includes(null)) throw new XnnError('page_failed', 'not every picture was answered for');
  const refused = record.shards.flatMap((shard) => shard?.refused ?? []);
  const refusedNames = new Set(refused.map(({ image }) => image));
  const people = new Set(set.images.filter(({ name }) => !refusedNames.has(name)).map(({ identity }) => identity));
  if (people.size < 2) {
    await rm(folder, { recursive: true });
    await rm(ownerFile);
    const [first] = refused;
    const example = first === undefined ? '' : `, for example ${first.image} (${first.code})`;
    throw new XnnError(
      'too_few_identities',
      `${refused.length} of ${set.images.length} pictures are not usable${example}`,
    );
  }
  const shards = record.shards.flatMap((shard) => shard?.entry ?? []);
  const manifest: BundleManifest = {
    format: 'xnn-bundle',
    version: 1,
    encoder: key.encoder,
    scheme: key.scheme,
    key: fingerprint(key),
    tokens: TOKEN_COUNT,
    channels: TOKEN_CHANNELS,
    classes: set.identities.length,
    records: shards.reduce((sum, { records }) => sum + records, 0),
    shards,
  };
  await replaceFile(join(folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`);
  await writing(out, () => rename(folder, out));
  return { manifest, refused };
}
