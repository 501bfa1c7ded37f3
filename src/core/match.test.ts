import { expect, test } from 'vitest';
import { similarity, template, unit } from './match.js';
import { EMBEDDING_SIZE } from './spec.js';

/** The unit vector at an angle from the first axis, towards the second. */
function at(degrees: number): Float32Array {
  const vector = new Float32Array(EMBEDDING_SIZE);
  vector[0] = Math.cos((degrees * Math.PI) / 180);
  vector[1] = Math.sin((degrees * Math.PI) / 180);
  return vector;
}

test('the similarity of two unit vectors is the cosine of their angle', () => {
  for (const degrees of [0, 30, 60, 90, 150, 180]) {
    expect(similarity(at(10), at(10 + degrees))).toBeCloseTo(Math.cos((degrees * Math.PI) / 180), 6);
  }
});

test('unit keeps the direction and sets the length', () => {
  const long = at(25).map((value) => value * 1234);
  expect(similarity(unit(long), at(25))).toBeCloseTo(1, 6);
  expect(Math.hypot(...unit(long))).toBeCloseTo(1, 6);
});

test.each([
  ['zeros', new Float32Array(EMBEDDING_SIZE)],
  ['NaN', new Float32Array(EMBEDDING_SIZE).fill(NaN)],
  ['infinity', at(0).map((value) => value * Infinity)],
  ['another size', new Float32Array(EMBEDDING_SIZE - 1).fill(1)],
])('unit refuses %s', (_, vector) => {
  expect(() => unit(vector)).toThrow(expect.objectContaining({ code: 'model_invalid' }));
});

test('a template is the direction in the middle of its captures', () => {
  const middle = template([at(-20), at(0), at(20)], 0.5);
  expect(similarity(middle, at(0))).toBeCloseTo(1, 6);
  expect(Math.hypot(...middle)).toBeCloseTo(1, 6);
  expect(template([at(7)], 0.5)).toEqual(unit(at(7)));
});

test('captures of two people are refused, wherever the second one is', () => {
  const limit = Math.cos((30 * Math.PI) / 180);
  expect(() => template([at(0), at(29)], limit)).not.toThrow();
  for (const captures of [
    [0, 31],
    [0, 20, 40],
    [0, 0, 0, 0, 31],
    [31, 0, 0],
  ]) {
    expect(() => template(captures.map(at), limit)).toThrow(expect.objectContaining({ code: 'captures_differ' }));
  }
});
