import { setImmediate } from 'node:timers/promises';
import { XnnError } from '../core/errors.js';

interface Waiting<In, Out> {
  readonly item: In;
  readonly resolve: (out: Out) => void;
  readonly reject: (error: unknown) => void;
}

/** Items of one run. */
const MOST_AT_ONCE = 200;
/** Items that may wait. What is dear sets its own. */
const LONGEST_QUEUE = 2_000;

/**
 * Does one at a time what is dearer alone than together: what is asked for while `work` runs goes into its next run, at most `most` at
 * once.
 *
 * @param work gives an answer for each item, in their order
 * @returns the work on one item; rejects with `overloaded` at once when `queue` items wait already
 */
export function batched<In, Out>(
  work: (items: readonly In[]) => Promise<readonly Out[]>,
  { most = MOST_AT_ONCE, queue = LONGEST_QUEUE }: { readonly most?: number; readonly queue?: number } = {},
): (item: In) => Promise<Out> {
  const waiting: Waiting<In, Out>[] = [];
  let running = false;

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      // An embedded database works without a pause: let in what has come over the network meanwhile.
      await setImmediate();
      const batch = waiting.splice(0, most);
      try {
        const answers = await work(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, i) => resolve(answers[i] as Out));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  return (item) =>
    new Promise((resolve, reject) => {
      if (waiting.length >= queue) return reject(new XnnError('overloaded'));
      waiting.push({ item, resolve, reject });
      if (!running) void run();
    });
}
