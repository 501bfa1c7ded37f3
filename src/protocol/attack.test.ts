import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invert } from '../core/inversion.js';
import { similarity } from '../core/match.js';
import { CROP_SIZE, EMBEDDING_SIZE, FEATURE_CHANNELS, FEATURE_SIZE } from '../core/spec.js';
import { readAttacker, readReleased, seeded, WASM_FOLDER } from '../server/testing.js';
import { identity, likeness, recover } from './attack.js';
import { goldenFace, goldenSeed } from './golden.js';
import { protect } from './protect.js';

/** What PyTorch made of the golden seed with the exported attackers, written by training/export_attackers.py. */
const golden = JSON.parse(
  readFileSync(new URL('../../models/golden-attackers.json', import.meta.url), 'utf8'),
) as Record<'clean' | 'xnn-d' | 'linker', readonly number[]> & { readonly stride: number };

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

describe('the linkage attacker', () => {
  it('reads what PyTorch reads and leaves no tensor behind', async () => {
    const linker = readAttacker('linker');
    const before = tf.memory().numTensors;
    const read = await identity(linker, goldenSeed());
    expect(tf.memory().numTensors).toBe(before);
    expect(Math.hypot(...read)).toBeCloseTo(1, 5);
    expect(golden.linker).toHaveLength(EMBEDDING_SIZE);
    const worst = Math.max(...golden.linker.map((value, i) => Math.abs(read[i]! - value)));
    expect(worst).toBeLessThan(2e-3);
    tf.dispose(linker);
  });

  it('reads through the noise what the clean tail reads without it', async () => {
    const [encoder, generator, tail] = (['encoder', 'generator', 'tail'] as const).map(readReleased);
    const linker = readAttacker('linker');
    const { clean, perturbed } = await protect({ encoder: encoder!, generator: generator! }, goldenFace(), seeded(1));
    const [said, hidden, unread] = [
      await identity(tail!, clean),
      await identity(linker, perturbed),
      await identity(linker, goldenSeed()),
    ];
    expect(similarity(said, hidden)).toBeGreaterThan(0.3);
    expect(similarity(said, hidden)).toBeGreaterThan(similarity(said, unread) + 0.2);
    tf.dispose([encoder!, generator!, tail!, linker]);
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
