"""MinusFace (Mi et al., CVPR 2024), to compare with: what a regenerator leaves of a photo, in random order, as a picture.

    python3 -m training.minusface [--epochs 1]      the first stage: the regenerator, with a recogniser of what it leaves

A photo's 192 frequency channels, as in PartialFace, minus what the regenerator makes of them; it is to give the photo back while identities
are read from the rest, which has much that no picture shows. The rest's channels are shuffled for each photo and made a picture. The second
stage, a recogniser of these pictures, is `training.attack S` or R.

Different from the paper: a regenerator of three sizes and 32 to 96 channels instead of five and 64 to 1,024; one epoch; the recogniser starts from the released encoder and the clean tail.
"""

from __future__ import annotations

import argparse
from functools import lru_cache
from typing import Final

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from training.adversaries import am_softmax
from training.attackers import Block, Classes
from training.baselines import BLOCK, Hide, block_cosines, frequencies, to_rgb, to_ycbcr
from training.data import Jitter, load_chips, to_input, to_pixels
from training.device import DEVICE, exact, half_precision, prepared, ready
from training.evaluate import embed_all
from training.loop import descend, fit, load_modules, use_one_core
from training.networks import Encoder, Tail, convolution

CHANNELS: Final = 3 * BLOCK**2
PICTURE_WEIGHT: Final = 5.0  # of the regenerator's error, beside the recogniser's of 1: the authors' own
PICTURES_AT_ONCE: Final = 8  # their channels are 77 MB


def spectrum(faces: Tensor) -> Tensor:
    """RGB [batch, 3, side, side] in [-1, 1] to 64 frequencies of Y, then of Cb, then of Cr [batch, 192, side, side]. Linear."""
    with exact(faces.device):
        near = near_frequencies(faces.shape[-1]).to(faces)
        padded = functional.pad(to_ycbcr(faces), (1, 1, 1, 1))
        down = torch.einsum("bcyxi,iuy->bcuyx", padded.unfold(2, 3, 1), near)
        return torch.einsum("bcuyxi,ivx->byxcuv", down.unfold(4, 3, 1), near).flatten(3).permute(0, 3, 1, 2)


@lru_cache
def near_frequencies(side: int) -> Tensor:
    """[3, 8, side]: along one axis, what is not zero of `frequencies`: a block's depend on its pixel and the two beside it."""
    padded = functional.pad(frequencies(side), (1, 1))
    return torch.stack([padded[:, :, offset : offset + side].diagonal(dim1=1, dim2=2) for offset in range(3)])


def picture_of(channels: Tensor) -> Tensor:
    """The inverse, for channels that are a picture's; linear, and blind to most of what others have."""
    with exact(channels.device):
        waves = back_waves(channels.shape[-1]).to(channels.device)
        both = waves[:, None, :, None] * waves[None, :, None]  # [8, 8, side, side]
        return to_rgb((channels.float().unflatten(1, (3, BLOCK, BLOCK)) * both).sum((2, 3)))


@lru_cache
def back_waves(side: int) -> Tensor:
    """[8, side]: along one axis, what a frequency of a block adds to its pixel of the enlarged picture made small again; to others, nothing."""
    smaller = functional.interpolate(torch.eye(side * BLOCK)[None], scale_factor=1 / BLOCK, mode="linear", align_corners=True)
    return torch.einsum("uj,pjp->up", block_cosines(), smaller[0].unflatten(0, (side, BLOCK)))


class Regenerator(nn.Module):
    """The channels of a picture [batch, 192, height, width] to such of a likeness: a U-Net of three sizes. Begins with nothing."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.enter = convolution(CHANNELS, width, 1)
        self.down = nn.ModuleList([convolution(width, 2 * width, 3, 2), convolution(2 * width, 3 * width, 3, 2)])
        self.outer, self.inner = Block(2 * width), Block(3 * width)
        self.rise = nn.ModuleList([convolution(3 * width, 2 * width * 4, 1), convolution(2 * width, width * 4, 1)])
        self.leave = convolution(width, CHANNELS, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, channels: Tensor) -> Tensor:
        whole = functional.relu(self.enter(channels / BLOCK))
        half = self.outer(functional.relu(self.down[0](whole)))
        quarter = self.inner(functional.relu(self.down[1](half)))
        half = functional.relu(half + functional.pixel_shuffle(self.rise[0](quarter), 2))
        return BLOCK * self.leave(functional.relu(whole + functional.pixel_shuffle(self.rise[1](half), 2)))  # a block's mean comes BLOCK times


def shuffled(channels: Tensor, random: torch.Generator) -> Tensor:
    """Each picture's channels [batch, channels, height, width] in an order of its own."""
    orders = torch.rand(channels.shape[:2], generator=random, device=random.device).argsort(dim=1)
    return channels[torch.arange(len(channels), device=channels.device)[:, None], orders.to(channels.device)]


def minus_face(regenerator: nn.Module) -> Hide:
    """[batch, 3, side, side], RGB in [-1, 1] in bytes."""

    @torch.no_grad()
    def hide(faces: Tensor, random: torch.Generator) -> Tensor:
        original = prepared(spectrum(faces))
        with half_precision(faces.device):
            regenerated = regenerator(original)
        return picture_of(shuffled(original - regenerated.float(), random)).clamp(-1, 1)

    def of_all(faces: Tensor, random: torch.Generator) -> Tensor:
        return to_input(to_pixels(torch.cat([hide(some, random) for some in faces.split(PICTURES_AT_ONCE)])))

    return of_all


def widen(encoder: Encoder) -> None:
    """Has it read a picture's channels: of each block its mean, and so the picture."""
    wide = convolution(CHANNELS, encoder.conv.out_channels, 3, 2)
    with torch.no_grad():
        nn.init.zeros_(wide.weight)
        to_colours = to_rgb(torch.eye(3)[:, :, None, None])[:, :, 0, 0] / BLOCK  # [Y Cb Cr, RGB]
        wide.weight[:, :: BLOCK**2] = torch.einsum("ocyx,kc->okyx", encoder.conv.weight, to_colours)
        wide.bias.copy_(encoder.conv.bias)
    encoder.conv = wide


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--rate", type=float, default=1e-3, help="of the regenerator; of the recogniser a third")
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    use_one_core()
    torch.manual_seed(3)

    chips, jitter = load_chips(), Jitter()
    rows = chips.rows("train")
    people, labels = np.unique(chips.identities[rows], return_inverse=True)
    regenerator, encoder, tail, classes = Regenerator(), Encoder(), Tail(), Classes(len(people))
    load_modules("encoder", {"encoder": encoder})
    load_modules("clean-tail", {"tail": tail})
    known = embed_all(lambda faces: tail(encoder(to_input(faces))[1]), chips.crops(rows[::4]))
    classes.start_from(torch.from_numpy(known), torch.from_numpy(labels[::4]))
    widen(encoder)
    for network in (regenerator, encoder, tail, classes):
        ready(network)
    recogniser = [*encoder.parameters(), *tail.parameters(), *classes.parameters()]
    optimiser = torch.optim.Adam([{"params": regenerator.parameters(), "lr": options.rate}, {"params": recogniser, "lr": options.rate / 3}])

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        faces = chips.augmented(numbers, jitter, random)
        original = prepared(spectrum(prepared(faces)))
        regenerated = regenerator(original)
        error = functional.l1_loss(picture_of(regenerated), faces.to(DEVICE))
        recognition = am_softmax(classes(tail(encoder(original - regenerated)[1])), chips.places(people, numbers))
        descend(optimiser, PICTURE_WEIGHT * error + recognition, clip=5.0)
        return {"picture": error.detach(), "recognition": recognition.detach()}

    modules = {"generator": regenerator, "encoder": encoder, "tail": tail, "classes": classes}
    fit("minusface", {"rate": options.rate, "jitter": vars(jitter)}, modules, [optimiser], rows, step, epochs=options.epochs, batch=options.batch)


if __name__ == "__main__":
    main()
