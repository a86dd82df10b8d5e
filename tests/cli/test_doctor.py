"""``cactiviz doctor``: what this machine has and lacks, told without asking anybody offline."""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import json
import platform
import re
import socket
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

import pytest
import torch

from cactiviz.cli import doctor, main
from cactiviz.models import MODELS

ALEXNET = "alexnet-owt-7be5be79.pth"
INCEPTION_RESNET = "inception_resnet_v2.tf_in1k.safetensors"
DOWNLOADED = [spec for spec in MODELS.values() if spec.weights and spec.weights.url]
HOSTS = {urlsplit(spec.weights.url).hostname for spec in DOWNLOADED if spec.weights}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Torch's cache of weights on a machine that has none, and from which no network is asked."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    for name in ("CACTIVIZ_WEIGHTS", "CACTIVIZ_DATA"):
        monkeypatch.delenv(name, raising=False)

    def asked(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", asked)
    monkeypatch.setattr(socket, "getaddrinfo", asked)
    monkeypatch.setattr(socket.socket, "connect", asked)
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def told(found: dict[str, Any]) -> str:
    with redirect_stdout(io.StringIO()) as printed:
        doctor.show(found)
    return printed.getvalue()


def everywhere(_: str) -> bool:
    return True


def nowhere(_: str) -> bool:
    return False


# --- the machine ------------------------------------------------------------------------------


def test_device_python_and_disk_are_named() -> None:
    found = doctor.examine()
    assert found["python"] == platform.python_version()
    assert found["disk_free_bytes"] > 0
    words = told(found)
    assert words.startswith(f"Python {platform.python_version()} on ")
    if torch.cuda.is_available():
        assert torch.cuda.get_device_name(0) in found["device"]
    else:
        assert found["device"].startswith("CPU with ")
        assert any("No GPU" in sentence for sentence in found["advice"])
    assert f"Device: {found['device']}" in words


def test_a_gpu_is_named_with_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    class Properties:
        total_memory = 24 * 2**30

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: Properties)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Maker Model 24")
    found = doctor.examine()
    assert found["device"] == "Maker Model 24, 24 GiB"
    assert not any("GPU" in sentence for sentence in found["advice"])


def test_every_package_that_is_needed_stands_there_with_its_version() -> None:
    found = doctor.examine()
    requirements = Path(__file__).resolve().parents[2] / "requirements.txt"
    needed = re.findall(r"^[\w-]+", requirements.read_text("utf-8"), re.MULTILINE)
    assert set(needed) - {"filelock"} <= set(found["packages"])
    for name, version in found["packages"].items():
        assert version == importlib.metadata.version(name)
        assert f"{name} {version}" in told(found)
    assert not any("Install" in sentence for sentence in found["advice"])


def test_a_missing_package_is_told_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = importlib.metadata.version

    def version(name: str) -> str:
        if name in ("timm", "pillow-heif"):
            raise importlib.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(importlib.metadata, "version", version)
    found = doctor.examine()
    assert found["packages"]["timm"] is None
    assert "Install what is missing: pip install timm pillow-heif." in found["advice"]
    assert "timm MISSING" in told(found)


# --- weights ----------------------------------------------------------------------------------


def whole_file(monkeypatch: pytest.MonkeyPatch, folder: Path, content: bytes) -> Path:
    """AlexNet's file, and a row that knows its hash."""
    name = f"alexnet-owt-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    weights = MODELS["alexnet"].weights
    assert weights is not None
    moved = replace(weights, url=f"https://download.pytorch.org/models/{name}")
    monkeypatch.setitem(MODELS, "alexnet", replace(MODELS["alexnet"], weights=moved))
    (folder / name).write_bytes(content)
    return folder / name


def test_every_network_of_the_table_is_there_and_absent_weights_are_told() -> None:
    found = doctor.examine()
    assert list(found["weights"]) == list(MODELS)
    assert all(found["weights"][spec.name]["file"] is None for spec in DOWNLOADED)
    lines = told(found).splitlines()
    assert "  alexnet: not here" in lines
    assert any(line.startswith("  cactinet: ") for line in lines)
    assert found["weights"]["inception_resnet_v2"]["name"] == INCEPTION_RESNET


def test_weights_on_disk_are_told_with_their_size(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = whole_file(monkeypatch, cache, bytes(3_200_000))
    (cache / INCEPTION_RESNET).write_bytes(b"no hash in its name")
    found = doctor.examine(reach=nowhere)
    weights = found["weights"]["alexnet"]
    assert (weights["file"], weights["bytes"], weights["damaged"]) == (str(file), 3_200_000, False)
    assert f"  alexnet: 3 MB, {file}" in told(found).splitlines()
    assert found["weights"]["inception_resnet_v2"]["bytes"] == 19
    assert not found["weights"]["inception_resnet_v2"]["damaged"]
    assert not any(file.name in sentence for sentence in found["advice"]), "it is here already"


def test_a_file_whose_hash_is_wrong_is_called_damaged_and_to_be_deleted(cache: Path) -> None:
    (cache / ALEXNET).write_bytes(b"half of it")
    found = doctor.examine()
    assert found["weights"]["alexnet"]["damaged"]
    assert f"  alexnet: 0 MB, {cache / ALEXNET}, DAMAGED" in told(found).splitlines()
    (sentence,) = [sentence for sentence in found["advice"] if "damaged" in sentence]
    assert str(cache / ALEXNET) in sentence and sentence.startswith("Delete ")
    assert not found["weights"]["densenet121"]["damaged"]


def test_the_folder_given_is_looked_in_first(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, named = tmp_path / "own", tmp_path / "named"
    for folder in (own, named, cache):
        folder.mkdir(exist_ok=True)
        (folder / ALEXNET).write_bytes(b"x")
    monkeypatch.setenv("CACTIVIZ_WEIGHTS", str(named))
    for given, place in ((own, own), (None, named)):
        found = doctor.examine(given)
        assert found["weights"]["alexnet"]["file"] == str(place / ALEXNET)


# --- hosts ------------------------------------------------------------------------------------


def test_without_leave_no_host_is_asked() -> None:
    found = doctor.examine(reach=None)
    assert found["hosts"] == {}
    assert not any("reached" in sentence for sentence in found["advice"])


def test_each_host_of_weights_is_asked_once() -> None:
    asked: list[str] = []

    def reach(host: str) -> bool:
        asked.append(host)
        return host != "github.com"

    found = doctor.examine(reach=reach)
    assert len(asked) == len(set(asked))
    assert set(asked) == HOSTS
    assert found["hosts"] == {host: host != "github.com" for host in asked}
    words = told(found)
    assert "github.com: NOT reached" in words.splitlines()
    assert "download.pytorch.org: reached" in words.splitlines()


def test_where_a_host_is_silent_the_advice_names_file_and_folder(
    cache: Path, tmp_path: Path
) -> None:
    for given, folder in ((None, cache), (tmp_path / "own", tmp_path / "own")):
        found = doctor.examine(given, reach=nowhere)
        about = [sentence for sentence in found["advice"] if "can't be reached" in sentence]
        assert len(about) == len(DOWNLOADED)
        for sentence, spec in zip(about, DOWNLOADED, strict=True):
            assert spec.weights is not None
            host = urlsplit(spec.weights.url).hostname
            assert sentence.startswith(f"{host} can't be reached: ")
            assert spec.weights.file_name in sentence and str(folder) in sentence
            assert f"→ {sentence}" in told(found).splitlines()
    assert not any("reached" in s for s in doctor.examine(reach=everywhere)["advice"])


# --- data -------------------------------------------------------------------------------------


def test_the_data_folder_is_told_with_all_that_lies_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    bears = data / "deep" / "256_ObjectCategories" / "009.bear"
    bears.mkdir(parents=True)
    (data / "one").write_bytes(bytes(1_500_000))
    (bears / "009_0001.jpg").write_bytes(bytes(2_500_000))
    (data / "nature_12K.zip").write_bytes(bytes(1_000_000))
    monkeypatch.setenv("CACTIVIZ_DATA", str(data))
    found = doctor.examine()["data"]
    assert (found["folder"], found["bytes"]) == (str(data), 5_000_000)
    assert found["sets"] == {
        "cactus": {"file": None, "bytes": 0},
        "caltech256": {"file": str(bears.parent), "bytes": 2_500_000},
        "inaturalist": {"file": str(data / "nature_12K.zip"), "bytes": 1_000_000},
    }
    lines = told(doctor.examine()).splitlines()
    assert f"Data: {data}, 5 MB" in lines
    assert f"  inaturalist: 1 MB, {data / 'nature_12K.zip'}" in lines
    assert "  cactus: not here" in lines


def test_a_data_folder_that_is_not_there_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    for named in (str(tmp_path / "cactiviz-data"), str(tmp_path / "gone")):
        found = doctor.examine()["data"]
        assert (found["folder"], found["bytes"]) == (named, 0)
        assert all(one["file"] is None for one in found["sets"].values())
        assert list(tmp_path.glob("*a")) == [] and not Path(named).exists()
        monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "gone"))


# --- the command ------------------------------------------------------------------------------


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert main.main(["doctor", *arguments]) == 0
    output, errors = capsys.readouterr()
    assert errors == ""
    return output


def test_offline_the_command_asks_nobody_and_tells_the_rest(
    capsys: pytest.CaptureFixture[str], cache: Path
) -> None:
    (cache / ALEXNET).write_bytes(b"half of it")
    lines = run(capsys, "--offline").splitlines()
    assert any(line.startswith("Device: ") for line in lines)
    assert any(line.startswith("Packages: torch ") for line in lines)
    assert any(line.endswith("DAMAGED") for line in lines)
    assert any(line.startswith("→ Delete ") for line in lines)
    assert not any("reached" in line for line in lines)


def test_as_json_it_is_what_was_found(
    capsys: pytest.CaptureFixture[str], cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / ALEXNET).write_bytes(b"half of it")
    arguments = ("--offline", "--json", "--weights-dir", str(tmp_path / "own"))
    found = json.loads(run(capsys, *arguments))
    expected = doctor.examine(tmp_path / "own")
    found.pop("disk_free_bytes"), expected.pop("disk_free_bytes")
    assert found == expected
    assert set(found) == {
        *("python", "system", "device", "packages", "weights", "data", "hosts", "advice"),
    }


def test_online_each_host_is_tried_once_for_a_few_seconds(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    class Connection:
        def __enter__(self) -> None: ...

        def __exit__(self, *_: object) -> None: ...

    def connect(address: tuple[str, int], timeout: float) -> Connection:
        tried.append(address)
        assert 0 < timeout <= 10
        if address[0] == "github.com":
            raise TimeoutError
        return Connection()

    monkeypatch.setattr(socket, "create_connection", connect)
    found = json.loads(run(capsys, "--json"))
    assert sorted(tried) == sorted((host, 443) for host in HOSTS if host)
    assert found["hosts"] == {host: host != "github.com" for host in HOSTS}
    assert "github.com: NOT reached" in run(capsys)
