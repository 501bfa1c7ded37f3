"""The attackers that the app runs in its visitor's own browser, from their checkpoints.

    python3 -m training.export_attackers

Reads `training/runs/attack-*.pt` and writes `public/attackers`: one painter for clean features, one for what XNN-d sends, and one that links what
XNN-d sends to a plain photo (float16, tfjs's weights format); a manifest with their hashes, what they got in `training/attacks.jsonl`, how like a
person strangers are to the judge, and the cosines from which features and photo count as one person's; and golden vectors for the tests of the
TypeScript networks. Only attackers of the released encoder and generator are taken.
"""

from __future__ import annotations

import argparse
import copy
import json
from typing import Mapping

import numpy as np
import torch
from numpy.typing import NDArray

from training import attack, export
from training.attackers import UNet
from training.data import ROOT, load_chips, load_lfw, to_input
from training.device import ready, source
from training.evaluate import embed_all
from training.export import GOLDEN_STRIDE, browser_weights, golden_seed, round_to_half, shipped, write_json, write_tfjs
from training.keyed import embedded
from training.loop import RUNS, load_file, load_modules, use_one_core
from training.networks import Encoder, Generator, Tail

FOLDER = ROOT / "public" / "attackers"
DEFENCES = ("clean", "xnn-d")
PAIRS = 1_500_000
SHARES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.001, 0.0001)
METRICS = ("ssim", "psnr", "verified")
LINKER_WORDS = ("D", "--defence", "xnn-d", "--pairs", "1024", "--epochs", "10", "--rate", "5e-4", "--embedding", "tail")
Array = NDArray[np.float32]
FMR = 1e-3  # of pairs of two held-out people, that the linker's thresholds link


def released() -> dict[str, object]:
    """The browser's manifest, if the checkpoints in `training/runs` are what was released."""
    manifest = json.loads((export.BROWSER / "manifest.json").read_text())
    for name, network in (("encoder", Encoder()), ("generator", Generator())):
        load_modules(name, {name: network})
        if shipped(network) != (export.BROWSER / f"{name}.bin").read_bytes():
            raise SystemExit(f"training/runs/{name}.pt is not the {name} of release {manifest['release']}")
    return manifest


def painter_words(defence: str) -> tuple[str, ...]:
    """By which `training.attack` trains the app's painter: half as wide as the report's, a quarter of the weights, and for longer."""
    return ("I", "--defence", defence, "--epochs", "1", "--width", "96")


def row_of(options: argparse.Namespace) -> Mapping[str, object]:
    """The newest row of the table that this attacker got."""
    rows = attack.rows_of(options)
    if not rows:
        raise SystemExit(f"{attack.ROWS.name} has no row of this attacker: {attack.settings(options)}")
    return rows[-1]


def painted(painter: UNet) -> list[float]:
    """What it paints of made-up features, every 61st value."""
    with torch.inference_mode():
        picture = painter(torch.from_numpy(golden_seed()).permute(2, 0, 1)[None])
    return [round(value, 6) for value in picture[0].permute(1, 2, 0).flatten()[::GOLDEN_STRIDE].tolist()]


def read(tail: Tail) -> list[float]:
    """What it makes of made-up features."""
    with torch.inference_mode():
        return [round(value, 6) for value in tail(torch.from_numpy(golden_seed()).permute(2, 0, 1)[None])[0].tolist()]


def linkable(linker: Tail, options: argparse.Namespace, row: Mapping[str, object]) -> dict[str, object]:
    """How surely clean features, read by the clean tail, and messages, read by the linker, are linked to plain photos; and of whom one knows it."""
    chips, lfw = load_chips(), load_lfw()
    rows = chips.rows("val")
    faces, people = chips.crops(rows), chips.identities[rows]
    others = people[:, None] != people
    send, random = attack.sender(chips, options), source(options.seed)
    reader = ready(copy.deepcopy(linker))
    plain = embedded("chips-val", lambda: faces), embedded("lfw", lambda: lfw.images)
    sent = tuple(embed_all(lambda images: reader(send(to_input(images), random)), pictures) for pictures in (faces, lfw.images))
    first, second, same = (np.array(column) for column in zip(*lfw.view2))

    def measured(held_out: Array, known: Array, right: object) -> dict[str, object]:
        threshold = float(np.quantile((held_out @ plain[0].T)[others], 1 - FMR))
        linked = (known[first] * plain[1][second]).sum(1) >= threshold
        shares = {"linked": linked[same].mean(), "mistaken": linked[~same].mean()}
        return {"threshold": round(threshold, 4), "right": right, **{key: round(float(share), 4) for key, share in shares.items()}}

    return {
        "linkable": {"clean": measured(*plain, row["plain_photos_linked"]), "xnn-d": measured(*sent, row["linked"])},
        "heldOut": {"fmr": FMR, "people": len(np.unique(people)), "impostors": int(others.sum()) // 2},
    }


def strangers(faces: Array, people: NDArray[np.int64]) -> list[dict[str, float]]:
    """What likeness so many of the pairs of two people reach, by a judge's embeddings of their faces."""
    first, second = np.random.default_rng(1).integers(len(faces), size=(2, PAIRS))
    others = people[first] != people[second]
    scores = (faces[first[others]] * faces[second[others]]).sum(1)
    return [{"share": share, "likeness": round(float(np.quantile(scores, 1 - share)), 4)} for share in SHARES]


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    use_one_core()
    manifest = released()
    keyed = json.loads((export.CLOUD / "manifest.json").read_text())["keyed"]
    FOLDER.mkdir(parents=True, exist_ok=True)
    entries, golden = {}, {}
    for defence in DEFENCES:
        own = attack.parsed(painter_words(defence))
        painter, row = UNet(own.width).eval(), row_of(own)
        load_file(RUNS / f"{attack.checkpoint(own)}.pt", {"painter": painter})
        round_to_half(painter)
        measured = {key: row[key] for key in ("networks", "epochs", "core_minutes", "date", "commit", *METRICS)}
        entries[defence] = {**write_tfjs(defence, browser_weights(painter), FOLDER), "measured": measured}
        golden[defence] = painted(painter)
    own = attack.parsed(LINKER_WORDS)
    linker, row = Tail().eval(), row_of(own)
    load_file(RUNS / f"{attack.checkpoint(own)}.pt", {"tail": linker})
    round_to_half(linker)
    measured = {key: row[key] for key in ("networks", "pairs", "epochs", "core_minutes", "date", "commit")}
    known = {**write_tfjs("linker", browser_weights(linker), FOLDER), "measured": measured, **linkable(linker, own, row)}
    lfw = load_lfw()
    known_people = strangers(embedded("lfw", lambda: lfw.images), lfw.people)
    judge = {"model": manifest["keyedModel"], "threshold": keyed["threshold"]["value"], "strangers": known_people}
    write_json(FOLDER / "manifest.json", {"model": manifest["model"], "judge": judge, "painters": entries, "linker": known})
    write_json(ROOT / "models" / "golden-attackers.json", {"stride": GOLDEN_STRIDE, **golden, "linker": read(linker)})


if __name__ == "__main__":
    main()
