"""Rows of the attackers' tables: what was run, of which code, and what came of it."""

from __future__ import annotations

import json
import subprocess
import time
from functools import cache
from pathlib import Path
from typing import Any, Mapping

import torch

from training.data import ROOT


@cache
def commit() -> str:
    """Of the code that runs, as it was when first asked, with "-dirty" where files differ from it that are no rows."""
    described = subprocess.run(["git", "describe", "--always"], cwd=ROOT, capture_output=True, text=True, check=True)
    changed = subprocess.run(["git", "diff", "--quiet", "HEAD", "--", ".", ":(exclude)*.jsonl"], cwd=ROOT).returncode != 0
    return described.stdout.strip() + ("-dirty" if changed else "")


def read_rows(path: Path) -> list[dict[str, Any]]:
    """A file's rows, the oldest first; none if there is no file."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def record(path: Path, settings: Mapping[str, object], begun: float, result: Mapping[str, object]) -> None:
    """Prints a row as JSON and appends it to a file. `begun` is `time.process_time()` of the start."""
    row = {
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit(),
        **settings,
        "core_minutes": round((time.process_time() - begun) / 60, 1),
        **({"device": torch.cuda.get_device_name()} if torch.cuda.is_available() else {}),
        **{key: round(value, 4) if isinstance(value, float) else value for key, value in result.items()},
    }
    print(json.dumps(row))
    with open(path, "a") as rows:
        rows.write(json.dumps(row) + "\n")
