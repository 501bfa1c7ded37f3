"""Stage 3: the student S, who reads perturbed features; encoder and generator are frozen. With --clean, T, who reads clean ones.

    python3 -m training.student [--epochs 2] [--start student.pt]
    python3 -m training.student --clean [--epochs 1]

S starts from the generator's own student, T from the encoder's tail; both regress the teacher (with a strong outside teacher a better
target than T's logits). S sees a fresh seed for every face.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training import spec
from training.data import Jitter, load_chips, load_teacher
from training.distil import distances
from training.device import ready
from training.loop import descend, fit, load_file, load_modules, use_one_core
from training.networks import Encoder, Generator, Tail, new_student, random_seed, through_message


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true")
    parser.add_argument("--epochs", type=float, default=2)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--level", type=float, default=spec.NOISE_LEVEL, help="amplitude of noise, 1 that of the features")
    parser.add_argument("--name", help="of the checkpoint in training/runs")
    parser.add_argument("--start", type=Path, help="checkpoint of an earlier run of this stage, to go on from")
    options = parser.parse_args()
    use_one_core()

    chips, teacher, jitter = load_chips(), load_teacher(), Jitter()
    encoder, generator = Encoder(), Generator()
    tail = Tail() if options.clean else new_student()
    load_modules("encoder", {"encoder": encoder} | ({"tail": tail} if options.clean else {}))
    stage, network = ("clean-tail", "tail") if options.clean else ("student", "student")
    if not options.clean:
        load_modules("generator", {"generator": generator, "student": tail})
        generator.level.fill_(options.level)
    if options.start is not None:
        load_file(options.start, {network: tail})
    for one in (encoder, generator, tail):
        ready(one)
    optimiser = torch.optim.Adam(tail.parameters(), lr=options.rate)

    def step(rows: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        faces = chips.augmented(rows, jitter, random)
        with torch.no_grad():
            stem, features = encoder(faces)
            if not options.clean:
                features = through_message(features + generator(stem, random_seed(len(rows), random)))
        embedding, late = distances(tail, features, chips.target(rows), teacher, faces)
        descend(optimiser, (embedding + late).mean())
        return {"distance": embedding.detach().mean(), "late": late.detach().mean()}

    fit(
        options.name or stage,
        {"rate": options.rate, "level": options.level, "jitter": vars(jitter)},
        {network: tail},
        [optimiser],
        chips.rows("train", "unlabelled"),
        step,
        epochs=options.epochs,
        batch=options.batch,
    )


if __name__ == "__main__":
    main()
