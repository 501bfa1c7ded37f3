import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { XnnError, type ErrorCode } from '../core/errors.js';

/** A file that is to come. */
export interface Expected {
  readonly file: string;
  readonly bytes: number;
  /** 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Files that come as one stream of bytes, in parts, one file after another. How far it is, is read off the disk. */
export interface Upload {
  readonly folder: string;
  readonly files: readonly Expected[];
  /** What a file is refused with that has another hash. */
  readonly corrupt: ErrorCode;
  /** Looks into a file whose hash is right. Throws if it is not to be kept. */
  readonly check: (bytes: Uint8Array, index: number) => Promise<void> | void;
}

/** Bytes that are here; of a file under way too. */
export async function received({ folder, files }: Upload): Promise<number> {
  let sum = 0;
  for (const { file, bytes } of files) {
    if ((await sizeOf(join(folder, file))) === bytes) sum += bytes;
    else return sum + ((await sizeOf(partOf(folder, file))) ?? 0);
  }
  return sum;
}

/**
 * Adds a part. Each file is checked as soon as it is whole; one that is refused is dropped, so that the upload goes on from its beginning.
 * Not to be called again for the same upload before it has ended.
 *
 * @returns the bytes that are here now
 * @throws upload_offset_wrong, message_too_long, `corrupt`, and what `check` throws
 */
export async function append(upload: Upload, offset: number, part: Uint8Array): Promise<number> {
  const { folder, files } = upload;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const at = await received(upload);
  if (offset !== at) throw new XnnError('upload_offset_wrong', `the part begins at ${offset}, here are ${at} bytes`);
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  if (at + part.length > total) throw new XnnError('message_too_long', `${at + part.length} of ${total} bytes`);
  let rest = part;
  for (const [index, { file, bytes }] of files.entries()) {
    if ((await sizeOf(join(folder, file))) === bytes) continue;
    const aside = partOf(folder, file);
    const missing = bytes - ((await sizeOf(aside)) ?? 0);
    await appendFile(aside, rest.subarray(0, missing), { mode: 0o600 });
    if (rest.length < missing) break;
    rest = rest.subarray(missing);
    await settle(upload, index);
  }
  return at + part.length;
}

/** A file is whole: it is checked, and gets its name or goes. */
async function settle({ folder, files, corrupt, check }: Upload, index: number): Promise<void> {
  const { file, sha256 } = files[index]!;
  const aside = partOf(folder, file);
  try {
    const content = await readFile(aside);
    if (createHash('sha256').update(content).digest('hex') !== sha256) throw new XnnError(corrupt, file);
    await check(content, index);
  } catch (error) {
    await rm(aside);
    throw error;
  }
  await rename(aside, join(folder, file));
}

function partOf(folder: string, file: string): string {
  return join(folder, `${file}.part`);
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}
