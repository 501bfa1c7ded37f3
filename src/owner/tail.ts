import { readFile } from 'node:fs/promises';
import { XnnError } from '../core/errors.js';
import { startTail, type RunningTail } from '../server/deployments/tail-process.js';

/** For loading a network and for each of its answers, in ms: this machine may be slow, and does not serve others. */
const PATIENCE = 60_000;

/**
 * A network that a cloud trained, in a process of its own: a cloud's network is a stranger's, and this process holds the key.
 *
 * @throws tail_invalid, also if the file cannot be read or the network does not load in time; overloaded if no process starts
 */
export async function openTail(file: string): Promise<RunningTail> {
  const weights = await readFile(file).catch((cause: unknown) => {
    throw new XnnError('tail_invalid', `${file} cannot be read`, { cause });
  });
  return startTail(weights, PATIENCE, new AbortController().signal, 'tail_invalid');
}
