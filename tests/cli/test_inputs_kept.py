"""No command writes over what it reads, nor two outputs to one place."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import click
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from cactiviz.cli import main
from cactiviz.cli.files import Kept, check_kept
from cactiviz.errors import OutputPlaceError
from cactiviz.models import MODELS, Checkpoint, load_model
from tests.fixtures.sampling import some
from tests.fixtures.tiny_tiles import write_tiles

CPU = ("--untrained", "--device", "cpu")
#: Commands that write no file, or none that a person names.
SILENT = {
    *("models", "methods", "doctor", "app", "data list", "data info", "data get", "data search"),
}


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole checkpoint of a small network."""
    path = tmp_path_factory.mktemp("weights") / "own.safetensors"
    network = load_model("cactinet", untrained=True, device="cpu")
    save_file({k: v.contiguous() for k, v in network.module.state_dict().items()}, path)
    return path


class Place:
    """Inputs of every kind, and whether their bytes are as they were."""

    def __init__(self, folder: Path, weights: Path) -> None:
        self.folder = folder
        chance = np.random.default_rng(0)
        for name in ("in.png", "set/cat/a.png", "set/dog/b.png", "flat/a.gif", "flat/b.png"):
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(chance.integers(0, 256, (40, 48, 3), np.uint8)).save(file)
        self.weights = folder / "own.safetensors"
        shutil.copyfile(weights, self.weights)
        self.names = folder / "names.txt"
        self.names.write_text("sand\ncactus\n")
        self.own = f"mine=cactinet:{self.weights}:{self.names}"
        self.tiles = write_tiles(folder / "tiles", 6)
        self.before = self.digests()

    def digests(self) -> dict[Path, str]:
        files = sorted(path for path in self.folder.rglob("*") if path.is_file())
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    def assert_kept(self) -> None:
        now = self.digests()
        changed = [path for path, digest in self.before.items() if now.get(path) != digest]
        assert not changed, f"written over or removed: {changed}"


@pytest.fixture
def place(tmp_path: Path, weights: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    return Place(tmp_path / "place", weights)


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is refused is refused before any work: no picture is opened, no network loaded."""

    def begun(*_: object, **__: object) -> None:
        raise AssertionError("the work was begun")

    # What imports others' names comes first: else it would keep these.
    for name in (
        "replay.remake_comparison",
        "replay.remake_animation",
        "cli.options.read_picture",
        "cli.options.load_network",
        "comparison.compare.compare_as_asked",
        "batch.collect.Collector",
        "models.load_model",
        "explanations.neurons.explain_neurons",
        "cli.compare.write",
        "cli.train.open_anywhere",
    ):
        monkeypatch.setattr(f"cactiviz.{name}", begun)


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main.main([str(argument) for argument in arguments])
    output, errors = capsys.readouterr()
    return code, output, errors


def assert_refused(result: tuple[int, str, str]) -> None:
    code, output, errors = result
    assert (code, output) == (2, ""), errors
    assert errors.count("\n") == 1 and errors.endswith(".\n"), f"not one sentence: {errors!r}"
    assert "Traceback" not in errors


# Each command, by the place: what is typed before the outputs, its options for outputs with an
# ending that they take, and its inputs.
Typed = tuple[list[object], dict[str, str], list[Path]]


def _compare(p: Place) -> Typed:
    typed = ["compare", p.folder / "in.png", "--methods", "saliency", "--device", "cpu"]
    outputs = {"--out": ".png", "--json": ".json", "--npz": ".npz"}
    own = ["--checkpoint", p.own]
    return [*typed, *own], outputs, [p.folder / "in.png", p.weights, p.names]


def _compare_item(p: Place) -> Typed:
    typed = ["compare", "folder:cat/a.png", "--data-dir", p.folder / "set", "--models", "cactinet"]
    members = [p.folder / "set/cat/a.png", p.folder / "set/dog/b.png"]
    return [*typed, *CPU], {"--out": ".png", "--json": ".json", "--npz": ".npz"}, members


def _report(p: Place) -> Typed:
    typed = ["report", p.folder / "in.png", "--checkpoint", p.own, "--device", "cpu"]
    return typed, {"--out": ".zip"}, [p.folder / "in.png", p.weights, p.names]


def _neurons(p: Place) -> Typed:
    typed = ["neurons", p.folder / "in.png", "--checkpoint", p.own, "--device", "cpu"]
    outputs = {"--out": ".jpg", "--npz": ".npz"}
    return [*typed, "--random", 1], outputs, [p.folder / "in.png", p.weights, p.names]


def _filters(p: Place) -> Typed:
    typed = ["filters", p.folder / "in.png", "--checkpoint", p.own, "--device", "cpu"]
    outputs = {"--out": ".webp", "--npz": ".npz"}
    return typed, outputs, [p.folder / "in.png", p.weights, p.names]


def _animate(p: Place) -> Typed:
    typed = ["animate", p.folder / "in.png", p.folder / "flat", "--checkpoint", p.own]
    inputs = [p.folder / "in.png", p.folder / "flat/a.gif", p.folder / "flat/b.png"]
    return [*typed, "--device", "cpu"], {"--out": ".gif"}, [*inputs, p.weights, p.names]


def _animate_set(p: Place) -> Typed:
    typed = ["animate", p.folder / "set", "--models", "cactinet", *CPU]
    return typed, {"--out": ".webp"}, [p.folder / "set/cat/a.png", p.folder / "set/dog/b.png"]


def _evaluate(p: Place) -> Typed:
    typed = ["evaluate", "mine", "--checkpoint", p.own, "--data", p.tiles, "--device", "cpu"]
    inputs = [p.tiles / "train/t00.png", p.tiles / "train.csv", p.weights, p.names]
    return typed, {"--sheet": ".png"}, inputs


def _replay(p: Place) -> Typed:
    own = {
        "name": "mine",
        "architecture": "cactinet",
        "file": str(p.weights),
        "classes": "names.txt",
    }
    recipe = {
        "makes": "comparison",
        "pictures": [{"from": "in.png"}, {"from": "folder:cat/a.png"}],
        "networks": [{"name": "mine", "checkpoint": own}, {"name": "cactinet", "checkpoint": None}],
    }
    file = p.folder / "recipe.json"
    file.write_text(json.dumps(recipe))
    p.before = p.digests()
    inputs = [file, p.folder / "in.png", p.folder / "set/cat/a.png", p.weights, p.names]
    return ["replay", file, "--data", p.folder / "set"], {"--out": ".json"}, inputs


COMMANDS: dict[str, Callable[[Place], Typed]] = {
    "compare": _compare,
    "compare an item": _compare_item,
    "report": _report,
    "neurons": _neurons,
    "filters": _filters,
    "animate": _animate,
    "animate a set": _animate_set,
    "evaluate": _evaluate,
    "replay": _replay,
}


def _by_its_name(_: Path, target: Path, __: str) -> Path:
    return target


def _by_a_link(folder: Path, target: Path, ending: str) -> Path:
    link = folder / f"link{ending}"
    link.symlink_to(target)
    return link


def _by_a_link_to_a_link(folder: Path, target: Path, ending: str) -> Path:
    (folder / "first").symlink_to(os.path.relpath(target, folder))
    return _by_a_link(folder, folder / "first", ending)


def _by_a_linked_folder(folder: Path, target: Path, _: str) -> Path:
    (folder / "there").symlink_to(target.parent)
    return folder / "there" / target.name


def _by_a_detour(_: Path, target: Path, __: str) -> Path:
    return target.parent / ".." / "." / target.parent.name / target.name


def _from_here(_: Path, target: Path, __: str) -> Path:
    os.chdir(target.parent)
    return Path(target.name)


def _as_a_second_name(folder: Path, target: Path, ending: str) -> Path:
    second = folder / f"second{ending}"
    os.link(target, second)
    return second


SPELLINGS = (
    *(_by_its_name, _by_a_link, _by_a_link_to_a_link, _by_a_linked_folder, _by_a_detour),
    *(_from_here, _as_a_second_name),
)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(("command", "spelling"), some(list(product(COMMANDS, SPELLINGS)), 21))
def test_no_output_falls_upon_an_input(
    command: str,
    spelling: Callable[[Path, Path, str], Path],
    place: Place,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    typed, outputs, inputs = COMMANDS[command](place)
    for number, target in enumerate(inputs):
        for option, ending in outputs.items():
            folder = tmp_path / f"{number}{option}"
            folder.mkdir()
            output = spelling(folder, target, ending)
            assert_refused(run(capsys, *typed, option, output))
            place.assert_kept()
            assert target.is_file()


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("exists", [True, False])
@pytest.mark.parametrize("command", ["compare", "neurons", "filters"])
def test_two_outputs_are_never_one_file(
    command: str, exists: bool, place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed, outputs, _ = COMMANDS[command](place)
    one = tmp_path / "results"
    if exists:
        one.write_bytes(b"of yesterday")
    paths = {}
    for option, ending in outputs.items():
        paths[option] = tmp_path / f"link{ending}"
        paths[option].symlink_to(one)  # where nothing is yet, the links lead nowhere
    first, *others = paths
    for other in others:
        both = (first, paths[first], other, paths[other])
        assert_refused(run(capsys, *typed, *both))
        assert_refused(run(capsys, *typed, first, tmp_path / "s.png", other, tmp_path / "s.png"))
        assert one.exists() == exists
    assert not exists or one.read_bytes() == b"of yesterday"


@pytest.mark.parametrize(
    ("first", "second"), [("a.png", "A.png"), ("caf\u00e9.png", "cafe\u0301.png")]
)
def test_names_that_are_one_on_some_systems_are_one(
    first: str, second: str, tmp_path: Path
) -> None:
    with pytest.raises(OutputPlaceError):
        check_kept([], [tmp_path / first, tmp_path / second])
    check_kept([], [tmp_path / first, tmp_path / "other" / second])


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    ("command", "option", "name"),
    [
        *(("compare", "--json", name) for name in ("r.jpg", "r.png", "r.txt", "r.json.bak", "r")),
        *((name, "--npz", "w.pth") for name in ("compare", "neurons", "filters")),
        ("compare", "--npz", "m.json"),
    ],
)
def test_results_go_to_files_of_their_own_kind(
    command: str,
    option: str,
    name: str,
    place: Place,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / name).write_bytes(b"of a friend")
    assert_refused(run(capsys, *COMMANDS[command](place)[0], option, tmp_path / name))
    assert (tmp_path / name).read_bytes() == b"of a friend"


def test_upper_case_devices_and_pipes_are_taken(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = _compare(place)[0]
    devices = ("--json", "/dev/null", "--npz", "/dev/null")
    assert run(capsys, *typed, *devices)[0] == 0
    assert Path("/dev/null").is_char_device(), "the device was replaced"
    assert run(capsys, *typed, "--json", tmp_path / "R.JSON")[0] == 0
    assert json.loads((tmp_path / "R.JSON").read_text("utf-8"))["picture"]["name"] == "in.png"
    place.assert_kept()


# --- earlier outputs are replaced ------------------------------------------------------------


def test_what_was_written_into_a_folder_that_is_read_is_written_again(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    typed, _, _ = _animate_set(place)
    again = [*typed, "--panel", "64", "--out", place.folder / "set" / "made.gif"]
    assert run(capsys, *again)[0] == 0
    assert run(capsys, *again)[0] == 0
    item = _compare_item(place)[0]
    for ending in (".png", ".jpg", ".webp"):
        sheet = place.folder / "set" / f"sheet{ending}"
        for _ in range(2):
            assert run(capsys, *item, "--methods", "saliency", "--out", sheet)[0] == 0
    place.assert_kept()


# --- folders ---------------------------------------------------------------------------------


def test_a_folder_beside_the_output_that_is_not_ours_is_left_alone(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parts = tmp_path / "x.gif.parts"
    (parts / "2019").mkdir(parents=True)
    (parts / "holiday.jpg").write_bytes(b"a photograph")
    (parts / "2019" / "data.npz").write_bytes(b"results")
    typed = ["animate", place.folder / "in.png", "--models", "cactinet", *CPU, "--panel", "64"]
    assert run(capsys, *typed, "--out", tmp_path / "x.gif")[0] == 0
    assert (tmp_path / "x.gif").stat().st_size > 0
    left = sorted(str(path.relative_to(parts)) for path in parts.rglob("*") if path.is_file())
    assert left == [os.path.join("2019", "data.npz"), "holiday.jpg"]
    shutil.rmtree(parts)
    assert run(capsys, *typed, "--out", tmp_path / "x.gif")[0] == 0
    assert not parts.exists(), "what was kept meanwhile is there still"


@pytest.mark.usefixtures("no_work")
def test_folders_that_are_written_are_none_that_are_read(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = place.folder / "set.gif.parts"
    shutil.copytree(place.folder / "set", made)
    place.before = place.digests()
    item = ["data", "sample", "folder", "--dir", place.folder / "set", "--out"]
    (tmp_path / "link").symlink_to(place.folder / "set")
    for typed in (
        ["animate", place.folder / "flat", "--models", "cactinet", "--out", place.folder / "flat"],
        ["animate", made, "--models", "cactinet", "--out", place.folder / "set.gif"],
        ["train", "cactinet", "--data", place.tiles, "--out", place.tiles / "train"],
        ["train", "cactinet", "--data", place.folder / "set", "--out", place.folder / "set"],
        [*item, place.folder / "set"],
        [*item, place.folder / "set" / "cat"],
        [*item, place.folder / "set" / "new"],
        [*item, tmp_path / "link" / "new"],
    ):
        assert_refused(run(capsys, *typed))
        place.assert_kept()
        assert place.digests() == place.before


def test_frames_never_go_into_a_folder_that_holds_something(
    place: Place, capsys: pytest.CaptureFixture[str], no_work: None
) -> None:
    code, _, errors = run(
        capsys,
        *("animate", place.folder / "in.png", "--models", "cactinet"),
        *("--out", place.folder / "flat"),
    )
    assert code == 1 and "is there already" in errors
    place.assert_kept()


def test_a_network_that_no_run_left_is_not_trained_over(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copyfile(place.weights, tmp_path / "cactinet.safetensors")
    before = (tmp_path / "cactinet.safetensors").read_bytes()
    short = ("--epochs", 1, "--batch-size", 2, "--device", "cpu", "--input-size", 32)
    typed = ("train", "cactinet", "--data", place.tiles, "--out", tmp_path, *short)
    code, _, errors = run(capsys, *typed)
    assert code == 1 and "unknown run" in errors
    assert (tmp_path / "cactinet.safetensors").read_bytes() == before


# --- what is read without being named --------------------------------------------------------


@pytest.mark.usefixtures("no_work")
def test_files_that_are_found_by_themselves_are_kept_too(
    place: Place,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    published = MODELS["alexnet"].weights
    assert published is not None
    cache = tmp_path / "torch" / "hub" / "checkpoints" / published.file_name
    own = tmp_path / "own" / published.file_name
    tiles = tmp_path / "data" / "tiles"
    for file in (cache, own):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"weights")
    shutil.copytree(place.tiles, tiles)
    packed = tmp_path / "pictures.zip"
    shutil.make_archive(str(packed.with_suffix("")), "zip", place.folder / "set")
    (tmp_path / "home").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    shutil.copyfile(place.folder / "in.png", tmp_path / "home" / "in.png")
    link = tmp_path / "link"
    picture = place.folder / "in.png"
    for target, typed in (
        (cache, ["compare", picture, "--models", "alexnet", "--npz"]),
        (own, ["compare", picture, "--models", "alexnet", "--weights-dir", own.parent, "--npz"]),
        (cache, ["neurons", picture, "--model", "alexnet", "--random", 1, "--npz"]),
        (cache, ["evaluate", "alexnet", "--data", place.folder / "set", "--sheet"]),
        (tiles / "train" / "t01.png", ["compare", "cactus:cactus/t01.png", "--npz"]),
        (tiles / "train" / "t00.png", ["evaluate", "cactinet", "--data", "cactus", "--sheet"]),
        (tiles / "train.csv", ["animate", "cactus", "--models", "cactinet", "--out"]),
        (packed, ["report", "folder:cat/a.png", "--data-dir", packed, "--out"]),
        (packed, ["evaluate", "cactinet", "--data", packed, "--sheet"]),
        (tmp_path / "home" / "in.png", ["compare", "~/in.png", "--npz"]),
        (tmp_path / "home" / "in.png", ["animate", "~/in.png", "--models", "cactinet", "--out"]),
        (tmp_path / "home" / "in.png", ["compare", tmp_path / "home" / "in.png", "--out=~/in.png"]),
    ):
        before = target.read_bytes()
        if isinstance(typed[-1], str) and "=" not in typed[-1]:
            link.unlink(missing_ok=True)
            link.symlink_to(target)
            typed = [*typed, link]
        # A link may have any ending, so the endings of the outputs don't come into it.
        assert_refused(run(capsys, *typed))
        assert target.read_bytes() == before and target.is_file()


# --- every command says what it writes -------------------------------------------------------


def _commands(command: Any, name: str = "") -> Iterator[tuple[str, object]]:
    if not isinstance(command, click.Group):
        yield name, next((step for step in command.before if isinstance(step, Kept)), None)
        return
    context = click.Context(command)
    for word in command.list_commands(context):
        yield from _commands(command.get_command(context, word), f"{name} {word}".strip())


def test_every_command_that_writes_says_what_it_reads_and_writes() -> None:
    found = dict(_commands(main.CACTIVIZ))
    assert {name for name, files in found.items() if files is None} == SILENT
    assert {"compare", "animate", "report", "replay", "neurons", "filters", "data sample"} < set(
        found
    )


def test_a_circle_of_links_is_no_endless_search(tmp_path: Path) -> None:
    (tmp_path / "in" / "below").mkdir(parents=True)
    (tmp_path / "in" / "below" / "up").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "gone").symlink_to(tmp_path / "nowhere")
    (tmp_path / "out.png").write_bytes(b"")
    check_kept([tmp_path / "in"], [tmp_path / "out.png"])
    (tmp_path / "in" / "below" / "a.png").symlink_to(tmp_path / "out.png")
    with pytest.raises(OutputPlaceError, match="is one of the files in"):
        check_kept([tmp_path / "in"], [tmp_path / "out.png"])


def test_a_checkpoint_is_read_from_home(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(weights.parent))
    (weights.parent / "names.txt").write_text("sand\ncactus\n")
    named = Checkpoint("mine", "cactinet", Path("~/own.safetensors"), Path("~/names.txt"))
    assert load_model(named, device="cpu").spec.class_names == ("sand", "cactus")
