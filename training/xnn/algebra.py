"""What an attacker computes without training anything. Clean tokens are X [images, n, d], protected ones X~; all in float64."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from training import spec
from training.xnn.obfuscation import to_features

Matrix = NDArray[np.float64]

GRAM_FORMS: Final = ("gram", "projector", "population")
STEP_VARIANCE: Final = 7e-5  # of int8's rounding, in squared features; tokens have a variance of 1


def at_authors_shape(tokens: NDArray[np.float32]) -> NDArray[np.float32]:
    """[images, 49, 512] as the positions they were made of, [images, 196, 128]: more tokens than channels."""
    return to_features(tokens).reshape(len(tokens), -1, spec.FEATURE_CHANNELS)


def gram(tokens: Matrix, form: str) -> Matrix:
    """[images, n, n], three ways to cancel a key.

    gram        X~ X~^T, free of an orthogonal W, and of a Gaussian one in expectation
    projector   X~ (X~^T X~)^-1 X~^T, free of every invertible W; the identity matrix where n <= d
    population  X~ C^-1 X~^T with the mean C of x^T x over all tokens of all records of the key: free of every invertible W at any n
    """
    if form == "gram":
        return tokens @ tokens.swapaxes(1, 2)
    if form == "projector":
        directions, sizes, _ = np.linalg.svd(tokens, full_matrices=False)
        directions = directions * (sizes > 1e-6 * sizes[:, :1])[:, None, :]
        return directions @ directions.swapaxes(1, 2)
    whitened = tokens @ inverse_root(second_moment(tokens))
    return whitened @ whitened.swapaxes(1, 2)


def second_moment(tokens: Matrix) -> Matrix:
    rows = tokens.reshape(-1, tokens.shape[-1])
    return rows.T @ rows / len(rows)


def inverse_root(moment: Matrix) -> Matrix:
    """C^-1/2 on the directions that tokens have. Layer norm takes four from them; rounding to float16 gives those a trace of variance."""
    sizes, directions = np.linalg.eigh(moment)
    kept = sizes > 1e-7 * sizes.mean()
    return directions[:, kept] * sizes[kept] ** -0.5


def without_order(matrices: Matrix) -> Matrix:
    """[images, n, n] as what does not depend on the tokens' order: each row sorted, then the rows by their largest entries."""
    rows = -np.sort(-matrices, axis=2)
    return np.stack([image[np.lexsort(image.T[::-1])[::-1]] for image in rows])


def correlation(first: Matrix, second: Matrix) -> float:
    """Mean over images, of the entries above the diagonal."""
    upper = np.triu_indices(first.shape[1], 1)
    return float(np.mean([np.corrcoef(a[upper], b[upper])[0, 1] for a, b in zip(first, second)]))


def rank_one(gallery: Matrix, probes: Matrix, people: NDArray[np.int64], rounds: int = 100) -> tuple[float, float]:
    """Closed-set rank-1 of unit rows over random galleries of one image a person, all others being probes: mean and standard deviation."""
    random = np.random.default_rng(1)
    scores = probes @ gallery.T
    shares = []
    for _ in range(rounds):
        mixed = random.permutation(len(people))
        names, first = np.unique(people[mixed], return_index=True)
        shown = mixed[first]
        asked = np.setdiff1d(mixed, shown)
        shares.append(float((names[scores[np.ix_(asked, shown)].argmax(axis=1)] == people[asked]).mean()))
    return float(np.mean(shares)), float(np.std(shares))


def unit_rows(features: Matrix) -> Matrix:
    """[images, ...] to unit rows about the mean of all, which the attacker knows of every key's records."""
    rows = features.reshape(len(features), -1)
    rows = rows - rows.mean(axis=0)
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-12)


def match_positions(clean: Matrix, hidden: Matrix) -> NDArray[np.int64]:
    """The order [n] of the tokens, from known images.

    A position is known by the products of its tokens of different images: x W W^T y^T is about x y^T, for one W and for one a position.
    """

    def signatures(tokens: Matrix) -> Matrix:
        rows = tokens.swapaxes(0, 1)  # [n, images, d]
        return (rows @ rows.swapaxes(1, 2)).reshape(tokens.shape[1], -1)

    mine, theirs = signatures(clean), signatures(hidden)
    centre = mine.mean(axis=0)
    return assign(_unit(theirs - centre) @ _unit(mine - centre).T)


def assign(likeness: Matrix) -> NDArray[np.int64]:
    """For each row a column of its own, the likest first."""
    order = np.empty(len(likeness), np.int64)
    left = likeness.copy()
    for _ in range(len(likeness)):
        row, column = np.unravel_index(left.argmax(), left.shape)
        order[row] = column
        left[row], left[:, column] = -np.inf, -np.inf
    return order


def _unit(rows: Matrix) -> Matrix:
    return rows / (np.linalg.norm(rows, axis=1, keepdims=True) + 1e-12)


def solve_key(clean: Matrix, hidden: Matrix, variance: float = 0.0) -> Matrix:
    """W [d, d] from rows X [m, d] and X~ [m, d], the likeliest of those with entries N(0, 1/d), for errors of this variance in X~.

    Least squares without any (the shortest solution where there are fewer rows than unknowns).
    """
    channels = clean.shape[1]
    if variance == 0.0:
        return np.linalg.lstsq(clean, hidden, rcond=1e-9)[0]
    if len(clean) < channels:
        return clean.T @ np.linalg.solve(clean @ clean.T + channels * variance * np.eye(len(clean)), hidden)
    return np.linalg.solve(clean.T @ clean + channels * variance * np.eye(channels), clean.T @ hidden)


def key_error(found: Matrix, true: Matrix) -> float:
    """Relative error of W, but for what no token reaches: layer norm leaves the sum of each position's channels 0."""
    def reached(matrix: Matrix) -> Matrix:
        blocks = matrix.reshape(-1, spec.FEATURE_CHANNELS, matrix.shape[1])
        return blocks - blocks.mean(axis=1, keepdims=True)

    return float(np.linalg.norm(reached(found - true)) / np.linalg.norm(reached(true)))
