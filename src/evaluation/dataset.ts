import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { XnnError } from '../core/errors.js';

/** What is taken for a picture; other files are left alone. */
const EXTENSIONS = ['.jpg', '.jpeg', '.png', '.webp', '.bmp'];

export interface Image {
  /** Path of the file. */
  readonly file: string;
  /** Its path in the set's folder, with slashes: what lists and results call it. */
  readonly name: string;
  /** Number of its identity, from 0. */
  readonly identity: number;
}

/** Pictures of faces of known people. */
export interface Dataset {
  readonly images: readonly Image[];
  /** Names, by number. */
  readonly identities: readonly string[];
}

interface Folder extends Dataset {
  /** How many files of each kind are no pictures of anybody's, by the ends of their names. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Kind of pictures that lie in no person's folder. */
const NOBODYS = 'in no folder';

/**
 * The pictures of a folder that holds a folder an identity, in the order of their names. Pictures in the folder itself belong to nobody.
 *
 * @throws no_images, too_few_identities
 */
export async function readFolder(folder: string): Promise<Folder> {
  const files = await filesIn(folder);
  const names = files.filter(isSomebodys);
  if (names.length === 0) throw new XnnError('no_images', `${folder} holds no folders with pictures`);
  const set = asDataset(folder, names, (name) => name.slice(0, name.indexOf('/')));
  if (set.identities.length < 2) {
    throw new XnnError('too_few_identities', `all pictures of ${folder} are in its folder ${set.identities[0]}`);
  }
  const leftOut: Record<string, number> = {};
  for (const name of files) {
    if (isSomebodys(name)) continue;
    const kind = isPicture(name) ? NOBODYS : extname(name).toLowerCase() || basename(name);
    leftOut[kind] = (leftOut[kind] ?? 0) + 1;
  }
  return { ...set, leftOut };
}

function isSomebodys(name: string): boolean {
  return isPicture(name) && name.includes('/');
}

/** @param identityOf name of the person that a picture of this name shows */
export function asDataset(folder: string, names: readonly string[], identityOf: (name: string) => string): Dataset {
  const identities = [...new Set(names.map(identityOf))];
  const numbers = new Map(identities.map((identity, number) => [identity, number]));
  const images = names.map((name) => ({ file: join(folder, name), name, identity: numbers.get(identityOf(name))! }));
  return { images, identities };
}

/** Names of all pictures under a folder, sorted. @throws no_images if there is no such folder */
export async function picturesIn(folder: string): Promise<string[]> {
  return (await filesIn(folder)).filter(isPicture);
}

/** By the end of its name. */
export function isPicture(name: string): boolean {
  return EXTENSIONS.includes(extname(name).toLowerCase());
}

/** Names of all files under a folder, sorted. What begins with a dot is hidden. @throws no_images if there is no such folder */
async function filesIn(folder: string, prefix = '', above: readonly string[] = []): Promise<string[]> {
  const place = join(folder, prefix);
  const unreadable = (cause: unknown): never => {
    throw new XnnError('no_images', `${place} is not a folder that can be read`, { cause });
  };
  const real = await realpath(place).catch(unreadable);
  // A link to a folder that it lies in.
  if (above.includes(real)) return [];
  const entries = await readdir(place).catch(unreadable);
  const names: string[] = [];
  for (const entry of entries.filter((name) => !name.startsWith('.')).sort()) {
    const name = `${prefix}${entry}`;
    // Follows links; one that leads nowhere is a picture that cannot be read.
    const found = await stat(join(folder, name)).catch(() => null);
    if (found?.isDirectory()) {
      // More than about 100,000 are too many for one call of push.
      for (const below of await filesIn(folder, `${name}/`, [...above, real])) names.push(below);
    } else if (found?.isFile() ?? true) {
      names.push(name);
    }
  }
  return names;
}

/** A name without its extension. */
export function stem(name: string): string {
  return name.slice(0, name.length - extname(name).length);
}

/** A picture's name without folders and extension. */
export function title(name: string): string {
  return basename(stem(name));
}
