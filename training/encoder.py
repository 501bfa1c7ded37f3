"""Stage 1: encoder F and clean tail T, distilled from the teacher.

    python3 -m training.encoder [--epochs 2] [--loudest 1] [--start training/start/encoder-2.1.0.pt]

Half of each batch passes Gaussian noise between the two networks, of the features' own power and up to `--loudest` times their
amplitude, so that F learns features which identify a face through noise; T learns the clean half and the noisy one, and is the start of student and adversaries.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.data import Jitter, load_chips, load_teacher
from training.distil import distances
from training.device import prepared, ready, source
from training.loop import descend, fit, load_file, use_one_core
from training.networks import Encoder, Tail, start_from_teacher

FACES_TO_START = 256  # on which the teacher's channels are weighed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--rate", type=float, default=2.5e-4)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--loudest", type=float, default=1.0, help="amplitude of noise, 1 that of the features")
    parser.add_argument("--start", type=Path, help="checkpoint of an earlier run of this stage; the teacher's weights without it")
    options = parser.parse_args()
    use_one_core()
    torch.manual_seed(1)

    chips, teacher = load_chips(), load_teacher()
    encoder, tail, jitter = Encoder(), Tail(), Jitter()
    rows = chips.rows("train", "unlabelled")
    if options.start is None:
        some = torch.from_numpy(rows[:: len(rows) // FACES_TO_START])
        start_from_teacher(teacher, ready(encoder), tail, chips.augmented(some, jitter, source(1)))
    else:
        load_file(options.start, {"encoder": encoder, "tail": tail})
    for network in (encoder, tail):
        ready(network)
    optimiser = torch.optim.Adam([*encoder.parameters(), *tail.parameters()], lr=options.rate)

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        faces = chips.augmented(numbers, jitter, random)
        _, clean = encoder(faces)
        amplitude = 1 + (options.loudest - 1) * torch.rand(len(numbers), generator=random, device=random.device)
        amplitude[: len(numbers) // 2] = 0
        noise = prepared(torch.randn(clean.shape, generator=random, device=random.device)) * amplitude[:, None, None, None]
        embedding, late = distances(tail, clean + noise, chips.target(numbers), teacher, faces)
        descend(optimiser, (embedding + late).mean())
        quiet, noisy = embedding.detach().split(len(numbers) // 2)
        return {"clean": quiet.mean(), "noisy": noisy.mean(), "late": late.detach().mean()}

    fit(
        "encoder",
        {"rate": options.rate, "loudest": options.loudest, "jitter": vars(jitter)},
        {"encoder": encoder, "tail": tail},
        [optimiser],
        rows,
        step,
        epochs=options.epochs,
        batch=options.batch,
    )


if __name__ == "__main__":
    main()
