"""The authors' generator, to compare with: a copy of the encoder that plays against one recogniser, with no voice for utility.

    python3 -m training.paper [--epochs 1] [--bare]

Theirs alternate; here half of the steps, drawn, are of the one and half of the other: the adversary tail A minimises 0.3 times its cross entropy on z + LN_G(G(x)), G minimises -0.7 times it. A
starts from the clean tail. --bare leaves out both layer norms, as an ablation: checkpoint `paper-bare`.
"""

from __future__ import annotations

import argparse

import numpy as np
import torch
from torch import Tensor

from training.adversaries import am_softmax
from training.attackers import Classes
from training.data import Jitter, load_chips
from training.device import ready
from training.loop import descend, fit, load_modules, use_one_core
from training.networks import Encoder, PaperGenerator, Tail

GENERATOR_WEIGHT, ADVERSARY_WEIGHT = -0.7, 0.3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=float, default=1)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--bare", action="store_true", help="without LN_F and LN_G")
    options = parser.parse_args()
    use_one_core()
    torch.manual_seed(3)

    chips, jitter = load_chips(), Jitter()
    rows = chips.rows("train")
    people = np.unique(chips.identities[rows])
    encoder, generator, tail, classes = Encoder(options.bare), PaperGenerator(options.bare), Tail(), Classes(len(people))
    load_modules("encoder", {"encoder": encoder})
    load_modules("clean-tail", {"tail": tail})
    generator.encoder.load_state_dict(encoder.state_dict())
    for network in (encoder, generator, tail, classes):
        ready(network)
    turns = [
        (torch.optim.Adam([*tail.parameters(), *classes.parameters()], lr=options.rate), ADVERSARY_WEIGHT),
        (torch.optim.Adam(generator.parameters(), lr=options.rate), GENERATOR_WEIGHT),
    ]

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        faces = chips.augmented(numbers, jitter, random)
        with torch.no_grad():
            _, clean = encoder(faces)
        noise = generator(faces)
        loss = am_softmax(classes(tail(clean + noise)), chips.places(people, numbers))
        optimiser, weight = turns[int(torch.randint(2, (), generator=random, device=random.device))]
        descend(optimiser, weight * loss, clip=5.0)
        power = noise.detach().square().mean() / clean.square().mean()
        return {"adversary": loss.detach(), "noise_dB": 10 * power.log10()}

    modules = {"generator": generator, "tail": tail, "classes": classes}
    name = "paper-bare" if options.bare else "paper"
    fit(name, {"rate": options.rate, "jitter": vars(jitter)}, modules, [one for one, _ in turns], rows, step, epochs=options.epochs, batch=options.batch)


if __name__ == "__main__":
    main()
