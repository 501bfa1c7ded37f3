"""What keyed mode might be instead: other matrices than Q, smaller descriptors, several of them, noise. `keyed.py` measures them.

Descriptors are rows of unit length [n, 128]; late maps [n, 49, 128] are unit vectors of 7 x 7 positions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def unit(rows: Array) -> Array:
    return (rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-12)).astype(np.float32)


def gaussian_keys(seed: int, count: int, size: int) -> Array:
    """As XNN has its matrix: independent normal numbers [count, size, size]."""
    return np.random.default_rng(seed).standard_normal((count, size, size)).astype(np.float32)


def structured_keys(seed: int, count: int, size: int, rounds: int) -> Array:
    """Rotations that are quick to apply [count, size, size]: in each round, signs, an order, and a Hadamard matrix, all but the last of the key."""
    random = np.random.default_rng(seed)
    keys = np.repeat(np.eye(size, dtype=np.float32)[None], count, axis=0)
    walsh = hadamard(size)
    for key in range(count):
        for _ in range(rounds):
            signs = random.choice(np.array([-1, 1], np.float32), size)
            keys[key] = (keys[key] * signs)[:, random.permutation(size)] @ walsh
    return keys


def hadamard(size: int) -> Array:
    """Sylvester's, orthogonal, of a power of two."""
    matrix = np.ones((1, 1))
    while len(matrix) < size:
        matrix = np.block([[matrix, matrix], [matrix, -matrix]])
    return (matrix / np.sqrt(size)).astype(np.float32)


def principal(faces: Array, others: Array, size: int) -> Array:
    """Along the `size` directions in which descriptors of other people vary most, without their mean; of unit length again."""
    mean = others.mean(axis=0)
    _, _, axes = np.linalg.svd(others - mean, full_matrices=False)
    return unit((faces - mean) @ axes[:size].T)


def noisy(faces: Array, power: float, seed: int) -> Array:
    """With Gaussian noise of so many times a descriptor's power, and of unit length again."""
    noise = np.random.default_rng(seed).standard_normal(faces.shape) * np.sqrt(power / faces.shape[-1])
    return unit(faces + noise)


def regions(late: Array, side: int) -> Array:
    """Means of late maps over side x side regions that overlap where 7 cannot be divided: [n, side^2, 128], of unit length."""
    grid = late.reshape(len(late), 7, 7, -1)
    ends = [(7 * at // side, -(-7 * (at + 1) // side)) for at in range(side)]
    pooled = [grid[:, top:bottom, left:right].mean(axis=(1, 2)) for top, bottom in ends for left, right in ends]
    return unit(np.stack(pooled, axis=1))
