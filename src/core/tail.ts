import * as tf from '@tensorflow/tfjs-core';
import { bottleneck, convolve, poolChannels, type Weights } from './layers.js';
import { EMBEDDING_SIZE } from './spec.js';

const BLOCKS = 6;
const LATE_BLOCKS = 2;

/**
 * T of the paper: clean features [batch, 14, 14, 128] to descriptors [batch, 128], not yet of unit length.
 *
 * 0.14 GMAC a face. The same network as `Tail` in training/networks.py, without restoring blocks. The caller disposes of the result.
 */
export function describe(weights: Weights, features: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    let x = convolve(weights, 'adapter', features, 'linear');
    for (let i = 0; i < BLOCKS; i++) x = bottleneck(weights, `blocks.${i}`, x);
    x = bottleneck(weights, 'reduce', x, 2);
    for (let i = 0; i < LATE_BLOCKS; i++) x = bottleneck(weights, `late.${i}`, x);
    x = poolChannels(weights, 'pool', convolve(weights, 'widen', x, 'relu'));
    return tf.reshape(convolve(weights, 'embed', x, 'linear'), [-1, EMBEDDING_SIZE]);
  });
}
