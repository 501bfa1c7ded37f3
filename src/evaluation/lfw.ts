import { createReadStream, createWriteStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { extract } from 'tar-stream';
import { XnnError } from '../core/errors.js';
import { asDataset, picturesIn, title, type Dataset } from './dataset.js';
import { findPairs, lfwTitle, readPairs, type ListedPair, type Pair, type Reference } from './pairs.js';

/** Labeled Faces in the Wild: the images that its lists name, and the lists. */
export interface Lfw extends Dataset {
  /** View 2: ten folds of 300 genuine and 300 impostor pairs. */
  readonly folds: readonly (readonly Pair[])[];
  /** View 1's test list; null where the folder has none. */
  readonly view1: readonly Pair[] | null;
}

/**
 * Reads LFW from a folder with pairs.txt (View 2) and perhaps pairsDevTest.txt (View 1). Images are called Name_0001, in .tar files of
 * the folder or anywhere under it. One that is missing is in the set as one that cannot be read.
 *
 * @param scratch an empty folder; .tar files are unpacked there
 * @throws no_images, pairs_invalid if a list is none, has no folds, or fits images of one name in several folders
 */
export async function readLfw(folder: string, scratch: string): Promise<Lfw> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new XnnError('no_images', `${folder} is not a folder that can be read`, { cause });
  });
  const tars = entries.filter((name) => name.endsWith('.tar'));
  for (const tar of tars) await unpack(join(folder, tar), scratch);
  const view2 = await readPairs(join(folder, 'pairs.txt'));
  if (view2.folds < 2)
    throw new XnnError('pairs_invalid', 'pairs.txt has no folds: its first line says how many, and of how many');
  const view1 = entries.includes('pairsDevTest.txt') ? await readPairs(join(folder, 'pairsDevTest.txt')) : null;
  const needed = new Set([...view2.pairs, ...(view1?.pairs ?? [])].flatMap(({ a, b }) => [a, b]).map(titleOf));
  const neededIn = async (root: string) => (await picturesIn(root)).filter((name) => needed.has(title(name)));
  const unpacked = await neededIn(scratch);
  const root = unpacked.length > 0 ? scratch : folder;
  const there = unpacked.length > 0 ? unpacked : await neededIn(folder);
  if (there.length === 0) throw new XnnError('no_images', `${folder} holds none of LFW's images`);
  const titles = new Set(there.map(title));
  if (titles.size < there.length) throw new XnnError('pairs_invalid', `${folder} holds images of one name twice`);
  const missing = [...needed].filter((name) => !titles.has(name));
  const names = [...there, ...missing.map((name) => `${name}.jpg`)];
  const set = asDataset(root, names, (name) => title(name).replace(/_\d+$/, ''));

  const found = (pairs: readonly ListedPair[]) => findPairs(pairs, root, set);
  const size = view2.pairs.length / view2.folds;
  const folds = Array.from({ length: view2.folds }, (_, i) => found(view2.pairs.slice(i * size, (i + 1) * size)));
  return { ...set, folds, view1: view1 && found(view1.pairs) };
}

/** Puts the files of a .tar into one folder, without the folders that they are in. */
async function unpack(tar: string, into: string): Promise<void> {
  const entries = extract();
  // Errors of the file reach the loop below through `entries`.
  createReadStream(tar)
    .on('error', (error) => entries.destroy(error))
    .pipe(entries);
  for await (const entry of entries) {
    if (entry.header.type === 'file') await pipeline(entry, createWriteStream(join(into, basename(entry.header.name))));
    else entry.resume();
  }
}

function titleOf(reference: Reference): string {
  return 'path' in reference ? title(reference.path) : lfwTitle(reference.identity, reference.number);
}
