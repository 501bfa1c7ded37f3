import * as tf from '@tensorflow/tfjs-core';
import { encode } from '../core/encoder.js';
import { CROP_SIZE, FEATURE_SIZE, SEED_CHANNELS, SEED_VALUES } from '../core/spec.js';
import { generateNoise, perturb } from '../core/xnn-d.js';
import { describe } from '../core/tail.js';
import { unit } from '../core/match.js';
import type { BrowserModel, KeyedModel } from './protect.js';

/** What PyTorch computed for the golden inputs with the released weights: models/golden.json, written by training/export.py. */
export interface Golden {
  readonly model: string;
  /** Every how many values of a map one is kept. */
  readonly stride: number;
  readonly clean: readonly number[];
  readonly noise: readonly number[];
  readonly steps: readonly number[];
  readonly scales: readonly number[];
  readonly embedding: readonly number[];
  /** Of the clean features, by the tail. */
  readonly descriptor: readonly number[];
}

/** A face-sized pattern [112, 112, 3] that both languages make exactly; `golden_face` in training/export.py. */
export function goldenFace(): Uint8Array {
  return Uint8Array.from(
    { length: CROP_SIZE * CROP_SIZE * 3 },
    (_, i) => (i * 7 + Math.floor(i / 336) * ((i % 3) + 1) * 2 + Math.floor((i * i) / 5077)) % 256,
  );
}

/** A generator input [14, 14, 128], likewise. */
export function goldenSeed(): Float32Array {
  return Float32Array.from({ length: SEED_VALUES }, (_, i) => (((i * 7919) % 10007) / 10007 - 0.5) * Math.sqrt(12));
}

/** z, δ and z̃ [14, 14, 128] and the unit descriptor [128] of the golden inputs on the current backend. */
export async function runGolden(
  model: BrowserModel & KeyedModel,
): Promise<Record<'clean' | 'noise' | 'perturbed' | 'descriptor', Float32Array>> {
  const [clean, noise, perturbed, described] = tf.tidy(() => {
    const faces = tf.tensor4d(Float32Array.from(goldenFace()), [1, CROP_SIZE, CROP_SIZE, 3]);
    const seed = tf.tensor4d(goldenSeed(), [1, FEATURE_SIZE, FEATURE_SIZE, SEED_CHANNELS]);
    const { stem, features } = encode(model.encoder, faces);
    const delta = generateNoise(model.generator, stem, seed);
    return [features, delta, perturb(features, delta), describe(model.tail, features)];
  });
  const values = await Promise.all([clean, noise, perturbed, described].map((tensor) => tensor.data<'float32'>()));
  tf.dispose([clean, noise, perturbed, described]);
  return { clean: values[0]!, noise: values[1]!, perturbed: values[2]!, descriptor: unit(values[3]!) };
}
