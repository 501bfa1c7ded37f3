"""XNN's cloud half on made-up records: parity with TypeScript, refused bundles, a tail that learns and resumes, what breaks a scheme."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from training import loop, spec
from training.data import ROOT
from training.xnn import algebra, cloud
from training.xnn.attacks import as_map
from training.xnn.bundle import BundleError, decode_tensors, read_bundle
from training.xnn.defences import DEFENCES, fresh, through_bundle
from training.xnn.moments import moments, restore, restore_places
from training.xnn.obfuscation import (
    SCHEMES,
    TOKEN_CHANNELS,
    TOKEN_COUNT,
    Derived,
    Key,
    at_length,
    dequantise,
    derive,
    fingerprint,
    householder,
    keystream,
    obfuscate,
    permutation,
    quantise,
    rotate,
    to_features,
    to_tokens,
)
from training.xnn.tail import Size, Tail, write_onnx
from training.xnn.whitening import fit as fit_whitening

loop.use_one_core()

VECTORS = json.loads((ROOT / "src" / "core" / "xnn.vectors.json").read_text())
SMALL = Size(width=32, blocks=1, heads=2)


def clean_tokens(images: int, seed: int = 0, channels: int = TOKEN_CHANNELS) -> NDArray[np.float64]:
    """As clean ones are: a mean of each position, and few directions that carry most of the variance."""
    random = np.random.default_rng(seed)
    spread = np.random.default_rng(99).standard_normal((channels, channels)) * (1 / np.arange(1, channels + 1)) ** 0.5
    means = np.random.default_rng(98).standard_normal((TOKEN_COUNT, channels))
    return (random.standard_normal((images, TOKEN_COUNT, channels)) @ spread + means).astype(np.float32).astype(np.float64)


def related_tokens(images: int, seed: int, channels: int) -> NDArray[np.float32]:
    """As clean ones are, too: positions have to do with one another and vary each in its own way."""
    random, fixed = np.random.default_rng(seed), np.random.default_rng(97)
    shared = random.standard_normal((images, 30)) @ (fixed.standard_normal((30, TOKEN_COUNT * channels)) * fixed.random((30, 1)))
    return (clean_tokens(images, seed, channels) + shared.reshape(images, TOKEN_COUNT, channels)).astype(np.float32)


def random_key(scheme: str, channels: int = TOKEN_CHANNELS) -> Derived:
    """As `derive` gives, from a faster source, for tokens of any number of channels."""
    random = np.random.default_rng(0)
    order = random.permutation(TOKEN_COUNT)
    if scheme == "xnn-hardened":
        return Derived(order, rotations=householder(random.standard_normal((TOKEN_COUNT, channels * (channels + 1) // 2))))
    return Derived(order, matrix=(random.standard_normal((channels, channels)) / channels**0.5).astype(np.float32))


# Obfuscation


def test_stream_is_chacha20_of_rfc_8439() -> None:
    first = keystream(bytes(32), (0, 0, 0), 64).tobytes().hex()
    assert first.startswith("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7")
    secret = bytes(range(32))
    assert keystream(secret, (0x09000000, 0x4A000000, 0), 16, 1).tobytes().hex() == "10f1e7e4d13b5915500fdd1fa32071c4"


def test_permutation_follows_its_description() -> None:
    assert permutation(3, iter([7, 4])).tolist() == [2, 0, 1]
    assert permutation(3, iter([2**32 - 1, 7, 4])).tolist() == [2, 0, 1]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_typescript_and_python_agree(scheme: str) -> None:
    expected, stride = VECTORS["schemes"][scheme], VECTORS["stride"]
    key = Key(scheme, VECTORS["encoder"], bytes.fromhex(VECTORS["secret"]))
    i = np.arange(spec.FEATURE_SIZE**2 * spec.FEATURE_CHANNELS, dtype=np.int64)
    features = ((((i * 7919) % 10007) / 10007 - 0.5) * 12**0.5).astype(np.float32)
    tokens = to_tokens(features.reshape(14, 14, 128))
    assert tokens.ravel()[:: stride["tokens"]].tolist() == VECTORS["tokens"]
    assert np.array_equal(to_features(tokens).ravel(), features)
    assert torch.equal(as_map(torch.from_numpy(tokens)[None])[0].permute(1, 2, 0), torch.from_numpy(features.reshape(14, 14, 128)))

    derived = derive(key)
    assert fingerprint(key) == expected["fingerprint"]
    assert [keystream(key.secret, (use, expected["number"], 0), 32).tobytes().hex() for use in (1, 2)] == expected["streams"]
    assert derived.order.tolist() == expected["order"]
    if expected["matrix"] is not None:
        assert np.abs(derived.matrix.ravel()[:: stride["matrix"]] - expected["matrix"]).max() < 1e-6
    for rotation in expected["rotations"]:
        assert np.abs(derived.rotations[rotation["index"]][:: stride["rotation"]] - rotation["entries"]).max() < 1e-6
    assert (derived.matrix is None, derived.rotations is None) == (expected["matrix"] is None, expected["rotations"] == [])
    hidden = obfuscate(derived, tokens)
    assert np.abs(hidden.ravel()[:: stride["obfuscated"]] - expected["obfuscated"]).max() < 1e-6
    steps, scales = quantise(hidden)
    assert np.allclose(scales, expected["scales"], rtol=1e-6)
    assert steps.ravel()[:: stride["steps"]].tolist() == expected["steps"]
    # What attackers use in its place is the same.
    assert np.allclose(through_bundle(torch.from_numpy(hidden)).numpy(), dequantise(steps, scales), atol=1e-5)


def test_rotations_are_uniformly_distributed() -> None:
    size, count = 4, 20_000
    vectors = householder(np.random.default_rng(11).standard_normal((count, size * (size + 1) // 2)))
    matrices = np.stack([rotate(np.eye(size), one) for one in vectors])
    assert np.allclose(matrices @ matrices.swapaxes(1, 2), np.eye(size), atol=1e-6)
    # Of Haar measure on O(4), each with its standard error: no entry differs from another, both determinants, moments of the trace.
    assert np.abs(matrices.mean(axis=0)).max() < 5 * 0.5 / count**0.5
    assert np.abs((matrices**2).mean(axis=0) - 1 / size).max() < 5 * 0.25 / count**0.5
    assert np.abs((matrices**4).mean(axis=0) - 3 / (size * (size + 2))).max() < 5 * 0.2 / count**0.5
    assert abs(np.linalg.det(matrices).mean()) < 5 / count**0.5
    trace = np.trace(matrices, axis1=1, axis2=2)
    assert abs(trace.mean()) < 5 / count**0.5 and abs((trace**2).mean() - 1) < 5 * 2 / count**0.5


def test_one_record_of_xnn_hardened_is_noise_and_two_tell_only_how_they_lie_to_one_another() -> None:
    tokens = torch.from_numpy(clean_tokens(2).astype(np.float32))
    other = tokens.clone()
    other[0] = torch.randn(tokens[0].shape, generator=torch.Generator().manual_seed(1))
    hidden, _ = fresh("xnn-hardened", torch.Generator().manual_seed(2), once=True)(tokens, torch.Generator().manual_seed(3))
    whole, _ = fresh("xnn-hardened", torch.Generator().manual_seed(2))(tokens, torch.Generator().manual_seed(3))
    clean = torch.nn.functional.normalize(tokens, dim=2)
    angles = (clean[0] * clean[1]).sum(1).sort().values
    for records in (hidden, whole):
        assert torch.allclose(records.norm(dim=2), torch.full((2, TOKEN_COUNT), TOKEN_CHANNELS**0.5), rtol=2e-3)
        assert torch.allclose((records[0] * records[1]).sum(1).sort().values / TOKEN_CHANNELS, angles, atol=5e-3)
        # Of one record, every channel is about normal, and places have nothing to do with one another.
        assert abs(float((records[0] ** 4).mean()) - 3) < 0.2
        cosines = records[0] @ records[0].T / TOKEN_CHANNELS
        assert float(cosines.fill_diagonal_(0).abs().max()) < 5.5 / TOKEN_CHANNELS**0.5


# Bundle


def encode_tensors(tensors: dict[str, NDArray]) -> bytes:
    names = {np.dtype("<f4"): "F32", np.dtype("<i4"): "I32", np.dtype("i1"): "I8"}
    header, end = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + tensor.nbytes]}
        end += tensor.nbytes
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(tensor.tobytes() for tensor in tensors.values())


def write_bundle(folder: Path, tokens: NDArray[np.float32], labels: NDArray, classes: int, shard: int = 100) -> Path:
    folder.mkdir()
    shards = []
    for number, start in enumerate(range(0, len(labels), shard)):
        steps, scales = quantise(tokens[start : start + shard])
        tensors = {"scales": scales, "labels": labels[start : start + shard].astype("<i4"), "steps": steps}
        put_shard(folder, shards, f"{number:05d}.safetensors", tensors)
    manifest = {
        "format": "xnn-bundle",
        "version": 1,
        "encoder": "75d552a1d16c0300",
        "scheme": "xnn",
        "key": "e299d5f583815c93a97e3533abe87484",
        "tokens": TOKEN_COUNT,
        "channels": TOKEN_CHANNELS,
        "classes": classes,
        "records": len(labels),
        "shards": shards,
    }
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def put_shard(folder: Path, shards: list[dict], file: str, tensors: dict[str, NDArray]) -> None:
    data = encode_tensors(tensors)
    (folder / file).write_bytes(data)
    shards.append({"file": file, "records": len(tensors["labels"]), "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})


@pytest.fixture(scope="module")
def people() -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """160 records of 8 people under one key of xnn."""
    random = np.random.default_rng(5)
    labels = random.permutation(np.repeat(np.arange(8), 20))
    own = random.standard_normal((8, 1, TOKEN_CHANNELS))
    clean = clean_tokens(160, 6) * 0.3 + own[labels]
    return obfuscate(random_key("xnn"), clean.astype(np.float32)), labels


@pytest.fixture(scope="module")
def whole(people: tuple[NDArray[np.float32], NDArray[np.int64]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("bundle") / "b", people[0], people[1], 9)


@pytest.fixture
def bundle(whole: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(whole, tmp_path / "b"))


def test_a_bundle_is_read_as_it_was_written(whole: Path, people: tuple[NDArray[np.float32], NDArray[np.int64]]) -> None:
    read = read_bundle(whole)
    assert len(read) == 160 and read.scheme == "xnn" and np.array_equal(read.labels, people[1])
    rows = np.array([3, 159, 100, 99])
    assert np.array_equal(read.tokens(rows), dequantise(*quantise(people[0][rows])))


def test_a_bundle_of_one_person_is_refused(people: tuple[NDArray[np.float32], NDArray[np.int64]], tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "b", people[0][:20], np.zeros(20, np.int64), 2)
    with pytest.raises(BundleError) as refusal:
        read_bundle(folder)
    assert refusal.value.code == "too_few_identities"


def edit(change: Callable[[dict], object]) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        change(manifest)
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return spoil


def reshard(change: Callable[[dict[str, NDArray]], object]) -> Callable[[Path], object]:
    """Changes tensors of the second shard; size and hash in the manifest are those of what it becomes."""

    def spoil(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text())
        entry = manifest["shards"].pop()
        tensors = {name: tensor.copy() for name, tensor in decode_tensors((folder / entry["file"]).read_bytes())[0].items()}
        change(tensors)
        data = encode_tensors(tensors)
        (folder / entry["file"]).write_bytes(data)
        manifest["shards"].append({**entry, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return spoil


def cut(folder: Path) -> None:
    file = folder / "00001.safetensors"
    file.write_bytes(file.read_bytes()[:-1])


def flip(folder: Path) -> None:
    file = folder / "00001.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)


@pytest.mark.parametrize(
    ("code", "spoil"),
    [
        ("bundle_truncated", lambda folder: (folder / "manifest.json").unlink()),
        ("bundle_truncated", lambda folder: (folder / "00001.safetensors").unlink()),
        ("bundle_truncated", cut),
        ("bundle_corrupt", flip),
        ("bundle_invalid", lambda folder: (folder / "manifest.json").write_text("{")),
        ("bundle_invalid", lambda folder: (folder / "manifest.json").write_text("[" * 100_000)),
        ("bundle_invalid", edit(lambda it: it.update(version=2))),
        ("bundle_invalid", edit(lambda it: it.update(version=True))),
        ("bundle_invalid", edit(lambda it: it.update(scheme="rot13"))),
        ("bundle_invalid", edit(lambda it: it.update(scheme=["xnn"]))),
        ("bundle_invalid", edit(lambda it: it.update(encoder="../../.."))),
        ("bundle_invalid", edit(lambda it: it.update(tokens=196))),
        ("bundle_invalid", edit(lambda it: it.update(classes=1))),
        ("bundle_invalid", edit(lambda it: it.update(records=159))),
        ("bundle_invalid", edit(lambda it: it.update(names=["Ada"]))),
        ("bundle_invalid", edit(lambda it: it.pop("key"))),
        ("bundle_invalid", edit(lambda it: it["shards"][0].update(file="../b/00000.safetensors"))),
        ("bundle_invalid", edit(lambda it: it["shards"].append(it["shards"][0]) or it.update(records=260))),
        ("bundle_invalid", edit(lambda it: it["shards"][1].update(records=61) or it.update(records=161))),
        ("bundle_invalid", reshard(lambda it: it["labels"].__setitem__(0, 9))),
        ("bundle_invalid", reshard(lambda it: it["labels"].__setitem__(0, -1))),
        ("bundle_invalid", reshard(lambda it: it["steps"].__setitem__((0, 0, 0), -128))),
        ("bundle_invalid", reshard(lambda it: it["scales"].__setitem__((0, 0), 0))),
        ("bundle_invalid", reshard(lambda it: it["scales"].__setitem__((0, 0), np.nan))),
        ("bundle_invalid", reshard(lambda it: it["scales"].__setitem__((0, 0), np.inf))),
        ("bundle_invalid", reshard(lambda it: it.update(more=np.zeros(1, np.int8)))),
        ("bundle_invalid", reshard(lambda it: it.update(steps=it["steps"].reshape(-1, 196, 128)))),
    ],
)
def test_a_bundle_that_no_owner_writes_is_refused(bundle: Path, code: str, spoil: Callable[[Path], object]) -> None:
    spoil(bundle)
    with pytest.raises(BundleError) as refusal:
        read_bundle(bundle)
    assert refusal.value.code == code
    assert str(refusal.value).startswith(f"{code}: ") and "\n" not in str(refusal.value)


def raw(header: object, data: int = 0, length: int | None = None) -> bytes:
    text = header.encode() if isinstance(header, str) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + bytes(data)


def entry(begin: int, end: int, shape: object = (2,), dtype: str = "I8") -> dict:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


@pytest.mark.parametrize(
    ("code", "data"),
    [
        ("bundle_truncated", b"1234567"),
        ("bundle_truncated", raw({}, 0, 100)),
        ("bundle_truncated", raw({"a": entry(0, 2)}, 1)),
        ("bundle_invalid", raw('{"a":')),
        ("bundle_invalid", raw(" {}")),
        ("bundle_invalid", raw("[]")),
        ("bundle_invalid", raw({}, 0, 2**63)),
        ("bundle_invalid", raw({"a": None})),
        ("bundle_invalid", raw({"a": entry(0, 2, dtype="U8")}, 2)),
        ("bundle_invalid", raw({"a": entry(0, 2, [-1, -2])}, 2)),
        ("bundle_invalid", raw({"a": entry(0, 0, [0, 10**30])})),
        ("bundle_invalid", raw({"a": entry(0, 3)}, 3)),
        ("bundle_invalid", raw({"a": entry(1, 3)}, 3)),
        ("bundle_invalid", raw({"a": entry(0, 2), "b": entry(0, 2)}, 2)),
        ("bundle_invalid", raw({"a": entry(0, 2)}, 3)),
    ],
)
def test_a_file_that_is_not_safetensors_is_refused(code: str, data: bytes) -> None:
    with pytest.raises(BundleError) as refusal:
        decode_tensors(data)
    assert refusal.value.code == code


def test_the_command_refuses_with_status_2_and_one_line(bundle: Path) -> None:
    flip(bundle)
    out = bundle.parent / "recnet.onnx"
    command = [sys.executable, "-m", "training.xnn.cloud", "--bundle", str(bundle), "--out", str(out)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 2 and ended.stdout == ""
    assert ended.stderr.startswith("bundle_corrupt: 00001.safetensors") and ended.stderr.count("\n") == 1
    assert not out.exists()


def test_the_command_refuses_a_folder_that_is_not_there_before_it_trains(bundle: Path) -> None:
    command = [sys.executable, "-m", "training.xnn.cloud", "--bundle", str(bundle), "--out", str(bundle.parent / "no/recnet.onnx")]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert f"there is no folder {bundle.parent / 'no'}" in ended.stderr


def test_a_child_stops_with_a_checkpoint_when_its_parent_is_gone(bundle: Path) -> None:
    out = bundle.parent / "recnet.onnx"
    command = [sys.executable, "-m", "training.xnn.cloud", "--bundle", str(bundle), "--out", str(out), "--epochs", "50", "--child"]
    ended = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    assert ended.returncode == 143 and ended.stderr == ""
    assert out.with_name("recnet.onnx.checkpoint").exists() and not out.exists()


def child_of(bundle: Path, epochs: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "training.xnn.cloud", "--bundle", str(bundle), "--out", str(bundle.parent / "recnet.onnx")]
    pipe = subprocess.PIPE
    return subprocess.Popen([*command, "--epochs", str(epochs), "--child"], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def test_a_child_that_nobody_listens_to_stops_with_a_checkpoint(bundle: Path) -> None:
    with child_of(bundle, 500) as child:
        child.stdout.close()
        assert child.wait() == 143 and child.stderr.read() == ""
    assert (bundle.parent / "recnet.onnx.checkpoint").exists()


def test_a_child_begins_anew_where_its_checkpoint_cannot_be_read(bundle: Path) -> None:
    (bundle.parent / "recnet.onnx.checkpoint").write_bytes(b"cut off")
    with child_of(bundle, 1) as child:
        child.stdout.read()
        assert child.wait() == 0, child.stderr.read()
    assert (bundle.parent / "recnet.json").exists()


# Tail


def test_a_permutation_is_invisible_to_a_tail_without_slots() -> None:
    torch.manual_seed(1)
    tokens = torch.randn(3, TOKEN_COUNT, TOKEN_CHANNELS)
    mixed = tokens[:, torch.randperm(TOKEN_COUNT)]
    with torch.inference_mode():
        shared, slotted = Tail(size=SMALL).eval(), Tail(True, SMALL).eval()
        assert torch.allclose(shared(mixed), shared(tokens), atol=1e-6)
        assert not torch.allclose(slotted(mixed), slotted(tokens), atol=1e-2)
        assert torch.allclose(shared(tokens).norm(dim=1), torch.ones(3), atol=1e-5)


@pytest.mark.parametrize("slots", [False, True])
def test_the_exported_tail_is_the_trained_one(slots: bool, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not (ROOT / "node_modules" / "onnxruntime-node").exists():
        pytest.skip("needs node and onnxruntime-node")
    torch.manual_seed(2)
    tail, tokens = Tail(slots, SMALL), torch.randn(5, TOKEN_COUNT, TOKEN_CHANNELS)  # another batch than that it was exported with
    write_onnx(tail, tmp_path / "tail.onnx")
    (tmp_path / "tokens").write_bytes(tokens.numpy().tobytes())
    program = """
        import ort from 'onnxruntime-node'; import { readFileSync } from 'node:fs';
        const [model, tokens] = process.argv.slice(1);
        const values = new Float32Array(new Uint8Array(readFileSync(tokens)).buffer);
        const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
        const { embedding } = await session.run({ tokens: new ort.Tensor('float32', values, [5, 49, 512]) });
        console.log(JSON.stringify({ dims: embedding.dims, data: [...embedding.data] }));
    """
    arguments = [node, "--input-type=module", "-e", program, str(tmp_path / "tail.onnx"), str(tmp_path / "tokens")]
    made = json.loads(subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
    with torch.inference_mode():
        expected = tail(tokens).numpy()
    assert made["dims"] == [5, spec.EMBEDDING_SIZE]
    assert np.abs(np.array(made["data"], np.float32).reshape(expected.shape) - expected).max() < 1e-5


def test_held_out_records_leave_two_of_each_class() -> None:
    labels = np.random.default_rng(1).permutation(np.repeat(np.arange(60), [1, 2, 3] * 10 + [40] * 30))
    learnt, held = cloud.hold_out(labels, 1)
    assert np.array_equal(np.sort(np.concatenate([learnt, held])), np.arange(len(labels)))
    assert 0.04 * len(labels) < len(held) < 0.07 * len(labels)
    counts, left = np.bincount(labels), np.bincount(labels[learnt], minlength=60)
    assert (left >= np.minimum(counts, 2)).all()


def test_training_learns_stops_and_resumes_as_if_unbroken(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cloud, "REPORT_SECONDS", 0)
    bundle, options = read_bundle(whole), cloud.Options(epochs=12, slots=False)

    def train(checkpoint: Path, stop: Callable[[int], bool] = lambda _: False) -> tuple[Tail, cloud.Outcome | None, list[dict]]:
        torch.manual_seed(3)
        tail, reports = Tail(size=SMALL), []
        outcome = cloud.train(bundle, tail, options, checkpoint, reports.append, lambda: stop(len(reports)))
        return tail, outcome, reports

    unbroken, outcome, reports = train(tmp_path / "unbroken")
    assert outcome is not None and outcome.accuracy is not None
    assert reports[0].keys() == {"epoch", "of", "step", "loss", "accuracy", "secondsLeft"}
    assert reports[0]["accuracy"] is None and reports[-1]["epoch"] == reports[-1]["of"] == 12
    assert outcome.loss < 0.5 * reports[0]["loss"]
    assert outcome.accuracy > 0.6  # of 8 people

    _, none, few = train(tmp_path / "broken", lambda steps: steps == 9)
    assert none is None and len(few) == 9
    resumed, _, rest = train(tmp_path / "broken")
    assert len(rest) == len(reports) - 9 and rest[-1]["loss"] == pytest.approx(reports[-1]["loss"], abs=1e-3)
    for mine, theirs in zip(resumed.parameters(), unbroken.parameters()):
        assert torch.allclose(mine, theirs, atol=1e-5)

    cloud.write_result(tmp_path / "recnet.onnx", bundle, resumed, options, outcome)
    described = json.loads((tmp_path / "recnet.json").read_text())
    assert described["sha256"] == hashlib.sha256((tmp_path / "recnet.onnx").read_bytes()).hexdigest()
    assert (described["encoder"], described["scheme"], described["classes"], described["records"]) == ("75d552a1d16c0300", "xnn", 8, 160)

    (other := read_bundle(whole)).__dict__["key"] = "0" * 32
    with pytest.raises(cloud.Refusal, match="resume_refused"):
        cloud.train(other, Tail(size=SMALL), options, tmp_path / "broken", print, lambda: False)


def test_the_command_stops_on_sigterm_and_finishes_when_started_again(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "recnet.onnx"
    monkeypatch.setattr(cloud, "REPORT_SECONDS", 0)
    monkeypatch.setattr(cloud, "Tail", lambda slots: Tail(slots, SMALL))
    monkeypatch.setattr(sys, "argv", ["cloud", "--bundle", str(whole), "--out", str(out), "--epochs", "2", "--no-slots"])
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        real = cloud.hold_out

        def ask(labels: NDArray, seed: int) -> tuple[NDArray, NDArray]:
            os.kill(os.getpid(), signal.SIGTERM)
            return real(labels, seed)

        with monkeypatch.context() as asked:
            asked.setattr(cloud, "hold_out", ask)
            assert cloud.main() == 143
        assert [file.name for file in tmp_path.iterdir()] == ["recnet.onnx.checkpoint"]
        assert cloud.main() == 0
        assert sorted(file.name for file in tmp_path.iterdir()) == ["recnet.json", "recnet.onnx"]
        lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if line.startswith("{")]
        assert [line["step"] for line in lines] == [1, 2, 3, 4]
        assert cloud.main() == 2
        assert capsys.readouterr().err.startswith("file_exists: ")
        # A child that had to wait for an earlier one, which has ended meanwhile, has nothing to do.
        sys.argv.append("--child")
        assert cloud.main() == 0
        assert (tmp_path / "recnet.json").exists()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@pytest.mark.parametrize(("spoil", "status", "says"), [
    (lambda bundle, _: reshard(lambda it: it["scales"].fill(3e38))(bundle), 2, "training_failed: the loss is not a number\n"),
    (lambda _, patch: patch.setattr(cloud, "write_onnx", raised(OSError(28, "No space left"))), 143, "[Errno 28] No space left\n"),
])
def test_the_command_tells_a_bundle_it_cannot_learn_from_and_a_full_disk_apart(
    bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], spoil: Callable, status: int, says: str
) -> None:
    out = bundle.parent / "recnet.onnx"
    spoil(bundle, monkeypatch)
    monkeypatch.setattr(cloud, "Tail", lambda slots: Tail(slots, SMALL))
    monkeypatch.setattr(cloud.signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", ["cloud", "--bundle", str(bundle), "--out", str(out), "--epochs", "1", "--no-slots"])
    assert cloud.main() == status
    assert capsys.readouterr().err == says
    assert not out.with_suffix(".json").exists()


def raised(error: Exception) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise error

    return fail


# What breaks it


D = 192  # channels of the tokens in these tests; 512 would show the same, slower


def solved(rows: NDArray[np.float64], true: NDArray[np.float64], found: NDArray[np.float64]) -> float:
    """Relative error of the key that pure least squares find."""
    return float(np.linalg.norm(algebra.solve_key(rows, found) - true) / np.linalg.norm(true))


def test_known_images_break_xnn_by_sums_at_d_and_with_positions_at_d_through_n() -> None:
    clean, key = clean_tokens(D, channels=D), random_key("xnn", D)
    true = key.matrix.astype(np.float64)
    hidden = clean[:, key.order] @ true
    assert solved(clean.sum(1), true, hidden.sum(1)) < 1e-6
    assert solved(clean[: D - 8].sum(1), true, hidden[: D - 8].sum(1)) > 0.1
    few = -(-D // TOKEN_COUNT)  # images that have D tokens
    placed = algebra.match_positions(clean[:few], hidden[:few])
    assert np.array_equal(placed, key.order)
    assert solved(clean[:few, placed].reshape(-1, D), true, hidden[:few].reshape(-1, D)) < 1e-6


def test_known_images_break_the_hardened_scheme_only_at_d_a_position() -> None:
    clean, key = clean_tokens(D, channels=D), random_key("xnn-hardened", D)
    hidden = obfuscate(key, clean).astype(np.float64)
    scaled = at_length(clean)
    assert np.array_equal(algebra.match_positions(scaled[:24], hidden[:24]), key.order)
    for to in (0, 30):
        mine, true = scaled[:, key.order[to]], rotate(np.eye(D), key.rotations[key.order[to]])
        assert np.allclose(hidden[:, to], mine @ true, rtol=1e-4, atol=1e-4)
        assert solved(mine, true, mine @ true) < 1e-6
        assert solved(mine[: D - 8], true, mine[: D - 8] @ true) > 0.1


def test_the_nearest_rotation_averages_rounding_out() -> None:
    true = np.linalg.qr(np.random.default_rng(1).standard_normal((D, D)))[0]
    found = true + np.random.default_rng(2).standard_normal((D, D)) * 0.02 / D**0.5
    nearest = algebra.nearest_rotation(found)
    assert np.allclose(nearest @ nearest.T, np.eye(D))
    assert np.linalg.norm(nearest - true) < 0.8 * np.linalg.norm(found - true)


def test_rounding_is_met_by_a_solution_that_expects_it() -> None:
    rows, true = clean_tokens(2 * D, channels=D)[:, 0], random_key("xnn", D).matrix.astype(np.float64)
    hidden = rows @ true + np.random.default_rng(1).standard_normal(rows.shape) * algebra.STEP_VARIANCE**0.5

    def missed(variance: float) -> float:
        return float(np.linalg.norm(rows @ (algebra.solve_key(rows[: D + 5], hidden[: D + 5], variance) - true)))

    assert missed(algebra.STEP_VARIANCE) < 0.9 * missed(0.0)
    # Fewer rows than unknowns: both ways to write it are one.
    wide = algebra.solve_key(rows[:40], hidden[:40], 0.01)
    assert np.allclose(wide, np.linalg.solve(rows[:40].T @ rows[:40] + D * 0.01 * np.eye(D), rows[:40].T @ hidden[:40]))


@pytest.mark.parametrize(("count", "channels", "leaks"), [(196, 128, True), (49, 512, False)])
def test_the_projector_does_not_depend_on_the_key_and_is_the_identity_where_tokens_are_few(count: int, channels: int, leaks: bool) -> None:
    random = np.random.default_rng(3)
    tokens, weights = random.standard_normal((2, count, channels)), random.standard_normal((channels, channels)) / channels**0.5
    clean, hidden = algebra.gram(tokens, "projector"), algebra.gram(tokens @ weights, "projector")
    direct = tokens[0] @ np.linalg.pinv(tokens[0])
    assert np.allclose(clean, hidden, atol=1e-6) and np.allclose(clean[0], direct, atol=1e-6)
    assert (np.abs(clean - np.eye(count)).max() > 0.1) == leaks


def test_a_gaussian_key_leaves_the_gram_matrix_recognisable_and_an_orthogonal_one_leaves_it_whole() -> None:
    tokens = clean_tokens(3)
    gaussian = random_key("xnn").matrix.astype(np.float64)
    orthogonal = np.linalg.qr(gaussian)[0]
    clean = algebra.gram(tokens, "gram")
    assert 0.5 < algebra.correlation(clean, algebra.gram(tokens @ gaussian, "gram")) < 0.999
    assert np.allclose(clean, algebra.gram(tokens @ orthogonal, "gram"))
    rotated = obfuscate(Derived(np.arange(49), rotations=random_key("xnn-hardened").rotations), tokens)
    assert abs(algebra.correlation(clean, algebra.gram(rotated.astype(np.float64), "gram"))) < 0.1


def test_the_second_moment_of_many_records_cancels_the_key_at_any_shape() -> None:
    tokens = clean_tokens(40, channels=64)
    weights = np.random.default_rng(4).standard_normal((64, 64)) / 8
    assert np.allclose(algebra.gram(tokens, "population"), algebra.gram(tokens @ weights, "population"), atol=1e-6)


def test_moments_of_a_bundle_alone_give_xnn_away() -> None:
    own, clean = (related_tokens(1500, seed, 24) for seed in (1, 2))
    key = random_key("xnn", 24)
    restored, order = restore(obfuscate(key, clean), moments(own))
    assert np.array_equal(order, key.order)
    assert np.linalg.norm(restored - clean) < 0.3 * np.linalg.norm(clean)


def test_moments_by_place_and_between_places_give_xnn_hardened_away_and_one_record_alone_does_not() -> None:
    own, clean = (at_length(related_tokens(1500, seed, 24)) for seed in (1, 2))
    rotations = np.stack([np.linalg.qr(np.random.default_rng(seed).standard_normal((24, 24)))[0] for seed in range(TOKEN_COUNT)])
    hidden = np.stack([clean[:, i] @ rotations[i] for i in range(TOKEN_COUNT)], axis=1).astype(np.float32)

    def missed(restored: NDArray[np.float32]) -> float:
        about = clean[: len(restored)] - clean.mean(axis=0)
        return float(np.linalg.norm(restored - clean[: len(restored)]) / np.linalg.norm(about))

    assert missed(restore_places(hidden, own, axes=16)) < 0.6
    assert missed(restore_places(hidden[:2], own, axes=16)) > 0.9


def test_whitening_leaves_no_mean_and_no_axis_and_can_be_undone() -> None:
    tokens = related_tokens(1500, 1, 24)
    whitening = fit_whitening(tokens)
    white = whitening.apply(tokens)
    assert np.allclose(np.linalg.norm(white, axis=2), 24**0.5, rtol=1e-4)
    for place in (0, 48):
        assert np.abs(white[:, place].mean(axis=0)).max() < 0.15
        sizes = np.linalg.eigvalsh(np.cov(white[:, place].T))
        assert sizes.max() < 1.5 and np.linalg.eigvalsh(np.cov(tokens[:, place].T)).max() > 5
    first = at_length(tokens)
    assert np.mean([np.corrcoef(a, b)[0, 1] for a, b in zip(whitening.undo(white)[:50].reshape(50, -1), first[:50].reshape(50, -1))]) > 0.9


@pytest.mark.parametrize("scheme", ["xnn", "xnn-hardened"])
def test_lengths_and_means_by_place_do_not_depend_on_the_key(scheme: str) -> None:
    clean = at_length(clean_tokens(200, channels=24))
    key = random_key(scheme, 24)
    hidden = obfuscate(Derived(np.arange(TOKEN_COUNT), key.matrix, key.rotations), clean).astype(np.float64)
    mine, theirs = algebra.by_place(clean), algebra.by_place(hidden)
    assert np.corrcoef(mine[..., 0].ravel(), theirs[..., 0].ravel())[0, 1] > 0.95
    assert mine.shape == (200, TOKEN_COUNT, 2)


def test_who_lies_how_to_whom_names_people_and_unrelated_people_stay_unnamed() -> None:
    random = np.random.default_rng(6)
    known = random.standard_normal((12, TOKEN_COUNT, 24))
    rotations = np.linalg.qr(random.standard_normal((TOKEN_COUNT, 24, 24)))[0]
    again = known + 0.5 * random.standard_normal(known.shape)
    hidden = (again.swapaxes(0, 1) @ rotations).swapaxes(0, 1)
    for seeds in (0, 3):
        order = np.concatenate([np.arange(seeds), seeds + random.permutation(12 - seeds)])
        assert np.array_equal(order[algebra.named_by_geometry(hidden, known[order], seeds)], np.arange(12))
    shares = [
        (algebra.named_by_geometry(random.standard_normal(known.shape), known, 3)[3:] == np.arange(3, 12)).mean() for _ in range(20)
    ]
    assert np.mean(shares) < 0.35  # a ninth by chance


def test_rank_one_between_two_sets_of_images() -> None:
    shown, asked = np.array([0, 1, 1, 2]), np.array([2, 0, 1, 1])
    assert algebra.rank_one_between(np.eye(3)[shown], np.eye(3)[asked], shown, asked) == (1.0, 0.0)
    wrong = np.eye(3)[[2, 0, 0, 0]]  # the last two are taken for person 0
    assert algebra.rank_one_between(np.eye(3)[shown], wrong, shown, asked)[0] == 0.5


def test_sorted_rows_do_not_depend_on_the_order() -> None:
    tokens, order = clean_tokens(3), np.random.default_rng(2).permutation(TOKEN_COUNT)
    clean, mixed = (algebra.without_order(algebra.gram(some, "gram")) for some in (tokens, tokens[:, order]))
    assert np.allclose(clean, mixed) and not np.allclose(algebra.gram(tokens, "gram"), algebra.gram(tokens[:, order], "gram"))


def test_rank_one_of_perfect_and_of_random_features() -> None:
    people = np.repeat(np.arange(20), 10)
    assert algebra.rank_one(np.eye(20)[people], np.eye(20)[people], people) == (1.0, 0.0)
    noise = algebra.unit_rows(np.random.default_rng(1).standard_normal((2, 200, 16))[0])
    assert 0.02 < algebra.rank_one(noise, noise, people)[0] < 0.09


@pytest.mark.parametrize("defence", DEFENCES)
def test_every_defence_makes_records_and_only_keys_make_a_difference(defence: str) -> None:
    tokens = torch.from_numpy(clean_tokens(4).astype(np.float32))

    def records(key: int, noise: int) -> torch.Tensor:
        hidden, mixture = fresh(defence, torch.Generator().manual_seed(key))(tokens, torch.Generator().manual_seed(noise))
        assert hidden.shape == tokens.shape and sum(weight for weight, _ in mixture) == pytest.approx(1)
        assert mixture[0][1].tolist() == [0, 1, 2, 3] and mixture[0][0] == max(weight for weight, _ in mixture)
        return hidden

    keyed = defence in ("permutation", "matrix", "xnn", "xnn-hardened", "neuracrypt")
    noisy = defence in ("gaussian", "instahide-2", "instahide-3", "neuracrypt")
    assert torch.equal(records(1, 1), records(2, 1)) != keyed
    assert torch.equal(records(1, 1), records(1, 2)) != noisy
