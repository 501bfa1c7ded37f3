import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { isErrorCode, XnnError, type ErrorCode } from '../core/errors.js';
import { MOST_PART_BYTES } from '../wire/training.js';

/** Files on this machine that go as one stream of bytes, one after another. */
export interface Sending {
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** Where the upload stands in the cloud. */
  readonly stands: () => Promise<number>;
  /** @returns bytes that are there */
  readonly send: (offset: number, part: Uint8Array<ArrayBuffer>) => Promise<number>;
  readonly onProgress: (done: number, total: number) => void;
  /** Waits before the first new try, in ms; twice as long before each further one. */
  readonly patience?: number;
}

/** After what a part is sent again from where the upload stands: it may have been the line's fault, or passes by itself within a minute. */
export const AGAIN: readonly ErrorCode[] = [
  'server_away',
  'limited',
  'overloaded',
  'database_away',
  'storage_full',
  'upload_offset_wrong',
  'message_truncated',
  'bundle_corrupt',
  'model_hash_wrong',
];
const MOST_TRIES = 7;

/** Sends what is not there yet, patiently. @throws what `send` throws at the last try */
export async function sendAll({ files, stands, send, onProgress, patience = 1000 }: Sending): Promise<void> {
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0);
  let at = await stands();
  let failures = 0;
  // A part that is taken again after it was dropped is no progress.
  let furthest = -1;
  // Also when all is there: an empty part has what came last checked, if the cloud ended before it could.
  do {
    onProgress(at, total);
    try {
      at = await send(at, await readAt(files, at, MOST_PART_BYTES));
      if (at > furthest) [furthest, failures] = [at, 0];
    } catch (error) {
      if (!(error instanceof XnnError) || !isErrorCode(error.code) || !AGAIN.includes(error.code)) throw error;
      if (++failures === MOST_TRIES) throw error;
      await sleep(patience * 2 ** (failures - 1));
      at = await stands().catch(() => at);
    }
  } while (at < total || failures > 0);
  onProgress(total, total);
}

/** Up to `most` bytes from an offset in all files together. */
async function readAt(files: Sending['files'], offset: number, most: number): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let [skip, left] = [offset, most];
  for (const { path, bytes } of files) {
    const length = Math.min(bytes - skip, left);
    if (length > 0) {
      pieces.push(await readPiece(path, skip, length));
      left -= length;
    }
    skip = Math.max(0, skip - bytes);
  }
  return new Uint8Array(Buffer.concat(pieces));
}

/** @throws bundle_truncated if it is not there */
async function readPiece(path: string, from: number, length: number): Promise<Uint8Array> {
  const missing = (cause: unknown): never => {
    throw new XnnError('bundle_truncated', `${path} cannot be read`, { cause });
  };
  const handle = await open(path).catch(missing);
  try {
    const { bytesRead, buffer } = await handle.read(new Uint8Array(length), 0, length, from).catch(missing);
    if (bytesRead < length) throw new XnnError('bundle_truncated', path);
    return buffer;
  } finally {
    await handle.close();
  }
}
