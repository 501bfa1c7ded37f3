import '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Weights } from '../core/layers.js';
import { keyedRotation } from '../core/keyed.js';
import { FEATURE_VALUES, NOISE_LEVEL } from '../core/spec.js';
import { derive } from '../core/xnn.js';
import { readReleased, seeded, WASM_FOLDER } from '../server/testing.js';
import { goldenFace } from './golden.js';
import { descriptorOf, obfuscateFace, protect, protectUnderKey } from './protect.js';

let encoder: Weights;
let generator: Weights;
let tail: Weights;

beforeAll(async () => {
  setWasmPaths(WASM_FOLDER);
  await tf.setBackend('wasm');
  [encoder, generator, tail] = (['encoder', 'generator', 'tail'] as const).map(readReleased) as [
    Weights,
    Weights,
    Weights,
  ];
});
afterAll(() => tf.dispose([encoder, generator, tail]));

const face = goldenFace();

/** Mean of the products of two maps' values. */
function product(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0) / a.length;
}

test('what is sent of a face is covered by noise, each time by another', async () => {
  const random = seeded(3);
  const noises: Float32Array[] = [];
  for (let i = 0; i < 3; i++) {
    const { clean, perturbed } = await protect({ encoder, generator }, face, random);
    noises.push(perturbed.map((value, at) => value - clean[at]!));
  }
  for (const [i, noise] of noises.entries()) {
    const power = product(noise, noise);
    expect(power / NOISE_LEVEL ** 2).toBeGreaterThan(0.9);
    expect(power / NOISE_LEVEL ** 2).toBeLessThan(1.2);
    for (const other of noises.slice(i + 1)) expect(Math.abs(product(noise, other)) / power).toBeLessThan(0.1);
  }
});

test.each([0, 0.5, NaN])('nothing is sent of a face if its noise is multiplied by %d', async (factor) => {
  const scale = tf.mul(generator['scale']!, factor);
  const tensors = tf.memory().numTensors;
  const broken = protect({ encoder, generator: { ...generator, scale } }, face, seeded(4));
  await expect(broken).rejects.toMatchObject({ code: 'page_failed' });
  expect(tf.memory().numTensors).toBe(tensors);
  scale.dispose();
});

test('nothing is sent of a face if the backend answers zeros', async () => {
  const read = vi.spyOn(tf.Tensor.prototype, 'data').mockResolvedValue(new Float32Array(FEATURE_VALUES));
  try {
    await expect(protect({ encoder, generator }, face, seeded(5))).rejects.toMatchObject({ code: 'page_failed' });
  } finally {
    read.mockRestore();
  }
});

test('no protection leaves a tensor behind', async () => {
  const turn = keyedRotation(new Uint8Array(32).fill(1));
  const key = derive({ scheme: 'permutation', encoder: '', secret: new Uint8Array(32).fill(1) });
  const tensors = tf.memory().numTensors;
  await protect({ encoder, generator }, face, seeded(6));
  await protectUnderKey({ encoder, tail }, face, turn);
  await descriptorOf({ encoder, tail }, face);
  await obfuscateFace(encoder, face, key);
  expect(tf.memory().numTensors).toBe(tensors);
});
