"""Every size and constant of the networks, once for PyTorch. `src/core/spec.ts` is the same list for TypeScript; golden vectors hold the two together."""

from __future__ import annotations

from typing import Final

CROP_SIZE: Final = 112  # pixels, both sides of an aligned face
CHIP_MARGIN: Final = 16  # pixels a training chip (144x144) has around the crop, for augmentation

FEATURE_SIZE: Final = 14  # positions, both sides of the feature map z
FEATURE_CHANNELS: Final = 128
STEM_SIZE: Final = 28  # positions, both sides of the stem's map, which encoder and generator share
STEM_CHANNELS: Final = 64
SEED_CHANNELS: Final = 128  # channels of the generator's random input, 14x14 like z
EMBEDDING_SIZE: Final = 128
NOISE_LEVEL: Final = 2.0  # amplitude of the released generator's noise, 1 that of the features: +6 dB
RESTORING_BLOCKS: Final = 4  # that the student has more than the clean tail

LAYER_NORM_EPSILON: Final = 1e-5
INT8_MAX: Final = 127
STEP_BITS: Final = 4  # of each value of z~ in a message

def most_steps(bits: int) -> int:
    """Largest step, either way, of values that are written with so many bits."""
    return 2 ** (bits - 1) - 1


STEP_MAX: Final = most_steps(STEP_BITS)

# Five landmarks (eyes, nose tip, mouth corners) of an aligned face, in crop pixels: the usual ArcFace template.
FIVE_POINT_TEMPLATE: Final = (
    (38.2946, 51.6963),
    (73.5318, 51.5014),
    (56.0252, 71.7366),
    (41.5493, 92.3655),
    (70.7299, 92.2041),
)
