"""Stage 3: the student S, who reads perturbed features; encoder and generator are frozen. With --clean, T, who reads clean ones.

    python3 -m training.student [--epochs 3]
    python3 -m training.student --clean [--epochs 1]

S starts from the generator's own student, T from the encoder's tail; both regress the teacher's embedding (with a strong outside teacher
a better target than T's logits). S sees a fresh seed for every face.
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor

from training.data import Jitter, load_chips
from training.loop import descend, fit, load_modules
from training.networks import Encoder, Generator, Tail, random_seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clean", action="store_true")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--rate", type=float, default=1e-3)
    options = parser.parse_args()
    torch.set_num_threads(1)

    chips = load_chips()
    encoder, generator, student = Encoder(), Generator(), Tail()
    load_modules("encoder", {"encoder": encoder} | ({"tail": student} if options.clean else {}))
    if not options.clean:
        load_modules("generator", {"generator": generator, "student": student})
    for network in (encoder, generator, student):
        network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(student.parameters(), lr=options.rate)
    jitter = Jitter()

    def step(rows: Tensor, random: torch.Generator) -> dict[str, float]:
        with torch.no_grad():
            stem, features = encoder(chips.augmented(rows, jitter, random))
            if not options.clean:
                features = features + generator(stem, random_seed(len(rows), random))
        distance = 1 - (student(features) * chips.target(rows)).sum(1).mean()
        return {"distance": descend(optimiser, distance)}

    fit(
        "clean-tail" if options.clean else "student",
        {"rate": options.rate, "jitter": vars(jitter)},
        {"tail" if options.clean else "student": student},
        [optimiser],
        chips.rows("train", "unlabelled"),
        step,
        epochs=options.epochs,
    )


if __name__ == "__main__":
    main()
