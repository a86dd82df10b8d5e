"""What the app says to type makes the same comparison again."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cactiviz.cli.main import main
from cactiviz.comparison.compare import compare, compare_as_asked
from cactiviz.comparison.exports import recipe_of
from cactiviz.datasets import open_item
from cactiviz.pictures.occlusion import cover
from cactiviz.pictures.open import open_picture
from cactiviz.recipes.recipe import read_recipe
from cactiviz.recipes.request import Request, Style
from cactiviz.recipes.snippets import as_command, as_python
from cactiviz.replay import differences, remake_comparison
from cactiviz.types import Box, Target
from cactiviz.ui.compare import exports
from cactiviz.ui.compare.occlusion import Covered
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.choice import Choice
from tests.fixtures.sampling import some

SCENE = "scenes:cactus/178"
ASKED = Request(
    (SCENE,),
    ("alexnet", "cactinet"),
    ("grad_cam", "saliency"),
    target=Target("cactus", "no cactus"),
    resize="squash",
    untrained=("alexnet",),
)
PAINT = Style("shared", "viridis", 0.7)


def test_python_gives_the_same_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    exec(as_python(ASKED, PAINT), {})
    expected = compare_as_asked(ASKED, open_item(SCENE)).sheet(
        scale="shared", palette="viridis", strength=0.7
    )
    with Image.open("sheet.png") as sheet:
        assert np.array_equal(np.asarray(sheet), np.asarray(expected))


def test_the_command_gives_the_same_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked = Request((SCENE,), ("cactinet",), ("layer_cam",), layer="stages.1")
    words = shlex.split(as_command(asked, Style("rank")))
    assert words[0] == "cactiviz" and main(words[1:]) == 0
    expected = compare_as_asked(asked, open_item(SCENE)).sheet(scale="rank")
    with Image.open("sheet.png") as sheet:
        assert np.array_equal(np.asarray(sheet), np.asarray(expected))


@pytest.mark.parametrize("sample", [True, False])
def test_a_cover_is_typed_too(
    sample: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    origin = "sample:coffee" if sample else SCENE
    part = (Box(8, 4.25, 30, 20), "blur")
    asked = Request((origin,), ("cactinet",), ("grad_cam",), cover=part)
    picture = open_picture(origin) if sample else open_item(origin)
    expected = np.asarray(compare(cover(picture, *part), ["cactinet"], ["grad_cam"]).sheet())
    assert main(shlex.split(as_command(asked, Style()))[1:]) == 0
    with Image.open("sheet.png") as sheet:
        assert np.array_equal(np.asarray(sheet), expected)
    exec(as_python(asked, Style()), {})
    with Image.open("sheet.png") as sheet:
        assert np.array_equal(np.asarray(sheet), expected)


def test_a_hostile_name_stays_one_word_and_one_string() -> None:
    asked = Request(("'; import os #\"$(x).png",), ("cactinet",), ("grad_cam",))
    assert shlex.split(as_command(asked, Style()))[2] == asked.picture
    compiled = compile(as_python(asked, Style()), "snippet", "exec")
    assert asked.picture in compiled.co_consts


def test_some_untrained_and_some_not_is_nothing_for_the_command_line() -> None:
    assert as_command(ASKED, Style()) == ""


@pytest.mark.parametrize("kind", some(("png", "gif", "html", "zip"), 2))
def test_what_compare_hands_out_can_be_made_again(kind: str, tmp_path: Path) -> None:
    comparison = compare_as_asked(ASKED, open_item(SCENE))
    choice = Choice(
        comparison.picture,
        comparison.models,
        comparison.methods,
        resize="squash",
        untrained=True,
        target=ASKED.target,
    )
    style = Style(PAINT.scale, PAINT.palette, PAINT.strength)
    made = exports.make(kind, choice, comparison, style, 1)
    assert made.name == f"cactiviz scenes-cactus-178.{kind}"
    file = tmp_path / made.name
    file.write_bytes(made.data)
    recipe = read_recipe(file)
    again, asked, paint = remake_comparison(recipe)
    assert differences(recipe, recipe_of(again, asked, paint)) == []
    assert {name: explanation.untrained for name, explanation in again.explanations.items()} == {
        "alexnet": True,
        "cactinet": False,
    }


def test_what_compare_hands_out_tells_of_its_cover(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = open_item(SCENE)
    choice = Choice(picture, ("cactinet",), ("grad_cam",))
    covered = Covered(picture.key, (0.25, 0.25, 0.5, 0.3), "mean")
    monkeypatch.setattr(exports.st, "session_state", {state.COVERED: covered})
    shown = compare(cover(picture, covered.on(picture.size), "mean"), ["cactinet"], ["grad_cam"])
    file = tmp_path / "a.zip"
    file.write_bytes(exports.make("zip", choice, shown, Style(), 1).data)
    recipe = read_recipe(file)
    again, asked, paint = remake_comparison(recipe)
    assert differences(recipe, recipe_of(again, asked, paint)) == []
    assert asked.cover == (covered.on(picture.size), "mean")
    assert again.picture.sha256 == shown.picture.sha256 != picture.sha256
    bare = compare(picture, ["cactinet"], ["grad_cam"])
    assert exports.asked_of(choice, bare).cover is None
