import '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { quantise } from '../core/quantise.js';
import { STEP_MAX } from '../core/spec.js';
import { readGolden, readReleased, WASM_FOLDER } from '../server/testing.js';
import { runGolden } from './golden.js';

const golden = readGolden();

/** Every stride-th value differs from PyTorch's by at most this much, in features (a standard deviation is 1). */
const TOLERANCE = 2e-3;

function worst(values: Float32Array | Int8Array, expected: readonly number[], stride = 1): number {
  return Math.max(...expected.map((value, i) => Math.abs(values[i * stride]! - value)));
}

describe.each(['cpu', 'wasm'])('networks on %s', (backend) => {
  beforeAll(async () => {
    setWasmPaths(WASM_FOLDER);
    expect(await tf.setBackend(backend)).toBe(true);
  });

  it('agree with PyTorch on the golden vectors and leave no tensor behind', async () => {
    const model = {
      encoder: readReleased('encoder'),
      generator: readReleased('generator'),
      tail: readReleased('tail'),
    };
    const tensors = tf.memory().numTensors;
    const { clean, noise, perturbed, descriptor } = await runGolden(model);
    expect(tf.memory().numTensors).toBe(tensors);

    expect(worst(clean, golden.clean, golden.stride)).toBeLessThan(TOLERANCE);
    expect(worst(noise, golden.noise, golden.stride)).toBeLessThan(TOLERANCE);
    expect(worst(descriptor, golden.descriptor)).toBeLessThan(TOLERANCE);
    const { steps, scales } = quantise(perturbed);
    expect(worst(scales, golden.scales)).toBeLessThan(TOLERANCE / STEP_MAX);
    // A value that lies between two steps may fall to either side.
    expect(worst(steps, golden.steps, golden.stride)).toBeLessThanOrEqual(1);
    tf.dispose(Object.values(model));
  });
});
