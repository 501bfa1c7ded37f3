"""What an attacker computes without training anything. Clean tokens are X [images, n, d], protected ones X~; all in float64."""

from __future__ import annotations

from typing import Final, Iterator

import numpy as np
from numpy.typing import NDArray

from training import spec
from training.xnn.obfuscation import to_features

Matrix = NDArray[np.float64]

GRAM_FORMS: Final = ("gram", "projector", "population", "by-place")
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


def by_place(tokens: Matrix) -> Matrix:
    """[images, n, 2], free of every invertible matrix at any place of the record, whether one for all or one each.

    Whitened by the moments of its place over all records of the key, a token has a length, and a product with the mean of its place.
    """
    features = np.empty((*tokens.shape[:2], 2))
    for place in range(tokens.shape[1]):
        rows = tokens[:, place]
        mean = rows.mean(axis=0)
        about = rows - mean
        root = inverse_root(second_moment(about[:, None]) + 1e-3 * (about**2).mean() * np.eye(rows.shape[1]))
        whitened, middle = about @ root, mean @ root
        features[:, place] = np.stack([(whitened**2).sum(axis=1), whitened @ middle], axis=1)
    return features


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
    shares = []
    for shown in _galleries(people, rounds):
        asked = np.setdiff1d(np.arange(len(people)), shown)
        shares.append(_recognised(gallery[shown], probes[asked], people[shown], people[asked]))
    return float(np.mean(shares)), float(np.std(shares))


def rank_one_between(
    gallery: Matrix, probes: Matrix, shown: NDArray[np.int64], asked: NDArray[np.int64], rounds: int = 100
) -> tuple[float, float]:
    """The same where probes are other images than those that galleries are drawn from; `shown` and `asked` are the people on them."""
    shares = [_recognised(gallery[rows], probes, shown[rows], asked) for rows in _galleries(shown, rounds)]
    return float(np.mean(shares)), float(np.std(shares))


def _galleries(people: NDArray[np.int64], rounds: int) -> Iterator[NDArray[np.int64]]:
    random = np.random.default_rng(1)
    for _ in range(rounds):
        mixed = random.permutation(len(people))
        yield mixed[np.unique(people[mixed], return_index=True)[1]]


def _recognised(gallery: Matrix, probes: Matrix, shown: NDArray[np.int64], asked: NDArray[np.int64]) -> float:
    return float((shown[(probes @ gallery.T).argmax(axis=1)] == asked).mean())


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


def named_by_geometry(hidden: Matrix, known: Matrix, seeds: int, rounds: int = 20) -> NDArray[np.int64]:
    """Who is who [people], from how people lie to one another: no key changes the angles between two people's mean tokens at a place.

    Mean tokens of each person at each place [people, n, d], `hidden` under a key of rotations and `known` of clean tokens, in the same
    order of places; the first `seeds` people stand in the same rows of both, the others anywhere.
    """

    def angles(means: Matrix) -> Matrix:
        rows = _unit(means - means.mean(axis=0)).swapaxes(0, 1)  # [n, people, d]
        return (rows @ rows.swapaxes(1, 2)).transpose(1, 2, 0)  # [people, people, n]

    theirs, mine = angles(hidden), angles(known)
    people = len(theirs)
    if seeds == 0:  # by each person's angles to all others, sorted at each place
        names = assign(unit_rows(np.sort(theirs, axis=1)) @ unit_rows(np.sort(mine, axis=1)).T)
    else:
        names = np.arange(people)
    trusted = np.arange(seeds) if seeds > 0 else np.arange(people)
    for _ in range(rounds):
        likeness = unit_rows(theirs[:, trusted]) @ unit_rows(mine[:, names[trusted]]).T
        likeness[:seeds] = likeness[:, :seeds] = -1
        likeness[np.arange(seeds), np.arange(seeds)] = 2
        names = assign(likeness)
        trusted = np.arange(people)
    return names


def unit_rows(features: Matrix) -> Matrix:
    """[images, ...] to unit rows about the mean of all, which the attacker knows of every key's records."""
    rows = features.reshape(len(features), -1)
    return _unit(rows - rows.mean(axis=0))


def _unit(rows: Matrix) -> Matrix:
    return rows / (np.linalg.norm(rows, axis=-1, keepdims=True) + 1e-12)


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


def nearest_rotation(matrix: Matrix) -> Matrix:
    """The orthogonal matrix [d, d] that is least far."""
    left, _, right = np.linalg.svd(matrix)
    return left @ right


def key_error(found: Matrix, true: Matrix) -> float:
    """Relative error of W, but for what no token reaches: layer norm leaves the sum of each position's channels 0."""
    def reached(matrix: Matrix) -> Matrix:
        blocks = matrix.reshape(-1, spec.FEATURE_CHANNELS, matrix.shape[1])
        return blocks - blocks.mean(axis=1, keepdims=True)

    return float(np.linalg.norm(reached(found - true)) / np.linalg.norm(reached(true)))
