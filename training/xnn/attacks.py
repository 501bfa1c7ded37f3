"""Utility and leakage of XNN and of what it is compared with, on held-out people. A command each row of the table:

    python3 -m training.xnn.attacks utility --defence D [--slots]     rank-1 of a tail trained and used under one key           25 min
    python3 -m training.xnn.attacks expected --defence D              authors' attack: own faces, a new key every step;
                                                                      the victim's gallery under one key, probes under another  25 min
    python3 -m training.xnn.attacks gram --form F --shape S           X~ X~^T and forms free of the key, compared as they are     1 min
    python3 -m training.xnn.attacks gram --form F --shape S --trained     the same, read by a tail trained on own faces         15 min
    python3 -m training.xnn.attacks plaintext --defence D [--int8]    error of W against the number of known images               3 min
    python3 -m training.xnn.attacks statistics                        the key of xnn from a bundle without one known image          2 min
    python3 -m training.xnn.attacks inversion --defence D             photos painted from records under an unknown key          25 min

Times are for one core at 70 images/s. Attackers know encoder, defence and tail, and have clean faces of the training people; who is
tested (`val`) is in nobody's training. Gaussian noise and InstaHide have no key: for them `utility` is the attack, too.

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
from training.attack import pictures
from training.attackers import Classes, UNet
from training.data import ROOT, load_chips, load_lfw, to_input, to_pixels
from training.evaluate import embed_all
from training.loop import Step, fit, load_modules
from training.networks import Tail as ClearTail
from training.rows import record
from training.xnn import algebra
from training.xnn.defences import DEFENCES, Hide, fresh, through_bundle
from training.xnn.features import Faces, encode, load_encoder, load_faces
from training.xnn.moments import moments, restore
from training.xnn.obfuscation import TOKEN_CHANNELS, TOKEN_COUNT, to_features
from training.xnn.recipe import BATCH, optimiser_of, update
from training.xnn.tail import Block, Size, Tail, linear

ROWS = ROOT / "training" / "xnn" / "attacks.jsonl"
KEY_PAIRS = 5  # over which the authors' attack is averaged
GRAM_SIZE = Size(width=128, blocks=4)
KNOWN_IMAGES = (4, 8, 10, 12, 16, 24, 32, 64, 128, 256, 384, 512, 576, 768, 1024, 2048, 4096)
POSITIONS = 6  # of xnn-hardened, whose matrices are computed

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
    tail = train_tail(options, lambda random: fresh(options.defence, random))
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
    tail, classes = Tail(options.slots), Classes(faces.classes)

    optimiser = optimiser_of([tail, classes])

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, float]:
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
    """Features that cancel the key: the same people's records under two keys, matched by them."""
    faces = load_faces("val", options.encoder)
    rows = np.sort(np.random.default_rng(options.seed).permutation(len(faces))[: options.images])
    clean, random = faces.read(rows), np.random.default_rng([options.seed, 7])
    people = np.unique(faces.labels[rows], return_inverse=True)[1]
    first, second = (algebra.gram(under_new_key(clean, options, random), options.form) for _ in range(2))
    if options.trained:
        tail, prepare = train_gram_tail(options)
        both = [embed_all(lambda part: tail(prepare(part.numpy())), matrices) for matrices in (first, second)]
    else:
        both = [algebra.unit_rows(algebra.without_order(matrices)) for matrices in (first, second)]
    mean, deviation = algebra.rank_one(both[0], both[1], people)
    away = np.abs(first - np.eye(first.shape[1])).max(axis=(1, 2))
    return {
        "images": len(rows),
        "rank1": mean,
        "rank1_std": deviation,
        "chance": 1 / (people.max() + 1),
        "identity_matrices": float((away < 1e-3).mean()),  # share of records of which the form says nothing at all
    }


def train_gram_tail(options: argparse.Namespace) -> tuple[Tail, Callable[[NDArray], Tensor]]:
    """A tail that reads sorted rows of such matrices, of the training people under a new key at every step."""
    faces = load_faces("train", options.encoder)
    sample = faces.read(np.arange(0, len(faces), len(faces) // 400))
    moment = algebra.second_moment(shaped(sample, options).astype(np.float64))
    root = algebra.inverse_root(moment)

    def matrices(tokens: NDArray[np.float32], random: np.random.Generator) -> NDArray:
        if options.form == "population":  # what it makes of any key's records, it makes of clean ones
            whitened = shaped(tokens, options).astype(np.float64) @ root
            return whitened @ whitened.swapaxes(1, 2)
        return algebra.gram(under_new_key(tokens, options, random), options.form)

    usual = algebra.without_order(matrices(sample, np.random.default_rng(1)))
    mean, deviation = usual.mean(axis=(0, 1)), usual.std(axis=(0, 1)) + 1e-6

    def prepare(made: NDArray) -> Tensor:
        return torch.from_numpy(((algebra.without_order(made) - mean) / deviation).astype(np.float32))

    tail, classes = Tail(size=GRAM_SIZE, channels=len(mean)), Classes(faces.classes)
    optimiser = optimiser_of([tail, classes])

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, float]:
        made = matrices(faces.read(numbers.numpy()), np.random.default_rng(random.initial_seed()))
        labels = torch.from_numpy(faces.labels[numbers.numpy()])
        return {"loss": update(optimiser, am_softmax(classes(tail(prepare(made))), labels))}

    run(options, {"tail": tail, "classes": classes}, optimiser, np.arange(len(faces)), step)
    return tail.eval(), prepare


def shaped(tokens: NDArray[np.float32], options: argparse.Namespace) -> NDArray[np.float32]:
    return algebra.at_authors_shape(tokens) if options.shape == "authors" else tokens


def under_new_key(tokens: NDArray[np.float32], options: argparse.Namespace, random: np.random.Generator) -> NDArray[np.float64]:
    """Records of a fresh key at the chosen shape, as a bundle holds them."""
    clean = shaped(tokens, options)
    _, count, channels = clean.shape
    matrices = count if options.defence == "xnn-hardened" else 1
    weights = (random.standard_normal((matrices, channels, channels)) / channels**0.5).astype(np.float32)
    return records(clean, random.permutation(count), weights).astype(np.float64)


def records(
    clean: NDArray[np.float32], order: NDArray[np.int64], weights: NDArray[np.float32], int8: bool = True
) -> NDArray[np.float32]:
    """X~ of clean tokens [images, n, d]: put in order [n], then one matrix for all or each, [1 or n, d, d]; rounded as in a bundle."""
    hidden = (clean[:, order].swapaxes(0, 1) @ weights).swapaxes(0, 1)
    return through_bundle(torch.from_numpy(np.ascontiguousarray(hidden))).numpy() if int8 else hidden


def plaintext(options: argparse.Namespace) -> Result:
    """The key from images that the attacker holds in the clear, too: error of W, and of what it makes of images he does not hold."""
    faces = load_faces("train", options.encoder)
    random = np.random.default_rng([options.seed, 8])
    rows = np.sort(random.permutation(len(faces))[: KNOWN_IMAGES[-1] + 64])
    mixed = random.permutation(len(rows))
    tokens = faces.read(rows)[mixed]
    curves: dict[str, dict[int, list[float]]] = {}
    hardened = options.defence == "xnn-hardened"
    order = random.permutation(TOKEN_COUNT)
    weights = random.standard_normal((TOKEN_COUNT if hardened else 1, TOKEN_CHANNELS, TOKEN_CHANNELS)) / TOKEN_CHANNELS**0.5
    hidden = records(tokens, order, weights.astype(np.float32), options.int8)
    variance = algebra.STEP_VARIANCE if options.int8 else 0.0
    known, other = tokens[:-64], tokens[-64:]

    def errors(pairs: list[tuple[NDArray, NDArray]]) -> list[float]:
        """Of W, and of the X~ that it gives: means over pairs of (found, true)."""
        missed = [np.linalg.norm(other @ (found - true)) / np.linalg.norm(other @ true) for found, true in pairs]
        return [round(float(np.mean([algebra.key_error(*pair) for pair in pairs])), 5), round(float(np.mean(missed)), 5)]

    for count in KNOWN_IMAGES:
        mine, theirs = known[:count].astype(np.float64), hidden[:count].astype(np.float64)
        if not hardened:
            found = algebra.solve_key(mine.sum(axis=1), theirs.sum(axis=1), TOKEN_COUNT * variance)
            curves.setdefault("sums", {})[count] = errors([(found, weights[0])])
        some = min(count, 64)  # are plenty to tell positions by
        placed = algebra.match_positions(mine[:some], theirs[:some])
        curves.setdefault("positions_found", {})[count] = [float((placed == order).mean())]
        if hardened:
            pairs = [(algebra.solve_key(mine[:, placed[j]], theirs[:, j], variance), weights[j]) for j in range(POSITIONS)]
        else:
            ends = slice(0, 256)  # 12,544 rows for 512 unknowns a column: more add nothing
            found = algebra.solve_key(mine[ends][:, placed].reshape(-1, TOKEN_CHANNELS), theirs[ends].reshape(-1, TOKEN_CHANNELS), variance)
            pairs = [(found, weights[0])]
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
    clean = faces.read(np.arange(len(faces)))
    hidden = fresh("xnn", seeded(options, 5))(torch.from_numpy(clean), seeded(options, 6))[0].numpy()
    restored, _ = restore(hidden, moments(own.read(np.arange(0, len(own), 4))))
    tail = ClearTail()
    load_modules(options.tail, {"tail": tail})
    tail.eval().to(memory_format=torch.channels_last)

    def shown(tokens: NDArray[np.float32]) -> NDArray[np.float32]:
        return embed_all(lambda part: tail(as_map(part)), tokens)

    photos = shown(clean)
    return {
        "records": len(faces),
        "relative_error": float(np.linalg.norm(restored - clean) / np.linalg.norm(clean)),
        **recognised(photos, shown(restored), faces),
        "plain_photos_rank1": recognised(photos, photos, faces)["rank1"],
    }


def inversion(options: argparse.Namespace) -> Result:
    """Photos of LFW from their records under an unknown key; the painter learnt from own photos under a new key every step."""
    faces, chips, lfw = load_faces("train", options.encoder), load_chips(), load_lfw()
    painter = TokenPainter()
    optimiser = optimiser_of([painter])

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, float]:
        rows = numbers.numpy()
        photos = to_input(torch.from_numpy(chips.crops(faces.chips[rows])))
        tokens, _ = fresh(options.defence, random)(torch.from_numpy(faces.read(rows)), random)
        return {"loss": update(optimiser, functional.mse_loss(painter(tokens), photos))}

    run(options, {"painter": painter}, optimiser, np.arange(len(faces)), step)
    painter.eval()
    encoder, random = load_encoder(options.encoder), seeded(options, 4)
    key = fresh(options.defence, random)

    def paint(images: Tensor) -> Tensor:
        tokens, _ = key(torch.from_numpy(encode(encoder, images.numpy())), random)
        return to_pixels(painter(tokens))

    return pictures(lfw, paint)


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
    fit(name, settings(options), modules, [optimiser], rows, step, epochs=options.epochs, batch=BATCH, seed=options.seed)


def settings(options: argparse.Namespace) -> dict[str, object]:
    names = ("row", "defence", "slots", "form", "shape", "trained", "int8", "encoder", "seed")
    return {name: getattr(options, name) for name in names if hasattr(options, name)}


def seeded(options: argparse.Namespace, use: int) -> torch.Generator:
    return torch.Generator().manual_seed(1000 * options.seed + use)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    rows = parser.add_subparsers(dest="row", required=True, metavar="ROW")
    linear_ones = ("xnn", "xnn-hardened")

    def row(name: str, defences: tuple[str, ...], epochs: float | None = None) -> argparse.ArgumentParser:
        one = rows.add_parser(name)
        one.add_argument("--defence", choices=defences, required="xnn" not in defences[:1], default="xnn")
        one.add_argument("--encoder", default="encoder", help="checkpoint in training/runs, without .pt")
        one.add_argument("--seed", type=int, default=1)
        if epochs is not None:
            one.add_argument("--epochs", type=float, default=epochs)
        return one

    for name in ("utility", "expected"):
        row(name, DEFENCES, 8).add_argument("--slots", action="store_true", help="an input projection for each token of a record")
    one = row("gram", linear_ones, 6)
    one.add_argument("--form", choices=algebra.GRAM_FORMS, required=True)
    one.add_argument("--shape", choices=("authors", "ours"), required=True, help="[196, 128] or [49, 512]")
    one.add_argument("--images", type=int, default=500, help="of held-out people")
    one.add_argument("--trained", action="store_true")
    row("plaintext", linear_ones).add_argument("--int8", action="store_true", help="from records as a bundle rounds them")
    one = row("statistics", ("xnn",))
    one.add_argument("--tail", default="clean-tail", help="the public recogniser's checkpoint in training/runs, without .pt")
    row("inversion", DEFENCES, 3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)

    begun = time.process_time()
    attacks = (utility, expected, gram, plaintext, statistics, inversion)
    result = next(attack for attack in attacks if attack.__name__ == options.row)(options)
    trained = {"epochs": options.epochs} if getattr(options, "trained", "epochs" in options) else {}
    record(ROWS, {**settings(options), **trained}, begun, result)


if __name__ == "__main__":
    main()
