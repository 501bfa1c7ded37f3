import { dequantiseTokens, quantiseTokens, tokens } from '../core/tokens.js';
import { XnnError } from '../core/errors.js';
import { derive, obfuscate, type Key } from '../core/xnn.js';
import type { Dataset } from '../evaluation/dataset.js';
import type { Estimate } from '../evaluation/metrics.js';
import type { Outcome } from '../evaluation/embed.js';
import { reportSet, type SetReport } from '../evaluation/report.js';
import { chooseThreshold, countPairs, scorePairs } from '../evaluation/utility.js';
import type { FeatureSource } from './source.js';
import type { Tail } from '../server/tail.js';

export interface EvaluateJob {
  readonly key: Key;
  readonly tail: Tail;
  readonly set: Dataset;
  readonly source: FeatureSource;
  /** Share of impostor pairs that the threshold may accept. */
  readonly fmr: number;
  /** Told after every image. */
  readonly onProgress: (done: number) => void;
}

export interface TailEvaluation extends SetReport {
  /** The cosine from which two of these faces are one person, at that share of false matches; null without impostor pairs. */
  readonly threshold: (Estimate & { readonly fmr: number; readonly pairs: number }) | null;
}

/**
 * How well a trained tail tells people apart, with features as it was trained on: through the key, rounded as in a bundle.
 *
 * @throws too_few_pairs if nobody has two pictures, and what the source and the tail throw
 */
export async function evaluateTail({ key, tail, set, source, fmr, onProgress }: EvaluateJob): Promise<TailEvaluation> {
  if (countPairs(set.images).genuine === 0) throw new XnnError('too_few_pairs', 'nobody has two pictures');
  const derived = derive(key);
  const outcomes: Outcome[] = [];
  let done = 0;
  await source([...set.images.keys()], async (image, made) => {
    if ('code' in made) {
      outcomes[image] = { embedding: null, refusal: made.code, centred: false };
    } else {
      const sent = dequantiseTokens(quantiseTokens(obfuscate(derived, tokens(made.features))));
      outcomes[image] = { embedding: await tail(sent), refusal: null, centred: made.centred };
    }
    onProgress(++done);
  });
  const embeddings = outcomes.map(({ embedding }) => embedding);
  const trials = scorePairs(set, embeddings, null);
  const pairs = trials.impostor.scores.length;
  const threshold = pairs === 0 ? null : { ...chooseThreshold(trials, set.identities.length, fmr), fmr, pairs };
  return { ...reportSet(set, outcomes, null, null), threshold };
}
