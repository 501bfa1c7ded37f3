"""Utility of the stages so far, on LFW aligned by landmarks and on held-out identities as the browser cuts them.

For choosing; released numbers come from `npm run eval`.

    python3 -m training.evaluate encoder      the encoder's own tail on clean z
    python3 -m training.evaluate clean-tail   T on clean z
    python3 -m training.evaluate generator    the generator's own student on z~
    python3 -m training.evaluate student      S on z~, quantised as in a message [--draws 5: means over draws of the noise]
"""

from __future__ import annotations

import argparse
import json
from typing import Any, Callable, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training import spec
from training.data import load_chips, load_lfw, to_input
from training.device import AT_ONCE, prepared, ready, source
from training.loop import load_modules, use_one_core
from training.networks import Encoder, Generator, Tail, new_student, random_seed, through_message

Embeddings = NDArray[np.float32]
Pairs = list[tuple[int, int, bool]]


def pair_scores(embeddings: Embeddings, pairs: Pairs) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    first, second, same = (np.array(column) for column in zip(*pairs))
    return (embeddings[first] * embeddings[second]).sum(1), same.astype(bool)


def best_threshold(scores: NDArray, same: NDArray) -> float:
    order = np.argsort(-scores)
    right = np.cumsum(np.where(same[order], 1, -1))
    return float(scores[order][int(right.argmax())])


def ten_fold_accuracy(scores: NDArray, same: NDArray) -> tuple[float, float]:
    """LFW View 2: each fold judged at the threshold that is best on the other nine. Mean and standard deviation."""
    folds = np.arange(len(scores)) * 10 // len(scores)
    accuracies = []
    for fold in range(10):
        threshold = best_threshold(scores[folds != fold], same[folds != fold])
        accuracies.append(float(((scores >= threshold) == same)[folds == fold].mean()))
    return float(np.mean(accuracies)), float(np.std(accuracies))


def tar_at_far(genuine: NDArray, impostor: NDArray, far: float) -> float:
    """Share of genuine scores above the threshold that at most `far` of the impostor scores exceed."""
    allowed = int(far * len(impostor))
    threshold = np.partition(impostor, len(impostor) - allowed - 1)[len(impostor) - allowed - 1]
    return float((genuine > threshold).mean())


def utility(embed: Callable[[Tensor], Tensor]) -> dict[str, float]:
    """`embed` takes uint8 faces [batch, 112, 112, 3] to unit embeddings [batch, 128]."""
    lfw, chips = load_lfw(), load_chips()
    faces = embed_all(embed, lfw.images)
    view1, view1_same = pair_scores(faces, lfw.view1)
    view2, view2_same = pair_scores(faces, lfw.view2)
    accuracy, deviation = ten_fold_accuracy(view2, view2_same)

    rows = chips.rows("val")
    held_out, identities = embed_all(embed, chips.crops(rows)), chips.identities[rows]
    threshold = best_threshold(view1, view1_same)
    return {
        "lfw": round(accuracy, 4),
        "lfw_std": round(deviation, 4),
        "lfw_tar_1e-3": round(tar_at_far(view2[view2_same], view2[~view2_same], 1e-3), 4),
        "view1": round(float(((view1 >= threshold) == view1_same).mean()), 4),
        **held_out_rates(held_out, identities),
        "val_by_source": {
            str(source): held_out_rates(held_out[chips.sources[rows] == source], identities[chips.sources[rows] == source])
            for source in np.unique(chips.sources[rows])
        },
    }


def mean(results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Of figures that have the same names, and of those within them."""
    return {
        key: mean([one[key] for one in results]) if isinstance(value, Mapping) else round(float(np.mean([one[key] for one in results])), 4)
        for key, value in results[0].items()
    }


def held_out_rates(embeddings: Embeddings, identities: NDArray[np.int64]) -> dict[str, float]:
    """TAR over all pairs of the held-out people's faces, and closed-set rank-1."""
    upper = np.triu_indices(len(embeddings), 1)
    similarities, same = (embeddings @ embeddings.T)[upper], (identities[:, None] == identities)[upper]
    rates = {f"val_tar_{name}": tar_at_far(similarities[same], similarities[~same], far) for name, far in (("1e-3", 1e-3), ("1e-4", 1e-4))}
    return {key: round(value, 4) for key, value in {**rates, "val_rank1": rank_one(embeddings, identities)}.items()}


def rank_one(embeddings: Embeddings, identities: NDArray[np.int64]) -> float:
    """Closed-set rank-1: the first face of each person is the gallery, the others are probes."""
    people, gallery = np.unique(identities, return_index=True)
    probes = np.setdiff1d(np.arange(len(identities)), gallery)
    nearest = (embeddings[probes] @ embeddings[gallery].T).argmax(axis=1)
    return float((people[nearest] == identities[probes]).mean())


def unlinkability(mated: NDArray, others: NDArray, bins: int = 50) -> float:
    """D_sys (Gomez-Barrero et al. 2018) from scores, by histograms over both."""
    edges = np.linspace(min(mated.min(), others.min()), max(mated.max(), others.max()), bins + 1)
    p, q = (np.histogram(scores, edges)[0] / len(scores) for scores in (mated, others))
    ratio = np.divide(p, q, out=np.full(bins, np.inf), where=q > 0)
    local = np.where(np.isinf(ratio), 1.0, 2 * ratio / (1 + np.where(np.isinf(ratio), 0, ratio)) - 1)
    return float((np.maximum(0, local) * p).sum())


def linkability(mated: NDArray, others: NDArray) -> dict[str, float]:
    """D_sys, and what histograms of half as many scores give for two sets of strangers."""
    half = len(others) // 2
    return {"d_sys": unlinkability(mated, others), "d_sys_of_strangers_against_strangers": unlinkability(others[:half], others[half:])}


def mated_and_strangers(people: NDArray[np.int64], random: np.random.Generator, count: int = 30_000) -> tuple[NDArray[np.int64], ...]:
    """Random rows of photos; another photo of the same person for each; and one of somebody else."""
    rows = np.argsort(people, kind="stable")
    _, starts, sizes = np.unique(people[rows], return_index=True, return_counts=True)
    group = np.repeat(np.arange(len(sizes)), sizes)
    at = random.choice(np.flatnonzero(sizes[group] > 1), count)
    begin, size = starts[group[at]], sizes[group[at]]
    mates = rows[begin + (at - begin + random.integers(1, size)) % size]
    strangers = random.integers(len(people), size=count)
    while (same := people[strangers] == people[rows[at]]).any():
        strangers[same] = random.integers(len(people), size=int(same.sum()))
    return rows[at], mates, strangers


def embed_all(embed: Callable[[Tensor], Tensor], images: NDArray[np.uint8]) -> Embeddings:
    """Whatever `embed` makes of faces [n, 112, 112, 3], or of other rows, a batch at a time."""
    parts = []
    with torch.inference_mode():
        for start in range(0, len(images), AT_ONCE):
            parts.append(embed(torch.from_numpy(np.array(images[start : start + AT_ONCE]))).cpu().numpy())
    return np.concatenate(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stage", choices=("encoder", "clean-tail", "generator", "student"))
    parser.add_argument("--level", type=float, default=spec.NOISE_LEVEL, help="amplitude of noise, 1 that of the features")
    parser.add_argument("--bits", type=int, default=spec.STEP_BITS, help="a value of a message under noise")
    parser.add_argument("--draws", type=int, default=1, help="of the noise, over which every figure is meant; the folds' deviation of View 2 too")
    parser.add_argument("--student", default="student", help="checkpoint of S in training/runs, without .pt")
    options = parser.parse_args()
    use_one_core()
    noisy = options.stage in ("generator", "student")
    encoder, generator, tail = Encoder(), Generator(), new_student() if noisy else Tail()
    load_modules("encoder", {"encoder": encoder} | ({"tail": tail} if options.stage == "encoder" else {}))
    if noisy:
        load_modules("generator", {"generator": generator} | ({"student": tail} if options.stage == "generator" else {}))
        generator.level.fill_(options.level)
    if options.stage == "clean-tail":
        load_modules("clean-tail", {"tail": tail})
    if options.stage == "student":
        load_modules(options.student, {"student": tail})
    for network in (encoder, generator, tail):
        ready(network)
    random = source(7)
    power: list[float] = []

    def embed(images: Tensor) -> Tensor:
        stem, features = encoder(prepared(to_input(images)))
        if noisy:
            noise = generator(stem, random_seed(len(images), random))
            power.append((noise.square().mean() / features.square().mean()).item())
            features = features + noise
        return tail(through_message(features, spec.most_steps(options.bits) if noisy else spec.INT8_MAX))

    results = [utility(embed) for _ in range(options.draws)]
    result = mean(results)
    if options.draws > 1:
        result["lfw_of_each_draw"] = [one["lfw"] for one in results]
    if power:
        result["noise_power_dB"] = round(10 * np.log10(np.mean(power)), 2)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
