"""A key from a bundle alone, without one known image: what holds of faces in general holds of the owner's, too.

`restore` is for one W for all tokens (`xnn`), by which every mean and covariance of tokens changes. Whitened by their mean covariance,
tokens change by a rotation, and the attacker finds the one that best takes his own faces' moments to those of the bundle.

`restore_places` is for a rotation of each position (`xnn-hardened`). Means and axes of each place give a first guess of its rotation;
covariances between the places, in which all rotations meet, then set them right one by one. Nothing here depends on n <= d.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.xnn.algebra import Matrix, assign

FLOOR = 1e-4  # least variance of a direction that is whitened
MEANS_WEIGHT = 20.0  # of the positions' means beside their covariances


@dataclass(frozen=True)
class Moments:
    """Of tokens [images, n, d] at each position: means [n, d] about `centre` [d], covariances [n, d, d]; and of an image's sum [d, d]."""

    centre: Matrix
    means: Matrix
    covariances: Matrix
    of_sum: Matrix


def moments(tokens: NDArray[np.float32]) -> Moments:
    means = tokens.mean(axis=0, dtype=np.float64)
    about = tokens - means.astype(np.float32)
    covariances = np.stack([about[:, i].T @ about[:, i] for i in range(tokens.shape[1])]).astype(np.float64) / len(tokens)
    sums = about.sum(axis=1, dtype=np.float64)
    centre = means.mean(axis=0)
    return Moments(centre, means - centre, covariances, sums.T @ sums / len(tokens) / tokens.shape[1])


def restore(hidden: NDArray[np.float32], own: Moments, rounds: int = 12) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Records X~ [images, n, d] of one key to what their clean tokens are like, and the order [n] that was found."""
    theirs = moments(hidden)
    root, unroot = _root(own.covariances.mean(axis=0), -0.5), _root(own.covariances.mean(axis=0), 0.5)
    hidden_root = _root(theirs.covariances.mean(axis=0), -0.5)
    means, hidden_means = own.means @ root, theirs.means @ hidden_root
    shapes, hidden_shapes = _shapes(own, root), _shapes(theirs, hidden_root)

    order = _first_order(means, shapes, hidden_means, hidden_shapes)
    # A start: axes along which sums over the image vary most, their signs by the means.
    axes, hidden_axes = (np.linalg.eigh(some[-1].astype(np.float64))[1] for some in (shapes, hidden_shapes))
    signs = np.sign(((means[order] @ axes) * (hidden_means @ hidden_axes)).sum(axis=0))
    turn = (axes * signs) @ hidden_axes.T
    for _ in range(rounds):
        placed = shapes[[*order, len(order)]]
        agreeing = (placed @ turn.astype(np.float32) @ hidden_shapes.transpose(0, 2, 1)).sum(axis=0, dtype=np.float64)
        left, _, right = np.linalg.svd(agreeing + MEANS_WEIGHT * means[order].T @ hidden_means)
        turn = left @ right
        order = assign(-_distances(hidden_means @ turn.T, means))
    undo = (hidden_root @ turn.T @ unroot).astype(np.float32)
    restored = np.empty_like(hidden)
    restored[:, order] = (hidden - theirs.centre.astype(np.float32)) @ undo + own.centre.astype(np.float32)
    return restored, order


def restore_places(hidden: NDArray[np.float32], own: NDArray[np.float32], axes: int = 48, rounds: int = 12) -> NDArray[np.float32]:
    """Records [images, n, d] of one key of rotations to what their clean tokens are like, from other people's clean tokens `own`.

    The order of the positions is given to the attacker here. Only the `axes` along which a place varies most are restored.
    """
    mine, theirs = _Places(own, axes), _Places(hidden, axes)
    turns = np.tile(np.eye(axes, dtype=np.float32), (own.shape[1], 1, 1))  # from his own axes of a place to the bundle's
    covariances = mine.covariances(), theirs.covariances()
    for _ in range(rounds):
        for place in range(len(turns)):
            of_mine, of_theirs = (some[place] for some in covariances)  # with all places, [n, axes, axes]
            agreeing = (of_mine @ turns @ of_theirs.transpose(0, 2, 1)).sum(axis=0)
            left, _, right = np.linalg.svd(agreeing + np.outer(mine.means[place], theirs.means[place]))
            turns[place] = left @ right
    restored = theirs.coefficients @ turns.transpose(0, 2, 1) @ mine.axes.transpose(0, 2, 1) + mine.centres[:, None]
    return np.ascontiguousarray(restored.transpose(1, 0, 2))


class _Places:
    """Tokens [images, n, d] about the `centres` [n, d] of their places, along the `axes` [n, d, axes] that vary most.

    An axis points to where the mean lies, so that it has a sign. `coefficients` [n, images, axes]; of the centres, `means` [n, axes].
    """

    def __init__(self, tokens: NDArray[np.float32], count: int) -> None:
        places = tokens.transpose(1, 0, 2)
        self.centres = places.mean(axis=1)
        about = places - self.centres[:, None]
        axes = np.stack([np.linalg.eigh(rows.T @ rows)[1][:, : -count - 1 : -1] for rows in about])
        means = np.einsum("nd,nda->na", self.centres, axes)
        signs = np.where(means < 0, -1, 1).astype(np.float32)
        self.axes, self.means = axes * signs[:, None], means * signs
        self.coefficients = about @ self.axes

    def covariances(self) -> NDArray[np.float32]:
        """[n, n, axes, axes]"""
        count, images, axes = self.coefficients.shape
        rows = self.coefficients.transpose(1, 0, 2).reshape(images, count * axes)
        return (rows.T @ rows / images).reshape(count, axes, count, axes).transpose(0, 2, 1, 3)


def _root(moment: Matrix, power: float) -> Matrix:
    sizes, directions = np.linalg.eigh(moment)
    return (directions * np.maximum(sizes, FLOOR) ** power) @ directions.T


def _shapes(some: Moments, root: Matrix) -> NDArray[np.float32]:
    """Whitened covariances of each position, and last that of the sum, [n + 1, d, d]."""
    every = np.concatenate([some.covariances, some.of_sum[None]])
    return (root @ every @ root - np.eye(len(root))).astype(np.float32)


def _first_order(
    means: Matrix, shapes: NDArray[np.float32], hidden_means: Matrix, hidden_shapes: NDArray[np.float32]
) -> NDArray[np.int64]:
    """By what no rotation changes: the products of each position's mean with all others, sorted, and its covariance's eigenvalues;
    then, with most positions known, the products in their order."""
    products, hidden_products = means @ means.T, hidden_means @ hidden_means.T

    def marks(products: Matrix, shapes: NDArray[np.float32]) -> Matrix:
        return np.concatenate([np.sort(products, axis=1), np.linalg.eigvalsh(shapes[:-1].astype(np.float64))], axis=1)

    order = assign(-_distances(marks(hidden_products, hidden_shapes), marks(products, shapes)))
    for _ in range(10):
        order = assign(-_distances(hidden_products, products[:, order]))
    return order


def _distances(first: Matrix, second: Matrix) -> Matrix:
    """Squared, between all rows of both."""
    return (first**2).sum(axis=1)[:, None] + (second**2).sum(axis=1) - 2 * first @ second.T
