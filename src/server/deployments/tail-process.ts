import { fork } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { isErrorCode, XnnError } from '../../core/errors.js';
import type { Embedding } from '../../core/match.js';
import type { Tail } from '../tail.js';
import type { FromChild, ToChild } from './tail.child.js';

/** A network in a process of its own. */
export interface RunningTail {
  /** @throws overloaded if there is no answer, or none in time; the process is gone then, and may be begun anew */
  readonly tail: Tail;
  /** Resolves when the process is gone, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends the process at once, whatever it does. */
  readonly kill: () => void;
}

interface Waiting {
  readonly resolve: (answer: Embedding | null) => void;
  readonly reject: (error: XnnError) => void;
}

const CHILD = new URL('./tail.child.ts', import.meta.url);
/** Node reads the child's TypeScript through tsx. */
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * Loads a stranger's network in a process of its own. onnxruntime computes on the thread that asks and lets nobody interrupt it: a thread
 * that a network keeps busy could not be ended, a process can. It knows nothing of the server's environment, writes nothing in its log, where
 * onnxruntime would quote the network's names as they are, and ends with the server.
 *
 * @param patience for loading and for each answer, in ms
 * @param signal ends the process at once
 * @param silent what is thrown if loading takes longer than `patience` or ends the process
 * @throws tail_invalid; `silent`; overloaded if no process starts
 */
export async function startTail(
  weights: Uint8Array,
  patience: number,
  signal: AbortSignal,
  silent: 'tail_invalid' | 'overloaded' = 'overloaded',
): Promise<RunningTail> {
  const child = fork(CHILD, {
    execArgv: ['--import', TSX],
    env: {},
    serialization: 'advanced',
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    signal,
    killSignal: 'SIGKILL',
  });
  const kill = () => void child.kill('SIGKILL');
  const waiting: Waiting[] = [];
  const answer = () => new Promise<Embedding | null>((resolve, reject) => void waiting.push({ resolve, reject }));
  const ask = (message: ToChild) => {
    const late = setTimeout(kill, patience);
    child.send(message);
    return answer().finally(() => clearTimeout(late));
  };
  let loaded = false;
  const ended = new Promise<void>((resolve) => {
    const end = (cause: unknown) => {
      const error = new XnnError(loaded ? 'overloaded' : silent, 'no answer', { cause });
      for (const { reject } of waiting.splice(0)) reject(error);
      resolve();
    };
    child.on('exit', end).on('error', end);
  });
  child.on('message', (message: FromChild) => {
    if ('embedding' in message) waiting.shift()?.resolve(message.embedding);
    else waiting.shift()?.reject(errorOf(message.error));
  });

  try {
    await answer().catch((cause: unknown) => {
      throw new XnnError('overloaded', 'no process for a network', { cause });
    });
    await ask(weights);
  } catch (error) {
    kill();
    throw error;
  }
  loaded = true;
  child.unref();
  child.channel?.unref();
  const tail: Tail = async (tokens) => {
    const embedding = await ask(tokens);
    if (embedding === null) throw new XnnError('internal', 'an unexpected answer');
    return embedding;
  };
  return { tail, ended, kill };
}

function errorOf({ code, detail }: { readonly code: string; readonly detail: string }): XnnError {
  return new XnnError(isErrorCode(code) ? code : 'internal', detail);
}
