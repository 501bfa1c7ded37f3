import { writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { XnnError } from '../../core/errors.js';
import type { Embedding } from '../../core/match.js';
import type { ObfuscatedTokens } from '../../core/tokens.js';
import { loadTail, type Tail } from '../tail.js';

// A deployed network in a process of its own, for `startTail`: says that it is there, then answers each message, in their order. The first
// is the network.

export type ToChild = Uint8Array | ObfuscatedTokens;
export type FromChild =
  /** Null for "I am there" and "it is loaded". */
  { readonly embedding: Embedding | null } | { readonly error: { readonly code: string; readonly detail: string } };

let tail: Tail | null = null;

async function answerTo(message: ToChild): Promise<FromChild> {
  try {
    if (tail !== null) return { embedding: await tail(message as ObfuscatedTokens) };
    tail = await loadTail(message as Uint8Array);
    return { embedding: null };
  } catch (error) {
    const code = error instanceof XnnError ? error.code : 'internal';
    return { error: { code, detail: error instanceof Error ? error.message : 'not an error' } };
  }
}

// What a stranger's network computes comes after what the server does; and where memory ends, Linux ends this process first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
await writeFile('/proc/self/oom_score_adj', '1000').catch(() => {});

// The network may keep this thread for ever, so that another one sees to it that this process does not outlive its server.
const watch = `setInterval(() => process.ppid === ${process.ppid} || process.kill(process.pid, 'SIGKILL'), 1000)`;
new Worker(watch, { eval: true, execArgv: [] }).unref();

let last = Promise.resolve();
process.on('message', (message: ToChild) => {
  last = last.then(async () => void process.send?.(await answerTo(message)));
});
process.send?.({ embedding: null } satisfies FromChild);
