import { wrap } from 'comlink';
import type { Produced, Refusal } from '../task.js';
import type { PointFinder } from './detector-worker.js';

/** The product's detector alone, in a worker, as it needs one. */
export function openDetector(): { produce(image: Blob): Promise<Produced | Refusal>; dispose(): void } {
  const worker = new Worker(new URL('./detector-worker.ts', import.meta.url), { type: 'module' });
  const { findPoints } = wrap<PointFinder>(worker);
  return {
    produce: (image) => findPoints(image),
    dispose: () => worker.terminate(),
  };
}
