"""What keyed mode gives away, and what it costs: attackers on y = v Q, and what other choices of m and Q would do.

    python3 -m training.keyed [--pairs 20000]

Rows that there are already of the same settings and networks are not run again. v is the clean tail's descriptor, Q the rotation of an owner's key as `src/core/keyed.ts` derives it. Prints rows of JSON and appends them
to `training/keyed.jsonl`; docs/keyed-mode.md says what they mean. Photos are aligned by landmarks; no photo that is tested (LFW) is in anybody's training.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import hmac
import json
import time
from typing import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from training import choices, spec
from training.adversaries import am_softmax
from training.attack import judged_chips, judged_lfw, pictures
from training.attackers import Classes
from training.data import CACHE, ROOT, Chips, Lfw, load_chips, load_lfw, save_array, to_input, to_pixels
from training.device import prepared, ready
from training.evaluate import embed_all, held_out_rates, linkability, mated_and_strangers, pair_scores, tar_at_far, ten_fold_accuracy, unlinkability
from training.export import fingerprint
from training.loop import load_modules, use_one_core
from training.networks import Encoder, Tail
from training.rows import read_rows, record
from training.xnn.obfuscation import householder, normals, rotate

ROWS = ROOT / "training" / "keyed.jsonl"
INFO = b"xnn keyed rotation"
STREAM = (3, 0, 0)
SIZE = spec.EMBEDDING_SIZE
ATTACKERS_KEYS = 2000
DEPTH = 512
DRAWS = 20  # of the victims' keys, over which R's rates are meant
NOISE = (0.1, 0.3, 1.0)
SIZES = (16, 32, 64, 96)
SIDES = (1, 2, 3, 7)
OTHER_KEYS: Mapping[str, Callable[[int, int], Array]] = {
    "a Gaussian matrix instead of Q": lambda seed, count: choices.gaussian_keys(seed, count, SIZE),
    **{
        f"{rounds} rounds of signs, order and Hadamard instead of Q": lambda seed, count, rounds=rounds: choices.structured_keys(
            seed, count, SIZE, rounds
        )
        for rounds in (1, 2, 3)
    },
}

Array = NDArray[np.float32]


def hkdf(secret: bytes, salt: bytes) -> bytes:
    """HKDF-SHA-256 (RFC 5869), 32 bytes: the secret of one tenant."""
    extracted = hmac.new(salt, secret, hashlib.sha256).digest()
    return hmac.new(extracted, INFO + b"\x01", hashlib.sha256).digest()


def rotation(secret: bytes) -> Array:
    """Q [128, 128] of a tenant's secret, so that y = v @ Q."""
    vectors = householder(normals(secret, STREAM, SIZE * (SIZE + 1) // 2)[None])[0]
    return rotate(np.eye(SIZE), vectors).astype(np.float32)


def rounded(y: Array) -> Array:
    """As a message says it, and again of unit length."""
    steps = np.round(y / np.abs(y).max(axis=-1, keepdims=True) * spec.INT8_MAX)
    return (steps / np.linalg.norm(steps, axis=-1, keepdims=True)).astype(np.float32)


def keys_of(seed: int, count: int) -> Array:
    """Q of so many owners [count, 128, 128]."""
    random = np.random.default_rng(seed)
    return np.stack([rotation(hkdf(random.bytes(32), bytes(16))) for _ in range(count)])


def sent(descriptors: Array, keys: Array, owners: NDArray[np.int64]) -> Array:
    """What is sent of each descriptor under its owner's key."""
    return rounded(np.concatenate([v[None] @ keys[owner] for v, owner in zip(descriptors, owners)]))


def encoder_and_tail() -> tuple[Encoder, Tail]:
    encoder, tail = Encoder(), Tail()
    load_modules("encoder", {"encoder": encoder})
    load_modules("clean-tail", {"tail": tail})
    return encoder, tail


def embedded(name: str, faces: Callable[[], NDArray[np.uint8]], late: bool = False) -> Array:
    """Descriptors [n, 128] of faces; or, late, the clean tail's last map [n, 49, 128] as unit vectors."""
    encoder, tail = encoder_and_tail()
    path = CACHE / f"{name}-{'late' if late else 'descriptors'}-{fingerprint(encoder, tail)}.npy"
    if not path.exists():
        for network in (encoder, tail):
            ready(network.eval())

        def embed(images: Tensor) -> Tensor:
            _, features = encoder(prepared(to_input(images)))
            return functional.normalize(tail.late_map(features).flatten(2).transpose(1, 2), dim=2) if late else tail(features)

        save_array(path, embed_all(embed, faces()))
    return np.load(path)


def network(outputs: int) -> nn.Module:
    return nn.Sequential(nn.Linear(SIZE, DEPTH), nn.ReLU(), nn.Linear(DEPTH, DEPTH), nn.ReLU(), nn.Linear(DEPTH, outputs))


def trained(model: nn.Module, read: Tensor, keys: Tensor | None, loss: Callable[[Tensor, Tensor], Tensor], seed: int, steps: int = 3000) -> nn.Module:
    """Adam on `loss(output, rows)` of random rows, each under a random one of the attacker's keys, or under none."""
    optimiser, random = torch.optim.Adam(model.parameters(), lr=1e-3), torch.Generator().manual_seed(seed)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(steps):
        rows = torch.randint(len(read), (128,), generator=random)
        y = read[rows]
        if keys is not None:
            y = torch.bmm(y[:, None], keys[torch.randint(len(keys), (128,), generator=random)])[:, 0]
        optimiser.zero_grad()
        loss(model(y), rows).backward()
        optimiser.step()
        schedule.step()
    return model.eval()


def linked(lfw: Lfw, embeddings: Array) -> dict[str, float]:
    """One photo as sent, the other plain, by the judge's embedding of the plain one; View 2, with the interval of ten folds."""
    plain = judged_lfw(lfw)
    first, second, same = (np.array(column) for column in zip(*lfw.view2))
    scores = (embeddings[first] * plain[second]).sum(1)
    return told_apart("linked", scores, same)


def told_apart(name: str, scores: Array, same: NDArray[np.bool_]) -> dict[str, float]:
    accuracy, deviation = ten_fold_accuracy(scores, same)
    return {name: accuracy, "std": deviation, "tar_1e-3": tar_at_far(scores[same], scores[~same], 1e-3)}


@functools.cache
def networks() -> str:
    """The fingerprint of encoder and clean tail."""
    return fingerprint(*encoder_and_tail())


def is_done(settings: Mapping[str, object]) -> bool:
    """Whether there is a row already of these settings and networks."""
    same = [row for row in read_rows(ROWS) if all(row.get(key) == value for key, value in settings.items())]
    return any(row["networks"] == networks() for row in same)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=20000, help="photos that attackers learn from")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    use_one_core()
    torch.manual_seed(options.seed)
    chips, lfw = load_chips(), load_lfw()
    threshold = json.loads((ROOT / "models" / "manifest.json").read_text())["keyed"]["threshold"]["value"]
    victims, attackers = keys_of(options.seed, int(lfw.people.max()) + 1), keys_of(1000 + options.seed, ATTACKERS_KEYS)
    faces = embedded("lfw", lambda: lfw.images)
    people = lfw.people
    shown = sent(faces, victims, people)

    def row(attacker: str, knows: str, work: Callable[[], dict[str, float]], **dials: int) -> None:
        settings = {"attacker": attacker, "knows": knows, "pairs": options.pairs, "seed": options.seed, **dials}
        if is_done(settings):
            return
        begun = time.process_time()
        result = work()
        record(ROWS, {**settings, "networks": networks()}, begun, result)

    row("impostor", "no key", lambda: strangers(faces, shown, attackers, people, threshold, options.seed))
    row("D_sys", "templates of one person under two keys", lambda: two_keys(faces, people, options.seed))
    held_out = chips.rows("val")
    person = chips.identities[held_out] == np.bincount(chips.identities[held_out]).argmax()
    user = embedded("chips-val", lambda: chips.crops(held_out))[person]
    row("known plaintext", "photos beside what was sent of them", lambda: known_plaintext(user, faces, options.seed))

    rows = np.random.default_rng(options.seed).permutation(chips.rows("train", "unlabelled"))[: options.pairs]
    own = torch.from_numpy(embedded(f"chips-{len(rows)}-{options.seed}", lambda: chips.crops(rows)))
    judged = torch.from_numpy(judged_chips(chips, rows))
    pool = torch.from_numpy(attackers)

    def distilled(keys: Tensor | None, read: Array) -> dict[str, float]:
        loss = lambda output, at: 1 - functional.cosine_similarity(output, judged[at]).mean()  # noqa: E731
        model = trained(network(SIZE), own, keys, loss, options.seed)
        return linked(lfw, embed_all(lambda y: functional.normalize(model(y), dim=1), read))

    row("D", "no key of the victim; 2,000 of his own", lambda: distilled(pool, shown))
    row("D", "one Q for everybody, his own too", lambda: distilled(pool[:1], sent(faces, attackers, np.zeros_like(people))))
    row("D", "the victim's key", lambda: distilled(None, rounded(faces)))
    row("R", "no key of the victim; 2,000 of his own", lambda: recogniser(chips, pool, victims, options.seed), draws=DRAWS)
    row("I", "no key of the victim; 2,000 of his own", lambda: painter(chips, rows, own, pool, lfw, shown, options.seed))
    row("I", "the victim's key", lambda: painter(chips, rows, own, None, lfw, rounded(faces), options.seed))
    for name, make in OTHER_KEYS.items():
        row(
            "D",
            f"{name}; 2,000 of his own",
            lambda: distilled(
                torch.from_numpy(make(1000 + options.seed, ATTACKERS_KEYS)), sent(faces, make(options.seed, len(victims)), people)
            ),
        )
        row("utility", name, lambda: accuracy(lfw, sent(faces, make(options.seed, 1), np.zeros_like(people))))
    for power in NOISE:
        row("utility", f"noise of {power} times the power before Q", lambda power=power: accuracy(lfw, choices.noisy(faces, power, options.seed)))
    for size in SIZES:
        row("utility", f"d = {size}", lambda size=size: accuracy(lfw, choices.principal(faces, own.numpy(), size)))
    late, trains = embedded("lfw", lambda: lfw.images, late=True), chips.rows("train")
    for side in SIDES:
        row("utility", f"m = {side**2}, mean cosine", lambda side=side: maps(lfw, choices.regions(late, side), None))
        row("utility", f"m = {side**2}, weighted", lambda side=side: maps(lfw, choices.regions(late, side), weights(chips, trains, side, options.seed)))


def strangers(faces: Array, shown: Array, keys: Array, people: NDArray[np.int64], threshold: float, seed: int) -> dict[str, float]:
    """A million tries at templates by who has no key: photos of the victim himself and of others, under 1,000 other keys."""
    random = np.random.default_rng(seed)
    accepted, highest, tries = 0, -1.0, 1_000_000
    for key in keys[:1000]:
        victims = random.integers(len(faces), size=tries // 1000)
        probes = np.where(random.random(len(victims)) < 0.5, victims, random.integers(len(faces), size=len(victims)))
        scores = (rounded(faces[probes] @ key) * shown[victims]).sum(1)
        accepted += int((scores >= threshold).sum())
        highest = max(highest, float(scores.max()))
    return {"tries": tries, "accepted": accepted, "highest": highest, "threshold": threshold}


def two_keys(faces: Array, people: NDArray[np.int64], seed: int) -> dict[str, float]:
    """Scores of one person's photos under two keys, or two tenants of one key, against those of two people; and, to compare, under one key."""
    first, second = (keys_of(seed + at, 300) for at in (2000, 3000))
    photos, mates, strangers = mated_and_strangers(people, np.random.default_rng(seed))
    turned = lambda rows, keys: np.stack([faces[row] @ keys[n % 300] for n, row in enumerate(rows)])  # noqa: E731
    here, mated, others = turned(photos, first), turned(mates, second), turned(strangers, second)
    same = lambda a, b: (rounded(a) * rounded(b)).sum(1)  # noqa: E731
    return {
        **linkability(same(here, mated), same(here, others)),
        "d_sys_one_key": unlinkability(same(faces[photos], faces[mates]), same(faces[photos], faces[strangers])),
    }


def known_plaintext(own: Array, others: Array, seed: int) -> dict[str, float]:
    """The key's error, and how near the foretold messages of the user's further photos are to the true ones, by what was sent of n photos.

    First of his own photos, which lie close together; then of other people's, as if he had shown those under his key. An error of 1.41 is that
    of a key that has nothing to do with it.
    """
    random = np.random.default_rng(seed)
    photos, others = random.permutation(own), random.permutation(others)
    key, other = keys_of(seed + 4000, 2)
    rest = photos[16:]
    result: dict[str, float] = {"photos": len(photos)}
    for known in (*(photos[:count] for count in (1, 4, 16)), *(others[:count] for count in (64, 128, 256, 512))):
        left, _, right = np.linalg.svd(known.T @ rounded(known @ key))
        found = left @ right
        result[f"key_error_{len(known)}"] = distance(found, key)
        result[f"foretold_{len(known)}"] = float((rounded(rest @ found) * rounded(rest @ key)).sum(1).mean())
    result["error_of_another_users_key"] = distance(found, other)
    return result


def distance(found: Array, key: Array) -> float:
    return float(np.linalg.norm(found - key) / np.linalg.norm(key))


def recogniser(chips: Chips, keys: Tensor, victims: Array, seed: int) -> dict[str, float]:
    """R: a tail on labelled photos of other people under keys of the attacker's own, tested on the held-out people, each photo under another key.

    Rates are means over draws of those keys: which of the gallery's faces many probes come to lie at is chance, and one draw scatters by it.
    """
    rows, held_out = chips.rows("train"), chips.rows("val")
    own = torch.from_numpy(embedded("chips-train", lambda: chips.crops(rows)))
    people, labels = np.unique(chips.identities[rows], return_inverse=True)
    model = nn.Sequential(network(SIZE), _Unit())
    classes = Classes(len(people))
    trained(_Scored(model, classes), own, keys, lambda cosines, at: am_softmax(cosines, torch.from_numpy(labels)[at]), seed)
    faces = embedded("chips-val", lambda: chips.crops(held_out))
    identities = chips.identities[held_out]
    owners = np.random.default_rng(seed)
    draws = [sent(faces, victims, owners.integers(len(victims), size=len(faces))) for _ in range(DRAWS)]
    rates = [held_out_rates(embed_all(model, read), identities) for read in draws]
    return {
        "chance": 1 / len(np.unique(identities)),
        **{key: round(float(np.mean([each[key] for each in rates])), 4) for key in rates[0]},
        "val_rank1_std": round(float(np.std([each["val_rank1"] for each in rates])), 4),
    }


class _Unit(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return functional.normalize(x, dim=1)


class _Scored(nn.Module):
    def __init__(self, model: nn.Module, classes: Classes) -> None:
        super().__init__()
        self.model, self.classes = model, classes

    def forward(self, y: Tensor) -> Tensor:
        return self.classes(self.model(y))


def painter(
    chips: Chips, rows: NDArray[np.int64], own: Tensor, keys: Tensor | None, lfw: Lfw, shown: Array, seed: int
) -> dict[str, float]:
    """I: from what is sent to a picture of 28 x 28, enlarged."""
    side = spec.CROP_SIZE // 4
    small = functional.avg_pool2d(to_input(torch.from_numpy(chips.crops(rows))), 4)
    loss = lambda output, at: functional.mse_loss(output.view(-1, 3, side, side), small[at])  # noqa: E731
    model = trained(network(3 * side * side), own, keys, loss, seed)

    def paint(read: Tensor) -> Tensor:
        return to_pixels(functional.interpolate(model(read).view(-1, 3, side, side), scale_factor=4, mode="bilinear"))

    return pictures(lfw, embed_all(paint, shown), judged_lfw)


def accuracy(lfw: Lfw, embeddings: Array) -> dict[str, float]:
    return told_apart("lfw", *pair_scores(embeddings, lfw.view2))


def maps(lfw: Lfw, places: Array, weight: Array | None) -> dict[str, float]:
    """Unit vectors of m places [n, m, 128], each of which could have a Q of its own: only their cosines, weighted, are left to compare.

    The mean is also what is left where a secret order hides which place is which.
    """
    scale = np.ones(places.shape[1], np.float32) if weight is None else weight
    first, second, same = (np.array(column) for column in zip(*lfw.view2))
    scores = np.concatenate([(places[a] * places[b]).sum(2) @ scale for a, b in zip(np.array_split(first, 20), np.array_split(second, 20))])
    return told_apart("lfw", scores, same)


def weights(chips: Chips, rows: NDArray[np.int64], side: int, seed: int, photos: int = 6000) -> Array:
    """Of side x side places, by logistic regression on pairs of training people."""
    random = np.random.default_rng(seed)
    some = np.sort(random.permutation(rows)[:photos])
    places = choices.regions(embedded(f"chips-{photos}-{seed}", lambda: chips.crops(some), late=True), side)
    people = chips.identities[some]
    same = [(a, b) for a in range(len(some)) for b in np.flatnonzero(people == people[a]) if b > a]
    genuine = np.array(same)[random.permutation(len(same))[:20_000]]
    impostor = random.integers(len(some), size=genuine.shape)
    impostor = impostor[people[impostor[:, 0]] != people[impostor[:, 1]]]
    pairs, truth = np.concatenate([genuine, impostor]), np.repeat([1.0, 0.0], [len(genuine), len(impostor)])
    cosines = torch.from_numpy(np.stack([(places[a] * places[b]).sum(1) for a, b in pairs])).float()
    layer, target = nn.Linear(side**2, 1), torch.from_numpy(truth).float()
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=200)

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = functional.binary_cross_entropy_with_logits(layer(cosines)[:, 0], target) + 1e-4 * layer.weight.square().sum()
        loss.backward()
        return loss

    optimiser.step(closure)
    return layer.weight.detach().numpy()[0]


if __name__ == "__main__":
    main()
