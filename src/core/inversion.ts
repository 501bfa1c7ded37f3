import * as tf from '@tensorflow/tfjs-core';
import { block, convolve, type Weights } from './layers.js';

/** Times that a picture's side is that of the features: three doublings. */
const DOUBLINGS = ['rise.0', 'rise.1'] as const;

/**
 * I of the report, the inversion attacker: features [batch, 14, 14, 128] as the cloud reads them to the faces he believes they came from,
 * [batch, 112, 112, 3], RGB, about [-1, 1].
 *
 * No part of the product: it runs in the page where visitors attack what they sent. As wide as its weights are; those released have 0.15 GMAC a face.
 * The same network as `UNet` in training/attackers.py. The caller disposes of the result.
 */
export function invert(weights: Weights, features: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const outer = block(weights, 'outer', convolve(weights, 'enter', features, 'relu'));
    let inner = convolve(weights, 'down', outer, 'relu', 2);
    for (const name of ['inner.0', 'inner.1']) inner = block(weights, name, inner);
    let x = convolve(weights, 'join', tf.concat([outer, twice(inner)], 3), 'relu');
    for (const name of DOUBLINGS) {
      const wide = shuffle(convolve(weights, `${name}.spread`, x, 'linear'));
      x = block(weights, `${name}.block`, tf.relu(wide));
    }
    return shuffle(convolve(weights, 'paint', x, 'linear'));
  });
}

/** Every position four times: nearest neighbour, to twice the size. */
function twice(x: tf.Tensor4D): tf.Tensor4D {
  const [, height, width] = x.shape;
  return tf.image.resizeNearestNeighbor(x, [2 * height, 2 * width]);
}

/** Four channels become four pixels of twice the size, as `pixel_shuffle` has them in PyTorch: channel 4c + 2y + x is pixel (y, x) of channel c. */
function shuffle(x: tf.Tensor4D): tf.Tensor4D {
  const [batch, height, width, channels] = x.shape;
  const apart = tf.reshape(x, [batch * height, width, channels / 4, 2, 2]);
  const rows = tf.transpose(apart, [0, 3, 1, 4, 2]); // [batch · height, y, width, x, channel]
  return tf.reshape(rows, [batch, 2 * height, 2 * width, channels / 4]);
}
