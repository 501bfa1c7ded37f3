"""Others' ways of hiding a face, to compare with: what a cloud would read under each. None has a secret, none is trained.

    PartialFace (Mi et al., ICCV 2023)        frequency channels of the picture without the lowest, nine of 54 a colour, shuffled
    LDP-Slicing (Cao et al., CVPR 2026)       the picture without its coarse part, each bit of each pixel flipped with a probability
    InstaHide (Huang et al., ICML 2020)       mixed with other faces, random signs; here on clean features, when a face is recognised

Different from the paper: who trains under PartialFace sees all six subsets of a photo, as whoever may run the browser's half does; the
authors keep half of them back for the sake of the training photos.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Callable, Final

import torch
import torch.nn.functional as functional
from torch import Tensor

from training import spec
from training.data import to_input, to_pixels
from training.networks import through_message

Hide = Callable[[Tensor, torch.Generator], Tensor]
"""Faces [batch, 3, 112, 112], RGB in [-1, 1], to what is sent of them [batch, channels, 112, 112]."""

YCBCR: Final = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]])

BLOCK: Final = 8  # pixels, both sides of what a DCT is taken of; PartialFace enlarges a picture as often first
LOWEST: Final = 3  # PartialFace drops frequencies (u, v) with u + v up to this: what people see by
SUBSETS: Final = torch.randperm(54, generator=torch.Generator().manual_seed(1)).view(6, 9)  # one is drawn for a picture
ORDERS: Final = torch.stack([torch.randperm(9, generator=torch.Generator().manual_seed(seed)) for seed in (2, 3, 4)])

EPSILON: Final = 20.0  # LDP-Slicing's budget for the 24 bits of a pixel, the authors' own choice
COLOUR_WEIGHTS: Final = torch.tensor([4.0, 1.0, 1.0])  # of Y, Cb, Cr

LARGEST_SHARE: Final = 0.65  # of one face in InstaHide's mixture


def to_ycbcr(faces: Tensor) -> Tensor:
    """RGB in [-1, 1] to luma in [-1, 1] and chroma about 0, [batch, 3, height, width]."""
    return torch.einsum("yc,bchw->byhw", YCBCR.to(faces), faces)


def to_rgb(picture: Tensor) -> Tensor:
    """The inverse."""
    return torch.einsum("cy,byhw->bchw", torch.linalg.inv(YCBCR).to(picture), picture)


@lru_cache
def frequencies(side: int) -> Tensor:
    """[8, side, side]: along one axis of a picture, which linear functions of its pixels the DCT of each block is, a block a pixel. [u] is u half
    waves a block."""
    enlarged = functional.interpolate(torch.eye(side)[None], scale_factor=float(BLOCK), mode="linear", align_corners=True)
    return torch.einsum("uj,xpj->upx", block_cosines(), enlarged[0].unflatten(1, (side, BLOCK)))


def block_cosines() -> Tensor:
    """[8, 8]: the orthonormal DCT along one axis of a block, [u] the wave of u half waves."""
    waves = torch.arange(BLOCK)[:, None] * (torch.arange(BLOCK) + 0.5) * math.pi / BLOCK
    cosines = torch.cos(waves) * math.sqrt(2 / BLOCK)
    cosines[0] /= math.sqrt(2)
    return cosines


def kept_frequencies() -> tuple[Tensor, Tensor]:
    """u and v [54] of those that PartialFace does not drop."""
    u, v = torch.arange(BLOCK).repeat_interleave(BLOCK), torch.arange(BLOCK).repeat(BLOCK)
    return u[u + v > LOWEST], v[u + v > LOWEST]


def partial_face(faces: Tensor, random: torch.Generator) -> Tensor:
    """[batch, 27, side, side]: nine frequencies of each colour, of a subset and in an order drawn for each face, in bytes."""
    subsets, orders = (
        choices.to(faces.device)[torch.randint(len(choices), (len(faces),), generator=random, device=random.device)] for choices in (SUBSETS, ORDERS)
    )
    drawn = subsets.gather(1, orders)  # [batch, 9]
    waves = frequencies(faces.shape[-1]).to(faces)
    down, across = (waves[axis.to(faces.device)[drawn]][:, None] for axis in kept_frequencies())  # [batch, 1, 9, side, side]
    channels = down @ to_ycbcr(faces)[:, :, None] @ across.transpose(-1, -2)
    return through_message(channels.flatten(1, 2), spec.INT8_MAX)


def bit_budgets() -> Tensor:
    """[3, 8]: each bit's part of EPSILON, the lowest bit first, as the square root of its weight: 4, 1, 1 times 2^bit."""
    roots = (COLOUR_WEIGHTS[:, None] * 2.0 ** torch.arange(8)).sqrt()
    return EPSILON * roots / roots.sum()


def flipped(pixels: Tensor, random: torch.Generator) -> Tensor:
    """Randomised response on every bit of uint8 [batch, 3, height, width]: it is kept with probability e^budget / (e^budget + 1)."""
    for bit, kept in enumerate(torch.sigmoid(bit_budgets()).to(pixels.device).T):
        flips = torch.rand(pixels.shape, generator=random, device=random.device) > kept[:, None, None]
        pixels = pixels ^ (flips.to(torch.uint8) << bit)
    return pixels


def without_coarse(picture: Tensor) -> Tensor:
    """Without the low-pass quarter of a Haar transform: each 2x2 block loses its mean."""
    return picture - functional.interpolate(functional.avg_pool2d(picture, 2), scale_factor=2.0)


def ldp_slicing(faces: Tensor, random: torch.Generator) -> Tensor:
    """[batch, 3, 112, 112], RGB in [-1, 1] in bytes, of which every pixel is EPSILON-locally differentially private."""
    pixels = (without_coarse(to_ycbcr(faces)) * 127.5 + 128).round().clamp(0, 255).to(torch.uint8)
    sent = to_rgb((flipped(pixels, random).float() - 128) / 127.5).clamp(-1, 1)
    return to_input(to_pixels(sent))


def shares(batch: int, count: int, random: torch.Generator) -> Tensor:
    """[batch, count]: InstaHide's mixing weights, the largest first: uniform among those of sum 1 and none above LARGEST_SHARE."""
    drawn = torch.empty((0, count), device=random.device)
    while len(drawn) < batch:
        points = torch.rand((4 * batch, count), generator=random, device=random.device).clamp_min(1e-12).log()
        points = points / points.sum(1, keepdim=True)
        drawn = torch.cat([drawn, points[points.amax(1) <= LARGEST_SHARE]])
    return drawn[:batch].sort(1, descending=True).values


def insta_hide(features: Tensor, others: Tensor, count: int, random: torch.Generator) -> Tensor:
    """Features [batch, ...] mixed with count - 1 of `others` [n, ...], their own share the largest, every value's sign random. A reader
    takes magnitudes, since signs say nothing."""
    picked = others[torch.randint(len(others), (len(features), count - 1), generator=random, device=random.device)]
    mixed = torch.einsum("bk,bkcyx->bcyx", shares(len(features), count, random), torch.cat([features[:, None], picked], 1))
    return mixed * (torch.randint(2, mixed.shape, generator=random, device=random.device) * 2 - 1)


PICTURES: Final[dict[str, int]] = {"partialface": 27, "ldp-slicing": 3, "minusface": 3}
"""Those that hide pictures, and how many channels are sent."""
MIXTURES: Final[dict[str, int]] = {"instahide-2": 2, "instahide-3": 3}
"""Those that mix features: how many faces."""
