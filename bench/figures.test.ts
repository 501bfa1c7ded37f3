import { expect, test } from 'vitest';
import { median, quantile } from './figures.js';

test('the median lies in the middle, also of an even number', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([98, 100])).toBe(99);
  expect(median([4, 1, 3, 2])).toBe(2.5);
  expect(median([])).toBeNaN();
  expect(quantile([1, 2, 3, 4], 0.95)).toBe(4);
});
