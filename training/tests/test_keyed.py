"""Keyed mode's derivation, held to TypeScript by vectors, and its metrics, on made-up faces: needs no data."""

from __future__ import annotations

import json

import numpy as np
import pytest

from training import choices
from training.data import ROOT
from training.evaluate import mated_and_strangers, unlinkability
from training.keyed import hkdf, keys_of, known_plaintext, rotation, rounded, sent

VECTORS = json.loads((ROOT / "src" / "core" / "keyed.vectors.json").read_text())


def unit(rows: int, seed: int = 0) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((rows, 128)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_derivation_is_the_one_of_the_vectors() -> None:
    secret = hkdf(bytes.fromhex(VECTORS["secret"]), bytes.fromhex(VECTORS["tenant"]))
    assert secret.hex() == VECTORS["tenantSecret"]
    descriptor = np.array([(37 * i) % 101 - 50 for i in range(128)], np.float64)
    y = descriptor / np.linalg.norm(descriptor) @ rotation(secret).astype(np.float64)
    assert np.round(y / np.abs(y).max() * 127).tolist() == VECTORS["message"]


def test_one_key_keeps_cosines_and_two_keys_keep_nothing() -> None:
    faces, keys = unit(300), keys_of(1, 2)
    here, there = sent(faces, keys, np.zeros(300, int)), sent(faces, keys, np.ones(300, int))
    assert np.abs(here @ here.T - faces @ faces.T).max() < 0.02
    assert np.abs((here * there).sum(1)).mean() == pytest.approx((2 / np.pi / 128) ** 0.5, rel=0.2)


def test_unlinkability_of_known_distributions() -> None:
    random = np.random.default_rng(0)
    one, other = random.standard_normal(100_000), random.standard_normal(100_000)
    assert unlinkability(one, other) < 0.02
    assert unlinkability(one + 20, other) == pytest.approx(1)
    # By hand: uniform on [0, 2] against uniform on [0, 1]: LR 1/2 below 1 and infinite above, so D is 0 there and 1 here, half the mass.
    assert unlinkability(random.random(100_000) * 2, random.random(100_000)) == pytest.approx(0.5, abs=0.02)


def test_mates_are_other_photos_of_one_person_and_strangers_are_of_others() -> None:
    people = np.array([5, 1, 5, 2, 1, 5, 3])
    photos, mates, strangers = mated_and_strangers(people, np.random.default_rng(0), 2000)
    assert (people[photos] == people[mates]).all() and (photos != mates).all()
    assert (people[photos] != people[strangers]).all()
    assert set(zip(photos.tolist(), mates.tolist())) == {(0, 2), (0, 5), (2, 0), (2, 5), (5, 0), (5, 2), (1, 4), (4, 1)}
    assert set(strangers.tolist()) == set(range(7))


def test_enough_known_photos_are_the_key_and_tell_nothing_of_another() -> None:
    result = known_plaintext(unit(60), unit(600, 1), seed=1)
    assert result["key_error_512"] < 0.05 < 1 < result["key_error_16"]
    assert result["foretold_512"] > 0.99 > 0.5 > result["foretold_1"]
    assert result["error_of_another_users_key"] > 1.3


def test_rounding_keeps_the_direction() -> None:
    faces = unit(50)
    assert (rounded(faces) * faces).sum(1).min() > 0.999


def test_other_choices_are_what_they_are_called() -> None:
    faces = unit(40)
    for rounds in (1, 2, 3):
        key, other = choices.structured_keys(1, 2, 128, rounds)
        assert np.abs(key @ key.T - np.eye(128)).max() < 1e-5
        assert np.abs(key - other).max() > 0.1
    plain = np.repeat(choices.unit(np.eye(8, dtype=np.float32))[:, None], 49, axis=1)
    assert [choices.regions(plain, side).shape for side in (1, 2, 7)] == [(8, 1, 8), (8, 4, 8), (8, 49, 8)]
    assert np.allclose(choices.regions(plain, 3), plain[:, :9])
    corner = np.zeros((1, 49, 2), np.float32)
    corner[0, :, 0], corner[0, 0] = 1, (0, 1)
    assert (choices.regions(corner, 2)[0, 1:] == (1, 0)).all() and choices.regions(corner, 2)[0, 0, 1] > 0
    flat = choices.unit(np.random.default_rng(2).standard_normal((40, 16))) @ np.linalg.qr(np.random.default_rng(3).standard_normal((128, 16)))[0].T
    centred = flat - flat.mean(axis=0)
    assert np.allclose(choices.principal(flat, flat, 16) @ choices.principal(flat, flat, 16).T, choices.unit(centred) @ choices.unit(centred).T, atol=1e-4)
    assert abs(float((choices.noisy(faces, 1.0, 1) * faces).sum(1).mean()) - 0.5**0.5) < 0.05
