from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cactiviz.cli.main import main
from cactiviz.comparison.compare import compare_as_asked
from cactiviz.comparison.comparison import Comparison
from cactiviz.comparison.exports import everything_zip, recipe_of, report_html, sheet_file
from cactiviz.datasets import open_item
from cactiviz.errors import CactivizError
from cactiviz.explanations.explain import explain
from cactiviz.models import Checkpoint, load_model
from cactiviz.pictures.occlusion import cover
from cactiviz.recipes.recipe import read_recipe
from cactiviz.recipes.request import Request, Style
from cactiviz.rendering.colormaps import DIVERGING
from cactiviz.rendering.scales import number
from cactiviz.replay import differences, remake_comparison
from cactiviz.types import Box, Picture, Target

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = '</script><img src=x onerror="alert(1)">'
METHODS = ("grad_cam", "saliency", "filters")


@pytest.fixture(scope="module")
def picture() -> Picture:
    rgb = np.full((60, 90, 3), (200, 180, 140), np.uint8)
    rgb[20:50, 30:50] = (60, 140, 70)
    return Picture(rgb, HOSTILE, f"CC0 {HOSTILE}")


@pytest.fixture(scope="module")
def asked() -> Request:
    return Request(("a.png",), ("cactinet",), METHODS, device="cpu")


@pytest.fixture(scope="module")
def comparison(picture: Picture, asked: Request) -> Comparison:
    return compare_as_asked(asked, picture)


@pytest.fixture(scope="module")
def recipe(comparison: Comparison, asked: Request) -> dict[str, object]:
    return recipe_of(comparison, asked, Style())


def test_a_report_asks_nothing_of_the_network_and_escapes_all(
    comparison: Comparison, recipe: dict[str, object]
) -> None:
    html = report_html(comparison, Style(), recipe)
    assert "<img src=x" not in html
    assert html.count("</script>") == 1
    assert "&lt;/script&gt;&lt;img src=x onerror=&#34;alert(1)&#34;&gt;" in html
    assert not re.findall(r"(?:src|href)=[\"'](?!data:)", html)
    assert "http" not in re.sub(r"http-equiv", "", html)
    assert html.count("data:image/jpeg") == 1 + 2 + 1 + 1  # picture, pile of two, two single
    assert "default-src 'none'" in html


def test_the_table_of_numbers_says_why_its_minimum_is_not_the_pictures(picture: Picture) -> None:
    signs = "The picture of Saliency shows only how large each value is"
    for views, said in ((("grad_cam", "saliency"), True), (("grad_cam", "guided_backprop"), False)):
        asked = Request(("a.png",), ("cactinet",), views, device="cpu")
        html = report_html(compare_as_asked(asked, picture), Style(), {})
        assert (signs in html[html.index("<h2>Numbers</h2>") :]) == said


def test_a_report_and_a_sheet_say_what_their_colours_mean(picture: Picture) -> None:
    views = ("grad_cam", "saliency", "guided_backprop", "filters")
    asked = Request(("a.png",), ("cactinet",), views, device="cpu")
    made = compare_as_asked(asked, picture)
    html = made.html(palette="viridis", scale="shared")
    ends = re.findall(r'class="ends"><span>(.*?)</span><span>(.*?)</span>', html)
    vmax = float(made["cactinet", "grad_cam"].values.max())  # type: ignore[union-attr]
    assert ends[0] == ("low 0", f"high {number(vmax, 2)}")
    assert ends[2][0].startswith("against −") and ends[2][1].startswith("for ")
    assert len(ends) == 3  # kernels have no scale of maps
    assert html.count("#440154") == 1 and html.count("one scale for the row") == 3  # viridis' dark
    rows = [row.bars for row in made._rows("own", "viridis")]
    assert [len(bars) for bars in rows] == [1, 1, 1, 0]
    contrast = replace(asked, target=Target("cactus", "no cactus"))
    (bar,) = compare_as_asked(contrast, picture)._rows("own", "viridis")[0].bars
    assert np.array_equal(bar.colours, DIVERGING)  # with its sign, Grad-CAM has two sides


def test_the_report_keeps_the_recipe(
    comparison: Comparison, recipe: dict[str, object], tmp_path: Path
) -> None:
    file = tmp_path / "report.html"
    file.write_text(report_html(comparison, Style(), recipe), "utf-8")
    assert read_recipe(file) == json.loads(json.dumps(recipe))


def test_a_sheet_for_print_says_its_resolution(
    comparison: Comparison, recipe: dict[str, object]
) -> None:
    small, large = (
        Image.open(io.BytesIO(sheet_file(comparison, Style(), recipe, dpi))) for dpi in (96, 192)
    )
    assert large.info["dpi"] == pytest.approx((192, 192), abs=0.1)
    assert large.width == 2 * small.width
    assert json.loads(large.info["recipe"])["makes"] == "comparison"


def test_a_zip_holds_maps_overlays_and_the_recipe(
    comparison: Comparison, recipe: dict[str, object]
) -> None:
    data = everything_zip(comparison, Style(), recipe)
    assert everything_zip(comparison, Style(), recipe) == data  # no dates in it
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert "overlays/01-cactinet-grad_cam.png" in archive.namelist()
        with np.load(io.BytesIO(archive.read("maps.npz"))) as maps:
            for key, values in comparison.arrays().items():
                assert np.array_equal(maps[key], values)
        assert json.loads(archive.read("recipe.json")) == json.loads(json.dumps(recipe))


def test_names_in_a_zip_stay_in_its_folder(picture: Picture) -> None:
    models = ("../../x", "a/b\\c", "..")
    failed = Comparison(picture, models, ("grad_cam",), {}, dict.fromkeys(models, "No."))
    with zipfile.ZipFile(io.BytesIO(everything_zip(failed, Style(), {}))) as archive:
        assert all(".." not in name and "\\" not in name for name in archive.namelist())


def test_a_notebook_shows_a_comparison(comparison: Comparison) -> None:
    html = comparison._repr_html_()
    assert 'type="range"' in html
    assert "<img src=x" not in html
    assert "CactiNet" in html


def test_a_notebook_shows_an_explanation(comparison: Comparison) -> None:
    for attribution in comparison.attributions():
        html = attribution._repr_html_()
        assert "data:image/jpeg" in html
        assert "own scale" in html
        signed = replace(attribution, kind="signed", model=HOSTILE)
        assert "<img src=x" not in signed._repr_html_()


def test_a_figure_holds_every_value_where_the_network_saw_it(comparison: Comparison) -> None:
    found = comparison.to_plotly()
    heat, gradient = found.data
    explanation = comparison.explanations["cactinet"]
    values = explanation.attributions["grad_cam"].values
    assert np.array_equal(heat.z, values)
    columns = values.shape[1]
    assert heat.x0 + (columns - 0.5) * heat.dx == pytest.approx(
        explanation.seen.left + explanation.seen.width
    )
    assert heat.y0 - heat.dy / 2 == pytest.approx(explanation.seen.top)
    assert gradient.z.shape == explanation.attributions["saliency"].values.shape[1:]
    assert found.layout.xaxis2.matches or found.layout.xaxis.matches
    assert found.layout.yaxis.range == (60, 0)
    alone = next(comparison.attributions()).to_plotly()
    assert np.array_equal(alone.data[0].z, values)
    assert "<img" not in json.dumps(found.to_plotly_json()["layout"]["annotations"], default=str)


def test_a_failed_network_says_why(picture: Picture) -> None:
    failed = Comparison(picture, ("bad",), ("grad_cam",), {}, {"bad": f"No file {HOSTILE}."})
    html = report_html(failed, Style(), {"makes": "comparison"})
    assert "No file &lt;/script&gt;" in html


def made(folder: Path, out: str) -> Path:
    Image.fromarray(np.full((50, 70, 3), (90, 140, 70), np.uint8)).save(folder / "a.png")
    arguments = ["report", str(folder / "a.png"), "--models", "cactinet", "--methods", "grad_cam"]
    assert main([*arguments, "--device", "cpu", "--out", str(folder / out)]) == 0
    return folder / out


def test_replay_makes_the_same_bytes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = made(tmp_path, "first.html")
    assert main(["replay", str(first), "--out", str(tmp_path / "second.html")]) == 0
    assert (tmp_path / "second.html").read_bytes() == first.read_bytes()
    assert "as the recipe says" in capsys.readouterr().out


def test_a_cover_is_told_with_what_was_said_before_and_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    arguments = ["report", "scenes:cactus/0", "--models", "cactinet", "--methods", "grad_cam"]
    arguments += ["--device", "cpu", "--cover", "64,64,128,128:mean"]
    assert main([*arguments, "--out", "first.html"]) == 0
    network, scene = load_model("cactinet", device="cpu"), open_item("scenes:cactus/0")
    hidden_part = cover(scene, Box(64, 64, 128, 128), "mean")
    plain, hidden = (explain(network, picture, ()) for picture in (scene, hidden_part))
    first = plain.predictions[0]
    html = (tmp_path / "first.html").read_text("utf-8")
    table = html[html.index("What the cover changed") :]
    after = hidden.same_class(first).probability
    assert first.probability - after > 0.9
    for said in (first.class_name, f"{first.probability:.4f}", f"{after:.4f}"):
        assert said in table[: table.index("Numbers")]
    assert f"Without the cover: {first.class_name}, " in html
    assert "covered with the picture" in html
    for ending in ("html", "png", "zip"):
        assert main(["replay", "first.html", "--out", f"second.{ending}"]) == 0
    assert (tmp_path / "second.html").read_bytes() == (tmp_path / "first.html").read_bytes()
    with zipfile.ZipFile("second.zip") as archive:
        answers = json.loads(archive.read("answers.json"))
    assert answers["before_cover"]["cactinet"][0]["class_name"] == first.class_name
    capsys.readouterr()
    out = ["--out", "third.html"]
    assert main([*arguments[:-1], "900,900,40,40", *out]) == 1
    assert "covers nothing" in capsys.readouterr().err
    recipe = read_recipe(tmp_path / "first.html")
    for wrong in ({"how": "paint"}, {"box": {"top": "x"}}, {"box": 3}):
        recipe["question"]["cover"] = {"box": {}, "how": "grey", **wrong}
        (tmp_path / "r.json").write_text(json.dumps(recipe))
        assert main(["replay", "r.json", *out]) == 2
        assert "“question.cover" in capsys.readouterr().err
    assert not (tmp_path / "third.html").exists()


def test_a_network_that_fails_is_not_asked_twice(tmp_path: Path, picture: Picture) -> None:
    bad = Checkpoint("bad", "cactinet", tmp_path / "nothing.pth")
    every: list[tuple[str | Checkpoint, ...]] = [("cactinet", bad), (bad,)]
    for networks in every:
        asked = Request(("a",), networks, ("grad_cam",), cover=(Box(1, 1, 9, 9), "grey"))
        found = compare_as_asked(asked, picture)
        assert list(found.failures) == ["bad"]
        assert list(found.before) == [name for name in ("cactinet",) if name in networks]
        assert ("What the cover changed" in report_html(found, Style(), {})) == bool(found.before)


def test_replay_in_another_process_gives_equal_maps(tmp_path: Path) -> None:
    first = made(tmp_path, "first.zip")
    command = [sys.executable, "-m", "cactiviz", "replay", str(first)]
    command += ["--out", str(tmp_path / "second.zip")]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    maps = []
    for name in ("first.zip", "second.zip"):
        with zipfile.ZipFile(tmp_path / name) as archive:
            maps.append(np.load(io.BytesIO(archive.read("maps.npz")))["cactinet/grad_cam"])
    assert np.allclose(maps[0], maps[1], rtol=1e-6, atol=0)


def test_replay_says_what_differs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first = made(tmp_path, "first.json")
    recipe = read_recipe(first)
    recipe["networks"][0]["weights"] = "0" * 64
    recipe["maps"]["cactinet/grad_cam"][1] *= 2
    first.write_text(json.dumps(recipe))
    Image.fromarray(np.full((50, 70, 3), (90, 140, 71), np.uint8)).save(tmp_path / "a.png")
    assert main(["replay", str(first)]) == 1
    said = capsys.readouterr().err
    assert "is another one now" in said
    assert "weights of cactinet are others" in said
    assert "cactinet/grad_cam has other values" in said
    (tmp_path / "a.png").unlink()
    assert main(["replay", str(first)]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_replay_of_an_animation(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = tmp_path / "first.gif", tmp_path / "second.gif"
    arguments = ["animate", "scenes", "--each", "1", "--models", "cactinet", "--panel", "64"]
    assert main([*arguments, "--device", "cpu", "--out", str(first)]) == 0
    assert main(["replay", str(first), "--out", str(second)]) == 0
    assert first.read_bytes() == second.read_bytes()
    assert sorted(file.name for file in tmp_path.iterdir()) == ["first.gif", "second.gif"]


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"null", b'{"makes": "comparison"}'])
def test_a_recipe_that_is_none_is_refused(tmp_path: Path, content: bytes) -> None:
    for name in ("r.json", "r.gif", "r.html", "r.zip", "r.mp4"):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CactivizError):
            remake_comparison(read_recipe(tmp_path / name))
    with pytest.raises(CactivizError, match="can't be read"):
        read_recipe(tmp_path / "nowhere.json")


def test_nothing_differs_from_itself(recipe: dict[str, object]) -> None:
    assert differences(recipe, recipe) == []


def test_an_unknown_ending_is_refused_before_the_work(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "sample:chelsea", "--out", str(tmp_path / "a.pdf")]) == 1
    assert "must end in" in capsys.readouterr().err


@pytest.mark.browser
def test_the_report_works_offline_and_its_films_play(
    tmp_path: Path, chromium: str, comparison: Comparison, recipe: dict[str, object]
) -> None:
    sync_api = pytest.importorskip("playwright.sync_api")
    from cactiviz.rendering.formats import write_animation

    (tmp_path / "report.html").write_text(report_html(comparison, Style(), recipe), "utf-8")
    frames = [np.full((90, 120, 3), 60 * index, np.uint8) for index in range(4)]
    write_animation(tmp_path / "film.mp4", frames, seconds=0.2)
    write_animation(tmp_path / "film.webp", frames, seconds=0.2)
    (tmp_path / "films.html").write_text(
        "<video src=film.mp4 autoplay muted loop></video><img src=film.webp>"
    )
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=arguments)
        context = browser.new_context(viewport={"width": 390, "height": 844}, offline=True)
        page = context.new_page()
        troubles: list[str] = []
        page.on("console", lambda message: troubles.append(message.text))
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("dialog", lambda dialog: troubles.append(dialog.message))
        page.goto((tmp_path / "report.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.locator("input[type=range]").fill("0.9")
        opacity = "getComputedStyle(document.querySelector('.pile img+img')).opacity"
        assert page.evaluate(opacity) == "0.9"
        page.goto((tmp_path / "films.html").as_uri())
        page.wait_for_function("document.querySelector('video').currentTime > 0.3")
        assert page.evaluate("document.querySelector('video').videoWidth") == 120
        assert page.evaluate("document.querySelector('img').naturalWidth") == 120
        assert troubles == []
        browser.close()
