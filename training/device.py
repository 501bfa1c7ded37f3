"""Where networks run: on an accelerator if PyTorch finds one, else on a core."""

from __future__ import annotations

from pathlib import Path
from typing import ContextManager, Final, TypeVar

import torch
from torch import Tensor, nn

DEVICE: Final = torch.device("cuda" if torch.cuda.is_available() else "cpu")

CPU_FLAGS = Path("/proc/cpuinfo")
BFLOAT16_UNITS = {"amx_bf16", "avx512_bf16"}
HALF_PRECISION: Final = DEVICE.type == "cuda" or (CPU_FLAGS.exists() and not BFLOAT16_UNITS.isdisjoint(CPU_FLAGS.read_text().split()))

AT_ONCE: Final = 32 if DEVICE.type == "cpu" else 512  # pictures, where nothing is trained

Network = TypeVar("Network", bound=nn.Module)


def ready(network: Network) -> Network:
    """A network on the device, in the layout in which it is quick there."""
    return network.to(DEVICE, memory_format=torch.channels_last)


def prepared(faces: Tensor) -> Tensor:
    """Pictures or maps [batch, channels, height, width], likewise."""
    return faces.to(DEVICE).contiguous(memory_format=torch.channels_last)


def source(seed: int, device: torch.device = DEVICE) -> torch.Generator:
    """Random numbers for what runs there."""
    return torch.Generator(device).manual_seed(seed)


def half_precision(device: torch.device) -> ContextManager[object]:
    """In which networks train: in bfloat16 where there are units for it, which are twice to four times as quick; else exactly."""
    return torch.autocast(device.type, torch.bfloat16, enabled=HALF_PRECISION)


def exact(device: torch.device) -> ContextManager[object]:
    """What is not rounded to bfloat16 within `half_precision`."""
    return torch.autocast(device.type, enabled=False)
