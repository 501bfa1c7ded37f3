"""Stage 3: the student S, who reads perturbed features; encoder and generator are frozen.

    python3 -m training.student [--epochs 4]

S starts from the generator's own student and regresses the teacher's embedding (with a strong outside teacher a better
target than T's logits), with a fresh seed for every face.
"""

from __future__ import annotations

import argparse

import torch
from torch import Tensor

from training.data import Jitter, augment, load_chips
from training.loop import fit, load_modules
from training.networks import Encoder, Generator, Tail, random_seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=float, default=4)
    parser.add_argument("--rate", type=float, default=1e-3)
    options = parser.parse_args()
    torch.set_num_threads(1)

    chips = load_chips()
    encoder, generator, student = Encoder(), Generator(), Tail()
    load_modules("encoder", {"encoder": encoder})
    load_modules("generator", {"generator": generator, "student": student})
    for network in (encoder, generator, student):
        network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(student.parameters(), lr=options.rate)
    jitter = Jitter()

    def step(rows: Tensor, random: torch.Generator) -> dict[str, float]:
        faces = augment(torch.from_numpy(chips.images[rows.numpy()]), jitter, random)
        with torch.no_grad():
            stem, clean = encoder(faces.contiguous(memory_format=torch.channels_last))
            perturbed = clean + generator(stem, random_seed(len(rows), random))
        distance = 1 - (student(perturbed) * torch.from_numpy(chips.targets[rows.numpy()])).sum(1).mean()
        optimiser.zero_grad(set_to_none=True)
        distance.backward()
        optimiser.step()
        return {"distance": distance.item()}

    fit(
        "student",
        {"rate": options.rate, "jitter": vars(jitter)},
        {"student": student},
        [optimiser],
        chips.rows("train", "unlabelled"),
        step,
        epochs=options.epochs,
    )


if __name__ == "__main__":
    main()
