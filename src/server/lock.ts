import { readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rmdir, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { hasCode } from './has-code.js';

/** What one process has and no other: how to give it back, or who has it. */
export type Lock = { readonly release: () => void } | { readonly holder: string };

/** Between two looks at who else is just taking the lock, in ms. */
const PAUSE = 10;
/** Taking it lasts no ms; who has been at it for so long, in ms, was killed. */
const ABANDONED = 10_000;

/**
 * Takes what two processes must not have at once. The lock is a file that names its owner, so that one whose owner was killed can be told
 * from one that is held. A process of another host (or container) cannot be asked, and counts as alive.
 */
export async function takeLock(path: string): Promise<Lock> {
  // One at a time looks and takes: else, of two that find the same killed owner, the later would delete the lock of the earlier.
  const turn = `${path}.taking`;
  await takeTurn(turn);
  try {
    const holder = holderOf(path);
    if (holder !== null) return { holder };
    writeFileSync(path, `${process.pid} ${hostname()}`);
  } finally {
    rmdirSync(turn);
  }
  return { release: () => rmSync(path, { force: true }) };
}

async function takeTurn(turn: string): Promise<void> {
  for (;;) {
    try {
      return void (await mkdir(turn));
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const { mtimeMs } = await stat(turn).catch(() => ({ mtimeMs: Date.now() }));
    if (Math.abs(Date.now() - mtimeMs) > ABANDONED) await rmdir(turn).catch(() => {});
    else await setTimeout(PAUSE);
  }
}

/** Null if nobody has the lock, or who had it was killed. */
function holderOf(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null;
    throw error;
  }
  const [pid, host] = text.split(' ');
  return host !== undefined && (host !== hostname() || isRunning(Number(pid))) ? `process ${pid} on ${host}` : null;
}

/** Whether another process has this id. In a container a killed owner often had the id that this process has now. */
function isRunning(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}
