"""The tail that a cloud trains on protected features: a transformer without position embedding, which needs no key and no geometry.

Linear layers are 1x1 convolutions over [batch, channels, 49, 1] with channels last: on a CPU build of PyTorch without MKL these are five
times as fast as matrix products, and elsewhere the same.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from training import spec
from training.xnn.obfuscation import TOKEN_CHANNELS, TOKEN_COUNT


@dataclass(frozen=True)
class Size:
    width: int = 256
    blocks: int = 6
    heads: int = 4
    expansion: int = 2


class Tail(nn.Module):
    """Protected tokens [batch, 49, 512] to a unit embedding [batch, 128].

    168 million multiply-adds a record: 6.4 M for the input projection, 26.9 M a block. 3.3 M parameters, 9.6 M with slots.

    Without `slots`, one projection serves all tokens, so that their order does not matter. It cannot undo `xnn-hardened`, whose tokens
    live in 49 unrelated spaces. With `slots`, each place in the record has a projection of its own. The order of the tokens is secret but
    the same in all records, so the cloud learns it without knowing where in the face a place lies: still no key, no geometry. All schemes
    gain by it (it tells places apart, as a position embedding would), so they are compared with the same setting. It costs 25 MB, and
    each projection learns from one token a record instead of 49. An attacker, for whom the order changes with the key, has no use for it.
    """

    def __init__(self, slots: bool = False, size: Size = Size(), channels: int = TOKEN_CHANNELS) -> None:
        super().__init__()
        self.normalise = nn.LayerNorm(channels, elementwise_affine=False)
        self.enter = Slots(channels, size.width) if slots else linear(channels, size.width)
        self.blocks = nn.Sequential(*(Block(size) for _ in range(size.blocks)))
        self.norm = nn.LayerNorm(size.width)
        self.embed = nn.Linear(size.width, spec.EMBEDDING_SIZE)

    def forward(self, tokens: Tensor) -> Tensor:
        x = self.normalise(tokens).transpose(1, 2).unsqueeze(3)  # [batch, 512, 49, 1]
        x = self.blocks(self.enter(x))
        x = normalised(self.norm, x).mean(dim=(2, 3))
        return functional.normalize(self.embed(x), dim=1)


class Slots(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(TOKEN_COUNT, inputs, outputs) * inputs**-0.5)
        self.bias = nn.Parameter(torch.zeros(TOKEN_COUNT, 1, outputs))

    def forward(self, x: Tensor) -> Tensor:
        y = x.squeeze(3).permute(2, 0, 1) @ self.weight + self.bias  # [49, batch, width]
        return y.permute(1, 2, 0).unsqueeze(3).contiguous(memory_format=torch.channels_last)


class Block(nn.Module):
    def __init__(self, size: Size) -> None:
        super().__init__()
        width = size.width
        self.heads, self.channels = size.heads, width // size.heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mix, self.out = linear(width, 3 * width), linear(width, width)
        self.up, self.down = linear(width, size.expansion * width), linear(size.expansion * width, width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.out(self.attention(self.mix(normalised(self.first, x))))
        return x + self.down(functional.gelu(self.up(normalised(self.second, x))))

    def attention(self, mixed: Tensor) -> Tensor:
        """[batch, 3 * width, tokens, 1] to [batch, width, tokens, 1]."""
        query, key, value = (self.split(part) for part in mixed.squeeze(3).chunk(3, dim=1))
        weights = (query.transpose(2, 3) @ key * self.channels**-0.5).softmax(dim=3)  # [batch, heads, tokens, tokens]
        joined = (value @ weights.transpose(2, 3)).flatten(1, 2)  # [batch, width, tokens]
        return joined.unsqueeze(3).contiguous(memory_format=torch.channels_last)

    def split(self, part: Tensor) -> Tensor:
        """[batch, width, tokens] to [batch, heads, width / heads, tokens]."""
        return part.reshape(-1, self.heads, self.channels, part.shape[2])


def linear(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 1)


def normalised(norm: nn.LayerNorm, x: Tensor) -> Tensor:
    """The layer norm over the channels of [batch, channels, tokens, 1]."""
    return norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def write_onnx(tail: Tail, path: Path) -> None:
    """Input `tokens` float32 [batch, 49, 512], output `embedding` float32 [batch, 128]."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # PyTorch 1.13 is not sure of shapes that are right
        torch.onnx.export(
            tail.eval(),
            (torch.zeros((2, TOKEN_COUNT, TOKEN_CHANNELS)),),
            str(path),
            opset_version=13,
            input_names=["tokens"],
            output_names=["embedding"],
            dynamic_axes={"tokens": {0: "batch"}, "embedding": {0: "batch"}},
        )
