"""Trains a recogniser from a bundle alone: no image, no key, no name.

    python3 -m training.xnn.cloud --bundle BUNDLE --out recnet.onnx [--epochs 12]

On a GPU if there is one. A line of JSON on stdout every two seconds: {"epoch", "of", "step", "loss", "accuracy", "secondsLeft"}, where
`accuracy` is the share of held-out records whose class is nearest (null before the first epoch's end). Beside the tail stands
`recnet.json`, which says what it was trained on.

Stopped (SIGTERM, SIGINT) or killed, it goes on from `recnet.onnx.checkpoint` when started again, and ends as an unbroken run does. With
--child it begins anew where that cannot be read or is of another release.

exit status   0  both files are written
              2  refused, with one line `code: reason` on stderr: bundle_invalid, bundle_truncated, bundle_corrupt, too_few_identities,
                 file_exists, resume_refused, training_failed (a loss that is no number)
              143  stopped, with a checkpoint; or the disk is full
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import json
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Callable, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.adversaries import am_softmax
from training.attackers import Classes
from training.loop import save
from training.rows import commit
from training.xnn.bundle import Bundle, BundleError, read_bundle
from training.xnn.recipe import BATCH, RATE, optimiser_of, update
from training.xnn.tail import Tail, write_onnx

CHECKPOINT_SECONDS = 60
REPORT_SECONDS = 2
WARMUP_STEPS = 100
HELD_OUT = 0.05  # share of the records that show how well the tail knows what it was not trained on
MOST_HELD_OUT = 2000

STOPPED = 143


@dataclass(frozen=True)
class Options:
    epochs: int = 12
    slots: bool = True
    seed: int = 1


@dataclass(frozen=True)
class Outcome:
    loss: float  # mean of the last epoch
    accuracy: float | None


class Refusal(Exception):
    """The message begins with a code."""


class ResumeRefusal(Refusal):
    """A checkpoint that this training cannot go on from."""


Report = Callable[[Mapping[str, object]], None]


def train(bundle: Bundle, tail: Tail, options: Options, checkpoint: Path, report: Report, stop: Callable[[], bool]) -> Outcome | None:
    """AM-softmax on the bundle's classes, as the paper has it. None if it was stopped, which leaves a checkpoint."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    present, labels = np.unique(bundle.labels, return_inverse=True)  # a class may have no record
    learnt, held = hold_out(labels, options.seed)
    run = Run(tail, Classes(len(present)), device)
    batch = min(BATCH, len(learnt))
    steps = len(learnt) // batch
    total = options.epochs * steps
    config = {**asdict(options), "encoder": bundle.encoder, "key": bundle.key, "records": len(bundle)}
    if checkpoint.exists():
        run.restore(checkpoint, config)

    begun = saved = reported = time.monotonic()
    first = run.step
    while run.step < total:
        epoch, place = divmod(run.step, steps)
        rows = _order(learnt, options.seed, epoch)[place * batch : (place + 1) * batch]
        run.update(bundle.tokens(rows), labels[rows], _factor(run.step, total))
        if place + 1 == steps:
            run.end_epoch(bundle, held, labels)
        now = time.monotonic()
        if now - reported > REPORT_SECONDS or run.step == total:
            left = (now - begun) / (run.step - first) * (total - run.step)
            report({
                "epoch": epoch + 1,
                "of": options.epochs,
                "step": run.step,
                "loss": round(run.recent(), 4),
                "accuracy": run.accuracy,
                "secondsLeft": round(left),
            })
            reported = now
        if stop() or now - saved > CHECKPOINT_SECONDS or run.step == total:
            run.save(checkpoint, config)
            saved = now
        if stop() and run.step < total:
            return None
    if not math.isfinite(run.loss):
        raise Refusal("training_failed: the loss is not a number")
    return Outcome(run.loss, run.accuracy)


class Run:
    """What changes during training, and is in a checkpoint."""

    def __init__(self, tail: Tail, classes: Classes, device: torch.device) -> None:
        self.device = device
        self.modules: dict[str, nn.Module] = {"tail": tail.to(device, memory_format=torch.channels_last), "classes": classes.to(device)}
        self.optimiser = optimiser_of(self.modules.values())
        self.step = 0
        self.losses: list[float] = []  # of the epoch so far
        self.loss = math.nan  # mean of the last whole epoch
        self.accuracy: float | None = None

    def update(self, tokens: NDArray[np.float32], labels: NDArray[np.int64], factor: float) -> None:
        for group in self.optimiser.param_groups:
            group["lr"] = RATE * factor
        loss = am_softmax(self.cosines(tokens), torch.from_numpy(labels).to(self.device))
        self.losses.append(update(self.optimiser, loss).item())
        self.step += 1

    def cosines(self, tokens: NDArray[np.float32]) -> Tensor:
        return self.modules["classes"](self.modules["tail"](torch.from_numpy(tokens).to(self.device)))

    def recent(self) -> float:
        """Mean loss of the last steps of this epoch, or of the whole one that has just ended."""
        return float(np.mean(self.losses[-50:])) if self.losses else self.loss

    def end_epoch(self, bundle: Bundle, held: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        self.loss = float(np.mean(self.losses))
        self.losses = []
        if len(held) == 0:
            return
        with torch.no_grad():
            parts = np.array_split(held, -(-len(held) // BATCH))
            right = [(self.cosines(bundle.tokens(part)).argmax(1).cpu().numpy() == labels[part]).sum() for part in parts]
        self.accuracy = round(float(sum(right)) / len(held), 4)

    def save(self, path: Path, config: Mapping[str, object]) -> None:
        save(path, {
            "config": config,
            "modules": {key: module.state_dict() for key, module in self.modules.items()},
            "optimiser": self.optimiser.state_dict(),
            "progress": {"step": self.step, "losses": self.losses, "loss": self.loss, "accuracy": self.accuracy},
        })

    def restore(self, path: Path, config: Mapping[str, object]) -> None:
        try:
            state = torch.load(path, map_location=self.device)
        except (RuntimeError, EOFError, pickle.UnpicklingError):
            raise ResumeRefusal(f"resume_refused: {path.name} cannot be read") from None
        if state["config"] != config:
            raise ResumeRefusal(f"resume_refused: {path.name} is of another bundle or other options")
        for key, module in self.modules.items():
            module.load_state_dict(state["modules"][key])
        self.optimiser.load_state_dict(state["optimiser"])
        for key, value in state["progress"].items():
            setattr(self, key, value)


def hold_out(labels: NDArray[np.int64], seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows to learn from, and rows held out: of each class about the same share, but never so many that fewer than two are left."""
    random = np.random.default_rng([seed, 0])
    counts = np.bincount(labels)
    share = min(HELD_OUT, MOST_HELD_OUT / len(labels))
    quota = np.minimum((share * counts + random.random(len(counts))).astype(np.int64), np.maximum(counts - 2, 0))
    mixed = random.permutation(len(labels))
    by_class = mixed[np.argsort(labels[mixed], kind="stable")]
    rank = np.arange(len(labels)) - np.repeat(np.cumsum(counts) - counts, counts)
    held = rank < quota[labels[by_class]]
    return np.sort(by_class[~held]), np.sort(by_class[held])


def _order(rows: NDArray[np.int64], seed: int, epoch: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, 1, epoch]).permutation(rows)


def _factor(step: int, total: int) -> float:
    """Of the learning rate: warm-up, then a cosine to 0."""
    warm_up = min(WARMUP_STEPS, total // 10 + 1)
    return min(1.0, (step + 1) / warm_up) * 0.5 * (1 + math.cos(math.pi * step / total))


def write_result(out: Path, bundle: Bundle, tail: Tail, options: Options, outcome: Outcome) -> None:
    """The tail first, then its description: who finds that finds both whole."""
    partial = out.with_name(f"{out.name}.partial")
    write_onnx(tail.cpu().eval(), partial)
    data = partial.read_bytes()
    description = {
        "format": "xnn-tail",
        "version": 1,
        "encoder": bundle.encoder,
        "scheme": bundle.scheme,
        "key": bundle.key,
        "classes": len(np.unique(bundle.labels)),
        "records": len(bundle),
        "epochs": options.epochs,
        "slots": options.slots,
        "loss": round(outcome.loss, 4),
        "accuracy": outcome.accuracy,
        "commit": _commit(),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    os.replace(partial, out)
    partial.write_text(json.dumps(description, indent=1) + "\n")
    os.replace(partial, out.with_suffix(".json"))


def _commit() -> str | None:
    """Of this code; None where it is not under version control."""
    try:
        return commit()
    except (OSError, subprocess.CalledProcessError):
        return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", type=Path, required=True, help="folder that `xnn protect` wrote")
    parser.add_argument("--out", type=Path, required=True, help="file name of the tail, ending in .onnx")
    usual = Options.epochs
    parser.add_argument("--epochs", type=int, default=usual, metavar="N", help=f"passes over the records, {usual} if not given")
    parser.add_argument(
        "--slots",
        action=argparse.BooleanOptionalAction,
        default=Options.slots,
        help="an input projection for each token of a record instead of one for all; tail.py says what that costs and gains",
    )
    parser.add_argument(
        "--child",
        action="store_true",
        help="of another program: stops when that closes stdin or dies, and waits for an earlier child that has not yet ended",
    )
    given = parser.parse_args()
    if given.epochs < 1 or given.out.suffix != ".onnx":
        parser.error("at least one epoch, and a file name that ends in .onnx")
    if not given.out.parent.is_dir():
        parser.error(f"there is no folder {given.out.parent}")
    options = Options(given.epochs, given.slots)
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: asked.append(number))

    def report(record: Mapping[str, object]) -> None:
        try:
            print(json.dumps(record), flush=True)
        except BrokenPipeError:  # who read it is dead
            sys.stdout = open(os.devnull, "w")
            asked.append(0)

    if given.child:
        # Not by sys.stdin, whose lock a thread that waits would hold when the interpreter ends.
        threading.Thread(target=lambda: asked.append(len(os.read(0, 1))), daemon=True).start()
        lock = open(given.out.with_name(f"{given.out.name}.lock"), "w")  # held until this process ends
        fcntl.flock(lock, fcntl.LOCK_EX)
        if given.out.with_suffix(".json").exists():
            return 0  # what it waited for was at its last steps, and ended as it should
    checkpoint = given.out.with_name(f"{given.out.name}.checkpoint")

    def trained() -> tuple[Tail, Outcome | None]:
        torch.manual_seed(options.seed)
        tail = Tail(options.slots)
        return tail, train(bundle, tail, options, checkpoint, report, lambda: len(asked) > 0)

    try:
        if given.out.with_suffix(".json").exists():
            raise Refusal(f"file_exists: {given.out.with_suffix('.json').name}")
        bundle = read_bundle(given.bundle)
        try:
            tail, outcome = trained()
        except ResumeRefusal:
            if not given.child:
                raise
            checkpoint.unlink()  # of another release, or cut off: nobody is there to be asked, so it begins anew
            tail, outcome = trained()
        if outcome is None:
            return STOPPED
        write_result(given.out, bundle, tail, options, outcome)
        checkpoint.unlink()
    except (BundleError, Refusal) as refusal:
        print(refusal, file=sys.stderr)
        return 2
    except OSError as error:  # such as a full disk, which is no fault of the bundle's
        print(error, file=sys.stderr)
        return STOPPED
    return 0


if __name__ == "__main__":
    sys.exit(main())
