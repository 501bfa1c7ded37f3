import * as tf from '@tensorflow/tfjs-core';
import { moved, similarityBetween } from './align.js';
import { block, convolve, mix, weight, type Weights } from './layers.js';
import { CROP_SIZE, EMBEDDING_SIZE } from './spec.js';

/** Pixels, both sides of the faces that the judge reads. */
export const JUDGED_SIZE = 150;
/** Of red, green and blue in the pictures that he learnt from. */
const MEAN = [122.782, 117.001, 104.298] as const;

/** Where eyes and nose tip lie in a face that dlib cut, in the judge's pixels, and in our crops: `FIVE_POINT_TEMPLATE` in training/spec.py. */
const THEIRS = [
  { x: 0.3182 * JUDGED_SIZE, y: 0.3142 * JUDGED_SIZE },
  { x: 0.6686 * JUDGED_SIZE, y: 0.3142 * JUDGED_SIZE },
  { x: 0.4934 * JUDGED_SIZE, y: 0.5852 * JUDGED_SIZE },
];
const OURS = [
  { x: 38.2946, y: 51.6963 },
  { x: 73.5318, y: 51.5014 },
  { x: 56.0252, y: 71.7366 },
];
const PLACE = similarityBetween(THEIRS, OURS);

/** Stages by name, with the number of their plain blocks, and whether a block that halves the map comes first. */
const STAGES = [
  ['conv32', 3, false],
  ['conv64', 3, true],
  ['conv128', 2, true],
  ['conv256', 2, true],
] as const;

/** What the judge reads, [150, 150, 3], of an aligned face [112, 112, 3] (RGB bytes). Outside the face is its border. */
export function cutForJudge(face: Uint8Array): Float32Array {
  const cut = new Float32Array(JUDGED_SIZE * JUDGED_SIZE * 3);
  const inside = (at: number) => Math.min(Math.max(at, 0), CROP_SIZE - 1);
  for (let to = 0; to < cut.length; to += 3) {
    const pixel = to / 3;
    const at = moved(PLACE, { x: pixel % JUDGED_SIZE, y: Math.floor(pixel / JUDGED_SIZE) });
    const [x, y] = [inside(at.x), inside(at.y)];
    for (let corner = 0; corner < 4; corner++) {
      const column = Math.min(Math.floor(x), CROP_SIZE - 2) + (corner & 1);
      const row = Math.min(Math.floor(y), CROP_SIZE - 2) + (corner >> 1);
      const share = (1 - Math.abs(x - column)) * (1 - Math.abs(y - row));
      for (let c = 0; c < 3; c++) cut[to + c]! += share * face[(row * CROP_SIZE + column) * 3 + c]!;
    }
    for (let c = 0; c < 3; c++) cut[to + c] = (cut[to + c]! - MEAN[c]!) / 255;
  }
  return cut;
}

/**
 * The judge's weights as `judgeFaces` reads them, from those of his file: dlib's layer of scales behind every convolution becomes part of it.
 *
 * @throws model_invalid if one is missing
 */
export function foldScales(file: Weights): Weights {
  return tf.tidy(() => {
    const weights: Weights = { 'fc.weight': tf.reshape(weight(file, 'fc'), [1, 1, -1, EMBEDDING_SIZE]) };
    for (const key of Object.keys(file).filter((name) => name.endsWith('/conv/filters'))) {
      const layer = key.slice(0, -'/conv/filters'.length);
      const name = layer.replace('/conv1', '.one').replace('/conv2', '.two');
      const scale = weight(file, `${layer}/scale/weights`);
      weights[`${name}.weight`] = tf.mul(weight(file, key), scale);
      const bias = tf.mul(weight(file, `${layer}/conv/bias`), scale);
      weights[`${name}.bias`] = tf.add(bias, weight(file, `${layer}/scale/biases`));
    }
    return weights;
  });
}

/**
 * The foreign judge, dlib's face ResNet: faces [batch, 150, 150, 3] of `cutForJudge` to descriptors [batch, 128], not yet of unit length.
 *
 * No part of the product and not trained by us: in the page where visitors attack what they sent he says whether a painting is still the person, since a
 * network must not judge what it, or its relatives, were trained against. The same network as `Judge` in training/judge.py. The caller disposes of the
 * result.
 */
export function judgeFaces(weights: Weights, faces: tf.Tensor4D): tf.Tensor2D {
  return tf.tidy(() => {
    let x = largest(convolve(weights, 'conv32_down', faces, 'relu', 2, 0));
    for (const [name, blocks, halves] of STAGES) {
      if (halves) x = halve(weights, `${name}_down`, x);
      for (let i = 1; i <= blocks; i++) x = block(weights, `${name}_${i}`, x);
    }
    const last = halve(weights, 'conv256_down_out', x);
    return tf.reshape(mix(weights, 'fc', tf.mean(last, [1, 2], true)), [-1, EMBEDDING_SIZE]);
  });
}

/** As `block`, to half the map and perhaps more channels. What is smaller than the other summand is filled up with zeros behind. */
function halve(weights: Weights, name: string, x: tf.Tensor4D): tf.Tensor4D {
  const y = convolve(weights, `${name}.two`, convolve(weights, `${name}.one`, x, 'relu', 2, 0), 'linear');
  const channels = x.shape[3];
  const quarters = tf.tensor4d(new Float32Array(4 * channels).fill(0.25), [2, 2, channels, 1]);
  const means = tf.depthwiseConv2d(x, quarters, 2, 'valid');
  const [, height, width] = means.shape;
  return tf.relu(tf.add<tf.Tensor4D>(filled(means, 3, y.shape[3]), filled(filled(y, 1, height), 2, width)));
}

function filled(x: tf.Tensor4D, axis: 1 | 2 | 3, size: number): tf.Tensor4D {
  if (x.shape[axis] === size) return x;
  const shape = [...x.shape] as [number, number, number, number];
  shape[axis] = size - x.shape[axis];
  return tf.concat([x, tf.zeros<tf.Rank.R4>(shape)], axis);
}

/**
 * The largest of every 3×3 positions, in steps of 2. Of kernels that the product has: tfjs's own pooling would be in every visitor's download, for this
 * one network.
 */
function largest(x: tf.Tensor4D): tf.Tensor4D {
  const channels = x.shape[3];
  const nth = (n: number) => {
    const one = new Float32Array(9 * channels).fill(1, n * channels, (n + 1) * channels);
    return tf.depthwiseConv2d(x, tf.tensor4d(one, [3, 3, channels, 1]), 2, 'valid');
  };
  return Array.from({ length: 9 }, (_, n) => nth(n)).reduce((most, next) => tf.add(most, tf.relu(tf.sub(next, most))));
}
