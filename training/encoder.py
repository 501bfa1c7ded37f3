"""Stage 1: encoder F and clean tail T, distilled from the teacher.

    python3 -m training.encoder [--epochs 3] [--start encoder.pt]

Half of each batch passes Gaussian noise of the features' own power between the two networks, so that F learns features which
identify a face through noise; T learns the clean half and the noisy one, and is the start of student and adversaries.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.data import SHARED, Jitter, load_chips
from training.loop import descend, fit, load_file
from training.networks import Encoder, Tail, Teacher, start_from_teacher


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--start", type=Path, help="checkpoint of an earlier run of this stage; the teacher's weights without it")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(1)

    chips = load_chips()
    encoder, tail = Encoder(), Tail()
    if options.start is None:
        start_from_teacher(Teacher(SHARED / "teacher" / "MobileFaceNet.onnx"), encoder, tail)
    else:
        load_file(options.start, {"encoder": encoder, "tail": tail})
    for network in (encoder, tail):
        network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam([*encoder.parameters(), *tail.parameters()], lr=options.rate)
    jitter = Jitter()

    def step(rows: Tensor, random: torch.Generator) -> dict[str, float]:
        _, clean = encoder(chips.augmented(rows, jitter, random))
        noise = torch.randn(clean.shape, generator=random)
        noise[: len(rows) // 2] = 0
        distance = 1 - (tail(clean + noise) * chips.target(rows)).sum(1)
        descend(optimiser, distance.mean())
        quiet, noisy = distance.detach().split(len(rows) // 2)
        return {"clean": quiet.mean().item(), "noisy": noisy.mean().item()}

    fit(
        "encoder",
        {"rate": options.rate, "jitter": vars(jitter)},
        {"encoder": encoder, "tail": tail},
        [optimiser],
        chips.rows("train", "unlabelled"),
        step,
        epochs=options.epochs,
    )


if __name__ == "__main__":
    main()
