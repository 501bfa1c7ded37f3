"""The attackers' rows as a page: the newest of each kind from `training/attacks.jsonl` to `docs/attacks.md` and `docs/images/leakage.svg`.

    python3 -m training.table
"""

from __future__ import annotations

import json
from typing import Iterable, Mapping

from training.attack import ROWS
from training.data import ROOT

Row = Mapping[str, object]

PAGE = ROOT / "docs" / "attacks.md"
PLOT = ROOT / "docs" / "images" / "leakage.svg"

INTRODUCTION = """# Attackers

Made by `python3 -m training.table` from `training/attacks.jsonl`, every row by `python3 -m training.attack` with the settings that it names
(`--help`). All attackers read what the cloud reads, bytes of 4 bits included; know encoder and generator; may run them as often as they like;
and train on photos of other people than they are tested on. Rates are fractions. `networks` is a hash of the encoder and, where there is one,
the generator. Photos are aligned by landmarks. What follows from it is in the [model card](model-card.md).

![Utility against linkage](images/leakage.svg)
"""

KINDS = {
    "S": (
        "S, the cloud's own student: the defence's utility, and what the cloud can do in its own gallery",
        "Trained from the clean tail to the teacher's embedding, on all training photos, for the same short time under each defence; the released "
        "student was trained for longer. Both sides as sent: pairs of LFW View 2, and 50 held-out people (`val`: all pairs, and rank-1 with one "
        "gallery photo each).",
        ("lfw", "val_tar_1e-3", "val_tar_1e-4", "val_rank1"),
    ),
    "D": (
        "D, distilled linkage",
        "Learns dlib's public embedding from `pairs` of photo and message, from the clean tail's weights; with `messages` above 1 he averages that "
        "many of one photo (attacker A). Linked: pairs of LFW View 2, one photo as sent and the other plain, told apart by dlib's embedding of the "
        "plain one. Chance is 0.5; two plain photos give the column `plain photos linked`.",
        ("linked", "tar_1e-3", "plain_photos_linked"),
    ),
    "I": (
        "I, inversion",
        "A U-Net from what is sent to the photo, trained on all training photos to the least squared error. On LFW: likeness of what comes back "
        "(SSIM, PSNR in dB), and how often dlib's network tells by it whether another photo is of the person (pairs of View 2, chance 0.5). "
        "`nothing` is what he paints who sees only zeros: the mean face.",
        ("ssim", "psnr", "verified"),
    ),
    "R": (
        "R, a fresh tail on other people's photos (the authors' attack)",
        "Labels his own photos, runs them through the browser's half, and trains a tail with AM-softmax: from scratch, or `warm`, from the clean "
        "tail's weights. Tested on the held-out people and LFW's pairs.",
        ("val_rank1", "chance", "val_tar_1e-3", "lfw"),
    ),
}
DIALS = ("generator", "level", "messages", "bits", "pairs", "warm", "epochs", "seed")
NUMERIC = ("pairs", "messages", "level")


def newest(rows: Iterable[Row]) -> list[Row]:
    """Of rows with the same settings, the last."""
    kept = {tuple(str(row.get(key)) for key in ("attacker", "defence", *DIALS)): row for row in rows}
    return sorted(kept.values(), key=lambda row: (*(number(row.get(key)) for key in NUMERIC), bool(row["warm"]), str(row["defence"])))


def number(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0


def table(rows: list[Row], metrics: tuple[str, ...]) -> str:
    dials = [dial for dial in DIALS if len({str(row.get(dial)) for row in rows}) > 1]
    columns = ["defence", *dials, *metrics, "core_minutes", "networks", "date", "commit"]
    lines = ["| " + " | ".join(column.replace("_", " ") for column in columns) + " |", "|" + " --- |" * len(columns)]
    lines += ["| " + " | ".join(cell(row.get(column)) for column in columns) + " |" for row in rows]
    return "\n".join(lines)


def cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def plot(rows: list[Row]) -> str:
    """Utility (S, LFW) against linkage (D, 1,024 pairs, one message): a point a defence that has both rows."""
    utility = {name(row): number(row["lfw"]) for row in rows if row["attacker"] == "S"}
    leakage = {name(row): number(row["linked"]) for row in rows if row["attacker"] == "D" and (row["pairs"], row["messages"]) == (1024, 1)}
    points = [(key, leakage[key], utility[key]) for key in utility if key in leakage]
    width, height, left, bottom = 640, 320, 64, 44
    low = min((y for _, _, y in points), default=0.9) - 0.01

    def place(x: float, y: float) -> tuple[float, float]:
        return left + (x - 0.5) / 0.5 * (width - left - 20), (height - bottom) - (y - low) / (1 - low) * (height - bottom - 16)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" font-size="13" fill="#777">',
        f'<path d="M{left} 12V{height - bottom}H{width - 20}" fill="none" stroke="#777"/>',
        f'<text x="{left}" y="{height - 22}">50 %</text><text x="{width - 20}" y="{height - 22}" text-anchor="end">100 %</text>',
        f'<text x="{(left + width) / 2}" y="{height - 6}" text-anchor="middle">leakage: pairs linked by D after 1,024 pairs</text>',
        f'<text x="{left - 6}" y="{height - bottom}" text-anchor="end">{low:.0%}</text><text x="{left - 6}" y="24" text-anchor="end">100 %</text>',
        f'<text x="16" y="{height / 2}" transform="rotate(-90 16 {height / 2})" text-anchor="middle">utility: student S, LFW View 2</text>',
    ]
    for line, (key, x, y) in enumerate(sorted(points, key=lambda point: -point[2])):
        across, down = place(x, y)
        label = height / 2 - 40 + 20 * line
        parts.append(f'<circle cx="{across:.0f}" cy="{down:.0f}" r="4" fill="#3a6ea5"/>')
        parts.append(f'<path d="M{across:.0f} {down:.0f}L{left + 250} {label - 4:.0f}" stroke="#3a6ea5" stroke-opacity=".4"/>')
        parts.append(f'<text x="{left + 246}" y="{label:.0f}" text-anchor="end" fill="#3a6ea5">{key}: S {y:.1%}, D {x:.1%}</text>')
    return "\n".join([*parts, "</svg>", ""])


def name(row: Row) -> str:
    dial = {"xnn-d": "generator", "gaussian": "level"}.get(str(row["defence"]))
    value = None if dial is None else row.get(dial)
    return str(row["defence"]) if value in (None, "generator") else f"{row['defence']} {value}"


def main() -> None:
    rows = newest(json.loads(line) for line in ROWS.read_text().splitlines())
    sections = [INTRODUCTION]
    for kind, (title, knowledge, metrics) in KINDS.items():
        own = [row for row in rows if row["attacker"] == kind]
        if own:
            sections.append(f"## {title}\n\n{knowledge}\n\n{table(own, metrics)}\n")
    PAGE.write_text("\n".join(sections))
    PLOT.write_text(plot(rows))


if __name__ == "__main__":
    main()
