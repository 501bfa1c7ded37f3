"""The foreign judge for the app's page: whom he takes for one person, how often he errs, and his golden vector.

    python3 -m training.export_judge        some minutes on one core

Writes `public/judge/manifest.json`, beside which the build puts the judge's weights as npm's @vladmandic/face-api has them, and
`models/golden-judge.json` for the test of the TypeScript network. Nothing here depends on the networks that are attacked or on their attackers.
"""

from __future__ import annotations

import argparse
import hashlib
import time

import numpy as np
from numpy.typing import NDArray

from training.data import ROOT, load_chips, load_lfw
from training.device import ready
from training.evaluate import embed_all, pair_scores
from training.export import golden_face, write_json
from training.export_attackers import FMR, Array, strangers
from training.judge import WEIGHTS, Judge
from training.loop import use_one_core
from training.rows import commit

FOLDER = ROOT / "public" / "judge"
WEIGHTS_FILE, TOPOLOGY_FILE = "face_recognition_model.bin", "face_recognition_model-weights_manifest.json"
MEAN_PHOTOS = 4096  # training chips, none of `val` or LFW


def about(mean: Array, embeddings: Array) -> Array:
    """As `about_mean` of training/attack.py, with a mean that was taken of others."""
    rest = embeddings - mean
    return rest / np.linalg.norm(rest, axis=1, keepdims=True)


def network() -> dict[str, object]:
    """The manifest's entry of the weights."""
    data, described = ((WEIGHTS / name).read_bytes() for name in (WEIGHTS_FILE, TOPOLOGY_FILE))
    hashes = {"sha256": hashlib.sha256(data).hexdigest(), "topologySha256": hashlib.sha256(described).hexdigest()}
    return {"topology": TOPOLOGY_FILE, "weights": WEIGHTS_FILE, "bytes": len(data), **hashes}


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    use_one_core()
    judge = ready(Judge().eval())
    chips, lfw = load_chips(), load_lfw()

    def judged(faces: NDArray[np.uint8]) -> Array:
        return embed_all(judge, faces)

    rows = np.random.default_rng(1).permutation(chips.rows("train", "unlabelled"))[:MEAN_PHOTOS]
    mean = judged(chips.crops(rows)).mean(0).round(6)
    held_out = chips.rows("val")
    faces, people = about(mean, judged(chips.crops(held_out))), chips.identities[held_out]
    others = people[:, None] != people
    threshold = round(float(np.quantile((faces @ faces.T)[others], 1 - FMR)), 4)
    known = about(mean, judged(lfw.images))
    scores, same = pair_scores(known, lfw.view2)
    accepted = scores >= threshold
    FOLDER.mkdir(parents=True, exist_ok=True)
    write_json(
        FOLDER / "manifest.json",
        {
            "network": network(),
            "mean": [round(value, 6) for value in mean.tolist()],
            "meanPhotos": len(rows),
            "threshold": threshold,
            "heldOut": {"fmr": FMR, "people": len(np.unique(people)), "impostors": int(others.sum()) // 2},
            "lfw": {"accepted": round(float(accepted[same].mean()), 4), "mistaken": round(float(accepted[~same].mean()), 4)},
            "strangers": strangers(known, lfw.people),
            "date": time.strftime("%Y-%m-%d"),
            "commit": commit(),
        },
    )
    golden = judged(golden_face()[None])[0]
    write_json(ROOT / "models" / "golden-judge.json", {"embedding": [round(value, 6) for value in golden.tolist()]})


if __name__ == "__main__":
    main()
