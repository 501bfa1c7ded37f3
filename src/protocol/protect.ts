import * as tf from '@tensorflow/tfjs-core';
import { encode } from '../core/encoder.js';
import { XnnError } from '../core/errors.js';
import { asFeatures, asPerturbed, type Features, type PerturbedFeatures } from '../core/features.js';
import { protectDescriptor, type KeyedDescriptor } from '../core/keyed.js';
import type { Weights } from '../core/layers.js';
import { gaussian, type RandomBytes } from '../core/random.js';
import type { Rotation } from '../core/rotation.js';
import { CROP_SIZE, FEATURE_SIZE, NOISE_LEVEL, SEED_CHANNELS, SEED_VALUES } from '../core/spec.js';
import { describe } from '../core/tail.js';
import { tokens, type ObfuscatedTokens } from '../core/tokens.js';
import { obfuscate, type Derived } from '../core/xnn.js';
import { generateNoise, perturb } from '../core/xnn-d.js';

/** Half of what the released generator's noise has: with less, nothing leaves. */
const LEAST_POWER = NOISE_LEVEL ** 2 / 2;

/** The browser's networks. */
export interface BrowserModel {
  readonly encoder: Weights;
  readonly generator: Weights;
}

/** The browser's networks in keyed mode. */
export interface KeyedModel {
  readonly encoder: Weights;
  readonly tail: Weights;
}

/** What the browser makes of one face. `clean` is for showing its owner; only `perturbed` can be encoded. */
export interface Protected {
  readonly clean: Features;
  readonly perturbed: PerturbedFeatures;
}

/** What the key of who trained the network makes of one face. Only `obfuscated` can be encoded. */
export interface Obfuscated {
  readonly clean: Features;
  readonly obfuscated: ObfuscatedTokens;
}

/** What its owner's own key makes of one face. Only `descriptor` can be encoded. */
export interface Keyed {
  readonly clean: Features;
  readonly descriptor: KeyedDescriptor;
}

/** The browser's half in keyed mode: an aligned face [112, 112, 3] (RGB bytes) to y = v Q, with v = T(LN_F(F(x))) of unit length. */
export async function protectUnderKey(model: KeyedModel, face: Uint8Array, turn: Rotation): Promise<Keyed> {
  const [encoded, described] = tf.tidy(() => {
    const { features } = encode(model.encoder, tf.tensor4d(Float32Array.from(face), [1, CROP_SIZE, CROP_SIZE, 3]));
    return [features, describe(model.tail, features)];
  });
  try {
    const [z, v] = await Promise.all([encoded.data<'float32'>(), described.data<'float32'>()]);
    return { clean: asFeatures(z), descriptor: protectDescriptor(v, turn) };
  } finally {
    tf.dispose([encoded, described]);
  }
}

/** v = T(LN_F(F(x))) [128], not yet of unit length, of an aligned face [112, 112, 3] (RGB bytes): for comparing in the browser, never sent. */
export async function descriptorOf({ encoder, tail }: KeyedModel, face: Uint8Array): Promise<Float32Array> {
  const described = tf.tidy(() => {
    const faces = tf.tensor4d(Float32Array.from(face), [1, CROP_SIZE, CROP_SIZE, 3]);
    return describe(tail, encode(encoder, faces).features);
  });
  try {
    return await described.data<'float32'>();
  } finally {
    described.dispose();
  }
}

/** The browser's half of XNN: an aligned face [112, 112, 3] (RGB bytes) to X̃ = P_π X W. Without noise: the key is what hides. */
export async function obfuscateFace(encoder: Weights, face: Uint8Array, key: Derived): Promise<Obfuscated> {
  const encoded = tf.tidy(
    () => encode(encoder, tf.tensor4d(Float32Array.from(face), [1, CROP_SIZE, CROP_SIZE, 3])).features,
  );
  try {
    const clean = asFeatures(await encoded.data<'float32'>());
    return { clean, obfuscated: obfuscate(key, tokens(clean)) };
  } finally {
    encoded.dispose();
  }
}

/**
 * The browser's half: an aligned face [112, 112, 3] (RGB bytes) to z̃ = LN_F(F(x)) + LN_G(G(x, s)), with a fresh s from `random`.
 *
 * Runs on whatever tfjs backend is current and leaves no tensor behind.
 *
 * @throws page_failed if there is no noise in what the backend answers
 */
export async function protect(model: BrowserModel, face: Uint8Array, random: RandomBytes): Promise<Protected> {
  const [clean, perturbed] = tf.tidy(() => {
    const faces = tf.tensor4d(Float32Array.from(face), [1, CROP_SIZE, CROP_SIZE, 3]);
    const seed = tf.tensor4d(gaussian(SEED_VALUES, random), [1, FEATURE_SIZE, FEATURE_SIZE, SEED_CHANNELS]);
    const { stem, features } = encode(model.encoder, faces);
    const noise = generateNoise(model.generator, stem, seed);
    return [features, perturb(features, noise)];
  });
  try {
    const [z, zTilde] = await Promise.all([clean.data<'float32'>(), perturbed.data<'float32'>()]);
    if (!(noisePower(z, zTilde) > LEAST_POWER)) throw new XnnError('page_failed', 'no noise');
    return { clean: asFeatures(z), perturbed: asPerturbed(zTilde) };
  } finally {
    tf.dispose([clean, perturbed]);
  }
}

/** Mean square of δ = z̃ − z. */
function noisePower(z: Float32Array, zTilde: Float32Array): number {
  return z.reduce((sum, value, i) => sum + (zTilde[i]! - value) ** 2, 0) / z.length;
}
