"""Landmarks to an aligned crop, as `src/core/align.ts` does it: least-squares similarity, then bilinear sampling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training import spec

Points = NDArray[np.float64]


def similarity(source: Points, target: Points) -> Points:
    """The similarity [2, 3] that takes `source` [n, 2] to `target` [n, 2] with the least squared error (Umeyama 1991, no reflection)."""
    source_mean, target_mean = source.mean(0), target.mean(0)
    a, b = source - source_mean, target - target_mean
    norm = (a * a).sum()
    real = (a * b).sum() / norm
    imaginary = (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum() / norm
    linear = np.array([[real, -imaginary], [imaginary, real]])
    return np.concatenate([linear, (target_mean - linear @ source_mean)[:, None]], axis=1)


def crop(image: NDArray[np.uint8], landmarks: Points) -> NDArray[np.uint8]:
    """The aligned face [112, 112, 3] from an image [height, width, 3] and its five landmarks; outside the image is black."""
    matrix = similarity(landmarks, np.array(spec.FIVE_POINT_TEMPLATE))
    inverse = np.linalg.inv(matrix[:, :2])
    grid = np.stack(np.meshgrid(np.arange(spec.CROP_SIZE), np.arange(spec.CROP_SIZE)), axis=-1).astype(np.float64)
    source = (grid - matrix[:, 2]) @ inverse.T
    return np.clip(np.round(_bilinear(image.astype(np.float32), source)), 0, 255).astype(np.uint8)


def _bilinear(image: NDArray[np.float32], points: Points) -> NDArray[np.float32]:
    height, width, _ = image.shape
    padded = np.pad(image, ((1, 1), (1, 1), (0, 0)))
    x = np.clip(points[..., 0] + 1, 0, width + 0.999)
    y = np.clip(points[..., 1] + 1, 0, height + 0.999)
    left, top = x.astype(int), y.astype(int)
    u, v = (x - left)[..., None], (y - top)[..., None]
    upper = padded[top, left] * (1 - u) + padded[top, left + 1] * u
    lower = padded[top + 1, left] * (1 - u) + padded[top + 1, left + 1] * u
    return (upper * (1 - v) + lower * v).astype(np.float32)
