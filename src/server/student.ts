import { createRequire } from 'node:module';
import { once } from 'node:events';
import { pathToFileURL } from 'node:url';
import { SHARE_ENV, Worker } from 'node:worker_threads';
import { isErrorCode, XnnError } from '../core/errors.js';
import type { QuantisedFeatures } from '../core/quantise.js';
import type { Student } from '../protocol/recognise.js';
import { batched } from './batch.js';
import type { CloudModel } from './models.js';
import type { FromWorker, ToWorker } from './student.worker.js';

/** Messages that the network reads at once; more at once take longer each. */
const MOST_AT_ONCE = 16;
/** Messages that may wait for it, about a third of a second's work; further ones are told so at once. */
const LONGEST_QUEUE = 64;

const TSX = createRequire(import.meta.url).resolve('tsx/package.json');
/** The worker is TypeScript, which Node reads through tsx. `resolve` would find the file of tsx that is for CommonJS. */
const START = new URL(
  `data:text/javascript,${encodeURIComponent(
    `import { register } from ${JSON.stringify(new URL('dist/esm/api/index.mjs', pathToFileURL(TSX)))};
     register();
     await import(${JSON.stringify(new URL('./student.worker.ts', import.meta.url))});`,
  )}`,
);

export interface RunningModel extends CloudModel {
  readonly close: () => Promise<void>;
}

/**
 * The cloud's half of a release in a thread of its own, since onnxruntime computes on the thread that asks. What is asked for while it computes
 * is computed together.
 *
 * @throws what `loadCloudModel` throws
 */
export async function startStudent(folder: string): Promise<RunningModel> {
  // onnxruntime reads the environment of the process, which a thread's copy of it does not change.
  const worker = new Worker(START, { workerData: folder, env: SHARE_ENV });
  const first = (await answerOf(worker)) as FromWorker;
  if (!('ready' in first)) throw errorOf(first);

  const compute = async (batch: readonly QuantisedFeatures[]): Promise<readonly Float32Array[]> => {
    worker.postMessage(batch satisfies ToWorker);
    const answer = (await answerOf(worker)) as FromWorker;
    if (!('vectors' in answer)) throw errorOf(answer);
    return answer.vectors;
  };
  const one = batched(compute, { most: MOST_AT_ONCE, queue: LONGEST_QUEUE });
  const student: Student = (messages) => Promise.all(messages.map(one));
  return { ...first.ready, student, close: async () => void (await worker.terminate()) };
}

/** The worker's next message. `batched` asks once at a time. */
async function answerOf(worker: Worker): Promise<unknown> {
  const [answer] = (await once(worker, 'message')) as [unknown];
  return answer;
}

function errorOf(answer: FromWorker): XnnError {
  const { code, detail } = 'error' in answer ? answer.error : { code: 'internal', detail: 'an unexpected answer' };
  return new XnnError(isErrorCode(code) ? code : 'internal', detail);
}
