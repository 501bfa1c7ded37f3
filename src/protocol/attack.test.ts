import { readFileSync } from 'node:fs';
import '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { invert } from '../core/inversion.js';
import { similarity, type Embedding } from '../core/match.js';
import { gaussian } from '../core/random.js';
import { CROP_SIZE, EMBEDDING_SIZE, FEATURE_CHANNELS, FEATURE_SIZE, FEATURE_VALUES } from '../core/spec.js';
import { readAttacker, readForeignJudge, readReleased, seeded, WASM_FOLDER } from '../server/testing.js';
import { foreignIdentity, identity, judged, likeness, recover } from './attack.js';
import { goldenFace, goldenSeed } from './golden.js';
import { protect } from './protect.js';

/** What PyTorch made of the golden seed with the exported attackers, written by training/export_attackers.py. */
const golden = JSON.parse(
  readFileSync(new URL('../../models/golden-attackers.json', import.meta.url), 'utf8'),
) as Record<'clean' | 'xnn-d' | 'linker', readonly number[]> & { readonly stride: number };

/** What it made of the golden face with the foreign judge, written by training/export_judge.py. */
const { embedding: goldenJudge } = JSON.parse(
  readFileSync(new URL('../../models/golden-judge.json', import.meta.url), 'utf8'),
) as { readonly embedding: readonly number[] };

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
    const before = tf.memory().numTensors;
    const face = await recover(painter, goldenSeed());
    expect(tf.memory().numTensors).toBe(before);
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

  it('takes what is sent for the face that it was made of rather than for others, of six that a painter made up', async () => {
    const [encoder, generator, tail] = (['encoder', 'generator', 'tail'] as const).map(readReleased);
    const [painter, linker] = [readAttacker('clean'), readAttacker('linker')];
    const faces = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((seed) => recover(painter, gaussian(FEATURE_VALUES, seeded(seed)))),
    );
    const [plain, read]: [Embedding[], Embedding[]] = [[], []];
    for (const [i, face] of faces.entries()) {
      const { clean, perturbed } = await protect({ encoder: encoder!, generator: generator! }, face, seeded(9 + i));
      plain.push(await identity(tail!, clean));
      read.push(await identity(linker, perturbed));
    }
    for (const [i, own] of plain.entries()) {
      const likeness = read.map((other) => similarity(own, other));
      const others = likeness.filter((_, other) => other !== i);
      expect(likeness[i]).toBeGreaterThan(0.05 + others.reduce((sum, value) => sum + value, 0) / others.length);
    }
    tf.dispose([encoder!, generator!, tail!, painter, linker]);
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

describe.each(['wasm', 'cpu'])('the foreign judge on %s', (backend) => {
  let weights: tf.NamedTensorMap;
  beforeAll(async () => {
    expect(await tf.setBackend(backend)).toBe(true);
    weights = readForeignJudge();
  });
  afterAll(async () => {
    tf.dispose(weights);
    await tf.setBackend('wasm');
  });

  it('says what PyTorch says and leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const said = await judged(weights, goldenFace());
    expect(tf.memory().numTensors).toBe(before);
    expect(goldenJudge).toHaveLength(EMBEDDING_SIZE);
    const worst = Math.max(...goldenJudge.map((value, i) => Math.abs(said[i]! - value)));
    expect(worst).toBeLessThan(1e-5); // of a unit vector
  });
});

describe('the foreign judge', () => {
  it('compares apart from what the mean is of', async () => {
    const weights = readForeignJudge();
    const [face, other] = [goldenFace(), goldenFace().reverse()];
    const [a, b] = [await judged(weights, face), await judged(weights, other)];
    const mean = a.map((value, i) => (value + b[i]!) / 2);
    const likeness = async (mean: Float32Array, one: Uint8Array, two: Uint8Array) =>
      similarity(await foreignIdentity({ weights, mean }, one), await foreignIdentity({ weights, mean }, two));
    expect(await likeness(new Float32Array(EMBEDDING_SIZE), face, other)).toBeGreaterThan(0);
    expect(await likeness(mean, face, other)).toBeCloseTo(-1, 4);
    expect(await likeness(mean, other, other)).toBeCloseTo(1, 4);
    tf.dispose(weights);
  });
});
