import { describe, expect, test } from 'vitest';
import { asFeatures } from './features.js';
import { keystream, normals } from './keystream.js';
import { FEATURE_VALUES, TOKEN_CHANNELS, TOKEN_COUNT } from './spec.js';
import { quantiseTokens, tokens } from './tokens.js';
import { derive, fingerprint, obfuscate, SCHEMES, type Derived, type Key, type Scheme } from './xnn.js';

const secretOf = (seed: number) => keystream(new Uint8Array(32).fill(seed), [9, 9, 9], 32);
const keyOf = (scheme: Scheme, seed = 1): Key => ({ scheme, encoder: '75d552a1d16c0300', secret: secretOf(seed) });

/** Those of `keyOf(scheme)`, derived once. */
const derived = Object.fromEntries(SCHEMES.map((scheme) => [scheme, derive(keyOf(scheme))])) as Record<Scheme, Derived>;

/** z that both languages make exactly, with a variance of about 1. */
const features = asFeatures(
  Float32Array.from({ length: FEATURE_VALUES }, (_, i) => (((i * 7919) % 10007) / 10007 - 0.5) * Math.sqrt(12)),
);
const clean = tokens(features);
const rowOf = (values: Float32Array, i: number) => values.subarray(i * TOKEN_CHANNELS, (i + 1) * TOKEN_CHANNELS);

/** row · weights in float64, as the definition says. */
function product(row: Float32Array, weights: Float32Array): Float32Array {
  return Float32Array.from(row, (_, j) => {
    let sum = 0;
    row.forEach((value, i) => (sum += value * weights[i * TOKEN_CHANNELS + j]!));
    return sum;
  });
}

/** Sum over tokens, [512]. */
function sumOf(values: Float32Array): Float64Array {
  const sums = new Float64Array(TOKEN_CHANNELS);
  values.forEach((value, i) => (sums[i % TOKEN_CHANNELS]! += value));
  return sums;
}

/** Largest difference, as a share of the largest value. */
function difference(a: Float64Array, b: Float64Array): number {
  const largest = a.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0) / largest;
}

describe('schemes', () => {
  test('none changes nothing', () => {
    expect(obfuscate(derived.none, clean)).toEqual(clean);
  });

  test('permutation moves tokens only', () => {
    const { order } = derived.permutation;
    const hidden = obfuscate(derived.permutation, clean);
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: TOKEN_COUNT }, (_, i) => i));
    expect([...order]).not.toEqual([...order].sort((a, b) => a - b));
    order.forEach((from, to) => expect(rowOf(hidden, to)).toEqual(rowOf(clean, from)));
  });

  test.each(['matrix', 'xnn'] as const)('%s multiplies, bit for bit as defined', (scheme) => {
    const { order, matrix } = derived[scheme];
    const hidden = obfuscate(derived[scheme], clean);
    for (const to of [0, 1, 20, 48]) {
      expect(rowOf(hidden, to)).toEqual(product(rowOf(clean, order[to]!), matrix!));
    }
    expect([...order].every((from, to) => from === to)).toBe(scheme === 'matrix');
  });

  test('xnn-hardened scales each token and turns it by the rotation of its position, as defined', () => {
    const { order, rotations } = derived['xnn-hardened'];
    const hidden = obfuscate(derived['xnn-hardened'], clean);
    expect(rotations).toHaveLength(TOKEN_COUNT);
    for (const to of [0, 1, 20, 48]) {
      const row = rowOf(clean, order[to]!);
      const scale = Math.sqrt(TOKEN_CHANNELS / inner(row, row));
      const expected = turned(
        Array.from(row, (value) => value * scale),
        rotations[order[to]!]!,
      );
      rowOf(hidden, to).forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 5));
    }
  });

  test('the sum over tokens gives W of xnn away, whatever the permutation, but no such map of xnn-hardened', () => {
    // Twice a token is the same record of xnn-hardened, and another sum of clean tokens.
    const other = clean.map((value, i) => (i < TOKEN_CHANNELS ? 2 * value : value)) as typeof clean;
    expect(obfuscate(derived['xnn-hardened'], other)).toEqual(obfuscate(derived['xnn-hardened'], clean));
    const sums = Float32Array.from(sumOf(clean));
    const hidden = sumOf(obfuscate(derived.xnn, clean));
    expect(difference(hidden, Float64Array.from(product(sums, derived.xnn.matrix!)))).toBeLessThan(1e-5);
  });

  test('leave the clean tokens as they are', () => {
    const before = clean.slice();
    for (const scheme of SCHEMES) obfuscate(derived[scheme], clean);
    expect(clean).toEqual(before);
  });
});

describe('keys', () => {
  test('that are equal give equal features bit for bit, other ones other features', () => {
    for (const scheme of ['permutation', 'matrix', 'xnn', 'xnn-hardened'] as const) {
      const restored: Key = { ...keyOf(scheme), secret: Uint8Array.from(Buffer.from(keyOf(scheme).secret)) };
      const bytes = (parts: Derived) => Buffer.from(obfuscate(parts, clean).buffer);
      expect(bytes(derive(restored)).equals(bytes(derived[scheme]))).toBe(true);
      expect(bytes(derive(keyOf(scheme, 2))).equals(bytes(derived[scheme]))).toBe(false);
    }
  });

  test('of one secret share nothing between schemes', () => {
    const orders = (['permutation', 'xnn', 'xnn-hardened'] as const).map((scheme) => derived[scheme].order.join());
    expect(new Set(orders).size).toBe(3);
    const firsts = [derived.matrix.matrix![0], derived.xnn.matrix![0], derived['xnn-hardened'].rotations[0]![1]];
    expect(new Set(firsts).size).toBe(3);
  });

  test('have 32 bytes', () => {
    const key = { ...keyOf('xnn'), secret: new Uint8Array(31) };
    expect(() => derive(key)).toThrow(expect.objectContaining({ code: 'key_invalid' }));
  });

  test('are named by a fingerprint that depends on everything and shows nothing', () => {
    const keys = [keyOf('xnn'), keyOf('xnn', 2), keyOf('xnn-hardened'), { ...keyOf('xnn'), encoder: '00'.repeat(8) }];
    expect(new Set(keys.map(fingerprint)).size).toBe(4);
    for (const key of keys) {
      expect(fingerprint(key)).toMatch(/^[0-9a-f]{32}$/);
      expect(fingerprint(key)).toBe(fingerprint({ ...key }));
    }
  });
});

describe('matrices', () => {
  const matrices = [derived.matrix.matrix!, derived.xnn.matrix!];
  const size = TOKEN_CHANNELS;

  test('have entries of mean 0 and variance 1/512, in every row and column', () => {
    for (const entries of matrices) {
      const rows = new Float64Array(size);
      const columns = new Float64Array(size);
      entries.forEach((entry, i) => {
        rows[Math.floor(i / size)]! += entry ** 2;
        columns[i % size]! += entry ** 2;
      });
      expect(Math.abs(entries.reduce((sum, entry) => sum + entry, 0) / size ** 1.5)).toBeLessThan(5 / size);
      // Each is χ² of 512 degrees / 512: standard deviation √(2 / 512) = 0.0625.
      for (const sum of [...rows, ...columns]) expect(Math.abs(sum - 1)).toBeLessThan(5.5 * 0.0625);
    }
  });

  test('are not orthogonal', () => {
    for (const entries of matrices) {
      // Squared cosines of neighbouring rows are about 1/512, not 0.
      let squares = 0;
      for (let row = 0; row + 1 < size; row++) {
        const next = rowOf(entries, row + 1);
        squares += rowOf(entries, row).reduce((sum, entry, i) => sum + entry * next[i]!, 0) ** 2;
      }
      expect((squares / (size - 1)) * size).toBeGreaterThan(0.7);
    }
  });

  test('are as well conditioned as Gaussian ones are, so that they can be inverted in float64', () => {
    for (const entries of matrices) {
      const condition = conditionOf(Float64Array.from(entries), size);
      // Edelman 1988: the condition of n × n is below n / 10 or above 100 n with a probability of about 2 %.
      expect(condition).toBeGreaterThan(size / 10);
      expect(condition).toBeLessThan(100 * size);
    }
  });
});

describe('rotations', () => {
  const random = normals(secretOf(7), [9, 9, 9], 2 * FEATURE_VALUES);
  const several = [0, 1].map((i) =>
    tokens(asFeatures(Float32Array.from(random.subarray(i * FEATURE_VALUES, (i + 1) * FEATURE_VALUES)))),
  );
  const hidden = several.map((one) => obfuscate(derived['xnn-hardened'], one));
  const { order } = derived['xnn-hardened'];

  test('keep angles and give every token the same length', () => {
    order.forEach((from, to) => {
      const [a, b] = several.map((one) => rowOf(one, from));
      const [x, y] = hidden.map((one) => rowOf(one, to));
      const cosine = inner(a!, b!) / Math.sqrt(inner(a!, a!) * inner(b!, b!));
      expect(inner(x!, x!)).toBeCloseTo(TOKEN_CHANNELS, 3);
      expect(inner(x!, y!) / TOKEN_CHANNELS).toBeCloseTo(cosine, 6);
    });
  });

  test('spread any token evenly: the first axis at every position, as well as all channels equal', () => {
    for (const channels of [[1], Array<number>(TOKEN_CHANNELS).fill(1)]) {
      const same = new Float32Array(FEATURE_VALUES) as typeof clean;
      for (let i = 0; i < TOKEN_COUNT; i++) same.set(channels, i * TOKEN_CHANNELS);
      const values = obfuscate(derived['xnn-hardened'], same);
      const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / FEATURE_VALUES;
      // Of 25,088 numbers that are nearly normal: standard errors 0.0063, 0.009 and 0.06.
      expect(Math.abs(moment(1))).toBeLessThan(0.03);
      expect(Math.abs(moment(2) - 1)).toBeLessThan(1e-5);
      expect(Math.abs(moment(4) - 3)).toBeLessThan(0.3);
      // Neighbouring positions have nothing to do with one another: cosines of a standard deviation of 1/√512.
      for (let i = 1; i < TOKEN_COUNT; i++) {
        expect(Math.abs(inner(rowOf(values, i - 1), rowOf(values, i)))).toBeLessThan(5 * Math.sqrt(TOKEN_CHANNELS));
      }
    }
  });

  test('of a token of zeros make zeros', () => {
    const hidden = obfuscate(derived['xnn-hardened'], new Float32Array(FEATURE_VALUES) as typeof clean);
    expect(hidden.every((value) => value === 0)).toBe(true);
  });
});

function inner(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** row under a rotation: c becomes −s (c − v (v·c)) for its first 1, 2 … channels. */
function turned(row: readonly number[], vectors: Float32Array): number[] {
  let channels = [...row];
  for (let k = 1, from = 0; k <= row.length; from += k++) {
    const vector = vectors.subarray(from, from + k);
    const along = inner(vector, channels);
    const sign = vector[k - 1]! < 0 ? 1 : -1;
    channels = channels.map((value, i) => (i < k ? sign * (value - vector[i]! * along) : value));
  }
  return channels;
}

/** Largest by smallest singular value, by power iteration with the matrix and with its inverse. */
function conditionOf(matrix: Float64Array, n: number): number {
  const solve = factorise(matrix, n);
  const largest = growth(n, (x) => apply(matrix, n, apply(matrix, n, x, false), true));
  const smallest = growth(n, (x) => solve(solve(x, true), false));
  return Math.sqrt(largest * smallest);
}

function growth(n: number, step: (x: Float64Array) => Float64Array): number {
  let x = Float64Array.from({ length: n }, (_, i) => Math.cos(i));
  let length = 0;
  for (let i = 0; i < 100; i++) {
    x = Float64Array.from(step(x));
    length = Math.sqrt(x.reduce((sum, value) => sum + value ** 2, 0));
    x = x.map((value) => value / length);
  }
  return length;
}

function apply(matrix: Float64Array, n: number, x: Float64Array, transposed: boolean): Float64Array {
  const y = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      if (transposed) y[j]! += matrix[i * n + j]! * x[i]!;
      else y[i]! += matrix[i * n + j]! * x[j]!;
    }
  }
  return y;
}

/** Solves A x = b, or Aᵀ x = b, by LU factors with row pivots. */
function factorise(matrix: Float64Array, n: number): (b: Float64Array, transposed: boolean) => Float64Array {
  const lu = matrix.slice();
  const rows = Array.from({ length: n }, (_, i) => i);
  for (let k = 0; k < n; k++) {
    let best = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(lu[i * n + k]!) > Math.abs(lu[best * n + k]!)) best = i;
    if (best !== k) {
      const row = lu.slice(k * n, (k + 1) * n);
      lu.copyWithin(k * n, best * n, (best + 1) * n);
      lu.set(row, best * n);
      [rows[k], rows[best]] = [rows[best]!, rows[k]!];
    }
    for (let i = k + 1; i < n; i++) {
      const factor = (lu[i * n + k]! /= lu[k * n + k]!);
      for (let j = k + 1; j < n; j++) lu[i * n + j]! -= factor * lu[k * n + j]!;
    }
  }
  return (b, transposed) => {
    const x = new Float64Array(n);
    if (!transposed) {
      for (let i = 0; i < n; i++) {
        x[i] = b[rows[i]!]!;
        for (let j = 0; j < i; j++) x[i]! -= lu[i * n + j]! * x[j]!;
      }
      for (let i = n - 1; i >= 0; i--) {
        for (let j = i + 1; j < n; j++) x[i]! -= lu[i * n + j]! * x[j]!;
        x[i]! /= lu[i * n + i]!;
      }
      return x;
    }
    const y = b.slice();
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < i; j++) y[i]! -= lu[j * n + i]! * y[j]!;
      y[i]! /= lu[i * n + i]!;
    }
    for (let i = n - 1; i >= 0; i--) for (let j = i + 1; j < n; j++) y[i]! -= lu[j * n + i]! * y[j]!;
    y.forEach((value, i) => (x[rows[i]!] = value));
    return x;
  };
}

/** Every so many of a sequence. */
function sample(values: ArrayLike<number>, stride: number): number[] {
  return Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride]!);
}

test('the vectors that PyTorch reproduces are those of this code', async () => {
  const stride = { features: 1009, tokens: 1009, matrix: 16_411, rotation: 8209, obfuscated: 1009, steps: 1009 };
  const { secret, encoder } = keyOf('xnn');
  const vectors = {
    about:
      'z[i] = (((i * 7919) % 10007) / 10007 - 0.5) * sqrt(12) in float64, rounded to float32; values of every stride-th index, from 0; ' +
      'stream = first 32 bytes of the streams (1, scheme, 0) and (2, scheme, 0)',
    secret: Buffer.from(secret).toString('hex'),
    encoder,
    stride,
    features: sample(features, stride.features),
    tokens: sample(clean, stride.tokens),
    schemes: Object.fromEntries(
      SCHEMES.map((scheme, number) => {
        const key = keyOf(scheme);
        const { order, matrix, rotations } = derived[scheme];
        const hidden = obfuscate(derived[scheme], clean);
        const quantised = quantiseTokens(hidden);
        return [
          scheme,
          {
            number,
            fingerprint: fingerprint(key),
            streams: [1, 2].map((purpose) => Buffer.from(keystream(secret, [purpose, number, 0], 32)).toString('hex')),
            order: [...order],
            matrix: matrix === undefined ? null : sample(matrix, stride.matrix),
            rotations: [0, 17, 48]
              .filter((index) => index in rotations)
              .map((index) => ({ index, entries: sample(rotations[index]!, stride.rotation) })),
            obfuscated: sample(hidden, stride.obfuscated),
            scales: sample(quantised.scales, 1),
            steps: sample(quantised.steps, stride.steps),
          },
        ];
      }),
    ),
  };
  const text = JSON.stringify(vectors, null, 1).replaceAll(/\[[^[\]{}]*\]/g, (list) => list.replaceAll(/\s+/g, ' '));
  await expect(`${text}\n`).toMatchFileSnapshot('xnn.vectors.json');
});
