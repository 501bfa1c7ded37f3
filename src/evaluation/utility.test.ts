import { describe, expect, it } from 'vitest';
import { unit, type Embedding } from '../core/match.js';
import { EMBEDDING_SIZE } from '../core/spec.js';
import { asDataset } from './dataset.js';
import { seeded } from './metrics.js';
import {
  answered,
  chooseThreshold,
  countPairs,
  identification,
  lfwResult,
  scorePairs,
  verification,
  withoutRefused,
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
    const { genuine, impostor } = scorePairs(set, good, [
      { a: 0, b: 1, same: true },
      { a: 0, b: 5, same: false },
    ]);
    expect([...genuine.scores, ...impostor.scores].map((score) => score.toFixed(4))).toEqual(['0.9962', '-1.0000']);
  });

  it('with a refused image are not accepted if genuine, and left out if not', () => {
    const { pairs, eer, tarAtFar1e3, atThreshold } = verification(scorePairs(set, oneRefused, null), 3, 0.5);
    expect(pairs).toEqual({ genuine: 4, genuineRefused: 2, impostor: 8 });
    expect(tarAtFar1e3.value).toBe(0.5);
    expect(eer.value).toBeGreaterThan(0.4);
    expect(atThreshold).toEqual({ threshold: 0.5, fmr: 0, fnmr: 0.5 });

    const others = verification(answered(scorePairs(set, oneRefused, null)), 3, null);
    expect(others.pairs).toEqual({ genuine: 2, genuineRefused: 0, impostor: 8 });
    expect(others.eer.value).toBe(0);
    expect(others.atThreshold).toBeNull();
  });
});

it('identifies, and a refused image is a miss as probe and in the gallery', () => {
  expect(identification(set, good).value).toBe(1);
  // Of a's searches those with a/2 on either side fail: of six ordered pairs, four. All of b's two succeed: (2/3 + 1) / (2 + 1).
  expect(identification(set, oneRefused).value).toBeCloseTo(5 / 9, 12);
  expect(identification(...withoutRefused(set, oneRefused)).value).toBe(1);
});

describe('threshold', () => {
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
