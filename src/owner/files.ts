import { createHash } from 'node:crypto';
import { access, open, readFile, rename, rm } from 'node:fs/promises';
import { XnnError } from '../core/errors.js';

/** Mode of a file that only its owner may read. */
export const OWNER_ONLY = 0o600;

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Content of a JSON file; null if there is none. */
export async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch {
    return null;
  }
}

/** Of bytes or text, 64 hexadecimal digits. */
export function sha256(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}

/** Runs work on files; what it fails with becomes file_unwritable. */
export async function writing<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new XnnError('file_unwritable', `${path}: ${reason}`, { cause });
  }
}

/** Replaces a file in one step: whoever reads it, also after a crash, finds the old one or the new one. @throws file_unwritable */
export async function replaceFile(file: string, data: Uint8Array | string, mode?: number): Promise<void> {
  const aside = `${file}.new`;
  await writing(file, async () => {
    // What is there already, as a kill leaves it, may be open to others, or a link.
    await rm(aside, { force: true });
    await writeSynced(aside, data, mode);
    await rename(aside, file).catch(async (error: unknown) => {
      await rm(aside);
      throw error;
    });
  });
}

/** Writes a file that only its owner may read and that must not be there yet; nothing stays of half a file. @throws file_unwritable */
export async function createPrivateFile(file: string, data: string): Promise<void> {
  await writing(file, () => writeSynced(file, data, OWNER_ONLY));
}

/** Writes a file that must not be there yet. */
async function writeSynced(file: string, data: Uint8Array | string, mode?: number): Promise<void> {
  const handle = await open(file, 'wx', mode);
  try {
    await handle.writeFile(data);
    await handle.sync();
    await handle.close();
  } catch (error) {
    await handle.close().catch(() => {});
    await rm(file, { force: true });
    throw error;
  }
}
