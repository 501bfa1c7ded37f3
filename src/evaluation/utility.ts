import { similarity, type Embedding } from '../core/match.js';
import { EMBEDDING_SIZE } from '../core/spec.js';
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
  type Searches,
  type Trials,
} from './metrics.js';
import type { Pair } from './pairs.js';

/** Embeddings of a set's images, in their order; null where the product refused one. */
export type Embeddings = readonly (Embedding | null)[];

/** Score of whatever an image was refused for: below every cosine. */
const REFUSED = -2;
/** Of more pairs of a kind than this, a random sample of about as many is scored. */
export const MOST_PAIRS = 4_000_000;
const SAMPLE_SEED = 1;

/** Numbers of pairs. */
export interface PairCounts {
  readonly genuine: number;
  readonly impostor: number;
}

/** Trials, and what is not in them. */
export interface ScoredTrials extends Trials {
  /** Number of impostor pairs that were left out for a refused image. */
  readonly impostorRefused: number;
  /** All pairs that there are: more than were scored where those are a sample. */
  readonly of: PairCounts;
  /** Those of them without a refused image. */
  readonly ofAnswered: PairCounts;
}

/**
 * How well one face is told from another. Genuine pairs with a refused image count as not accepted. Impostor pairs with one are left out,
 * or else refusing would make the false accept rate look better. A rate of no pairs is NaN, in JSON null.
 */
export interface Verification {
  readonly pairs: {
    /** Scored, with those refused. */
    readonly genuine: number;
    readonly genuineRefused: number;
    /** All there are; those scored are a random sample if this is more than `genuine`. */
    readonly genuineOf: number;
    /** Scored, without those refused. */
    readonly impostor: number;
    readonly impostorRefused: number;
    /** All there are; those scored are a random sample if this is more than `impostor` and `impostorRefused`. */
    readonly impostorOf: number;
  };
  readonly eer: Estimate;
  readonly tarAtFar1e3: Estimate;
  readonly tarAtFar1e4: Estimate;
  /** What the product would do at the threshold of its release; null if there is none. */
  readonly atThreshold: { readonly threshold: number; readonly fmr: number; readonly fnmr: number } | null;
}

/**
 * Scores `listed` pairs, or all pairs of the set.
 *
 * @param most of more pairs of a kind than this, a random sample of about as many is scored; listed ones are all scored
 */
export function scorePairs(
  { images }: Dataset,
  embeddings: Embeddings,
  listed: readonly Pair[] | null,
  most = MOST_PAIRS,
): ScoredTrials {
  const kinds = { genuine: collector(), impostor: collector() };
  let impostorRefused = 0;
  const add = (a: number, b: number, same: boolean) => {
    const score = scoreOf(embeddings[a]!, embeddings[b]!);
    if (same || score !== REFUSED) kinds[same ? 'genuine' : 'impostor'].add(score, images[a]!, images[b]!);
    else impostorRefused++;
  };
  const isAnswered = (image: number) => embeddings[image] !== null;
  const of = listed === null ? countPairs(images) : countListed(listed);
  const ofAnswered =
    listed === null
      ? countPairs(images.filter((_, image) => isAnswered(image)))
      : countListed(listed.filter(({ a, b }) => isAnswered(a) && isAnswered(b)));
  if (listed !== null) {
    for (const { a, b, same } of listed) add(a, b, same);
  } else {
    const random = seeded(SAMPLE_SEED);
    for (let a = 0; a < images.length; a++) {
      for (let b = a + 1; b < images.length; b++) {
        const same = images[a]!.identity === images[b]!.identity;
        const share = most / of[same ? 'genuine' : 'impostor'];
        if (share >= 1 || random() < share) add(a, b, same);
      }
    }
  }
  return { genuine: kinds.genuine.ranked(), impostor: kinds.impostor.ranked(), impostorRefused, of, ofAnswered };
}

/** Numbers of pairs in a set. */
export function countPairs(images: readonly Image[]): PairCounts {
  const genuine = sizesOf(images).reduce((sum, size) => sum + (size * (size - 1)) / 2, 0);
  return { genuine, impostor: (images.length * (images.length - 1)) / 2 - genuine };
}

/** How many images each identity has. */
function sizesOf(images: readonly Image[]): number[] {
  const sizes = new Map<number, number>();
  for (const { identity } of images) sizes.set(identity, (sizes.get(identity) ?? 0) + 1);
  return [...sizes.values()];
}

function countListed(pairs: readonly Pair[]): PairCounts {
  const genuine = pairs.filter(({ same }) => same).length;
  return { genuine, impostor: pairs.length - genuine };
}

/** @param threshold of the release, as a cosine */
export function verification(trials: ScoredTrials, people: number, threshold: number | null): Verification {
  const once = new Float64Array(people).fill(1);
  const accepted = (pairs: Pairs) => acceptedAbove(pairs, (threshold ?? 0) - 1e-9, once);
  return {
    pairs: {
      genuine: trials.genuine.scores.length,
      genuineRefused: trials.genuine.scores.filter((score) => score === REFUSED).length,
      genuineOf: trials.of.genuine,
      impostor: trials.impostor.scores.length,
      impostorRefused: trials.impostorRefused,
      impostorOf: trials.of.impostor,
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

/** Closed-set rank-1. */
export interface Identification extends Estimate {
  /** Number of people who are searched for: those with several images. */
  readonly people: number;
  /** Number of their images, each of which is a probe. */
  readonly probes: number;
}

export interface Identifications {
  /** A refused probe is a miss, and so is a search for somebody whose gallery image was refused. */
  readonly all: Identification;
  /** The same if the refused images had never been there. */
  readonly answered: Identification;
}

export function identification({ images, identities }: Dataset, embeddings: Embeddings): Identifications {
  // [images, 128]
  const flat = new Float32Array(images.length * EMBEDDING_SIZE);
  embeddings.forEach((embedding, i) => embedding && flat.set(embedding, i * EMBEDDING_SIZE));
  const scores = new Float32Array(images.length);
  const scoresOf = (face: number) => {
    const probe = embeddings[face]!;
    for (let other = 0, at = 0; other < scores.length; other++) {
      let sum = 0;
      for (let i = 0; i < EMBEDDING_SIZE; i++) sum += probe[i]! * flat[at++]!;
      scores[other] = sum;
    }
    return scores;
  };
  const identityOf = Uint32Array.from(images, ({ identity }) => identity);
  const refused = Uint8Array.from(embeddings, (embedding) => Number(embedding === null));
  const { all, answered } = rankOne(identityOf, scoresOf, refused);
  const kept = images.filter((_, i) => !refused[i]);
  const rate = (searches: Searches, searched: readonly Image[]): Identification => ({
    ...bootstrap(identities.length, (copies) => ({ rate: rankOneRate(searches, copies) })).rate,
    ...countProbes(searched),
  });
  return { all: rate(all, images), answered: rate(answered, kept) };
}

function countProbes(images: readonly Image[]): { people: number; probes: number } {
  const sizes = sizesOf(images).filter((size) => size > 1);
  return { people: sizes.length, probes: sizes.reduce((sum, size) => sum + size, 0) };
}

/** Trials as if the images that were refused had never been there. */
export function answered({ genuine, impostor, ofAnswered }: ScoredTrials): ScoredTrials {
  // Refused pairs rank last.
  const first = genuine.scores.indexOf(REFUSED);
  const end = first < 0 ? genuine.scores.length : first;
  const [scores, a, b] = [genuine.scores.subarray(0, end), genuine.a.subarray(0, end), genuine.b.subarray(0, end)];
  return { genuine: { scores, a, b }, impostor, impostorRefused: 0, of: ofAnswered, ofAnswered };
}

/**
 * The cosine from which the product takes two faces for one person, so that it accepts at most `fmr` of the impostor pairs. NaN if there
 * are none.
 */
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
