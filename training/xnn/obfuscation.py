"""XNN's schemes, as `src/core/xnn.ts` has them: the owner's key turns the tokens X [49, 512] of every image into X~.

Everything is derived from 32 secret bytes by ChaCha20 streams; `src/core/xnn.vectors.json` holds the two languages together. Only the
owner ever runs this on a real key; here it serves attackers, who draw keys of their own, and tests.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Iterator, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from training import spec

TOKEN_COUNT: Final = spec.FEATURE_SIZE**2 // 4
TOKEN_CHANNELS: Final = 4 * spec.FEATURE_CHANNELS
SECRET_BYTES: Final = 32
MIN_SCALE: Final = 1e-12  # smallest step of a quantised token, in features

SCHEMES: Final = ("none", "permutation", "matrix", "xnn", "xnn-hardened")
PERMUTING: Final = ("permutation", "xnn", "xnn-hardened")
WITH_MATRIX: Final = ("matrix", "xnn")

_PERMUTATION, _MATRIX = 1, 2  # first number of a stream's name

Tokens = NDArray[np.float32]
"""[..., 49, 512], before or after an obfuscation."""
Array = TypeVar("Array", NDArray[np.float32], Tensor)
Name = tuple[int, int, int]
"""Names one stream of a secret, three numbers of 32 bits."""


@dataclass(frozen=True)
class Key:
    scheme: str
    encoder: str  # model version, 16 hexadecimal digits
    secret: bytes  # 32 of them


@dataclass(frozen=True)
class Derived:
    """What a key stands for.

    Row j of X~ comes from row order[j] of X [49]. `matrix` is W [512, 512]; `rotations` [49, 512 * 513 / 2] are Q_i of each row of X, as
    Householder vectors of 1, 2 ... 512 numbers. A scheme has one of both or none.
    """

    order: NDArray[np.int64]
    matrix: NDArray[np.float32] | None = None
    rotations: NDArray[np.float32] | None = None


def derive(key: Key) -> Derived:
    if len(key.secret) != SECRET_BYTES:
        raise ValueError(f"a secret has {SECRET_BYTES} bytes, not {len(key.secret)}")
    number = SCHEMES.index(key.scheme)
    order = permutation(TOKEN_COUNT, words(key.secret, (_PERMUTATION, number, 0))) if key.scheme in PERMUTING else np.arange(TOKEN_COUNT)
    if key.scheme in WITH_MATRIX:
        entries = normals(key.secret, (_MATRIX, number, 0), TOKEN_CHANNELS**2) / np.sqrt(TOKEN_CHANNELS)
        return Derived(order, matrix=entries.reshape(TOKEN_CHANNELS, TOKEN_CHANNELS).astype(np.float32))
    if key.scheme == "xnn-hardened":
        count = TOKEN_CHANNELS * (TOKEN_CHANNELS + 1) // 2
        numbers = np.stack([normals(key.secret, (_MATRIX, number, index), count) for index in range(TOKEN_COUNT)])
        return Derived(order, rotations=householder(numbers))
    return Derived(order)


def obfuscate(derived: Derived, tokens: Tokens) -> Tokens:
    """X [..., 49, 512] to X~, in float64."""
    if derived.rotations is not None:
        turned = [rotate(at_length(tokens[..., i, :].astype(np.float64)), vectors) for i, vectors in enumerate(derived.rotations)]
        return np.stack(turned, axis=-2).astype(np.float32)[..., derived.order, :]
    hidden = tokens[..., derived.order, :]
    if derived.matrix is None:
        return hidden
    return (hidden.astype(np.float64) @ derived.matrix.astype(np.float64)).astype(np.float32)


def householder(numbers: NDArray[np.float64]) -> NDArray[np.float32]:
    """Standard normal numbers [rotations, d (d + 1) / 2] to uniformly distributed rotations, each d vectors of 1, 2 ... d numbers."""
    vectors = np.empty(numbers.shape, np.float32)
    for part in _parts(numbers.shape[1]):
        some = numbers[:, part] / np.linalg.norm(numbers[:, part], axis=1, keepdims=True)
        some[:, -1] += np.where(some[:, -1] < 0, -1, 1)
        vectors[:, part] = some * (2**0.5 / np.linalg.norm(some, axis=1, keepdims=True))
    return vectors


def rotate(rows: NDArray[np.float64], vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """[..., d] by one rotation [d (d + 1) / 2]; `rotate(np.eye(d), vectors)` is its matrix."""
    turned = rows.astype(np.float64)
    for count, part in enumerate(_parts(len(vectors)), start=1):
        vector = vectors[part].astype(np.float64)
        first = turned[..., :count]
        first -= (first @ vector)[..., None] * vector
        first *= 1.0 if vector[-1] < 0 else -1.0
    return turned


def at_length(tokens: Array) -> Array:
    """Tokens [..., d] scaled to the length of clean ones, sqrt(d). Zeros stay zeros."""
    lengths = (tokens**2).sum(-1)[..., None] ** 0.5
    return tokens * (tokens.shape[-1] ** 0.5 / (lengths + MIN_SCALE))


def _parts(count: int) -> list[slice]:
    """Of numbers [d (d + 1) / 2]: the first, the next two, the next three ..."""
    ends = np.cumsum(np.arange(int((2 * count) ** 0.5) + 1))
    return [slice(start, end) for start, end in zip(ends[:-1], ends[1:])]


def fingerprint(key: Key) -> str:
    """Names a key without revealing it, 32 hexadecimal digits."""
    named = f"xnn key\0{key.scheme}\0{key.encoder}\0".encode()
    return hashlib.sha256(named + key.secret).hexdigest()[:32]


def to_tokens(features: NDArray[np.float32]) -> Tokens:
    """z [..., 14, 14, 128] to X, by space-to-depth: a token holds a 2x2 square of positions, row by row."""
    *batch, size, _, channels = features.shape
    squares = features.reshape(*batch, size // 2, 2, size // 2, 2, channels).swapaxes(-4, -3)
    return squares.reshape(*batch, TOKEN_COUNT, TOKEN_CHANNELS)


def to_features(tokens: Array) -> Array:
    """The inverse of `to_tokens`, of an array or a tensor."""
    *batch, _, _ = tokens.shape
    half = spec.FEATURE_SIZE // 2
    squares = tokens.reshape(*batch, half, half, 2, 2, spec.FEATURE_CHANNELS).swapaxes(-4, -3)
    return squares.reshape(*batch, spec.FEATURE_SIZE, spec.FEATURE_SIZE, spec.FEATURE_CHANNELS)


def quantise(tokens: Tokens) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """What a bundle carries: steps [..., 49, 512] in [-127, 127], and one scale a token [..., 49], in features per step."""
    largest = np.maximum(np.abs(tokens).max(axis=-1).astype(np.float64), MIN_SCALE * spec.INT8_MAX)
    scales = (largest / spec.INT8_MAX).astype(np.float32)
    steps = np.floor(tokens.astype(np.float64) / scales[..., None].astype(np.float64) + 0.5)  # halves go up, as in JavaScript
    return np.clip(steps, -spec.INT8_MAX, spec.INT8_MAX).astype(np.int8), scales


def dequantise(steps: NDArray[np.int8], scales: NDArray[np.float32]) -> Tokens:
    return steps * scales[..., None]


def keystream(secret: bytes, name: Name, length: int, block: int = 0) -> NDArray[np.uint8]:
    """The first `length` bytes of a stream from a block of 64 on: ChaCha20 (RFC 8439), the name, little-endian, as nonce."""
    count = -(-length // 64)
    state = np.empty((16, count), np.uint32)
    state[:4] = np.frombuffer(b"expand 32-byte k", "<u4")[:, None]
    state[4:12] = np.frombuffer(secret, "<u4")[:, None]
    state[12] = np.arange(block, block + count, dtype=np.uint32)
    state[13:] = np.array(name, np.uint32)[:, None]
    x = state.copy()

    def turn(a: int, b: int, c: int, d: int) -> None:
        for to, other, mixed, left in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[to] += x[other]
            x[mixed] ^= x[to]
            x[mixed] = (x[mixed] << np.uint32(left)) | (x[mixed] >> np.uint32(32 - left))

    for _ in range(10):
        for column in range(4):
            turn(column, column + 4, column + 8, column + 12)
        for column in range(4):
            turn(column, (column + 1) % 4 + 4, (column + 2) % 4 + 8, (column + 3) % 4 + 12)
    return (x + state).T.astype("<u4").reshape(-1).view(np.uint8)[:length]


def words(secret: bytes, name: Name) -> Iterator[int]:
    """The whole stream as unsigned numbers of 32 bits."""
    block = 0
    while True:
        yield from keystream(secret, name, 1024, block).view("<u4").tolist()
        block += 16


def permutation(count: int, random: Iterator[int]) -> NDArray[np.int64]:
    """Fisher-Yates from the end; words that would favour a number are passed over."""
    order = np.arange(count)
    for i in range(count - 1, 0, -1):
        limit = 2**32 // (i + 1) * (i + 1)
        other = next(word for word in random if word < limit) % (i + 1)
        order[[i, other]] = order[[other, i]]
    return order


def normals(secret: bytes, name: Name, count: int) -> NDArray[np.float64]:
    """Standard normal numbers by the Box-Muller transform, from the upper 53 bits of words of 64; `count` is even."""
    upper = (keystream(secret, name, 8 * count).view("<u8") >> np.uint64(11)).reshape(-1, 2)
    radius = np.sqrt(-2 * np.log((upper[:, 0] + 1.0) / 2**53))
    angle = 2 * np.pi * upper[:, 1] / 2**53
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).reshape(-1)
