"""The networks: encoder F, generator G, tail (T and S), and the teacher they are distilled from.

Shapes are [batch, channels, height, width]. All convolutions carry a bias, none a batch norm: what is trained is what ships.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as functional
from onnx import numpy_helper
from torch import Tensor, nn

from training import spec


def convolution(inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups)


def layer_norm(features: Tensor) -> Tensor:
    """Normalises the channels of each position to mean 0 and variance 1, as a transformer does its tokens. LN_F of the paper."""
    mean = features.mean(dim=1, keepdim=True)
    centred = features - mean
    variance = (centred * centred).mean(dim=1, keepdim=True)
    return centred * torch.rsqrt(variance + spec.LAYER_NORM_EPSILON)


class Bottleneck(nn.Module):
    """Inverted bottleneck: 1x1 up, 3x3 per channel, 1x1 down; added to its input where the shape stays."""

    def __init__(self, inputs: int, hidden: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.expand = convolution(inputs, hidden, 1)
        self.depthwise = convolution(hidden, hidden, 3, stride, groups=hidden)
        self.project = convolution(hidden, outputs, 1)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = self.project(functional.relu_(self.depthwise(functional.relu_(self.expand(x)))))
        return x + y if self.residual else y


class Encoder(nn.Module):
    """F: a face [batch, 3, 112, 112], RGB in [-1, 1], to (stem [batch, 64, 28, 28], clean features z [batch, 128, 14, 14])."""

    def __init__(self) -> None:
        super().__init__()
        channels = spec.STEM_CHANNELS
        self.conv = convolution(3, channels, 3, 2)
        self.depthwise = convolution(channels, channels, 3, groups=channels)
        self.pointwise = convolution(channels, channels, 1)
        self.blocks = nn.Sequential(
            Bottleneck(channels, 128, channels, 2),
            Bottleneck(channels, 128, channels),
            Bottleneck(channels, 128, channels),
        )
        self.reduce = Bottleneck(channels, 256, spec.FEATURE_CHANNELS, 2)

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        x = functional.relu_(self.conv(faces))
        x = functional.relu_(self.depthwise(x))
        x = functional.relu_(self.pointwise(x))
        stem = self.blocks(x)
        return stem, layer_norm(self.reduce(stem))


class Generator(nn.Module):
    """G and LN_G: the encoder's stem and a random seed [batch, 128, 14, 14] ~ N(0, 1) to noise delta [batch, 128, 14, 14].

    Unlike the authors' generator, which is a function of the face alone, this one is odd in its seed: G(x, -s) = -G(x, s). So for any
    face the noise has mean 0 and all of its power is random; the face decides only how it is spread over channels and positions. LN_G
    learns a scale and no shift, held to a root mean square of `level`: the noise power is a dial (1 = 0 dB, the power of z) and not a
    way to win.
    """

    def __init__(self, level: float = 1.0) -> None:
        super().__init__()
        channels = spec.FEATURE_CHANNELS
        self.register_buffer("level", torch.tensor(level))
        self.depthwise = convolution(spec.STEM_CHANNELS, spec.STEM_CHANNELS, 3, 2, groups=spec.STEM_CHANNELS)
        self.gate = convolution(spec.STEM_CHANNELS, channels, 1)
        self.seed = nn.Conv2d(spec.SEED_CHANNELS, channels, 1, bias=False)
        self.spread = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.project = nn.Conv2d(channels, channels, 1, bias=False)
        self.scale = nn.Parameter(torch.ones(channels))
        nn.init.orthogonal_(self.seed.weight)
        nn.init.orthogonal_(self.project.weight)
        nn.init.zeros_(self.spread.weight)

    def gain(self) -> Tensor:
        """LN_G's scale [128], as it ships."""
        return self.scale * (self.level / self.scale.square().mean().sqrt())

    def forward(self, stem: Tensor, seed: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(functional.relu_(self.depthwise(stem))))
        mixed = self.seed(seed) * gate
        return layer_norm(self.project(mixed + self.spread(mixed))) * self.gain()[None, :, None, None]


class Tail(nn.Module):
    """T on clean z, S on perturbed z: [batch, 128, 14, 14] to a unit embedding [batch, 128]."""

    def __init__(self) -> None:
        super().__init__()
        channels = spec.FEATURE_CHANNELS
        self.adapter = convolution(channels, channels, 3)
        self.blocks = nn.Sequential(*(Bottleneck(channels, 256, channels) for _ in range(6)))
        self.reduce = Bottleneck(channels, 512, channels, 2)
        self.late = nn.Sequential(*(Bottleneck(channels, 256, channels) for _ in range(2)))
        self.widen = convolution(channels, 512, 1)
        self.pool = nn.Conv2d(512, 512, spec.FEATURE_SIZE // 2, groups=512)
        self.embed = convolution(512, spec.EMBEDDING_SIZE, 1)

    def forward(self, features: Tensor) -> Tensor:
        x = self.late(self.reduce(self.blocks(self.adapter(features))))
        x = self.embed(self.pool(functional.relu_(self.widen(x))))
        return functional.normalize(x.flatten(1), dim=1)


def random_seed(batch: int, generator: torch.Generator) -> Tensor:
    """The generator's random input for `batch` messages. In the browser it comes from a cryptographic source."""
    return torch.randn((batch, spec.SEED_CHANNELS, spec.FEATURE_SIZE, spec.FEATURE_SIZE), generator=generator)


def quantise(features: Tensor) -> tuple[Tensor, Tensor]:
    """What a message carries: int8 values [batch, 128, 14, 14] and one scale a channel [batch, 128], in features per step."""
    scales = features.abs().amax(dim=(2, 3)).clamp_min(1e-12) / spec.INT8_MAX
    steps = torch.clamp(torch.round(features / scales[:, :, None, None]), -spec.INT8_MAX, spec.INT8_MAX)
    return steps.to(torch.int8), scales


def through_message(features: Tensor) -> Tensor:
    """Features as the cloud reads them after quantisation."""
    steps, scales = quantise(features)
    return steps.to(features.dtype) * scales[:, :, None, None]


class Teacher(nn.Module):
    """MobileFaceNet, read from its ONNX file: [batch, 3, 112, 112], ImageNet-normalised RGB, to an embedding [batch, 128].

    The convolutions appear in the file in the order they run; batch norms are folded into them already.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        graph = onnx.load(str(path)).graph
        values = {item.name: torch.from_numpy(np.array(numpy_helper.to_array(item))) for item in graph.initializer}
        layers: list[nn.Conv2d] = []
        for node in graph.node:
            if node.op_type != "Conv":
                continue
            attributes = {attribute.name: attribute for attribute in node.attribute}
            weight, bias = values[node.input[1]], values[node.input[2]]
            groups = attributes["group"].i
            layer = nn.Conv2d(
                weight.shape[1] * groups,
                weight.shape[0],
                weight.shape[2],
                attributes["strides"].ints[0],
                attributes["pads"].ints[0],
                groups=groups,
            )
            layer.weight.data.copy_(weight)
            layer.bias.data.copy_(bias)
            layers.append(layer)
        stem, blocks, head = layers[:3], layers[3:48], layers[48:]
        self.stem = nn.ModuleList(stem)
        self.blocks = nn.ModuleList(_bottleneck(blocks[i : i + 3]) for i in range(0, 45, 3))
        self.widen, self.pool, self.embed = head

    def forward(self, faces: Tensor) -> Tensor:
        x = faces
        for layer in self.stem:
            x = functional.relu_(layer(x))
        for block in self.blocks:
            x = block(x)
        return self.embed(self.pool(functional.relu_(self.widen(x)))).flatten(1)


def _bottleneck(layers: list[nn.Conv2d]) -> Bottleneck:
    expand, depthwise, project = layers
    block = Bottleneck(expand.in_channels, expand.out_channels, project.out_channels, depthwise.stride[0])
    for mine, theirs in zip((block.expand, block.depthwise, block.project), layers):
        mine.load_state_dict(theirs.state_dict())
    return block


IMAGENET_MEAN = torch.tensor([0.485, 0.456, 0.406])
IMAGENET_STD = torch.tensor([0.229, 0.224, 0.225])


def start_from_teacher(teacher: Teacher, encoder: Encoder, tail: Tail) -> None:
    """Gives encoder and tail the teacher's weights to start training from (two of its five early blocks are left out).

    The first convolution is rescaled, since the encoder reads RGB in [-1, 1] and not ImageNet's normalisation.
    """
    ratio = 0.5 / IMAGENET_STD
    offset = (0.5 - IMAGENET_MEAN) / IMAGENET_STD
    first = teacher.stem[0]
    encoder.conv.weight.data.copy_(first.weight * ratio[None, :, None, None])
    encoder.conv.bias.data.copy_(first.bias + (first.weight.sum(dim=(2, 3)) * offset).sum(dim=1))
    encoder.depthwise.load_state_dict(teacher.stem[1].state_dict())
    encoder.pointwise.load_state_dict(teacher.stem[2].state_dict())
    for mine, index in zip([*encoder.blocks, encoder.reduce], (0, 1, 2, 5)):
        mine.load_state_dict(teacher.blocks[index].state_dict())
    nn.init.dirac_(tail.adapter.weight)
    nn.init.zeros_(tail.adapter.bias)
    for mine, index in zip([*tail.blocks, tail.reduce, *tail.late], range(6, 15)):
        mine.load_state_dict(teacher.blocks[index].state_dict())
    tail.widen.load_state_dict(teacher.widen.state_dict())
    tail.pool.load_state_dict(teacher.pool.state_dict())
    tail.embed.load_state_dict(teacher.embed.state_dict())
