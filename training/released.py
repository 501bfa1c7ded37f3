"""The released networks as checkpoints, so that a fresh clone can attack them without training them first.

    python3 -m training.released        seconds

Writes `training/runs/{encoder,generator,clean-tail,student}.pt` from `public/models` and `models`, and keeps those that are there already. Weights are
those that ship: rounded to float16, but the student's. The tail that the encoder was trained with does not ship: the clean tail, which comes of it, is
in its place, so that another generator can be trained on the release.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TypeVar

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from training.data import ROOT
from training.export import BROWSER, CLOUD
from training.loop import RUNS, save
from training.networks import Encoder, Generator, Tail, new_student

Network = TypeVar("Network", bound=nn.Module)


def from_tfjs(name: str, network: Network, folder: Path = BROWSER) -> Network:
    """Fills a network with `<name>.bin`; the inverse of `export.browser_weights`."""
    group = json.loads((folder / f"{name}.json").read_text())["weightsManifest"][0]
    values = torch.from_numpy(np.fromfile(folder / f"{name}.bin", np.float16).astype(np.float32))
    parameters = dict(network.named_parameters())
    shapes = [entry["shape"] for entry in group["weights"]]
    parts = values.split([int(np.prod(shape)) for shape in shapes])
    for entry, part in zip(group["weights"], parts):
        parameter, value = parameters[entry["name"]], part.view(entry["shape"])
        if value.ndim == 4:
            value = value.permute(2, 3, 0, 1) if value.shape[3] == 1 else value.permute(3, 2, 0, 1)
        parameter.data.copy_(value)
    if isinstance(network, Generator):
        network.set_gain(network.scale)
    return network


def from_onnx(name: str, tail: Tail, folder: Path = CLOUD) -> Tail:
    """Fills a tail with `<name>.onnx`."""
    weights = {item.name: torch.from_numpy(numpy_helper.to_array(item).copy()) for item in onnx.load(str(folder / f"{name}.onnx")).graph.initializer}
    tail.load_state_dict({key[len("tail.") :]: value for key, value in weights.items()})
    return tail


def networks_of(root: Path = ROOT) -> tuple[Encoder, Generator, Tail, Tail]:
    """Encoder, generator, student and clean tail that a checkout of this repository holds."""
    browser, cloud = root / BROWSER.relative_to(ROOT), root / CLOUD.relative_to(ROOT)
    return (
        from_tfjs("encoder", Encoder(), browser),
        from_tfjs("generator", Generator(), browser),
        from_onnx("student", new_student(), cloud),
        from_onnx("clean-tail", Tail(), cloud),
    )


def keep(name: str, **networks: nn.Module) -> None:
    path = RUNS / f"{name}.pt"
    if path.exists():
        return
    states: dict[str, dict[str, Tensor]] = {key: network.state_dict() for key, network in networks.items()}
    save(path, {"config": {"released": json.loads((CLOUD / "manifest.json").read_text())["release"]}, "modules": states})
    print(f"wrote {path.name}")


def main() -> None:
    RUNS.mkdir(parents=True, exist_ok=True)
    encoder, generator, student, clean_tail = networks_of()
    keep("encoder", encoder=encoder, tail=clean_tail)
    keep("generator", generator=generator)
    keep("clean-tail", tail=clean_tail)
    keep("student", student=student)


if __name__ == "__main__":
    main()
