import { FEATURE_VALUES } from './spec.js';
import { XnnError } from './errors.js';

declare const brand: unique symbol;

/** Clean features z, [14, 14, 128] row by row. They identify a person and must never leave the browser. */
export type Features = Float32Array & { readonly [brand]: 'clean' };

/** Perturbed features z̃ = z + δ, [14, 14, 128] row by row. The only kind that can be encoded into a message. */
export type PerturbedFeatures = Float32Array & { readonly [brand]: 'perturbed' };

export function asFeatures(values: Float32Array): Features {
  return checked(values) as Features;
}

export function asPerturbed(values: Float32Array): PerturbedFeatures {
  return checked(values) as PerturbedFeatures;
}

function checked(values: Float32Array): Float32Array {
  if (values.length !== FEATURE_VALUES) {
    throw new XnnError('model_invalid', `a feature map has ${FEATURE_VALUES} values, not ${values.length}`);
  }
  return values;
}
