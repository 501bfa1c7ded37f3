"""The training chips, LFW and the teacher's targets, decoded once into `training/cache` (never committed).

    python3 -m training.data        about 16 minutes on one core, 2.9 GB

It also unpacks the chips for the product's own tools: `training/cache/chips` holds all, `training/cache/held-out` a folder for each person
of `val`. The networks see a chip as the browser would cut it: `npm run calibrate -- alignment --chips training/cache/chips --json
training/cache/alignments.jsonl` writes where that is.
"""

from __future__ import annotations

import io
import json
import math
import os
import shutil
import tarfile
from dataclasses import dataclass
from functools import cached_property
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
from training.device import AT_ONCE, DEVICE, prepared, ready
from training.networks import Teacher, to_teacher

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared" / "data"
CACHE = ROOT / "training" / "cache"
CHIP_SIZE = spec.CROP_SIZE + 2 * spec.CHIP_MARGIN
UNKNOWN_IDENTITY = -1

Placement = NDArray[np.float32]
"""[2, 3]: where a pixel (x, y, 1) of the crop lies in the chip."""


@dataclass(frozen=True)
class Jitter:
    """Augmentation, about where the browser cuts; a chip of which that is unknown moves more, as the browser differs from landmarks."""

    unplaced: float = 1.6  # how much more
    rotation: float = 2.0  # degrees, standard deviation
    scale: float = 0.03  # of the logarithm, standard deviation
    shift: float = 1.2  # crop pixels, standard deviation
    contrast: float = 0.25
    brightness: float = 0.2  # of the range [-1, 1]
    blurred: float = 0.15  # share of faces sampled down and up again
    grey: float = 0.1  # share of faces without colour


@dataclass(frozen=True)
class Chips:
    """All chips: images uint8 [n, 144, 144, 3], identity (-1 = unknown), split and source of each, teacher embedding [n, 128].

    `placements` [n, 2, 3] take pixels of the crop that the browser cuts to pixels of the chip; where that is unknown (its detector found
    no face, or was not asked), those of the crop in the chip's middle.
    """

    images: NDArray[np.uint8]
    placements: NDArray[np.float32]
    identities: NDArray[np.int64]
    splits: NDArray[np.str_]
    sources: NDArray[np.str_]
    targets: NDArray[np.float32]

    def rows(self, *splits: str) -> NDArray[np.int64]:
        return np.flatnonzero(np.isin(self.splits, splits))

    def augmented(self, rows: Tensor, jitter: Jitter, random: torch.Generator) -> Tensor:
        """Encoder inputs [batch, 3, 112, 112], channels last."""
        images = torch.from_numpy(self.images[rows.numpy()]) if self._resident is None else self._resident[rows.to(DEVICE)]
        return prepared(augment(images, torch.from_numpy(self.placements[rows.numpy()]).to(DEVICE), jitter, random))

    @cached_property
    def _resident(self) -> Tensor | None:
        """All images on the accelerator, if there is one: 1.8 GB."""
        return None if DEVICE.type == "cpu" else torch.from_numpy(np.array(self.images)).to(DEVICE)

    def crops(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """The faces [n, 112, 112, 3] as the browser cuts them."""
        crops = [
            placed(torch.from_numpy(self.images[part]).to(DEVICE), torch.from_numpy(self.placements[part]).to(DEVICE)).cpu()
            for part in np.array_split(rows, len(rows) // 64 + 1)
        ]
        return torch.cat(crops).numpy()

    def places(self, people: NDArray[np.int64], rows: Tensor) -> Tensor:
        """Which of the identities `people`, sorted, each of these chips is of [batch]."""
        return torch.from_numpy(np.searchsorted(people, self.identities[rows.numpy()])).to(DEVICE)

    def target(self, rows: Tensor) -> Tensor:
        """The teacher's embeddings [batch, 128]."""
        return torch.from_numpy(self.targets[rows.numpy()]).to(DEVICE)


@dataclass(frozen=True)
class Lfw:
    """Aligned LFW faces uint8 [n, 112, 112, 3] and its lists as (first, second, same) rows; View 2 in ten folds of 600."""

    images: NDArray[np.uint8]
    people: NDArray[np.int64]
    view1: list[tuple[int, int, bool]]
    view2: list[tuple[int, int, bool]]


def load_chips() -> Chips:
    index = _index()
    return Chips(
        images=np.load(CACHE / "chips.npy", mmap_mode="r"),
        placements=_placements([row["file"] for row in index]),
        identities=np.array([UNKNOWN_IDENTITY if row["identity"] is None else row["identity"] for row in index]),
        splits=np.array([row["split"] for row in index]),
        sources=np.array([row["source"] for row in index]),
        targets=np.load(CACHE / "targets.npy"),
    )


def load_teacher() -> Teacher:
    return ready(Teacher(SHARED / "teacher" / "MobileFaceNet.onnx").eval().requires_grad_(False))


def load_lfw() -> Lfw:
    names = {row["file"]: number for number, row in enumerate(_lfw_index())}
    return Lfw(
        images=np.load(CACHE / "lfw.npy", mmap_mode="r"),
        people=np.unique([Path(name).name.rsplit("_", 1)[0] for name in names], return_inverse=True)[1],
        view1=_pairs("pairsDevTest.txt", names),
        view2=_pairs("pairs.txt", names),
    )


def to_input(images: Tensor) -> Tensor:
    """uint8 [batch, height, width, 3] to the encoder's input [batch, 3, height, width], RGB in [-1, 1]."""
    return images.permute(0, 3, 1, 2).float() / 127.5 - 1


def to_pixels(faces: Tensor) -> Tensor:
    """The inverse: [batch, 3, height, width], RGB in [-1, 1] and cut off there, to uint8 [batch, height, width, 3]."""
    return ((faces.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8).permute(0, 2, 3, 1)


MIDDLE: Placement = np.array([[1, 0, spec.CHIP_MARGIN], [0, 1, spec.CHIP_MARGIN]], np.float32)


def centre(chips: Tensor) -> Tensor:
    """The crop [.., 112, 112, 3] aligned by the landmarks, in the middle of chips [.., 144, 144, 3]."""
    inside = slice(spec.CHIP_MARGIN, spec.CHIP_MARGIN + spec.CROP_SIZE)
    return chips[..., inside, inside, :]


def placed(chips: Tensor, placements: Tensor) -> Tensor:
    """The crops uint8 [batch, 112, 112, 3] that the browser cuts out of uint8 chips [batch, 144, 144, 3]."""
    return to_pixels(cut(chips, placements[:, :, :2], placements[:, :, 2]))


def augment(chips: Tensor, placements: Tensor, jitter: Jitter, random: torch.Generator) -> Tensor:
    """uint8 chips [batch, 144, 144, 3] to encoder inputs [batch, 3, 112, 112]: placed, moved, mirrored, relit, some soft or grey."""
    batch = chips.shape[0]

    def normal(scale: float) -> Tensor:
        return torch.randn(batch, generator=random, device=random.device) * scale

    def uniform() -> Tensor:
        return torch.rand(batch, generator=random, device=random.device)

    reach = torch.where((placements == torch.from_numpy(MIDDLE).to(placements)).flatten(1).all(1), jitter.unplaced, 1.0)
    angle, size = normal(math.radians(jitter.rotation)) * reach, torch.exp(normal(jitter.scale) * reach)
    mirror = torch.where(uniform() < 0.5, -1.0, 1.0)
    cosine, sine = torch.cos(angle) * size, torch.sin(angle) * size
    middle = (spec.CROP_SIZE - 1) / 2
    linear = torch.stack([torch.stack([cosine * mirror, -sine], 1), torch.stack([sine * mirror, cosine], 1)], 1)
    shift = torch.stack([normal(jitter.shift), normal(jitter.shift)], 1) * reach[:, None] + middle - linear.sum(2) * middle
    faces = cut(chips, placements[:, :, :2] @ linear, placements[:, :, 2] + (placements[:, :, :2] @ shift[:, :, None]).squeeze(2))

    contrast = 1 + (uniform() * 2 - 1) * jitter.contrast
    faces = faces * contrast[:, None, None, None] + ((uniform() * 2 - 1) * jitter.brightness)[:, None, None, None]
    luma = (faces * faces.new_tensor([0.299, 0.587, 0.114])[None, :, None, None]).sum(1, keepdim=True)
    faces = torch.where((uniform() < jitter.grey)[:, None, None, None], luma, faces)
    small = functional.interpolate(faces, scale_factor=0.5, mode="bilinear", align_corners=False, recompute_scale_factor=False)
    soft = functional.interpolate(small, size=faces.shape[2:], mode="bilinear", align_corners=False)
    return torch.where((uniform() < jitter.blurred)[:, None, None, None], soft, faces).clamp(-1, 1)


def cut(chips: Tensor, linear: Tensor, shift: Tensor) -> Tensor:
    """Crops [batch, 3, 112, 112] in [-1, 1] out of uint8 chips: crop pixel p is chip pixel linear [batch, 2, 2] @ p + shift [batch, 2]."""
    return sample(to_input(chips), affine(linear, shift, CHIP_SIZE, spec.CROP_SIZE), spec.CROP_SIZE)


def affine(linear: Tensor, shift: Tensor, source: int, target: int) -> Tensor:
    """For `sample`, [batch, 2, 3]: pixel p of a square of side `target` is pixel linear [batch, 2, 2] @ p + shift [batch, 2] of one of
    side `source`."""
    # affine_grid counts from -1 to 1 over the outer edges of the corner pixels, in both squares.
    centred = (linear.sum(2) * ((target - 1) / 2) + shift - (source - 1) / 2) * (2 / source)
    return torch.cat([linear * (target / source), centred[:, :, None]], dim=2)


def sample(images: Tensor, theta: Tensor, side: int) -> Tensor:
    """Squares [batch, 3, side, side] out of images [batch, 3, height, width], bilinear; outside an image is its border."""
    grid = functional.affine_grid(theta, [len(images), 3, side, side], align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _placements(files: list[str]) -> NDArray[np.float32]:
    """From lines {"file", "a", "b", "tx", "ty"}: the similarity from chip to crop pixels, as `src/core/align.ts` has it."""
    path = CACHE / "alignments.jsonl"
    if not path.exists():
        print(f"without {path.relative_to(ROOT)}, chips are cut by their landmarks: `npm run calibrate -- alignment` makes it", flush=True)
        return np.repeat(MIDDLE[None], len(files), axis=0)
    with open(path) as lines:
        found = {row["file"]: row for row in map(json.loads, lines) if "a" in row}
    placements = np.repeat(MIDDLE[None], len(files), axis=0)
    for number, file in enumerate(files):
        if file in found:
            a, b, tx, ty = (found[file][key] for key in ("a", "b", "tx", "ty"))
            inverse = np.array([[a, b], [-b, a]]) / (a * a + b * b)
            placements[number] = np.concatenate([inverse, -inverse @ [[tx], [ty]]], axis=1)
    return placements


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


def save_array(path: Path, array: NDArray) -> None:
    partial = path.with_suffix(".partial.npy")
    np.save(partial, array)
    os.replace(partial, path)


def _decode_chips() -> None:
    numbers = {row["file"]: number for number, row in enumerate(_index())}
    images = np.zeros((len(numbers), CHIP_SIZE, CHIP_SIZE, 3), np.uint8)
    for name, image in _members(SHARED / "faces"):
        images[numbers[name]] = image
    save_array(CACHE / "chips.npy", images)


def _unpack() -> None:
    rows = {row["file"]: row for row in _index()}
    for path in sorted((SHARED / "faces").glob("*.tar")):
        with tarfile.open(path) as archive:
            for member in archive:
                file, row = archive.extractfile(member), rows[member.name]
                if file is None:
                    continue
                place = CACHE / "chips" / member.name
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(file.read())
                if row["split"] == "val":
                    person = CACHE / "held-out" / str(row["identity"])
                    person.mkdir(parents=True, exist_ok=True)
                    shutil.copy(place, person / member.name.replace("/", "-"))


def _align_lfw() -> None:
    rows = {row["file"]: (number, row["landmarks5"]) for number, row in enumerate(_lfw_index())}
    known = np.array([landmarks for _, landmarks in rows.values() if landmarks is not None])
    usual = known.mean(axis=0)  # where no landmarks were found, the face is where faces of this set are
    images = np.zeros((len(rows), spec.CROP_SIZE, spec.CROP_SIZE, 3), np.uint8)
    for name, image in _members(SHARED / "lfw"):
        number, landmarks = rows[name]
        images[number] = crop(image, usual if landmarks is None else np.array(landmarks))
    save_array(CACHE / "lfw.npy", images)


def _embed_chips() -> None:
    """The teacher's embedding of each chip and of its mirror image, normalised, added and normalised again."""
    teacher = load_teacher()
    chips = np.load(CACHE / "chips.npy", mmap_mode="r")
    targets = np.zeros((len(chips), spec.EMBEDDING_SIZE), np.float32)
    with torch.inference_mode():
        for start in range(0, len(chips), AT_ONCE // 2):
            faces = prepared(to_input(centre(torch.from_numpy(np.array(chips[start : start + AT_ONCE // 2])))))
            both = teacher(to_teacher(torch.cat([faces, faces.flip(3)])))
            plain, mirrored = functional.normalize(both, dim=1).chunk(2)
            targets[start : start + len(plain)] = functional.normalize(plain + mirrored, dim=1).cpu().numpy()
    save_array(CACHE / "targets.npy", targets)


def main() -> None:
    torch.set_num_threads(1)
    if not SHARED.is_dir():
        raise SystemExit(f"no data at {SHARED}")
    CACHE.mkdir(parents=True, exist_ok=True)
    for name, make in (("chips", _decode_chips), ("lfw", _align_lfw), ("targets", _embed_chips)):
        if not (CACHE / f"{name}.npy").exists():
            print(f"making {name}.npy", flush=True)
            make()
    if not (CACHE / "held-out").exists():
        print("unpacking the chips", flush=True)
        _unpack()


if __name__ == "__main__":
    main()
