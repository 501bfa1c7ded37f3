import * as tf from '@tensorflow/tfjs-core';
import { LAYER_NORM_EPSILON } from './spec.js';
import { XnnError } from './errors.js';

/** Named weights of one network, as decoded from its file. Kernels are [height, width, in, out], per-channel ones [height, width, channels, 1]. */
export type Weights = tf.NamedTensorMap;

type Activation = 'relu' | 'linear';

/** @throws model_invalid if there is none of that name */
export function weight<T extends tf.Tensor>(weights: Weights, name: string): T {
  const tensor = weights[name];
  if (tensor === undefined) throw new XnnError('model_invalid', `the model has no weight ${name}`);
  return tensor as T;
}

/** A convolution with bias. Padding is half the kernel on every side, as in PyTorch ('same' pads stride 2 differently), if not told otherwise. */
export function convolve(
  weights: Weights,
  name: string,
  x: tf.Tensor4D,
  activation: Activation,
  strides = 1,
  padding?: number,
): tf.Tensor4D {
  const filter = weight<tf.Tensor4D>(weights, `${name}.weight`);
  return tf.fused.conv2d({
    x,
    filter,
    strides,
    pad: padding ?? (filter.shape[0] - 1) / 2,
    dimRoundingMode: 'floor',
    bias: weight<tf.Tensor1D>(weights, `${name}.bias`),
    activation,
  });
}

/** A 3×3 convolution of each channel by itself, with bias and ReLU. */
export function convolveChannels(weights: Weights, name: string, x: tf.Tensor4D, strides = 1): tf.Tensor4D {
  return tf.fused.depthwiseConv2d({
    x,
    filter: weight<tf.Tensor4D>(weights, `${name}.weight`),
    strides,
    pad: 1,
    dimRoundingMode: 'floor',
    bias: weight<tf.Tensor1D>(weights, `${name}.bias`),
    activation: 'relu',
  });
}

/** Inverted bottleneck: 1×1 up, 3×3 per channel, 1×1 down; added to its input where the shape stays. */
export function bottleneck(weights: Weights, name: string, x: tf.Tensor4D, strides = 1): tf.Tensor4D {
  const wide = convolve(weights, `${name}.expand`, x, 'relu');
  const seen = convolveChannels(weights, `${name}.depthwise`, wide, strides);
  const y = convolve(weights, `${name}.project`, seen, 'linear');
  return strides === 1 && x.shape[3] === y.shape[3] ? tf.add(x, y) : y;
}

/** Two 3×3 convolutions, added to what goes in. */
export function block(weights: Weights, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const y = convolve(weights, `${name}.two`, convolve(weights, `${name}.one`, x, 'relu'), 'linear');
  return tf.relu(tf.add<tf.Tensor4D>(x, y));
}

/** Normalises the channels of each position to mean 0 and variance 1. LN_F of the paper, and LN_G before its scale and shift. */
export function layerNorm(x: tf.Tensor4D): tf.Tensor4D {
  const centred = tf.sub<tf.Tensor4D>(x, tf.mean(x, -1, true));
  const variance = tf.mean(tf.square(centred), -1, true);
  return tf.mul(centred, tf.rsqrt(tf.add(variance, LAYER_NORM_EPSILON)));
}

/** A 1×1 convolution without bias: linear in x. */
export function mix(weights: Weights, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.conv2d(x, weight<tf.Tensor4D>(weights, `${name}.weight`), 1, 0);
}

/** A 3×3 convolution of each channel by itself without bias: linear in x. */
export function mixNeighbours(weights: Weights, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.depthwiseConv2d(x, weight<tf.Tensor4D>(weights, `${name}.weight`), 1, 1);
}

/** One factor a channel. */
export function scale(weights: Weights, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.mul(x, weight(weights, name));
}

/** One weighted sum of each channel over the whole map, with bias: [batch, height, width, channels] to [batch, 1, 1, channels]. */
export function poolChannels(weights: Weights, name: string, x: tf.Tensor4D): tf.Tensor4D {
  return tf.fused.depthwiseConv2d({
    x,
    filter: weight<tf.Tensor4D>(weights, `${name}.weight`),
    strides: 1,
    pad: 'valid',
    bias: weight<tf.Tensor1D>(weights, `${name}.bias`),
  });
}
