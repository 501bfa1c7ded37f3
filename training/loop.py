"""The training loop all stages share: seeded by step, so that a run that was killed and resumed equals one that was not."""

from __future__ import annotations

import ctypes
import json
import math
import os
import time
from pathlib import Path
from typing import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from training.data import ROOT
from training.device import DEVICE, exact, half_precision, source

RUNS = ROOT / "training" / "runs"
CHECKPOINT_SECONDS = 180
LOG_STEPS = 50
WARMUP_STEPS = 200

# glibc hands large blocks back to the kernel whenever a tensor dies and gets them anew, page by page, for the next: more than half of a
# step on some machines. Keep them: (M_MMAP_MAX, none), (M_TRIM_THRESHOLD, 2 GB), (M_TOP_PAD, 256 MB).
KEPT_MEMORY = ((-4, 0), (-1, 2**31 - 1), (-2, 2**28))

Step = Callable[[Tensor, torch.Generator], Mapping[str, Tensor]]
"""Takes chip numbers [batch] and the step's own random source, updates the networks, returns what to log: scalars, which are read only then."""


def fit(
    name: str,
    config: Mapping[str, object],
    modules: Mapping[str, nn.Module],
    optimisers: Sequence[torch.optim.Optimizer],
    rows: np.ndarray,
    step: Step,
    *,
    epochs: float,
    batch: int = 32,
    seed: int = 1,
    device: torch.device = DEVICE,
    exactly: bool = False,
) -> None:
    """Trains until `epochs` passes over `rows`; goes on from `runs/<name>.pt` if there is one; learning rates follow a cosine to 0.

    `device` is where the step's random source is, as are the networks. `exactly` keeps a step that does more than run networks out of half precision.
    """
    RUNS.mkdir(parents=True, exist_ok=True)
    path = RUNS / f"{name}.pt"
    config = {**config, "epochs": epochs, "batch": batch, "seed": seed}
    total = int(epochs * len(rows) / batch)
    peaks = [[group["lr"] for group in optimiser.param_groups] for optimiser in optimisers]
    first = 0
    if path.exists():
        state = torch.load(path, map_location="cpu")
        if state["config"] != config:
            raise SystemExit(f"{path} is of another configuration: {state['config']}. Move it away to start afresh.")
        for key, module in modules.items():
            module.load_state_dict(state["modules"][key])
        for optimiser, saved in zip(optimisers, state["optimisers"]):
            optimiser.load_state_dict(saved)
        first = state["step"]
        print(f"{name}: resumed at step {first} of {total}", flush=True)

    saved_at = logged_at = time.monotonic()
    sums: dict[str, Tensor] = {}
    for number in range(first, total):
        factor = min(1.0, (number + 1) / WARMUP_STEPS) * 0.5 * (1 + math.cos(math.pi * number / total))
        for optimiser, peak in zip(optimisers, peaks):
            for group, rate in zip(optimiser.param_groups, peak):
                group["lr"] = rate * factor
        random = source(seed * 1_000_003 + number, device)
        with exact(device) if exactly else half_precision(device):
            logged = step(_batch(rows, number, batch, seed), random)
        sums = {key: sums[key] + value if key in sums else value for key, value in logged.items()}
        if (number + 1) % LOG_STEPS == 0:
            now = time.monotonic()
            speed = LOG_STEPS * batch / (now - logged_at)
            record = {"step": number + 1, "of": total, "images/s": round(speed, 1)}
            record |= {key: round(value.item() / LOG_STEPS, 4) for key, value in sums.items()}
            print(f"{name}: {json.dumps(record)}, {(total - number) * batch / speed / 60:.0f} min left", flush=True)
            with open(RUNS / f"{name}.jsonl", "a") as log:
                log.write(json.dumps(record) + "\n")
            logged_at, sums = now, {}
        if time.monotonic() - saved_at > CHECKPOINT_SECONDS or number + 1 == total:
            save(path, {
                "config": config,
                "step": number + 1,
                "modules": {key: module.state_dict() for key, module in modules.items()},
                "optimisers": [optimiser.state_dict() for optimiser in optimisers],
            })
            saved_at = time.monotonic()


def learning_curve(name: str, most: int = 12) -> list[float]:
    """The losses that `fit` logged of a run, evenly thinned, from first to last; a resumed run's steps count once. None of too short a run."""
    path = RUNS / f"{name}.jsonl"
    logged = {line["step"]: line["loss"] for line in map(json.loads, path.read_text().splitlines())} if path.exists() else {}
    values = [logged[step] for step in sorted(logged)]
    return [values[round(at)] for at in np.linspace(0, len(values) - 1, min(most, len(values)))]


def use_one_core() -> None:
    """How every training process runs: one thread, and memory kept between steps."""
    torch.set_num_threads(1)
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        for parameter, value in KEPT_MEMORY:
            libc.mallopt(parameter, value)


def descend(optimiser: torch.optim.Optimizer, loss: Tensor, clip: float | None = None) -> Tensor:
    """One step down the gradient, whose norm is held to `clip` if that is given; returns the loss."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    if clip is not None:
        nn.utils.clip_grad_norm_([value for group in optimiser.param_groups for value in group["params"]], clip)
    optimiser.step()
    return loss.detach()


def _batch(rows: np.ndarray, number: int, batch: int, seed: int) -> Tensor:
    """The rows of step `number`: a new shuffle every epoch, the same whenever asked."""
    places = np.arange(number * batch, (number + 1) * batch)
    picked = [
        np.random.default_rng([seed, epoch]).permutation(rows)[places[places // len(rows) == epoch] % len(rows)]
        for epoch in np.unique(places // len(rows))
    ]
    return torch.from_numpy(np.concatenate(picked))


def save(path: Path, state: Mapping[str, object]) -> None:
    """Writes aside and renames, so that a kill leaves the old file or the new one."""
    partial = path.with_suffix(".partial")
    torch.save(dict(state), partial)
    os.replace(partial, path)


def load_modules(name: str, modules: Mapping[str, nn.Module]) -> None:
    """Fills networks from a finished stage's checkpoint."""
    path = RUNS / f"{name}.pt"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run `python3 -m training.{name}` first")
    load_file(path, modules)


def load_file(path: Path, modules: Mapping[str, nn.Module]) -> None:
    """Fills networks from a checkpoint."""
    state = torch.load(path, map_location="cpu")["modules"]
    for key, module in modules.items():
        module.load_state_dict(state[key])
