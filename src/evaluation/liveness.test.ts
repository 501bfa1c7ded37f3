import { describe, expect, it } from 'vitest';
import { asDataset } from './dataset.js';
import { onePerPerson, reportLiveness } from './liveness.js';
import { ANGLES, type LivenessReport, type Played } from './task.js';

const played = (outcome: Played['outcome']): Played => ({ outcome, done: 3, seconds: 9, likeness: 0.8 });
const seen = ANGLES.map((angle) => (angle === 45 ? null : angle));

function report(genuine: Played['outcome'], ...turned: Played['outcome'][]): LivenessReport {
  return {
    played: { genuine: [played(genuine)], 'print, turned': turned.map(played) },
    angles: { head: seen, flat: seen, bent: seen },
  };
}

describe('reportLiveness', () => {
  const { photos, leftOut, species, angles } = reportLiveness([
    report('passed', 'passed', 'liveness_failed'),
    report('liveness_timeout', 'liveness_failed', 'liveness_timeout'),
    { code: 'face_turned' },
  ]);

  it('counts people who do not pass, and attacks that do', () => {
    expect({ photos, leftOut }).toEqual({ photos: 2, leftOut: { face_turned: 1 } });
    expect(species['genuine']).toMatchObject({
      presentations: 2,
      passed: 1,
      rate: 0.5,
      refused: { liveness_timeout: 1 },
    });
    expect(species['print, turned']).toMatchObject({
      presentations: 4,
      passed: 1,
      rate: 0.25,
      refused: { liveness_failed: 2, liveness_timeout: 1 },
    });
    expect(species['looped film']).toMatchObject({ presentations: 0, rate: null });
  });

  it('tells angles, and where no face was seen', () => {
    expect(angles['head']?.[0]).toEqual({ angle: -45, unseen: 0, median: -45, low: -45, high: -45 });
    expect(angles['head']?.at(-1)).toMatchObject({ angle: 45, unseen: 2, median: null });
  });
});

describe('onePerPerson', () => {
  const names = ['a/1', 'a/2', 'b/1', 'c/1', 'c/2', 'd/1'];
  const set = asDataset('.', names, (name) => name.slice(0, 1));

  it('takes the first picture of people, spread over the set', () => {
    expect(onePerPerson(set, 2).map(({ name }) => name)).toEqual(['a/1', 'c/1']);
    expect(onePerPerson(set, 9).map(({ name }) => name)).toEqual(['a/1', 'b/1', 'c/1', 'd/1']);
  });
});
