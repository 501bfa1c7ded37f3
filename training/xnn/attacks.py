"""Utility and leakage of XNN and of what it is compared with, on held-out people. A command each row of the table:

    python3 -m training.xnn.attacks utility --defence D --slots   rank-1 of a tail trained and used under one key            1 min
    python3 -m training.xnn.attacks expected --defence D          authors' attack: own faces, a new key every step;
                                                                  the victim's gallery under one key, probes under another   2 min
    python3 -m training.xnn.attacks gram --form F --shape S       forms free of the key, compared as they are               1 min
    python3 -m training.xnn.attacks gram --form F --shape S --trained     the same, read by a tail trained on own faces     3 min
    python3 -m training.xnn.attacks plaintext --defence D [--int8]    error of the key against the number of known images   2 min
    python3 -m training.xnn.attacks statistics --defence D        the key from a bundle without one known image              1 min
                                                                  `--whitened`: `whitening.py` before the rotations
    python3 -m training.xnn.attacks people --defence D            who is who, from how people lie to one another             1 min
    python3 -m training.xnn.attacks inversion --defence D         photos painted from records under an unknown key          10 min

`python3 -m training.xnn.table` runs them all and prints the table. Times are for a core to itself, with OpenBLAS. Attackers know encoder,
defence and tail, and have clean faces of the training people; no photo that is tested (`val`) is in anybody's training. Gaussian noise and InstaHide
have no key: for them `utility` is the attack, too.

Each run prints one row of JSON and appends it to `training/xnn/attacks.jsonl`; it resumes from `training/runs/xnn-*.pt`.
"""

from __future__ import annotations

import argparse
import time
from typing import Callable, Mapping

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from training.adversaries import am_softmax
from training.attack import about_mean, pictures
from training.attackers import Classes, UNet
from training.data import ROOT, Lfw, load_chips, load_lfw, to_input, to_pixels
from training.device import ready
from training.evaluate import embed_all
from training.judge import Judge
from training.loop import Step, fit, load_modules
from training.networks import Tail as ClearTail
from training.rows import record
from training.xnn import algebra
from training.xnn.defences import DEFENCES, Hide, fresh, gaussian, haar, through_bundle
from training.xnn.features import Faces, encode, load_encoder, load_faces, weights_of
from training.xnn.moments import moments, restore, restore_places
from training.xnn.obfuscation import TOKEN_CHANNELS, TOKEN_COUNT, at_length, to_features
from training.xnn.recipe import BATCH, optimiser_of, update
from training.xnn.tail import Block, Size, Tail, linear
from training.xnn.whitening import fit as fit_whitening

ROWS = ROOT / "training" / "xnn" / "attacks.jsonl"
KEY_PAIRS = 5  # over which the authors' attack is averaged
# Small and fast, so that every row can have the same: rank-1 without any defence is 49 % after two epochs, and 42 % at a rate of 1e-3.
SIZE = Size(width=128, blocks=1)
RATE = 4e-3
GRAM_SIZE = Size(width=128, blocks=2)
KNOWN_IMAGES = (4, 8, 12, 16, 24, 32, 64, 128, 256, 384, 512, 576, 768, 1024, 2048)
POSITIONS = 4  # of xnn-hardened, whose matrices are computed
BUNDLES = (1300, 400, 100)  # records that the attack by statistics has
SEEDS = (0, 3, 5, 10)  # people whose class ids an attacker knows
PAIRS = 600  # of LFW's, that recovered photos are judged on

Result = Mapping[str, object]


def utility(options: argparse.Namespace) -> Result:
    """A tail trained on the owner's records, asked about records of other people under the same key."""
    key = fresh(options.defence, seeded(options, 1))
    tail = train_tail(options, lambda _: key)
    faces = load_faces("val", options.encoder)
    embeddings = embed(tail, faces, key, seeded(options, 2))
    return recognised(embeddings, embeddings, faces)


def expected(options: argparse.Namespace) -> Result:
    """A tail that is used to any key, asked to match records across two."""
    tail = train_tail(options, lambda random: fresh(options.defence, random, once=True))
    faces = load_faces("val", options.encoder)
    random = seeded(options, 3)
    rows = []
    for _ in range(KEY_PAIRS):
        gallery, probes = (embed(tail, faces, fresh(options.defence, random), random) for _ in range(2))
        rows.append(recognised(gallery, probes, faces))
    return {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}


def train_tail(options: argparse.Namespace, key_of: Callable[[torch.Generator], Hide]) -> Tail:
    """AM-softmax on the training people; `key_of` is asked for a key at every step."""
    faces = load_faces("train", options.encoder)
    tail, classes = Tail(options.slots, SIZE), Classes(faces.classes)
    optimiser = optimiser_of([tail, classes], RATE)

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        tokens, mixture = key_of(random)(torch.from_numpy(faces.read(numbers.numpy())), random)
        labels, cosines = torch.from_numpy(faces.labels[numbers.numpy()]), classes(tail(tokens))
        return {"loss": update(optimiser, sum(weight * am_softmax(cosines, labels[row]) for weight, row in mixture))}

    run(options, {"tail": tail, "classes": classes}, optimiser, np.arange(len(faces)), step)
    return tail.eval()


def embed(tail: nn.Module, faces: Faces, key: Hide, random: torch.Generator) -> NDArray[np.float32]:
    """Of all faces, [n, 128]. Batches are mixed, for a defence that mixes a record with others of its batch."""
    mixed = np.random.default_rng(1).permutation(len(faces))
    embeddings = np.empty((len(faces), 128), np.float32)
    with torch.inference_mode():
        for rows in np.array_split(mixed, len(mixed) // BATCH):
            embeddings[rows] = tail(key(torch.from_numpy(faces.read(rows)), random)[0]).numpy()
    return embeddings


def recognised(gallery: NDArray, probes: NDArray, faces: Faces) -> dict[str, float]:
    mean, deviation = algebra.rank_one(gallery, probes, faces.labels)
    return {"rank1": mean, "rank1_std": deviation, "chance": 1 / faces.classes}


def gram(options: argparse.Namespace) -> Result:
    """Features that cancel the key. Two bundles of the same people under two keys, no photo in both; one's gallery, the other's probes."""
    faces = load_faces("val", options.encoder)
    random = np.random.default_rng([options.seed, 7])
    halves = np.array_split(random.permutation(len(faces)), 2)
    tail, prepare = train_gram_tail(options) if options.trained else (None, None)

    def features(rows: NDArray[np.int64], use: int) -> tuple[NDArray, NDArray]:
        made = matrices_of(under_new_key(faces.read(rows), options, seeded(options, use)).astype(np.float64), options.form)
        if tail is not None and prepare is not None:
            return made, embed_all(lambda part: tail(prepare(part.numpy())), made)
        return made, algebra.unit_rows(made if options.form == "by-place" else algebra.without_order(made))

    (made, gallery), (_, probes) = (features(rows, 10 + which) for which, rows in enumerate(halves))
    mean, deviation = algebra.rank_one_between(gallery, probes, *(faces.labels[rows] for rows in halves))
    away = np.abs(made - np.eye(*made.shape[1:])).max(axis=(1, 2))
    return {
        "rank1": mean,
        "rank1_std": deviation,
        "chance": 1 / faces.classes,
        "identity_matrices": float((away < 1e-3).mean()),  # share of records of which the form says nothing at all
    }


def matrices_of(tokens: NDArray[np.float64], form: str) -> NDArray[np.float64]:
    """[images, n, n], or [images, n, 2] of the form `by-place`, which is given the order of the places."""
    return algebra.by_place(tokens) if form == "by-place" else algebra.gram(tokens, form)


def train_gram_tail(options: argparse.Namespace) -> tuple[Tail, Callable[[NDArray], Tensor]]:
    """A tail that reads sorted rows of such matrices, of the training people under a new key at every step."""
    faces = load_faces("train", options.encoder)
    sample = faces.read(np.arange(0, len(faces), len(faces) // 400))
    moment = algebra.second_moment(shaped(sample, options).astype(np.float64))
    root = algebra.inverse_root(moment)

    def matrices(tokens: NDArray[np.float32], random: torch.Generator) -> NDArray:
        if options.form == "population":  # what it makes of any key's records, it makes of clean ones
            whitened = shaped(tokens, options).astype(np.float64) @ root
            return whitened @ whitened.swapaxes(1, 2)
        return algebra.gram(under_new_key(tokens, options, random).astype(np.float64), options.form)

    usual = algebra.without_order(matrices(sample, torch.Generator().manual_seed(1)))
    mean, deviation = usual.mean(axis=(0, 1)), usual.std(axis=(0, 1)) + 1e-6

    def prepare(made: NDArray) -> Tensor:
        return torch.from_numpy(((algebra.without_order(made) - mean) / deviation).astype(np.float32))

    tail, classes = Tail(size=GRAM_SIZE, channels=len(mean)), Classes(faces.classes)
    optimiser = optimiser_of([tail, classes], RATE)

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        made = matrices(faces.read(numbers.numpy()), random)
        labels = torch.from_numpy(faces.labels[numbers.numpy()])
        return {"loss": update(optimiser, am_softmax(classes(tail(prepare(made))), labels))}

    run(options, {"tail": tail, "classes": classes}, optimiser, np.arange(len(faces)), step)
    return tail.eval(), prepare


def shaped(tokens: NDArray[np.float32], options: argparse.Namespace) -> NDArray[np.float32]:
    return algebra.at_authors_shape(tokens) if options.shape == "authors" else tokens


def under_new_key(tokens: NDArray[np.float32], options: argparse.Namespace, random: torch.Generator) -> NDArray[np.float32]:
    """Records of a fresh key at the chosen shape, as a bundle holds them. By place, they stay in order."""
    clean = torch.from_numpy(shaped(tokens, options))
    _, count, channels = clean.shape
    order = torch.arange(count) if options.form == "by-place" else torch.randperm(count, generator=random)
    return records(clean, order, weights_for(options.defence, count, channels, random)).numpy()


def weights_for(defence: str, count: int, channels: int, random: torch.Generator) -> Tensor:
    """W of `xnn` [1, channels, channels], or the rotations of `xnn-hardened` [count, channels, channels]."""
    return haar(count, channels, random) if defence == "xnn-hardened" else gaussian(channels, random)[None]


def records(clean: Tensor, order: Tensor, weights: Tensor, int8: bool = True) -> Tensor:
    """X~ of clean tokens [images, n, d]: put in order [n], then one matrix for all or a rotation each; rounded as in a bundle."""
    tokens = clean if len(weights) == 1 else at_length(clean)
    hidden = (tokens[:, order].transpose(0, 1) @ weights).transpose(0, 1).contiguous()
    return through_bundle(hidden) if int8 else hidden


def plaintext(options: argparse.Namespace) -> Result:
    """The key from images that the attacker holds in the clear, too: error of W, and of what it makes of images he does not hold."""
    faces = load_faces("train", options.encoder)
    random = np.random.default_rng([options.seed, 8])
    rows = np.sort(random.permutation(len(faces))[: KNOWN_IMAGES[-1] + 64])
    tokens = faces.read(rows)[random.permutation(len(rows))]
    curves: dict[str, dict[int, list[float]]] = {}
    hardened = options.defence == "xnn-hardened"
    order = random.permutation(TOKEN_COUNT)
    weights = weights_for(options.defence, TOKEN_COUNT, TOKEN_CHANNELS, seeded(options, 8))
    hidden = records(torch.from_numpy(tokens), torch.from_numpy(order), weights, options.int8).numpy()
    true = weights.double().numpy()
    variance = algebra.STEP_VARIANCE if options.int8 else 0.0
    known, other = tokens[:-64], tokens[-64:].astype(np.float64)

    def errors(pairs: list[tuple[NDArray, NDArray]]) -> list[float]:
        """Of W, and of the X~ that it gives: means over pairs of (found, true)."""
        missed = [np.linalg.norm(other @ (found - true)) / np.linalg.norm(other @ true) for found, true in pairs]
        return [round(float(np.mean([algebra.key_error(*pair) for pair in pairs])), 5), round(float(np.mean(missed)), 5)]

    def rotation(mine: NDArray, theirs: NDArray) -> NDArray:
        """Least squares; with enough images, the rotation that is nearest, which averages the rounding out."""
        found = algebra.solve_key(mine, theirs, variance)
        return algebra.nearest_rotation(found) if len(mine) >= TOKEN_CHANNELS else found

    for count in KNOWN_IMAGES:
        mine, theirs = known[:count].astype(np.float64), hidden[:count].astype(np.float64)
        if not hardened:
            found = algebra.solve_key(mine.sum(axis=1), theirs.sum(axis=1), TOKEN_COUNT * variance)
            curves.setdefault("sums", {})[count] = errors([(found, true[0])])
        some = min(count, 64)  # are plenty to tell positions by
        placed = algebra.match_positions(mine[:some], theirs[:some])
        curves.setdefault("positions_found", {})[count] = [float((placed == order).mean())]
        if hardened:
            pairs = [(rotation(mine[:, placed[j]], theirs[:, j]), true[j]) for j in range(POSITIONS)]
        else:
            ends = slice(0, 256)  # 12,544 rows for 512 unknowns a column: more add nothing
            found = algebra.solve_key(mine[ends][:, placed].reshape(-1, TOKEN_CHANNELS), theirs[ends].reshape(-1, TOKEN_CHANNELS), variance)
            pairs = [(found, true[0])]
        curves.setdefault("matched", {})[count] = errors(pairs)
        print(count, {name: curve[count] for name, curve in curves.items()}, flush=True)

    def until(curve: Mapping[int, list[float]], which: int) -> int | None:
        return next((count for count, pair in curve.items() if pair[which] < 0.01), None)

    solved = {name: curve for name, curve in curves.items() if name != "positions_found"}
    return {
        "images_until_key_1_percent": {name: until(curve, 0) for name, curve in solved.items()},
        "images_until_records_1_percent": {name: until(curve, 1) for name, curve in solved.items()},
        "known_images_to_errors": curves,
    }


def statistics(options: argparse.Namespace) -> Result:
    """The held-out people's records of one key, restored from their moments alone, and shown to the public recogniser as photos are."""
    own, faces = load_faces("train", options.encoder), load_faces("val", options.encoder)
    mixed = np.random.default_rng(options.seed).permutation(len(faces))
    clean, others = faces.read(mixed), own.read(np.arange(0, len(own), 4))
    whitening = fit_whitening(own.read(np.arange(1, len(own), 2))) if options.whitened else None
    sent = clean if whitening is None else whitening.apply(clean)
    others = others if whitening is None else whitening.apply(others)
    weights = weights_for(options.defence, TOKEN_COUNT, TOKEN_CHANNELS, seeded(options, 5))
    hardened = options.defence == "xnn-hardened"
    order = torch.arange(TOKEN_COUNT) if hardened else torch.randperm(TOKEN_COUNT, generator=seeded(options, 6))
    hidden = records(torch.from_numpy(sent), order, weights).numpy()
    tail = ClearTail()
    load_modules(options.tail, {"tail": tail})
    tail.eval().to(memory_format=torch.channels_last)

    def shown(tokens: NDArray[np.float32]) -> NDArray[np.float32]:
        return embed_all(lambda part: tail(as_map(part)), tokens)

    people, held = faces.labels[mixed], max(BUNDLES)
    gallery = shown(clean[held:])  # plain photos of the same people, none of them in the bundle

    def rank_one(embeddings: NDArray[np.float32]) -> float:
        return algebra.rank_one_between(gallery, embeddings, people[held:], people[: len(embeddings)])[0]

    result: dict[str, object] = {"chance": 1 / faces.classes, "plain_photos_rank1": rank_one(shown(clean[:held]))}
    known = None if hardened else moments(others)
    for count in BUNDLES:
        restored = restore_places(hidden[:count], others) if known is None else restore(hidden[:count], known)[0]
        result[f"rank1_of_{count}_records"] = rank_one(shown(restored if whitening is None else whitening.undo(restored)))
    return result


def people(options: argparse.Namespace) -> Result:
    """Class ids of a bundle to names: the attacker has other, plain photos of the same people, and knows which ids a few of them have."""
    faces = load_faces("val", options.encoder)
    random = np.random.default_rng([options.seed, 9])
    tokens = faces.read(np.arange(len(faces)))
    first = np.zeros(len(faces), bool)
    first[random.permutation(len(faces))[: len(faces) // 2]] = True
    weights = weights_for(options.defence, TOKEN_COUNT, TOKEN_CHANNELS, seeded(options, 9))
    hidden = records(torch.from_numpy(tokens), torch.arange(TOKEN_COUNT), weights).numpy()

    def means(values: NDArray[np.float32], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.stack([values[rows & (faces.labels == person)].mean(axis=0, dtype=np.float64) for person in range(faces.classes)])

    theirs, mine = means(hidden, first), means(tokens, ~first)
    named: dict[int, list[float]] = {seeds: [] for seeds in SEEDS}
    for _ in range(20):
        mixed = random.permutation(faces.classes)
        for seeds in SEEDS:
            shuffled = np.concatenate([mixed[:seeds], random.permutation(mixed[seeds:])])
            names = algebra.named_by_geometry(theirs[mixed], mine[shuffled], seeds)
            named[seeds].append(float((shuffled[names] == mixed)[seeds:].mean()))
    return {
        "people": faces.classes,
        **{f"named_knowing_{seeds}": float(np.mean(shares)) for seeds, shares in named.items()},
        "chance": 1 / faces.classes,
    }


def inversion(options: argparse.Namespace) -> Result:
    """Photos of LFW from their records under an unknown key; the painter learnt from own photos under a new key every step.

    `--defence floor` paints the mean face of the training people, whoever was asked for.
    """
    faces, chips, lfw = load_faces("train", options.encoder), load_chips(), some_pairs(load_lfw(), PAIRS)
    if options.defence == "floor":
        usual = chips.crops(faces.chips[::8]).mean(axis=0).round().astype(np.uint8)
        return pictures(lfw, np.broadcast_to(usual, (len(lfw.images), *usual.shape)), judged)
    painter = TokenPainter()
    optimiser = optimiser_of([painter])

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        rows = numbers.numpy()
        photos = to_input(torch.from_numpy(chips.crops(faces.chips[rows])))
        tokens, _ = fresh(options.defence, random, once=True)(torch.from_numpy(faces.read(rows)), random)
        return {"loss": update(optimiser, functional.mse_loss(painter(tokens), photos))}

    run(options, {"painter": painter}, optimiser, np.arange(len(faces)), step)
    painter.eval()
    encoder, random = load_encoder(options.encoder), seeded(options, 4)
    key = fresh(options.defence, random)

    def paint(images: Tensor) -> Tensor:
        tokens, _ = key(torch.from_numpy(encode(encoder, images.numpy())), random)
        return to_pixels(painter(tokens))

    return pictures(lfw, embed_all(paint, lfw.images), judged)


def judged(lfw: Lfw) -> NDArray[np.float32]:
    return about_mean(embed_all(ready(Judge().eval()), lfw.images))


def some_pairs(lfw: Lfw, count: int) -> Lfw:
    """As many pairs of View 2 from all of its folds, and their images only."""
    pairs = lfw.view2[:: len(lfw.view2) // count]
    used, rows = np.unique([pair[:2] for pair in pairs], return_inverse=True)
    renumbered = [(int(a), int(b), same) for (a, b), (_, _, same) in zip(rows.reshape(-1, 2), pairs)]
    return Lfw(images=lfw.images[used], people=lfw.people[used], view1=[], view2=renumbered)


class TokenPainter(nn.Module):
    """Tokens [batch, 49, 512] to the photo: a transformer that knows positions, then the U-Net of attack I."""

    def __init__(self) -> None:
        super().__init__()
        size = Size()
        self.enter, self.leave = linear(TOKEN_CHANNELS, size.width), linear(size.width, TOKEN_CHANNELS)
        self.places = nn.Parameter(torch.randn(1, size.width, TOKEN_COUNT, 1) * 0.02)
        self.blocks = nn.Sequential(Block(size), Block(size))
        self.painter = UNet()
        self.to(memory_format=torch.channels_last)

    def forward(self, tokens: Tensor) -> Tensor:
        x = functional.layer_norm(tokens, tokens.shape[-1:]).transpose(1, 2).unsqueeze(3)
        x = self.leave(self.blocks(self.enter(x) + self.places)).squeeze(3).transpose(1, 2)
        return self.painter(as_map(x))


def as_map(tokens: Tensor) -> Tensor:
    """[batch, 49, 512] to [batch, 128, 14, 14], as `to_features` has it."""
    return to_features(tokens).permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last)


def run(
    options: argparse.Namespace, modules: Mapping[str, nn.Module], optimiser: torch.optim.Optimizer, rows: NDArray, step: Step
) -> None:
    for module in modules.values():
        module.to(memory_format=torch.channels_last)
    name = "-".join(["xnn", *(str(value) for value in settings(options).values())]).replace("/", "-")
    fit(name, settings(options), modules, [optimiser], rows, step, epochs=options.epochs, batch=BATCH, seed=options.seed, device=torch.device("cpu"), exactly=True)


def settings(options: argparse.Namespace) -> dict[str, object]:
    names = ("row", "defence", "slots", "form", "shape", "trained", "int8", "whitened", "encoder", "seed")
    return {name: getattr(options, name) for name in names if hasattr(options, name)}


def seeded(options: argparse.Namespace, use: int) -> torch.Generator:
    return torch.Generator().manual_seed(1000 * options.seed + use)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    rows = parser.add_subparsers(dest="row", required=True, metavar="ROW")
    keyed = ("xnn", "xnn-hardened")

    def row(name: str, defences: tuple[str, ...], epochs: float | None = None) -> argparse.ArgumentParser:
        one = rows.add_parser(name)
        one.add_argument("--defence", choices=defences, required=True)
        one.add_argument("--encoder", default="encoder", help="checkpoint in training/runs, without .pt")
        one.add_argument("--seed", type=int, default=1)
        if epochs is not None:
            one.add_argument("--epochs", type=float, default=epochs)
        return one

    for name in ("utility", "expected"):
        row(name, DEFENCES, 2).add_argument("--slots", action="store_true", help="an input projection for each token of a record")
    one = row("gram", keyed, 1)
    one.add_argument("--form", choices=algebra.GRAM_FORMS, required=True)
    one.add_argument("--shape", choices=("authors", "ours"), required=True, help="[196, 128] or [49, 512]")
    one.add_argument("--trained", action="store_true", help="not of by-place")
    row("plaintext", keyed).add_argument("--int8", action="store_true", help="from records as a bundle rounds them")
    one = row("statistics", keyed)
    one.add_argument("--tail", default="clean-tail", help="the public recogniser's checkpoint in training/runs, without .pt")
    one.add_argument("--whitened", action="store_true", help="of xnn-hardened")
    row("people", keyed)
    row("inversion", (*DEFENCES, "floor"), 1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)

    begun = time.process_time()
    attacks = (utility, expected, gram, plaintext, statistics, people, inversion)
    result = next(attack for attack in attacks if attack.__name__ == options.row)(options)
    trained = {"epochs": options.epochs} if getattr(options, "trained", "epochs" in options) else {}
    record(ROWS, {**settings(options), **trained, "weights": weights_of(load_encoder(options.encoder))}, begun, result)


if __name__ == "__main__":
    main()
