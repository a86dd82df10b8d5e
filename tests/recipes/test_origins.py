"""What a recipe names is found again where it is now, or it is said what to do."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cactiviz.cli.main import main
from cactiviz.errors import CactivizError, DataError, DownloadError, PictureError, WeightsError
from cactiviz.models import Checkpoint
from cactiviz.recipes.locate import Origins
from cactiviz.recipes.recipe import picture_recipe, read_recipe

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = next((ROOT / "cactiviz/models/weights").glob("*.safetensors"))


def paint(file: Path, shade: int) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((40, 50, 3), (shade, 140, 70), np.uint8)).save(file)
    return file


def shade(origins: Origins, origin: str) -> int:
    return int(origins.open(origin).rgb[0, 0, 0])


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with no data set at hand."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "no data"))
    return folder


def forbid_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    def load_model(*given: Any, **named: Any) -> None:
        raise AssertionError("a network was loaded")

    for module in ("cactiviz.batch.collect", "cactiviz.comparison.compare"):
        monkeypatch.setattr(sys.modules[module], "load_model", load_model)


def test_a_file_is_looked_for_beside_then_in_the_folder_and_nowhere_else(
    here: Path, tmp_path: Path
) -> None:
    origins = Origins(tmp_path / "beside", tmp_path / "data")
    with pytest.raises(PictureError, match="--data FOLDER"):
        origins.open("pics/cats/a.png")
    paint(here / "pics/cats/a.png", 5)  # which was taken, once, for any recipe at all
    with pytest.raises(PictureError, match=r"reads only what lies beside it.*--data pics/cats"):
        origins.open("pics/cats/a.png")
    paint(tmp_path / "data/a.png", 1)
    assert shade(origins, "pics/cats/a.png") == 1
    paint(tmp_path / "data/cats/a.png", 2)
    assert shade(origins, "pics/cats/a.png") == 2  # of another class of that name
    paint(tmp_path / "beside/a.png", 3)
    assert shade(origins, "pics/cats/a.png") == 3
    paint(tmp_path / "beside/pics/cats/a.png", 4)
    assert shade(origins, "pics/cats/a.png") == 4
    assert shade(Origins(tmp_path / "beside", here / "pics"), "pics/cats/a.png") == 4
    assert shade(Origins(None, here / "pics"), "pics/cats/a.png") == 5


def test_a_whole_path_is_found_by_its_end(here: Path, tmp_path: Path) -> None:
    paint(tmp_path / "data/cats/a.png", 7)
    assert shade(Origins(None, tmp_path / "data"), "/nowhere/pics/cats/a.png") == 7


def test_a_checkpoint_is_found_as_a_picture_is(here: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.pth").write_bytes(b"")
    typed = Checkpoint("mine", "alexnet", Path("nets/mine.pth"), Path("nets/names.txt"))
    found = Origins(tmp_path).checkpoint(typed)
    assert found.file == tmp_path / "mine.pth" and found.typed == typed
    with pytest.raises(WeightsError, match=r"list of classes nets/names\.txt isn't where it was"):
        found.at_home()
    (tmp_path / "names.txt").write_text("a\nb\n")
    found = Origins(tmp_path).checkpoint(typed)
    assert found.at_home().classes == tmp_path / "names.txt"
    with pytest.raises(WeightsError, match=r"weights nets/mine\.pth isn't where it was"):
        Origins().checkpoint(typed).at_home()


def test_a_data_set_is_found_in_the_folder_and_else_named(here: Path, data_dir: Path) -> None:
    origin = "caltech256:009.bear/009_0001.jpg"
    data = data_dir / "caltech256-standin"
    assert Origins(None, data).open(origin).size
    Origins(None, data).check([origin])
    Origins(None, here).check(["scenes:cactus/1", origin])  # one of them is there
    for wrong in (None, here):
        with pytest.raises(DataError, match=r"Caltech-256 is.*; say where it is with --data"):
            Origins(None, wrong).check([origin, "caltech256:x/y.jpg"])
    with pytest.raises(DataError, match=r"no picture.*if it is elsewhere.*--data FOLDER"):
        Origins(None, data).open("caltech256:009.bear/none.jpg")


def test_of_many_files_that_are_gone_a_few_are_named(here: Path) -> None:
    names = [f"pics/{n}.png" for n in range(9)]
    with pytest.raises(DataError) as caught:
        Origins().check(names)
    said = str(caught.value)
    assert "9 pictures" in said and "pics/2.png, …" in said and "pics/3.png" not in said
    assert "--data FOLDER" in said and said.count(". ") == 0
    with pytest.raises(DataError, match=r"pics/0\.png isn't where it was"):
        Origins().check(names[:1])


def test_a_broken_recipe_is_refused_first(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    forbid_networks(monkeypatch)
    for makes, out in (("animation", "a.gif"), ("comparison", "a.png")):
        (here / "r.json").write_text(json.dumps({"makes": makes, "pictures": [{"from": "a"}]}))
        assert main(["replay", "r.json", "--out", out]) == 2
    assert os.listdir(here) == ["r.json"]


def animated(folder: Path, *sources: str) -> Path:
    out = folder / "first.gif"
    arguments = ["animate", *sources, "--panel", "64", "--models", "cactinet"]
    assert main([*arguments, "--device", "cpu", "--out", str(out)]) == 0
    return out


def test_replay_finds_a_data_set_only_where_it_is_told(
    here: Path,
    data_dir: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = str(data_dir / "inaturalist12k-standin")
    animated(here, "--preset", "inaturalist", "--data", data, "--most", "2")
    assert main(["replay", "first.gif", "--data", data, "--out", "second.gif"]) == 0
    assert (here / "second.gif").read_bytes() == (here / "first.gif").read_bytes()
    capsys.readouterr()
    forbid_networks(monkeypatch)
    before = sorted(os.listdir(here))
    for more in ([], ["--out", "third.gif"], ["--out", "frames"]):
        assert main(["replay", "first.gif", *more]) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        assert "iNaturalist" in said and "--data FOLDER" in said
    assert sorted(os.listdir(here)) == before


def test_replay_of_files_that_were_moved(
    here: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("a", "b"):
        paint(here / f"pics/{name}.png", ord(name))
    animated(here, "pics")
    arguments = ["report", "pics/a.png", "--models", "cactinet", "--methods", "grad_cam"]
    assert main([*arguments, "--device", "cpu", "--out", "first.html"]) == 0
    shutil.move(here / "pics", tmp_path / "moved")
    for first, second in (("first.gif", "second.gif"), ("first.html", "second.html")):
        assert main(["replay", first, "--data", str(tmp_path / "moved"), "--out", second]) == 0
        assert (here / first).read_bytes() == (here / second).read_bytes()
    (tmp_path / "moved/b.png").unlink()
    data = ["--data", str(tmp_path / "moved")]
    capsys.readouterr()
    assert main(["replay", "first.gif", *data, "--out", "third.gif"]) == 1  # what is left of it
    assert capsys.readouterr().err.count("pics/b.png is neither where it was nor in") == 1
    assert [p["from"] for p in read_recipe(here / "third.gif")["pictures"]] == ["pics/a.png"]
    forbid_networks(monkeypatch)
    for first in ("first.gif", "first.html"):
        assert main(["replay", first, "--out", f"fourth{first[5:]}"]) == 1
        said = capsys.readouterr().err
        assert "pics/a.png" in said and "--data FOLDER" in said and said.count("\n") == 1
    assert not list(here.glob("fourth*"))


def test_a_recipe_and_its_pictures_can_move_together(here: Path, tmp_path: Path) -> None:
    paint(here / "pics/a.png", 9)
    animated(here, "pics")
    shutil.copytree(here, tmp_path / "elsewhere")
    shutil.rmtree(here / "pics")
    recipe = tmp_path / "elsewhere/first.gif"
    assert main(["replay", str(recipe), "--out", "second.gif"]) == 0
    assert (here / "second.gif").read_bytes() == recipe.read_bytes()


def test_pictures_that_cannot_be_read_say_why(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    forbid_networks(monkeypatch)
    (here / "pics").mkdir()
    (here / "pics/empty.png").write_bytes(b"")
    (here / "pics/text.jpg").write_bytes(b"no picture")
    assert main(["animate", "pics", "--models", "cactinet", "--out", "a.gif"]) == 1
    said = capsys.readouterr().err
    assert '"empty.png" is an empty file' in said and '"text.jpg"' in said
    assert "There is no picture to show." in said
    assert os.listdir(here) == ["pics"]


def no_connection(*given: Any, **named: Any) -> None:
    raise DownloadError("There is no connection.")


def texts_in(found: Any) -> list[str]:
    if isinstance(found, dict):
        return [text for value in found.values() for text in texts_in(value)]
    if isinstance(found, list):
        return [text for value in found for text in texts_in(value)]
    return [str(found)]


@pytest.mark.parametrize("kind", ["folder", "classes", "file"])
def test_an_export_tells_no_more_folders_than_were_typed(
    kind: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(here))
    monkeypatch.setenv("TORCH_HOME", str(here / ".cache/torch"))
    paint(here / "pics" / ("cats/a.png" if kind == "classes" else "a.png"), 9)
    shutil.copy(WEIGHTS, here / "mine.safetensors")
    own = ["--checkpoint", "mine=cactinet:mine.safetensors", "--device", "cpu"]
    own += ["--checkpoint", "gone=cactinet:gone.safetensors", "--models", "mine,gone,alexnet"]
    monkeypatch.setattr("cactiviz.models.weights.download", no_connection)
    if kind == "file":
        typed = "pics/a.png"
        assert main(["report", typed, *own, "--methods", "grad_cam", "--out", "a.json"]) == 1
        recipe = read_recipe(here / "a.json")
    else:
        typed = "pics/cats/a.png" if kind == "classes" else "pics/a.png"
        assert main(["animate", "pics", *own, "--panel", "64", "--out", "a.gif"]) == 1
        recipe = read_recipe(here / "a.gif")
    assert [picture["from"] for picture in recipe["pictures"]] == [typed]
    assert recipe["networks"][0]["checkpoint"]["file"] == "mine.safetensors"
    assert "~" in recipe["networks"][2]["failure"]
    assert not [text for text in texts_in(recipe) if str(here) in text or text.startswith("/")]


def test_no_address_of_a_recipe_is_asked_unless_somebody_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def fetch(address: str) -> None:
        asked.append(address)
        raise DownloadError("not reached")

    monkeypatch.setattr("cactiviz.recipes.locate.fetch_picture", fetch)
    address = "https://example.org/a.jpg"
    with pytest.raises(CactivizError, match=r"at example\.org, which isn't asked.*--fetch"):
        Origins(tmp_path).open(address)
    with pytest.raises(CactivizError, match="--fetch"):
        Origins(tmp_path).check([address])
    assert asked == []
    with pytest.raises(DownloadError):
        Origins(tmp_path, fetch=True).open(address)
    Origins(tmp_path, fetch=True).check([address])
    assert asked == [address]


@pytest.mark.parametrize(
    "secret", ["?token=abc", "#token=abc", "?a=1&token=abc#x", "?X-Amz-Signature=abc"]
)
def test_a_recipe_keeps_no_query_of_an_address(secret: str) -> None:
    found = picture_recipe("a", f"https://example.org/a.jpg{secret}", "", "a.jpg", "")
    assert found["from"] == "https://example.org/a.jpg" and "query" in found["left_out"]
    assert "abc" not in str(found)
    plain = picture_recipe("a", "pictures/a?b.jpg", "", "a.jpg", "")
    assert plain["from"] == "pictures/a?b.jpg" and "left_out" not in plain


def test_a_recipe_in_a_zip_is_read_up_to_a_bound(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("recipe.json", b'{"makes": "comparison", "x": "' + b" " * 60_000_000)
    with pytest.raises(CactivizError, match="no recipe"):
        read_recipe(path)
