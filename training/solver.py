"""Against PartialFace, and nothing trained: what it sends is linear in the picture, so the picture is solved for (needs SciPy).

    python3 -m training.solver

Which of the 18 subsets and orders was drawn for a photo shows in how strong its nine channels are, and the photo is then the solution of
sparse linear equations, with some weight on the mean face for what the subset does not say. Rows of I and D, by the public clean tail's
embedding, go to `training/attacks.jsonl`, unless there are some of the same networks.
"""

from __future__ import annotations

import time
from typing import Final

import numpy as np
import scipy.sparse as sparse
import torch
from scipy.sparse.linalg import splu
from torch import Tensor

from training import attack
from training.baselines import ORDERS, SUBSETS, frequencies, kept_frequencies, partial_face, to_rgb, to_ycbcr
from training.data import load_chips, load_lfw, to_input, to_pixels
from training.device import source
from training.evaluate import embed_all
from training.loop import use_one_core
from training.rows import read_rows, record

KNOWN_PHOTOS: Final = 192  # of the training chips
MEAN_WEIGHT: Final = 1e-7  # of the mean face, beside a pixel's usual equation: of least error on other training chips


class Solver:
    """What was sent under PartialFace [batch, 27, side, side] to pictures, RGB in [-1, 1] [batch, 3, side, side].

    `known` are photos of others [n, 3, side, side], for the mean face and for how strong each frequency is.
    """

    def __init__(self, known: Tensor, mean_weight: float = MEAN_WEIGHT) -> None:
        side = known.shape[-1]
        self.waves = frequencies(side).double()
        self.down, self.across = kept_frequencies()
        self.drawn = torch.stack([subset[order] for subset in SUBSETS for order in ORDERS])  # [18, 9]
        pictures = to_ycbcr(known).double()
        self.mean = pictures.mean(0)
        strengths = torch.stack([self._channel(pictures[:, 0], number).square().mean().log() for number in range(len(self.down))])
        self.usual = _centred(strengths[self.drawn])
        self.expected = [self._channel(self.mean, number) for number in range(len(self.down))]
        axes = [sparse.csr_matrix(np.where(np.abs(wave) > 1e-9, wave, 0)) for wave in self.waves.numpy()]
        self.solved = []
        for subset in SUBSETS.tolist():
            equations = sparse.vstack([sparse.kron(axes[self.down[number]], axes[self.across[number]]) for number in subset])
            normal = equations.T @ equations
            self.solved.append(splu((normal + mean_weight * normal.diagonal().mean() * sparse.identity(side * side)).tocsc()))

    def __call__(self, sent: Tensor) -> Tensor:
        channels = sent.double().unflatten(1, (3, 9))
        return torch.stack([self._solve(one, number) for one, number in zip(channels, self.which(sent))]).float()

    def which(self, sent: Tensor) -> list[int]:
        """Which of the 18 each was sent in: subset times 3, and order."""
        strengths = _centred(sent.double().unflatten(1, (3, 9))[:, 0].square().mean((2, 3)).log())
        return (strengths[:, None] - self.usual).square().sum(2).argmin(1).tolist()

    def _channel(self, picture: Tensor, number: int) -> Tensor:
        return self.waves[self.down[number]] @ picture @ self.waves[self.across[number]].T

    def _solve(self, channels: Tensor, number: int) -> Tensor:
        seen = torch.zeros_like(self.mean)
        for channel, frequency in zip(channels.unbind(1), self.drawn[number].tolist()):
            seen += self.waves[self.down[frequency]].T @ (channel - self.expected[frequency]) @ self.waves[self.across[frequency]]
        rest = self.solved[number // len(ORDERS)].solve(seen.flatten(1).T.contiguous().numpy())
        return to_rgb((self.mean + torch.from_numpy(rest).T.reshape(self.mean.shape))[None])[0]


def _centred(values: Tensor) -> Tensor:
    return values - values.mean(-1, keepdim=True)


def main() -> None:
    use_one_core()
    begun = time.process_time()
    common = {"defence": "partialface", "messages": 1, "pairs": None, "warm": False, "solved": True}
    common |= {"networks": attack.networks(attack.parsed(["I", "--defence", "partialface"])), "epochs": 0, "seed": 1}
    if any(all(row.get(key) == value for key, value in common.items()) for row in read_rows(attack.ROWS)):
        return
    chips, lfw, random = load_chips(), load_lfw(), source(1)
    rows = chips.rows("train", "unlabelled")
    solver = Solver(to_input(torch.from_numpy(chips.crops(rows[:: len(rows) // KNOWN_PHOTOS][:KNOWN_PHOTOS]))))
    pictures = embed_all(lambda faces: to_pixels(solver(partial_face(to_input(faces), random))), lfw.images)
    record(attack.ROWS, {"attacker": "I", **common}, begun, attack.pictures(lfw, pictures, attack.judged_lfw))
    linked = attack.linkage(lfw, attack.described(pictures), attack.described(lfw.images))
    record(attack.ROWS, {"attacker": "D", **common, "embedding": "tail"}, begun, linked)


if __name__ == "__main__":
    main()
