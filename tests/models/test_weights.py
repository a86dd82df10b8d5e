"""Weights from files: published ones, from a server of the test's own, and checkpoints."""

from __future__ import annotations

import hashlib
import os
import pickle
import random
import re
import shutil
import socket
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn

from cactiviz import download
from cactiviz.errors import Cancelled, ModelError, WeightsError
from cactiviz.explanations.explain import explain
from cactiviz.models import (
    MODELS,
    Checkpoint,
    LoadedModel,
    find_weights,
    get_spec,
    load_model,
    weights_folders,
)
from cactiviz.models.preprocess import preprocess
from cactiviz.models.spec import Weights
from cactiviz.models.weights import published_weights, read_weights
from cactiviz.pictures.open import sample
from tests.fixtures.sampling import some

SQUEEZENET = "torchvision:squeezenet1_0"
State = dict[str, Tensor]


class Shelf(ThreadingHTTPServer):
    """Serves the files that are put on it, from any byte on; remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.files: dict[str, Path] = {}
        self.asked: list[tuple[str, str | None]] = []  # name and Range
        self.cuts: list[int] = []  # for the next answers: after how many bytes each breaks off

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{name}"


class _Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Shelf

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        name, asked = self.path[1:], self.headers["Range"]
        self.server.asked.append((name, asked))
        if name not in self.server.files:
            return self.send_error(404)
        body = self.server.files[name].read_bytes()
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        self.send_response(206 if asked else 200)
        if asked:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - start))
        self.end_headers()
        end = start + self.server.cuts.pop(0) if self.server.cuts else len(body)
        self.close_connection = True
        with suppress(OSError):  # whoever asked may have gone
            self.wfile.write(memoryview(body)[start:end])


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    server = Shelf()
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02), daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Torch's cache of weights, empty, in a place of this test's own."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "_PAUSE_SECONDS", 0.01)
    return tmp_path / "torch" / "hub" / "checkpoints"


# --- files as they are published --------------------------------------------------------------


def old_densenet_keys(weights: State) -> State:
    """As torchvision's files say it: ``norm.1`` for the module ``norm1``, and no counters."""
    renamed = {
        re.sub(r"(\.denselayer\d+)\.(norm|conv)([12])\.", r"\1.\2.\3.", key): value
        for key, value in weights.items()
        if not key.endswith("num_batches_tracked")
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in renamed
    assert "features.denseblock4.denselayer16.conv.2.weight" in renamed
    assert len(renamed) == 606  # published densenet121-a639ec97.pth has as many
    return renamed


def efficientnet_keys(weights: State) -> State:
    assert {"_conv_stem.weight", "_blocks.0._se_reduce.bias", "_fc.weight"} <= set(weights)
    return weights


def alexnet_keys(weights: State) -> State:
    assert {"features.0.weight", "classifier.6.bias"} <= set(weights)
    return weights


# The second: whether the file is of the format that torch wrote before 1.6.
PUBLISHED: dict[str, tuple[Callable[[State], State], bool]] = {
    "alexnet": (alexnet_keys, False),
    "densenet121": (old_densenet_keys, True),
    "efficientnet_b0": (efficientnet_keys, True),
}


@pytest.fixture(scope="module")
def publish(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[Path, LoadedModel]]:
    """Makes a row's file as its publisher does, from a seeded network; each only once."""
    folder = tmp_path_factory.mktemp("published")
    made: dict[str, tuple[Path, LoadedModel]] = {}

    def make(name: str) -> tuple[Path, LoadedModel]:
        if name not in made:
            layout, is_old = PUBLISHED[name]
            model = load_model(name, untrained=True, seed=7, device="cpu")
            path = folder / name
            weights = layout(dict(model.module.state_dict()))
            torch.save(weights, path, _use_new_zipfile_serialization=not is_old)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            made[name] = (path.rename(folder / f"{name}-{digest[:8]}.pth"), model)
        return made[name]

    return make


@pytest.fixture
def serve(
    shelf: Shelf,
    publish: Callable[[str], tuple[Path, LoadedModel]],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[str], tuple[Path, LoadedModel]]:
    """Puts a row's file on the shelf, and the shelf's address into the row."""

    def put(name: str) -> tuple[Path, LoadedModel]:
        path, model = publish(name)
        shelf.files[path.name] = path
        point(monkeypatch, name, shelf.url(path.name))
        return path, model

    return put


def point(monkeypatch: pytest.MonkeyPatch, name: str, url: str) -> None:
    spec = MODELS[name]
    assert spec.weights is not None
    monkeypatch.setitem(MODELS, name, replace(spec, weights=replace(spec.weights, url=url)))


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def logits(model: LoadedModel, picture: str = "chelsea") -> Tensor:
    inputs = preprocess(sample(picture), model.spec.preprocessing)
    with torch.no_grad():
        found: Tensor = model.module(inputs)
    return found


def assert_same(loaded: LoadedModel, maker: LoadedModel) -> None:
    """The very same answers; a network of zeros wouldn't do."""
    expected = logits(maker)
    assert float(expected.std()) > 1e-3
    assert torch.equal(logits(loaded), expected)


@pytest.mark.parametrize("name", some(tuple(PUBLISHED), 1))
def test_a_published_file_gives_the_very_network_that_made_it(
    name: str, serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf, cache: Path
) -> None:
    file, maker = serve(name)
    loaded = load_model(name, device="cpu")
    assert_same(loaded, maker)
    assert not loaded.untrained
    assert loaded.title == MODELS[name].title
    assert loaded.revision == hashlib.sha256(file.read_bytes()).hexdigest()
    everything = [*loaded.module.named_parameters(), *loaded.module.named_buffers()]
    assert not [key for key, value in everything if value.is_meta]
    assert not [key for key, child in loaded.module.named_modules() if child.training]
    assert shelf.asked == [(file.name, None)]
    assert [path.name for path in cache.iterdir() if path.suffix == ".pth"] == [file.name]
    assert not list(cache.glob("*.part"))


def test_a_second_load_asks_the_server_for_nothing(
    serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf
) -> None:
    file, maker = serve("efficientnet_b0")
    load_model("efficientnet_b0", device="cpu")
    shelf.asked.clear()
    shelf.files.clear()
    assert_same(load_model("efficientnet_b0", device="cpu", may_download=False), maker)
    assert shelf.asked == []
    assert find_weights(MODELS["efficientnet_b0"]) == weights_folders()[-1] / file.name


def test_progress_only_grows_and_ends_with_the_whole_file(
    serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf
) -> None:
    file, _ = serve("efficientnet_b0")
    size = file.stat().st_size
    shelf.cuts = [size // 3]
    told: list[tuple[int, int | None]] = []
    load_model("efficientnet_b0", device="cpu", progress=lambda *amount: told.append(amount))
    done = [amount for amount, _ in told]
    assert done == sorted(done)
    assert done[-1] == size
    assert {total for _, total in told} == {size}
    assert len(set(done)) > 10
    assert any(abs(amount - size // 3) < size // 10 for amount in done)


def test_a_file_in_the_folder_given_is_taken_before_any_download(
    serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf, cache: Path, tmp_path: Path
) -> None:
    file, maker = serve("densenet121")
    folder = tmp_path / "mine"
    folder.mkdir()
    shutil.copy(file, folder)
    assert_same(load_model("densenet121", weights_dir=folder, device="cpu"), maker)
    assert shelf.asked == []
    assert not cache.exists()
    assert_same(load_model("densenet121", weights_dir=str(folder), device="cpu"), maker)


def test_a_file_in_the_folder_of_the_environment_is_taken_before_any_download(
    serve: Callable[[str], tuple[Path, LoadedModel]],
    shelf: Shelf,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, maker = serve("efficientnet_b0")
    monkeypatch.setenv("CACTIVIZ_WEIGHTS", str(tmp_path / "mine"))
    (tmp_path / "mine").mkdir()
    shutil.copy(file, tmp_path / "mine")
    assert_same(load_model("efficientnet_b0", device="cpu"), maker)
    assert shelf.asked == []


def test_the_folder_given_wins_over_the_environments_and_that_over_the_cache(
    publish: Callable[[str], tuple[Path, LoadedModel]],
    cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given, named = tmp_path / "given", tmp_path / "named"
    monkeypatch.setenv("CACTIVIZ_WEIGHTS", str(named))
    assert weights_folders(given) == [given, named, cache]
    file, _ = publish("efficientnet_b0")
    point(monkeypatch, "efficientnet_b0", f"http://127.0.0.1:9/{file.name}")
    for folder, argument in ((cache, None), (named, None), (given, given)):
        folder.mkdir(parents=True)
        shutil.copy(file, folder)
        assert find_weights(MODELS["efficientnet_b0"], argument) == folder / file.name
    assert find_weights(MODELS["efficientnet_b0"]) == named / file.name


def one_sentence(error: Exception) -> str:
    text = str(error)
    assert "\n" not in text
    assert text.endswith(".") and len(text) < 500
    assert not re.search(r"Traceback|Errno|0x[0-9a-f]{6}|Exception|object at", text)
    return text


def test_without_leave_to_download_the_sentence_names_the_file_and_the_folder(
    serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf, cache: Path, tmp_path: Path
) -> None:
    file, _ = serve("efficientnet_b0")
    for argument, folder in ((None, cache), (tmp_path / "mine", tmp_path / "mine")):
        with pytest.raises(WeightsError) as refusal:
            load_model("efficientnet_b0", weights_dir=argument, may_download=False)
        text = one_sentence(refusal.value)
        assert file.name in text and str(folder) in text and "EB0" in text
    assert shelf.asked == []


def test_offline_the_sentence_names_the_file_and_the_folder(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point(monkeypatch, "alexnet", f"http://127.0.0.1:{closed_port()}/alexnet-01234567.pth")
    for argument, folder in ((None, cache), (tmp_path / "mine", tmp_path / "mine")):
        with pytest.raises(WeightsError) as refusal:
            load_model("alexnet", weights_dir=argument)
        text = one_sentence(refusal.value)
        assert "alexnet-01234567.pth" in text and str(folder) in text and "AlexNet" in text
    assert not list(cache.glob("*.pth"))


def test_a_file_that_the_server_does_not_have_is_told_with_what_to_do(
    shelf: Shelf, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point(monkeypatch, "alexnet", shelf.url("alexnet-01234567.pth"))
    with pytest.raises(WeightsError) as refusal:
        load_model("alexnet")
    text = one_sentence(refusal.value)
    assert "404" in text and "alexnet-01234567.pth" in text and str(cache) in text


def test_a_wrong_file_on_the_server_is_thrown_away(
    serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf, cache: Path, tmp_path: Path
) -> None:
    file, maker = serve("efficientnet_b0")
    changed = bytearray(file.read_bytes())
    changed[len(changed) // 2] ^= 1
    shelf.files[file.name] = tmp_path / "changed"
    shelf.files[file.name].write_bytes(changed)
    with pytest.raises(WeightsError) as refusal:
        load_model("efficientnet_b0")
    assert "hash" in one_sentence(refusal.value) and file.name in str(refusal.value)
    assert not list(cache.glob("*.pth")) and not list(cache.glob("*.part"))
    shelf.files[file.name] = file  # once it is right again, so is all
    assert_same(load_model("efficientnet_b0", device="cpu"), maker)


def test_a_damaged_file_in_a_folder_of_ones_own_is_told_and_left_there(
    serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf, tmp_path: Path
) -> None:
    file, _ = serve("efficientnet_b0")
    damaged = tmp_path / file.name
    damaged.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(WeightsError) as refusal:
        load_model("efficientnet_b0", weights_dir=tmp_path)
    assert str(damaged) in one_sentence(refusal.value) and "damaged" in str(refusal.value)
    assert damaged.exists()
    assert shelf.asked == []


def test_a_cut_connection_is_gone_on_with_where_it_broke(
    serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf
) -> None:
    _, maker = serve("densenet121")
    shelf.cuts = [1_000_000, 2_000_000]
    loaded = load_model("densenet121", device="cpu")
    assert_same(loaded, maker)
    ranges = [asked for _, asked in shelf.asked]
    assert ranges == [None, "bytes=1000000-", "bytes=3000000-"]


def test_a_connection_cut_for_good_is_told_and_the_next_load_goes_on(
    serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf, cache: Path
) -> None:
    file, maker = serve("efficientnet_b0")
    shelf.cuts = [500_000, 0, 0]
    with pytest.raises(WeightsError) as refusal:
        load_model("efficientnet_b0")
    assert file.name in one_sentence(refusal.value) and str(cache) in str(refusal.value)
    assert not (cache / file.name).exists()
    shelf.asked.clear()
    assert_same(load_model("efficientnet_b0", device="cpu"), maker)
    assert shelf.asked == [(file.name, "bytes=500000-")]


def test_a_cancelled_download_keeps_what_came_and_is_gone_on_with(
    serve: Callable[[str], tuple[Path, LoadedModel]], shelf: Shelf, cache: Path
) -> None:
    file, maker = serve("efficientnet_b0")
    cancel = threading.Event()

    def stop(done: int, _: int | None) -> None:
        if done > 1_000_000:
            cancel.set()

    with pytest.raises(Cancelled):
        load_model("efficientnet_b0", progress=stop, cancel=cancel)
    kept = (cache / f"{file.name}.part").read_bytes()
    assert 1_000_000 < len(kept) < file.stat().st_size
    assert file.read_bytes().startswith(kept)
    assert not (cache / file.name).exists()
    shelf.asked.clear()
    assert_same(load_model("efficientnet_b0", device="cpu"), maker)
    assert shelf.asked == [(file.name, f"bytes={len(kept)}-")]


def test_a_file_of_another_network_is_counted_out(
    publish: Callable[[str], tuple[Path, LoadedModel]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, other = publish("efficientnet_b0")
    point(monkeypatch, "alexnet", f"http://127.0.0.1:9/{file.name}")
    with pytest.raises(WeightsError) as refusal:
        load_model("alexnet", weights_dir=file.parent)
    text = one_sentence(refusal.value)
    assert "of its 16 tensors 16 are missing" in text
    assert f"{len(other.module.state_dict())} aren't known" in text


def test_a_published_file_that_lacks_a_tensor_is_refused(
    publish: Callable[[str], tuple[Path, LoadedModel]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, maker = publish("densenet121")
    weights = old_densenet_keys(dict(maker.module.state_dict()))
    del weights["features.norm5.running_var"]
    torch.save(weights, tmp_path / "densenet121.pth")
    point(monkeypatch, "densenet121", "http://127.0.0.1:9/densenet121.pth")
    with pytest.raises(WeightsError, match=r"1 are missing and 0 have another shape; 0 aren't"):
        load_model("densenet121", weights_dir=tmp_path)


def test_a_network_without_weights_says_what_else_there_is() -> None:
    nobody = replace(get_spec("cactinet"), weights=None)
    with pytest.raises(WeightsError) as refusal:
        published_weights(nobody)
    text = one_sentence(refusal.value)
    assert "CactiNet" in text and "untrained" in text and "checkpoint" in text


def test_weights_that_come_along_but_are_gone_are_not_asked_of_any_address(tmp_path: Path) -> None:
    gone = Weights("", packaged=tmp_path / "cactinet.safetensors")
    spec = replace(get_spec("cactinet"), weights=gone)
    assert find_weights(spec) is None
    with pytest.raises(WeightsError, match="install cactiviz again"):
        published_weights(spec)


def test_torchvisions_other_densenets_have_old_keys_too() -> None:
    spec = get_spec("torchvision:densenet169")
    with torch.device("meta"):
        keys = list(spec.build(1000).state_dict())
    old = [re.sub(r"(\.denselayer\d+)\.(norm|conv)([12])\.", r"\1.\2.\3.", key) for key in keys]
    assert old != keys
    assert spec.weights is not None
    converted = spec.weights.convert({key: torch.empty(0) for key in old})
    assert list(converted) == keys


# --- checkpoints: how they are written --------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mine=alexnet:a.pth", Checkpoint("mine", "alexnet", Path("a.pth"))),
        (
            "my net=alexnet:my files/a b.pth",
            Checkpoint("my net", "alexnet", Path("my files/a b.pth")),
        ),
        (
            "m=torchvision:resnet18:/nets/a.safetensors",
            Checkpoint("m", "torchvision:resnet18", Path("/nets/a.safetensors")),
        ),
        (
            "m=cactinet:a.pth:names.txt",
            Checkpoint("m", "cactinet", Path("a.pth"), Path("names.txt")),
        ),
        (
            "m=torchvision:resnet18:a.pth:b/names.txt",
            Checkpoint("m", "torchvision:resnet18", Path("a.pth"), Path("b/names.txt")),
        ),
        (r"m=alexnet:C:\nets\x.pth", Checkpoint("m", "alexnet", Path(r"C:\nets\x.pth"))),
        (
            r"m=alexnet:C:\x.pth:names.txt",
            Checkpoint("m", "alexnet", Path(r"C:\x.pth"), Path("names.txt")),
        ),
        (
            r"m=torchvision:resnet18:C:\x.pth:C:\names.txt",
            Checkpoint("m", "torchvision:resnet18", Path(r"C:\x.pth"), Path(r"C:\names.txt")),
        ),
    ],
)
def test_a_checkpoint_is_read_as_it_is_written(text: str, expected: Checkpoint) -> None:
    assert Checkpoint.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", "alexnet", "mine", "mine=", "mine=alexnet", "mine=alexnet:", "=alexnet:a.pth"),
        *("mine=:a.pth", "alexnet:a.pth", "a/b=alexnet:a.pth", "torchvision:resnet18:a.pth"),
        "mine=torchvision:resnet18",
    ],
)
def test_a_checkpoint_that_is_not_of_the_form_is_refused(text: str) -> None:
    with pytest.raises(WeightsError) as refusal:
        Checkpoint.parse(text)
    assert "NAME=ARCHITECTURE:FILE" in one_sentence(refusal.value)
    assert f"“{text}”" in str(refusal.value)


# --- checkpoints: what is in the file ---------------------------------------------------------


@pytest.fixture(scope="module")
def squeezenet() -> LoadedModel:
    return load_model(SQUEEZENET, untrained=True, seed=3, device="cpu")


@pytest.fixture(scope="module")
def weights(squeezenet: LoadedModel) -> State:
    return dict(squeezenet.module.state_dict())


def saved(path: Path, content: object) -> Path:
    if path.suffix == ".safetensors":
        assert isinstance(content, dict)
        save_file(content, path)
    else:
        torch.save(content, path)
    return path


def load(path: Path, architecture: str = SQUEEZENET, classes: Path | None = None) -> LoadedModel:
    return load_model(Checkpoint("mine", architecture, path, classes), device="cpu")


@pytest.mark.parametrize("ending", [".pth", ".pt", ".safetensors"])
def test_a_checkpoint_gives_the_very_network_that_was_saved(
    ending: str, tmp_path: Path, squeezenet: LoadedModel, weights: State
) -> None:
    path = saved(tmp_path / f"x{ending}", weights)
    model = load(path)
    assert_same(model, squeezenet)
    assert (model.name, model.title, model.untrained) == ("mine", "mine", False)
    assert model.revision == hashlib.sha256(path.read_bytes()).hexdigest()
    assert model.spec.class_names == squeezenet.spec.class_names
    assert model.spec.target_layer == squeezenet.spec.target_layer
    assert model.spec.preprocessing == squeezenet.spec.preprocessing
    assert model.spec.parameters == 1_248_424
    assert not [key for key, value in model.module.state_dict().items() if value.is_meta]


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda weights: {"state_dict": weights, "epoch": 3, "best": 0.5},
        lambda weights: {"model_state_dict": weights, "optimizer": {"lr": 0.1}},
        lambda weights: {"model": weights},
        lambda weights: {f"module.{key}": value for key, value in weights.items()},
        lambda weights: {"state_dict": {f"module.{key}": v for key, v in weights.items()}},
        lambda weights: {key: nn.Parameter(value) for key, value in weights.items()},
    ],
    ids=["state_dict", "model_state_dict", "model", "module.", "both", "parameters"],
)
def test_the_usual_wrappings_come_off(
    wrapped: Callable[[State], object], tmp_path: Path, squeezenet: LoadedModel, weights: State
) -> None:
    assert_same(load(saved(tmp_path / "x.pth", wrapped(weights))), squeezenet)


@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_half_precision_weights_compute_in_single(
    ending: str, tmp_path: Path, squeezenet: LoadedModel, weights: State
) -> None:
    halves = {key: value.half() for key, value in weights.items()}
    model = load(saved(tmp_path / f"x{ending}", halves))
    assert model.dtype == logits(model).dtype == torch.float32
    assert {value.dtype for value in model.module.state_dict().values()} == {torch.float32}
    for key, value in model.module.state_dict().items():
        assert torch.equal(value, halves[key].float())
    difference = (logits(model) - logits(squeezenet)).norm() / logits(squeezenet).norm()
    assert 0 < float(difference) < 0.02


def with_head(weights: State, classes: int) -> State:
    head = {"classifier.1.weight", "classifier.1.bias"}
    return {
        key: value[:classes].clone() if key in head else value for key, value in weights.items()
    }


def test_the_number_of_classes_is_read_from_the_head(
    tmp_path: Path, squeezenet: LoadedModel, weights: State
) -> None:
    model = load(saved(tmp_path / "x.pth", with_head(weights, 5)))
    assert model.spec.logits == 5
    torch.testing.assert_close(logits(model), logits(squeezenet)[:, :5], rtol=1e-4, atol=1e-5)
    assert model.spec.class_names == ()
    answers = explain(model, sample("chelsea"), []).predictions
    assert sorted(answer.class_name for answer in answers) == [f"class {i}" for i in range(5)]
    assert sum(answer.probability for answer in answers) == pytest.approx(1)
    assert model.spec.parameters == 1_248_424 - 995 * 513


def test_class_names_come_from_the_file_in_its_order(
    tmp_path: Path, squeezenet: LoadedModel, weights: State
) -> None:
    (tmp_path / "names.txt").write_text(
        "\ufeffagave\nbarrel cactus\n\n ocotillo \nsaguaro\nyucca\n", "utf-8"
    )
    model = load(saved(tmp_path / "x.pth", with_head(weights, 5)), classes=tmp_path / "names.txt")
    assert model.spec.class_names == ("agave", "barrel cactus", "ocotillo", "saguaro", "yucca")
    explanation = explain(model, sample("chelsea"), ["grad_cam"], target="Saguaro")
    found = explanation.attributions["grad_cam"]
    assert (found.class_index, found.class_name) == (3, "saguaro")
    assert found.logit == pytest.approx(float(logits(squeezenet)[0, 3]), rel=1e-4)


def test_a_head_of_one_logit_has_two_classes(
    tmp_path: Path, squeezenet: LoadedModel, weights: State
) -> None:
    (tmp_path / "names.txt").write_text("no cactus\ncactus\n", "utf-8")
    model = load(saved(tmp_path / "x.pth", with_head(weights, 1)), classes=tmp_path / "names.txt")
    assert model.spec.logits == 1
    z = float(logits(squeezenet)[0, 0])
    answers = {
        answer.class_name: answer for answer in explain(model, sample("chelsea"), []).predictions
    }
    assert answers["cactus"].logit == pytest.approx(z, rel=1e-4)
    assert answers["no cactus"].logit == pytest.approx(-z, rel=1e-4)
    assert answers["cactus"].probability == pytest.approx(1 / (1 + np.exp(-z)), rel=1e-4)


@pytest.mark.parametrize("classes", [3, 1])
def test_cactinet_takes_a_head_of_another_size(classes: int, tmp_path: Path) -> None:
    torch.manual_seed(0)
    maker = MODELS["cactinet"].build(classes).eval()
    model = load(saved(tmp_path / "x.pth", maker.state_dict()), "cactinet")
    inputs = preprocess(sample("chelsea"), model.spec.preprocessing)
    with torch.no_grad():
        assert torch.equal(model.module(inputs), maker(inputs))
    assert model.spec.logits == classes
    assert model.spec.class_names == (("no cactus", "cactus") if classes == 1 else ())


@pytest.mark.parametrize(("classes", "names"), [(5, 4), (1, 1), (1000, 999)])
def test_as_many_class_names_as_classes_are_needed(
    classes: int, names: int, tmp_path: Path, weights: State
) -> None:
    (tmp_path / "names.txt").write_text("\n".join(f"kind {i}" for i in range(names)), "utf-8")
    path = saved(tmp_path / "x.pth", with_head(weights, classes))
    with pytest.raises(WeightsError) as refusal:
        load(path, classes=tmp_path / "names.txt")
    text = one_sentence(refusal.value)
    assert f"names {names} classes" in text and f"has {max(classes, 2)}" in text


def test_class_names_that_cannot_be_read_are_told(tmp_path: Path, weights: State) -> None:
    path = saved(tmp_path / "x.pth", weights)
    (tmp_path / "noise.txt").write_bytes(bytes(range(64)))
    cases = (("none.txt", "can't be read"), ("noise.txt", "isn't text"), (".", "can't be"))
    for name, reason in cases:
        with pytest.raises(WeightsError, match=re.escape(reason)) as refusal:
            load(path, classes=tmp_path / name)
        one_sentence(refusal.value)


def test_published_keys_are_converted_in_a_checkpoint_too(
    publish: Callable[[str], tuple[Path, LoadedModel]],
) -> None:
    file, maker = publish("densenet121")
    assert_same(load(file, "densenet121"), maker)


def test_a_regnet_can_be_given_as_a_checkpoint(tmp_path: Path) -> None:
    maker = torchvision.models.regnet_y_400mf(num_classes=7).eval()
    model = load(saved(tmp_path / "x.pth", maker.state_dict()), "torchvision:regnet_y_400mf")
    inputs = preprocess(sample("chelsea"), model.spec.preprocessing)
    with torch.no_grad():
        assert torch.equal(model.module(inputs), maker(inputs))


def test_weights_of_another_architecture_are_counted_out(tmp_path: Path, weights: State) -> None:
    path = saved(tmp_path / "x.pth", weights)
    with pytest.raises(WeightsError) as refusal:
        load(path, "alexnet")
    text = one_sentence(refusal.value)
    # Both have a layer features.0 and one classifier.1, with a weight and a bias each.
    assert "x.pth doesn't fit this architecture: of its 16 tensors 12 are missing" in text
    assert f"4 have another shape; {len(weights) - 4} aren't known" in text
    with pytest.raises(WeightsError, match="doesn't fit") as refusal:
        load(path, "cactinet")
    assert f"{len(weights)} aren't known" in one_sentence(refusal.value)


def test_an_unknown_architecture_is_told_with_those_there_are(
    tmp_path: Path, weights: State
) -> None:
    with pytest.raises(ModelError, match="alexnet") as refusal:
        load(saved(tmp_path / "x.pth", weights), "alexnett")
    one_sentence(refusal.value)


def test_one_missing_and_one_misshapen_tensor_are_counted(tmp_path: Path, weights: State) -> None:
    changed = dict(weights)
    del changed["features.3.squeeze.bias"]
    changed["features.0.weight"] = torch.zeros(96, 3, 5, 5)
    changed["extra"] = torch.zeros(1)
    with pytest.raises(WeightsError, match="1 are missing and 1 have another shape; 1 aren't"):
        load(saved(tmp_path / "x.pth", changed))


def test_weights_that_are_not_numbers_load_and_then_say_so(tmp_path: Path, weights: State) -> None:
    spoilt = {**weights, "features.0.bias": torch.full((96,), float("nan"))}
    model = load(saved(tmp_path / "x.pth", spoilt))
    with pytest.raises(ModelError) as refusal:
        explain(model, sample("chelsea"), ["grad_cam", "saliency"])
    assert "weights are damaged" in one_sentence(refusal.value)


@pytest.mark.parametrize(
    "kind",
    [
        lambda value: value.to(torch.int8),
        lambda value: value.to("meta"),
    ],
    ids=["whole numbers", "no numbers"],
)
def test_weights_of_an_unusable_kind_are_refused(
    kind: Callable[[Tensor], Tensor], tmp_path: Path, weights: State
) -> None:
    path = saved(tmp_path / "x.pth", {key: kind(value) for key, value in weights.items()})
    with pytest.raises(WeightsError) as refusal:
        load(path)
    one_sentence(refusal.value)


# --- checkpoints: files that are something else -----------------------------------------------


class Trap:
    """Pickled, it is a call: whoever unpickles it makes a folder."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("how", ["zip", "old zip", "pickle", "wrapped"])
def test_code_in_a_file_is_never_run(how: str, tmp_path: Path, weights: State) -> None:
    mark, path = tmp_path / "mark", tmp_path / "x.pth"
    if how == "pickle":
        path.write_bytes(pickle.dumps(Trap(mark), protocol=2))
    else:
        content = {"state_dict": weights, "trap": Trap(mark)} if how == "wrapped" else Trap(mark)
        torch.save(content, path, _use_new_zipfile_serialization=how != "old zip")
    with pytest.raises(WeightsError) as refusal:
        load(path)
    assert "x.pth" in one_sentence(refusal.value)
    if how in ("zip", "wrapped"):
        assert "holds code" in str(refusal.value)
    assert not mark.exists(), "the code ran"
    if how == "pickle":
        pickle.loads(path.read_bytes())
    else:
        torch.load(path, weights_only=False)
    assert mark.exists(), "the trap was none, so this test shows nothing"


def test_a_whole_network_saved_instead_of_its_weights_is_told_what_to_save(
    tmp_path: Path, squeezenet: LoadedModel
) -> None:
    path = saved(tmp_path / "x.pth", squeezenet.module)
    with pytest.raises(WeightsError, match="state_dict") as refusal:
        load(path)
    one_sentence(refusal.value)


def _zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")


OTHER_FILES: dict[str, Callable[[Path], object]] = {
    "empty.pth": lambda path: path.write_bytes(b""),
    "empty.safetensors": lambda path: path.write_bytes(b""),
    "text.pth": lambda path: path.write_text("not weights at all\n" * 100),
    "text.safetensors": lambda path: path.write_text("not weights at all\n" * 100),
    "archive.pth": _zip,
    "list.pth": lambda path: torch.save([torch.zeros(3)], path),
    "tensor.pth": lambda path: torch.save(torch.zeros(3), path),
    "nothing.pth": lambda path: torch.save({}, path),
    "numbers.pth": lambda path: torch.save({"features.0.weight": 1.5}, path),
    "numbered.pth": lambda path: torch.save({0: torch.zeros(3)}, path),
    "folder.pth": lambda path: path.mkdir(),
    "absent.pth": lambda path: None,
    "absent.safetensors": lambda path: None,
    "picture.png": lambda path: path.write_bytes(b"\x89PNG"),
    "no ending": lambda path: path.write_bytes(b"abc"),
}


@pytest.mark.parametrize("name", OTHER_FILES)
def test_a_file_that_holds_no_weights_is_told_in_a_sentence(name: str, tmp_path: Path) -> None:
    OTHER_FILES[name](tmp_path / name)
    with pytest.raises(WeightsError) as refusal:
        load(tmp_path / name)
    assert name in one_sentence(refusal.value)


def test_a_name_too_long_for_a_file_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as refusal:
        load(tmp_path / f"{'x' * 300}.pth")
    one_sentence(refusal.value)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol:UserWarning")
@pytest.mark.parametrize("ending", [".pth", ".old.pth", ".safetensors", ".random.pth"])
def test_damage_never_ends_in_anything_but_a_sentence(ending: str, tmp_path: Path) -> None:
    chance = random.Random(0)
    path = tmp_path / f"x{ending}"
    content = {"a": torch.zeros(4, 4), "b": torch.zeros(2)}
    whole = b""
    if ending == ".safetensors":
        save_file(content, path)
        whole = path.read_bytes()
    elif ending != ".random.pth":
        torch.save(content, path, _use_new_zipfile_serialization=ending == ".pth")
        whole = path.read_bytes()
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole or chance.randbytes(chance.randint(1, 300)))
        for _ in range(chance.randint(1, 6) if whole else 0):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        if chance.random() < 0.3:
            del damaged[chance.randrange(len(damaged)) :]
        path.write_bytes(bytes(damaged))
        try:
            assert all(isinstance(value, Tensor) for value in read_weights(path).values())
        except WeightsError as error:
            assert path.name in one_sentence(error)
            refused += 1
    assert refused > 200  # the rest were changed where only the numbers stand
