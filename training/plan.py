"""Every attacker against every defence, one command after another; what has a row already is not run again.

    python3 -m training.plan [--quick] [--again] [--list] [--at-once 12]      `npm run report` calls this and makes the report of the rows

What they need is made first, from data and release. A command that is killed goes on from its checkpoint when it is started again. Minutes are of one core of a 2.x GHz Xeon.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, Sequence

from training import attack, data, export_attackers, released
from training.baselines import MIXTURES, PICTURES
from training.data import ROOT
from training.loop import RUNS

NOISE = ("clean", "gaussian", "xnn-d")
OTHERS = ("paper", *MIXTURES, *PICTURES)  # the authors' generator draws nothing
AVERAGED = ("4", "16", "64")  # messages of one photo
OTHER_LEVELS = ("1", "1.41", "4")
BITS = ("8", "6", "3", "2")
UNHELPFUL = "generator-no-utility"
DEEPER = ("3", "6")
MADE_FIRST = {  # checkpoints of what is not released: how they are made
    "paper": ("training.paper", "--epochs", "4", "--batch", "128"),
    "paper-bare": ("training.paper", "--epochs", "4", "--batch", "128", "--bare"),
    "minusface": ("training.minusface",),
    UNHELPFUL: ("training.generator", "--epochs", "6", "--batch", "256", "--utility", "0", "--name", UNHELPFUL),
}


class Run(NamedTuple):
    words: tuple[str, ...]  # of training.attack
    minutes: float


def linkage(defence: str, *more: str, slower: float = 1) -> Run:
    return Run(("D", "--defence", defence, "--pairs", "256", "--epochs", "80", "--rate", "5e-4", *more), 8 * slower)


def painter(defence: str, *more: str, slower: float = 1) -> Run:
    return Run(("I", "--defence", defence, "--epochs", "0.3", *more), 4 * slower)


def ceiling(defence: str, *more: str) -> Run:
    return Run(("S", "--defence", defence, "--epochs", "0.5", "--rate", "3e-4", *more), 7)


def long_linkage(defence: str, slower: float = 1) -> Run:
    return Run(("D", "--defence", defence, "--pairs", "1024", "--epochs", "40", "--rate", "5e-4"), 12 * slower)


def linkage_of_many(defence: str, *more: str, photos: str = "20480") -> Run:
    """The more photos, the fewer looks at each."""
    epochs, minutes = {"4096": ("20", 30), "20480": ("10", 70)}[photos]
    return Run(("D", "--defence", defence, "--pairs", photos, "--epochs", epochs, "--batch", "128", "--rate", "1e-3", *more), minutes)


def long_painter(defence: str, *more: str, slower: float = 1) -> Run:
    return Run(("I", "--defence", defence, "--epochs", "5", "--batch", "128", *more), 45 * slower)


def long_ceiling(defence: str, *more: str, slower: float = 1) -> Run:
    return Run(("S", "--defence", defence, "--epochs", "5", "--batch", "128", *more), 50 * slower)


def recogniser(defence: str, *more: str, slower: float = 1) -> Run:
    return Run(("R", "--defence", defence, "--epochs", "3", "--batch", "128", "--rate", "3e-4", "--warm", *more), 15 * slower)


def attacks(quick: bool) -> list[Run]:
    """The runs of training.attack: those of minutes on a core, then those to convergence, the most telling first."""
    short = [
        *(run(defence) for run in (linkage, painter, ceiling) for defence in NOISE),
        *(Run(("D", "--defence", defence, "--pairs", "256", "--epochs", "20", "--rate", "5e-4"), 4) for defence in NOISE),
        *(Run(("D", "--defence", defence, "--pairs", "1024", "--epochs", "10", "--rate", "5e-4"), 5) for defence in NOISE),
        *(Run(export_attackers.painter_words(defence), 10) for defence in export_attackers.DEFENCES),
        Run(export_attackers.LINKER_WORDS, 5),
        Run(("I", "--defence", "nothing", "--epochs", "0.1"), 4),
    ]
    if quick:
        return short
    return [
        *short,
        # The dials, with the short trainings that clean features and both noises have had as well.
        *(run(defence, "--level", level) for run in (linkage, painter) for level in OTHER_LEVELS for defence in ("gaussian", "xnn-d")),
        *(run("xnn-d", "--generator", UNHELPFUL) for run in (linkage, painter, ceiling)),
        *(run(defence) for defence in (*OTHERS, "paper-bare") for run in (linkage, painter, ceiling)),
        *(run(defence, "--deeper", blocks) for blocks in DEEPER for defence in ("clean", "gaussian") for run in (linkage, painter, ceiling)),
        *(run(defence, "--seed", seed) for seed in ("2", "3") for run in (linkage, painter, ceiling) for defence in NOISE),
        *(run("xnn-d", "--messages", messages, slower=1 + int(messages) / 8) for messages in AVERAGED for run in (linkage, painter)),
        *(linkage(defence, "--photos", "held-out") for defence in NOISE),
        *(Run(("R", "--defence", defence, "--epochs", "0", "--warm"), 4) for defence in NOISE),  # the clean tail, as everybody may have it
        *(Run(("R", "--defence", "xnn-d", "--epochs", "0", "--warm", "--messages", messages), 4 + int(messages) / 4) for messages in AVERAGED),
        *(ceiling(defence, "--level", level) for level in OTHER_LEVELS for defence in ("gaussian", "xnn-d")),
        *(run("xnn-d", "--bits", bits) for bits in BITS for run in (linkage, ceiling)),
        *(run(defence, "--positions", "7") for run in (linkage, painter, ceiling) for defence in NOISE),
        *(recogniser(defence) for defence in NOISE),
        *(run(defence) for run in (long_linkage, long_painter, long_ceiling) for defence in NOISE),
        *(linkage_of_many(defence, photos=photos) for photos in ("4096", "20480") for defence in NOISE),
        *(  # an encoder more to train where pictures are sent
            run(defence, slower=2 if defence in PICTURES else 1)
            for run in (long_linkage, long_painter, long_ceiling, recogniser)
            for defence in OTHERS
        ),
        # The headline's.
        *(run(defence, "--seed", seed) for seed in ("2", "3") for run in (recogniser, long_painter, long_ceiling, linkage_of_many) for defence in NOISE),
        *(recogniser(defence, "--level", level) for level in OTHER_LEVELS for defence in ("gaussian", "xnn-d")),
        *(Run(("R", "--defence", defence, "--epochs", "8", "--batch", "128"), 36) for defence in NOISE),  # from scratch, as the authors have it
    ]


def first_of(run: Run) -> str | None:
    """What is made before it, if it has not been."""
    options = attack.parsed(run.words)
    name = options.defence if options.defence in attack.OTHERS_LEARNT else options.generator
    return name if name in MADE_FIRST and not (RUNS / f"{name}.pt").exists() else None


def is_left(run: Run) -> bool:
    """Whether it has no row yet. What is not made yet has none."""
    return first_of(run) is not None or not attack.rows_of(attack.parsed(run.words))


def run_all(commands: Sequence[Sequence[str]], at_once: int) -> list[str]:
    """Runs modules with their arguments, so many beside one another; returns those that failed."""

    def failed(words: Sequence[str]) -> bool:
        print(f"{time.strftime('%H:%M')}: python3 -m {' '.join(words)}", flush=True)
        return subprocess.run([sys.executable, "-m", *words], cwd=ROOT).returncode != 0

    with ThreadPoolExecutor(at_once) as pool:
        return [" ".join(words) for words, bad in zip(commands, pool.map(failed, commands)) if bad]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="D and I, which say most, once and shortly")
    parser.add_argument("--list", action="store_true", help="say what would be run, and run nothing")
    parser.add_argument("--at-once", type=int, default=1, help="runs beside one another; an accelerator has room for a dozen")
    parser.add_argument("--again", action="store_true", help="whatever rows other commits have: is what is published found again?")
    options = parser.parse_args()
    released.main()
    if not options.list:
        data.main()
    runs = [Run((*words, "--again"), minutes) if options.again else Run(words, minutes) for words, minutes in attacks(options.quick)]
    left = [run for run in runs if is_left(run)]
    minutes = sum(run.minutes for run in left)
    print(f"{len(runs) - len(left)} of {len(runs)} runs of training.attack have their rows; about {minutes:.0f} core minutes left", flush=True)
    first = [MADE_FIRST[name] for name in MADE_FIRST if any(first_of(run) == name for run in left)]
    others = [] if options.again else [("training.thief",), ("training.keyed",)] + ([] if options.quick else [("training.solver",), ("training.xnn.table",)])
    attackers = [("training.attack", *run.words) for run in left]
    if options.list:
        for words in (*first, *attackers, *others):
            print(f"to run: python3 -m {' '.join(words)}")
        return
    failed = run_all(first, options.at_once)
    if attackers:
        attack.judge_all([attack.parsed(run.words) for run in left])
    failed += run_all([*attackers, *others], options.at_once)
    if failed:
        sys.exit("no row of: " + "; ".join(failed))


if __name__ == "__main__":
    main()
