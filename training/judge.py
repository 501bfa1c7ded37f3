"""The foreign judge: dlib's face ResNet as npm's @vladmandic/face-api carries it (public domain; not trained by us, nor on LFW's people).

Reads the weights from `node_modules`; attacks are judged by this network and never by one that they were trained against.
"""

from __future__ import annotations

import json
from typing import Iterator

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from training import spec
from training.align import similarity
from training.data import ROOT, affine, sample

WEIGHTS = ROOT / "node_modules" / "@vladmandic" / "face-api" / "model"
FACE_SIZE = 150  # pixels, both sides of the faces that the judge reads
MEAN = torch.tensor([122.782, 117.001, 104.298])
STAGES = (("conv32", 3, False), ("conv64", 3, True), ("conv128", 2, True), ("conv256", 2, True))

# Where eyes and nose tip lie in a face that dlib cut (its five-point model, padding 0.25), in parts of the face's side.
EYES_AND_NOSE = np.array([[0.3182, 0.3142], [0.6686, 0.3142], [0.4934, 0.5852]])


class Judge(nn.Module):
    """uint8 faces [batch, 112, 112, 3], aligned as the training chips are, to unit embeddings [batch, 128]."""

    def __init__(self) -> None:
        super().__init__()
        values = dict(_weights())
        self.first = _Scaled(values, "conv32_down", stride=2)
        blocks: list[nn.Module] = []
        for name, count, shrinks in STAGES:
            if shrinks:
                blocks.append(_Residual(values, f"{name}_down", shrinks=True))
            blocks += [_Residual(values, f"{name}_{number + 1}") for number in range(count)]
        self.blocks = nn.Sequential(*blocks, _Residual(values, "conv256_down_out", shrinks=True))
        self.fc = nn.Parameter(values["fc"].t().contiguous())
        template = np.array(spec.FIVE_POINT_TEMPLATE)[:3]
        ours = similarity(EYES_AND_NOSE * FACE_SIZE, template)  # judge pixels to crop pixels
        placed = torch.from_numpy(ours)[None]
        self.register_buffer("theta", affine(placed[:, :, :2], placed[:, :, 2], spec.CROP_SIZE, FACE_SIZE).float())

    def forward(self, faces: Tensor) -> Tensor:
        x = sample(faces.to(self.fc.device).permute(0, 3, 1, 2).float(), self.theta.expand(len(faces), 2, 3), FACE_SIZE)
        x = functional.relu(self.first((x - MEAN.to(x)[:, None, None]) / 255))
        x = self.blocks(functional.max_pool2d(x, 3, 2))
        return functional.normalize(functional.linear(x.mean(dim=(2, 3)), self.fc), dim=1)


class _Scaled(nn.Module):
    """A convolution with dlib's affine layer folded in."""

    def __init__(self, values: dict[str, Tensor], name: str, stride: int = 1) -> None:
        super().__init__()
        scale = values[f"{name}/scale/weights"]
        kernel = values[f"{name}/conv/filters"].permute(3, 2, 0, 1)
        self.weight = nn.Parameter((kernel * scale[:, None, None, None]).contiguous())
        self.bias = nn.Parameter(values[f"{name}/conv/bias"] * scale + values[f"{name}/scale/biases"])
        self.stride, self.padding = stride, 0 if stride == 2 else kernel.shape[2] // 2

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.weight, self.bias, self.stride, self.padding)


class _Residual(nn.Module):
    def __init__(self, values: dict[str, Tensor], name: str, shrinks: bool = False) -> None:
        super().__init__()
        self.one, self.two = _Scaled(values, f"{name}/conv1", 2 if shrinks else 1), _Scaled(values, f"{name}/conv2")
        self.shrinks = shrinks

    def forward(self, x: Tensor) -> Tensor:
        y = self.two(functional.relu(self.one(x)))
        if self.shrinks:
            x = functional.avg_pool2d(x, 2, 2)
            x = functional.pad(x, (0, 0, 0, 0, 0, y.shape[1] - x.shape[1]))
            y = functional.pad(y, (0, x.shape[3] - y.shape[3], 0, x.shape[2] - y.shape[2]))
        return functional.relu(x + y)


def _weights() -> Iterator[tuple[str, Tensor]]:
    data = (WEIGHTS / "face_recognition_model.bin").read_bytes()
    start = 0
    for entry in json.loads((WEIGHTS / "face_recognition_model-weights_manifest.json").read_text())[0]["weights"]:
        count = int(np.prod(entry["shape"]))
        rule = entry.get("quantization", {"dtype": entry["dtype"], "scale": 1.0, "min": 0.0})
        steps: NDArray[np.generic] = np.frombuffer(data, rule["dtype"], count, start)
        start += steps.nbytes
        yield entry["name"], torch.from_numpy((steps.astype(np.float32) * rule["scale"] + rule["min"]).reshape(entry["shape"]))
    if start != len(data):
        raise ValueError(f"the judge's weights have {len(data)} bytes, of which {start} were read")
