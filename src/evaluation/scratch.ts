import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What tells a process to stop; by itself it would end without "exit". */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Gives work an empty folder of its own and removes it after, also if the process is told to stop. */
export async function inScratch<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'xnn-evaluation-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const stop = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal]);
  process.once('exit', remove);
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    return await work(folder);
  } finally {
    process.off('exit', remove);
    for (const signal of SIGNALS) process.off(signal, stop);
    remove();
  }
}
