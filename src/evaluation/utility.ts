import { similarity, type Embedding } from '../core/match.js';
import type { Dataset, Image } from './dataset.js';
import {
  acceptedAbove,
  accuracyAt,
  bestThreshold,
  bootstrap,
  crossValidated,
  equalErrorRate,
  limitAtFar,
  ranked,
  rankOne,
  rankOneRate,
  seeded,
  tarAtFar,
  totalsOf,
  type Estimate,
  type LfwTrial,
  type Pairs,
  type Trials,
} from './metrics.js';
import type { Pair } from './pairs.js';

/** Embeddings of a set's images, in their order; null where the product refused one. */
export type Embeddings = readonly (Embedding | null)[];

/** Score of whatever an image was refused for: below every cosine. */
const REFUSED = -2;
/** Of more pairs of a kind than this, a random sample of about as many is scored. */
const MOST_PAIRS = 4_000_000;
const SAMPLE_SEED = 1;

/**
 * How well one face is told from another. Genuine pairs with a refused image count as not accepted. Impostor pairs with one are left out,
 * or else refusing would make the false accept rate look better.
 */
export interface Verification {
  readonly pairs: { readonly genuine: number; readonly genuineRefused: number; readonly impostor: number };
  readonly eer: Estimate;
  readonly tarAtFar1e3: Estimate;
  readonly tarAtFar1e4: Estimate;
  /** What the product would do at the threshold of its release; null if there is none. */
  readonly atThreshold: { readonly threshold: number; readonly fmr: number; readonly fnmr: number } | null;
}

/** Scores `listed` pairs, or all pairs of the set. */
export function scorePairs({ images }: Dataset, embeddings: Embeddings, listed: readonly Pair[] | null): Trials {
  const kinds = { genuine: collector(), impostor: collector() };
  const add = (a: number, b: number, same: boolean) => {
    const score = scoreOf(embeddings[a]!, embeddings[b]!);
    if (same || score !== REFUSED) kinds[same ? 'genuine' : 'impostor'].add(score, images[a]!, images[b]!);
  };
  if (listed !== null) {
    for (const { a, b, same } of listed) add(a, b, same);
  } else {
    const counts = countPairs(images);
    const random = seeded(SAMPLE_SEED);
    for (let a = 0; a < images.length; a++) {
      for (let b = a + 1; b < images.length; b++) {
        const same = images[a]!.identity === images[b]!.identity;
        const share = MOST_PAIRS / counts[same ? 'genuine' : 'impostor'];
        if (share >= 1 || random() < share) add(a, b, same);
      }
    }
  }
  return { genuine: kinds.genuine.ranked(), impostor: kinds.impostor.ranked() };
}

/** Numbers of pairs in a set. */
export function countPairs(images: readonly Image[]): { genuine: number; impostor: number } {
  const sizes = new Map<number, number>();
  for (const { identity } of images) sizes.set(identity, (sizes.get(identity) ?? 0) + 1);
  const genuine = [...sizes.values()].reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  return { genuine, impostor: (images.length * (images.length - 1)) / 2 - genuine };
}

/** @param threshold of the release, as a cosine */
export function verification(trials: Trials, people: number, threshold: number | null): Verification {
  const once = new Float64Array(people).fill(1);
  const accepted = (pairs: Pairs) => acceptedAbove(pairs, (threshold ?? 0) - 1e-9, once);
  return {
    pairs: {
      genuine: trials.genuine.scores.length,
      genuineRefused: trials.genuine.scores.filter((score) => score === REFUSED).length,
      impostor: trials.impostor.scores.length,
    },
    ...bootstrap(people, (copies) => {
      const all = totalsOf(trials, copies);
      return {
        eer: equalErrorRate(trials, copies, all),
        tarAtFar1e3: tarAtFar(trials, 1e-3, copies, all),
        tarAtFar1e4: tarAtFar(trials, 1e-4, copies, all),
      };
    }),
    atThreshold:
      threshold === null ? null : { threshold, fmr: accepted(trials.impostor), fnmr: 1 - accepted(trials.genuine) },
  };
}

/** Closed-set rank-1. A refused probe is a miss, and so is a search for somebody whose gallery image was refused. */
export function identification({ images, identities }: Dataset, embeddings: Embeddings): Estimate {
  const searches = rankOne(
    Uint32Array.from(images, ({ identity }) => identity),
    (face) => Float32Array.from(embeddings, (other) => scoreOf(embeddings[face]!, other)),
  );
  return bootstrap(identities.length, (copies) => ({ rate: rankOneRate(searches, copies) })).rate;
}

/** Trials and set as if the images that were refused had never been there. */
export function answered({ genuine, impostor }: Trials): Trials {
  // Refused pairs rank last.
  const end = genuine.scores.indexOf(REFUSED);
  if (end < 0) return { genuine, impostor };
  const { scores, a, b } = genuine;
  return { genuine: { scores: scores.subarray(0, end), a: a.subarray(0, end), b: b.subarray(0, end) }, impostor };
}

export function withoutRefused({ images, identities }: Dataset, embeddings: Embeddings): [Dataset, Embeddings] {
  const kept = images.map((_, i) => i).filter((i) => embeddings[i] !== null);
  return [{ identities, images: kept.map((i) => images[i]!) }, kept.map((i) => embeddings[i]!)];
}

/** The cosine from which the product takes two faces for one person, so that it accepts at most `fmr` of the impostor pairs. */
export function chooseThreshold({ impostor }: Trials, people: number, fmr: number): Estimate {
  // The next millionth above the limit.
  const above = (limit: number) => (Math.floor(limit * 1e6) + 1) / 1e6;
  return bootstrap(people, (copies) => ({ threshold: above(limitAtFar(impostor, fmr, copies)) })).threshold;
}

/** LFW's own numbers. A pair with a refused image is an error, whatever it shows; for TAR at FAR it counts as in `Verification`. */
export interface LfwResult {
  /** View 2: mean over folds, at thresholds from the other folds. */
  readonly accuracy: number;
  /** Sample standard deviation over folds. */
  readonly std: number;
  readonly tarAtFar1e3: number;
  /** View 1's test list at the threshold that is best for it; null without that list. */
  readonly view1Accuracy: number | null;
  readonly pairs: number;
  /** Of View 2's pairs those with a refused image. */
  readonly failedPairs: number;
}

export function lfwResult(
  set: Dataset & { folds: readonly (readonly Pair[])[]; view1: readonly Pair[] | null },
  embeddings: Embeddings,
): LfwResult {
  const scored = (pairs: readonly Pair[]): LfwTrial[] =>
    pairs.map(({ a, b, same }) => {
      const score = scoreOf(embeddings[a]!, embeddings[b]!);
      return { same, score: score === REFUSED ? null : score };
    });
  const folds = set.folds.map(scored);
  const view1 = set.view1 && scored(set.view1);
  const once = new Float64Array(set.identities.length).fill(1);
  return {
    ...crossValidated(folds),
    tarAtFar1e3: tarAtFar(scorePairs(set, embeddings, set.folds.flat()), 1e-3, once),
    view1Accuracy: view1 && accuracyAt(view1, bestThreshold(view1)),
    pairs: folds.flat().length,
    failedPairs: folds.flat().filter(({ score }) => score === null).length,
  };
}

function scoreOf(a: Embedding | null, b: Embedding | null): number {
  return a === null || b === null ? REFUSED : similarity(a, b);
}

function collector() {
  const [scores, a, b]: [number[], number[], number[]] = [[], [], []];
  return {
    add(score: number, first: Image, second: Image): void {
      scores.push(score);
      a.push(first.identity);
      b.push(second.identity);
    },
    ranked: (): Pairs => ranked({ scores: Float32Array.from(scores), a: Uint32Array.from(a), b: Uint32Array.from(b) }),
  };
}
