"""Stage 2: the noise generator G, for a student and against three adversaries.

    python3 -m training.generator [--epochs 0.5] [--level 1]

The authors let G play against one recogniser and give utility no voice. Here, at a noise power that is fixed (`--level`, 1 = that of
the features), G helps a student who recognises (cosine to the teacher's embedding) and hinders a recogniser that learns classes, a
linker that learns the teacher's embedding, and a painter that learns the picture. The adversaries sit behind a gradient reversal, so that
one pass trains all. Now and then one of them starts anew: who was led into a corner does not stay there, and G cannot rely on it.
"""

from __future__ import annotations

import argparse
from typing import Callable

import numpy as np
import torch
import torch.nn.functional as functional
from torch import Tensor, nn

from training import spec
from training.adversaries import PICTURE_SIZE, Linker, Painter, Recogniser, am_softmax, reverse
from training.data import UNKNOWN_IDENTITY, Jitter, load_chips
from training.device import DEVICE, ready
from training.loop import descend, fit, load_modules, use_one_core
from training.networks import Encoder, Generator, Tail, new_student, random_seed

RESTART = 1 / 100  # chance of a restart in a step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=float, default=0.5)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--level", type=float, default=spec.NOISE_LEVEL)
    parser.add_argument("--utility", type=float, default=1.0, help="weight of the student's cosine distance; authors have none")
    parser.add_argument("--recogniser", type=float, default=0.01, help="weight of the recogniser's cross entropy")
    parser.add_argument("--linker", type=float, default=0.1, help="weight of the linker's cosine distance")
    parser.add_argument("--painter", type=float, default=1.0, help="weight of the painter's relative squared error")
    parser.add_argument("--name", default="generator", help="of the checkpoint in training/runs")
    options = parser.parse_args()
    use_one_core()
    torch.manual_seed(2)

    chips, jitter = load_chips(), Jitter()
    rows = chips.rows("train", "unlabelled")
    known = np.unique(chips.identities[rows][chips.identities[rows] != UNKNOWN_IDENTITY])
    encoder, clean_tail, student = Encoder(), Tail(), new_student()
    load_modules("encoder", {"encoder": encoder, "tail": clean_tail})
    encoder.requires_grad_(False)
    student.start_from(clean_tail)
    makers: dict[str, Callable[[], nn.Module]] = {"recogniser": lambda: Recogniser(len(known)), "linker": Linker, "painter": Painter}
    adversaries = {name: make() for name, make in makers.items()}
    generator = Generator(options.level)
    for network in (encoder, generator, student, *adversaries.values()):
        ready(network)
    rivals = [value for network in (generator, *adversaries.values()) for value in network.parameters()]
    optimiser = torch.optim.Adam([{"params": rivals, "lr": 1e-3}, {"params": student.parameters(), "lr": 2e-4}])

    def restart(random: torch.Generator) -> None:
        name = list(makers)[int(torch.randint(len(makers), (), generator=random, device=random.device))]
        with torch.random.fork_rng():
            torch.manual_seed(random.initial_seed())
            adversaries[name].load_state_dict(makers[name]().state_dict())

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        faces = chips.augmented(numbers, jitter, random)
        with torch.no_grad():
            stem, clean = encoder(faces)
        perturbed = clean + generator(stem, random_seed(len(numbers), random))
        if torch.rand((), generator=random, device=random.device) < RESTART:
            restart(random)

        target = chips.target(numbers)
        utility = 1 - (student(perturbed) * target).sum(1).mean()
        identities = chips.identities[numbers.numpy()]
        labelled = torch.from_numpy(identities != UNKNOWN_IDENTITY).to(DEVICE)
        labels = torch.from_numpy(np.searchsorted(known, identities[identities != UNKNOWN_IDENTITY])).to(DEVICE)
        recognition = am_softmax(adversaries["recogniser"](reverse(perturbed, options.recogniser))[labelled], labels)
        link = 1 - (adversaries["linker"](reverse(perturbed, options.linker)) * target).sum(1).mean()
        picture = functional.interpolate(faces, size=PICTURE_SIZE, mode="area")
        error = functional.mse_loss(adversaries["painter"](reverse(perturbed, options.painter)), picture) / picture.var()

        descend(optimiser, options.utility * utility + recognition + link + error)
        losses = {"utility": utility, "recogniser": recognition, "linker": link, "painter": error}
        return {name: loss.detach() for name, loss in losses.items()}

    weights = {name: getattr(options, name) for name in ("level", "utility", "recogniser", "linker", "painter")}
    fit(
        options.name,
        {**weights, "jitter": vars(jitter)},
        {"generator": generator, "student": student, **adversaries},
        [optimiser],
        rows,
        step,
        epochs=options.epochs,
        batch=options.batch,
    )


if __name__ == "__main__":
    main()
