import * as tf from '@tensorflow/tfjs-core';
import { convolve, convolveChannels, layerNorm, mix, mixNeighbours, scale, type Weights } from './layers.js';
import { FEATURE_SIZE } from './spec.js';

/**
 * G and LN_G of the paper: the encoder's stem [batch, 28, 28, 64] and a seed [batch, 14, 14, 128] to noise δ [batch, 14, 14, 128].
 *
 * The seed is standard normal, fresh for every message and from a cryptographic source: with a known or repeated seed the noise can
 * be subtracted. (The authors' generator has no seed.) G is odd in its seed, so δ has mean 0 for every face, and the face decides only
 * how the noise is spread; a part of it is shared by all positions. 5 MMAC. The same network as `Generator` in training/networks.py.
 */
export function generateNoise(weights: Weights, stem: tf.Tensor4D, seed: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const seen = convolveChannels(weights, 'depthwise', stem, 2);
    const gate = tf.sigmoid(convolve(weights, 'gate', seen, 'linear'));
    const mixed = tf.mul<tf.Tensor4D>(seed, gate);
    const shared = tf.mul<tf.Tensor4D>(tf.mean(mixed, [1, 2], true), FEATURE_SIZE); // as strong as one position's
    const spread = tf.add<tf.Tensor4D>(mixed, mixNeighbours(weights, 'spread', mixed));
    const noise = mix(weights, 'project', tf.add<tf.Tensor4D>(spread, scale(weights, 'whole', shared)));
    return scale(weights, 'scale', layerNorm(noise));
  });
}

/** z̃ = z + δ: what may leave the browser. */
export function perturb(features: tf.Tensor4D, noise: tf.Tensor4D): tf.Tensor4D {
  return tf.add(features, noise);
}
