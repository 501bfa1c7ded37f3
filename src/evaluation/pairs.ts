import { readFile } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { XnnError } from '../core/errors.js';
import { stem, title, type Dataset } from './dataset.js';

// A list of pairs, one a line, in columns separated by tabs, or by blanks in a line without tabs:
//
//   10    300                  LFW: numbers of folds and of pairs of either kind in each; or the latter alone; or no such line
//   Name  1  4                 LFW: two pictures of one identity, Name_0001 and Name_0004
//   Name  1  Other  2          LFW: two identities
//   a/1.jpg  b/2.jpg  0        paths in the set's folder, with or without extension; 1 for the same identity, 0 for others

/** A picture as a list names it. */
export type Reference = { readonly identity: string; readonly number: number } | { readonly path: string };

export interface ListedPair {
  readonly a: Reference;
  readonly b: Reference;
  readonly same: boolean;
}

export interface PairList {
  readonly pairs: readonly ListedPair[];
  /** 1 if the list does not say. */
  readonly folds: number;
}

/** Two images, by their index in the set. */
export interface Pair {
  readonly a: number;
  readonly b: number;
  readonly same: boolean;
}

/** @throws pairs_invalid */
export async function readPairs(file: string): Promise<PairList> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new XnnError('pairs_invalid', `${file} cannot be read`, { cause });
  });
  return parsePairs(text);
}

/** @throws pairs_invalid */
export function parsePairs(text: string): PairList {
  const lines = text.split(/\r?\n/).map((line) => line.trim().split(line.includes('\t') ? /\t+/ : /\s+/));
  const isHeader = lines[0]!.length <= 2 && lines[0]!.every(isNumber);
  const [folds = 1] = isHeader && lines[0]!.length === 2 ? lines[0]!.map(Number) : [];
  const pairs = lines.flatMap((columns, i) => {
    if ((i === 0 && isHeader) || columns.join('') === '') return [];
    const pair = asPair(columns);
    if (pair === null) throw new XnnError('pairs_invalid', `line ${i + 1} is not a pair: ${columns.join(' ')}`);
    return [pair];
  });
  if (pairs.length === 0 || pairs.length % folds !== 0) {
    throw new XnnError('pairs_invalid', `${pairs.length} pairs in ${folds} folds`);
  }
  return { pairs, folds };
}

function asPair(columns: readonly string[]): ListedPair | null {
  const [first, second, third, fourth] = columns as [string, string, string, string];
  if (columns.length === 4 && isNumber(second) && isNumber(fourth)) {
    return { a: listed(first, second), b: listed(third, fourth), same: false };
  }
  if (columns.length !== 3) return null;
  if (isNumber(second) && isNumber(third)) return { a: listed(first, second), b: listed(first, third), same: true };
  return third === '0' || third === '1' ? { a: { path: first }, b: { path: second }, same: third === '1' } : null;
}

function listed(identity: string, number: string): Reference {
  return { identity, number: Number(number) };
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/**
 * Finds the pairs' images in a set. `Name 4` is the picture called Name_0004 of that identity, or its fourth if none is called so.
 *
 * @param folder of the set, which absolute paths begin with
 * @throws pairs_invalid if an image is not there
 */
export function findPairs(
  pairs: readonly ListedPair[],
  folder: string,
  { images, identities }: Dataset,
): readonly Pair[] {
  const byPath = new Map<string, number>();
  const byTitle = new Map<string, number>();
  const byIdentity = new Map(identities.map((name) => [name, [] as number[]]));
  images.forEach(({ name, identity }, i) => {
    byPath.set(name, i).set(stem(name), i);
    byTitle.set(`${identities[identity]}/${title(name)}`, i);
    byIdentity.get(identities[identity]!)!.push(i);
  });
  const find = (reference: Reference): number | undefined => {
    if ('identity' in reference) {
      const { identity, number } = reference;
      return byTitle.get(`${identity}/${lfwTitle(identity, number)}`) ?? byIdentity.get(identity)?.[number - 1];
    }
    const path = relative(resolve(folder), resolve(folder, reference.path)).split(sep).join('/');
    return byPath.get(path) ?? byPath.get(stem(path));
  };
  const missing = new Set<string>();
  const found = pairs.map(({ a, b, same }) => {
    const indices = [a, b].map((reference) => {
      const index = find(reference);
      if (index === undefined) missing.add(asText(reference));
      return index ?? -1;
    });
    return { a: indices[0]!, b: indices[1]!, same };
  });
  if (missing.size > 0) {
    const some = [...missing].slice(0, 3).join(', ');
    throw new XnnError('pairs_invalid', `${missing.size} of the list's images are not in ${folder}: ${some}`);
  }
  return found;
}

/** What LFW calls a picture: "Name_0004". */
export function lfwTitle(identity: string, number: number): string {
  return `${identity}_${String(number).padStart(4, '0')}`;
}

function asText(reference: Reference): string {
  return 'path' in reference ? reference.path : lfwTitle(reference.identity, reference.number);
}
