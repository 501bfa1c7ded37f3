import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { KERNELS } from '../core/kernels.js';
import { recover } from '../protocol/attack.js';
import { goldenSeed, runGolden } from '../protocol/golden.js';
import { readAttacker, readReleased } from '../server/testing.js';
import { pickBackend } from './backend.js';

test('the kernels that builds have are those that run', async () => {
  const wasm = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  const { kernelNames } = await tf.profile(async () => {
    await pickBackend(`${dirname(wasm)}/dist/`, 'wasm');
    const [encoder, generator, tail] = (['encoder', 'generator', 'tail'] as const).map(readReleased);
    await runGolden({ encoder: encoder!, generator: generator!, tail: tail! });
    await recover(readAttacker('xnn-d'), goldenSeed());
    return [];
  });
  // Fused operations are told twice.
  expect(kernelNames.filter((name) => !name.endsWith('__op')).sort()).toEqual(KERNELS);
});
