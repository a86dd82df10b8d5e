"""What Filters and Neurons hand out as files, held against what the commands write."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import streamlit as st
from PIL import Image

from cactiviz.cli.main import main
from cactiviz.explanations import layer_sheets
from cactiviz.models import MODELS, find_weights, load_model
from cactiviz.rendering.formats.metadata import is_signed
from cactiviz.ui.address.layers import FiltersLink
from cactiviz.ui.layers import texts as layers_texts
from cactiviz.ui.layers.filters import filters_sheet, look
from cactiviz.ui.pictures.library import UNNAMED_ITEM, opened
from cactiviz.ui.session import polling, state
from cactiviz.ui.sidebar.choice import Choice
from tests.fixtures.inside_pages import open_page, settled, watch_walls

pytestmark = pytest.mark.skipif(
    find_weights(MODELS["cactinet"]) is None, reason="the trained weights are not in this checkout"
)
Made = dict[str, Callable[[], bytes]]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Made:
    """By its name, what makes each file that a page offers."""
    offered: Made = {}

    def offer(label: str, data: Callable[[], bytes], *, file_name: str, **_: Any) -> None:
        assert label in layers_texts.LAYER_FILES.values()
        offered[file_name] = data

    monkeypatch.setattr(st, "download_button", offer)
    return offered


def written(folder: Path, *arguments: str) -> tuple[bytes, bytes]:
    """The sheet and the arrays that a command writes about the page's first picture."""
    sheet, arrays = folder / "sheet.png", folder / "arrays.npz"
    files = ("--out", str(sheet), "--npz", str(arrays))
    device = polling.runner().device.type
    picture = (UNNAMED_ITEM.address, "--model", "cactinet", "--device", device)
    assert main([arguments[0], *picture, *arguments[1:], *files]) == 0
    assert is_signed(sheet)
    return sheet.read_bytes(), arrays.read_bytes()


def test_neurons_are_the_files_of_the_command(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    watch_walls(monkeypatch)
    open_page("pages/neurons.py", monkeypatch, tmp_path)
    title = "neurons-CactiNet-stem"
    assert set(made) == {f"cactiviz {title}.png", f"cactiviz {title}.npz"}
    sheet, arrays = written(tmp_path, "neurons", "--layer", "stem", "--random", "10", "--seed", "1")
    assert made[f"cactiviz {title}.npz"]() == arrays
    assert made[f"cactiviz {title}.png"]() == sheet


def test_filters_are_the_numbers_of_the_command_and_a_sheet_of_what_is_shown(
    made: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    watch_walls(monkeypatch)
    drawn: list[tuple[list[int], str]] = []
    real = layer_sheets.filters_sheet

    def draw(*given: Any, **options: Any) -> Image.Image:
        drawn.append((given[4], options.get("scale", "")))
        return real(*given, **options)

    monkeypatch.setattr(layer_sheets, "filters_sheet", draw)
    app = open_page("pages/filters.py", monkeypatch, tmp_path)
    assert not drawn, "it is drawn before anybody asks for it"
    (image, numbers) = sorted(made, key=lambda name: name.endswith(".npz"))
    assert made[numbers]() == written(tmp_path, "filters")[1]
    app.button_group(key=state.FILTER_ORDER).set_value("own")
    app.button_group(key=state.MAP_SCALE).set_value("own")
    settled(app)
    drawn.clear()
    sheet = Image.open(io.BytesIO(made[image]()))
    assert drawn == [(list(range(32)), "own")]
    with Image.open(tmp_path / "sheet.png") as one:  # of twelve; these are three, one below another
        assert sheet.width == one.width and sheet.height > 2.5 * one.height


def test_the_first_twelve_filters_are_the_sheet_of_the_command(tmp_path: Path) -> None:
    picture = opened(UNNAMED_ITEM.dataset).open(UNNAMED_ITEM)
    model = load_model("cactinet", device=polling.runner().device.type)
    shown = look(None, Choice(picture, ("cactinet",), ()), model, Event())
    sheet, _ = written(tmp_path, "filters")
    assert filters_sheet(picture, shown, FiltersLink(count=12)) == sheet
