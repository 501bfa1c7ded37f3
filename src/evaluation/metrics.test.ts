import { describe, expect, it } from 'vitest';
import {
  acceptedAbove,
  accuracyAt,
  bestThreshold,
  bootstrap,
  crossValidated,
  descending,
  equalErrorRate,
  limitAtFar,
  ranked,
  rankOne,
  rankOneRate,
  seeded,
  tarAtFar,
  type LfwTrial,
  type Pairs,
} from './metrics.js';

const once = (people: number) => new Float64Array(people).fill(1);

/** Pairs of identities 0 and 0, or 0 and 1. */
function pairs(scores: readonly number[], b: number): Pairs {
  return ranked({
    scores: Float32Array.from(scores),
    a: new Uint32Array(scores.length),
    b: new Uint32Array(scores.length).fill(b),
  });
}

const trials = (genuine: readonly number[], impostor: readonly number[]) => ({
  genuine: pairs(genuine, 0),
  impostor: pairs(impostor, 1),
});

function gaussians(count: number, mean: number, seed: number): number[] {
  const random = seeded(seed);
  return Array.from(
    { length: count },
    () => mean + Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()),
  );
}

describe('ranking', () => {
  it('sorts negative, zero and equal scores', () => {
    const scores = Float32Array.from([0.5, -1, 0, 0.5, -0, 1, -0.25, 1e-30]);
    const sorted = [...descending(scores)].map((i) => scores[i]! + 0);
    expect(sorted).toEqual([...scores].map((score) => score + 0).sort((a, b) => b - a));
    expect(new Set(descending(scores)).size).toBe(8);
  });
});

describe('TAR at FAR', () => {
  const { genuine, impostor } = trials([0.9, 0.8, 0.6, 0.3], [0.7, 0.5, 0.5, 0.1]);
  it.each([
    [0, 0.7, 0.5],
    [0.25, 0.5, 0.75],
    // Both impostors at 0.5 come together or not at all.
    [0.5, 0.5, 0.75],
    [0.75, 0.1, 1],
    [1, -Infinity, 1],
  ])('at %f the limit is %f and %f of the genuine pairs pass', (far, limit, tar) => {
    expect(limitAtFar(impostor, far, once(2))).toBeCloseTo(limit, 6);
    expect(tarAtFar({ genuine, impostor }, far, once(2))).toBe(tar);
  });

  it('does not accept genuine pairs that tie with the impostor at the limit', () => {
    expect(tarAtFar(trials([0.7, 0.9], [0.7, 0.1]), 0, once(2))).toBe(0.5);
  });

  it('allows three of 3000 at 1e-3', () => {
    const scores = Array.from({ length: 3000 }, (_, i) => 1 - i / 3000);
    expect(limitAtFar(pairs(scores, 1), 1e-3, once(2))).toBeCloseTo(scores[3]!, 6);
  });

  it.each([
    ['no impostors', trials([0.5], []), once(2)],
    ['one identity alone', { genuine, impostor }, Float64Array.of(2, 0)],
  ])('is not defined with %s', (_, some, copies) => {
    expect(limitAtFar(some.impostor, 0.1, copies)).toBeNaN();
    expect(tarAtFar(some, 0.1, copies)).toBeNaN();
    expect(tarAtFar(some, 1, copies)).toBeNaN();
  });

  it('is what theory says for two Gaussians 3 apart', () => {
    const far = trials(gaussians(100_000, 3, 1), gaussians(100_000, 0, 2));
    // 1 − Φ(z₀.₉₉₉ − 3), z₀.₉₉₉ = 3.0902
    expect(tarAtFar(far, 1e-3, once(2))).toBeCloseTo(0.4641, 1);
    // Φ(−1.5)
    expect(equalErrorRate(far, once(2))).toBeCloseTo(0.0668, 2);
  });
});

describe('equal error rate', () => {
  it.each([
    [[0.9, 0.8, 0.3], [0.5, 0.2, 0.1], 1 / 3],
    [[0.9, 0.8], [0.2, 0.1], 0],
    [[0.1, 0.2], [0.8, 0.9], 1],
    // All scores the same: the line from (0, 1) to (1, 0).
    [[0.5, 0.5], [0.5], 0.5],
    // From (far 0, frr 1/2) straight to (1/2, 0).
    [[0.9, 0.5], [0.5, 0.1], 0.25],
  ])('of %j and %j is %f', (genuine, impostor, rate) => {
    expect(equalErrorRate(trials(genuine, impostor), once(2))).toBeCloseTo(rate, 12);
  });

  it('is not defined without impostors', () => {
    expect(equalErrorRate(trials([0.5], []), once(2))).toBeNaN();
  });
});

describe('copies', () => {
  it('weigh a pair of two identities by their product', () => {
    const impostor = { scores: Float32Array.of(0.5, 0.4), a: Uint32Array.of(0, 1), b: Uint32Array.of(1, 2) };
    expect(limitAtFar(impostor, 0.5, once(3))).toBeCloseTo(0.4);
    // 0.5 weighs 2 of 3 now, and is too much.
    expect(limitAtFar(impostor, 0.5, Float64Array.of(2, 1, 1))).toBe(0.5);
  });

  it('weigh a pair of one identity once each', () => {
    const genuine = { scores: Float32Array.of(0.75, 0.25), a: Uint32Array.of(0, 1), b: Uint32Array.of(0, 1) };
    expect(acceptedAbove(genuine, 0.5, Float64Array.of(3, 1))).toBe(0.75);
    expect(acceptedAbove(genuine, 0.5, Float64Array.of(1, 3))).toBe(0.25);
  });
});

describe('rank-1', () => {
  function rate(identities: readonly number[], matrix: readonly (readonly number[])[]): number {
    const { all } = rankOne(Uint32Array.from(identities), (face) => Float32Array.from(matrix[face]!));
    return rankOneRate(all, once(Math.max(...identities) + 1));
  }

  it.each([7, 8, 9, 10])('is the mean over all galleries, as playing each of them shows (seed %i)', (seed) => {
    const identities = Uint32Array.of(0, 0, 0, 1, 1, 2);
    const random = seeded(seed);
    // A few distinct values, so that there are ties.
    const matrix = Array.from(identities, () => Float32Array.from(identities, () => Math.floor(random() * 6)));
    const play = (refused: readonly number[], isThere: (face: number) => boolean) => {
      let [hits, probes] = [0, 0];
      for (const first of [0, 1, 2].filter(isThere)) {
        for (const second of [3, 4].filter(isThere)) {
          const gallery = [first, second, 5];
          const scoreOf = (probe: number, face: number) => (refused.includes(face) ? -1 : matrix[probe]![face]!);
          identities.forEach((own, probe) => {
            if (gallery.includes(probe) || !isThere(probe)) return;
            probes++;
            const others = gallery.filter((face) => identities[face] !== own).map((face) => scoreOf(probe, face));
            if (!refused.includes(probe) && scoreOf(probe, gallery[own]!) > Math.max(...others)) hits++;
          });
        }
      }
      return { rate: hits / probes, probes };
    };
    for (const refused of [[], [1], [3], [1, 4]]) {
      const marks = Uint8Array.from(identities, (_, face) => Number(refused.includes(face)));
      const { all, answered } = rankOne(identities, (face) => matrix[face]!, marks);
      const played = play(refused, () => true);
      expect(played.probes).toBe(18);
      expect(rankOneRate(all, once(3))).toBeCloseTo(played.rate, 12);
      expect(rankOneRate(answered, once(3))).toBeCloseTo(play([], (face) => !refused.includes(face)).rate, 12);
    }
  });

  it('counts a refused face as a miss, even if there is nobody to be taken for', () => {
    const { all, answered } = rankOne(Uint32Array.of(0, 0, 0), () => new Float32Array(3), Uint8Array.of(0, 0, 1));
    expect(rankOneRate(all, once(1))).toBeCloseTo(1 / 3, 12);
    expect(rankOneRate(answered, once(1))).toBe(1);
  });

  it('is 1 where every mate scores highest, and 0 where all scores are equal', () => {
    const identities = [0, 0, 1, 1];
    expect(
      rate(
        identities,
        identities.map((x) => identities.map((y) => Number(x === y))),
      ),
    ).toBe(1);
    expect(
      rate(
        identities,
        identities.map(() => identities.map(() => 0.5)),
      ),
    ).toBe(0);
  });
});

describe('bootstrap', () => {
  it('covers what it estimates, and repeats itself', () => {
    const values = gaussians(400, 0, 3);
    const mean = (copies: Float64Array) => ({
      mean: values.reduce((sum, value, i) => sum + value * copies[i]!, 0) / values.length,
    });
    const { mean: estimate } = bootstrap(values.length, mean);
    // ±1.96 / √400
    expect(estimate.high - estimate.low).toBeGreaterThan(0.15);
    expect(estimate.high - estimate.low).toBeLessThan(0.25);
    expect(estimate.low).toBeLessThan(estimate.value);
    expect(estimate.high).toBeGreaterThan(estimate.value);
    expect(bootstrap(values.length, mean).mean).toEqual(estimate);
    expect(bootstrap(values.length, mean, { seed: 2 }).mean).not.toEqual(estimate);
  });

  it('leaves out resamples where the value is not defined', () => {
    const estimate = bootstrap(2, (copies) => ({ value: copies[0] === 1 ? 5 : NaN })).value;
    expect(estimate).toEqual({ value: 5, low: 5, high: 5 });
  });
});

describe('LFW', () => {
  const trial = (same: boolean, score: number | null): LfwTrial => ({ same, score });

  it('chooses the threshold midway between scores, the middle one of equally good ones', () => {
    expect(bestThreshold([trial(true, 0.75), trial(false, 0.25)])).toBe(0.5);
    expect(bestThreshold([trial(false, 0.75), trial(false, 0.25)])).toBe(Infinity);
    // 0.7 and 0.3 answer three of four right, 0.5 two.
    const plateau = [0.8, 0.6, 0.4, 0.2].map((score, i) => trial(i % 2 === 0, score));
    expect(accuracyAt(plateau, bestThreshold(plateau))).toBe(0.75);
  });

  it('counts a failed pair as wrong, whatever it shows', () => {
    expect(accuracyAt([trial(true, 0.9), trial(true, null), trial(false, null), trial(false, 0.1)], 0.5)).toBe(0.5);
  });

  it('takes the threshold of a fold from the others', () => {
    const easy = [trial(true, 0.8), trial(false, 0.2)];
    // At its own best threshold the shifted fold would be right too.
    const shifted = [trial(true, 0.4), trial(false, 0.3)];
    const { accuracy, std } = crossValidated([easy, easy, shifted]);
    expect(accuracy).toBeCloseTo(5 / 6, 12);
    expect(std).toBeCloseTo(Math.sqrt(1 / 12), 12);
  });
});
