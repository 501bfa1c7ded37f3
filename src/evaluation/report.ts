import type { ErrorCode } from '../core/errors.js';
import type { Dataset } from './dataset.js';
import type { Outcome, StageTimes } from './embed.js';
import type { Lfw } from './lfw.js';
import type { Pair } from './pairs.js';
import {
  answered,
  identification,
  lfwResult,
  scorePairs,
  verification,
  type Identification,
  type LfwResult,
  type Verification,
} from './utility.js';

/** What the product made of the images of a set. */
export interface Acquisition {
  readonly images: number;
  readonly identities: number;
  /** Number of images that the product refused or could not read; `failures` lists them. */
  readonly detectionFailures: number;
  readonly failures: readonly { readonly file: string; readonly code: ErrorCode }[];
  /** Number of images that show several faces, of which only a part around the centre was used. */
  readonly centred: number;
}

interface Rates extends Verification {
  readonly rank1: Identification;
}

export interface SetReport extends Acquisition, Rates {
  /** The same if the refused images had never been there; null if none was refused. */
  readonly withoutFailures: Rates | null;
}

/** In ms. */
export interface StageSummary {
  readonly median: number;
  readonly p95: number;
}

/**
 * @param outcomes of the set's images, in their order
 * @param listed the pairs to verify; null for all
 * @param threshold of the release, as a cosine; null if there is none
 */
export function reportSet(
  set: Dataset,
  outcomes: readonly Outcome[],
  listed: readonly Pair[] | null,
  threshold: number | null,
): SetReport {
  const embeddings = outcomes.map(({ embedding }) => embedding);
  const people = set.identities.length;
  const trials = scorePairs(set, embeddings, listed);
  const acquired = acquisition(set, outcomes);
  const rank1 = identification(set, embeddings);
  return {
    ...acquired,
    ...verification(trials, people, threshold),
    rank1: rank1.all,
    withoutFailures:
      acquired.detectionFailures === 0
        ? null
        : {
            ...verification(answered(trials), people, threshold),
            rank1: rank1.answered,
          },
  };
}

export function reportLfw(set: Lfw, outcomes: readonly Outcome[]): Acquisition & LfwResult {
  const embeddings = outcomes.map(({ embedding }) => embedding);
  return { ...lfwResult(set, embeddings), ...acquisition(set, outcomes) };
}

export function summarise(stages: StageTimes): Record<keyof StageTimes, StageSummary | null> {
  const summary = (times: readonly number[]): StageSummary | null => {
    const sorted = times.toSorted((a, b) => a - b);
    const percentile = (part: number) => Math.round(1000 * sorted[Math.round(part * (sorted.length - 1))]!) / 1000;
    return sorted.length === 0 ? null : { median: percentile(0.5), p95: percentile(0.95) };
  };
  return {
    detect: summary(stages.detect),
    align: summary(stages.align),
    encode: summary(stages.encode),
    pack: summary(stages.pack),
    recognise: summary(stages.recognise),
  };
}

function acquisition({ images, identities }: Dataset, outcomes: readonly Outcome[]): Acquisition {
  const failures = images.flatMap(({ name }, i) => {
    const code = outcomes[i]!.refusal;
    return code === null ? [] : [{ file: name, code }];
  });
  return {
    images: images.length,
    identities: identities.length,
    detectionFailures: failures.length,
    failures,
    centred: outcomes.filter(({ centred }) => centred).length,
  };
}
