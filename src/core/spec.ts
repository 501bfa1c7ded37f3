/** Every size and constant of method and wire, once for TypeScript. `training/spec.py` is the same list for PyTorch. */

/** Both sides of an aligned face, in pixels. */
export const CROP_SIZE = 112;
/** Both sides of the feature map z, in positions. */
export const FEATURE_SIZE = 14;
export const FEATURE_CHANNELS = 128;
export const FEATURE_VALUES = FEATURE_SIZE * FEATURE_SIZE * FEATURE_CHANNELS;
/** Channels of the generator's random input, 14×14 like z. */
export const SEED_CHANNELS = 128;
export const SEED_VALUES = FEATURE_SIZE * FEATURE_SIZE * SEED_CHANNELS;
export const EMBEDDING_SIZE = 128;
/** Amplitude of the released generator's noise, that of the features being 1: +6 dB of power. */
export const NOISE_LEVEL = 2;

/** XNN reads z as tokens: four neighbouring positions each, at most as many tokens as channels (`tokens.ts` says why). */
export const TOKEN_COUNT = FEATURE_VALUES / (4 * FEATURE_CHANNELS);
export const TOKEN_CHANNELS = 4 * FEATURE_CHANNELS;
/** The secret that everything of an XNN key is derived from. */
export const SECRET_BYTES = 32;

export const LAYER_NORM_EPSILON = 1e-5;
export const INT8_MAX = 127;
/** A message says each value of z̃ in this many bits: largest step. Under noise as strong as the features or stronger, finer ones add nothing. */
export const STEP_BITS = 4;
export const STEP_MAX = 2 ** (STEP_BITS - 1) - 1;

/** Captures averaged into one template: at least one, at most this many. */
export const MAX_CAPTURES = 5;

export const MODEL_VERSION_BYTES = 8;
export const TENANT_BYTES = 16;
export const CHALLENGE_BYTES = 16;
/** A challenge can be answered for this long, in ms. */
export const CHALLENGE_LIFETIME = 180_000;
/** Longest subject name, in code points. */
export const MAX_SUBJECT_LENGTH = 64;
