"""Networks of the fresh attackers. The tails they train are `Tail` of networks.py: an attacker knows the architecture."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from training import spec
from training.device import exact
from training.networks import Encoder, convolution

FULL_WIDTH = 192  # of a painter; rows say another


class Classes(nn.Module):
    """Unit embeddings [batch, 128] to one cosine a class [batch, classes]."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.centres = nn.Parameter(torch.randn(classes, spec.EMBEDDING_SIZE))

    @torch.no_grad()
    def start_from(self, embeddings: Tensor, labels: Tensor) -> None:
        """Each class's mean of unit embeddings [n, 128], of which each has a label [n]."""
        self.centres.zero_().index_add_(0, labels, embeddings)

    def forward(self, embeddings: Tensor) -> Tensor:
        with exact(embeddings.device):
            return embeddings.float() @ functional.normalize(self.centres, dim=1).T


class PictureReader(nn.Module):
    """What an attacker puts before a network of features where a hidden picture [batch, channels, 112, 112] is sent: a guess at the photo
    from 3x3 pixels, and an encoder of the guess. Gives features [batch, 128, 14, 14]."""

    def __init__(self, channels: int, encoder: Encoder) -> None:
        super().__init__()
        self.guess, self.encoder = convolution(channels, 3, 3), encoder

    @torch.no_grad()
    def start_from(self, sent: Tensor, photos: Tensor) -> None:
        """The guess of least squared error, from what was sent of some photos [batch, 3, 112, 112]."""
        around = functional.pad(functional.unfold(sent, 3, padding=1), (0, 0, 0, 1), value=1.0)  # [batch, channels * 9 + 1, 112 * 112]
        known = torch.einsum("bip,bjp->ij", around, around)
        wanted = torch.einsum("bip,bcp->ic", around, photos.flatten(2))
        solved = torch.linalg.solve(known + 1e-4 * known.diagonal().diag(), wanted)
        self.guess.weight.copy_(solved[:-1].T.view_as(self.guess.weight))
        self.guess.bias.copy_(solved[-1])

    def forward(self, sent: Tensor) -> Tensor:
        return self.encoder(self.guess(sent))[1]


class UNet(nn.Module):
    """From features [batch, 128, 14, 14] to the photo [batch, 3, 112, 112], RGB, about [-1, 1].

    `width` is that of the maps of 14x14 and 7x7, in channels, a multiple of 6; wider maps have a third of it, and a sixth.
    """

    def __init__(self, width: int = FULL_WIDTH) -> None:
        super().__init__()
        if width % 6 != 0:
            raise ValueError(f"a painter's width is a multiple of 6, not {width}")
        self.enter = convolution(spec.FEATURE_CHANNELS, width, 3)
        self.outer = Block(width)
        self.down = convolution(width, width, 3, 2)
        self.inner = nn.Sequential(Block(width), Block(width))
        self.join = convolution(2 * width, width, 1)
        self.rise = nn.ModuleList([_Rise(width, width // 3), _Rise(width // 3, width // 6)])
        self.paint = convolution(width // 6, 3 * 4, 3)

    def forward(self, features: Tensor) -> Tensor:
        x = self.outer(functional.relu(self.enter(features)))
        y = self.inner(functional.relu(self.down(x)))
        x = functional.relu(self.join(torch.cat([x, functional.interpolate(y, scale_factor=2.0)], dim=1)))
        for rise in self.rise:
            x = rise(x)
        return functional.pixel_shuffle(self.paint(x), 2)


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.one, self.two = convolution(width, width, 3), convolution(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(x + self.two(functional.relu(self.one(x))))


class _Rise(nn.Module):
    """Twice the size."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.spread, self.block = convolution(inputs, outputs * 4, 3), Block(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.block(functional.relu(functional.pixel_shuffle(self.spread(x), 2)))
