import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { XnnError } from '../core/errors.js';
import { decodeShard, MANIFEST_FILE, parseManifest, type BundleManifest, type BundleRecord } from '../wire/bundle.js';
import { sha256 } from './files.js';

/** @throws bundle_truncated if there is no manifest, bundle_invalid */
export async function openBundle(folder: string): Promise<BundleManifest> {
  const text = await readFile(join(folder, MANIFEST_FILE), 'utf8').catch((cause: unknown) => {
    throw new XnnError('bundle_truncated', `there is no ${MANIFEST_FILE} in ${folder}`, { cause });
  });
  return parseManifest(text);
}

/**
 * Every record of a bundle, a shard in memory at a time, each checked against its hash.
 *
 * @throws bundle_truncated, bundle_corrupt, bundle_invalid, the last also if the folder holds anything more than its manifest says
 */
export async function* readRecords(folder: string, manifest: BundleManifest): AsyncGenerator<BundleRecord> {
  const named = new Set([MANIFEST_FILE, ...manifest.shards.map(({ file }) => file)]);
  const stray = (await readdir(folder)).find((name) => !named.has(name));
  if (stray !== undefined) throw new XnnError('bundle_invalid', `${stray} is not a part of the bundle`);
  for (const shard of manifest.shards) {
    const bytes = await readFile(join(folder, shard.file)).catch((cause: unknown) => {
      throw new XnnError('bundle_truncated', `${shard.file} cannot be read`, { cause });
    });
    if (bytes.length < shard.bytes) {
      throw new XnnError('bundle_truncated', `${shard.file} has ${bytes.length} of ${shard.bytes} bytes`);
    }
    if (sha256(bytes) !== shard.sha256) throw new XnnError('bundle_corrupt', shard.file);
    yield* decodeShard(bytes, shard, manifest);
  }
}
