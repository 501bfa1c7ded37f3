import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { isErrorCode, XnnError, type ErrorCode } from '../../core/errors.js';
import { progressSchema, type TrainingProgress } from '../../wire/training.js';

/** How the trainer is called: its program, and what comes before its options. */
export interface TrainerCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** One training under way. */
export interface Training {
  readonly ended: Promise<TrainingEnd>;
  /** Asks it to write a checkpoint and end; kills it if it does not within `PATIENCE`. */
  stop(): void;
  /** Ends it at once. */
  kill(): void;
}

export type TrainingEnd =
  | { readonly kind: 'done' }
  /** It was asked to stop and left a checkpoint. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly code: ErrorCode }
  /** It did not start, or something else than this server ended it: no fault of the bundle's. */
  | { readonly kind: 'interrupted'; readonly detail: string }
  /** `detail` is the end of what it wrote on stderr. */
  | { readonly kind: 'crashed'; readonly detail: string };

export interface TrainingTask {
  /** Folder of the bundle. */
  readonly bundle: string;
  /** Where the tail goes, ending in .onnx; checkpoint and report lie beside it. */
  readonly out: string;
  readonly epochs: number;
  /** The only folder that the trainer writes in. */
  readonly folder: string;
  readonly onProgress: (progress: TrainingProgress) => void;
}

const PROJECT = fileURLToPath(new URL('../../..', import.meta.url));
const MODULE = 'training.xnn.cloud';
const PATIENCE = 30_000;
/** Exit status of a trainer that was asked to stop, or found the disk full. */
const STOPPED = 143;
/** Most that is kept of stderr, in characters. */
const KEPT = 4000;
/** Of the server's environment what a trainer may know: how to compute, and nothing of databases or tokens. */
const PASSED_ON = /^(PATH|LD_LIBRARY_PATH|CUDA_\w+|OMP_\w+|MKL_\w+|MALLOC_\w+|GLIBC_TUNABLES)$/;

/**
 * A Python that can run the trainer: `preferred`, or one of the usual names.
 *
 * @throws trainer_missing
 */
export async function findTrainer(preferred: string | undefined): Promise<TrainerCommand> {
  for (const program of preferred === undefined ? ['python3', '/usr/bin/python3', 'python'] : [preferred]) {
    const options = { cwd: PROJECT, env: environment(PROJECT), timeout: 120_000 };
    const runs = await promisify(execFile)(program, ['-c', `import ${MODULE}`], options).then(
      () => true,
      () => false,
    );
    if (runs) return { program, args: ['-m', MODULE] };
  }
  throw new XnnError('trainer_missing');
}

/** Starts the trainer, or lets it go on from its checkpoint. It ends with this process, however that ends. */
export function startTraining({ program, args }: TrainerCommand, task: TrainingTask): Training {
  const { bundle, out, epochs, folder, onProgress } = task;
  const child = spawn(
    program,
    [...args, '--bundle', bundle, '--out', out, '--epochs', String(epochs), '--child'],
    // Its stdin stays open as long as this process lives: that is how it knows.
    { cwd: PROJECT, env: environment(folder), stdio: ['pipe', 'pipe', 'pipe'] },
  );
  child.stdin.on('error', () => {});
  createInterface(child.stdout).on('line', (line) => {
    const progress = progressSchema.safeParse(parsed(line));
    if (progress.success) onProgress(progress.data);
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors = (errors + text).slice(-KEPT)));

  let asked = false;
  return {
    ended: endOf(child).then(({ status, signal, error }): TrainingEnd => {
      if (status === 0) return { kind: 'done' };
      if (asked) return { kind: 'stopped' };
      if (status === null || status === STOPPED) {
        return { kind: 'interrupted', detail: error?.message ?? (errors || String(signal)) };
      }
      const code = /^(\w+): .*$/m.exec(errors)?.[1];
      if (status === 2 && isErrorCode(code)) return { kind: 'refused', code };
      return { kind: 'crashed', detail: errors };
    }),
    stop() {
      asked = true;
      child.kill('SIGTERM');
      setTimeout(() => child.kill('SIGKILL'), PATIENCE).unref();
    },
    kill() {
      asked = true;
      child.kill('SIGKILL');
    },
  };
}

function endOf(child: ChildProcess): Promise<{ status: number | null; signal: string | null; error?: Error }> {
  return new Promise((resolve) => {
    child.on('close', (status, signal) => resolve({ status, signal }));
    child.on('error', (error) => resolve({ status: null, signal: null, error }));
  });
}

function environment(folder: string): NodeJS.ProcessEnv {
  const known = Object.entries(process.env).filter(([name]) => PASSED_ON.test(name));
  return {
    ...Object.fromEntries(known),
    HOME: folder,
    TMPDIR: folder,
    // Nothing is written beside the code.
    PYTHONDONTWRITEBYTECODE: '1',
    GIT_OPTIONAL_LOCKS: '0',
  };
}

/** Null for what is no JSON. */
export function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
