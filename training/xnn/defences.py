"""What may be done to clean tokens before they leave their owner, all behind one interface: XNN's schemes and those it is compared with.

    none, permutation, matrix, xnn, xnn-hardened    one key an owner (`obfuscation.py`)
    gaussian                                        noise of the features' own power, fresh for every record; no key
    instahide-2, instahide-3                        after InstaHide (Huang et al. 2020) on tokens: mixed with 1 or 2 others, random signs;
                                                    no key; shares are not held to 0.65, as the paper has it
    neuracrypt                                      as NeuraCrypt (Yala et al. 2021): a secret random network a token, tokens shuffled
                                                    for every record

Keys are drawn from a seeded source here, as an attacker draws his own.
"""

from __future__ import annotations

from typing import Callable, Sequence

import torch
import torch.nn.functional as functional
from torch import Tensor

from training import spec
from training.xnn.obfuscation import MIN_SCALE, PERMUTING, SCHEMES, TOKEN_CHANNELS, TOKEN_COUNT, WITH_MATRIX, at_length

Mixture = Sequence[tuple[float, Tensor]]
"""Whose faces a batch of records holds: weights, and for each the row [batch] of the face in the batch."""
Hide = Callable[[Tensor, torch.Generator], tuple[Tensor, Mixture]]
"""Clean tokens [batch, 49, 512] to what a bundle says of them."""

KEYLESS = ("gaussian", "instahide-2", "instahide-3")
DEFENCES = (*SCHEMES, *KEYLESS, "neuracrypt")


def fresh(defence: str, random: torch.Generator, once: bool = False) -> Hide:
    """The defence under a new key. Records pass int8 as a bundle's do.

    `once` says that the key is for one batch: then no rotation of `xnn-hardened` is made whole, which takes two seconds a key.
    """
    if defence == "xnn-hardened":
        make = _turned_once if once else _rotating(random)
    elif defence in SCHEMES:
        make = _linear(defence, random)
    elif defence == "neuracrypt":
        make = _random_network(random)
    elif defence == "gaussian":
        make = _noisy
    else:
        make = _mixed(int(defence.rpartition("-")[2]))

    def hide(tokens: Tensor, random: torch.Generator) -> tuple[Tensor, Mixture]:
        hidden, mixture = make(tokens, random)
        return through_bundle(hidden), mixture

    return hide


def through_bundle(tokens: Tensor) -> Tensor:
    """Tokens as the cloud reads them after quantisation."""
    scales = tokens.abs().amax(dim=-1, keepdim=True).clamp_min(MIN_SCALE) / spec.INT8_MAX
    return (tokens / scales).round() * scales


def _own(tokens: Tensor) -> Mixture:
    return [(1.0, torch.arange(len(tokens)))]


def _linear(scheme: str, random: torch.Generator) -> Hide:
    order = torch.randperm(TOKEN_COUNT, generator=random) if scheme in PERMUTING else torch.arange(TOKEN_COUNT)
    matrix = gaussian(TOKEN_CHANNELS, random) if scheme in WITH_MATRIX else None

    def hide(tokens: Tensor, _: torch.Generator) -> tuple[Tensor, Mixture]:
        hidden = tokens[:, order]
        return hidden if matrix is None else hidden @ matrix, _own(tokens)

    return hide


def gaussian(size: int, random: torch.Generator) -> Tensor:
    return torch.randn((size, size), generator=random) * size**-0.5


def haar(count: int, size: int, random: torch.Generator) -> Tensor:
    """Uniformly distributed orthogonal matrices [count, size, size]: Gaussian ones made orthogonal, signs as Mezzadri (2007) has them."""
    q, r = torch.linalg.qr(torch.randn((count, size, size), generator=random))
    return q * r.diagonal(dim1=1, dim2=2).sign()[:, None, :]


def _rotating(random: torch.Generator) -> Hide:
    order, rotations = torch.randperm(TOKEN_COUNT, generator=random), haar(TOKEN_COUNT, TOKEN_CHANNELS, random)

    def hide(tokens: Tensor, _: torch.Generator) -> tuple[Tensor, Mixture]:
        return (at_length(tokens)[:, order].transpose(0, 1) @ rotations).transpose(0, 1), _own(tokens)

    return hide


def _turned_once(tokens: Tensor, random: torch.Generator) -> tuple[Tensor, Mixture]:
    """One batch as a new key turns it. Rotations keep its inner products G = L L^T [49, batch, batch] at each position and nothing else:
    it becomes L U with orthonormal rows U of uniform directions, which are those of a Gaussian batch."""
    order = torch.randperm(TOKEN_COUNT, generator=random)
    places = at_length(tokens)[:, order].transpose(0, 1)
    noise = torch.randn(places.shape, generator=random)
    gram = places @ places.transpose(1, 2) + 1e-3 * torch.eye(len(tokens))
    left, free = torch.linalg.cholesky(gram), torch.linalg.cholesky(noise @ noise.transpose(1, 2))
    hidden = left @ torch.linalg.solve_triangular(free, noise, upper=False)
    return hidden.transpose(0, 1), _own(tokens)


def _noisy(tokens: Tensor, random: torch.Generator) -> tuple[Tensor, Mixture]:
    return tokens + torch.randn(tokens.shape, generator=random), _own(tokens)


def _mixed(count: int) -> Hide:
    """Weights are drawn once a batch, that of a record's own face is the largest. Who reads records with random signs takes magnitudes."""

    def hide(tokens: Tensor, random: torch.Generator) -> tuple[Tensor, Mixture]:
        weights = torch.rand(count, generator=random).add(1e-3)
        weights = (weights / weights.sum()).sort(descending=True).values
        rows = [torch.arange(len(tokens)), *(torch.randperm(len(tokens), generator=random) for _ in range(count - 1))]
        mixture = list(zip(weights.tolist(), rows))
        return sum(weight * tokens[row] for weight, row in mixture).abs(), mixture

    return hide


def _random_network(random: torch.Generator) -> Hide:
    channels = TOKEN_CHANNELS
    layers = torch.randn((4, channels, channels), generator=random) * channels**-0.5
    places = torch.randn((TOKEN_COUNT, channels), generator=random)

    def hide(tokens: Tensor, random: torch.Generator) -> tuple[Tensor, Mixture]:
        x = tokens @ layers[0] + places
        for layer in layers[1:]:
            x = functional.layer_norm(functional.relu(x), (channels,)) @ layer
        shuffled = torch.rand((len(tokens), TOKEN_COUNT), generator=random).argsort(1)
        return x.gather(1, shuffled.unsqueeze(2).expand(-1, -1, channels)), _own(tokens)

    return hide
