"""Shapes, properties and one short run that must learn, on made-up faces: needs no data."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as functional

from training import attack, loop, plan, released, spec, thief
from training.adversaries import Painter, Recogniser, am_softmax, reverse
from training.attack import checkpoint, coarser, linkage, parsed, psnr, rows_of, settings, ssim, start_anew, whole_run
from training.attackers import FULL_WIDTH, Classes, UNet
from training.align import crop, similarity
from training.data import CHIP_SIZE, MIDDLE, ROOT, Chips, Jitter, Lfw, augment, centre, placed, to_input
from training.evaluate import mean, rank_one, tar_at_far, ten_fold_accuracy
from training.distil import LATE_WEIGHT, distances
from training.export import BROWSER, CLOUD, browser_weights, golden, golden_face, golden_seed, shipped
from training.networks import (
    Bottleneck,
    Encoder,
    Generator,
    PaperGenerator,
    Tail,
    Teacher,
    convolution,
    layer_norm,
    new_student,
    quantise,
    random_seed,
    start_from_teacher,
    through_message,
    to_teacher,
)
from training.released import from_onnx, from_tfjs

loop.use_one_core()


@pytest.fixture(scope="module")
def encoded() -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(0)
    with torch.inference_mode():
        return Encoder()(torch.rand(2, 3, 112, 112) * 2 - 1)


def test_encoder_gives_normalised_positions(encoded: tuple[torch.Tensor, torch.Tensor]) -> None:
    stem, clean = encoded
    assert stem.shape == (2, spec.STEM_CHANNELS, spec.STEM_SIZE, spec.STEM_SIZE)
    assert clean.shape == (2, spec.FEATURE_CHANNELS, spec.FEATURE_SIZE, spec.FEATURE_SIZE)
    assert clean.mean(1).abs().max() < 1e-4
    # Untrained, the encoder's own variance can be as small as the layer norm's epsilon.
    assert layer_norm(clean * 100).var(1, unbiased=False).sub(1).abs().max() < 1e-3


@pytest.mark.parametrize("level", [0.5, 1.0, 2.0])
def test_noise_has_the_power_of_the_dial_and_is_odd_in_the_seed(encoded: tuple[torch.Tensor, torch.Tensor], level: float) -> None:
    generator = Generator(level)
    generator.scale.data.uniform_(0.1, 3)
    generator.spread.weight.data.normal_()
    generator.whole.data.normal_()
    seed = random_seed(2, torch.Generator().manual_seed(1))
    with torch.inference_mode():
        noise, mirrored = generator(encoded[0], seed), generator(encoded[0], -seed)
    assert noise.square().mean().sqrt().item() == pytest.approx(level, rel=0.15)
    assert torch.allclose(noise, -mirrored, atol=1e-5)  # so its mean over seeds is 0 for every face


def test_tail_gives_unit_vectors(encoded: tuple[torch.Tensor, torch.Tensor]) -> None:
    with torch.inference_mode():
        assert torch.allclose(Tail()(encoded[1]).norm(dim=1), torch.ones(2), atol=1e-5)


def test_a_student_starts_as_the_tail_it_takes_over(encoded: tuple[torch.Tensor, torch.Tensor]) -> None:
    tail, student = Tail(), new_student()
    student.start_from(tail)
    assert sum(p.numel() for p in student.parameters()) > sum(p.numel() for p in tail.parameters())
    with torch.inference_mode():
        assert torch.allclose(student(encoded[1]), tail(encoded[1]), atol=1e-6)


def test_a_tail_that_knows_what_the_teacher_knows_has_nothing_to_learn(encoded: tuple[torch.Tensor, torch.Tensor]) -> None:
    tail, faces, features = Tail(), torch.rand(2, 3, 112, 112) * 2 - 1, encoded[1].clone()

    class Knowing(torch.nn.Module):
        def late_map(self, _: torch.Tensor) -> torch.Tensor:
            return tail.late_map(features) * self.factor

        factor = 1.0

    teacher = Knowing()
    embedding, late = distances(tail, features, tail(features).detach(), teacher, faces)  # type: ignore[arg-type]
    assert embedding.abs().max() < 1e-6 and late.abs().max() < 1e-6
    teacher.factor = 2.0  # half of what is wanted: a quarter of its power is missing
    _, late = distances(tail, features, tail(features).detach(), teacher, faces)  # type: ignore[arg-type]
    assert late.mean().item() == pytest.approx(LATE_WEIGHT / 4, rel=1e-4)


def test_the_start_keeps_what_matters_of_the_teacher() -> None:
    """A made-up teacher of which no more channels are alive than the encoder has: the stem's map is the teacher's own."""
    torch.manual_seed(6)
    teacher = made_up_teacher()
    encoder, tail = Encoder(), Tail()
    faces = torch.rand(4, 3, 112, 112) * 2 - 1
    start_from_teacher(teacher, encoder, tail, faces)
    with torch.inference_mode():
        x = to_teacher(faces)
        for layer in teacher.stem:
            x = functional.relu(layer(x))
        for block in teacher.blocks[:5]:
            x = block(x)
        inside = (..., slice(8, -8), slice(8, -8))  # at the border each pads with zeros of its own range
        assert (encoder(faces)[0] - x)[inside].square().mean() < 1e-6 * x[inside].square().mean()


def made_up_teacher() -> Teacher:
    teacher = Teacher.__new__(Teacher)
    torch.nn.Module.__init__(teacher)
    teacher.stem = torch.nn.ModuleList([convolution(3, 64, 3, 2), convolution(64, 64, 3, groups=64), convolution(64, 64, 1)])
    sizes = [(64, 128, 64, 2), *[(64, 128, 64, 1)] * 4, (64, 256, 128, 2), *[(128, 256, 128, 1)] * 6, (128, 512, 128, 2)]
    teacher.blocks = torch.nn.ModuleList(Bottleneck(*size) for size in [*sizes, *[(128, 256, 128, 1)] * 2])
    teacher.widen, teacher.pool, teacher.embed = convolution(128, 512, 1), torch.nn.Conv2d(512, 512, 7, groups=512), convolution(512, 128, 1)
    for layer in teacher.modules():
        if isinstance(layer, torch.nn.Conv2d):
            torch.nn.init.zeros_(layer.bias)  # so that no channel is constant and not 0
    alive = [(teacher.stem[1], 40), (teacher.stem[2], 56)]
    alive += [(block.depthwise, count) for block, count in zip(teacher.blocks, (88, 104, 120, 120, 120, 232))]
    for layer, count in alive:
        layer.weight.data[torch.randperm(len(layer.weight))[count:]] = 0
        layer.bias.data[layer.weight.data.flatten(1).abs().sum(1) == 0] = -1
    return teacher


def test_the_authors_generator_starts_as_the_clean_features(encoded: tuple[torch.Tensor, torch.Tensor]) -> None:
    generator, faces = PaperGenerator(), torch.rand(2, 3, 112, 112) * 2 - 1
    with torch.inference_mode():
        assert torch.equal(generator(faces), generator.encoder(faces)[1])


def test_quantisation_is_at_most_half_a_step_off() -> None:
    features = torch.randn(2, spec.FEATURE_CHANNELS, spec.FEATURE_SIZE, spec.FEATURE_SIZE)
    steps, scales = quantise(features)
    assert steps.abs().max() == spec.STEP_MAX
    error = (through_message(features) - features).abs() / scales[:, :, None, None]
    assert error.max() <= 0.5 + 1e-4


def test_exported_layout_keeps_every_parameter() -> None:
    for network in (Encoder(), Generator()):
        assert sum(value.size for value in browser_weights(network).values()) == sum(p.numel() for p in network.parameters())
    assert browser_weights(Encoder())["depthwise.weight"].shape == (3, 3, 40, 1)
    assert browser_weights(Encoder())["conv.weight"].shape == (3, 3, 3, 40)


def test_similarity_is_recovered_and_a_crop_lands_on_the_template() -> None:
    template = np.array(spec.FIVE_POINT_TEMPLATE)
    angle, scale = math.radians(20), 1.7
    rotation = scale * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    landmarks = (template - [10, 5]) @ np.linalg.inv(rotation).T
    matrix = similarity(landmarks, template)
    assert np.allclose(matrix, np.concatenate([rotation, [[10], [5]]], axis=1))

    image = np.zeros((120, 120, 3), np.uint8)
    x, y = template[2].round().astype(int)
    image[y, x] = 255
    assert np.unravel_index(crop(image, template)[..., 0].argmax(), (112, 112)) == (y, x)


STILL = Jitter(rotation=0, scale=0, shift=0, contrast=0, brightness=0, blurred=0, grey=0)


def test_augmentation_without_jitter_is_the_crop_or_its_mirror_image() -> None:
    chips = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (4, CHIP_SIZE, CHIP_SIZE, 3), dtype=np.uint8))
    middle = torch.from_numpy(MIDDLE).expand(4, 2, 3)
    assert torch.equal(placed(chips, middle), centre(chips))
    plain = to_input(centre(chips))
    for face, expected in zip(augment(chips, middle, STILL, torch.Generator().manual_seed(1)), plain):
        assert min((face - expected).abs().max(), (face.flip(2) - expected).abs().max()) < 1e-3


def test_a_chip_is_cut_where_it_is_placed() -> None:
    chip = torch.zeros(1, CHIP_SIZE, CHIP_SIZE, 3, dtype=torch.uint8)
    chip[0, 60, 90] = 255  # row, column
    turned = torch.tensor([[[0.0, -1.0, 120.0], [1.0, 0.0, 10.0]]])  # crop (x, y) lies at chip (120 - y, 10 + x)
    crop = placed(chip, turned)[0, :, :, 0]
    assert crop[30, 50] == 255
    jittered = augment(chip, turned, STILL, torch.Generator().manual_seed(1))[0, 0]
    assert jittered[30].argmax() in (50, spec.CROP_SIZE - 1 - 50)


def test_reversal_turns_the_gradient() -> None:
    x = torch.ones(3, requires_grad=True)
    reverse(x, 0.5).sum().backward()
    assert x.grad is not None and torch.allclose(x.grad, torch.full((3,), -0.5))


def test_metrics_on_known_scores() -> None:
    genuine, impostor = np.array([0.9, 0.8, 0.3]), np.arange(1000) / 2000
    assert tar_at_far(genuine, impostor, 1e-3) == pytest.approx(2 / 3)
    distinct = np.arange(1000)  # ten of them may be exceeded: those above 989
    assert tar_at_far(np.array([989, 989.5, 990]), distinct, 0.01) == pytest.approx(2 / 3)
    scores = np.tile([0.9, 0.1], 300)
    assert ten_fold_accuracy(scores, scores > 0.5) == (1.0, 0.0)


def test_a_fold_is_judged_by_the_threshold_of_the_others() -> None:
    """By hand: without the first fold 0.9 is best, and all of that fold is refused; with it 0.6, which takes one stranger in each other fold."""
    scores = np.array([0.6] * 4 + [0.9, 0.9, 0.7, 0.6] * 9)
    accuracy, deviation = ten_fold_accuracy(scores, scores != 0.7)
    assert (accuracy, deviation) == (pytest.approx(0.675), pytest.approx(0.225))


def test_a_message_of_the_first_photo_is_linked_to_the_plain_second() -> None:
    count = 40
    person = functional.normalize(torch.randn(count, spec.EMBEDDING_SIZE, generator=torch.Generator().manual_seed(1)), dim=1).numpy()
    garbage = np.ones_like(person) / spec.EMBEDDING_SIZE**0.5
    pairs = [(one, count + (one if one % 2 else (one + 2) % count), bool(one % 2)) for one in range(count)]
    lfw = Lfw(images=np.zeros((2 * count, 0), np.uint8), people=np.arange(2 * count), view1=[], view2=pairs)
    sent, plain = np.concatenate([person, garbage]), np.concatenate([garbage, person])
    assert linkage(lfw, sent, plain)["linked"] == 1
    assert linkage(lfw, plain, sent)["linked"] < 0.6


@pytest.fixture
def in_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Chips:
    """The released networks as checkpoints, and photos of noise that attackers mix others with."""
    for module in (loop, released):
        monkeypatch.setattr(module, "RUNS", tmp_path)
    released.main()
    images = np.random.default_rng(1).integers(0, 256, (4, CHIP_SIZE, CHIP_SIZE, 3), dtype=np.uint8)
    monkeypatch.setattr(attack, "PUBLIC_FACES", 4)
    return Chips(images, np.repeat(MIDDLE[None], 4, axis=0), np.arange(4), np.full(4, "unlabelled"), np.full(4, ""), np.zeros((4, 1), np.float32))


@pytest.mark.parametrize("defence", ["clean", "gaussian", "xnn-d", "instahide-2"])
def test_an_attacker_reads_values_of_four_bits_and_noise_that_is_new_each_time(defence: str, in_release: Chips) -> None:
    faces = torch.from_numpy(golden_face())[None]
    faces = (to_input(faces) if faces.dtype == torch.uint8 else faces).expand(2, 3, 112, 112)
    send, random = attack.sender(in_release, parsed(["D", "--defence", defence])), torch.Generator().manual_seed(1)
    first, second = send(faces, random), send(faces, random)
    levels = [len(values.unique()) for values in first.flatten(0, 1).flatten(1)]
    assert max(levels) <= (spec.STEP_MAX + 1 if defence == "instahide-2" else 2 * spec.STEP_MAX + 1)
    if defence == "clean":
        assert torch.equal(first, second)
        return
    assert not torch.equal(first[0], first[1]) and not torch.equal(first, second)
    if defence == "instahide-2":
        assert first.min() >= 0
        return
    clean = attack.sender(in_release, parsed(["D", "--defence", "clean", "--bits", "8"]))(faces, random)
    power = (first - clean).square().mean() / clean.square().mean()
    assert power.item() == pytest.approx(spec.NOISE_LEVEL**2, rel=0.2)
    many = attack.sender(in_release, parsed(["D", "--defence", defence, "--messages", "16"]))(faces, random)
    assert (many - clean).square().mean() / clean.square().mean() == pytest.approx(power.item() / 16, rel=0.3)


def test_golden_inputs_have_the_range_of_real_ones() -> None:
    assert golden_face().std() > 50
    assert golden_seed().std() == pytest.approx(1, abs=0.05)


def test_a_short_training_learns_and_resumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tells four made-up patterns apart through noise; stopped half-way and resumed, it ends where an unbroken run ends."""
    monkeypatch.setattr(loop, "RUNS", tmp_path)
    monkeypatch.setattr(loop, "WARMUP_STEPS", 5)
    coarse = torch.rand(4, 3, 4, 4, generator=torch.Generator().manual_seed(3)) * 2 - 1
    patterns = functional.interpolate(coarse, size=spec.CROP_SIZE, mode="bilinear", align_corners=False)

    def run(name: str, epochs: int, stop_after: int | None = None) -> tuple[Encoder, list[float]]:
        torch.manual_seed(4)
        encoder, recogniser, painter = Encoder(), Recogniser(4), Painter()
        for layer in encoder.modules():
            if isinstance(layer, torch.nn.Conv2d):  # from scratch, the default start is too small to learn within a minute
                torch.nn.init.kaiming_normal_(layer.weight)
        optimiser = torch.optim.Adam([*encoder.parameters(), *recogniser.parameters(), *painter.parameters()], lr=1e-3)
        losses: list[float] = []

        def step(rows: torch.Tensor, random: torch.Generator) -> dict[str, torch.Tensor]:
            if len(losses) == stop_after:
                raise KeyboardInterrupt
            _, clean = encoder(patterns[rows])
            noisy = clean + torch.randn(clean.shape, generator=random)
            loss = am_softmax(recogniser(noisy), rows) + painter(noisy).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
            return {"loss": loss.detach()}

        modules = {"encoder": encoder, "recogniser": recogniser, "painter": painter}
        for module in modules.values():
            module.to(memory_format=torch.channels_last)
        loop.fit(name, {}, modules, [optimiser], np.arange(4), step, epochs=epochs, batch=4, device=torch.device("cpu"))
        return encoder, losses

    _, losses = run("learning", 40)
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])

    unbroken, _ = run("unbroken", 8)
    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0)
    with pytest.raises(KeyboardInterrupt):
        run("broken", 8, stop_after=5)
    resumed, rest = run("broken", 8)
    assert len(rest) == 3
    for mine, theirs in zip(resumed.parameters(), unbroken.parameters()):
        assert torch.allclose(mine, theirs, atol=1e-5)


def test_a_learning_curve_counts_the_steps_of_a_resumed_run_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(loop, "RUNS", tmp_path)
    lines = [{"step": step, "loss": loss} for step, loss in ((50, 4.0), (100, 3.0), (150, 9.0), (150, 2.0), (200, 1.5), (250, 1.0))]
    (tmp_path / "run.jsonl").write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    assert loop.learning_curve("run") == [4.0, 3.0, 2.0, 1.5, 1.0]
    assert loop.learning_curve("run", most=3) == [4.0, 2.0, 1.0]


def test_likeness_is_one_for_the_same_picture_and_low_for_another() -> None:
    random = np.random.default_rng(1)
    picture = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    assert ssim(picture, picture) == pytest.approx(1, abs=1e-5)
    assert abs(ssim(picture, random.integers(0, 256, (32, 32, 3), dtype=np.uint8))) < 0.2
    # Constant pictures have no structure: what is left is the luminance term, by hand.
    dark, light = np.full((32, 32, 3), 50, np.uint8), np.full((32, 32, 3), 100, np.uint8)
    c1 = (0.01 * 255) ** 2
    assert ssim(dark, light) == pytest.approx((2 * 50 * 100 + c1) / (50**2 + 100**2 + c1), abs=1e-3)


def test_rank_one_takes_the_first_face_of_each_person_as_gallery() -> None:
    embeddings = np.array([[1, 0], [0, 1], [0.9, 0.1], [0.8, 0.2], [0.1, 0.9]], np.float32)
    assert rank_one(embeddings, np.array([0, 1, 0, 1, 1])) == pytest.approx(2 / 3)


@pytest.mark.parametrize("width", [FULL_WIDTH, 96])
def test_the_painter_paints_a_crop(width: int) -> None:
    features = torch.randn(1, spec.FEATURE_CHANNELS, spec.FEATURE_SIZE, spec.FEATURE_SIZE)
    assert UNet(width)(features).shape == (1, 3, spec.CROP_SIZE, spec.CROP_SIZE)
    with pytest.raises(ValueError, match="multiple of 6, not 97"):
        UNet(97)


def test_noise_ratio_by_hand() -> None:
    dark, light = np.full((4, 4, 3), 50, np.uint8), np.full((4, 4, 3), 60, np.uint8)
    assert psnr(dark, light) == psnr(light, dark) == pytest.approx(10 * math.log10(255**2 / 100), abs=1e-4)


@pytest.fixture(scope="module")
def few_faces() -> tuple[torch.Tensor, torch.Tensor]:
    """Pictures [6, 3, 112, 112] of one colour each half, and an untrained encoder's clean features of them."""
    random = torch.Generator().manual_seed(3)
    halves = torch.rand(6, 3, 1, 2, generator=random) * 2 - 1
    faces = halves.repeat_interleave(112, dim=2).repeat_interleave(56, dim=3)
    torch.manual_seed(3)
    with torch.no_grad():
        return faces, start_anew(Encoder())(faces)[1]


def test_the_painter_succeeds_on_clean_features(few_faces: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Less than half of what the mean face leaves open is left."""
    faces, features = few_faces
    torch.manual_seed(4)
    painter = UNet()
    optimiser = torch.optim.Adam(painter.parameters(), lr=1e-3)
    losses = [loop.descend(optimiser, functional.mse_loss(painter(features), faces)) for _ in range(40)]
    assert losses[-1] < (faces - faces.mean(0)).square().mean().item() / 2


def test_the_linker_succeeds_on_clean_features(few_faces: tuple[torch.Tensor, torch.Tensor]) -> None:
    """Embeddings of a stranger's network, learnt from pairs: each message nearest to its own, at a cosine of 0.9 or more."""
    _, features = few_faces
    targets = functional.normalize(torch.randn(6, spec.EMBEDDING_SIZE, generator=torch.Generator().manual_seed(5)), dim=1)
    torch.manual_seed(5)
    tail = start_anew(Tail())
    optimiser = torch.optim.Adam(tail.parameters(), lr=1e-3)
    for _ in range(40):
        loop.descend(optimiser, 1 - (tail(features) * targets).sum(1).mean())
    with torch.inference_mode():
        cosines = tail(features) @ targets.T
    assert cosines.diagonal().min() > 0.9
    assert (cosines.argmax(1) == torch.arange(6)).all()


def test_classes_start_as_what_the_tail_makes_of_each_person() -> None:
    random = torch.Generator().manual_seed(5)
    people = functional.normalize(torch.randn(4, spec.EMBEDDING_SIZE, generator=random), dim=1)
    labels = torch.arange(4).repeat(3)
    embeddings = functional.normalize(people[labels] + 0.05 * torch.randn(12, spec.EMBEDDING_SIZE, generator=random), dim=1)
    classes = Classes(4)
    classes.start_from(embeddings, labels)
    cosines = classes(embeddings)
    assert (cosines.argmax(1) == labels).all()
    torch.testing.assert_close(cosines.max(1).values, (embeddings * functional.normalize(embeddings.view(3, 4, -1).mean(0), dim=1)[labels]).sum(1))


def test_a_run_is_done_when_its_row_is_there_of_the_same_networks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = tmp_path / "rows.jsonl"
    monkeypatch.setattr("training.attack.ROWS", rows)
    monkeypatch.setattr("training.attack.networks", lambda _: "12345678")
    run = parsed(["D", "--defence", "gaussian", "--pairs", "256"])
    assert not rows_of(run)
    row = {"attacker": "D", "defence": "gaussian", "level": spec.NOISE_LEVEL, "messages": 1, "bits": 4, "pairs": 256, "warm": False, "rate": 1e-3}
    line = {**row, "networks": "12345678", "epochs": 3, "seed": 1, "linked": 0.8}
    rows.write_text(json.dumps(line) + "\n")
    assert [row["linked"] for row in rows_of(run)] == [0.8]
    for other in (["--pairs", "512"], ["--seed", "2"], ["--epochs", "4"], ["--level", "4"], ["--batch", "64"]):
        assert not rows_of(parsed(["D", "--defence", "gaussian", "--pairs", "256", *other]))
    rows.write_text(json.dumps({**line, "networks": "00000000"}) + "\n")
    assert not rows_of(run)
    as_released, softer = (parsed(["I", "--defence", "xnn-d", *more]) for more in ([], ["--level", "1"]))
    rows.write_text(json.dumps(whole_run(softer)) + "\n")
    assert rows_of(softer) and not rows_of(as_released)


def test_what_is_run_again_counts_rows_of_this_commit_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ROWS", "ROWS_AGAIN"):
        monkeypatch.setattr(attack, name, tmp_path / f"{name}.jsonl")
    monkeypatch.setattr(attack, "networks", lambda _: "12345678")
    monkeypatch.setattr(attack, "commit", lambda: "abcdef1")
    words = ["D", "--defence", "gaussian", "--pairs", "256"]
    published, again = parsed(words), parsed([*words, "--again"])
    assert checkpoint(published) != checkpoint(again)
    attack.ROWS.write_text(json.dumps({**whole_run(published), "commit": "abcdef1"}) + "\n")
    assert rows_of(published) and not rows_of(again)
    attack.ROWS_AGAIN.write_text("".join(json.dumps({**whole_run(again), "commit": of}) + "\n" for of in ("abcdef0", "abcdef1")))
    assert [row["commit"] for row in rows_of(again)] == ["abcdef1"]


@pytest.mark.parametrize(("attacker", "dial", "usual", "other"), [("I", "width", FULL_WIDTH, 96), ("D", "embedding", "dlib", "tail"), ("D", "photos", "trained", "held-out")])
def test_a_dial_that_is_not_as_usual_makes_rows_and_a_checkpoint_of_their_own(
    attacker: str, dial: str, usual: object, other: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("training.attack.ROWS", tmp_path / "rows.jsonl")
    monkeypatch.setattr("training.attack.networks", lambda _: "12345678")
    as_usual, otherwise = (parsed([attacker, "--defence", "clean", f"--{dial}", str(value)]) for value in (usual, other))
    assert checkpoint(as_usual) == checkpoint(parsed([attacker, "--defence", "clean"])) != checkpoint(otherwise)
    assert dial not in settings(as_usual) and settings(otherwise)[dial] == other
    run = {"networks": "12345678", "epochs": 3, "seed": 1}
    for options, others in ((as_usual, otherwise), (otherwise, as_usual)):
        (tmp_path / "rows.jsonl").write_text(json.dumps({**settings(options), **run}) + "\n")
        assert len(rows_of(options)) == 1 and not rows_of(others)


@pytest.mark.parametrize("quick", [True, False])
def test_every_run_of_the_plan_is_another_one(quick: bool) -> None:
    names = [checkpoint(parsed(run.words)) for run in plan.attacks(quick)]
    assert len(names) == len(set(names))


def test_another_generator_and_another_student_start_from_the_release(in_release: Chips) -> None:
    tail, expected = Tail(), from_onnx("clean-tail", Tail())
    loop.load_modules("encoder", {"encoder": Encoder(), "tail": tail})
    assert all(torch.equal(value, expected.state_dict()[name]) for name, value in tail.state_dict().items())


def test_released_networks_are_read_back() -> None:
    networks = {"encoder": from_tfjs("encoder", Encoder()), "generator": from_tfjs("generator", Generator()), "tail": from_tfjs("tail", Tail())}
    for name, network in networks.items():
        assert shipped(network) == (BROWSER / f"{name}.bin").read_bytes()
    student = from_onnx("student", new_student())
    expected = json.loads((CLOUD / "golden.json").read_text())
    for name, value in golden(networks["encoder"], networks["generator"], from_onnx("clean-tail", Tail()), student).items():
        assert value == pytest.approx(expected[name], abs=1 if name == "steps" else 2e-3)


def test_coarser_maps_hold_the_mean_of_each_square_and_the_power_of_the_map() -> None:
    values = torch.randn(3, 5, 14, 14)
    coarse = coarser(values, 7)
    assert torch.equal(coarse[:, :, ::2, ::2], coarse[:, :, 1::2, 1::2])
    means = functional.avg_pool2d(values, 2)
    ratio = coarse[:, :, ::2, ::2] / means
    assert torch.allclose(ratio, ratio[:, :1, :1, :1].expand_as(ratio), rtol=1e-3)
    assert torch.allclose(coarse.pow(2).mean((1, 2, 3)), values.pow(2).mean((1, 2, 3)))
    assert coarser(values, 14) is values


def test_a_tail_goes_on_where_the_browser_stopped() -> None:
    whole, features = Tail(), torch.randn(2, spec.FEATURE_CHANNELS, spec.FEATURE_SIZE, spec.FEATURE_SIZE)
    rest = Tail()
    rest.start_from(whole)
    rest.start_after(3)
    with torch.no_grad():
        later = whole.blocks[:3](whole.adapter(features))
        assert torch.allclose(rest(later), whole(features), atol=1e-5)
        assert torch.allclose(whole.begun(features, 3), layer_norm(later))


def test_only_what_has_no_learnt_noise_is_sent_later(capsys: pytest.CaptureFixture[str]) -> None:
    assert settings(parsed(["D", "--defence", "gaussian", "--deeper", "3"]))["deeper"] == 3
    assert "deeper" not in settings(parsed(["D", "--defence", "gaussian"]))
    with pytest.raises(SystemExit):
        parsed(["D", "--defence", "xnn-d", "--deeper", "3"])
    assert "--deeper goes with clean features and Gaussian noise" in capsys.readouterr().err


def test_the_authors_generator_without_layer_norms_is_the_encoder_without() -> None:
    generator, encoder = PaperGenerator(bare=True), Encoder()
    encoder.load_state_dict(generator.encoder.state_dict())
    faces = torch.rand(2, 3, spec.CROP_SIZE, spec.CROP_SIZE)
    with torch.no_grad():
        bare = generator(faces)
        assert not torch.allclose(layer_norm(bare), bare)
        assert torch.allclose(layer_norm(bare), encoder(faces)[1])


def test_figures_of_several_draws_are_meant_each_for_itself() -> None:
    draws = [{"lfw": 0.98, "of": {"pins": 0.5}}, {"lfw": 0.99, "of": {"pins": 0.6}}]
    assert mean(draws) == {"lfw": 0.985, "of": {"pins": 0.55}}


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="needs the repository's history")
def test_templates_of_a_commits_networks_are_alike_and_never_the_same() -> None:
    photos = np.random.default_rng(0).integers(0, 256, (1, 112, 112, 3), dtype=np.uint8)
    then = thief.release_of("HEAD")
    first, again, other = (then.templates(photos, seed)[0] for seed in (1, 1, 2))
    assert np.linalg.norm(first) == pytest.approx(1, abs=1e-3)
    assert np.array_equal(first, again)
    assert 0 < np.abs(first - other).max() < 0.5
    assert then.plain(photos).shape == (1, spec.EMBEDDING_SIZE)
