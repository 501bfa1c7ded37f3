"""Every attacker against every defence, one command after another; what has a row already is not run again.

    python3 -m training.plan [--quick] [--list]      `npm run report` calls this and makes the report of the rows

What they need is made first, from data and release. A command that is killed goes on from its checkpoint when it is started again. Minutes are of one core of a 2.x GHz Xeon.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from typing import NamedTuple

from training import attack, data, export_attackers, released
from training.baselines import MIXTURES, PICTURES
from training.data import ROOT
from training.loop import RUNS

NOISE = ("clean", "gaussian", "xnn-d")
OTHERS = ("paper", *MIXTURES, *PICTURES)


class Run(NamedTuple):
    words: tuple[str, ...]  # of training.attack
    minutes: float


def attacks(quick: bool) -> list[Run]:
    """The runs of training.attack, the most telling first."""
    settled = ("--epochs", "10", "--rate", "5e-4")

    def linkage(defence: str, slower: float = 1) -> Run:
        return Run(("D", "--defence", defence, "--pairs", "1024", *settled), 2.5 * slower)

    def painter(defence: str, slower: float = 1) -> Run:
        return Run(("I", "--defence", defence, "--epochs", "0.3"), 2 * slower)

    def ceiling(defence: str, slower: float = 1) -> Run:
        return Run(("S", "--defence", defence, "--epochs", "0.5", "--rate", "3e-4"), 4 * slower)

    def recogniser(defence: str, slower: float = 1) -> Run:
        return Run(("R", "--defence", defence, "--epochs", "1", "--warm"), 4.5 * slower)

    short = [
        *(Run(("D", "--defence", defence, "--pairs", "256", "--epochs", "20", "--rate", "5e-4"), 1.5) for defence in NOISE),
        *map(linkage, NOISE),
        *map(painter, NOISE),
        *(Run(export_attackers.painter_words(defence), 6) for defence in export_attackers.DEFENCES),
        Run(export_attackers.LINKER_WORDS, 2.5),
        Run(("I", "--defence", "nothing", "--epochs", "0.05"), 2),
    ]
    if quick:
        return short
    return [
        *short,
        *map(ceiling, NOISE),
        *map(recogniser, NOISE),
        *(  # four times the pairs, twice the steps: as from 256 to 1,024
            Run(("D", "--defence", defence, "--pairs", str(pairs), "--epochs", epochs, "--rate", "5e-4"), minutes)
            for pairs, epochs, minutes in ((4096, "5", 4), (20_480, "2", 8))
            for defence in NOISE
        ),
        *(
            run(defence, 2 if defence in PICTURES else 1)  # an encoder more to train
            for run in (linkage, ceiling, painter, recogniser)
            for defence in OTHERS
        ),
        *(
            Run((*run.words, "--seed", str(seed)), run.minutes)
            for seed in (2, 3)
            for run in (*map(linkage, NOISE), *map(recogniser, NOISE), *map(painter, NOISE))
        ),
        *(
            Run((*run.words, "--level", level), run.minutes)
            for level in ("2", "4")
            for defence in ("gaussian", "xnn-d")
            for run in (linkage(defence), ceiling(defence))
        ),
        *(Run(("R", "--defence", defence, "--epochs", "1"), 4.5) for defence in NOISE),
        *(Run(("D", "--defence", "xnn-d", "--pairs", "1024", *settled, "--messages", str(count)), 2 + count / 6) for count in (4, 16, 64)),
        *(Run(("I", "--defence", defence, "--epochs", "1.5"), 8) for defence in NOISE),
    ]


def is_left(run: Run) -> bool:
    """Whether it has no row yet. Of the authors' generator there is none before it is trained."""
    options = attack.parsed(run.words)
    return (options.defence == "paper" and not (RUNS / "paper.pt").exists()) or not attack.rows_of(options)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="D and I, which say most, once and shortly")
    parser.add_argument("--list", action="store_true", help="say what would be run, and run nothing")
    options = parser.parse_args()
    released.main()
    if not options.list:
        data.main()
    runs = attacks(options.quick)
    left = [run for run in runs if is_left(run)]
    minutes = sum(run.minutes for run in left)
    print(f"{len(runs) - len(left)} of {len(runs)} runs of training.attack have their rows; about {minutes:.0f} core minutes left", flush=True)
    first = [["training.paper"]] if any("paper" in run.words for run in left) else []
    others = [["training.keyed"]] + ([] if options.quick else [["training.xnn.table"]])
    failed = []
    for words in [*first, *(["training.attack", *run.words] for run in left), *others]:
        print(f"{'to run' if options.list else time.strftime('%H:%M')}: python3 -m {' '.join(words)}", flush=True)
        if not options.list and subprocess.run([sys.executable, "-m", *words], cwd=ROOT).returncode != 0:
            failed.append(" ".join(words))
    if failed:
        sys.exit("no row of: " + "; ".join(failed))


if __name__ == "__main__":
    main()
