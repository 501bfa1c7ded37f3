"""All rows of the attackers' table, one after another, and the table.

    python3 -m training.xnn.table [--encoder NAME --tail NAME]      about 40 minutes of a core with OpenBLAS; resumes where it was stopped
    python3 -m training.xnn.table --show                            prints the tables of the newest rows as Markdown, runs nothing

Rows that `attacks.jsonl` has of the same encoder's weights are not run again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from typing import Iterable, Mapping

from training.rows import read_rows
from training.xnn.attacks import ROWS
from training.xnn.defences import DEFENCES
from training.xnn.features import load_encoder, weights_of

KEYED = ("xnn", "xnn-hardened")
FLAGS = ("slots", "trained", "int8", "whitened")
Row = Mapping[str, object]

SCHEMES = ("none", "xnn-hardened", "xnn", "matrix", "permutation")
OTHERS = tuple(name for name in DEFENCES if name not in SCHEMES)

COMMANDS: tuple[tuple[str, ...], ...] = (
    *(("people", "--defence", defence) for defence in KEYED),
    *(
        command
        for defence in SCHEMES
        for command in (("utility", "--defence", defence, "--slots"), ("expected", "--defence", defence))
        if command[:3] != ("expected", "--defence", "none")  # without a key it is what the utility is
    ),
    *(("statistics", "--defence", *settings) for settings in (("xnn-hardened",), ("xnn-hardened", "--whitened"), ("xnn",))),
    *(
        ("gram", "--defence", defence, "--form", form, "--shape", shape)
        for shape in ("ours", "authors")
        for form in ("population", "gram", "by-place", "projector")
        for defence in KEYED[::-1]
    ),
    *(("plaintext", "--defence", defence, *rounded) for defence in KEYED for rounded in (("--int8",), ())),
    *(("utility", "--defence", defence, "--slots") for defence in OTHERS),
    ("expected", "--defence", "neuracrypt"),
    *(
        ("gram", "--defence", defence, "--form", form, "--shape", "ours", "--trained")
        for form in ("population", "gram")
        for defence in KEYED[::-1]
    ),
    *(("gram", "--defence", "xnn", "--form", form, "--shape", "authors", "--trained") for form in ("projector", "population", "gram")),
    *(("inversion", "--defence", defence) for defence in ("floor", "none", "xnn-hardened", "xnn", "instahide-2", "gaussian", "neuracrypt")),
)


def is_of(row: Row, command: tuple[str, ...], weights: str) -> bool:
    """Whether a row is what a command gives."""
    given = {"row": command[0], "weights": weights}
    words = iter(command[1:])
    flags = [word for word in command[1:] if word[2:] in FLAGS]
    for word in words:
        if word not in flags:
            given[word[2:]] = next(words)
    return all(row.get(key) == value for key, value in given.items()) and all(
        bool(row.get(flag)) == (f"--{flag}" in flags) for flag in FLAGS
    )


def newest(command: tuple[str, ...], weights: str) -> Row | None:
    return next((row for row in reversed(read_rows(ROWS)) if is_of(row, command, weights)), None)


def show(weights: str) -> Iterable[str]:
    """A line of the table each command that has a row: what was attacked, by what, the numbers."""
    yield "| row | defence | settings | result | chance | epochs | core min | date, commit |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    known = ("row", "defence", "encoder", "weights", "seed", "date", "commit", "core_minutes", "chance", "epochs")
    for command in COMMANDS:
        row = newest(command, weights)
        if row is None:
            continue
        chosen = [str(row[name]) for name in ("form", "shape") if name in row]
        chosen += [name for name in FLAGS if row.get(name)]
        result = {
            key: value
            for key, value in row.items()
            if key not in known and key not in ("form", "shape", *FLAGS, "known_images_to_errors")
        }
        told = ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in result.items())
        chance = row.get("chance", "")
        yield (
            f"| {row['row']} | {row['defence']} | {' '.join(chosen)} | {told} | {chance} | {row.get('epochs', '')} "
            f"| {row['core_minutes']} | {row['date']}, {row['commit']} |"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="encoder", help="checkpoint in training/runs, without .pt")
    parser.add_argument("--tail", default="clean-tail", help="the public recogniser's, likewise")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()
    weights = weights_of(load_encoder(options.encoder))
    failed = []
    if not options.show:
        for command in COMMANDS:
            if newest(command, weights) is None:
                extra = ("--tail", options.tail) if command[0] == "statistics" else ()
                words = [*command, "--encoder", options.encoder, *extra]
                if subprocess.run([sys.executable, "-m", "training.xnn.attacks", *words]).returncode != 0:
                    failed.append(" ".join(words))
    print("\n".join(show(weights)))
    if failed:
        sys.exit("no row of: " + "; ".join(failed))


if __name__ == "__main__":
    main()
