"""Stage 2: the noise generator G, against two adversaries and for a student.

    python3 -m training.generator [--epochs 0.5] [--level 1.0]

The authors let G play against one recogniser and give utility no voice. Here, at a noise power that is fixed (`--level`, 1 = that of
the features), G helps a student who recognises (cosine to the teacher's embedding) and hinders a recogniser that learns classes and a
painter that learns the picture. Both adversaries sit behind a gradient reversal, so that one pass trains all.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor

from training.adversaries import PICTURE_SIZE, Painter, Recogniser, am_softmax, reverse
from training.data import UNKNOWN_IDENTITY, Jitter, load_chips
from training.loop import descend, fit, load_modules
from training.networks import Encoder, Generator, Tail, random_seed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=float, default=0.5)
    parser.add_argument("--level", type=float, default=1.0)
    parser.add_argument("--recogniser", type=float, default=0.01, help="weight of the recogniser's cross entropy")
    parser.add_argument("--painter", type=float, default=0.5, help="weight of the painter's relative squared error")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(2)

    chips = load_chips()
    rows = chips.rows("train", "unlabelled")
    known = np.unique(chips.identities[rows][chips.identities[rows] != UNKNOWN_IDENTITY])
    encoder, student = Encoder(), Tail()
    load_modules("encoder", {"encoder": encoder, "tail": student})
    encoder.requires_grad_(False)
    generator, recogniser, painter = Generator(options.level), Recogniser(len(known)), Painter()
    networks = {"generator": generator, "student": student, "recogniser": recogniser, "painter": painter}
    for network in (encoder, *networks.values()):
        network.to(memory_format=torch.channels_last)
    optimiser = torch.optim.Adam(
        [
            {"params": [*generator.parameters(), *recogniser.parameters(), *painter.parameters()], "lr": 1e-3},
            {"params": student.parameters(), "lr": 3e-4},
        ]
    )
    jitter = Jitter()

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, float]:
        faces = chips.augmented(numbers, jitter, random)
        with torch.no_grad():
            stem, clean = encoder(faces)
        noise = generator(stem, random_seed(len(numbers), random))
        perturbed = clean + noise

        utility = 1 - (student(perturbed) * chips.target(numbers)).sum(1).mean()
        identities = chips.identities[numbers.numpy()]
        labelled = torch.from_numpy(identities != UNKNOWN_IDENTITY)
        labels = torch.from_numpy(np.searchsorted(known, identities[identities != UNKNOWN_IDENTITY]))
        recognition = am_softmax(recogniser(reverse(perturbed, options.recogniser)[labelled]), labels)
        picture = functional.interpolate(faces, size=PICTURE_SIZE, mode="area")
        error = functional.mse_loss(painter(reverse(perturbed, options.painter)), picture) / picture.var()

        descend(optimiser, utility + recognition + error)
        return {"utility": utility.item(), "recogniser": recognition.item(), "painter": error.item()}

    fit(
        "generator",
        {"level": options.level, "recogniser": options.recogniser, "painter": options.painter, "jitter": vars(jitter)},
        networks,
        [optimiser],
        rows,
        step,
        epochs=options.epochs,
    )


if __name__ == "__main__":
    main()
