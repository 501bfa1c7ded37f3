import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { gaussian, type RandomBytes } from './random.js';

/** The same bytes for the same seed: SHA-256 in counter mode. */
function seeded(seed: string): RandomBytes {
  return (length) => {
    const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, i) =>
      createHash('sha256').update(`${seed} ${i}`).digest(),
    );
    return new Uint8Array(Buffer.concat(blocks).subarray(0, length));
  };
}

const COUNT = 200_000;
const values = gaussian(COUNT, seeded('moments'));

/** Mean of the k-th powers. */
const moment = (k: number) => values.reduce((sum, value) => sum + value ** k, 0) / COUNT;

test('mean, variance, skewness and kurtosis are those of a standard normal', () => {
  // Five standard errors of each at this count.
  const error = 5 / Math.sqrt(COUNT);
  expect(Math.abs(moment(1))).toBeLessThan(error);
  expect(Math.abs(moment(2) - 1)).toBeLessThan(error * Math.sqrt(2));
  expect(Math.abs(moment(3))).toBeLessThan(error * Math.sqrt(15));
  expect(Math.abs(moment(4) - 3)).toBeLessThan(error * Math.sqrt(96));
});

test.each([
  [1, 0.317311],
  [2, 0.0455],
  [3, 0.0027],
])('the share beyond %d standard deviations is %d', (bound, share) => {
  const seen = values.filter((value) => Math.abs(value) > bound).length / COUNT;
  expect(Math.abs(seen - share)).toBeLessThan(5 * Math.sqrt(share / COUNT));
});

test('the two numbers of a pair, and neighbours, are uncorrelated', () => {
  for (const lag of [1, 2]) {
    let sum = 0;
    for (let i = 0; i + lag < COUNT; i++) sum += values[i]! * values[i + lag]!;
    expect(Math.abs(sum / COUNT)).toBeLessThan(5 / Math.sqrt(COUNT));
  }
});

test('no bytes give anything but a finite number below 6.8', () => {
  for (const byte of [0x00, 0xff]) {
    for (const value of gaussian(8, (length) => new Uint8Array(length).fill(byte))) {
      expect(Math.abs(value)).toBeLessThan(6.8);
    }
  }
});

test('counts may be odd or zero, and a view into a larger buffer is read where it lies', () => {
  expect(gaussian(0, seeded('a'))).toHaveLength(0);
  expect(gaussian(5, seeded('a'))).toEqual(gaussian(6, seeded('a')).slice(0, 5));
  const shifted: RandomBytes = (length) => {
    const buffer = new Uint8Array(length + 3);
    buffer.set(seeded('a')(length), 3);
    return buffer.subarray(3);
  };
  expect(gaussian(6, shifted)).toEqual(gaussian(6, seeded('a')));
});
