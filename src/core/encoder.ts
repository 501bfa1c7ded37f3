import * as tf from '@tensorflow/tfjs-core';
import { CROP_SIZE } from './spec.js';
import { XnnError } from './errors.js';
import { bottleneck, convolve, convolveChannels, layerNorm, type Weights } from './layers.js';

/** What the encoder makes of a face. */
export interface Encoded {
  /** [batch, 28, 28, 64]: the stem, which the generator reads too. */
  readonly stem: tf.Tensor4D;
  /** [batch, 14, 14, 128]: LN_F(F(x)), the clean features z. */
  readonly features: tf.Tensor4D;
}

/**
 * F of the paper: aligned faces [batch, 112, 112, 3], RGB in [0, 255], to clean features.
 *
 * 0.10 GMAC a face. The same network as `Encoder` in training/networks.py. The caller disposes of both results.
 */
export function encode(weights: Weights, faces: tf.Tensor4D): Encoded {
  const [, height, width, colours] = faces.shape;
  if (height !== CROP_SIZE || width !== CROP_SIZE || colours !== 3) {
    throw new XnnError('model_invalid', `a face is ${CROP_SIZE}×${CROP_SIZE}×3, not ${height}×${width}×${colours}`);
  }
  return tf.tidy(() => {
    const pixels = tf.sub<tf.Tensor4D>(tf.div(faces, 127.5), 1);
    let x = convolve(weights, 'conv', pixels, 'relu', 2);
    x = convolveChannels(weights, 'depthwise', x);
    x = convolve(weights, 'pointwise', x, 'relu');
    x = bottleneck(weights, 'blocks.0', x, 2);
    x = bottleneck(weights, 'blocks.1', x);
    x = bottleneck(weights, 'blocks.2', x);
    x = bottleneck(weights, 'blocks.3', x);
    const stem = bottleneck(weights, 'blocks.4', x);
    const features = layerNorm(bottleneck(weights, 'reduce', stem, 2));
    return { stem, features };
  });
}
