import { describe, expect, it } from 'vitest';
import { gaussian } from '../core/random.js';
import { EMBEDDING_SIZE, FEATURE_VALUES } from '../core/spec.js';
import { dequantise } from '../core/quantise.js';
import type { Student } from '../protocol/recognise.js';
import { seeded, SERVED } from '../server/testing.js';
import { climb, openInterface, showAll } from './hill.js';

/** A cloud whose vectors are sums of features by place: a slope that can be climbed. */
const student: Student = (batch) =>
  Promise.resolve(
    batch.map((features) => {
      const vector = new Float32Array(EMBEDDING_SIZE);
      dequantise(features).forEach((value, i) => (vector[i % EMBEDDING_SIZE]! += value));
      return vector;
    }),
  );
const random = seeded(3);
const face = () => gaussian(FEATURE_VALUES, random);
const normal = (count: number) => gaussian(count, random);
const others = Array.from({ length: 6 }, face);
/** Somebody who lies among the others. */
const victim = others[0]!.map((value, i) => value - 0.8 * others[1]![i]!);

describe('the hill climber', () => {
  it('arrives where scores are given', async () => {
    const open = await openInterface(student, SERVED, 0.95, [victim]);
    const { acceptedAt } = await climb(
      (values) => open.score(values),
      (score) => score >= 0.95,
      others,
      2000,
      normal,
    );
    expect(acceptedAt).not.toBeNull();
  });

  it('wanders where verdicts are all there is', async () => {
    const open = await openInterface(student, SERVED, 0.95, [victim]);
    const ask = async (values: Float32Array) => Number(await open.verify(values));
    expect(await climb(ask, (answer) => answer === 1, others, 60, normal)).toEqual({ tries: 60, acceptedAt: null });
    expect(open.highest).toBeLessThan(0.95);
  });

  it('is let in with the face itself, at the try that shows it', async () => {
    const open = await openInterface(student, SERVED, 0.95, [victim]);
    expect(await showAll((values) => open.verify(values), [others[3]!, victim])).toEqual({ tries: 2, acceptedAt: 2 });
  });
});
