import { rmSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { hasCode } from './has-code.js';

/** What one process has and no other: how to give it back, or who has it. */
export type Lock = { readonly release: () => void } | { readonly holder: string };

/**
 * Takes what two processes must not have at once. The lock is a file that names its owner, so that one whose owner was killed can be told
 * from one that is held. A process of another host (or container) cannot be asked, and counts as alive.
 */
export async function takeLock(path: string): Promise<Lock> {
  for (;;) {
    try {
      await writeFile(path, `${process.pid} ${hostname()}`, { flag: 'wx' });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const [pid, host] = (await readFile(path, 'utf8')).split(' ');
    if (host !== undefined && (host !== hostname() || isRunning(Number(pid)))) {
      return { holder: `process ${pid} on ${host}` };
    }
    await rm(path, { force: true });
  }
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
