"""The bar beside painted maps: its colours are theirs, its ends are said."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from cactiviz.rendering.colormaps import DIVERGING, PALETTES
from cactiviz.rendering.figures.colour_bar import colour_bar
from cactiviz.rendering.figures.sheet import Cell, Column, Row, draw_sheet
from cactiviz.rendering.scales import DISPLAYS, SCALES
from cactiviz.types import Picture


def test_its_colours_are_those_that_maps_are_painted_in() -> None:
    assert np.array_equal(colour_bar("overlay", "own", "viridis").colours, PALETTES["viridis"])
    assert np.array_equal(colour_bar("diverging", "own", "viridis").colours, DIVERGING)
    for display in ("magnitude", "signed"):
        assert np.array_equal(colour_bar(display, "own", "viridis").colours, PALETTES["gray"])
    stops = colour_bar("magnitude", "own", "viridis").stops
    assert (stops[0], stops[8], stops[-1]) == ("#000000", "#808080", "#ffffff")


@pytest.mark.parametrize(("display", "scale"), list(product(DISPLAYS, SCALES)))
def test_its_ends_are_words_and_two_digits_at_most(display: str, scale: str) -> None:
    for vmaxes in ((), (0.123456,), (123456.0 if scale == "own" else 0.5,), (0.1, 0.2)):
        bar = colour_bar(display, scale, "inferno", vmaxes)  # type: ignore[arg-type]
        for end in (bar.low, bar.high):
            words = "".join(sign for sign in end if sign.isalpha() or sign == " ").split()
            assert words
            digits = "".join(sign for sign in end if sign.isdigit()).strip("0")
            assert len(digits) <= 2 and (len(vmaxes) == 1 or not digits)
        signed = display in ("diverging", "signed")
        assert (bar.low.startswith("against") and bar.high.startswith("for")) == signed


def test_it_stands_below_what_its_row_asks() -> None:
    picture = Picture(np.full((60, 90, 3), (10, 200, 30), np.uint8))
    cells = {(0, 0): Cell(np.full((100, 120, 3), 7, np.uint8), "")}
    bar = colour_bar("overlay", "shared", "viridis", {0.5})
    bare, sheet = (
        np.asarray(
            draw_sheet(picture, [Column("a", [])], [Row("m", "why?", bars)], cells, cell_width=120)
        )
        for bars in ((), (bar,))
    )
    label = sheet[:, 33 : 32 + 191]  # within its frame
    ramp = PALETTES["viridis"][np.linspace(0, 255, 192).round().astype(int)][1:-1]
    rows = np.flatnonzero((label == ramp).all(axis=(1, 2)))
    assert len(rows) == 6 and rows[-1] - rows[0] == 5
    words = label[rows[-1] + 2 :][:40]
    assert (words[:, :40].min() < 140) and (words[:16, -40:].min() < 140)  # at both ends
    assert (bare[rows[0] :, 33:223] > 200).all()  # where there is nothing without it
