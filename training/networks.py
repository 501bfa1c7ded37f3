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
    features = features.float()
    centred = features - features.mean(dim=1, keepdim=True)
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
        y = functional.relu_(self.expand(x))
        if self.depthwise.stride[0] == 2:
            y = _ChannelsLast.apply(y)
        y = self.project(functional.relu_(self.depthwise(y)))
        return x + y if self.residual else y


class _ChannelsLast(torch.autograd.Function):
    """The identity, whose gradient comes channels last: oneDNN returns that of a strided convolution otherwise, which is slow to go on from."""

    @staticmethod
    def forward(context, x: Tensor) -> Tensor:  # type: ignore[override]
        return x.view_as(x)

    @staticmethod
    def backward(context, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient.contiguous(memory_format=torch.channels_last)


class Encoder(nn.Module):
    """F: a face [batch, 3, 112, 112], RGB in [-1, 1], to (stem [batch, 64, 28, 28], clean features z [batch, 128, 14, 14]).

    The teacher's early layers without the channels that are dead in it: its 136 million multiply-adds become 100. Bare, it has no LN_F.
    """

    def __init__(self, bare: bool = False) -> None:
        super().__init__()
        self.bare = bare
        channels = spec.STEM_CHANNELS
        self.conv = convolution(3, 40, 3, 2)
        self.depthwise = convolution(40, 40, 3, groups=40)
        self.pointwise = convolution(40, 56, 1)
        self.blocks = nn.Sequential(
            Bottleneck(56, 88, channels, 2),
            Bottleneck(channels, 104, channels),
            *(Bottleneck(channels, 120, channels) for _ in range(3)),
        )
        self.reduce = Bottleneck(channels, 232, spec.FEATURE_CHANNELS, 2)

    def forward(self, faces: Tensor) -> tuple[Tensor, Tensor]:
        x = functional.relu_(self.conv(faces))
        x = functional.relu_(self.depthwise(x))
        x = functional.relu_(self.pointwise(x))
        stem = self.blocks(x)
        features = self.reduce(stem)
        return stem, features if self.bare else layer_norm(features)


class Generator(nn.Module):
    """G and LN_G: the encoder's stem and a random seed [batch, 128, 14, 14] ~ N(0, 1) to noise delta [batch, 128, 14, 14].

    Unlike the authors' generator, which is a function of the face alone, this one is odd in its seed: G(x, -s) = -G(x, s). So for any
    face the noise has mean 0 and all of its power is random; the face decides only how it is spread over channels and positions. A part
    of it is shared by all positions (`whole`): it hides how bright and of what colour a picture is, and hardly who is on it. LN_G learns a scale and no shift, held to a root mean square of `level`: the noise power is a dial (1 = 0 dB, the power of z) and not a
    way to win.
    """

    def __init__(self, level: float = spec.NOISE_LEVEL) -> None:
        super().__init__()
        channels = spec.FEATURE_CHANNELS
        self.register_buffer("level", torch.tensor(level))
        self.depthwise = convolution(spec.STEM_CHANNELS, spec.STEM_CHANNELS, 3, 2, groups=spec.STEM_CHANNELS)
        self.gate = convolution(spec.STEM_CHANNELS, channels, 1)
        self.spread = nn.Conv2d(channels, channels, 3, padding=1, groups=channels, bias=False)
        self.project = nn.Conv2d(channels, channels, 1, bias=False)
        self.scale = nn.Parameter(torch.ones(channels))
        nn.init.orthogonal_(self.project.weight)
        nn.init.zeros_(self.spread.weight)
        self.whole = nn.Parameter(torch.full((channels,), 0.1))

    def gain(self) -> Tensor:
        """LN_G's scale [128], as it ships."""
        return self.scale * (self.level / self.scale.square().mean().sqrt())

    @torch.no_grad()
    def set_gain(self, gain: Tensor) -> None:
        """Takes over a gain [128] that ships: scale and level in one."""
        self.scale.copy_(gain)
        self.level.copy_(self.scale.square().mean().sqrt())

    def forward(self, stem: Tensor, seed: Tensor) -> Tensor:
        gate = torch.sigmoid(self.gate(functional.relu_(self.depthwise(stem))))
        mixed = seed * gate
        shared = mixed.mean(dim=(2, 3), keepdim=True) * spec.FEATURE_SIZE  # as strong as one position's
        mixed = mixed + self.spread(mixed) + shared * self.whole[None, :, None, None]
        return layer_norm(self.project(mixed)) * self.gain()[None, :, None, None]


class PaperGenerator(nn.Module):
    """G and LN_G as the authors have them: a trainable copy of the encoder, then a layer norm with scale and shift. No seed, no dial.

    Bare, it is G alone, to go with features without LN_F.
    """

    def __init__(self, bare: bool = False) -> None:
        super().__init__()
        self.encoder = Encoder(bare)
        self.scale = nn.Parameter(torch.ones(spec.FEATURE_CHANNELS))
        self.shift = nn.Parameter(torch.zeros(spec.FEATURE_CHANNELS))

    def forward(self, faces: Tensor) -> Tensor:
        _, features = self.encoder(faces)
        return features if self.encoder.bare else features * self.scale[None, :, None, None] + self.shift[None, :, None, None]


class Tail(nn.Module):
    """T on clean z, S on perturbed z: [batch, 128, 14, 14] to a unit embedding [batch, 128].

    S has `restoring` blocks more, which learn to undo noise and start as the identity.
    """

    def __init__(self, restoring: int = 0) -> None:
        super().__init__()
        channels = spec.FEATURE_CHANNELS
        self.adapter = convolution(channels, channels, 3)
        self.restore = nn.Sequential(*(Bottleneck(channels, 256, channels) for _ in range(restoring)))
        self.blocks = nn.Sequential(*(Bottleneck(channels, 256, channels) for _ in range(6)))
        self.reduce = Bottleneck(channels, 512, channels, 2)
        self.late = nn.Sequential(*(Bottleneck(channels, 256, channels) for _ in range(2)))
        self.widen = convolution(channels, 512, 1)
        self.pool = nn.Conv2d(512, 512, spec.FEATURE_SIZE // 2, groups=512)
        self.embed = convolution(512, spec.EMBEDDING_SIZE, 1)
        for block in self.restore:
            nn.init.zeros_(block.project.weight)
            nn.init.zeros_(block.project.bias)

    def start_from(self, tail: Tail) -> None:
        """Takes over a tail with fewer restoring blocks."""
        self.load_state_dict({**self.state_dict(), **tail.state_dict()})

    def begun(self, features: Tensor, blocks: int) -> Tensor:
        """Features further on: after so many blocks, layer normalised as the encoder's are."""
        return layer_norm(self.blocks[:blocks](self.adapter(features)))

    @torch.no_grad()
    def start_after(self, blocks: int) -> None:
        """Makes the identity of what `begun` has done, to read what it gives."""
        nn.init.dirac_(self.adapter.weight)
        nn.init.zeros_(self.adapter.bias)
        for block in self.blocks[:blocks]:
            nn.init.zeros_(block.project.weight)
            nn.init.zeros_(block.project.bias)

    def late_map(self, features: Tensor) -> Tensor:
        """What is left of a face [batch, 128, 7, 7] before it becomes one vector."""
        return self.late(self.reduce(self.blocks(self.restore(self.adapter(features)))))

    def head(self, late: Tensor) -> Tensor:
        x = self.embed(self.pool(functional.relu_(self.widen(late))))
        return functional.normalize(x.flatten(1).float(), dim=1)

    def forward(self, features: Tensor) -> Tensor:
        return self.head(self.late_map(features))


def new_student() -> Tail:
    """S."""
    return Tail(restoring=spec.RESTORING_BLOCKS)


def random_seed(batch: int, generator: torch.Generator) -> Tensor:
    """The generator's random input for `batch` messages. In the browser it comes from a cryptographic source."""
    return torch.randn((batch, spec.SEED_CHANNELS, spec.FEATURE_SIZE, spec.FEATURE_SIZE), generator=generator, device=generator.device)


def quantise(features: Tensor, most: int = spec.STEP_MAX) -> tuple[Tensor, Tensor]:
    """What a message carries: steps in [-most, most] [batch, 128, 14, 14] and one scale a channel [batch, 128], in features per step."""
    scales = features.abs().amax(dim=(2, 3)).clamp_min(1e-12) / most
    steps = torch.clamp(torch.round(features / scales[:, :, None, None]), -most, most)
    return steps.to(torch.int8), scales


def through_message(features: Tensor, most: int = spec.STEP_MAX) -> Tensor:
    """Features as the cloud reads them after quantisation."""
    steps, scales = quantise(features, most)
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

    def late_map(self, faces: Tensor) -> Tensor:
        """What is left of a face [batch, 128, 7, 7] before it becomes one vector."""
        x = faces
        for layer in self.stem:
            x = functional.relu_(layer(x))
        for block in self.blocks:
            x = block(x)
        return x

    def forward(self, faces: Tensor) -> Tensor:
        return self.embed(self.pool(functional.relu_(self.widen(self.late_map(faces))))).flatten(1)


def _bottleneck(layers: list[nn.Conv2d]) -> Bottleneck:
    expand, depthwise, project = layers
    block = Bottleneck(expand.in_channels, expand.out_channels, project.out_channels, depthwise.stride[0])
    for mine, theirs in zip((block.expand, block.depthwise, block.project), layers):
        mine.load_state_dict(theirs.state_dict())
    return block


IMAGENET_MEAN = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
IMAGENET_STD = torch.tensor([0.229, 0.224, 0.225])[:, None, None]


def to_teacher(faces: Tensor) -> Tensor:
    """The encoder's input [batch, 3, 112, 112], RGB in [-1, 1], as the teacher wants it."""
    return (((faces + 1) / 2 - IMAGENET_MEAN.to(faces)) / IMAGENET_STD.to(faces)).contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def start_from_teacher(teacher: Teacher, encoder: Encoder, tail: Tail, faces: Tensor) -> None:
    """Gives encoder and tail the teacher's weights to start training from.

    Of the teacher's early channels the encoder takes those that matter most to what follows, on some `faces` [batch, 3, 112, 112], RGB in
    [-1, 1]. The first convolution is rescaled, since the encoder reads another range.
    """
    ratio, offset = 0.5 / IMAGENET_STD, (0.5 - IMAGENET_MEAN) / IMAGENET_STD
    first, depthwise, pointwise = teacher.stem
    x = functional.relu(depthwise(functional.relu(first(to_teacher(faces)))))
    kept = _important(x, pointwise, encoder.conv.out_channels)
    encoder.conv.weight.copy_((first.weight * ratio)[kept])
    encoder.conv.bias.copy_((first.bias + (first.weight.sum(dim=(2, 3)) * offset.flatten()).sum(dim=1))[kept])
    _copy(encoder.depthwise, depthwise, kept)
    x = functional.relu(pointwise(x))
    inputs = _important(x, teacher.blocks[0].expand, encoder.pointwise.out_channels)
    _copy(encoder.pointwise, pointwise, inputs, kept)
    for mine, theirs in zip([*encoder.blocks, encoder.reduce], teacher.blocks):
        hidden = functional.relu(theirs.depthwise(functional.relu(theirs.expand(x))))
        kept = _important(hidden, theirs.project, mine.expand.out_channels)
        _copy(mine.expand, theirs.expand, kept, inputs)
        _copy(mine.depthwise, theirs.depthwise, kept)
        _copy(mine.project, theirs.project, slice(None), kept)
        x, inputs = theirs(x), slice(None)
    nn.init.dirac_(tail.adapter.weight)
    nn.init.zeros_(tail.adapter.bias)
    for mine, theirs in zip([*tail.blocks, tail.reduce, *tail.late], teacher.blocks[6:]):
        mine.load_state_dict(theirs.state_dict())
    tail.widen.load_state_dict(teacher.widen.state_dict())
    tail.pool.load_state_dict(teacher.pool.state_dict())
    tail.embed.load_state_dict(teacher.embed.state_dict())


def _important(maps: Tensor, reader: nn.Conv2d, count: int) -> Tensor:
    """The `count` channels of maps that vary most in what `reader` makes of them, in their order."""
    variance = maps.var(dim=(0, 2, 3)) * reader.weight.square().sum(dim=(0, 2, 3))
    return variance.topk(count).indices.sort().values


def _copy(mine: nn.Conv2d, theirs: nn.Conv2d, outputs: Tensor | slice, inputs: Tensor | slice = slice(None)) -> None:
    mine.weight.copy_(theirs.weight[outputs][:, inputs])
    mine.bias.copy_(theirs.bias[outputs])
