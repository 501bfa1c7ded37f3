import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invert } from '../core/inversion.js';
import { CROP_SIZE, FEATURE_CHANNELS, FEATURE_SIZE } from '../core/spec.js';
import { readAttacker, readReleased, WASM_FOLDER } from '../server/testing.js';
import { likeness, recover } from './attack.js';
import { goldenFace, goldenSeed } from './golden.js';

/** What PyTorch painted of the golden seed with the exported attackers, written by training/export_attackers.py. */
const golden = JSON.parse(
  readFileSync(new URL('../../models/golden-attackers.json', import.meta.url), 'utf8'),
) as Record<'clean' | 'xnn-d', readonly number[]> & { readonly stride: number };

beforeAll(async () => {
  setWasmPaths(WASM_FOLDER);
  expect(await tf.setBackend('wasm')).toBe(true);
});

describe.each(['clean', 'xnn-d'] as const)('the attacker on %s', (defence) => {
  let painter: tf.NamedTensorMap;
  beforeAll(() => {
    painter = readAttacker(defence);
  });
  afterAll(() => void tf.dispose(painter));

  it('paints what PyTorch paints and leaves no tensor behind', async () => {
    const features = tf.tensor4d(goldenSeed(), [1, FEATURE_SIZE, FEATURE_SIZE, FEATURE_CHANNELS]);
    const before = tf.memory().numTensors;
    const picture = invert(painter, features);
    expect(picture.shape).toEqual([1, CROP_SIZE, CROP_SIZE, 3]);
    const values = await picture.data<'float32'>();
    picture.dispose();
    expect(tf.memory().numTensors).toBe(before);
    features.dispose();
    const worst = Math.max(...golden[defence].map((value, i) => Math.abs(values[i * golden.stride]! - value)));
    expect(worst).toBeLessThan(2e-3); // of a range of 2
  });

  it('answers pixels', async () => {
    const face = await recover(painter, goldenSeed());
    expect(face.length).toBe(CROP_SIZE * CROP_SIZE * 3);
    expect(new Set(face).size).toBeGreaterThan(20);
  });
});

describe('the judge', () => {
  it('takes a face for itself and leaves no tensor behind', async () => {
    const judge = { encoder: readReleased('encoder'), tail: readReleased('tail') };
    const before = tf.memory().numTensors;
    expect(await likeness(judge, goldenFace(), goldenFace())).toBeCloseTo(1, 5);
    expect(await likeness(judge, goldenFace(), new Uint8Array(CROP_SIZE * CROP_SIZE * 3).fill(128))).toBeLessThan(0.9);
    expect(tf.memory().numTensors).toBe(before);
    tf.dispose(Object.values(judge));
  });
});
