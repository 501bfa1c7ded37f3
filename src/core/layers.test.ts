import '@tensorflow/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { expect, test } from 'vitest';
import { layerNorm } from './layers.js';

test('a position whose channels are all the same becomes zeros, others mean 0 and variance 1', async () => {
  await tf.setBackend('cpu');
  const normal = tf.tidy(() => layerNorm(tf.tensor4d([5, 5, 5, 5, 1, 1, 9, 9], [1, 1, 2, 4])));
  const values = await normal.data();
  normal.dispose();
  for (const [i, value] of [0, 0, 0, 0, -1, -1, 1, 1].entries()) expect(values[i]).toBeCloseTo(value, 5);
});
