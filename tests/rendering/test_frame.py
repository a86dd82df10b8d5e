from __future__ import annotations

import io
import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from cactiviz.comparison.comparison import Comparison
from cactiviz.comparison.exports import gif_of
from cactiviz.errors import CactivizError, MethodError
from cactiviz.explanations.results import Attribution, Explanation
from cactiviz.rendering.figures.frame import DARK, LIGHT, Layout, Panel, draw_frame, fitted
from cactiviz.types import Box, Picture, Prediction

HOSTILE = "<img src=x onerror=alert(1)>"
Pixels = NDArray[np.uint8]


def noise(height: int, width: int, seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def rgb(colour: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(colour[1:]))


@pytest.mark.parametrize("columns", [1, 2, 6, 9])
def test_panels_stand_in_rows_pixel_for_pixel(columns: int) -> None:
    layout = Layout(panel=(90, 100), columns=columns, panels=6, text_size=1)
    images = [noise(90, 100, seed) for seed in range(6)]
    frame = draw_frame([Panel(f"net {i}", image) for i, image in enumerate(images)], layout)
    assert frame.shape == (*layout.size, 3)
    found = []
    for image in images:
        starts = np.argwhere((frame[..., :3] == image[0, 0]).all(axis=2))
        found.append(
            next((y, x) for y, x in starts if np.array_equal(frame[y : y + 90, x : x + 100], image))
        )
    assert sorted(found) == found  # in the order of reading
    assert len({y for y, _ in found}) == -(-6 // columns)


def test_sixteen_hundred_pixels_hold_six_panels() -> None:
    assert Layout().size[1] == 1600


def test_all_frames_of_a_layout_have_one_size_whatever_they_say() -> None:
    layout = Layout(heading="x" * 999, subheading=True, steps=True)
    frames = [
        draw_frame([Panel("", None)], layout),
        draw_frame([Panel("x" * 999, noise(5, 999), "y" * 999, 0.5, "z " * 999)] * 6, layout),
    ]
    assert frames[0].shape == frames[1].shape == (*layout.size, 3)


@pytest.mark.parametrize("text", [HOSTILE, "中文 😀\n\x00", "word " * 99, "x" * 3000])
def test_texts_stay_in_their_panel(text: str) -> None:
    layout = Layout(panel=(60, 120), panels=3, columns=3, text_size=1)
    frame = draw_frame([Panel(text, None if i % 2 else noise(60, 120), text, 0.3, text)
                        for i in range(3)], layout)  # fmt: skip
    for left in (0, 16 + 120, 16 + 120 + 16 + 120, layout.size[1] - 16):
        assert (frame[:, left + 2 : left + 14] == 255).all()


def test_a_bar_is_as_long_as_the_probability_and_light_and_dark_differ() -> None:
    for theme in (LIGHT, DARK):
        layout = Layout(panel=(50, 200), panels=1, columns=1, text_size=1, theme=theme)
        panel = Panel("net", np.zeros((50, 200, 3), np.uint8), "cat", 0.25)
        frame = draw_frame([panel], layout)
        assert (frame == rgb(theme.bar)).all(axis=2).sum() == 50 * 4
        assert (frame == rgb(theme.track)).all(axis=2).sum() == 150 * 4
        assert tuple(frame[0, 0]) == rgb(theme.ground)


def test_a_panel_without_an_image_says_why() -> None:
    layout = Layout(panel=(120, 200), panels=1, columns=1, text_size=1)
    said, silent = (
        draw_frame([Panel("net", None, caption=caption)], layout)
        for caption in ("No such layer here.", "")
    )
    assert (said != silent).any()


def test_the_present_step_is_marked() -> None:
    layout = Layout(panel=(20, 300), panels=1, columns=1, steps=True, text_size=1)
    places = []
    for index in range(3):
        frame = draw_frame([Panel("", None)], layout, step=(index, 3))
        marked = np.flatnonzero((frame[:20] == rgb(LIGHT.bar)).all(axis=2).any(axis=0))
        places.append((marked[0], marked[-1]))
    assert places == sorted(places)
    assert places[0][1] < places[1][0]


def test_pictures_keep_their_aspect() -> None:
    assert fitted(noise(10, 40), (100, 100)).shape == (25, 100, 3)
    assert fitted(noise(400, 100), (100, 100)).shape == (100, 25, 3)
    image = noise(100, 100)
    assert fitted(image, (100, 100)) is image


def test_more_panels_than_places_are_refused() -> None:
    with pytest.raises(ValueError, match="2 panels"):
        draw_frame([Panel("", None)] * 2, Layout(panels=1))
    with pytest.raises(ValueError, match="not a usable"):
        Layout(columns=0)


@pytest.fixture
def comparison() -> Comparison:
    """Six networks, whose maps have their peaks at six places; and one that failed."""
    picture = Picture(noise(64, 96) // 8 + 100, HOSTILE, "CC0")
    explanations = {}
    for index in range(6):
        values = np.zeros((7, 7), np.float32)
        values[index, index] = 1 + index
        attribution = Attribution(
            f"net{index}", "grad_cam", 3, HOSTILE, 5.0, 0.7, values, "positive", 0.1
        )
        explanations[f"net{index}"] = Explanation(
            model=f"net{index}",
            title=f"Net {index}",
            untrained=index == 1,
            revision="",
            seen=Box(0, 0, 64, 96),
            predictions=(Prediction(3, HOSTILE, 5.0, 0.7),),
            attributions={"grad_cam": attribution},
            failures={"saliency": "It has no gradient."},
        )
    models = (*explanations, "bad")
    return Comparison(
        picture, models, ("grad_cam", "saliency"), explanations, {"bad": "There is no file."}
    )


def frames_of(data: bytes) -> list[Pixels]:
    with Image.open(io.BytesIO(data)) as image:
        found = []
        for index in range(getattr(image, "n_frames", 1)):
            image.seek(index)
            found.append(np.asarray(image.convert("RGB")))
        return found


def test_the_gif_shows_the_original_then_each_network(comparison: Comparison) -> None:
    frames = frames_of(gif_of(comparison, "grad_cam", strength=1.0))
    assert len(frames) == 1 + 7
    assert all((one != other).any() for one, other in pairwise(frames))
    height, width = frames[0].shape[:2]
    image_top = next(y for y in range(height) if (frames[0][y, 40:-40].astype(int) < 160).all())
    peaks = []
    for frame in frames[1:7]:
        shown = frame[image_top : image_top + 420, 24 : width - 24].astype(int).sum(axis=2)
        row, column = np.unravel_index(shown.argmax(), shown.shape)
        peaks.append((int(row) * 7 // 427, int(column) * 7 // 640))
    assert peaks == [(i, i) for i in range(6)]


def test_the_same_choices_give_the_same_bytes(comparison: Comparison) -> None:
    comparison = replace(comparison, models=("net0",))
    first = gif_of(comparison, "grad_cam")
    assert gif_of(comparison, "grad_cam") == first
    for other in ({"scale": "shared"}, {"palette": "viridis"}, {"strength": 0.9}, {"dark": True}):
        assert gif_of(comparison, "grad_cam", **other) != first  # type: ignore[arg-type]


def test_the_gif_is_made_while_one_waits(comparison: Comparison) -> None:
    started = time.process_time()
    gif_of(comparison, "grad_cam")
    assert time.process_time() - started < 2  # 0.3 on a desk; the rest is a busy machine's


def test_failures_and_narrow_pictures_have_frames_too(comparison: Comparison) -> None:
    assert len(frames_of(gif_of(comparison, "saliency"))) == 8
    for size in ((640, 3), (3, 640)):
        narrow = replace(comparison, picture=Picture(noise(*size)))
        height, width = frames_of(gif_of(narrow, "grad_cam"))[0].shape[:2]
        assert min(height, width) >= 240
        assert max(height, width) < 1000


def test_what_is_not_there_is_refused(comparison: Comparison) -> None:
    with pytest.raises(MethodError, match="layer_cam"):
        gif_of(comparison, "layer_cam")
    with pytest.raises(CactivizError, match="palette"):
        gif_of(comparison, "grad_cam", palette="jet")
