"""A covered part of a picture: which pixels, with what, and what is refused."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from cactiviz.cli.main import main
from cactiviz.errors import PictureError
from cactiviz.pictures.occlusion import HOWS, How, cover, covered_pixels
from cactiviz.pictures.open import sample
from cactiviz.types import Box, Picture


@pytest.fixture(scope="module")
def noise() -> Picture:
    rgb = np.random.default_rng(5).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    return Picture(rgb, "noise", "made here", ("Scaled down.",))


@pytest.mark.parametrize("how", HOWS)
def test_only_the_box_changes_and_the_picture_itself_stays(noise: Picture, how: How) -> None:
    before = noise.rgb.copy()
    found = cover(noise, Box(10, 20, 5, 30), how)
    changed = (found.rgb != noise.rgb).any(axis=2)
    assert changed[10:15, 20:50].mean() > 0.9
    changed[10:15, 20:50] = False
    assert not changed.any()
    assert np.array_equal(noise.rgb, before)
    assert found.sha256 != noise.sha256
    assert (found.name, found.source) == (noise.name, noise.source)


def test_grey_is_mid_grey_and_mean_is_the_mean_of_the_whole_picture(noise: Picture) -> None:
    assert (cover(noise, Box(0, 0, 3, 3), "grey").rgb[:3, :3] == 128).all()
    mean = cover(noise, Box(0, 0, 3, 3), "mean").rgb[:3, :3].reshape(-1, 3)
    assert np.abs(mean - noise.rgb.reshape(-1, 3).mean(axis=0)).max() <= 0.5
    assert len(np.unique(mean, axis=0)) == 1


def test_the_notes_say_what_was_done_once(noise: Picture) -> None:
    once = cover(noise, Box(0, 0, 3, 3), "grey")
    assert once.notes == ("Scaled down.", "A part was covered with grey.")
    assert cover(once, Box(9, 9, 3, 3), "grey").notes == once.notes
    assert cover(once, Box(9, 9, 3, 3), "blur").notes[-1] == "A part was blurred."


@pytest.mark.parametrize(
    ("box", "rows", "columns"),
    [
        (Box(-5, -5, 10, 10), (0, 5), (0, 5)),
        (Box(35, 55, 100, 100), (35, 40), (55, 60)),
        (Box(-1e300, -9, 2e300, 1e9), (0, 40), (0, 60)),
        (Box(0, 0, 40, 60), (0, 40), (0, 60)),
        (Box(39, 59, 1, 1), (39, 40), (59, 60)),
        (Box(4.4, 4.6, 1, 1), (4, 5), (5, 6)),
        (Box(150 * 0.1 + 1e-12, 3, 0.3 * 10, 2), (15, 18), (3, 5)),
    ],
)
def test_what_lies_outside_is_left_out(
    box: Box, rows: tuple[int, int], columns: tuple[int, int]
) -> None:
    assert covered_pixels(box, (40, 60)) == (slice(*rows), slice(*columns))


@pytest.mark.parametrize(
    "box",
    [
        Box(0, 0, 0, 10),
        Box(0, 0, 10, -10),
        Box(40, 0, 5, 5),
        Box(0, -6, 5, 5),
        Box(3, 3, 0.2, 0.2),
        Box(math.nan, 0, 5, 5),
        Box(0, 0, math.inf, 5),
        Box(0, -math.inf, 5, math.inf),
        Box(1.7e308, 0, 1.7e308, 5),
    ],
)
def test_a_box_with_nothing_in_it_is_refused_with_a_sentence(noise: Picture, box: Box) -> None:
    with pytest.raises(PictureError, match=r"^The box .*\.$"):
        cover(noise, box)


def test_an_unknown_way_is_refused(noise: Picture) -> None:
    with pytest.raises(ValueError, match="grey, blur, mean"):
        cover(noise, Box(0, 0, 3, 3), "black")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "box", [Box(60, 100, 120, 200), Box(0, 0, 50, 50), Box(290, 0, 10, 451), Box(0, 0, 300, 451)]
)
def test_a_blur_is_the_gaussian_of_the_whole_picture(box: Box) -> None:
    """On a smaller copy, for speed, but within what an eye can tell."""
    cat = sample("chelsea")
    rows, columns = covered_pixels(box, cat.size)
    sigma = max(min(rows.stop - rows.start, columns.stop - columns.start) / 3, 300 / 40)
    wanted = cv2.GaussianBlur(
        cat.rgb.astype(np.float64), (0, 0), sigma, borderType=cv2.BORDER_REFLECT
    )
    found = cover(cat, box, "blur").rgb.astype(float)
    assert np.abs(found - wanted)[rows, columns].max() < 3
    assert np.abs(found - wanted)[rows, columns].mean() < 0.8


def test_a_blur_hides_detail_and_keeps_an_even_colour() -> None:
    stripes = np.zeros((200, 200, 3), np.uint8)
    stripes[:, ::2] = 255
    part = cover(Picture(stripes), Box(50, 50, 100, 100), "blur").rgb[50:150, 50:150]
    assert np.abs(part.astype(int) - 127).max() <= 3
    even = np.full((90, 70, 3), (10, 200, 77), np.uint8)
    assert np.array_equal(cover(Picture(even), Box(9, 9, 30, 30), "blur").rgb, even)


def test_a_large_picture_is_blurred_quickly() -> None:
    large = Picture(np.zeros((2000, 4000, 3), np.uint8))
    started = time.process_time()
    cover(large, Box(0, 0, 2000, 4000), "blur")
    assert time.process_time() - started < 5, "a Gaussian of 667 pixels by itself takes minutes"


def test_the_smallest_picture_has_every_cover() -> None:
    dot = Picture(np.zeros((1, 1, 3), np.uint8))
    assert [cover(dot, Box(0, 0, 1, 1), how).rgb.item(0) for how in HOWS] == [128, 0, 0]


# --- On the command line --------------------------------------------------------------------------


def test_the_command_covers_before_it_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    options = ["--models", "cactinet", "--methods", "grad_cam", "--device", "cpu", "--untrained"]
    box = ["--cover", "60,100,150,200:blur", "--json", str(out)]
    assert main(["compare", "sample:chelsea", *options, *box]) == 0
    wanted = cover(sample("chelsea"), Box(60, 100, 150, 200), "blur")
    assert json.loads(out.read_text())["picture"]["sha256"] == wanted.sha256
    assert "A part was blurred." in capsys.readouterr().out


@pytest.mark.parametrize(
    "box",
    [
        *("", "1,2,3", "1,2,3,4:black", "1,2,3,four", "1,2,3,4,5", ":grey"),
        *("nan,0,1,1", "0,0,1e400,1"),
    ],
)
def test_the_command_says_how_a_box_is_written(
    box: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["compare", "sample:chelsea", "--cover", box])
    assert stopped.value.code == 2
    assert "give TOP,LEFT,HEIGHT,WIDTH in pixels" in capsys.readouterr().err


@pytest.mark.parametrize("box", ["900,0,5,5", "0,0,0,5"])
def test_the_command_refuses_a_box_with_nothing_in_it(
    box: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["compare", "sample:chelsea", "--models", "cactinet", "--cover", box]) == 1
    assert capsys.readouterr().err.startswith("The box ")
