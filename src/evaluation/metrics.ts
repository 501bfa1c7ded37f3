/** Scores of pairs of faces. A pair is accepted if it scores at least the threshold. */
export interface Pairs {
  readonly scores: Float32Array;
  /** The two identities of each pair, numbered from 0. */
  readonly a: Uint32Array;
  readonly b: Uint32Array;
}

export interface Trials {
  readonly genuine: Pairs;
  readonly impostor: Pairs;
}

/** How often each identity counts: once in the set itself, any number of times in a bootstrap resample. */
export type Copies = Float64Array;

/** With its 95 % interval. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Indices of scores, highest first. At most 2²⁹ of them. */
export function descending(scores: Float32Array): Uint32Array {
  // In a float64 that holds a float32, 29 bits are zero. With the index there, plain numbers are sorted: far faster than comparing.
  const keys = Float64Array.from(scores, (score) => -score || 0);
  const words = new Uint32Array(keys.buffer);
  for (let i = 0; i < scores.length; i++) words[2 * i]! |= i;
  keys.sort();
  return Uint32Array.from(scores, (_, i) => words[2 * i]! & (2 ** 29 - 1));
}

/** Highest score first, as the functions below take them. */
export function ranked({ scores, a, b }: Pairs): Pairs {
  const order = descending(scores);
  return {
    scores: Float32Array.from(order, (i) => scores[i]!),
    a: Uint32Array.from(order, (i) => a[i]!),
    b: Uint32Array.from(order, (i) => b[i]!),
  };
}

/**
 * The score just too low to be a threshold: accepting it too would accept more than `far` of the impostor pairs. Thresholds lie above
 * it. -Infinity if everything may be accepted, NaN if there is nothing to accept.
 *
 * @param impostor ranked
 */
export function limitAtFar(impostor: Pairs, far: number, copies: Copies, all = total(impostor, copies)): number {
  if (!(all > 0)) return NaN;
  const { scores } = impostor;
  // 0.001 · 3000 must allow 3, whatever the last bit of the product is.
  const allowed = far * all * (1 + 1e-12);
  let accepted = 0;
  for (let i = 0; i < scores.length;) {
    const score = scores[i]!;
    for (; i < scores.length && scores[i] === score; i++) accepted += weight(impostor, i, copies);
    if (accepted > allowed) return score;
  }
  return -Infinity;
}

/** Share of ranked pairs that score above `limit`. NaN if there are none, or no limit. */
export function acceptedAbove(pairs: Pairs, limit: number, copies: Copies, all = total(pairs, copies)): number {
  let accepted = 0;
  for (let i = 0; pairs.scores[i]! > limit; i++) accepted += weight(pairs, i, copies);
  return Number.isNaN(limit) ? NaN : accepted / all;
}

/** How much all pairs of a kind weigh; to be handed to functions that are called several times with the same copies. */
export interface Totals {
  readonly genuine: number;
  readonly impostor: number;
}

export function totalsOf({ genuine, impostor }: Trials, copies: Copies): Totals {
  return { genuine: total(genuine, copies), impostor: total(impostor, copies) };
}

/** Highest share of genuine pairs accepted at a threshold that accepts at most `far` of the impostor pairs. Trials are ranked. */
export function tarAtFar(trials: Trials, far: number, copies: Copies, all = totalsOf(trials, copies)): number {
  return acceptedAbove(trials.genuine, limitAtFar(trials.impostor, far, copies, all.impostor), copies, all.genuine);
}

/**
 * Equal error rate: where the share of accepted impostor pairs and that of refused genuine ones cross, on straight lines between
 * the thresholds there are. Trials are ranked. NaN without genuine or without impostor pairs.
 */
export function equalErrorRate(trials: Trials, copies: Copies, all = totalsOf(trials, copies)): number {
  const { genuine, impostor } = trials;
  let [i, j, accepted, wrong] = [0, 0, 0, 0];
  let before = { far: 0, frr: 1 };
  while (i < genuine.scores.length || j < impostor.scores.length) {
    const score = Math.max(genuine.scores[i] ?? -Infinity, impostor.scores[j] ?? -Infinity);
    for (; genuine.scores[i] === score; i++) accepted += weight(genuine, i, copies);
    for (; impostor.scores[j] === score; j++) wrong += weight(impostor, j, copies);
    const now = { far: wrong / all.impostor, frr: 1 - accepted / all.genuine };
    if (now.far >= now.frr) {
      const gap = before.frr - before.far;
      return before.far + ((now.far - before.far) * gap) / (gap + now.far - now.frr);
    }
    before = now;
  }
  return NaN;
}

/** Correct and all searches of each identity's faces; their sums' quotient is rank-1. */
export interface Searches {
  readonly hits: Float64Array;
  readonly probes: Float64Array;
}

/** Searches among all faces, and among those that were not refused. */
export interface RankOne {
  readonly all: Searches;
  readonly answered: Searches;
}

/**
 * Closed-set rank-1 with one gallery face an identity, every other face a probe: the exact mean over all galleries that can be
 * chosen. A tie with another identity is a miss, and so is a search with or for a face that was refused.
 *
 * @param identities of each face, numbered from 0
 * @param scoresOf scores of one face with all faces; what it says of refused ones does not matter, nor is it asked for theirs
 * @param refused 1 for each face that was refused
 */
export function rankOne(
  identities: Uint32Array,
  scoresOf: (face: number) => Float32Array,
  refused = new Uint8Array(identities.length),
): RankOne {
  const people = identities.reduce((most, identity) => Math.max(most, identity + 1), 0);
  const [all, answered] = [tally(people), tally(people)];
  identities.forEach((own, face) => {
    all.sizes[own]!++;
    if (!refused[face]) answered.sizes[own]!++;
  });
  identities.forEach((own, probe) => {
    all.probes[own]! += all.sizes[own]! - 1;
    if (refused[probe]) return;
    answered.probes[own]! += answered.sizes[own]! - 1;
    if (answered.sizes[own] === 1) return;
    const scores = scoresOf(probe);
    // What scores lower than all mates decides nothing, and is nearly everything.
    let lowest = Infinity;
    for (let i = 0; i < scores.length; i++)
      if (identities[i] === own && i !== probe && !refused[i]) lowest = Math.min(lowest, scores[i]!);
    const near: number[] = [];
    for (let i = 0; i < scores.length; i++) if (scores[i]! >= lowest && i !== probe && !refused[i]) near.push(i);
    const order = Array.from(descending(Float32Array.from(near, (i) => scores[i]!)), (i) => near[i]!);
    const ahead = new Uint32Array(people);
    // Probability that nobody else's gallery face scores as high as what has been passed; each has any of his faces there.
    all.alone = answered.alone = 1;
    for (let at = 0; at < order.length && all.alone > 0;) {
      const start = at;
      const score = scores[order[start]!];
      let mates = 0;
      for (; at < order.length && scores[order[at]!] === score; at++) {
        const other = identities[order[at]!]!;
        if (other === own) {
          mates++;
        } else {
          const passed = ahead[other]!++;
          all.alone *= 1 - 1 / (all.sizes[other]! - passed);
          answered.alone *= 1 - 1 / (answered.sizes[other]! - passed);
        }
      }
      all.hits[own]! += mates * all.alone;
      answered.hits[own]! += mates * answered.alone;
    }
  });
  // Divided last, so that all hits of a person are exactly all his searches.
  for (const { sizes, hits, probes } of [all, answered]) {
    sizes.forEach((size, own) => {
      hits[own]! /= size || 1;
      probes[own]! /= size || 1;
    });
  }
  return { all, answered };
}

function tally(people: number) {
  const [sizes, hits, probes] = [new Uint32Array(people), new Float64Array(people), new Float64Array(people)];
  return { sizes, hits, probes, alone: 1 };
}

export function rankOneRate({ hits, probes }: Searches, copies: Copies): number {
  const sum = (values: Float64Array) => values.reduce((part, value, identity) => part + copies[identity]! * value, 0);
  return sum(hits) / sum(probes);
}

/**
 * Values of a set, with the interval between the 2.5th and the 97.5th percentile over resamples of its identities, drawn with
 * replacement. Resamples where a value is not defined (one identity alone) do not count for it.
 *
 * @param measure called with all ones first; a pair of two identities counts the product of their copies, one of the same its copies
 */
export function bootstrap<K extends string>(
  people: number,
  measure: (copies: Copies) => Record<K, number>,
  { resamples = 300, seed = 1 } = {},
): Record<K, Estimate> {
  const values = measure(new Float64Array(people).fill(1));
  const random = seeded(seed);
  const draws = Array.from({ length: resamples }, () => {
    const copies = new Float64Array(people);
    for (let i = 0; i < people; i++) copies[Math.floor(random() * people)]!++;
    return measure(copies);
  });
  const estimate = (name: K): Estimate => {
    const sorted = draws
      .map((draw) => draw[name])
      .filter((value) => !Number.isNaN(value))
      .sort((a, b) => a - b);
    const percentile = (part: number) => sorted[Math.round(part * (sorted.length - 1))] ?? NaN;
    return { value: values[name], low: percentile(0.025), high: percentile(0.975) };
  };
  const names = Object.keys(values) as K[];
  return Object.fromEntries(names.map((name) => [name, estimate(name)])) as Record<K, Estimate>;
}

/** One pair of LFW's lists. */
export interface LfwTrial {
  readonly same: boolean;
  /** Null if either picture gave no features: an error, whatever is answered. */
  readonly score: number | null;
}

/** LFW View 2: each fold at the threshold that is best on all others. Accuracy is the mean over folds, `std` their sample deviation. */
export function crossValidated(folds: readonly (readonly LfwTrial[])[]): { accuracy: number; std: number } {
  const accuracies = folds.map((fold, i) => accuracyAt(fold, bestThreshold(folds.filter((_, j) => j !== i).flat())));
  const accuracy = accuracies.reduce((sum, value) => sum + value, 0) / folds.length;
  const squares = accuracies.reduce((sum, value) => sum + (value - accuracy) ** 2, 0);
  return { accuracy, std: Math.sqrt(squares / (folds.length - 1)) };
}

export function accuracyAt(trials: readonly LfwTrial[], threshold: number): number {
  return trials.filter(({ same, score }) => score !== null && score >= threshold === same).length / trials.length;
}

/** The threshold with the most right answers, midway between two scores; of several equally good ones the middle one. */
export function bestThreshold(trials: readonly LfwTrial[]): number {
  const scored = trials.flatMap(({ same, score }) => (score === null ? [] : [{ same, score }]));
  scored.sort((x, y) => y.score - x.score);
  let right = scored.filter(({ same }) => !same).length;
  let most = right;
  let best = [Infinity];
  scored.forEach(({ same, score }, i) => {
    right += same ? 1 : -1;
    const next = scored[i + 1]?.score ?? -Infinity;
    if (next === score || right < most) return;
    if (right > most) best = [];
    most = right;
    best.push(next === -Infinity ? score : (score + next) / 2);
  });
  return best[Math.floor(best.length / 2)]!;
}

/** Uniform numbers in [0, 1), the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

function weight({ a, b }: Pairs, i: number, copies: Copies): number {
  const first = a[i]!;
  const second = b[i]!;
  return first === second ? copies[first]! : copies[first]! * copies[second]!;
}

function total(pairs: Pairs, copies: Copies): number {
  let sum = 0;
  for (let i = 0; i < pairs.scores.length; i++) sum += weight(pairs, i, copies);
  return sum;
}
