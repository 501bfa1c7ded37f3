"""What may be done to clean tokens before they leave their owner, all behind one interface: XNN's schemes and those it is compared with.

    none, permutation, matrix, xnn, xnn-hardened    one key an owner (`obfuscation.py`)
    gaussian                                        noise of the features' own power, fresh for every record; no key
    instahide-2, instahide-3                        InstaHide (Huang et al. 2020) on tokens: mixed with 1 or 2 others, random signs;
                                                    no key
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
from training.xnn.obfuscation import MATRICES, MIN_SCALE, PERMUTING, SCHEMES, TOKEN_CHANNELS, TOKEN_COUNT

Mixture = Sequence[tuple[float, Tensor]]
"""Whose faces a batch of records holds: weights, and for each the row [batch] of the face in the batch."""
Hide = Callable[[Tensor, torch.Generator], tuple[Tensor, Mixture]]
"""Clean tokens [batch, 49, 512] to what a bundle says of them."""

KEYLESS = ("gaussian", "instahide-2", "instahide-3")
DEFENCES = (*SCHEMES, *KEYLESS, "neuracrypt")


def fresh(defence: str, random: torch.Generator) -> Hide:
    """The defence under a new key. Records pass int8 as a bundle's do."""
    if defence in SCHEMES:
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
    matrices = torch.randn((MATRICES[scheme], TOKEN_CHANNELS, TOKEN_CHANNELS), generator=random) * TOKEN_CHANNELS**-0.5

    def hide(tokens: Tensor, _: torch.Generator) -> tuple[Tensor, Mixture]:
        hidden = tokens[:, order]
        if len(matrices) == 1:
            hidden = hidden @ matrices[0]
        elif len(matrices) > 1:
            hidden = (hidden.transpose(0, 1) @ matrices).transpose(0, 1)
        return hidden, _own(tokens)

    return hide


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
