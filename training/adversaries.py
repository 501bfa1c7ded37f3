"""Networks the generator plays against while it is trained. They say nothing about privacy: only a fresh attacker does."""

from __future__ import annotations

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from training import spec
from training.networks import Bottleneck, convolution

AM_SOFTMAX_SCALE = 32.0
AM_SOFTMAX_MARGIN = 0.35
PICTURE_SIZE = 56  # pixels, both sides of the picture the inversion adversary paints


class Linker(nn.Module):
    """The distilling adversary: z~ [batch, 128, 14, 14] to the teacher's embedding [batch, 128]."""

    def __init__(self) -> None:
        super().__init__()
        channels = spec.FEATURE_CHANNELS
        self.shrink = convolution(channels, 256, 3, 2)
        self.blocks = nn.Sequential(Bottleneck(256, 512, 256), Bottleneck(256, 512, 256))
        self.embed = nn.Linear(256, spec.EMBEDDING_SIZE)

    def forward(self, features: Tensor) -> Tensor:
        x = self.blocks(functional.relu_(self.shrink(features))).mean(dim=(2, 3))
        return functional.normalize(self.embed(x).float(), dim=1)


class Recogniser(nn.Module):
    """A, the authors' adversary: z~ [batch, 128, 14, 14] to one cosine a class [batch, classes]."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.embedding = Linker()
        self.classes = nn.Parameter(torch.randn(classes, spec.EMBEDDING_SIZE) * 0.1)

    def forward(self, features: Tensor) -> Tensor:
        return self.embedding(features) @ functional.normalize(self.classes, dim=1).T


class Painter(nn.Module):
    """The inversion adversary: z~ [batch, 128, 14, 14] to the picture [batch, 3, 56, 56], RGB in [-1, 1]."""

    def __init__(self) -> None:
        super().__init__()
        self.coarse = convolution(spec.FEATURE_CHANNELS, 96, 3)
        self.middle = convolution(96, 48, 3)
        self.fine = convolution(48, 3, 3)

    def forward(self, features: Tensor) -> Tensor:
        x = functional.interpolate(functional.relu_(self.coarse(features)), scale_factor=2.0)
        x = functional.interpolate(functional.relu_(self.middle(x)), scale_factor=2.0)
        return torch.tanh(self.fine(x))


def am_softmax(cosines: Tensor, labels: Tensor) -> Tensor:
    """Additive-margin softmax cross entropy (Wang et al. 2018), s = 32 and m = 0.35 as the authors have it. Mean over the batch."""
    margin = functional.one_hot(labels, cosines.shape[1]) * AM_SOFTMAX_MARGIN
    return functional.cross_entropy(AM_SOFTMAX_SCALE * (cosines - margin), labels)


class _Reverse(torch.autograd.Function):
    @staticmethod
    def forward(context, x: Tensor, weight: float) -> Tensor:  # type: ignore[override]
        context.weight = weight
        return x.view_as(x)

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        return -context.weight * gradient, None


def reverse(x: Tensor, weight: float) -> Tensor:
    """The identity, whose gradient is turned round and scaled: what helps the adversary behind it harms whoever made x."""
    return _Reverse.apply(x, weight)
