"""What the papers of the baselines say of them, on made-up pictures: needs no data."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as functional

from training import baselines
from training.attackers import PictureReader
from training.baselines import (
    EPSILON,
    Hide,
    ORDERS,
    SUBSETS,
    frequencies,
    insta_hide,
    kept_frequencies,
    ldp_slicing,
    partial_face,
    shares,
    without_coarse,
)
from training.networks import Encoder


def seeded(seed: int = 1) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 4) -> torch.Tensor:
    """Smooth in the large, rough in the small, as photos are."""
    random = seeded()
    coarse = functional.interpolate(torch.rand(count, 3, 7, 7, generator=random), size=112, mode="bilinear", align_corners=False)
    return (coarse + 0.1 * torch.rand(count, 3, 112, 112, generator=random)).clamp(0, 1) * 2 - 1


def test_frequencies_are_the_block_dct_of_the_enlarged_picture() -> None:
    picture = pictures(1)[:, :1, :12, :12]
    enlarged = functional.interpolate(picture, scale_factor=8.0, mode="bilinear", align_corners=True)
    blocks = functional.unfold(enlarged, 8, stride=8).view(8, 8, 12, 12)
    waves = torch.cos(torch.arange(8)[:, None] * (torch.arange(8) + 0.5) * math.pi / 8) / 2
    waves[0] /= math.sqrt(2)
    expected = torch.einsum("uy,vx,yxpq->uvpq", waves, waves, blocks)
    axis = frequencies(12)
    assert torch.allclose(axis[:, None] @ picture[0, 0] @ axis.transpose(1, 2), expected, atol=1e-5)


def test_partial_face_drops_the_ten_lowest_frequencies_and_with_them_all_brightness() -> None:
    u, v = kept_frequencies()
    assert len(u) == 54 and (u + v > 3).all()
    sent = partial_face(pictures(), seeded())
    assert sent.shape == (4, 27, 112, 112)
    assert (sent - partial_face(pictures() - 0.4, seeded())).abs().max() < sent.abs().max() / 100


def test_partial_face_draws_one_of_six_disjoint_subsets_and_an_order_for_each_picture() -> None:
    assert sorted(SUBSETS.flatten().tolist()) == list(range(54))
    same = pictures(1)[:, :, :16, :16].expand(200, 3, 16, 16)
    powers = partial_face(same, seeded())[:, :9].square().sum(dim=(2, 3)).sqrt()
    kinds = {tuple((one / one.max()).mul(1e3).round().tolist()) for one in powers}
    assert len(kinds) == len(SUBSETS) * len(ORDERS)


def test_of_the_eight_frequencies_of_a_pixel_along_an_axis_three_say_all() -> None:
    """Not in the paper, and why those that are not drawn are hardly hidden: what is enlarged has nothing between its pixels."""
    ranks = [int(torch.linalg.matrix_rank(frequencies(112)[:, pixel], tol=1e-4)) for pixel in range(112)]
    assert max(ranks) == 3


def test_a_picture_under_partial_face_is_solved_for() -> None:
    """Nor is this in the paper: what is sent is linear in the picture, and the channels' strengths tell which frequencies they are."""
    pytest.importorskip("scipy")
    from training.solver import Solver

    known, photos = pictures(2)[:, :, :28, :28], pictures(8)[2:, :, :28, :28]
    solve = Solver(known)
    sent = partial_face(photos, seeded(3))
    drawn = torch.randint(len(SUBSETS), (6,), generator=(again := seeded(3))) * len(ORDERS) + torch.randint(len(ORDERS), (6,), generator=again)
    assert solve.which(sent) == drawn.tolist()
    for found, wanted in zip(luma(solve(sent)), luma(photos)):
        assert torch.corrcoef(torch.stack([corners(found), corners(wanted)]))[0, 1] > 0.9


def luma(faces: torch.Tensor) -> torch.Tensor:
    return baselines.to_ycbcr(faces)[:, 0]


def corners(picture: torch.Tensor) -> torch.Tensor:
    """Of all 2x2 pixels, how one diagonal differs from the other: what every subset says."""
    return picture.diff(dim=0).diff(dim=1).flatten()


def test_the_bits_of_a_pixel_share_one_budget_and_no_pixel_is_likelier_by_more_than_it() -> None:
    budgets = baselines.bit_budgets()
    assert budgets.sum() == pytest.approx(EPSILON)
    assert (budgets[0] / budgets[1]).tolist() == pytest.approx([2.0] * 8)
    kept = torch.sigmoid(budgets)
    worst = (kept / (1 - kept)).log().sum()  # two pixels of which all bits differ, an output that is one of them
    assert worst == pytest.approx(EPSILON, rel=1e-4)


def test_bits_are_flipped_as_often_as_their_budgets_say() -> None:
    pixels = torch.full((1, 3, 200, 200), 0b10110010, dtype=torch.uint8)
    changed = baselines.flipped(pixels, seeded()) ^ pixels
    rates = torch.stack([(changed >> bit & 1).float().mean(dim=(0, 2, 3)) for bit in range(8)], 1)
    assert (rates - torch.sigmoid(-baselines.bit_budgets())).abs().max() < 0.01


def test_ldp_slicing_sends_a_picture_without_its_coarse_part() -> None:
    picture = pictures()
    assert functional.avg_pool2d(without_coarse(picture), 2).abs().max() < 1e-6
    flat = torch.full((1, 3, 112, 112), 0.6)
    assert torch.equal(ldp_slicing(flat, seeded()), ldp_slicing(-flat, seeded()))
    sent = ldp_slicing(picture, seeded())
    assert sent.shape == picture.shape and sent.abs().max() <= 1


@pytest.mark.parametrize("count", [2, 3])
def test_instahide_mixes_within_its_bounds_and_keeps_magnitudes_under_random_signs(count: int) -> None:
    weights = shares(500, count, seeded())
    assert torch.allclose(weights.sum(1), torch.ones(500), atol=1e-5)
    assert weights.max() <= 0.65 and weights.min() >= 0 and (weights[:, 0] == weights.amax(1)).all()
    features, others = torch.full((8, 4, 14, 14), 2.0), torch.full((5, 4, 14, 14), 2.0)
    hidden = insta_hide(features, others, count, seeded())
    assert torch.allclose(hidden.abs(), features, atol=1e-5)
    assert 0.4 < (hidden < 0).float().mean() < 0.6


@pytest.mark.parametrize(("hide", "channels"), [(partial_face, 27), (ldp_slicing, 3)])
def test_a_reader_of_pictures_starts_with_a_guess_of_their_detail(hide: Hide, channels: int) -> None:
    photos = torch.rand(200, 3, 28, 28, generator=seeded(4)) * 2 - 1
    reader = PictureReader(channels, Encoder())
    reader.start_from(hide(photos, seeded(5)), photos)
    guess = reader.guess(hide(photos, seeded(6)))
    assert functional.mse_loss(guess, photos) < 0.95 * photos.var(unbiased=False)
    assert reader(hide(pictures(2), seeded(7))).shape == (2, 128, 14, 14)
