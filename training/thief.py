"""T under noise: who has stolen databases of templates with their master keys, and has no messages.

    python3 -m training.thief        minutes

Templates are the released student's, each of one message of a photo of LFW, aligned by landmarks. They are compared with those of another
tenant, with those of the release before, read from the repository's history, and with what the clean tail, which is public, gives of plain
photos. Prints rows of JSON and appends them to `training/thief.jsonl`; what has a row of the same networks is not run again.
"""

from __future__ import annotations

import io
import subprocess
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Callable, NamedTuple

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from training.data import ROOT, load_lfw, to_input
from training.device import prepared, ready, source
from training.evaluate import Embeddings, embed_all, linkability, mated_and_strangers, ten_fold_accuracy
from training.export import BROWSER, CLOUD, fingerprint
from training.loop import use_one_core
from training.networks import Encoder, Generator, Tail, random_seed, through_message
from training.released import networks_of
from training.rows import read_rows, record

ROWS = ROOT / "training" / "thief.jsonl"
BEFORE = "2.1.0", "3be5807"  # the release before, and the last commit that had it


class Release(NamedTuple):
    encoder: Encoder
    generator: Generator
    student: Tail
    clean_tail: Tail

    def templates(self, photos: NDArray[np.uint8], seed: int) -> Embeddings:
        """[n, 128] of one message of each photo [n, 112, 112, 3]."""
        random = source(seed)

        def embed(faces: Tensor) -> Tensor:
            stem, features = self.encoder(prepared(to_input(faces)))
            return self.student(through_message(features + self.generator(stem, random_seed(len(faces), random))))

        return embed_all(embed, photos)

    def plain(self, photos: NDArray[np.uint8]) -> Embeddings:
        """[n, 128] of photos [n, 112, 112, 3], by what every browser may have."""
        return embed_all(lambda faces: self.clean_tail(self.encoder(prepared(to_input(faces)))[1]), photos)


def release(root: Path = ROOT) -> Release:
    """The networks that a checkout of this repository holds."""
    networks = Release(*networks_of(root))
    for network in networks:
        ready(network.eval())
    return networks


def release_of(commit: str) -> Release:
    """Those that the repository held then. Raises CalledProcessError where the history does not go back that far."""
    folders = [str(folder.relative_to(ROOT)) for folder in (BROWSER, CLOUD)]
    archive = subprocess.run(["git", "archive", "--format=zip", commit, *folders], cwd=ROOT, capture_output=True, check=True).stdout
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(io.BytesIO(archive)) as files:
            files.extractall(folder)
        return release(Path(folder))


def main() -> None:
    use_one_core()
    now, lfw, (name, commit) = release(), load_lfw(), BEFORE
    networks = fingerprint(now.encoder, now.generator)
    done = {row["databases"] for row in read_rows(ROWS) if row["networks"] == networks}
    others: dict[str, Callable[[], Embeddings]] = {
        "two tenants of this release": lambda: now.templates(lfw.images, seed=2),
        f"this release and {name}": lambda: release_of(commit).templates(lfw.images, seed=2),
        "one database, and plain photos": lambda: now.plain(lfw.images),
    }
    left = [databases for databases in others if databases not in done]
    if not left:
        return
    here = now.templates(lfw.images, seed=1)
    photos, mates, strangers = mated_and_strangers(lfw.people, np.random.default_rng(1))
    first, second, same = (np.array(column) for column in zip(*lfw.view2))
    for databases in left:
        begun = time.process_time()
        there = others[databases]()
        scores = lambda one, other: (here[one] * there[other]).sum(1)  # noqa: E731
        result = {
            **linkability(scores(photos, mates), scores(photos, strangers)),
            "linked": ten_fold_accuracy(scores(first, second), same.astype(bool))[0],
        }
        record(ROWS, {"attacker": "T", "defence": "xnn-d", "databases": databases, "networks": networks}, begun, result)


if __name__ == "__main__":
    main()
