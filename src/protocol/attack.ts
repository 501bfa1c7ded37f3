import * as tf from '@tensorflow/tfjs-core';
import { cutForJudge, JUDGED_SIZE, judgeFaces } from '../core/foreign-judge.js';
import { invert } from '../core/inversion.js';
import type { Weights } from '../core/layers.js';
import { similarity, unit, type Embedding } from '../core/match.js';
import { FEATURE_CHANNELS, FEATURE_SIZE } from '../core/spec.js';
import { describe } from '../core/tail.js';
import { descriptorOf, type KeyedModel } from './protect.js';

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
 * T reads features of the encoder that is attacked, so it is no foreign judge: who a face is to him says `foreignIdentity`, and a report's numbers are his.
 */
export async function likeness(judge: KeyedModel, a: Uint8Array, b: Uint8Array): Promise<number> {
  return similarity(unit(await descriptorOf(judge, a)), unit(await descriptorOf(judge, b)));
}

/**
 * What a tail makes of features [14, 14, 128], of unit length: T of clean ones; D, the linkage attacker, of what the cloud reads.
 *
 * D learnt to say of a message what T says of the photo, so the cosine of both tells whether message and photo show one person.
 */
export async function identity(tail: Weights, features: Float32Array): Promise<Embedding> {
  const vector = tf.tidy(() =>
    describe(tail, tf.tensor4d(features, [1, FEATURE_SIZE, FEATURE_SIZE, FEATURE_CHANNELS])),
  );
  try {
    return unit(await vector.data<'float32'>());
  } finally {
    vector.dispose();
  }
}

/** dlib's face network, which knows nothing of ours and of which ours know nothing. */
export interface ForeignJudge {
  /** As `foldScales` gives them. */
  readonly weights: Weights;
  /** Of his unit descriptors [128] of many people: they all point much the same way, and what tells people apart is the rest. */
  readonly mean: Float32Array;
}

/** Who a face [112, 112, 3] is to the foreign judge: apart from what all faces share. The cosine of two tells how much one person they are. */
export async function foreignIdentity({ weights, mean }: ForeignJudge, face: Uint8Array): Promise<Embedding> {
  const described = await judged(weights, face);
  return unit(described.map((value, i) => value - mean[i]!));
}

/** What the foreign judge makes of a face [112, 112, 3], of unit length; not yet apart from his mean. */
export async function judged(weights: Weights, face: Uint8Array): Promise<Embedding> {
  const vector = tf.tidy(() => judgeFaces(weights, tf.tensor4d(cutForJudge(face), [1, JUDGED_SIZE, JUDGED_SIZE, 3])));
  try {
    return unit(await vector.data<'float32'>());
  } finally {
    vector.dispose();
  }
}
