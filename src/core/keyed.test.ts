import { hkdf } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { describe, expect, it } from 'vitest';
import { asKeyedDescriptor, keyedRotation, protectDescriptor, ROTATION_INFO } from './keyed.js';
import vectors from './keyed.vectors.json' with { type: 'json' };
import { similarity, unit } from './match.js';
import { gaussian } from './random.js';
import { rotate } from './rotation.js';
import { EMBEDDING_SIZE } from './spec.js';

let drawn = 1;
/** Deterministic bytes (LCG). */
const random = (length: number) =>
  Uint8Array.from({ length }, () => (drawn = (Math.imul(drawn, 1664525) + 1013904223) >>> 0) >>> 24);
const vector = () => gaussian(EMBEDDING_SIZE, random);
const secret = () => random(32);
const seen = (v: Float32Array, turn: Float32Array) => unit(Float32Array.from(protectDescriptor(v, turn)));

describe('the derivation', () => {
  it('is the one of the vectors', () => {
    const own = hexToBytes(vectors.secret);
    const ofTenant = hkdf(sha256, own, hexToBytes(vectors.tenant), utf8ToBytes(ROTATION_INFO), 32);
    expect(Buffer.from(ofTenant).toString('hex')).toBe(vectors.tenantSecret);
    const turn = keyedRotation(ofTenant);
    expect(turn).toHaveLength((128 * 129) / 2);
    const descriptor = Float32Array.from({ length: EMBEDDING_SIZE }, (_, i) => ((i * 37) % 101) - 50);
    expect([...protectDescriptor(descriptor, turn)]).toEqual(vectors.message);
  });

  it('takes 32 bytes and nothing else', () => {
    expect(() => keyedRotation(new Uint8Array(31))).toThrow(expect.objectContaining({ code: 'key_invalid' }) as Error);
  });
});

describe('under one key', () => {
  const turn = keyedRotation(secret());

  it('cosines stay, to the rounding', () => {
    for (let i = 0; i < 20; i++) {
      const [a, b] = [vector(), vector()];
      const mixed = a.map((value, at) => value + b[at]!);
      expect(Math.abs(similarity(seen(a, turn), seen(mixed, turn)) - similarity(unit(a), unit(mixed)))).toBeLessThan(
        0.01,
      );
    }
  });

  it('the map is orthogonal', () => {
    const x = Float64Array.from(unit(vector()));
    rotate(x, turn);
    expect(x.reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 6);
  });
});

describe('under two keys', () => {
  it('a face says nothing of itself: its cosine with itself is that of random directions', () => {
    const face = vector();
    const cosines = Array.from({ length: 400 }, () =>
      similarity(seen(face, keyedRotation(secret())), seen(face, keyedRotation(secret()))),
    );
    const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
    const variance = cosines.reduce((sum, value) => sum + (value - mean) ** 2, 0) / cosines.length;
    // Of random directions: mean 0, variance 1/128.
    expect(Math.abs(mean)).toBeLessThan(4 / Math.sqrt(128 * cosines.length));
    expect(variance * 128).toBeGreaterThan(0.75);
    expect(variance * 128).toBeLessThan(1.3);
  });

  it('every number of a message is as often high as low, whatever the face', () => {
    const face = new Float32Array(EMBEDDING_SIZE);
    face[5] = 1;
    const sums = new Float64Array(EMBEDDING_SIZE);
    const keys = 400;
    for (let i = 0; i < keys; i++) seen(face, keyedRotation(secret())).forEach((value, at) => (sums[at]! += value));
    // Each is a sum of 400 values of variance 1/128: 5 standard deviations.
    for (const sum of sums) expect(Math.abs(sum)).toBeLessThan(5 * Math.sqrt(keys / 128));
  });
});

it('directions that no encoder makes are refused', () => {
  const invalid = expect.objectContaining({ code: 'message_values_invalid' }) as Error;
  expect(() => asKeyedDescriptor(new Int8Array(EMBEDDING_SIZE))).toThrow(invalid);
  expect(() => asKeyedDescriptor(new Int8Array(EMBEDDING_SIZE).fill(-128))).toThrow(invalid);
  expect(() => protectDescriptor(new Float32Array(EMBEDDING_SIZE), keyedRotation(secret()))).toThrow();
});
