import { describe, expect, test } from 'vitest';
import { keystream, normals, permutation, words, type StreamName } from './keystream.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const secret = Uint8Array.from({ length: 32 }, (_, i) => i);

describe('stream', () => {
  test('is ChaCha20 of RFC 8439', () => {
    // Appendix A.1, vectors 1 and 2.
    expect(hex(keystream(new Uint8Array(32), [0, 0, 0], 128))).toBe(
      '76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7' +
        'da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586' +
        '9f07e7be5551387a98ba977c732d080dcb0f29a048e3656912c6533e32ee7aed' +
        '29b721769ce64e43d57133b074d839d531ed1f28510afb45ace10a1f4b794d6f',
    );
    // Section 2.3.2: nonce 00000009 0000004a 00000000, block 1.
    expect(hex(keystream(secret, [0x09000000, 0x4a000000, 0], 16, 1))).toBe('10f1e7e4d13b5915500fdd1fa32071c4');
  });

  test('differs in every part of its name', () => {
    const names: StreamName[] = [
      [0, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ];
    expect(new Set(names.map((name) => hex(keystream(secret, name, 32)))).size).toBe(4);
  });

  test('is read as little-endian words without an end', () => {
    const read = words(secret, [1, 2, 3]);
    const bytes = new DataView(keystream(secret, [1, 2, 3], 4 * 1000).buffer);
    for (let i = 0; i < 1000; i++) expect(read.next().value).toBe(bytes.getUint32(4 * i, true));
  });
});

describe('permutation', () => {
  test('follows its description', () => {
    // 3 elements: i = 2 takes 7 mod 3 = 1, i = 1 takes 4 mod 2 = 0.
    expect([...permutation(3, [7, 4].values())]).toEqual([2, 0, 1]);
    // 2³² − 1 is a multiple of 3, so it is the first word that is passed over.
    expect([...permutation(3, [2 ** 32 - 1, 7, 4].values())]).toEqual([2, 0, 1]);
    expect([...permutation(1, [].values())]).toEqual([0]);
    expect([...permutation(0, [].values())]).toEqual([]);
  });

  test('is every one of four elements equally often', () => {
    const random = words(secret, [0, 0, 0]);
    const counts = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = permutation(4, random).join();
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    // χ² with 23 degrees of freedom is above 58 once in 10,000 times.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(58);
  });

  test('puts each of 49 elements into each place equally often', () => {
    const random = words(secret, [0, 0, 1]);
    const counts = new Float64Array(49 * 49);
    for (let i = 0; i < 4900; i++) permutation(49, random).forEach((from, to) => counts[from * 49 + to]!++);
    const squares = counts.reduce((sum, count) => sum + (count - 100) ** 2 / 100, 0);
    // 48² degrees of freedom: mean 2304, standard deviation √(2 · 2304) = 68.
    expect(Math.abs(squares - 2304)).toBeLessThan(4 * 68);
  });
});

describe('normal numbers', () => {
  const COUNT = 2 ** 18;
  const values = normals(secret, [2, 0, 0], COUNT);
  const moment = (k: number) => values.reduce((sum, value) => sum + value ** k, 0) / COUNT;

  test('have the moments of the standard normal distribution', () => {
    // Five standard errors of each at this count.
    const error = 5 / Math.sqrt(COUNT);
    expect(Math.abs(moment(1))).toBeLessThan(error);
    expect(Math.abs(moment(2) - 1)).toBeLessThan(error * Math.sqrt(2));
    expect(Math.abs(moment(3))).toBeLessThan(error * Math.sqrt(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(error * Math.sqrt(96));
  });

  test('pass the test of Kolmogorov and Smirnov', () => {
    const distance = values.toSorted().reduce((most, value, i) => {
      const expected = cumulative(value);
      return Math.max(most, expected - i / COUNT, (i + 1) / COUNT - expected);
    }, 0);
    // Larger once in 10,000 times.
    expect(distance).toBeLessThan(2.23 / Math.sqrt(COUNT));
  });

  test('are uncorrelated with their neighbours', () => {
    for (const lag of [1, 2, 512]) {
      const sum = values.subarray(lag).reduce((part, value, i) => part + value * values[i]!, 0);
      expect(Math.abs(sum / COUNT)).toBeLessThan(5 / Math.sqrt(COUNT));
    }
  });

  test('do not change where more of them are made', () => {
    expect(normals(secret, [2, 0, 0], 6)).toEqual(values.slice(0, 6));
    expect(normals(secret, [2, 0, 0], 0)).toHaveLength(0);
  });
});

/** Φ(x), to 1e-7 (Abramowitz and Stegun 26.2.17). */
function cumulative(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x));
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * series;
  return x > 0 ? 1 - tail : tail;
}
