"""Reads what the owner's `xnn protect` wrote: a folder of manifest.json and shards. `src/wire/bundle.ts` describes every field.

A bundle comes from outside: all of it is checked, hashes included, before anything is trained. Memory grows by 200 bytes a record.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from training import spec
from training.xnn.obfuscation import SCHEMES, TOKEN_CHANNELS, TOKEN_COUNT, Tokens, dequantise

SHARD_RECORDS: Final = 512
RECORD_STEPS: Final = TOKEN_COUNT * TOKEN_CHANNELS  # bytes of a record's steps
TYPES: Final = {"F32": np.dtype("<f4"), "I32": np.dtype("<i4"), "I8": np.dtype("i1")}
MOST_HEADER_BYTES: Final = 100_000_000


class BundleError(Exception):
    """`code` is one of TypeScript's: bundle_invalid, bundle_truncated, bundle_corrupt or too_few_identities."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code


@dataclass(frozen=True)
class Bundle:
    """All records of a checked bundle; their steps stay on disk."""

    encoder: str
    scheme: str
    key: str  # fingerprint
    labels: NDArray[np.int64]  # [n]
    scales: NDArray[np.float32]  # [n, 49]
    places: Sequence[tuple[Path, int]]  # file and first byte of each record's steps

    def __len__(self) -> int:
        return len(self.labels)

    def tokens(self, rows: NDArray[np.int64]) -> Tokens:
        """X~ of some records, [batch, 49, 512]."""
        steps = np.empty((len(rows), TOKEN_COUNT, TOKEN_CHANNELS), np.int8)
        for i, row in enumerate(rows):
            path, offset = self.places[row]
            with open(path, "rb") as file:  # no file stays open: a large bundle has more shards than a process may have files
                file.seek(offset)
                steps[i] = np.frombuffer(file.read(RECORD_STEPS), np.int8).reshape(TOKEN_COUNT, TOKEN_CHANNELS)
        return dequantise(steps, self.scales[rows])


def read_bundle(folder: Path) -> Bundle:
    """Raises BundleError if there is anything that no owner's program writes."""
    manifest = _manifest(folder)
    labels, scales, places = [], [], []
    for entry in manifest["shards"]:
        path = folder / entry["file"]
        tensors, offsets = _shard(path, entry, manifest["classes"])
        labels.append(tensors["labels"].astype(np.int64))
        scales.append(tensors["scales"].copy())
        places += [(path, offsets["steps"] + i * RECORD_STEPS) for i in range(entry["records"])]
    every = np.concatenate(labels)
    if len(np.unique(every)) < 2:
        raise BundleError("too_few_identities", "all records are of one class")
    return Bundle(manifest["encoder"], manifest["scheme"], manifest["key"], every, np.concatenate(scales), places)


def _manifest(folder: Path) -> Mapping:
    try:
        value = json.loads((folder / "manifest.json").read_text("utf-8"))
    except FileNotFoundError:
        raise BundleError("bundle_truncated", "manifest.json is missing") from None
    except (OSError, ValueError, RecursionError):
        raise BundleError("bundle_invalid", "manifest.json: not JSON") from None
    wrong = _wrong(value, {
        "format": lambda it: it == "xnn-bundle",
        "version": lambda it: _count(it) and it == 1,
        "encoder": lambda it: _digits(it, 16),
        "scheme": lambda it: isinstance(it, str) and it in SCHEMES,
        "key": lambda it: _digits(it, 32),
        "tokens": lambda it: _count(it) and it == TOKEN_COUNT,
        "channels": lambda it: _count(it) and it == TOKEN_CHANNELS,
        "classes": lambda it: _count(it) and it >= 2,
        "records": lambda it: _count(it) and it >= 1,
        "shards": lambda it: isinstance(it, list) and len(it) > 0,
    })
    if wrong is None:
        wrong = next((f"shards: {reason}" for reason in map(_wrong_entry, value["shards"]) if reason), None)
    if wrong is None and value["records"] != sum(entry["records"] for entry in value["shards"]):
        wrong = "the shards hold another number of records"
    if wrong is None and len({entry["file"] for entry in value["shards"]}) != len(value["shards"]):
        wrong = "a shard is named twice"
    if wrong is not None:
        raise BundleError("bundle_invalid", f"manifest.json: {wrong}")
    return value


def _wrong_entry(entry: object) -> str | None:
    return _wrong(entry, {
        "file": lambda it: isinstance(it, str) and re.fullmatch(r"[0-9]{5,9}\.safetensors", it) is not None,
        "records": lambda it: _count(it) and 1 <= it <= SHARD_RECORDS,
        "bytes": lambda it: _count(it) and it >= 1,
        "sha256": lambda it: _digits(it, 64),
    })


def _wrong(value: object, rules: Mapping) -> str | None:
    """What is wrong with an object that must have these fields and no others."""
    if not isinstance(value, dict):
        return "not an object"
    if value.keys() != rules.keys():
        return f"fields {sorted(value.keys() ^ rules.keys())} are missing or not known"
    return next((f"{name} is {str(value[name])[:80]!r}" for name, fits in rules.items() if not fits(value[name])), None)


def _count(value: object) -> bool:
    return type(value) is int and value >= 0


def _digits(value: object, count: int) -> bool:
    return isinstance(value, str) and re.fullmatch(f"[0-9a-f]{{{count}}}", value) is not None


def _shard(path: Path, entry: Mapping, classes: int) -> tuple[Mapping[str, NDArray], Mapping[str, int]]:
    """Tensors of a shard and where in the file each begins."""
    name, records = path.name, entry["records"]
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise BundleError("bundle_truncated", f"{name} is missing") from None
    if len(data) < entry["bytes"]:
        raise BundleError("bundle_truncated", f"{name} has {len(data)} of {entry['bytes']} bytes")
    if len(data) != entry["bytes"] or hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise BundleError("bundle_corrupt", f"{name} is not what the manifest names")
    try:
        tensors, offsets = decode_tensors(data)
    except BundleError as error:
        raise BundleError(error.code, f"{name}: {str(error).partition(': ')[2]}") from None
    shapes = {
        "scales": (np.dtype("<f4"), (records, TOKEN_COUNT)),
        "labels": (np.dtype("<i4"), (records,)),
        "steps": (np.dtype("i1"), (records, TOKEN_COUNT, TOKEN_CHANNELS)),
    }
    if {key: (value.dtype, value.shape) for key, value in tensors.items()} != shapes:
        raise BundleError("bundle_invalid", f"{name}: other tensors, types or shapes than a shard's")
    labels, scales = tensors["labels"], tensors["scales"]
    reasons = (
        ((tensors["steps"] == -spec.INT8_MAX - 1).any(), "a step is -128"),
        (not ((labels >= 0) & (labels < classes)).all(), f"a label is none of {classes} classes"),
        (not ((scales > 0) & (scales < np.inf)).all(), "a scale is not positive and finite"),
    )
    for wrong, reason in reasons:
        if wrong:
            raise BundleError("bundle_invalid", f"{name}: {reason}")
    return tensors, offsets


def decode_tensors(data: bytes) -> tuple[dict[str, NDArray], dict[str, int]]:
    """A safetensors file: its tensors, which share memory with `data`, and the first byte of each. Types as in `TYPES`."""
    if len(data) < 8:
        raise BundleError("bundle_truncated", f"{len(data)} bytes")
    size = int.from_bytes(data[:8], "little")
    if size > MOST_HEADER_BYTES:
        raise BundleError("bundle_invalid", f"a header of {size} bytes")
    start = 8 + size
    if len(data) < start:
        raise BundleError("bundle_truncated", f"{len(data)} bytes, the header alone has {start}")
    tensors: dict[str, NDArray] = {}
    offsets: dict[str, int] = {}
    covered = start
    for name, dtype, shape, begin, end in _header(data[8:start]):
        if start + begin != covered:
            raise BundleError("bundle_invalid", f"{name} begins at {begin}, not at {covered - start}")
        count = 1
        for length in shape:
            count *= length
        if end - begin != count * dtype.itemsize:
            raise BundleError("bundle_invalid", f"{name}: {end - begin} bytes for {dtype} {shape}")
        if start + end > len(data):
            raise BundleError("bundle_truncated", f"{len(data) - start} bytes of data, {name} ends at {end}")
        try:
            tensors[name] = np.frombuffer(data, dtype, count, covered).reshape(shape)
        except (ValueError, OverflowError):  # nothing, times a length beyond any array
            raise BundleError("bundle_invalid", f"{name}: no array has the shape {shape}") from None
        offsets[name] = covered
        covered = start + end
    if covered != len(data):
        raise BundleError("bundle_invalid", f"{len(data) - covered} bytes are left over")
    return tensors, offsets


def _header(text: bytes) -> list[tuple[str, np.dtype, list[int], int, int]]:
    """Entries in the order of their data."""
    try:
        header = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise BundleError("bundle_invalid", "the header is not JSON") from None
    if not isinstance(header, dict) or not text.startswith(b"{"):
        raise BundleError("bundle_invalid", "the header is not an object")
    entries = []
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        wrong = _wrong(entry, {
            "dtype": lambda it: isinstance(it, str) and it in TYPES,
            "shape": lambda it: isinstance(it, list) and all(map(_count, it)),
            "data_offsets": lambda it: isinstance(it, list) and len(it) == 2 and all(map(_count, it)),
        })
        if wrong is not None:
            raise BundleError("bundle_invalid", f"{name}: {wrong}")
        entries.append((name, TYPES[entry["dtype"]], entry["shape"], *entry["data_offsets"]))
    return sorted(entries, key=lambda entry: entry[3:])
