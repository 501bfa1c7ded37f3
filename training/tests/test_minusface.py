"""What MinusFace's paper says of it, on made-up pictures: needs no data."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from training.baselines import frequencies, to_ycbcr
from training.minusface import CHANNELS, Regenerator, minus_face, near_frequencies, picture_of, shuffled, spectrum, widen
from training.networks import Encoder
from training.tests.test_baselines import pictures, seeded


def test_channels_are_linear_in_the_picture_and_are_made_a_picture_again() -> None:
    first, second = pictures(4)[:2], pictures(4)[2:]
    assert spectrum(first).shape == (2, CHANNELS, 112, 112)
    assert torch.allclose(spectrum(first - 0.5 * second), spectrum(first) - 0.5 * spectrum(second), atol=1e-4)
    assert (picture_of(spectrum(first)) - first).abs().mean() < 0.01


@pytest.mark.parametrize("side", [32, 112])
def test_a_blocks_frequencies_are_of_its_pixel_and_the_two_beside_it(side: int) -> None:
    assert near_frequencies(side).count_nonzero() == frequencies(side).count_nonzero()
    photos = functional.interpolate(pictures(2), size=side, mode="area")
    waves = frequencies(side)
    channels = waves[:, None] @ to_ycbcr(photos)[:, :, None, None] @ waves.transpose(1, 2)
    assert torch.allclose(spectrum(photos), channels.flatten(1, 3), atol=1e-4)


def test_nothing_is_sent_of_what_is_regenerated_wholly() -> None:
    assert minus_face(nn.Identity())(pictures(2), seeded()).abs().max() < 0.004  # 127.5 of 255, rounded


def test_channels_have_much_that_no_picture_shows_and_another_order_does() -> None:
    """The paper's reason for so many channels, and for their order: the residue looks like nothing and is read all the same."""
    drawn = torch.randn(1, CHANNELS, 56, 56, generator=seeded())
    for _ in range(20):  # takes away what a picture shows
        drawn = drawn - spectrum(picture_of(drawn))
    assert picture_of(drawn).abs().mean() < 0.02 * picture_of(shuffled(drawn, seeded(2))).abs().mean()


def test_each_photo_has_an_order_of_its_own_drawn_anew() -> None:
    channels = torch.arange(CHANNELS).float()[None, :, None, None].expand(3, CHANNELS, 2, 2)
    once = shuffled(channels, seeded())
    assert torch.equal(once.sort(dim=1).values, channels)
    assert not torch.equal(once[0], once[1]) and torch.equal(once, shuffled(channels, seeded())) and not torch.equal(once, shuffled(channels, seeded(2)))


def test_an_encoder_reads_of_the_channels_what_it_reads_of_the_picture() -> None:
    encoder, photos = Encoder().eval(), pictures(2)
    with torch.no_grad():
        expected = encoder.conv(photos)
        widen(encoder)
        assert functional.mse_loss(encoder.conv(spectrum(photos)), expected) < 0.02 * expected.var()


def test_a_regenerator_learns_to_give_pictures_back() -> None:
    torch.manual_seed(1)
    regenerator = Regenerator(8)
    photos = functional.interpolate(pictures(8), size=32, mode="area")
    optimiser = torch.optim.Adam(regenerator.parameters(), lr=5e-3)

    def error() -> Tensor:
        return functional.l1_loss(picture_of(regenerator(spectrum(photos))), photos)

    before = error().item()
    for _ in range(80):
        optimiser.zero_grad()
        loss = error()
        loss.backward()
        optimiser.step()
    assert error().item() < before / 2
