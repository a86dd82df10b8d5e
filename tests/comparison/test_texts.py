"""Names from outside stay text in all that leaves; secrets, users and folders stay here."""

from __future__ import annotations

import io
import json
import zipfile
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import cactiviz as cv
from cactiviz.batch.animation import Animation
from cactiviz.batch.collect import Collector
from cactiviz.batch.presets import PictureRef
from cactiviz.cli import compare as command
from cactiviz.cli.data import cell
from cactiviz.cli.main import main
from cactiviz.comparison.comparison import Comparison
from cactiviz.comparison.exports import recipe_of, told
from cactiviz.datasets.scenes.scene import draw_scene
from cactiviz.models import Checkpoint
from cactiviz.recipes.locate import Origins
from cactiviz.recipes.recipe import network_recipe, picture_recipe, read_recipe
from cactiviz.recipes.request import Request, Style
from cactiviz.recipes.snippets import as_command, as_python
from cactiviz.redaction import folder_name, told_paths, told_sentence
from cactiviz.rendering.figures.html import map_html
from cactiviz.types import Box, Picture
from cactiviz.ui.compare import exports
from cactiviz.ui.sidebar.choice import Choice

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = next((ROOT / "cactiviz/models/weights").glob("*.safetensors"))
EVIL = "</script><script>alert(1)</script>\n\"'><img src=x onerror=alert(1)>\u2028&lt;]]>"
NETWORK = "</td><svg onload=alert(1)> \"'`${x}"
CLASSES = ["</script><script>alert(2)</script>", "\"><b onmouseover='alert(3)'>=1+1"]


class Page(HTMLParser):
    """What a browser makes of a page: its tags with attributes, scripts, and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._script = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._script = tag == "script"
        if self._script:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._script = False if tag == "script" else self._script

    def handle_data(self, data: str) -> None:
        if self._script:
            self.scripts[-1] += data
        else:
            self.text += data

    def assert_harmless(self) -> None:
        for tag, attributes in self.tags:
            assert tag not in ("svg", "iframe", "object", "a", "form", "base"), (tag, attributes)
            handlers = [name for name in attributes if name.startswith("on")]
            slider = tag == "input" and handlers == ["oninput"]
            assert not handlers or slider, (tag, attributes)
            assert tag != "img" or str(attributes["src"]).startswith("data:image/"), attributes


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    folder = tmp_path_factory.mktemp("own")
    names = folder / "names.json"
    names.write_text(json.dumps(CLASSES))
    return Checkpoint(NETWORK, "cactinet", WEIGHTS, names)


GONE = Checkpoint("gone", "cactinet", Path("/srv/secret folder/gone.pth"))


@pytest.fixture(scope="module")
def comparison(own: Checkpoint) -> Comparison:
    pixels = draw_scene(0, 64).rgb[:40, :50]  # a desert, which has an answer
    picture = Picture(pixels, EVIL, f"by {EVIL}")
    return cv.compare(picture, [own, GONE], ["grad_cam", "saliency"], device="cpu")


@pytest.fixture(autouse=True)
def shelf(own: Checkpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """The networks that a session of the app brought."""
    monkeypatch.setattr(exports.catalog, "own", lambda: {NETWORK: own, "gone": GONE})


def made(kind: str, comparison: Comparison) -> exports.Download:
    choice = Choice(comparison.picture, comparison.models, comparison.methods)
    return exports.make(kind, choice, comparison, Style(), 1)


def test_a_report_shows_names_as_they_are_and_runs_none(comparison: Comparison) -> None:
    page = Page(made("html", comparison).data.decode())
    page.assert_harmless()
    (recipe,) = page.scripts  # which is data, and whole
    assert json.loads(recipe)["pictures"][0]["name"] == EVIL
    flat = " ".join(page.text.split())
    for name in (EVIL, NETWORK, *CLASSES):
        assert " ".join(name.split()) in flat, name


def test_notebooks_and_figures_show_names_and_run_none(comparison: Comparison) -> None:
    for text in (comparison.html(), map_html(EVIL, np.ones((3, 3)), False, EVIL)):
        page = Page(text)
        page.assert_harmless()
        assert page.scripts == []
    figure = comparison.to_plotly()
    titles = [one["text"] for one in json.loads(figure.to_json())["layout"]["annotations"]]
    assert titles and not any("<svg" in title or "<script" in title for title in titles)
    page = Page(figure.to_html(include_plotlyjs=False))
    page.assert_harmless()
    assert not any("alert(" in script and "<script" in script for script in page.scripts)


@pytest.mark.parametrize("kind", ["png", "gif", "html", "zip", "npz"])
def test_every_download_of_the_app_opens_and_is_whole(
    kind: str, comparison: Comparison, tmp_path: Path
) -> None:
    found = made(kind, comparison)
    assert not set(found.name) & set("<>\"'/\\\n&:") and len(found.name) < 80
    file = tmp_path / f"a.{kind}"
    file.write_bytes(found.data)
    assert b"/srv/" not in found.data and b"secret folder" not in found.data
    if kind != "npz":
        recipe = read_recipe(file)
        assert recipe["pictures"][0]["name"] == EVIL
        assert recipe["networks"][0]["name"] == NETWORK
        assert "secret folder" not in json.dumps(recipe)
    if kind in ("png", "gif"):
        with Image.open(file) as image:
            image.load()
            assert image.format == kind.upper() and min(image.size) > 100
            assert kind == "png" or image.n_frames == 1 + len(comparison.models)
    if kind == "npz":
        with np.load(file) as arrays:
            assert all(name.count("/") == 1 and ".." not in name for name in arrays.files)
            (values,) = [arrays[name] for name in arrays.files if name.endswith("grad_cam")]
        assert np.array_equal(values, comparison[NETWORK, "grad_cam"].values)
    if kind == "zip":
        with zipfile.ZipFile(file) as archive:
            assert archive.testzip() is None
            for name in archive.namelist():
                assert not name.startswith("/") and ".." not in name and "<" not in name
                if name.endswith(".png"):
                    Image.open(io.BytesIO(archive.read(name))).load()
            said = json.loads(archive.read("answers.json"))
            assert said["predictions"][NETWORK]["top"][0]["class_name"] in CLASSES
            assert "secret folder" not in json.dumps(said)
            with np.load(io.BytesIO(archive.read("maps.npz"))) as arrays:
                assert len(arrays.files) == 2


def test_a_name_is_no_path_in_a_file_of_maps() -> None:
    values = np.ones((2, 2))
    picture = Picture(np.zeros((9, 9, 3), np.uint8))
    from cactiviz.explanations.results import Attribution, Explanation

    name = "../../../etc/cron.d/x"
    one = Attribution(name, "grad_cam", values, "positive", "x", 0, "a", 1.0, 1.0)
    explanation = Explanation(name, name, False, "", Box(0, 0, 9, 9), (), {"grad_cam": one})
    found = Comparison(picture, (name,), ("grad_cam",), {name: explanation}).arrays()
    assert list(found) == ["..-..-..-etc-cron.d-x/grad_cam"]


@pytest.fixture(scope="module")
def film(comparison: Comparison, own: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Any:
    origin = "https://ann:hunter2@example.org/a.png?token=hunter2"
    ref = PictureRef(f"{EVIL}</dc:description>", origin, lambda: comparison.picture)
    parts = tmp_path_factory.mktemp("film") / "parts"
    answers = Collector([ref], Request(networks=(own,), device="cpu"), parts)
    answers.compute()
    return Animation(answers, Style(panel=(64, 64), heading=EVIL))


@pytest.mark.parametrize("ending", [".gif", ".webp", ".mp4", ""])
def test_every_kind_of_film_keeps_its_recipe_and_no_folder(
    ending: str, film: Animation, tmp_path: Path
) -> None:
    (ref,) = film.answers.sequence.pictures
    assert film.write(tmp_path / f"film{ending}") == 1
    recipe = read_recipe(tmp_path / f"film{ending}")
    assert recipe["pictures"][0]["title"] == ref.title and recipe["look"]["heading"] == EVIL
    assert recipe["pictures"][0]["from"] == "https://example.org/a.png"
    assert recipe["networks"][0]["checkpoint"]["file"] == WEIGHTS.name
    for file in tmp_path.rglob("film*"):
        data = b"" if file.is_dir() else file.read_bytes()
        assert b"hunter2" not in data and str(tmp_path).encode() not in data


SECRETS = ["hunter2", "ann", "secret"]


@pytest.mark.parametrize("ending", [".html", ".json", ".zip"])
def test_no_export_tells_a_secret_or_a_folder(
    ending: str, comparison: Comparison, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home/ann"
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("LOGNAME", "ann")
    files = [home / "my nets/mine.pth", home / "my nets/names.txt"]
    own = Checkpoint("mine", "cactinet", *files)
    why = f"The class names in {files[1]} can't be read, nor https://ann:hunter2@x.org/?t=hunter2."
    failed = Comparison(
        Picture(comparison.picture.rgb, "a.png", "from https://ann:hunter2@x.org/a?token=hunter2"),
        ("mine",),
        ("grad_cam",),
        {},
        {"mine": why},
    )
    asked = Request(
        ("HTTPS://ann:hunter2@x.org/a.png;s=hunter2?k=hunter2#hunter2",), (own,), ("grad_cam",)
    )
    recipe = recipe_of(failed, asked, Style(), tmp_path / "out")
    file = tmp_path / f"r{ending}"
    command.write(file, told(failed, files), Style(), recipe)
    with zipfile.ZipFile(file) if ending == ".zip" else open(file, "rb") as opened:
        if isinstance(opened, zipfile.ZipFile):
            data = b"\n".join(opened.read(name) for name in opened.namelist())
        else:
            data = opened.read()
    for secret in (b"hunter2", b"ann:", b"/ann", b"my nets", str(tmp_path).encode()):
        assert secret not in data, secret
    found = read_recipe(file)
    assert "user’s name and the query" in found["pictures"][0]["left_out"]
    assert "folders" in found["networks"][0]["checkpoint"]["left_out"]
    assert found["networks"][0]["checkpoint"]["classes"] == "names.txt"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("/home/ann/a.png", "a.png"),
        ("~/pics/a.png", "a.png"),
        ("~ann/pics/a.png", "a.png"),
        ("../../ann/a.png", "a.png"),
        ("file:///home/ann/my%20pics/a.png", "a.png"),
        ("FILE:/home/ann/a.png", "a.png"),
        ("C:\\Users\\ann\\a.png", "a.png"),
        ("c:/Users/ann/a.png", "a.png"),
        ("\\\\server\\ann\\pics\\a.png", "a.png"),
        ("//server/ann/a.png", "a.png"),
        ("/exports/pics/a.png", "pics/a.png"),
        ("/exports/../home/ann/a.png", "a.png"),
        ("pics/a.png", "pics/a.png"),
        ("./a?b.png", "./a?b.png"),
        ("sample:chelsea", "sample:chelsea"),
        ("scenes:cactus/1", "scenes:cactus/1"),
    ],
)
def test_a_path_is_told_without_a_root(typed: str, expected: str) -> None:
    found = picture_recipe("", typed, "", "", "", *told_paths([typed], Path("/exports")))
    assert found["from"] == expected
    assert ("left_out" in found) == (typed != expected)


def test_homes_are_never_told_even_to_tell_two_apart() -> None:
    typed = ["/home/ann/a.png", "/home/bob/a.png", "/data/x/a.png", "/root/y/a.png"]
    told_so = told_paths(typed)
    assert "ann" not in str(told_so) and "bob" not in str(told_so) and "root" not in str(told_so)
    assert told_so[2:] == ["x/a.png", "y/a.png"]
    assert folder_name(Path("/home/ann")) == "a folder" != folder_name(Path("/home/ann/pics"))
    assert told_sentence("It is in /home/ann, or C:\\Users\\ann\\x.") == "It is in ~, or ~\\x."


def test_a_file_found_again_is_told_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "mine.pth").write_bytes(b"")
    own = Origins(tmp_path).checkpoint(Checkpoint("m", "alexnet", Path("/x/nets/mine.pth")))
    assert own.file == tmp_path / "mine.pth"
    told_so: Any = network_recipe("m", own, False, None, f"The file {own.file} isn't one.")
    assert told_so["checkpoint"]["file"] == "mine.pth"
    assert str(tmp_path) not in json.dumps(told_so)


def test_what_to_type_holds_no_token_and_says_so() -> None:
    origin = "https://u:hunter2@example.org/a.jpg?k=hunter2"
    asked = Request((origin,), ("cactinet",), ("grad_cam",))
    for said in (as_command(asked, Style()), as_python(asked, Style())):
        assert "hunter2" not in said and "https://example.org/a.jpg" in said
        assert "# the user’s name and the query of its address is left out" in said
    compile(as_python(asked, Style()), "snippet", "exec")
    plain = Request(("cat.jpg",), ("cactinet",), ("grad_cam",))
    assert "#" not in as_command(plain, Style()) + as_python(plain, Style())


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "=cmd|' /C calc'!A0"])
def test_no_cell_of_a_table_calculates(begins: str) -> None:
    assert cell(f"{begins}HYPERLINK(1)").startswith("'")
    assert not set(cell(f"{begins}a\tb\nc\rd\u2028e")) & set("\t\n\r\u2028")


def test_numbers_and_ordinary_cells_stay() -> None:
    for same in ("-3.5", "+1e-3", "-.5", "cat", "a=b", "009.bear/1.jpg", "", "it's"):
        assert cell(same) == same


def test_a_list_of_credits_has_a_line_of_three_cells_for_each_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    evil = tmp_path / "set" / "=1+1\tx\ny"
    evil.mkdir(parents=True)
    Image.new("RGB", (40, 40)).save(evil / "=a\r.png")
    options = ["--dir", str(tmp_path / "set"), "--count", "1", "--out", str(tmp_path / "out")]
    monkeypatch.setattr("cactiviz.datasets.folder.folder_name", lambda path: "=HYPERLINK(1)")
    assert main(["data", "sample", "folder", *options]) == 0
    lines = (tmp_path / "out/credits.txt").read_bytes().decode().split("\n")
    assert [line.count("\t") for line in lines] == [2, 0] and "\r" not in lines[0]
