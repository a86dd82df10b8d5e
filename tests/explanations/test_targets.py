"""A class is what its name says; an index is asked for by a number of Python, or by ``index:``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import cactiviz as cv
from cactiviz.cli.main import main
from cactiviz.comparison.compare import compare_as_asked
from cactiviz.comparison.exports import recipe_of
from cactiviz.errors import TargetError
from cactiviz.explanations.target import find_class, notes_on_target
from cactiviz.models import MODELS, ModelSpec
from cactiviz.recipes.locate import Origins
from cactiviz.recipes.request import Request, Style
from cactiviz.recipes.snippets import as_command, as_python
from cactiviz.replay import remake_comparison

DIGITS = ("0", "1", "10", *"2345678")


def network_of(*names: str) -> ModelSpec:
    return replace(MODELS["cactinet"], title="It", class_names=names, logits=len(names))


@pytest.mark.parametrize(
    ("names", "wanted", "index"),
    [
        (DIGITS, "2", 3),
        (DIGITS, "10", 2),
        (DIGITS, 2, 2),
        (DIGITS, np.int64(9), 9),
        (DIGITS, "index:2", 2),
        (DIGITS, " INDEX: 2 ", 2),
        (DIGITS, "name:2", 3),
        (DIGITS, " 2 ", 3),
        (DIGITS, "\uff12", 3),  # full-width
        (("1", "2", "3"), "3", 2),
        (("1", "2", "3"), "0", 0),  # nobody's name
        (("2a", "1e3", "02", "2"), "02", 2),
        (("2a", "1e3", "02", "2"), "1e3", 1),
        (("2a", "1e3", "02", "2"), "2", 3),
        (("a", "index:0", "name:a"), "index:0", 1),
        (("a", "index:0", "name:a"), "name:a", 2),
        (("a", "index:0", "name:a"), "name:index:0", 1),
        (("A", "a", "b"), "A", 0),
        (("A", "a", "b"), "a", 1),
        (("A", "a", "b"), "B", 2),
        (("tench, Tinca tinca", "goldfish"), "tench", 0),
        (("tench, Tinca tinca", "tench"), "tench", 1),
        (("cafe\u0301", "tea"), "café", 0),
        (("x", "y"), "01", 1),
    ],
)
def test_a_name_goes_before_an_index(names: tuple[str, ...], wanted: Any, index: int) -> None:
    assert find_class(network_of(*names), wanted) == index


@pytest.mark.parametrize(
    ("names", "wanted", "why"),
    [
        (DIGITS, "02", "has no class “02”; write name:2 for the class “2”, or index:2"),
        (DIGITS, "11", "has no class 11; it has 0 to 9"),
        (DIGITS, "name:index", "has no class “index”"),
        (DIGITS, "index:x", "no class of the index “x”"),
        (DIGITS, "index:11", "has no class 11"),
        (("A", "A"), "A", "several classes “A”: 0 and 1; write index:0"),
        (("A", "a"), "\uff21", "several classes"),
        (DIGITS, "2.0", "has no class “2.0”"),
        (DIGITS, "-1", "has no class “-1”"),
        (DIGITS, 2.0, "not by '2.0'"),
        (DIGITS, True, "not by 'True'"),
        (DIGITS, ["2"], "not by"),
    ],
)
def test_what_is_no_class_is_told(names: tuple[str, ...], wanted: Any, why: str) -> None:
    with pytest.raises(TargetError, match=why):
        find_class(network_of(*names), wanted)


def test_a_text_that_is_both_is_told() -> None:
    spec = network_of(*DIGITS)
    (note,) = notes_on_target(spec, "2")
    assert note == (
        "“2” is the class of that name; the class of index 2 is “10”: write index:2 for it."
    )
    assert notes_on_target(spec, target=cv.Target("10", "2")) == (note,)
    assert notes_on_target(spec, "index:2") == notes_on_target(spec, 2) == ()
    assert notes_on_target(spec, "1") == ()  # the same class either way
    assert notes_on_target(network_of("a", "b"), "1") == ()
    (note,) = notes_on_target(network_of("A", "x", "a"), "a")
    assert note == (
        "“a” is the class of that name, letter by letter; “A” is another one: write index:0 for it."
    )
    (note,) = notes_on_target(network_of("1", "2"), "0")
    assert note == "No class is called “0”; it is taken for the index of “1”."


def ten(data_dir: Path) -> cv.Checkpoint:
    cases = data_dir / "field-cases"
    return cv.Checkpoint("m", "torchvision:squeezenet1_0", cases / "ten.pth", cases / "digits.txt")


@pytest.mark.parametrize(("wanted", "index"), [("2", 3), ("10", 2), (2, 2), ("index:2", 2)])
def test_the_class_that_is_asked_for_is_the_one_explained_wherever_it_is_typed(
    wanted: str | int, index: int, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, read = ten(data_dir), tmp_path / "out.json"
    words = [f"--class={wanted if isinstance(wanted, str) else f'index:{wanted}'}"]
    given = f"m={own.architecture}:{own.file}:{own.classes}"
    command = ["compare", "sample:chelsea", "--methods", "saliency", "--checkpoint", given]
    assert main([*command, *words, "--json", str(read)]) == 0
    assert f'"class_index": {index},' in read.read_text()
    assert ("is the class of that name" in read.read_text()) == (wanted == "2")
    asked = Request(("sample:chelsea",), (own,), ("saliency",), target=cv.Target(wanted))
    first = compare_as_asked(asked, cv.open_picture("sample:chelsea"))
    assert first["m", "saliency"].class_index == index  # type: ignore[union-attr]
    again, as_asked, _ = remake_comparison(
        recipe_of(first, asked, Style()), origins=Origins(data=own.file.parent)
    )
    assert again["m", "saliency"].class_index == index  # type: ignore[union-attr]
    assert as_asked.target.class_ == wanted and type(as_asked.target.class_) is type(wanted)
    for name in (own.file.name, str(own.classes and own.classes.name)):  # type: ignore[union-attr]
        (tmp_path / name).symlink_to(data_dir / "field-cases" / name)
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(as_python(asked, Style()), found)
    assert found["comparison"]["m", "saliency"].class_index == index
    typed = as_command(asked, Style())
    assert f"--class {'index:2' if wanted == 2 else wanted}" in typed


def test_the_class_held_against_follows_the_same_rule(data_dir: Path) -> None:
    found = cv.compare("sample:chelsea", ten(data_dir), "saliency", target=cv.Target("10", "2"))
    explanation = found.explanations["m"]
    assert explanation.explained is not None and explanation.against is not None
    assert (explanation.explained.class_index, explanation.against.class_index) == (2, 3)
    assert any("index 2 is “10”" in remark for remark in explanation.remarks)
