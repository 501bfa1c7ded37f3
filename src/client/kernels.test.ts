import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { KERNELS } from '../core/kernels.js';
import { judged, recover } from '../protocol/attack.js';
import { goldenFace, goldenSeed, runGolden } from '../protocol/golden.js';
import { readAttacker, readForeignJudge, readReleased, WASM_FOLDER } from '../server/testing.js';
import { pickBackend } from './backend.js';

test('the kernels that builds have are those that run', async () => {
  const { kernelNames } = await tf.profile(async () => {
    await pickBackend(WASM_FOLDER, 'wasm');
    const [encoder, generator, tail] = (['encoder', 'generator', 'tail'] as const).map(readReleased);
    await runGolden({ encoder: encoder!, generator: generator!, tail: tail! });
    await recover(readAttacker('xnn-d'), goldenSeed());
    await judged(readForeignJudge(), goldenFace());
    return [];
  });
  // Fused operations are told twice.
  expect(kernelNames.filter((name) => !name.endsWith('__op')).sort()).toEqual(KERNELS);
});
