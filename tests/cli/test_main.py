"""The command ``cactiviz``: what it prints, writes, and answers to the shell."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import cactiviz as cv
from cactiviz import download
from cactiviz.cli import main
from cactiviz.methods import METHODS, VIEWS
from cactiviz.models import MODELS, find_weights
from cactiviz.recipes.recipe import read_recipe
from cactiviz.rendering import paint

ROOT = Path(__file__).resolve().parents[2]
CACTINET = ("compare", "sample:chelsea", "--models", "cactinet", "--untrained", "--device", "cpu")


@pytest.fixture(autouse=True)
def torch_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any weights, and without a way to get them."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(download, "_PAUSE_SECONDS", 0.01)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name, spec in MODELS.items():
        if spec.weights is not None:
            url = f"http://127.0.0.1:{port}/{spec.weights.file_name}"
            weights = replace(spec.weights, url=url)
            monkeypatch.setitem(MODELS, name, replace(spec, weights=weights))
    return tmp_path / "torch"


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of one command."""
    capsys.readouterr()
    try:
        code = main.main([str(argument) for argument in arguments])
    except SystemExit as leaving:
        assert isinstance(leaving.code, int)
        code = leaving.code
    output, errors = capsys.readouterr()
    return code, output, errors


def assert_one_sentence(errors: str) -> None:
    assert re.fullmatch(r"[^\n]+\.\n", errors), f"not one sentence: {errors!r}"
    assert not re.search(r"Traceback|Errno|Error\b|line \d", errors)


# --- compare: what it writes ------------------------------------------------------------------


def test_compare_writes_sheet_json_and_npz(capsys: pytest.CaptureFixture[str], out: Path) -> None:
    files = ("--out", out / "s.png", "--json", out / "r.json", "--npz", out / "m.npz")
    models = ("--models", "alexnet,cactinet", "--methods", "grad_cam,saliency,filters")
    code, output, errors = run(
        capsys, "compare", "sample:chelsea", "--untrained", "--device", "cpu", *models, *files
    )
    assert (code, errors) == (0, "")
    assert sorted(os.listdir(out)) == ["m.npz", "r.json", "s.png"]
    report = json.loads((out / "r.json").read_text("utf-8"))
    assert list(report["predictions"]) == ["alexnet", "cactinet"]
    with np.load(out / "m.npz") as maps:
        views = ("grad_cam", "saliency", "filters")
        assert sorted(maps.files) == sorted(
            f"{m}/{v}" for m in ("alexnet", "cactinet") for v in views
        )
        for attribution in report["explanations"]:
            values = maps[f"{attribution['model']}/{attribution['method']}"]
            assert (attribution["min"], attribution["max"]) == (values.min(), values.max())
    expected = cv.compare(
        "sample:chelsea", ["alexnet", "cactinet"], views, untrained=True, device="cpu"
    )
    with Image.open(out / "s.png") as sheet:
        assert sheet.format == "PNG"
        assert np.array_equal(np.asarray(sheet), np.asarray(expected.sheet()))
    for model, title in (("alexnet", "AlexNet (untrained)"), ("cactinet", "CactiNet (untrained)")):
        best = report["predictions"][model]["top"][0]
        assert f"{title}: {best['class_name']} {best['probability']:.1%}\n" in output
        assert best["class_index"] == expected.explanations[model].predictions[0].class_index


def test_without_files_to_write_the_answers_are_printed(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    code, output, errors = run(capsys, *CACTINET, "--methods", "saliency")
    assert (code, errors) == (0, "")
    assert re.fullmatch(r"CactiNet \(untrained\): (no )?cactus \d+\.\d%\n", output)
    assert os.listdir(out) == []


def test_a_picture_is_taken_from_its_path(capsys: pytest.CaptureFixture[str], out: Path) -> None:
    rgb = cv.open_picture("sample:coffee").rgb
    Image.fromarray(rgb).save(out / "cup of coffee.png")
    code, _, _ = run(
        capsys, "compare", out / "cup of coffee.png", *CACTINET[2:], "--json", out / "r.json"
    )
    assert code == 0
    told = json.loads((out / "r.json").read_text("utf-8"))["picture"]
    assert told["name"] == "cup of coffee.png"
    assert told["sha256"] == cv.open_picture("sample:coffee").sha256
    assert told["size"] == [400, 600]


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are Linux's")
def test_a_picture_whose_name_is_no_utf8_is_no_problem(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    path = os.fsdecode(os.fsencode(out) + b"/caf\xe9.png")
    Image.fromarray(cv.open_picture("sample:coffee").rgb).save(path)
    code, _, errors = run(capsys, "compare", path, *CACTINET[2:], "--json", out / "r.json")
    assert (code, errors) == (0, "")
    assert json.loads((out / "r.json").read_text("utf-8"))["picture"]["name"].startswith("caf")


def test_class_layer_and_resize_reach_the_networks(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    chosen = ("--class", "cactus", "--layer", "stages.1", "--resize", "crop")
    code, _, _ = run(capsys, *CACTINET, *chosen, "--json", out / "r.json", "--npz", out / "m.npz")
    assert code == 0
    attributions = json.loads((out / "r.json").read_text("utf-8"))["explanations"]
    assert {(e["class_index"], e["class_name"]) for e in attributions} == {(1, "cactus")}
    expected = cv.compare(
        "sample:chelsea",
        ["cactinet"],
        ["grad_cam"],
        untrained=True,
        device="cpu",
        target=1,
        layer=cv.Layer("stages.1"),
        resize="crop",
    ).arrays()["cactinet/grad_cam"]
    with np.load(out / "m.npz") as maps:
        assert maps["cactinet/grad_cam"].shape == (16, 16)
        assert np.array_equal(maps["cactinet/grad_cam"], expected)


def test_scale_and_palette_reach_the_sheet(capsys: pytest.CaptureFixture[str], out: Path) -> None:
    expected = cv.compare(
        "sample:chelsea", ["cactinet"], ["grad_cam"], untrained=True, device="cpu"
    )
    for scale, palette in (("own", "inferno"), ("shared", "viridis")):
        looks = ("--scale", scale, "--palette", palette, "--methods", "grad_cam")
        assert run(capsys, *CACTINET, *looks, "--out", out / f"{scale}.png")[0] == 0
        with Image.open(out / f"{scale}.png") as sheet:
            wanted = expected.sheet(scale=scale, palette=palette)
            assert np.array_equal(np.asarray(sheet), np.asarray(wanted))


@pytest.mark.parametrize("ending", ["png", "webp", "jpg"])
def test_the_sheet_holds_its_recipe(
    ending: str, capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    chosen = ("--methods", "grad_cam", "--scale", "rank", "--palette", "viridis")
    outlined = ("--contour", "0.5")
    assert run(capsys, *CACTINET, *chosen, *outlined, "--out", out / f"s.{ending}")[0] == 0
    recipe = read_recipe(out / f"s.{ending}")
    assert recipe["makes"] == "comparison" and recipe["pictures"][0]["from"] == "sample:chelsea"
    look = {"scale": "rank", "palette": "viridis", "strength": 0.5, "contour": 0.5}
    assert recipe["look"] == look
    code, output, _ = run(capsys, "replay", out / f"s.{ending}")
    assert (code, output) == (0, "Made again: all is as the recipe says.\n")


@pytest.mark.parametrize(("ending", "kind"), [("jpg", "JPEG"), ("JPEG", "JPEG"), ("webp", "WEBP")])
def test_the_sheets_format_follows_its_ending(
    ending: str, kind: str, capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    code, _, _ = run(capsys, *CACTINET, "--methods", "grad_cam", "--out", out / f"s.{ending}")
    assert code == 0
    with Image.open(out / f"s.{ending}") as sheet:
        assert sheet.format == kind


def saved_cactinet(folder: Path) -> Path:
    model = cv.load_model("cactinet", untrained=True, seed=4, device="cpu")
    torch.save(model.module.state_dict(), folder / "c.pth")
    return folder / "c.pth"


def test_a_checkpoint_of_ones_own_stands_beside_the_others(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    (out / "names.txt").write_text("nothing\nsaguaro\n", "utf-8")
    own = f"my net=cactinet:{saved_cactinet(out)}:{out / 'names.txt'}"
    code, output, errors = run(
        capsys, *CACTINET, "--checkpoint", own, "--methods", "grad_cam", "--json", out / "r.json"
    )
    assert (code, errors) == (0, "")
    assert re.search(r"^my net: (nothing|saguaro) \d", output, re.MULTILINE)
    predictions = json.loads((out / "r.json").read_text("utf-8"))["predictions"]
    assert list(predictions) == ["cactinet", "my net"]
    assert [predictions[name]["untrained"] for name in predictions] == [True, False]


def test_a_checkpoint_alone_is_compared_alone_and_its_place_can_be_chosen(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    own = ("--checkpoint", f"mine=cactinet:{saved_cactinet(out)}", "--methods", "saliency")
    common = ("compare", "sample:chelsea", "--device", "cpu", *own)
    for models, order in (
        ((), ["mine"]),
        (("--untrained", "--models", "mine,cactinet"), ["mine", "cactinet"]),
        (("--untrained", "--models", "cactinet,mine"), ["cactinet", "mine"]),
    ):
        code, output, errors = run(capsys, *common, *models)
        assert (code, errors) == (0, "")
        answers = re.findall(r"^([^:\n]+?)(?: \(untrained\))?: .* [\d.]+%$", output, re.MULTILINE)
        assert [title.lower() for title in answers] == order
        assert output.count("mine: ") == 3, "what is assumed of it is said once, a line each"


def test_two_checkpoints_of_one_name_are_refused(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    file = saved_cactinet(out)
    code, _, errors = run(
        capsys,
        *("compare", "sample:chelsea", "--methods", "saliency"),
        *("--checkpoint", f"mine=cactinet:{out / 'other.pth'}"),
        *("--checkpoint", f"mine=cactinet:{file}"),
    )
    assert code in (1, 2), "one of the two was left out without a word"
    assert "name" in errors and "Traceback" not in errors


# --- compare: what goes wrong -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere.png", "--models", "cactinet", "--untrained"], "nowhere.png"),
        (["sample:nobody", "--models", "cactinet", "--untrained"], "not a sample"),
        (
            ["sample:chelsea", "--models", "alexnett"],
            "no network “alexnett”; there are efficient",
        ),
        (["sample:chelsea", "--models", "cactinet,cactinet", "--untrained"], "own name"),
        ([*CACTINET[1:], "--methods", "gradcam"], "no view “gradcam”; there are grad_cam"),
        ([*CACTINET[1:], "--class", "catus"], "CactiNet has no class “catus”; near it is cactus."),
        ([*CACTINET[1:], "--class", "2"], "it has 0 to 1"),
        ([*CACTINET[1:], "--layer", "layer4"], "no layer called “layer4”"),
    ],
)
def test_what_fails_is_told_in_one_sentence_and_exit_code_1(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, errors = run(capsys, "compare", *arguments)
    assert code == 1
    assert words in errors
    assert_one_sentence(errors)


def test_offline_the_sentence_says_which_file_belongs_where(
    capsys: pytest.CaptureFixture[str], torch_home: Path, out: Path
) -> None:
    code, output, errors = run(
        capsys, "compare", "sample:chelsea", "--models", "alexnet", "--json", out / "r.json"
    )
    assert (code, output) == (1, "")
    assert_one_sentence(errors)
    assert "alexnet-owt-7be5be79.pth" in errors and str(torch_home) in errors
    code, _, errors = run(
        capsys, "compare", "sample:chelsea", "--models", "alexnet", "--weights-dir", out / "w"
    )
    assert code == 1
    assert f"the folder {out / 'w'}." in errors


def test_a_network_that_fails_takes_nothing_from_the_others(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    own = f"mine=cactinet:{saved_cactinet(out)}"
    code, output, errors = run(
        capsys,
        *("compare", "sample:chelsea", "--models", "densenet121,mine", "--checkpoint", own),
        *("--methods", "grad_cam", "--json", out / "r.json", "--out", out / "s.png"),
    )
    assert code == 1
    assert_one_sentence(errors)
    assert "DenseNet121" in errors
    assert output.startswith("mine: ")
    report = json.loads((out / "r.json").read_text("utf-8"))
    assert list(report["predictions"]) == ["mine"]
    assert [failure["model"] for failure in report["failures"]] == ["densenet121"]
    told = report["failures"][0]["why"]  # an export doesn't say where folders lie
    assert str(out.parent) in errors and str(out.parent) not in told
    assert errors.startswith(told[: told.index(" folder ")])
    with Image.open(out / "s.png") as sheet:
        assert sheet.width > 2 * 240


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever begins to compute, fails."""

    def compare(*_: object, **__: object) -> None:
        raise AssertionError("the work was begun")

    monkeypatch.setattr("cactiviz.comparison.compare.compare_as_asked", compare)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("option", ["--out", "--json", "--npz"])
def test_a_place_that_cannot_be_written_is_refused_before_the_work(
    option: str, capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    (out / "file").write_text("in the way")
    (out / "folder.png").mkdir()
    for place in (out / "nowhere" / "x.png", out / "file" / "x.png", out / "folder.png"):
        code, _, errors = run(capsys, *CACTINET, option, place)
        assert code == 1
        assert str(place) in errors
        assert_one_sentence(errors)
    assert sorted(os.listdir(out)) == ["file", "folder.png"]


@pytest.mark.usefixtures("no_work")
@pytest.mark.skipif(os.name != "posix", reason="permissions of folders are POSIX's")
def test_a_folder_without_permission_is_refused_before_the_work(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    out.chmod(0o500)
    if os.access(out, os.W_OK):
        pytest.skip("Root may write anywhere.")
    code, _, errors = run(capsys, *CACTINET, "--out", out / "s.png")
    out.chmod(0o700)
    assert code == 1
    assert_one_sentence(errors)


@pytest.mark.usefixtures("no_work")
def test_a_file_name_that_is_too_long_is_told(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    code, _, errors = run(capsys, *CACTINET, "--out", out / f"{'x' * 300}.png")
    assert code == 1
    assert_one_sentence(errors)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize("name", ["sheet.gif", "sheet.pdf", "sheet", "sheet.png.txt"])
def test_a_sheet_of_an_unknown_ending_is_refused_before_the_work(
    name: str, capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    code, _, errors = run(capsys, *CACTINET, "--out", out / name)
    assert code == 1
    assert name in errors and ".png, .jpg, .jpeg, .webp" in errors
    assert_one_sentence(errors)


@pytest.mark.usefixtures("no_work")
@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["compare"],
        ["compare", "a.png", "b.png"],
        ["compare", "a.png", "--nonsense"],
        ["compare", "a.png", "--models", ""],
        ["compare", "a.png", "--models", " , "],
        ["compare", "a.png", "--methods", ""],
        ["compare", "a.png", "--checkpoint", "alexnet.pth"],
        ["compare", "a.png", "--checkpoint", "mine=alexnet"],
        ["compare", "a.png", "--scale", "log"],
        ["compare", "a.png", "--palette", "rainbow"],
        ["compare", "a.png", "--device", "tpu"],
        ["compare", "a.png", "--resize", "stretch"],
        ["models", "--untrained"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_told_with_exit_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    code, output, errors = run(capsys, *arguments)
    assert (code, output) == (2, "")
    assert errors.startswith("usage: cactiviz")
    assert "error: " in errors
    assert "Traceback" not in errors


def test_a_malformed_checkpoint_is_told_with_the_right_form(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _, _, errors = run(capsys, "compare", "a.png", "--checkpoint", "alexnet.pth")
    assert "“alexnet.pth” isn't of the form NAME=ARCHITECTURE:FILE" in errors


def test_ctrl_c_ends_in_a_word(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cactiviz.comparison.compare.compare_as_asked", interrupted)
    assert run(capsys, *CACTINET) == (130, "", "Stopped.\n")


# --- files whole or not at all ----------------------------------------------------------------


def full_disk(file: Any, *_: object, **__: object) -> None:
    """Writes a little, and then the disk is full."""
    file.write(b"half of it")
    file.flush()
    raise OSError(28, "No space left on device")


@pytest.mark.parametrize(("option", "name"), [("--out", "s.png"), ("--npz", "m.npz")])
def test_a_file_is_written_whole_or_not_at_all(
    option: str,
    name: str,
    capsys: pytest.CaptureFixture[str],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (out / name).write_bytes(b"of yesterday")
    if option == "--out":
        monkeypatch.setattr(Image.Image, "save", lambda _, file, **more: full_disk(file))
    else:
        monkeypatch.setattr(np, "savez_compressed", full_disk)
    code, _, errors = run(capsys, *CACTINET, "--methods", "grad_cam", option, out / name)
    assert code == 1
    assert_one_sentence(errors)
    assert str(out / name) in errors and "No space left" in errors
    assert os.listdir(out) == [name], "something half-written was left"
    assert (out / name).read_bytes() == b"of yesterday"


def test_a_crash_while_writing_leaves_the_old_file_and_no_other(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (out / "s.png").write_bytes(b"of yesterday")

    def crash(_: object, file: Any, **__: object) -> None:
        file.write(b"half of it")
        raise ZeroDivisionError

    monkeypatch.setattr(Image.Image, "save", crash)
    with pytest.raises(ZeroDivisionError):
        main.main([*CACTINET, "--methods", "grad_cam", "--out", str(out / "s.png")])
    assert os.listdir(out) == ["s.png"]
    assert (out / "s.png").read_bytes() == b"of yesterday"


def test_what_is_written_replaces_the_old_and_is_readable_as_any_new_file(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    (out / "r.json").write_bytes(b"of yesterday")
    (out / "plain").write_bytes(b"")
    assert run(capsys, *CACTINET, "--methods", "saliency", "--json", out / "r.json")[0] == 0
    assert json.loads((out / "r.json").read_text("utf-8"))["picture"]["name"] == "chelsea"
    assert sorted(os.listdir(out)) == ["plain", "r.json"]
    assert (out / "r.json").stat().st_mode == (out / "plain").stat().st_mode


@pytest.mark.skipif(os.name != "posix", reason="pipes with a name are POSIX's")
def test_a_link_or_a_device_is_written_through_not_replaced(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    # As root, replacing /dev/stdout or /dev/null would harm the whole machine.
    (out / "real.json").write_text("of yesterday")
    (out / "link.json").symlink_to(out / "real.json")
    assert run(capsys, *CACTINET, "--methods", "saliency", "--json", out / "link.json")[0] == 0
    assert (out / "link.json").is_symlink()
    assert json.loads((out / "real.json").read_text("utf-8"))["picture"]["name"] == "chelsea"


# --- models and methods -----------------------------------------------------------------------


def test_models_lists_every_row_and_what_is_on_disk(
    capsys: pytest.CaptureFixture[str], out: Path, torch_home: Path
) -> None:
    (out / "alexnet-owt-7be5be79.pth").write_bytes(b"")
    cache = torch_home / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    (cache / "efficientnet-b0-355c32eb.pth").write_bytes(b"")
    code, output, errors = run(capsys, "models", "--weights-dir", out)
    assert (code, errors) == (0, "")
    *lines, last, _ = output.splitlines()
    rows = {line.split()[0]: line for line in lines}
    assert list(rows) == list(MODELS)
    assert rows["alexnet"].endswith(f"on disk: {out / 'alexnet-owt-7be5be79.pth'}")
    assert rows["efficientnet_b0"].endswith(f"on disk: {cache / 'efficientnet-b0-355c32eb.pth'}")
    assert rows["densenet121"].endswith("to be downloaded, about 32 MB")
    assert rows["resnet152"].endswith("to be downloaded, about 241 MB")
    assert rows["cactinet"].endswith(f"on disk: {find_weights(MODELS['cactinet'])}")
    for name, spec in MODELS.items():
        assert spec.title in rows[name]
        assert f"{spec.parameters / 1e6:.1f} M parameters" in rows[name]
    assert str(out) in last and str(cache) in last and last.index(str(out)) < last.index(str(cache))


def test_models_reads_the_folder_from_the_environment(
    capsys: pytest.CaptureFixture[str], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACTIVIZ_WEIGHTS", str(out))
    (out / "densenet121-a639ec97.pth").write_bytes(b"")
    _, output, _ = run(capsys, "models")
    assert output.count("on disk: ") == 5  # CactiNet's and three others come along
    assert f"on disk: {out / 'densenet121-a639ec97.pth'}\n" in output


def test_methods_lists_every_view_with_its_source_and_limit(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, output, errors = run(capsys, "methods")
    assert (code, errors) == (0, "")
    firsts = [line.split()[0] for line in output.splitlines() if not line.startswith(" ")]
    assert firsts == list(VIEWS)
    flat = " ".join(output.split())
    for method in METHODS.values():
        for text in (method.title, method.asks, method.limit, method.source):
            assert " ".join(text.split()) in flat


def test_the_help_names_every_option_choice_and_sample(capsys: pytest.CaptureFixture[str]) -> None:
    code, output, _ = run(capsys, "compare", "--help")
    assert code == 0
    for word in (
        *("--models", "--methods", "--class", "--layer", "--checkpoint", "--untrained"),
        *("--weights-dir", "--scale", "--palette", "--device", "--out", "--json", "--npz"),
        *(*paint.SCALES, *paint.PALETTES, *cv.samples()),
    ):
        assert word in output


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--version") == (0, f"cactiviz {cv.__version__}\n", "")


def test_python_m_is_the_command_and_the_shell_sees_its_exit_codes(tmp_path: Path) -> None:
    commands = {
        0: ["--version"],
        1: ["compare", str(tmp_path / "nowhere.png"), "--models", "cactinet", "--untrained"],
        2: ["nothing"],
    }
    running = {
        code: subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "cactiviz", *arguments],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        )
        for code, arguments in commands.items()
    }
    finished = {code: process.communicate(timeout=120) for code, process in running.items()}
    assert {code: process.returncode for code, process in running.items()} == {0: 0, 1: 1, 2: 2}
    assert finished[0] == (f"cactiviz {cv.__version__}\n", "")
    assert finished[1][0] == "" and "nowhere.png" in finished[1][1]
    assert_one_sentence(finished[1][1])
    assert finished[2][0] == "" and finished[2][1].startswith("usage: cactiviz")
