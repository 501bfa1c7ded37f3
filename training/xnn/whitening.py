"""A public whitening of each position before the rotations of `xnn-hardened`: measured as a candidate, no part of the scheme.

It takes from a bundle what faces in general have in common at a position, the mean and the axes, by which `moments.restore_places` finds
the rotations. Its constants, 49 matrices of 512x512, would have to be made of people who are not the owner's, and shipped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.xnn.obfuscation import at_length

FLOOR = 0.02  # least variance of a direction, of the mean of all


@dataclass(frozen=True)
class Whitening:
    """Of each position: means [n, d], and symmetric matrices [n, d, d] there and back."""

    means: NDArray[np.float32]
    there: NDArray[np.float32]
    back: NDArray[np.float32]

    def apply(self, tokens: NDArray[np.float32]) -> NDArray[np.float32]:
        """Tokens [images, n, d] as directions that are about as often anywhere, of the usual length."""
        return at_length(_each(tokens - self.means, self.there))

    def undo(self, whitened: NDArray[np.float32]) -> NDArray[np.float32]:
        """But for the length before, which clean tokens have in common anyway."""
        return at_length(_each(whitened, self.back) + self.means)


def fit(tokens: NDArray[np.float32]) -> Whitening:
    means = tokens.mean(axis=0)
    there, back = np.empty((2, *means.shape, means.shape[1]), np.float32)
    for place, mean in enumerate(means):
        about = tokens[:, place] - mean
        sizes, axes = np.linalg.eigh(about.T @ about / len(about))
        deviations = np.maximum(sizes, FLOOR * sizes.mean()) ** 0.5
        there[place], back[place] = (axes / deviations) @ axes.T, (axes * deviations) @ axes.T
    return Whitening(means, there, back)


def _each(tokens: NDArray[np.float32], matrices: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.ascontiguousarray((tokens.swapaxes(0, 1) @ matrices).swapaxes(0, 1))
