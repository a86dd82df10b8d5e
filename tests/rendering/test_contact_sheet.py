"""Pictures in rows with captions: each in its place, none over another, as sharp as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cactiviz.rendering.figures.sheet import Cell, draw_contact_sheet


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 200, (height, width, 3), dtype=np.uint8)


def drawn(*arguments: Any, **options: Any) -> NDArray[np.uint8]:
    sheet = draw_contact_sheet(*arguments, **options)
    assert sheet.mode == "RGB"
    return np.asarray(sheet)


def places(sheet: NDArray[np.uint8], image: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Where an image begins on the sheet."""
    height, width = image.shape[:2]
    corners = np.argwhere((sheet == image[0, 0]).all(axis=2))
    return [
        (int(y), int(x))
        for y, x in corners
        if np.array_equal(sheet[y : y + height, x : x + width], image)
    ]


def test_pictures_stand_in_rows_from_the_left() -> None:
    tiles = [noise(32, 32, seed) for seed in range(5)]
    sheet = drawn([Cell(tile, f"tile {n}") for n, tile in enumerate(tiles)], columns=3, width=64)
    found = [places(sheet, tile.repeat(2, 0).repeat(2, 1)) for tile in tiles]  # no smoothing
    assert [len(each) for each in found] == [1] * 5
    corners = [each[0] for each in found]
    assert len({y for y, _ in corners[:3]}) == 1
    assert corners[3][0] == corners[4][0] >= corners[0][0] + 64
    assert corners[0][1] < corners[1][1] < corners[2][1]
    assert [corners[3][1], corners[4][1]] == [corners[0][1], corners[1][1]]


def test_rows_are_as_tall_as_their_tallest() -> None:
    sizes = (48, 8, 16, 12, 30)
    tiles = [noise(size, 16, size) for size in sizes]
    sheet = drawn([Cell(tile, "") for tile in tiles], columns=2, width=16)
    (top,), (beside,), (second,), _, (third,) = (places(sheet, tile) for tile in tiles)
    assert top[0] == beside[0]
    assert second[0] - (top[0] + 48) == third[0] - (second[0] + 16) > 0  # room for captions
    assert top[1] == second[1] == third[1]


def test_large_pictures_are_made_smaller_in_proportion() -> None:
    grey = np.full((300, 600, 3), 100, np.uint8)
    sheet = drawn([Cell(grey, "")], width=160)
    assert places(sheet, np.full((80, 160, 3), 100, np.uint8))
    assert (sheet == 100).all(axis=2).sum() == 80 * 160


def test_captions_stand_below_their_picture_and_within_its_width() -> None:
    cells = [Cell(noise(20, 80), "x" * 300), Cell(noise(20, 80, 1), "")]
    sheet = drawn(cells, columns=2, width=80)
    ((y, x),) = places(sheet, cells[0].image)  # type: ignore[arg-type]
    ink = np.argwhere((sheet[y + 20 :] < 250).any(axis=2))
    assert len(ink)
    assert ink[:, 1].min() >= x
    assert ink[:, 1].max() < x + 80
    assert ink[:, 0].max() < 4 * 16 + 8  # four lines


def test_heading_stands_above_and_makes_room() -> None:
    cell = Cell(noise(20, 20), "")
    without, with_one = drawn([cell], width=20), drawn([cell], width=20, heading="Mistakes")
    assert with_one.shape[0] > without.shape[0]
    ((y, _),) = places(with_one, cell.image)  # type: ignore[arg-type]
    assert (with_one[:y] < 200).any()
    ((y, _),) = places(without, cell.image)  # type: ignore[arg-type]
    assert (without[:y] == 255).all()


def test_a_cell_without_an_image_keeps_its_place() -> None:
    tile = noise(16, 16)
    sheet = drawn([Cell(None, "missing"), Cell(tile, "")], columns=2, width=16)
    ((_, x),) = places(sheet, tile)
    assert x == 32 + 16 + 16


def test_grey_pictures_are_drawn() -> None:
    grey = np.full((8, 8), 77, np.uint8)
    sheet = drawn([Cell(grey, "")], width=8)
    assert (sheet == 77).all(axis=2).sum() == 64


@pytest.mark.parametrize("shape", ((1, 4000), (4000, 1)))
def test_strips_are_drawn(shape: tuple[int, int]) -> None:
    sheet = drawn([Cell(np.zeros((*shape, 3), np.uint8), "strip")], width=2)
    assert sheet.size < 50_000_000


def test_nothing_at_all_is_an_empty_sheet() -> None:
    assert (drawn([]) == 255).all()
    assert drawn([], heading="No mistakes").min() < 100
