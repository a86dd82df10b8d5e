"""A recipe opens only what lies beside it or in ``--data``, in whichever file it comes."""

from __future__ import annotations

import copy
import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cactiviz.cli.main import main
from cactiviz.errors import CactivizError, DataError, PictureError, WeightsError
from cactiviz.models import Checkpoint
from cactiviz.recipes.locate import Origins
from cactiviz.recipes.recipe import read_recipe
from tests.recipes.test_schema import ANIMATION, COMPARISON, OWN, carriers

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = next((ROOT / "cactiviz/models/weights").glob("*.safetensors"))
SECRET = "hunter2\nswordfish\n"
posix = pytest.mark.skipif(sys.platform == "win32", reason="links, pipes and devices of POSIX")


def paint(file: Path, shade: int = 90) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((40, 50, 3), (shade, 140, 70), np.uint8)).save(file)
    return file


class Victim:
    """A person's folders, and a recipe that came from somebody else."""

    def __init__(self, folder: Path) -> None:
        self.home, self.work, self.mail = (folder / n for n in ("home", "work", "mail"))
        for one in (self.home, self.work, self.mail):
            one.mkdir()
        self.secret = self.home / "passwords.txt"
        self.secret.write_text(SECRET)
        self.picture = paint(self.home / "private.png")
        (self.work / "passwords.txt").write_text(SECRET)
        paint(self.work / "private.png")
        shutil.copy(WEIGHTS, self.mail / "mine.safetensors")

    def paths(self, kind: str) -> list[str]:
        """Ways to name the file from a recipe, none of which may lead to it."""
        name = "passwords.txt" if kind == "list" else "private.png"
        target = self.home / name
        link = self.mail / f"link-{name}"
        if not link.is_symlink():
            link.symlink_to(target)
        folder = self.mail / "linked"
        if not folder.is_symlink():
            folder.symlink_to(self.home)
        upwards = os.path.relpath(target, self.work)
        return [
            str(target),  # from the root
            name,  # in the working folder
            f"./{name}",
            f"../work/{name}",
            upwards,
            f"../{upwards}",
            f"linked/../../home/{name}",
            f"~/{name}",
            f"file://{target}",
            f"FILE:{target}",
            f"//{str(target).lstrip('/')}",
            f"/proc/self/cwd/{name}",
            f"/dev/fd/../../{target}",
            link.name,  # links that lead out
            f"x/y/{link.name}",
            f"linked/{name}",
            rf"..\..\home\{name}",
            rf"C:\home\{name}",
            rf"\\server\share\{name}",
        ]


@pytest.fixture
def victim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Victim:
    found = Victim(tmp_path)
    monkeypatch.chdir(found.work)
    monkeypatch.setenv("HOME", str(found.home))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "no data"))
    return found


@posix
@pytest.mark.parametrize("kind", ["list", "picture"])
def test_no_path_of_a_recipe_leads_out(kind: str, victim: Victim) -> None:
    origins = Origins.of(victim.mail / "r.json")
    for typed in victim.paths(kind):
        assert origins.file(typed) is None, typed
        assert origins.places(typed) == [], typed
        own = Checkpoint("mine", "cactinet", Path("mine.safetensors"), Path(typed))
        with pytest.raises(WeightsError, match="isn't where it was"):
            origins.checkpoint(own).at_home()
        own = Checkpoint("mine", "cactinet", Path(typed))
        assert not origins.checkpoint(own).file.is_absolute() and origins.checkpoint(own).why
        with pytest.raises(PictureError):
            origins.open(typed)
        with pytest.raises(DataError):
            origins.check([typed])


@posix
def test_what_is_no_file_is_never_opened(victim: Victim) -> None:
    os.mkfifo(victim.mail / "pipe")
    (victim.mail / "device").symlink_to("/dev/zero")
    (victim.mail / ".netrc").write_text(SECRET)
    (victim.mail / ".ssh").mkdir()
    (victim.mail / ".ssh/id.txt").write_text(SECRET)
    (victim.mail / "inside.txt").symlink_to(".netrc")
    origins = Origins.of(victim.mail / "r.json", victim.mail)
    for typed in ("pipe", "device", "/dev/zero", "/dev/stdin", "", ".", "..", "/", "a\0b"):
        assert origins.file(typed) is None, typed
    origins = Origins.of(victim.mail / "r.json")
    for typed in (".netrc", ".ssh/id.txt", "id.txt", "inside.txt"):
        assert origins.file(typed) is None, typed


@posix
def test_beside_a_pipe_there_is_nothing_and_beside_a_link_is_its_end(
    victim: Victim, tmp_path: Path
) -> None:
    os.mkfifo(victim.work / "pipe")
    for stream in ("/dev/stdin", victim.work / "pipe"):
        assert Origins.of(Path(stream)).file("private.png") is None
    (victim.mail / "r.json").write_text("{}")
    (victim.home / "link.json").symlink_to(victim.mail / "r.json")
    assert Origins.of(victim.home / "link.json").file("private.png") is None
    paint(victim.mail / "a.png")
    assert Origins.of(victim.home / "link.json").file("a.png") == victim.mail / "a.png"
    os.chdir(victim.mail)
    assert Origins.of(Path("r.json")).file("a.png") == victim.mail / "a.png"
    (victim.mail / "~").mkdir()  # a folder of that name is no home
    assert Origins.of(Path("r.json")).file("~/private.png") is None


def hostile(whole: dict[str, Any], listed: str) -> str:
    own = {**OWN, "classes": listed}
    found = copy.deepcopy(whole)
    found["networks"][0] |= {"name": "mine", "checkpoint": own}
    found["pictures"][0]["from"] = "sample:chelsea"
    found["question"].pop("cover", None)
    return json.dumps(found)


@posix
@pytest.mark.parametrize("kind", ["json", "zip", "html", "png", "gif", "mp4"])
def test_no_kind_of_recipe_prints_a_file_as_class_names(
    kind: str, victim: Victim, capsys: pytest.CaptureFixture[str]
) -> None:
    """From each kind of file, and each in one way of naming it."""
    number = list(carriers("{}")).index(kind)
    recipe = victim.mail / f"r.{kind}"
    for whole, out in ((COMPARISON, "out.html"), (ANIMATION, "out.gif")):
        listed = victim.paths("list")[number * 2 + (whole is ANIMATION)]
        recipe.write_bytes(carriers(hostile(whole, listed))[kind])
        capsys.readouterr()
        assert main(["replay", str(recipe), "--out", out]) == 1
        printed, said = capsys.readouterr()
        everything = printed + said
        for left in victim.work.iterdir():
            if left.name.startswith("out"):
                everything += left.read_bytes().decode("latin-1")
        assert "hunter2" not in everything and "swordfish" not in everything
        assert "isn't where it was" in said, said


@posix
def test_ones_own_recipe_is_one_option_away(
    victim: Victim, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is there, but elsewhere, is said with what to type; links are followed there."""
    (victim.work / "my pics").mkdir()
    (victim.work / "my pics/cats").symlink_to(victim.home)
    base = copy.deepcopy(COMPARISON)
    del base["question"]["cover"], base["maps"]
    recipe = victim.mail / "r.json"
    for typed, folder in (
        ("my pics/cats/private.png", "my pics/cats"),
        (str(victim.picture), str(victim.home)),
        ("private.png", "."),
        ("~/private.png", str(victim.home)),
    ):
        base["pictures"][0]["from"] = typed
        recipe.write_text(json.dumps(base))
        capsys.readouterr()
        assert main(["replay", str(recipe), "--out", "out.json"]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1 and "reads only what lies beside it" in said, said
        named = said.split("--data ")[1].strip().removesuffix(".").strip("'") or "."
        assert named == folder.removesuffix(".") or named == folder, said
        origins = Origins.of(recipe, Path(folder))
        assert origins.open(typed).name == "private.png"
        origins.check([typed])
        os.remove(recipe)
    with pytest.raises(DataError, match=r"None of the 2 pictures.*--data .*home"):
        Origins.of(recipe).check([str(victim.picture), str(paint(victim.home / "x/b.png"))])


def test_a_path_of_thousands_of_folders_is_tried_from_its_end(tmp_path: Path) -> None:
    deep = "/".join(["a"] * 2000)
    paint(tmp_path / "a/b.png", 5)
    origins = Origins(tmp_path)
    tried: list[object] = []
    place = origins._places[0]
    opened = place._opened
    place._opened = lambda parts: (tried.append(parts), opened(parts))[1]  # type: ignore[assignment, method-assign]
    assert origins.open(f"{deep}/b.png").rgb[0, 0, 0] == 5
    assert len(tried) < 100
    with pytest.raises(PictureError) as caught:
        origins.open(f"{deep}/c.png")
    assert len(str(caught.value)) < 500


def test_a_file_deeper_in_the_folder_is_found_by_its_name(tmp_path: Path) -> None:
    """An export tells only the name of a picture that lay elsewhere."""
    paint(tmp_path / "data/pics/cats/a.png", 11)
    origins = Origins(tmp_path / "beside", tmp_path / "data")
    assert origins.open("a.png").rgb[0, 0, 0] == 11
    paint(tmp_path / "data/pics/dogs/a.png", 22)
    origins = Origins(tmp_path / "beside", tmp_path / "data")
    with pytest.raises(PictureError, match="several times"):
        origins.open("a.png")
    assert origins.open("dogs/a.png").rgb[0, 0, 0] == 22


def made(out: Path, *sources: str) -> dict[str, Any]:
    options = ["--models", "cactinet", "--device", "cpu", "--out", str(out)]
    if out.suffix == ".gif":
        assert main(["animate", *sources, "--panel", "64", *options]) == 0
    else:
        assert main(["report", *sources, "--methods", "grad_cam", *options]) == 0
    return read_recipe(out)


@posix
@pytest.mark.parametrize("ending", ["gif", "html"])
def test_an_absolute_path_is_told_from_the_export_and_found_again(
    ending: str, victim: Victim, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    near, far = paint(tmp_path / "out/pics/a.png", 1), paint(tmp_path / "far/a.png", 2)
    out = tmp_path / f"out/first.{ending}"
    found = made(out, str(near))["pictures"][0]
    assert found["from"] == "pics/a.png" and "folders" in found["left_out"]
    assert str(tmp_path).encode() not in out.read_bytes()
    again = tmp_path / f"out/second.{ending}"
    assert main(["replay", str(out), "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()
    found = made(out.with_stem("far"), str(far))["pictures"][0]
    assert found["from"] == "a.png" and str(tmp_path).encode() not in out.read_bytes()
    shutil.move(out.with_stem("far"), tmp_path / f"far.{ending}")
    assert main(["replay", str(tmp_path / f"far.{ending}"), "--data", str(far.parent)]) == 0
    assert "all is as the recipe says" in capsys.readouterr().out


@posix
def test_two_pictures_of_one_name_are_told_apart(victim: Victim, tmp_path: Path) -> None:
    one, other = paint(tmp_path / "in/cats/a.png", 1), paint(tmp_path / "in/dogs/a.png", 2)
    own = paint(victim.home / "a.png", 3)
    recipe = made(tmp_path / "mail/film.gif", str(one), str(other), str(own), "~/private.png")
    told = [picture["from"] for picture in recipe["pictures"]]
    assert told == ["cats/a.png", "dogs/a.png", "a.png", "private.png"]
    assert main(["replay", str(tmp_path / "mail/film.gif"), "--data", str(tmp_path / "in")]) == 1
    os.symlink(victim.home, tmp_path / "in/mine")
    shutil.copy(own, tmp_path / "in/a.png")
    shutil.copy(victim.picture, tmp_path / "in/private.png")
    assert main(["replay", str(tmp_path / "mail/film.gif"), "--data", str(tmp_path / "in")]) == 0


@posix
def test_a_recipe_of_an_earlier_version_with_whole_paths_is_made_again(
    victim: Victim, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What it names is found beside it, and nothing is said to be another."""
    paint(tmp_path / "old/pics/a.png")
    recipe = made(tmp_path / "old/first.gif", str(tmp_path / "old/pics/a.png"))
    for typed in ("/nowhere/pics/a.png", "../../pics/a.png", r"C:\Users\ann\pics\a.png"):
        recipe["pictures"][0]["from"] = typed
        recipe["pictures"][0].pop("left_out", None)
        (tmp_path / "old/r.json").write_text(json.dumps(recipe))
        capsys.readouterr()
        assert main(["replay", str(tmp_path / "old/r.json"), "--out", "again.gif"]) == 0, typed
        assert "ann" not in read_recipe(Path("again.gif"))["pictures"][0]["from"]
        os.remove("again.gif")


def test_what_a_recipe_would_read_is_not_written_over(
    victim: Victim, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither under its own path, nor where it is found without its first folders."""
    paint(victim.mail / "deep/down/a.gif")
    found = copy.deepcopy(ANIMATION)
    found["pictures"][0]["from"] = "/elsewhere/pics/a.gif"
    found["networks"][0]["checkpoint"] = {**OWN, "file": "/x/mine.safetensors"}
    recipe = victim.mail / "r.json"
    recipe.write_text(json.dumps(found))
    for out in ("deep/down/a.gif", "mine.safetensors", "r.json"):
        before = (victim.mail / out).read_bytes()
        assert main(["replay", str(recipe), "--out", str(victim.mail / out)]) == 2
        assert "would be lost" in capsys.readouterr().err
        assert (victim.mail / out).read_bytes() == before
    with pytest.raises(CactivizError):
        Origins.of(recipe).open("/elsewhere/pics/b.gif")
