import * as tf from '@tensorflow/tfjs-core';
import { encode } from '../core/encoder.js';
import { invert } from '../core/inversion.js';
import type { Weights } from '../core/layers.js';
import { similarity, unit } from '../core/match.js';
import { CROP_SIZE, FEATURE_CHANNELS, FEATURE_SIZE } from '../core/spec.js';
import { describe } from '../core/tail.js';
import type { KeyedModel } from './protect.js';

/**
 * The inversion attacker's answer to features [14, 14, 128], clean or as the cloud reads them: the face he believes they came from,
 * [112, 112, 3], RGB bytes.
 */
export async function recover(painter: Weights, features: Float32Array): Promise<Uint8Array> {
  const painted = tf.tidy(() => {
    const picture = invert(painter, tf.tensor4d(features, [1, FEATURE_SIZE, FEATURE_SIZE, FEATURE_CHANNELS]));
    return tf.mul(tf.add(tf.clipByValue(picture, -1, 1), 1), 127.5);
  });
  try {
    return Uint8Array.from(await painted.data<'float32'>(), Math.round);
  } finally {
    painted.dispose();
  }
}

/**
 * How much one person two faces [112, 112, 3] are to the clean tail T, in [-1, 1]; the keyed threshold is meant for it.
 *
 * T reads features of the encoder that is attacked, so it is no foreign judge: a report's numbers come from another network.
 */
export async function likeness(judge: KeyedModel, a: Uint8Array, b: Uint8Array): Promise<number> {
  const [first, second] = [await described(judge, a), await described(judge, b)];
  return similarity(first, second);
}

async function described(judge: KeyedModel, face: Uint8Array): Promise<Float32Array> {
  const vector = tf.tidy(() => {
    const { features } = encode(judge.encoder, tf.tensor4d(Float32Array.from(face), [1, CROP_SIZE, CROP_SIZE, 3]));
    return describe(judge.tail, features);
  });
  try {
    return unit(await vector.data<'float32'>());
  } finally {
    vector.dispose();
  }
}
