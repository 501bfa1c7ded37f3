import { parentPort, workerData } from 'node:worker_threads';
import { XnnError } from '../core/errors.js';
import type { QuantisedFeatures } from '../core/quantise.js';
import { loadCloudModel, type CloudModel } from './models.js';

// A release's student, for `startStudent`: says what it is, then answers a batch at a time.

export type ToWorker = readonly QuantisedFeatures[];
export type FromWorker =
  | { readonly ready: Pick<CloudModel, 'release' | 'model' | 'threshold' | 'nobody' | 'keyed'> }
  | { readonly vectors: readonly Float32Array[] }
  | { readonly error: { readonly code: string; readonly detail: string } };

const port = parentPort;
if (port === null) throw new Error('this runs as a worker');
const answer = (message: FromWorker) => port.postMessage(message);

function failed(error: unknown): FromWorker {
  const code = error instanceof XnnError ? error.code : 'internal';
  return { error: { code, detail: error instanceof Error ? error.message : 'not an error' } };
}

try {
  const { student, ...ready } = await loadCloudModel(workerData as string);
  port.on('message', (batch: ToWorker) => {
    student(batch).then(
      (vectors) => answer({ vectors }),
      (error: unknown) => answer(failed(error)),
    );
  });
  answer({ ready });
} catch (error) {
  answer(failed(error));
}
