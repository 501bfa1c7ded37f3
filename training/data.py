"""The training chips, LFW and the teacher's targets, decoded once into `training/cache` (never committed).

    python3 -m training.data        about 5 minutes on one core, 2.3 GB
"""

from __future__ import annotations

import io
import json
import math
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from training import spec
from training.align import crop
from training.networks import IMAGENET_MEAN, IMAGENET_STD, Teacher

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
CACHE = ROOT / "training" / "cache"
CHIP_SIZE = spec.CROP_SIZE + 2 * spec.CHIP_MARGIN
UNKNOWN_IDENTITY = -1


@dataclass(frozen=True)
class Chips:
    """All chips: images uint8 [n, 144, 144, 3], identity (-1 = unknown), split and source of each, teacher embedding [n, 128]."""

    images: NDArray[np.uint8]
    identities: NDArray[np.int64]
    splits: NDArray[np.str_]
    sources: NDArray[np.str_]
    targets: NDArray[np.float32]

    def rows(self, *splits: str) -> NDArray[np.int64]:
        return np.flatnonzero(np.isin(self.splits, splits))


@dataclass(frozen=True)
class Lfw:
    """Aligned LFW faces uint8 [n, 112, 112, 3] and its lists as (first, second, same) rows; View 2 in ten folds of 600."""

    images: NDArray[np.uint8]
    view1: list[tuple[int, int, bool]]
    view2: list[tuple[int, int, bool]]


def load_chips() -> Chips:
    index = _index()
    return Chips(
        images=np.load(CACHE / "chips.npy", mmap_mode="r"),
        identities=np.array([UNKNOWN_IDENTITY if row["identity"] is None else row["identity"] for row in index]),
        splits=np.array([row["split"] for row in index]),
        sources=np.array([row["source"] for row in index]),
        targets=np.load(CACHE / "targets.npy"),
    )


def load_lfw() -> Lfw:
    names = {row["file"]: number for number, row in enumerate(_lfw_index())}
    return Lfw(
        images=np.load(CACHE / "lfw.npy", mmap_mode="r"),
        view1=_pairs("pairsDevTest.txt", names),
        view2=_pairs("pairs.txt", names),
    )


def to_input(images: Tensor) -> Tensor:
    """uint8 [batch, height, width, 3] to the encoder's input [batch, 3, height, width], RGB in [-1, 1]."""
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1


def centre(chips: Tensor) -> Tensor:
    """The aligned crop [.., 112, 112, 3] in the middle of chips [.., 144, 144, 3]."""
    inside = slice(spec.CHIP_MARGIN, spec.CHIP_MARGIN + spec.CROP_SIZE)
    return chips[..., inside, inside, :]


@dataclass(frozen=True)
class Jitter:
    """Augmentation. The geometric part covers the difference between the browser's alignment and the landmarks' (docs/log.md)."""

    rotation: float = 3.5  # degrees, standard deviation
    scale: float = 0.06  # of the logarithm, standard deviation
    shift: float = 2.2  # crop pixels, standard deviation
    contrast: float = 0.25
    brightness: float = 0.2  # of the range [-1, 1]
    blurred: float = 0.15  # share of faces sampled down and up again
    grey: float = 0.1  # share of faces without colour


def augment(chips: Tensor, jitter: Jitter, random: torch.Generator) -> Tensor:
    """uint8 chips [batch, 144, 144, 3] to encoder inputs [batch, 3, 112, 112]: moved, mirrored, relit, some blurred or grey."""
    batch = chips.shape[0]

    def normal(scale: float) -> Tensor:
        return torch.randn(batch, generator=random) * scale

    def uniform() -> Tensor:
        return torch.rand(batch, generator=random)

    angle, size = normal(math.radians(jitter.rotation)), torch.exp(normal(jitter.scale)) * spec.CROP_SIZE / CHIP_SIZE
    mirror = torch.where(uniform() < 0.5, -1.0, 1.0)
    cosine, sine = torch.cos(angle) * size, torch.sin(angle) * size
    to_unit = 2 / CHIP_SIZE
    rows = [
        torch.stack([cosine * mirror, -sine, normal(jitter.shift) * to_unit], dim=1),
        torch.stack([sine * mirror, cosine, normal(jitter.shift) * to_unit], dim=1),
    ]
    grid = functional.affine_grid(torch.stack(rows, dim=1), [batch, 3, spec.CROP_SIZE, spec.CROP_SIZE], align_corners=False)
    faces = functional.grid_sample(to_input(chips), grid, mode="bilinear", padding_mode="border", align_corners=False)

    contrast = 1 + (uniform() * 2 - 1) * jitter.contrast
    faces = faces * contrast[:, None, None, None] + ((uniform() * 2 - 1) * jitter.brightness)[:, None, None, None]
    luma = (faces * torch.tensor([0.299, 0.587, 0.114])[None, :, None, None]).sum(1, keepdim=True)
    faces = torch.where((uniform() < jitter.grey)[:, None, None, None], luma, faces)
    small = functional.interpolate(faces, scale_factor=0.5, mode="bilinear", align_corners=False, recompute_scale_factor=False)
    soft = functional.interpolate(small, size=faces.shape[2:], mode="bilinear", align_corners=False)
    return torch.where((uniform() < jitter.blurred)[:, None, None, None], soft, faces).clamp(-1, 1)


def _index() -> list[dict]:
    with open(SHARED / "faces" / "index.jsonl") as file:
        return [json.loads(line) for line in file]


def _lfw_index() -> list[dict]:
    with open(SHARED / "lfw" / "landmarks.jsonl") as file:
        return [json.loads(line) for line in file]


def _pairs(name: str, numbers: dict[str, int]) -> list[tuple[int, int, bool]]:
    rows = []
    for line in (SHARED / "lfw" / name).read_text().splitlines()[1:]:
        parts = line.split()
        if len(parts) == 3:
            parts = [parts[0], parts[1], parts[0], parts[2]]
            same = True
        elif len(parts) == 4:
            same = False
        else:
            raise ValueError(f"{name}: cannot read the line {line!r}")
        first, second = (f"{person}_{int(number):04d}.webp" for person, number in (parts[:2], parts[2:]))
        if name == "pairsDevTest.txt" and not {first, second} <= numbers.keys():
            continue  # the set lacks the image of one pair of View 1
        rows.append((numbers[first], numbers[second], same))
    return rows


def _members(folder: Path) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                file = archive.extractfile(member)
                if file is not None:
                    yield member.name, np.asarray(Image.open(io.BytesIO(file.read())).convert("RGB"))


def _save(path: Path, array: NDArray) -> None:
    partial = path.with_suffix(".partial.npy")
    np.save(partial, array)
    os.replace(partial, path)


def _decode_chips() -> None:
    numbers = {row["file"]: number for number, row in enumerate(_index())}
    images = np.zeros((len(numbers), CHIP_SIZE, CHIP_SIZE, 3), np.uint8)
    for name, image in _members(SHARED / "faces"):
        images[numbers[name]] = image
    _save(CACHE / "chips.npy", images)


def _align_lfw() -> None:
    rows = {row["file"]: (number, row["landmarks5"]) for number, row in enumerate(_lfw_index())}
    known = np.array([landmarks for _, landmarks in rows.values() if landmarks is not None])
    usual = known.mean(axis=0)  # where no landmarks were found, the face is where faces of this set are
    images = np.zeros((len(rows), spec.CROP_SIZE, spec.CROP_SIZE, 3), np.uint8)
    for name, image in _members(SHARED / "lfw"):
        number, landmarks = rows[name]
        images[number] = crop(image, usual if landmarks is None else np.array(landmarks))
    _save(CACHE / "lfw.npy", images)


def _embed_chips() -> None:
    """The teacher's embedding of each chip and of its mirror image, normalised, added and normalised again."""
    teacher = Teacher(SHARED / "teacher" / "MobileFaceNet.onnx").eval().to(memory_format=torch.channels_last)
    chips = np.load(CACHE / "chips.npy", mmap_mode="r")
    targets = np.zeros((len(chips), spec.EMBEDDING_SIZE), np.float32)
    with torch.inference_mode():
        for start in range(0, len(chips), 16):
            faces = centre(torch.from_numpy(chips[start : start + 16])).permute(0, 3, 1, 2).float() / 255
            faces = (faces - IMAGENET_MEAN[:, None, None]) / IMAGENET_STD[:, None, None]
            both = teacher(torch.cat([faces, faces.flip(3)]).contiguous(memory_format=torch.channels_last))
            plain, mirrored = functional.normalize(both, dim=1).chunk(2)
            targets[start : start + len(plain)] = functional.normalize(plain + mirrored, dim=1).numpy()
    _save(CACHE / "targets.npy", targets)


def main() -> None:
    torch.set_num_threads(1)
    if not SHARED.is_dir():
        raise SystemExit(f"no data at {SHARED}")
    CACHE.mkdir(parents=True, exist_ok=True)
    for name, make in (("chips", _decode_chips), ("lfw", _align_lfw), ("targets", _embed_chips)):
        if not (CACHE / f"{name}.npy").exists():
            print(f"making {name}.npy", flush=True)
            make()


if __name__ == "__main__":
    main()
