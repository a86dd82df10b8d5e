"""A recipe is input like any other: one sentence names the field that isn't what it should be."""

from __future__ import annotations

import codecs
import copy
import importlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from cactiviz.cli.main import main
from cactiviz.errors import CactivizError
from cactiviz.recipes.recipe import read_recipe
from cactiviz.rendering.formats.metadata import xmp

PICTURE = {
    "title": "chelsea",
    "from": "sample:chelsea",
    "sha256": "0" * 64,
    "name": "chelsea",
    "credit": "",
}
NETWORK: dict[str, Any] = {
    "name": "cactinet",
    "checkpoint": None,
    "in_memory": False,
    "untrained": False,
    "weights": "",
    "preprocessing": {},
    "layers": {},
    "failure": "",
}
OWN = {
    "name": "mine",
    "architecture": "cactinet",
    "file": "mine.safetensors",
    "classes": "",
    "preprocessing": "",
}
COMPARISON: dict[str, Any] = {
    "cactiviz": "0.1.0",
    "makes": "comparison",
    "pictures": [PICTURE],
    "networks": [NETWORK],
    "question": {
        "methods": ["grad_cam"],
        "target": {"class_": None, "contrast": None},
        "layer": None,
        "layers": [],
        "resize": None,
        "untrained": False,
        "cover": {"box": {"top": 1, "left": 1, "height": 9, "width": 9}, "how": "grey"},
    },
    "look": {"scale": "own", "palette": "inferno", "strength": 0.5},
    "device": "cpu",
    "seed": 0,
    "maps": {"cactinet/grad_cam": [0.0, 1.0, 0.5]},
}
ANIMATION: dict[str, Any] = {
    **{key: COMPARISON[key] for key in ("cactiviz", "pictures", "networks", "device", "seed")},
    "makes": "animation",
    "question": {
        "methods": ["grad_cam"],
        "target": {"class_": None, "contrast": None},
        "layer": None,
        "layers": [],
        "top": 1,
        "resize": None,
    },
    "look": {
        **COMPARISON["look"],
        "panel": [64, 64],
        "columns": 0,
        "heading": "",
        "captions": True,
        "squash": False,
        "dark": False,
        "seconds": 1.0,
        "loop": 0,
    },
}


class _Gone:
    def __repr__(self) -> str:  # part of a test's name, the same in each process
        return "left out"


GONE = _Gone()


def changed(whole: dict[str, Any], place: str, value: object) -> dict[str, Any]:
    """The recipe with one field changed; ``GONE`` takes it out."""
    found = copy.deepcopy(whole)
    *above, last = [int(part) if part.isdigit() else part for part in place.split("/")]
    inside: Any = found
    for part in above:
        inside = inside[part]
    if value is GONE:
        del inside[last]
    else:
        inside[last] = value
    return found


# The field, what it is changed to, and what the sentence must name.
WRONG_COMPARISONS: list[tuple[str, object, str]] = [
    ("makes", [], "“makes”"),
    ("makes", "film", "can't make “film” again"),
    ("cactiviz", {"version": 1}, "“cactiviz”"),
    ("pictures", {}, "“pictures”"),
    ("pictures", [], "“pictures”"),
    ("pictures", [PICTURE, PICTURE], "“pictures”"),
    ("pictures", [[[["a"]]]], "“pictures[0]”"),
    ("pictures/0/from", 7, "“pictures[0].from”"),
    ("pictures/0/from", "a\0.png", "“pictures[0].from”"),
    ("pictures/0/from", "\ud800.png", "“pictures[0].from”"),
    ("pictures/0/name", None, "“pictures[0].name”"),
    ("pictures/0/credit", ["<b>"], "“pictures[0].credit”"),
    ("pictures/0/sha256", GONE, "“pictures[0].sha256”"),
    ("networks", None, "“networks”"),
    ("networks", [NETWORK] * 10_000, "“networks”"),
    ("networks/0", "cactinet", "“networks[0]”"),
    ("networks/0/name", {"a": 1}, "“networks[0].name”"),
    ("networks/0/name", GONE, "“networks[0].name”"),
    ("networks/0/untrained", "yes", "“networks[0].untrained”"),
    ("networks/0/checkpoint", "mine.pth", "“networks[0].checkpoint”"),
    ("networks/0/checkpoint", {**OWN, "file": 3}, "“networks[0].checkpoint.file”"),
    ("networks/0/checkpoint", {"name": "mine"}, "“networks[0].checkpoint.architecture”"),
    ("networks/0/checkpoint", {**OWN, "classes": ["a"]}, "“networks[0].checkpoint.classes”"),
    ("networks/0/checkpoint", {**OWN, "preprocessing": {}}, "“networks[0].checkpoint.pre"),
    ("networks/0/preprocessing", 3, "“networks[0].preprocessing”"),
    ("question", "why", "“question”"),
    ("question", GONE, "“question”"),
    ("question/methods", "grad_cam", "“question.methods”"),
    ("question/methods", [["grad_cam"]], "“question.methods[0]”"),
    ("question/methods", [], "“question.methods”"),
    ("question/target", ["cat"], "“question.target”"),
    ("question/target/class_", {"name": "cat"}, "“question.target.class_”"),
    ("question/target/class_", True, "“question.target.class_”"),
    ("question/target/class_", 1.5, "“question.target.class_”"),
    ("question/target/class_", -3, "“question.target.class_”"),
    ("question/target/colour", "red", "“question.target.colour”"),
    ("question/layer", [["a", "b"]], "“question.layer”"),
    ("question/layer", {"cactinet": {"name": "stages.2"}}, "“question.layer.cactinet”"),
    ("question/layers", {"all": 1}, "“question.layers”"),
    ("question/resize", "stretch", "“question.resize”"),
    ("question/untrained", [1], "“question.untrained[0]”"),
    ("question/cover", [1, 2, 3, 4], "“question.cover”"),
    ("question/cover/how", "paint", "“question.cover.how”"),
    ("question/cover/box/top", "1", "“question.cover.box.top”"),
    ("question/cover/box/height", -5, "“question.cover.box.height”"),
    ("question/cover/box/width", GONE, "“question.cover.box.width”"),
    ("look/scale", "loud", "“look.scale”"),
    ("look/palette", ["inferno"], "“look.palette”"),
    ("look/strength", 1.5, "“look.strength”"),
    ("look/strength", float("nan"), "“look.strength”"),
    ("look/strength", float("inf"), "“look.strength”"),
    ("look/glow", 1, "“look.glow”"),
    ("device", "gpu; rm -rf", "“device”"),
    ("maps", [1], "“maps”"),
    ("maps/cactinet/grad_cam", 1, "“maps"),
    ("networks/0/preprocessing", {"y": [[[[[[[[[[[[[[]]]]]]]]]]]]]]}, "too deeply"),
]
WRONG_ANIMATIONS: list[tuple[str, object, str]] = [
    ("pictures/0/title", 5, "“pictures[0].title”"),
    ("question/top", 0, "“question.top”"),
    ("question/top", 10**30, "“question.top”"),
    ("question/top", 1.0, "“question.top”"),
    ("question/target", GONE, "“question.target”"),
    ("look/panel", [-64, 64], "“look.panel[0]”"),
    ("look/panel", [64], "“look.panel”"),
    ("look/panel", 64, "“look.panel”"),
    ("look/panel", [64, 10**9], "“look.panel[1]”"),
    ("look/columns", "2", "“look.columns”"),
    ("look/heading", None, "“look.heading”"),
    ("look/captions", 1, "“look.captions”"),
    ("look/seconds", 0, "“look.seconds”"),
    ("look/seconds", True, "“look.seconds”"),
    ("look/loop", -1, "“look.loop”"),
]


@pytest.fixture
def refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[bytes, str], str]:
    """Replays these bytes, which must be refused before any work; gives what was said."""
    monkeypatch.chdir(tmp_path)

    def load_model(*given: object, **named: object) -> None:
        raise AssertionError("a network was loaded")

    for module in ("cactiviz.batch.collect", "cactiviz.comparison.compare"):
        monkeypatch.setattr(importlib.import_module(module), "load_model", load_model)

    def refusal(content: bytes, out: str) -> str:
        (tmp_path / "r.json").write_bytes(content)
        capsys.readouterr()
        assert main(["replay", "r.json", "--out", out]) == 2
        printed, said = capsys.readouterr()
        assert printed == "" and said.count("\n") == 1 and said.endswith(".\n"), said
        assert len(said) < 400 and "Traceback" not in said
        assert sorted(path.name for path in tmp_path.iterdir()) == ["r.json"]
        return said

    return refusal


@pytest.mark.parametrize(
    ("place", "value", "named"),
    WRONG_COMPARISONS,
    ids=[f"{p}={v!r:.30}" for p, v, _ in WRONG_COMPARISONS],
)
def test_a_wrong_field_of_a_comparison_is_named(
    place: str, value: object, named: str, refused: Callable[[bytes, str], str]
) -> None:
    if place == "maps/cactinet/grad_cam":  # one name
        wrong = {**COMPARISON, "maps": {"cactinet/grad_cam": value}}
    else:
        wrong = changed(COMPARISON, place, value)
    assert named in refused(json.dumps(wrong).encode(), "a.html")


@pytest.mark.parametrize(
    ("place", "value", "named"),
    WRONG_ANIMATIONS,
    ids=[f"{p}={v!r:.30}" for p, v, _ in WRONG_ANIMATIONS],
)
def test_a_wrong_field_of_an_animation_is_named(
    place: str, value: object, named: str, refused: Callable[[bytes, str], str]
) -> None:
    assert named in refused(json.dumps(changed(ANIMATION, place, value)).encode(), "a.gif")


TEXT = json.dumps(COMPARISON)


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "There is no recipe"),
        (b"[" + TEXT.encode() + b"]", "There is no recipe"),
        (b'"comparison"', "There is no recipe"),
        (b"[" * 100_000, "There is no recipe"),
        (TEXT.replace('"seed": 0', f'"seed": {"9" * 5000}').encode(), "“seed”"),
        (TEXT.replace("0.5}", "1e999}").encode(), "“look.strength”"),
        (TEXT.replace("0.5}", "NaN}").encode(), "“look.strength”"),
        (TEXT.replace("0.5}", "0.5, 0.6}").encode(), "There is no recipe"),
        (TEXT.replace('"seed"', '"device": "cuda", "seed"').encode(), "two fields “device”"),
        (TEXT.replace('"chelsea"', '"\\udfff"', 1).encode(), "“pictures[0].title”"),
        (TEXT.replace('"own"', '"loud"').encode("utf-16"), "“look.scale”"),
        (codecs.BOM_UTF8 + TEXT.replace('"own"', "[]").encode(), "“look.scale”"),
        (TEXT.replace('"cpu"', "-" + "1" * 4301).encode(), "“device”"),
        (TEXT.encode("utf-32"), "There is no recipe"),
    ],
    ids=lambda value: str(value)[:24] if isinstance(value, str) else None,
)
def test_what_is_no_json_of_ours_is_told(
    content: bytes, named: str, refused: Callable[[bytes, str], str]
) -> None:
    assert named in refused(content, "a.html")


def carriers(text: str) -> dict[str, bytes]:
    """A recipe in every kind of file that carries one."""
    info, png, gif, packed = PngInfo(), io.BytesIO(), io.BytesIO(), io.BytesIO()
    info.add_text("recipe", text)
    Image.new("RGB", (9, 9)).save(png, "PNG", pnginfo=info)
    Image.new("RGB", (9, 9)).save(gif, "GIF", comment=text.encode())
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("recipe.json", text)
    page = f'<html><script type="application/json" id="recipe">{text}</script>'
    film = b"\0\0\0\x18ftypisom" + b"\0" * 12 + xmp(text)
    return {
        "json": text.encode(),
        "png": png.getvalue(),
        "gif": gif.getvalue(),
        "zip": packed.getvalue(),
        "html": page.encode(),
        "mp4": film,
        "utf-16": text.encode("utf-16"),
    }


@pytest.mark.parametrize("kind", carriers("{}"))
def test_every_kind_of_file_is_checked_alike(
    kind: str, tmp_path: Path, refused: Callable[[bytes, str], str]
) -> None:
    assert "“look.strength”" in refused(carriers(TEXT.replace("0.5}", "7}"))[kind], "a.html")
    (tmp_path / "whole").write_bytes(carriers(TEXT)[kind])
    assert read_recipe(tmp_path / "whole") == COMPARISON


def test_the_first_versions_recipes_still_open(tmp_path: Path) -> None:
    """Without what later ones added: whether a network was in memory, a cover, a preprocessing."""
    old = changed(COMPARISON, "networks/0/in_memory", GONE)
    old = changed(changed(old, "question/cover", GONE), "question/target/contrast", GONE)
    own = {key: value for key, value in OWN.items() if key != "preprocessing"}
    old["networks"].append({**old["networks"][0], "name": "mine", "checkpoint": own})
    for one in (old, changed(ANIMATION, "question/top", GONE), {"makes": "comparison"}):
        (tmp_path / "r.json").write_text(json.dumps(one))
        assert read_recipe(tmp_path / "r.json") == one


def test_a_map_without_a_finite_number_is_told_and_compared() -> None:
    from cactiviz.replay import differences

    kept = {"cactinet/grad_cam": ["NaN", "Infinity", 0.5]}
    before = {**COMPARISON, "maps": kept}
    assert differences(before, copy.deepcopy(before)) == []
    after = {**COMPARISON, "maps": {"cactinet/grad_cam": [0.0, "Infinity", 0.5]}}
    assert differences(before, after) == ["The map cactinet/grad_cam has other values now."]


def test_a_recipe_of_many_pictures_is_checked_quickly_enough_to_be_whole(tmp_path: Path) -> None:
    many = {**ANIMATION, "pictures": [PICTURE] * 2000}
    (tmp_path / "r.json").write_text(json.dumps(many))
    assert len(read_recipe(tmp_path / "r.json")["pictures"]) == 2000
    many["pictures"] = [*many["pictures"], {**PICTURE, "from": None}]
    (tmp_path / "r.json").write_text(json.dumps(many))
    with pytest.raises(CactivizError, match=r"pictures\[2000\]\.from"):
        read_recipe(tmp_path / "r.json")
