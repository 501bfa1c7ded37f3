import { readFile } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { XnnError } from '../core/errors.js';
import { isPicture, stem, title, type Dataset, type Image } from './dataset.js';

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
  /** Of the list, from 1. */
  readonly line: number;
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
  const header = isHeader ? lines[0]!.map(Number) : [];
  const folds = header.length === 2 ? header[0]! : 1;
  const count = header.at(-1);
  const pairs = lines.flatMap((columns, i) => {
    if ((i === 0 && isHeader) || columns.join('') === '') return [];
    const pair = asPair(columns);
    if (pair === null) throw new XnnError('pairs_invalid', `line ${i + 1} is not a pair: ${columns.join(' ')}`);
    return [{ ...pair, line: i + 1 }];
  });
  if (pairs.length === 0) throw new XnnError('pairs_invalid', 'no pairs');
  if (count !== undefined && pairs.length !== 2 * count * folds) {
    throw new XnnError('pairs_invalid', `${pairs.length} pairs, not ${folds} folds of twice ${count}`);
  }
  return { pairs, folds };
}

function asPair(columns: readonly string[]): Omit<ListedPair, 'line'> | null {
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
 * Finds the pairs' images in a set. `Name 4` is the picture called Name_0004 of that identity, or its fourth, in the order of the
 * numbers in their names, if none of them is called so.
 *
 * @param folder of the set, which absolute paths begin with
 * @throws pairs_invalid if an image is not there, if a name fits several, or if a pair is of one image or contradicts the set's identities
 */
export function findPairs(
  pairs: readonly ListedPair[],
  folder: string,
  { images, identities }: Dataset,
): readonly Pair[] {
  const find = finder(folder, { images, identities });
  const missing = new Set<string>();
  const found = pairs.map(({ a, b, same, line }) => {
    const refuse = (why: string): never => {
      throw new XnnError('pairs_invalid', `line ${line}: ${why}`);
    };
    const [first, second] = [a, b].map((reference) => {
      const fitting = find(reference);
      if (fitting.length > 1) refuse(`${asText(reference)} is ${fitting.map((i) => images[i]!.name).join(' or ')}`);
      if (fitting.length === 0) missing.add(asText(reference));
      return fitting[0];
    });
    if (first === undefined || second === undefined) return { a: -1, b: -1, same };
    if (first === second) refuse(`${images[first]!.name} with itself`);
    const [one, other] = [first, second].map((i) => identities[images[i]!.identity]!);
    if ((one === other) !== same)
      refuse(`a pair of ${one} and ${other} is listed as of ${same ? 'one person' : 'two people'}`);
    return { a: first, b: second, same };
  });
  if (missing.size > 0) {
    const some = [...missing].slice(0, 3).join(', ');
    throw new XnnError('pairs_invalid', `${missing.size} of the list's images are not in ${folder}: ${some}`);
  }
  return found;
}

/** Finds all images of a set that a name fits, by their index. */
function finder(folder: string, { images, identities }: Dataset): (reference: Reference) => readonly number[] {
  const byName = new Map(images.map(({ name }, i) => [name, [i]]));
  const byStem = grouped(images, ({ name }) => stem(name));
  const byIdentity = grouped(images, ({ identity }) => identities[identity]!);
  const byTitle = grouped(images, ({ name, identity }) => `${identities[identity]}/${title(name)}`);
  const { compare } = new Intl.Collator('en', { numeric: true });
  // Of identities without a picture called Name_0004.
  const ordered = new Map<string, readonly number[]>();
  for (const [identity, all] of byIdentity) {
    if (all.some((i) => lfwTitle(identity, numberIn(images[i]!.name)) === title(images[i]!.name))) continue;
    ordered.set(
      identity,
      all.toSorted((x, y) => compare(images[x]!.name, images[y]!.name)),
    );
  }
  return (reference) => {
    if ('identity' in reference) {
      const { identity, number } = reference;
      return (
        byTitle.get(`${identity}/${lfwTitle(identity, number)}`) ??
        ordered.get(identity)?.slice(number - 1, number) ??
        []
      );
    }
    const path = relative(resolve(folder), resolve(folder, reference.path)).split(sep).join('/');
    // With a picture's extension, the name may be of one with another.
    const stems = isPicture(path) ? [path, stem(path)] : [path];
    return byName.get(path) ?? stems.flatMap((name) => byStem.get(name) ?? []);
  };
}

/** Indices of the images that have a key in common. */
function grouped(images: readonly Image[], keyOf: (image: Image) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  images.forEach((image, i) => {
    const key = keyOf(image);
    const group = groups.get(key);
    if (group) group.push(i);
    else groups.set(key, [i]);
  });
  return groups;
}

/** The digits that a picture's title ends with, NaN if there are none. */
function numberIn(name: string): number {
  return Number(/\d+$/.exec(title(name))?.[0] ?? NaN);
}

/** What LFW calls a picture: "Name_0004". */
export function lfwTitle(identity: string, number: number): string {
  return `${identity}_${String(number).padStart(4, '0')}`;
}

function asText(reference: Reference): string {
  return 'path' in reference ? reference.path : lfwTitle(reference.identity, reference.number);
}
