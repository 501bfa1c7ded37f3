"""Stage 4: the released files, from the finished stages' checkpoints.

    python3 -m training.export --release 1.0.0

Writes encoder, generator and clean tail in tfjs's weights format (float16), student and clean tail as ONNX (float32), both manifests, and golden
vectors by which the TypeScript networks are tested. The browser's networks are rounded to float16 *before* anything is measured.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training import spec
from training.data import ROOT, to_input
from training.loop import load_modules, use_one_core
from training.networks import Encoder, Generator, Tail, new_student, quantise

BROWSER = ROOT / "public" / "models"
CLOUD = ROOT / "models"
GOLDEN_STRIDE = 61  # every 61st value of a map is kept: enough to catch any error, small enough to read


class FromMessage(nn.Module):
    """A tail that reads what a message carries: steps int8 [batch, 14, 14, 128] and scales [batch, 128]."""

    def __init__(self, tail: Tail) -> None:
        super().__init__()
        self.tail = tail

    def forward(self, steps: Tensor, scales: Tensor) -> Tensor:
        return self.tail(steps.float().permute(0, 3, 1, 2) * scales[:, :, None, None])


def round_to_half(network: nn.Module) -> None:
    for parameter in network.parameters():
        parameter.data.copy_(parameter.data.half().float())
    if isinstance(network, Generator):
        network.set_gain(network.gain().half().float())


def browser_weights(network: nn.Module) -> dict[str, NDArray[np.float32]]:
    """The weights under the names and in the layout that src/core reads: kernels [height, width, in, out]."""
    weights = {key: value.detach() for key, value in network.named_parameters()}
    if isinstance(network, Generator):
        weights["scale"] = network.gain().detach()
    laid_out = {}
    for key, value in weights.items():
        if value.ndim == 4:  # [out, in / groups, height, width]; a per-channel kernel becomes [height, width, channels, 1]
            value = value.permute(2, 3, 0, 1) if value.shape[1] == 1 else value.permute(2, 3, 1, 0)
        laid_out[key] = value.contiguous().numpy()
    return laid_out


def shipped(network: nn.Module) -> bytes:
    """The weights as `<name>.bin` has them: float16, one after another."""
    network = copy.deepcopy(network)
    round_to_half(network)
    return b"".join(value.astype(np.float16).tobytes() for value in browser_weights(network).values())


def fingerprint(*networks: nn.Module) -> str:
    """Names networks by their weights as they ship, 8 hexadecimal digits: SHA-256 over their `.bin` files, one after another."""
    return hashlib.sha256(b"".join(map(shipped, networks))).hexdigest()[:8]


def write_tfjs(name: str, weights: dict[str, NDArray[np.float32]], folder: Path = BROWSER) -> dict[str, object]:
    """Writes `<name>.bin` and `<name>.json` in tfjs's weights format and returns the manifest's entry."""
    half = {key: value.astype(np.float16) for key, value in weights.items()}
    data = b"".join(value.tobytes() for value in half.values())
    (folder / f"{name}.bin").write_bytes(data)
    entries = [
        {
            "name": key,
            "shape": list(value.shape),
            "dtype": "float32",
            "quantization": {"dtype": "float16", "original_dtype": "float32"},
        }
        for key, value in half.items()
    ]
    topology = {"format": "tfjs-weights", "weightsManifest": [{"paths": [f"{name}.bin"], "weights": entries}]}
    described = (json.dumps(topology, indent=1) + "\n").encode()
    (folder / f"{name}.json").write_bytes(described)
    return {
        "topology": f"{name}.json",
        "weights": f"{name}.bin",
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "topologySha256": hashlib.sha256(described).hexdigest(),
        "parameters": sum(value.size for value in half.values()),
    }


def write_onnx(name: str, tail: Tail) -> dict[str, object]:
    path = CLOUD / f"{name}.onnx"
    steps = torch.zeros((2, spec.FEATURE_SIZE, spec.FEATURE_SIZE, spec.FEATURE_CHANNELS), dtype=torch.int8)
    torch.onnx.export(
        FromMessage(tail).eval(),
        (steps, torch.ones((2, spec.FEATURE_CHANNELS))),
        str(path),
        opset_version=13,
        input_names=["steps", "scales"],
        output_names=["embedding"],
        dynamic_axes={"steps": {0: "batch"}, "scales": {0: "batch"}, "embedding": {0: "batch"}},
    )
    data = path.read_bytes()
    return {"file": path.name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def golden_face() -> NDArray[np.uint8]:
    """A face-sized pattern [112, 112, 3] that both languages can make exactly; nobody's photo."""
    i = np.arange(spec.CROP_SIZE * spec.CROP_SIZE * 3, dtype=np.int64)
    return ((i * 7 + (i // 336) * (i % 3 + 1) * 2 + (i * i // 5077)) % 256).astype(np.uint8).reshape(spec.CROP_SIZE, spec.CROP_SIZE, 3)


def golden_seed() -> NDArray[np.float32]:
    """A generator input [14, 14, 128] with mean 0 and variance near 1, likewise."""
    i = np.arange(spec.FEATURE_SIZE**2 * spec.SEED_CHANNELS, dtype=np.int64)
    return ((((i * 7919) % 10007) / 10007 - 0.5) * 12**0.5).astype(np.float32).reshape(spec.FEATURE_SIZE, spec.FEATURE_SIZE, -1)


def golden(encoder: Encoder, generator: Generator, clean_tail: Tail, student: Tail) -> dict[str, object]:
    face = to_input(torch.from_numpy(golden_face())[None])
    seed = torch.from_numpy(golden_seed()).permute(2, 0, 1)[None]
    with torch.inference_mode():
        stem, clean = encoder(face)
        noise = generator(stem, seed)
        steps, scales = quantise(clean + noise)
        embedding = student(steps.float() * scales[:, :, None, None])
        descriptor = clean_tail(clean)

    def sample(features: Tensor) -> list[float]:
        return [round(value, 6) for value in features[0].permute(1, 2, 0).flatten()[::GOLDEN_STRIDE].tolist()]

    return {
        "stride": GOLDEN_STRIDE,
        "clean": sample(clean),
        "noise": sample(noise),
        "steps": [int(value) for value in sample(steps.float())],
        "scales": [round(value, 8) for value in scales[0].tolist()],
        "embedding": [round(value, 6) for value in embedding[0].tolist()],
        "descriptor": [round(value, 6) for value in descriptor[0].tolist()],
    }


def version_of(*entries: dict[str, object]) -> str:
    """Names networks that belong together, 16 hexadecimal digits."""
    return hashlib.sha256("".join(str(entry["sha256"]) for entry in entries).encode()).hexdigest()[:16]


def write_json(path: Path, value: object) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--release", required=True)
    options = parser.parse_args()
    use_one_core()
    encoder, generator, clean_tail, student = Encoder(), Generator(), Tail(), new_student()
    load_modules("encoder", {"encoder": encoder})
    load_modules("clean-tail", {"tail": clean_tail})
    load_modules("generator", {"generator": generator})
    load_modules("student", {"student": student})
    for network in (encoder, generator, clean_tail):
        round_to_half(network)
    BROWSER.mkdir(parents=True, exist_ok=True)
    CLOUD.mkdir(parents=True, exist_ok=True)
    networks = {
        "encoder": write_tfjs("encoder", browser_weights(encoder)),
        "generator": write_tfjs("generator", browser_weights(generator)),
        "tail": write_tfjs("tail", browser_weights(clean_tail)),
    }
    cloud = {"student": write_onnx("student", student), "cleanTail": write_onnx("clean-tail", clean_tail)}
    version = {"release": options.release, "model": version_of(networks["encoder"], networks["generator"], cloud["student"])}
    keyed = version_of(networks["encoder"], networks["tail"])
    write_json(BROWSER / "manifest.json", {**version, "keyedModel": keyed, "networks": networks})
    write_json(CLOUD / "manifest.json", {**version, **cloud, "keyed": {"model": keyed}})
    write_json(CLOUD / "golden.json", {**version, **golden(encoder, generator, clean_tail, student)})
    print(json.dumps(version))


if __name__ == "__main__":
    main()
