"""Fresh attackers against what is sent: the only verdict on a generator.

    python3 -m training.attack R --defence xnn-d                            authors' attack: a tail on other people's labelled photos [--warm]
    python3 -m training.attack D --defence xnn-d --pairs 4096               distilled linkage: a student of a public face embedding [--embedding tail]
    python3 -m training.attack I --defence xnn-d                            inversion: a U-Net from what is sent to the photo
    python3 -m training.attack S --defence xnn-d                            the cloud's own student: the ceiling, and the defence's utility

Defences: `clean` features; `gaussian` noise; `xnn-d`, with the generator of --generator; `paper` and `paper-bare`, the authors' generator
with and without layer norms (`training/paper.py`); `minusface` (`training/minusface.py`); `partialface`, `ldp-slicing`, `instahide-2` and `instahide-3`
(`training/baselines.py`); `nothing`, which sends zeros and is what a painter paints who sees nothing. Where pictures are sent, attackers have an encoder of their own before the network
that the others have, and train both.

All know encoder and generator, may query them as often as they like, and are trained on the training chips, as the attacked networks were. No photo
that is tested (LFW, `val`) is among these; a few others of the same people are (docs/model-card.md). `--photos held-out` has D learn from `val`, of which the attacked networks saw no photo. `--messages N` lets them average N messages of one photo (attacker A); `--bits` is what a message says of each value, `--positions` of how many
places on each side of the map; `--deeper N` lets the browser go on through N blocks of the clean tail. Each run prints one row of
JSON and appends it to `training/attacks.jsonl`; it resumes from `training/runs/attack-*.pt`. With `--again` it does not count that there is a
row or a checkpoint of another commit: the row goes to `training/again.jsonl`, which tells whether what is published is found again.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from pathlib import Path
from typing import Callable, Sequence, TypeVar

import numpy as np
import torch
import torch.nn.functional as functional
from numpy.typing import NDArray
from torch import Tensor, nn

from training import spec
from training.adversaries import am_softmax
from training.attackers import FULL_WIDTH, Classes, PictureReader, UNet
from training.baselines import MIXTURES, PICTURES, Hide, insta_hide, ldp_slicing, partial_face
from training.data import CACHE, ROOT, Chips, Jitter, Lfw, load_chips, load_lfw, save_array, to_input, to_pixels
from training.device import DEVICE, exact, prepared, ready, source
from training.evaluate import embed_all, held_out_rates, pair_scores, ten_fold_accuracy, tar_at_far
from training.export import fingerprint
from training.judge import Judge
from training.loop import Step, descend, fit, learning_curve, load_modules, use_one_core
from training.minusface import Regenerator, minus_face
from training.networks import Encoder, Generator, PaperGenerator, Tail, new_student, random_seed, through_message
from training.rows import commit, read_rows, record

PAPER = ("paper", "paper-bare")
DEFENCES = ("clean", "gaussian", "xnn-d", *PAPER, *PICTURES, *MIXTURES, "nothing")
OTHERS_LEARNT: dict[str, Callable[[], nn.Module]] = {"paper": PaperGenerator, "paper-bare": lambda: PaperGenerator(bare=True), "minusface": Regenerator}
"""Others' generators, which are checkpoints of the same names."""
LEARNT = ("xnn-d", *OTHERS_LEARNT)  # with a generator
BATCH = 32
COMMON = {"batch": BATCH, "positions": spec.FEATURE_SIZE, "deeper": 0}
USUAL = {
    "R": COMMON,
    "S": COMMON,
    "I": {**COMMON, "width": FULL_WIDTH},
    "D": {**COMMON, "embedding": "dlib", "photos": "trained"},
}  # dials of an attacker that a row has only where they are otherwise
PUBLIC_FACES = 1024  # that InstaHide mixes others with
ROWS, ROWS_AGAIN = (ROOT / "training" / name for name in ("attacks.jsonl", "again.jsonl"))

Network = TypeVar("Network", bound=nn.Module)
Send = Callable[[Tensor, torch.Generator], Tensor]
"""Faces [batch, 3, 112, 112] in [-1, 1] to what the cloud reads: features [batch, 128, 14, 14], or hidden pictures [batch, channels, 112, 112]."""


def sender(chips: Chips, options: argparse.Namespace) -> Send:
    """The browser's part under a defence. With several messages of a face, their mean."""

    def mean(draw: Callable[[], Tensor]) -> Tensor:
        return torch.stack([draw() for _ in range(options.messages)]).mean(0)

    if options.defence in PICTURES:
        hide = hiding(options)

        def hidden(faces: Tensor, random: torch.Generator) -> Tensor:
            with exact(DEVICE):
                return prepared(mean(lambda: hide(faces.to(DEVICE), random)))

        return hidden

    defence, most = options.defence, spec.most_steps(options.bits)
    encoder, generator = attacked(options)
    deeper = clean_tail() if options.deeper > 0 else None
    for network in (encoder, generator, deeper):
        if network is not None:
            ready(network.eval())
    if isinstance(generator, Generator):
        generator.level.fill_(options.level)
    others = prepared(torch.from_numpy(embed_all(lambda faces: encoder(prepared(to_input(faces)))[1], public_faces(chips)))) if defence in MIXTURES else None

    def perturbed(faces: Tensor, stem: Tensor, clean: Tensor, random: torch.Generator) -> Tensor:
        features = coarser(clean, options.positions)
        if defence == "gaussian":
            noise = options.level * prepared(torch.randn(clean.shape, generator=random, device=random.device))
            return features + coarser(noise, options.positions)
        if defence == "xnn-d":
            return features + coarser(generator(stem, random_seed(len(clean), random)), options.positions)
        if defence in PAPER:
            return features + coarser(generator(faces), options.positions)
        if others is not None:
            return insta_hide(features, others, MIXTURES[defence], random)
        return features if defence == "clean" else torch.zeros_like(clean)

    def read(features: Tensor) -> Tensor:
        return through_message(features, most).abs() if defence in MIXTURES else through_message(features, most)

    @torch.no_grad()
    def send(faces: Tensor, random: torch.Generator) -> Tensor:
        faces = prepared(faces)
        stem, clean = encoder(faces)
        if deeper is not None:
            clean = deeper.begun(clean, options.deeper)
        return mean(lambda: read(perturbed(faces, stem, clean, random)))

    return send


def hiding(options: argparse.Namespace) -> Hide:
    if options.defence == "minusface":
        _, regenerator = attacked(options)
        return minus_face(ready(regenerator.eval()))
    return {"partialface": partial_face, "ldp-slicing": ldp_slicing}[options.defence]


def coarser(values: Tensor, positions: int) -> Tensor:
    """Maps [batch, channels, 14, 14] of fewer places, `positions` on each side, and of the same power: each holds its square's mean, written in all
    its places, so that networks of 14x14 read it.
    """
    if positions == values.shape[-1]:
        return values
    means = functional.adaptive_avg_pool2d(values, positions)
    power = [maps.pow(2).mean((1, 2, 3), keepdim=True) for maps in (values, means)]
    return functional.interpolate(means * (power[0] / power[1]).sqrt(), size=values.shape[-2:])


def public_faces(chips: Chips) -> NDArray[np.uint8]:
    """Some of nobody that is tested [PUBLIC_FACES, 112, 112, 3]."""
    rows = chips.rows("unlabelled")
    return chips.crops(rows[:: len(rows) // PUBLIC_FACES][:PUBLIC_FACES])


def reading(network: nn.Module, chips: Chips, send: Send, options: argparse.Namespace) -> nn.Module:
    """A network of features as one of what is sent: where that are pictures, behind an encoder that starts as the released one."""
    if options.defence not in PICTURES:
        return network
    reader = PictureReader(PICTURES[options.defence], Encoder())
    load_modules("encoder", {"encoder": reader.encoder})
    rows = chips.rows("train", "unlabelled")
    photos = prepared(to_input(torch.from_numpy(chips.crops(rows[:: len(rows) // 32]))))
    ready(reader).start_from(send(photos, source(options.seed)), photos)
    return nn.Sequential(reader, network)


def train_recogniser(chips: Chips, send: Send, options: argparse.Namespace) -> nn.Module:
    """R: AM-softmax on the labelled training people. From random weights, as the authors have it; or, warm, from the clean tail's, in the architecture of
    S, and with what that makes of each person's messages as his centre: random centres would tear down what the tail knows.
    """
    rows = chips.rows("train")
    people, labels = np.unique(chips.identities[rows], return_inverse=True)
    tail = reading(student_from(tail_after(options.deeper)) if options.warm else start_anew(Tail()), chips, send, options)
    classes = Classes(len(people))
    if options.warm:
        random, network = source(options.seed), ready(tail)
        classes.start_from(torch.from_numpy(embed_all(lambda faces: network(send(to_input(faces), random)), chips.crops(rows))), torch.from_numpy(labels))
    optimiser = torch.optim.Adam([*tail.parameters(), *classes.parameters()], lr=options.rate)
    jitter = Jitter()

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        cosines = classes(tail(send(chips.augmented(numbers, jitter, random), random)))
        return {"loss": descend(optimiser, am_softmax(cosines, chips.places(people, numbers)))}

    run(options, {"tail": tail, "classes": classes}, optimiser, rows, step)
    return tail


def train_student(chips: Chips, send: Send, options: argparse.Namespace) -> nn.Module:
    """D: from what is sent to a public embedding of the photo. Starts from the clean tail, which fits a public teacher."""
    rows = learnt_by(chips, options)
    targets = np.zeros((len(chips.images), spec.EMBEDDING_SIZE), np.float32)
    targets[rows] = described(chips.crops(rows)) if options.embedding == "tail" else judged_chips(chips, rows)
    return train_embedder(chips, send, options, tail_after(options.deeper), rows, lambda numbers: torch.from_numpy(targets[numbers.numpy()]).to(DEVICE))


def learnt_by(chips: Chips, options: argparse.Namespace) -> NDArray[np.int64]:
    """The chips that D has."""
    splits = ("val",) if options.photos == "held-out" else ("train", "unlabelled")
    return np.random.default_rng(options.seed).permutation(chips.rows(*splits))[: options.pairs]


def train_ceiling(chips: Chips, send: Send, options: argparse.Namespace) -> nn.Module:
    """S: as the cloud's student is trained, from what is sent to the teacher's embedding, but not to its late map."""
    return train_embedder(chips, send, options, student_from(tail_after(options.deeper)), chips.rows("train", "unlabelled"), chips.target)


def train_embedder(
    chips: Chips, send: Send, options: argparse.Namespace, start: Tail, rows: NDArray[np.int64], target: Callable[[Tensor], Tensor]
) -> nn.Module:
    """From what is sent of the chips `rows` to the unit embeddings that `target` gives of chip numbers."""
    tail = reading(start, chips, send, options)
    optimiser = torch.optim.Adam(tail.parameters(), lr=options.rate)
    jitter = Jitter()

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        embeddings = tail(send(chips.augmented(numbers, jitter, random), random))
        return {"loss": descend(optimiser, 1 - (embeddings * target(numbers)).sum(1).mean())}

    run(options, {"tail": tail}, optimiser, rows, step)
    return tail


def clean_tail() -> Tail:
    tail = Tail()
    load_modules("clean-tail", {"tail": tail})
    return tail


def student_from(tail: Tail) -> Tail:
    """S's architecture, which gives at first what the tail gives."""
    student = new_student()
    student.start_from(tail)
    return student


def tail_after(blocks: int) -> Tail:
    """The clean tail, to go on where so many blocks have run in the browser."""
    tail = clean_tail()
    if blocks > 0:
        tail.start_after(blocks)
    return tail


def train_painter(chips: Chips, send: Send, options: argparse.Namespace) -> nn.Module:
    """I: least squared error to the photo."""
    painter = reading(UNet(options.width), chips, send, options)
    optimiser = torch.optim.Adam(painter.parameters(), lr=options.rate)
    plain = Jitter(contrast=0, brightness=0, blurred=0, grey=0)

    def step(numbers: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        faces = chips.augmented(numbers, plain, random)
        return {"loss": descend(optimiser, functional.mse_loss(painter(send(faces, random)), faces))}

    run(options, {"painter": painter}, optimiser, chips.rows("train", "unlabelled"), step)
    return painter


def run(
    options: argparse.Namespace, networks: dict[str, nn.Module], optimiser: torch.optim.Optimizer, rows: NDArray[np.int64], step: Step
) -> None:
    name = checkpoint(options)
    for network in networks.values():
        ready(network)
    fit(name, settings(options), networks, [optimiser], rows, step, epochs=options.epochs, batch=options.batch, seed=options.seed)


def checkpoint(options: argparse.Namespace) -> str:
    """In training/runs, without .pt."""
    return "-".join([f"again-{commit()}" if options.again else "attack", *(str(value) for value in settings(options).values()), str(options.seed), str(options.epochs)])


def start_anew(network: Network) -> Network:
    """Random weights of a size that deep ReLU networks without normalisation train from."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            nn.init.zeros_(layer.bias)
    return network


def recognition(chips: Chips, lfw: Lfw, embed: Callable[[Tensor], Tensor]) -> dict[str, float]:
    """What a tail recognises: held-out people of `val`, and LFW's pairs, both sides as sent."""
    rows = chips.rows("val")
    held_out, identities = embed_all(embed, chips.crops(rows)), chips.identities[rows]
    scores, same = pair_scores(embed_all(embed, lfw.images), lfw.view2)
    return {
        "chance": 1 / len(np.unique(identities)),
        **held_out_rates(held_out, identities),
        "lfw": ten_fold_accuracy(scores, same)[0],
    }


def linkage(lfw: Lfw, sent: NDArray[np.float32], plain: NDArray[np.float32]) -> dict[str, float]:
    """Whether what was sent of one photo is linked to a plain photo, by embeddings of what was sent of LFW's photos and of these. 50 % = chance."""
    first, second, same = (np.array(column) for column in zip(*lfw.view2))
    scores = (sent[first] * plain[second]).sum(1)
    both, _ = pair_scores(plain, lfw.view2)
    return {
        "linked": ten_fold_accuracy(scores, same)[0],
        "tar_1e-3": tar_at_far(scores[same], scores[~same], 1e-3),
        "plain_photos_linked": ten_fold_accuracy(both, same)[0],
    }


def pictures(lfw: Lfw, recovered: NDArray[np.uint8], judged: Callable[[Lfw], NDArray[np.float32]]) -> dict[str, float]:
    """How much of LFW's photos comes back, and whether the judge takes what comes back for the person. 50 % = chance.

    `judged` gives the judge's embeddings of the photos.
    """
    judge = ready(Judge().eval())
    first, second, same = (np.array(column) for column in zip(*lfw.view2))
    used = np.unique(first)
    scores = (about_mean(embed_all(judge, recovered))[first] * judged(lfw)[second]).sum(1)
    return {
        "psnr": float(np.mean([psnr(recovered[number], lfw.images[number]) for number in used])),
        "ssim": float(np.mean([ssim(recovered[number], lfw.images[number]) for number in used])),
        "verified": ten_fold_accuracy(scores, same)[0],
    }


def psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Peak signal-to-noise ratio of two RGB pictures, in dB."""
    return float(10 * np.log10(255**2 / ((first.astype(np.float32) - second) ** 2).mean()))


def ssim(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Structural similarity of two RGB pictures [height, width, 3] (Wang et al. 2004): luma, Gaussian window of 11 pixels, sigma 1.5."""
    luma = torch.tensor([0.299, 0.587, 0.114])
    x, y = ((torch.from_numpy(np.array(picture)).float() @ luma)[None, None] for picture in (first, second))
    window = torch.exp(-((torch.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    kernel = torch.outer(window, window)[None, None] / window.sum() ** 2

    def blurred(image: Tensor) -> Tensor:
        return functional.conv2d(image, kernel)

    mean_x, mean_y = blurred(x), blurred(y)
    variance_x, variance_y = blurred(x * x) - mean_x**2, blurred(y * y) - mean_y**2
    covariance = blurred(x * y) - mean_x * mean_y
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    likeness = (2 * mean_x * mean_y + c1) * (2 * covariance + c2) / ((mean_x**2 + mean_y**2 + c1) * (variance_x + variance_y + c2))
    return likeness.mean().item()


def described(faces: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The clean tail's embeddings [n, 128] of plain faces: every browser that uses a key gets encoder and tail."""
    encoder, tail = Encoder(), clean_tail()
    load_modules("encoder", {"encoder": encoder})
    for network in (encoder, tail):
        ready(network.eval())
    return embed_all(lambda images: tail(encoder(prepared(to_input(images)))[1]), faces)


def judged_chips(chips: Chips, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    which = hashlib.sha256(rows.tobytes()).hexdigest()[:8]
    return about_mean(_judged(f"judged-chips-{which}", lambda: chips.crops(rows)))


def judged_lfw(lfw: Lfw) -> NDArray[np.float32]:
    return about_mean(_judged("judged-lfw", lambda: lfw.images))


def judge_all(runs: Sequence[argparse.Namespace]) -> None:
    """Asks the judge what these runs will ask, so that they may run beside one another."""
    chips = load_chips()
    judged_lfw(load_lfw())
    for options in runs:
        if options.attacker == "D" and options.embedding == "dlib":
            judged_chips(chips, learnt_by(chips, options))


def about_mean(embeddings: NDArray[np.float32]) -> NDArray[np.float32]:
    """The judge's embeddings all point much the same way; what tells people apart is the rest. The mean needs no label."""
    rest = embeddings - embeddings.mean(axis=0)
    return rest / (np.linalg.norm(rest, axis=1, keepdims=True) + 1e-12)


def _judged(name: str, faces: Callable[[], NDArray[np.uint8]]) -> NDArray[np.float32]:
    path = CACHE / f"{name}.npy"
    if not path.exists():
        save_array(path, embed_all(ready(Judge().eval()), faces()))
    return np.load(path)


def attacked(options: argparse.Namespace) -> tuple[Encoder, nn.Module]:
    """The browser's networks under a defence: encoder and generator, whose weights count for nothing where the defence has none."""
    encoder = Encoder(bare=options.defence == "paper-bare")
    load_modules("encoder", {"encoder": encoder})
    generator = OTHERS_LEARNT.get(options.defence, Generator)()
    if options.defence in LEARNT:
        load_modules(options.defence if options.defence in OTHERS_LEARNT else options.generator, {"generator": generator})
    return encoder, generator


def networks(options: argparse.Namespace) -> str:
    """The fingerprint of what was attacked, or what attackers of pictures start from."""
    encoder, generator = attacked(options)
    return fingerprint(encoder, generator) if options.defence in LEARNT else fingerprint(encoder)


def settings(options: argparse.Namespace) -> dict[str, object]:
    """What a row is of. A dial that defence or attacker does not have is left out, and one of `USUAL` that is as usual."""
    unusual = [key for key, value in USUAL.get(options.attacker, {}).items() if getattr(options, key) != value]
    own = {"xnn-d": ("generator",) if options.level == spec.NOISE_LEVEL else ("generator", "level"), "gaussian": ("level",)}.get(options.defence, ())
    sent = ("messages",) if options.defence in PICTURES else ("messages", "bits")
    return {key: getattr(options, key) for key in ("attacker", "defence", *own, *sent, "pairs", "warm", "rate", *unusual)}


def whole_run(options: argparse.Namespace) -> dict[str, object]:
    """What tells a run from all others."""
    return {**settings(options), "networks": networks(options), "epochs": options.epochs, "seed": options.seed}


def parsed(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Options of a command line, that of the process if none is given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attacker", choices=("R", "D", "I", "S"))
    parser.add_argument("--defence", choices=DEFENCES, required=True)
    parser.add_argument("--generator", default="generator", help="checkpoint of xnn-d's generator in training/runs, without .pt")
    parser.add_argument("--level", type=float, default=spec.NOISE_LEVEL, help="amplitude of gaussian's or xnn-d's noise: 1 has the power of the features")
    parser.add_argument("--bits", type=int, default=spec.STEP_BITS, help="a value of features; hidden pictures have bytes")
    parser.add_argument("--positions", type=int, choices=(7, spec.FEATURE_SIZE), default=spec.FEATURE_SIZE, help="on each side of the map that is sent")
    parser.add_argument("--deeper", type=int, choices=range(7), default=0, help="blocks of the clean tail that run in the browser, too; not with learnt noise")
    parser.add_argument("--messages", type=int, default=1, help="messages of one photo that the attacker averages")
    parser.add_argument("--pairs", type=int, help="photos D may learn from; all of them if not given")
    parser.add_argument("--width", type=int, default=FULL_WIDTH, help="of I's painter")
    parser.add_argument("--embedding", choices=("dlib", "tail"), default="dlib", help="that D learns: dlib's, or the clean tail's, which browsers get")
    parser.add_argument("--photos", choices=("trained", "held-out"), default="trained", help="that D learns from: those of the attacked networks, or of `val`")
    parser.add_argument("--warm", action="store_true", help="R starts from the clean tail's weights")
    parser.add_argument("--epochs", type=float, default=3)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--batch", type=int, default=BATCH)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--again", action="store_true", help="for training/again.jsonl, whatever rows and checkpoints other commits have")
    options = parser.parse_args(words)
    if options.deeper > 0 and options.defence not in ("clean", "gaussian"):
        parser.error(f"--deeper goes with clean features and Gaussian noise: nothing else was trained for what is sent then, {options.defence} was not either")
    return options


def row_file(options: argparse.Namespace) -> Path:
    return ROWS_AGAIN if options.again else ROWS


def rows_of(options: argparse.Namespace) -> list[dict[str, object]]:
    """The rows that there are of these settings and networks, the newest last; of what is run again, those of this commit."""
    wanted = {**dict.fromkeys(("level", *USUAL.get(options.attacker, ()))), **whole_run(options), **({"commit": commit()} if options.again else {})}
    return [row for row in read_rows(row_file(options)) if all(row.get(key) == value for key, value in wanted.items())]


def main() -> None:
    options = parsed()
    use_one_core()
    torch.manual_seed(options.seed)

    chips, lfw = load_chips(), load_lfw()
    send = sender(chips, options)
    random = source(1000 + options.seed)
    begun = time.process_time()
    train = {"R": train_recogniser, "D": train_student, "I": train_painter, "S": train_ceiling}[options.attacker]
    network = train(chips, send, options).eval()

    def received(faces: Tensor) -> Tensor:
        return network(send(to_input(faces), random))

    def painted(faces: Tensor) -> Tensor:
        return to_pixels(received(faces))

    if options.attacker in ("R", "S"):
        result = recognition(chips, lfw, received)
    elif options.attacker == "D":
        result = linkage(lfw, embed_all(received, lfw.images), described(lfw.images) if options.embedding == "tail" else judged_lfw(lfw))
    else:
        result = pictures(lfw, embed_all(painted, lfw.images), judged_lfw)
    record(row_file(options), whole_run(options), begun, {**result, "losses": learning_curve(checkpoint(options))})


if __name__ == "__main__":
    main()
