"""Clean tokens of the labelled chips (celeba-wild and pins), which owner and attackers hold. Made once, kept in `training/cache`.

    python3 -m training.xnn.features [--encoder v1/encoder]      about a minute on one core, 0.6 GB

The file is named after the encoder's weights, so another encoder never meets it.
"""

from __future__ import annotations

import argparse
import hashlib
import os
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from training.data import CACHE, Chips, load_chips, to_input
from training.loop import load_modules
from training.networks import Encoder
from training.xnn.obfuscation import TOKEN_CHANNELS, TOKEN_COUNT, to_tokens

SOURCES = ("celeba-wild", "pins")
BATCH = 32


@dataclass(frozen=True)
class Faces:
    """Clean tokens float16 [n, 49, 512], and the class of each from 0. `chips` [n] says which training chip each was."""

    tokens: NDArray[np.float16]
    labels: NDArray[np.int64]
    chips: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def classes(self) -> int:
        return int(self.labels.max()) + 1

    def read(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        return self.tokens[rows].astype(np.float32)


def load_encoder(name: str) -> Encoder:
    """The encoder of `training/runs/<name>.pt`, its weights rounded to float16 as those that the browser has."""
    encoder = Encoder()
    load_modules(name, {"encoder": encoder})
    encoder.half().float()
    return encoder.eval().to(memory_format=torch.channels_last)


@torch.inference_mode()
def encode(encoder: Encoder, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """uint8 faces [batch, 112, 112, 3] to clean tokens [batch, 49, 512]."""
    faces = to_input(torch.from_numpy(np.array(images))).contiguous(memory_format=torch.channels_last)
    return to_tokens(encoder(faces)[1].permute(0, 2, 3, 1).contiguous().numpy())


def weights_of(encoder: Encoder) -> str:
    """Names an encoder's weights, 12 hexadecimal digits."""
    return hashlib.sha256(b"".join(value.numpy().tobytes() for value in encoder.state_dict().values())).hexdigest()[:12]


def load_faces(split: str, encoder: str = "encoder") -> Faces:
    """Those of `train` or of `val`, who are other people."""
    chips = load_chips()
    rows = labelled(chips)
    places = np.flatnonzero(chips.splits[rows] == split)
    tokens = np.load(_cached(chips, rows, load_encoder(encoder)), mmap_mode="r")
    chosen = rows[places]
    return Faces(tokens[places[0] : places[-1] + 1], np.unique(chips.identities[chosen], return_inverse=True)[1], chosen)


def labelled(chips: Chips) -> NDArray[np.int64]:
    """Chips of both splits, those of `train` first, in the order of the cache."""
    return np.concatenate([np.flatnonzero((chips.splits == split) & np.isin(chips.sources, SOURCES)) for split in ("train", "val")])


def _cached(chips: Chips, rows: NDArray[np.int64], encoder: Encoder) -> os.PathLike[str]:
    path = CACHE / f"tokens-{weights_of(encoder)}.npy"
    if not path.exists():
        partial = path.with_suffix(".partial")
        tokens = np.lib.format.open_memmap(partial, "w+", np.float16, (len(rows), TOKEN_COUNT, TOKEN_CHANNELS))
        for start in range(0, len(rows), BATCH):
            tokens[start : start + BATCH] = encode(encoder, chips.crops(rows[start : start + BATCH]))
        tokens.flush()
        os.replace(partial, path)
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="encoder", help="checkpoint in training/runs, without .pt")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for split in ("train", "val"):
        faces = load_faces(split, options.encoder)
        print(f"{split}: {len(faces)} images of {faces.classes} people")


if __name__ == "__main__":
    main()
