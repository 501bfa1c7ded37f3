import { describe, expect, it } from 'vitest';
import { unit, type Embedding } from '../core/match.js';
import { EMBEDDING_SIZE } from '../core/spec.js';
import { asDataset } from './dataset.js';
import { ranked, seeded, type Pairs } from './metrics.js';
import {
  MOST_PAIRS,
  answered,
  chooseThreshold,
  countPairs,
  identification,
  lfwResult,
  scorePairs,
  verification,
  type ScoredTrials,
} from './utility.js';

/** A unit vector at an angle in one plane: the cosine of two is that of the difference of their degrees. */
function at(degrees: number): Embedding {
  const vector = new Float32Array(EMBEDDING_SIZE);
  vector[0] = Math.cos((degrees * Math.PI) / 180);
  vector[1] = Math.sin((degrees * Math.PI) / 180);
  return vector;
}

const names = ['a/1', 'a/2', 'a/3', 'b/1', 'b/2', 'c/1'];
const set = asDataset('', names, (name) => name[0]!);
const good = [at(0), at(5), at(10), at(90), at(95), at(180)];
const oneRefused = [at(0), null, at(10), at(90), at(95), at(180)];

/** Ranked trials of scores, with the identities of their pairs. */
function trialsOf(genuine: readonly [number, number][], impostor: readonly [number, number, number][]): ScoredTrials {
  const asPairs = (rows: readonly (readonly [number, number, number])[]) =>
    ranked({
      scores: Float32Array.from(rows, ([score]) => score),
      a: Uint32Array.from(rows, ([, a]) => a),
      b: Uint32Array.from(rows, ([, , b]) => b),
    });
  const of = { genuine: genuine.length, impostor: impostor.length };
  return {
    genuine: asPairs(genuine.map(([score, own]) => [score, own, own])),
    impostor: asPairs(impostor),
    impostorRefused: 0,
    of,
    ofAnswered: of,
  };
}

describe('pairs', () => {
  it('are all pairs of the set', () => {
    expect(countPairs(set.images)).toEqual({ genuine: 4, impostor: 11 });
    const { genuine, impostor } = scorePairs(set, good, null);
    expect(genuine.scores).toHaveLength(4);
    expect(impostor.scores).toHaveLength(11);
    expect(genuine.scores[3]).toBeCloseTo(Math.cos((10 * Math.PI) / 180), 6);
    // The likest impostors are 80° apart: a/3 and b/1.
    expect(impostor.scores[0]).toBeCloseTo(Math.cos((80 * Math.PI) / 180), 6);
    expect([impostor.a[0], impostor.b[0]]).toEqual([0, 1]);
  });

  it('are those of a list', () => {
    const listed = [
      { a: 0, b: 1, same: true },
      { a: 0, b: 5, same: false },
    ];
    // No sample, however few are wanted.
    const { genuine, impostor } = scorePairs(set, good, listed, 0);
    expect([...genuine.scores, ...impostor.scores].map((score) => score.toFixed(4))).toEqual(['0.9962', '-1.0000']);
  });

  it('with a refused image are not accepted if genuine, and left out if not', () => {
    const { pairs, eer, tarAtFar1e3, atThreshold } = verification(scorePairs(set, oneRefused, null), 3, 0.5);
    expect(pairs).toEqual({
      genuine: 4,
      genuineRefused: 2,
      genuineOf: 4,
      impostor: 8,
      impostorRefused: 3,
      impostorOf: 11,
    });
    expect(tarAtFar1e3.value).toBe(0.5);
    expect(eer.value).toBeGreaterThan(0.4);
    expect(atThreshold).toEqual({ threshold: 0.5, fmr: 0, fnmr: 0.5 });

    const others = verification(answered(scorePairs(set, oneRefused, null)), 3, null);
    expect(others.pairs).toEqual({
      genuine: 2,
      genuineRefused: 0,
      genuineOf: 2,
      impostor: 8,
      impostorRefused: 0,
      impostorOf: 8,
    });
    expect(others.eer.value).toBe(0);
    expect(others.atThreshold).toBeNull();
  });

  it('of a list are counted with those refused', () => {
    const listed = [
      { a: 0, b: 1, same: true },
      { a: 3, b: 4, same: true },
      { a: 1, b: 5, same: false },
      { a: 1, b: 3, same: false },
      { a: 0, b: 5, same: false },
    ];
    const trials = scorePairs(set, oneRefused, listed);
    const counts = { genuine: 2, genuineRefused: 1, genuineOf: 2, impostor: 1, impostorRefused: 2, impostorOf: 3 };
    expect(verification(trials, 3, null).pairs).toEqual(counts);
    expect(verification(answered(trials), 3, null).pairs).toEqual({
      genuine: 1,
      genuineRefused: 0,
      genuineOf: 1,
      impostor: 1,
      impostorRefused: 0,
      impostorOf: 1,
    });
  });

  it('are a random sample where there are too many', () => {
    // As the help of npm run eval says.
    expect(MOST_PAIRS).toBe(4_000_000);
    // 120 pictures of one person, and one of 120 others each.
    const crowd = asDataset(
      '',
      Array.from({ length: 240 }, (_, i) => String(i)),
      (name) => String(Math.max(119, Number(name))),
    );
    const random = seeded(3);
    const embeddings = crowd.images.map(() => at(180 * random()));
    const whole = scorePairs(crowd, embeddings, null, 22_000);
    const sample = scorePairs(crowd, embeddings, null, 1000);
    const people = crowd.identities.length;
    const [rates, sampled] = [whole, sample].map((trials) => verification(trials, people, 0.5));
    expect(rates!.pairs).toMatchObject({ genuine: 7140, genuineOf: 7140, impostor: 21_540, impostorOf: 21_540 });
    expect(sampled!.pairs).toMatchObject({ genuineOf: 7140, impostorOf: 21_540 });
    for (const kind of ['genuine', 'impostor'] as const) {
      const { scores, a, b } = sample[kind];
      // Give or take five deviations.
      expect(Math.abs(scores.length - 1000)).toBeLessThan(150);
      const left = new Map<string, number>();
      const keyOf = (pairs: Pairs, i: number) => `${pairs.a[i]} ${pairs.b[i]} ${pairs.scores[i]}`;
      whole[kind].scores.forEach((_, i) => {
        const key = keyOf(whole[kind], i);
        left.set(key, (left.get(key) ?? 0) + 1);
      });
      // None twice.
      scores.forEach((_, i) => {
        const key = keyOf({ scores, a, b }, i);
        left.set(key, (left.get(key) ?? 0) - 1);
      });
      expect(Math.min(...left.values())).toBeGreaterThanOrEqual(0);
    }
    // From all over the set.
    expect(new Set(sample.impostor.a).size).toBeGreaterThan(80);
    // Four deviations of a share of 1000.
    expect(Math.abs(sampled!.atThreshold!.fmr - rates!.atThreshold!.fmr)).toBeLessThan(0.063);
    expect(Math.abs(sampled!.atThreshold!.fnmr - rates!.atThreshold!.fnmr)).toBeLessThan(0.063);
    expect(Math.abs(sampled!.eer.value - rates!.eer.value)).toBeLessThan(0.063);
  });
});

describe('verification', () => {
  it('takes one impostor of 10,000 at 1e-4, and ten at 1e-3', () => {
    const impostor = Array.from({ length: 10_000 }, (_, i): [number, number, number] => {
      return [i < 1 ? 0.9 : i < 10 ? 0.7 : 0.1, 0, 1];
    });
    // Above 0.7 is one of four, above 0.1 are three.
    const genuine = [0.8, 0.6, 0.4, 0.05].map((score): [number, number] => [score, 0]);
    const { tarAtFar1e3, tarAtFar1e4 } = verification(trialsOf(genuine, impostor), 2, null);
    expect(tarAtFar1e4.value).toBe(0.25);
    expect(tarAtFar1e3.value).toBe(0.75);
  });

  it('accepts from the threshold of the release on', () => {
    const genuine = [0.51, 0.5, 0.49, -0.5].map((score): [number, number] => [score, 0]);
    const impostor = [0.51, 0.49, 0.45, 0.1, -0.5].map((score): [number, number, number] => [score, 0, 1]);
    const { atThreshold } = verification(trialsOf(genuine, impostor), 2, 0.5);
    expect(atThreshold).toEqual({ threshold: 0.5, fmr: 0.2, fnmr: 0.5 });
  });

  it('has no interval from resamples of one person alone', () => {
    // The first person is always accepted, the others never.
    const genuine: [number, number][] = [
      [0.9, 0],
      [0.3, 1],
      [0.3, 2],
    ];
    const impostor: [number, number, number][] = [
      [0.5, 0, 1],
      [0.5, 0, 2],
      [0.5, 1, 2],
    ];
    const two = verification(trialsOf(genuine.slice(0, 2), impostor.slice(0, 1)), 2, null);
    expect(two.tarAtFar1e3).toEqual({ value: 0.5, low: 0.5, high: 0.5 });
    expect(two.eer.low).toBe(two.eer.high);
    // The first twice with another is the best, without him the worst.
    const { tarAtFar1e3, tarAtFar1e4 } = verification(trialsOf(genuine, impostor), 3, null);
    expect(tarAtFar1e3).toEqual({ value: 1 / 3, low: 0, high: 2 / 3 });
    expect(tarAtFar1e4).toEqual(tarAtFar1e3);
  });

  it('has no rates without impostors', () => {
    const none = { value: null, low: null, high: null };
    expect(JSON.parse(JSON.stringify(verification(trialsOf([[0.9, 0]], []), 2, 0.5)))).toMatchObject({
      eer: none,
      tarAtFar1e3: none,
      tarAtFar1e4: none,
      atThreshold: { fmr: null, fnmr: 0 },
    });
  });
});

it('identifies, and a refused image is a miss as probe and in the gallery', () => {
  expect(identification(set, good).all.value).toBe(1);
  // Of a's searches those with a/2 on either side fail: of six ordered pairs, four. All of b's two succeed: (2/3 + 1) / (2 + 1).
  const { all, answered: others } = identification(set, oneRefused);
  expect(all.value).toBeCloseTo(5 / 9, 12);
  expect(all).toMatchObject({ people: 2, probes: 5 });
  expect(others).toMatchObject({ value: 1, people: 2, probes: 4 });
});

it('has rank-1 of people as they are drawn', () => {
  // Between b's two pictures lies c's.
  const people = asDataset('', ['a/1', 'a/2', 'b/1', 'b/2', 'c/1'], (name) => name[0]!);
  const { all } = identification(people, [at(0), at(1), at(90), at(180), at(91)]);
  expect(all).toEqual({ value: 0.5, low: 0, high: 1, people: 2, probes: 4 });
});

it.each([3, 5, 6, 7, 10])('has a rank-1 of exactly 1 for perfect faces, %i a person', (pictures) => {
  const names = Array.from({ length: 7 * pictures }, (_, i) => `${i % 7}/${i}`);
  const people = asDataset('', names, (name) => name[0]!);
  const embeddings = people.images.map(({ identity }, i) => at(25 * identity + i / 10));
  const perfect = { value: 1, low: 1, high: 1, people: 7, probes: 7 * pictures };
  expect(identification(people, embeddings)).toEqual({ all: perfect, answered: perfect });
});

describe('threshold', () => {
  it('comes from resamples with impostors alone', () => {
    const impostor: [number, number, number][] = [
      [0.5, 0, 1],
      [0.25, 0, 2],
      [0.125, 1, 2],
    ];
    // One of three passes; of two people's one pair, none.
    const three = chooseThreshold(trialsOf([], impostor), 3, 0.5);
    expect(three).toEqual({ value: 0.250001, low: 0.125001, high: 0.500001 });
    const two = chooseThreshold(trialsOf([], impostor.slice(0, 1)), 2, 0.5);
    expect(two).toEqual({ value: 0.500001, low: 0.500001, high: 0.500001 });
    expect(chooseThreshold(trialsOf([], []), 2, 0.5)).toEqual({ value: NaN, low: NaN, high: NaN });
  });

  it('accepts at most its share of the impostor pairs, and hardly less', () => {
    const random = seeded(5);
    const people = asDataset(
      '',
      Array.from({ length: 600 }, (_, i) => `${i % 60}/${i}`),
      (name) => name.split('/')[0]!,
    );
    const embeddings = people.images.map(() =>
      unit(Float32Array.from({ length: EMBEDDING_SIZE }, () => random() - 0.5)),
    );
    const trials = scorePairs(people, embeddings, null);
    const { value, low, high } = chooseThreshold(trials, 60, 1e-4);
    const accepted = trials.impostor.scores.filter((score) => score >= value).length;
    expect(trials.impostor.scores).toHaveLength(177_000);
    expect(accepted).toBe(17);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
  });
});

it('follows the protocol of LFW', () => {
  const lfw = {
    ...set,
    folds: [
      [
        { a: 0, b: 1, same: true },
        { a: 0, b: 3, same: false },
      ],
      [
        { a: 3, b: 4, same: true },
        { a: 2, b: 5, same: false },
      ],
      [
        { a: 0, b: 2, same: true },
        { a: 0, b: 4, same: false },
      ],
    ],
    view1: [{ a: 0, b: 2, same: true }],
  };
  expect(lfwResult(lfw, good)).toEqual({
    accuracy: 1,
    std: 0,
    tarAtFar1e3: 1,
    view1Accuracy: 1,
    pairs: 6,
    failedPairs: 0,
  });
  // A pair of the first fold is wrong, whatever the threshold.
  const { accuracy, failedPairs, tarAtFar1e3 } = lfwResult(lfw, oneRefused);
  expect(accuracy).toBeCloseTo(5 / 6, 12);
  expect(failedPairs).toBe(1);
  expect(tarAtFar1e3).toBeCloseTo(2 / 3, 12);
});
