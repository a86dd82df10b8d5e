from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from PIL import Image

from cactiviz.rendering.figures import typography
from cactiviz.rendering.figures.sheet import Cell, Column, Remark, Row, draw_sheet
from cactiviz.rendering.figures.typography import BODY, TITLE, TextStyle, drawable, length, wrapped
from cactiviz.types import Picture, Prediction

HOSTILE = "<img src=x onerror=alert(1)>"
LONG = "Untrained network of an extraordinarily long name, with nothing learnt " * 3
AMBER, BAR, TRACK = (0x9A, 0x67, 0x00), (0x2B, 0x6F, 0x7E), (0xE6, 0xE8, 0xEB)
STYLE = TextStyle(13, 20)


@pytest.fixture
def picture() -> Picture:
    return Picture(np.full((60, 90, 3), (10, 200, 30), np.uint8), "leaf", "by a friend, CC0")


def answers(*probabilities: float, name: str = "tabby") -> list[Prediction]:
    return [Prediction(i, f"{name} {i}", 0.0, p) for i, p in enumerate(probabilities)]


def noise(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def pixels(sheet: Image.Image) -> NDArray[np.uint8]:
    assert sheet.mode == "RGB"
    return np.asarray(sheet)


def places(sheet: NDArray[np.uint8], image: NDArray[np.uint8]) -> list[tuple[int, int]]:
    """Where the sheet holds the image pixel for pixel."""
    height, width = image.shape[:2]
    first = sliding_window_view(sheet, (1, 8, 3))[:, :, 0] == image[:1, :8]
    corners = np.argwhere(first.all(axis=(2, 3, 4)))
    return [
        (int(y), int(x))
        for y, x in corners
        if np.array_equal(sheet[y : y + height, x : x + width], image)
    ]


def count(sheet: NDArray[np.uint8], colour: tuple[int, int, int]) -> int:
    return int((sheet == colour).all(axis=2).sum())


def nearly(sheet: NDArray[np.uint8], colour: tuple[int, int, int]) -> int:
    """As ``count``, with the paler pixels of a thin stroke."""
    return int((np.abs(sheet.astype(int) - colour).max(axis=2) < 64).sum())


def test_every_image_is_there_once_pixel_for_pixel_in_its_row_and_column(picture: Picture) -> None:
    cells = {(r, c): Cell(noise(80, 120, 10 * r + c), "own") for r in range(2) for c in range(3)}
    columns = [Column(f"net {c}", answers(0.5, 0.3, 0.1)) for c in range(3)]
    rows = [Row("Grad-CAM", "Which region?"), Row("Saliency", "Which pixels?")]
    sheet = pixels(draw_sheet(picture, columns, rows, cells, cell_width=120))
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for place, cell in cells.items():
        assert cell.image is not None
        (found[place],) = places(sheet, cell.image)
    for row in range(2):
        assert found[row, 0][0] == found[row, 1][0] == found[row, 2][0]
    for column in range(3):
        assert found[0, column][1] == found[1, column][1]
    assert found[0, 0][1] < found[0, 1][1] - 120 < found[0, 2][1] - 240
    assert found[0, 0][0] + 80 < found[1, 0][0]


def test_a_wide_image_is_shrunk_to_its_column_and_grey_ones_are_fine(picture: Picture) -> None:
    cells = {
        (0, 0): Cell(np.full((100, 400, 3), (255, 0, 0), np.uint8), ""),
        (0, 1): Cell(np.full((30, 40), 77, np.uint8), ""),
    }
    columns = [Column("a", []), Column("b", [])]
    sheet = pixels(draw_sheet(picture, columns, [Row("m", "")], cells, cell_width=200))
    assert count(sheet, (255, 0, 0)) == 200 * 50
    assert count(sheet, (77, 77, 77)) >= 30 * 40


def test_the_picture_stands_at_the_top_left_and_is_not_changed(picture: Picture) -> None:
    before = picture.rgb.copy()
    sheet = pixels(draw_sheet(picture, [Column("a", [])], [], {}))
    ((y, x),) = places(sheet, picture.rgb)
    assert (y, x) == (32, 32)
    assert np.array_equal(picture.rgb, before)
    named = pixels(draw_sheet(Picture(picture.rgb), [Column("a", [])], [], {}))
    assert not np.array_equal(sheet[: len(named)], named[: len(sheet)])  # its credit is drawn


def test_a_large_picture_is_shrunk(picture: Picture) -> None:
    tall = Picture(np.full((3000, 100, 3), (10, 200, 30), np.uint8))
    sheet = draw_sheet(tall, [Column("a", [])], [], {})
    assert sheet.height < 400
    assert count(pixels(sheet), (10, 200, 30)) == 192 * 6


def test_bars_are_as_long_as_the_probabilities(picture: Picture) -> None:
    column = Column("net", answers(0.5, 0.25, 0.1, 0.05))
    sheet = pixels(draw_sheet(picture, [column], [], {}, cell_width=200))
    assert count(sheet, BAR) == 4 * (100 + 50 + 20)  # three of the four answers
    assert count(sheet, TRACK) == 4 * (100 + 150 + 180)


def test_a_warning_is_amber(picture: Picture) -> None:
    plain, warned = (
        pixels(draw_sheet(picture, [Column("net", answers(0.5), message)], [], {}))
        for message in ("", "random weights")
    )
    assert count(plain, AMBER) == 0
    assert nearly(warned[32:56], AMBER) > 20  # the title
    assert nearly(warned[56:], AMBER) > 20  # the message


def test_a_cell_without_an_image_is_a_box_with_its_sentence(picture: Picture) -> None:
    def drawn(sentence: str) -> NDArray[np.uint8]:
        cells = {(0, 0): Cell(None, sentence), (0, 1): Cell(noise(100, 160), "own")}
        columns = [Column("a", []), Column("b", [])]
        return pixels(draw_sheet(picture, columns, [Row("m", "")], cells, cell_width=160))

    sheet = drawn("There is no class “cactus” here.")
    ((y, x),) = places(sheet, noise(100, 160))
    box = sheet[y : y + 100, x - 176 : x - 16]
    edge = (0xD0, 0xD7, 0xDE)
    for side in (box[0], box[-1], box[:, 0], box[:, -1]):
        assert (side == edge).all()
    assert (box[1:15, 1:-1] == (0xF6, 0xF8, 0xFA)).all()  # room above the text
    assert box[1:-1, 1:-1].min() < 0x90  # the text
    assert (box[1:-1, 1:15] == (0xF6, 0xF8, 0xFA)).all()
    # A long sentence makes the box grow, and the sheet with it.
    assert len(drawn("There is no class “cactus” in this network. " * 5)) > len(sheet)


def test_an_empty_place_stays_blank(picture: Picture) -> None:
    sheet = pixels(draw_sheet(picture, [Column("", [])], [Row("", "")], {}))
    assert (sheet[160:, 240:] >= 0xD0).all()


@pytest.mark.parametrize("name", [HOSTILE, LONG, "x" * 5000, "a\n\tb\x00\x1b[31m", "中文 😀", ""])
def test_any_name_is_text_that_stays_in_its_column(picture: Picture, name: str) -> None:
    """What is drawn in one column leaves the gutters between the columns white."""
    named = Picture(picture.rgb, name, name)
    columns = [Column(name, answers(0.9, 0.05, 0.01, name=name), name) for _ in range(6)]
    rows = [Row(name, name) for _ in range(4)]
    cells: Mapping[tuple[int, int], Cell] = {
        (r, c): Cell(noise(20, 100) if (r + c) % 2 else None, name)
        for r in range(4)
        for c in range(6)
    }
    sheet = pixels(draw_sheet(named, columns, rows, cells, cell_width=100))
    assert sheet.shape[1] == 32 + 192 + 24 + 6 * 116 - 16 + 32
    gutters = [sheet[:, 226:246], *(sheet[:, 248 + 116 * c + 102 :][:, :12] for c in range(5))]
    for gutter in gutters:
        lines = (gutter == (0xD0, 0xD7, 0xDE)).all(axis=(1, 2))
        assert lines.sum() == 4  # one above each row
        assert (gutter[~lines] == 255).all()
    assert (sheet[:, :31] == 255).all()
    assert (sheet[:, -31:] == 255).all()


@pytest.mark.parametrize("number", [1, 12])
def test_from_one_to_twelve_columns(picture: Picture, number: int) -> None:
    columns = [Column("net", answers(0.5))] * number
    sheet = draw_sheet(
        picture, columns, [], {}, cell_width=80, heading=LONG, remarks=[Remark(LONG, (LONG, LONG))]
    )
    assert sheet.width == 32 + 192 + 24 + number * 96 - 16 + 32
    assert (pixels(sheet)[-24:] == 255).all()


def test_heading_and_remarks_are_drawn(picture: Picture) -> None:
    def height(**texts: Any) -> int:
        return draw_sheet(picture, [Column("net", [])], [], {}, **texts).height

    one, two = Remark("one", ("a",)), Remark("one", ("a", "b"))
    bare, headed = height(), height(heading="Six networks")
    said = [height(remarks=remarks) for remarks in ([one], [two], [one, one])]
    assert bare < headed < height(heading="Six networks", remarks=[one])
    assert bare < said[0] < said[1] < said[2]  # a line a sentence, and room between two remarks


def test_remarks_stand_in_two_columns_below_the_names_and_the_maps(picture: Picture) -> None:
    columns = [Column("net", [])] * 2
    bare, sheet = (
        pixels(draw_sheet(picture, columns, [], {}, remarks=remarks))
        for remarks in ([], [Remark("Name", ("A sentence.",))])
    )
    below = sheet[len(bare) - 16 :]
    drawn = np.flatnonzero((below < 200).any(axis=(0, 2)))
    label, grid = drawn[drawn < 32 + 192], drawn[drawn >= 32 + 192]
    assert 32 <= label.min() <= 36 and 32 + 192 + 24 <= grid.min() <= 32 + 192 + 24 + 4


def test_the_same_comparison_makes_the_same_sheet(picture: Picture) -> None:
    column = Column("net", answers(0.5))
    one, two = (pixels(draw_sheet(picture, [column], [], {})) for _ in range(2))
    assert np.array_equal(one, two)


def test_lines_are_wrapped_at_spaces_and_hold_every_word() -> None:
    text = "own scale, full colour at 0.0123 and some more words than one line can hold"
    lines = wrapped(text, STYLE, 120, 20)
    assert " ".join(lines) == text
    assert all(length(line, STYLE) <= 120 for line in lines)
    assert len(lines) > 3


def test_a_caption_is_rather_broken_between_its_parts() -> None:
    caption = "own scale, full colour at 0.0123 · min 0 max 0.0123"
    assert wrapped(caption, STYLE, 260, 3) == caption.split(" · ")


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    (line,) = wrapped("black-footed ferret, polecat, Mustela nigripes", STYLE, 120, 1)
    assert line.startswith("black-footed")
    assert line.endswith("…")
    assert length(line, STYLE) <= 120
    first, second = wrapped("x" * 100, STYLE, 120, 2)
    assert set(first) == {"x"}
    assert second.endswith("x…")
    assert wrapped("short", STYLE, 120, 1) == ["short"]
    assert wrapped("", STYLE, 120, 1) == []


@pytest.fixture
def without_assets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """As in an installed package, which carries no font."""
    nowhere = {bold: tmp_path / file.name for bold, file in typography._FILES.items()}
    caches = (typography._has_semibold, typography._font, typography._has)
    with monkeypatch.context() as patch:
        patch.setattr(typography, "_FILES", nowhere)
        for cache in caches:
            cache.cache_clear()
        yield
    for cache in caches:
        cache.cache_clear()


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("min −0.5 – max 3 × 2", "min -0.5 - max 3 x 2"),
        ("Søren Müller, Łódź, Straße", "Soren Muller, Lodz, Strasse"),
        ("a\n b\u00a0c\x00", "a b c"),
        ("猫", "?"),
        (HOSTILE, HOSTILE),
        ("±1 · “a” 5 % …", "±1 · “a” 5 % …"),
    ],
)
@pytest.mark.usefixtures("without_assets")
def test_what_the_font_lacks_has_a_stand_in(text: str, plain: str) -> None:
    assert drawable(text) == plain


def test_the_projects_font_has_the_letters_of_europe() -> None:
    text = "Søren Müller, Łódź, Straße, Ελλάδα, кактус, −0.5 – 3 × 2 → ≥ 1"
    assert drawable(text) == text
    assert length("Width", BODY) != length("Width", TITLE.times(BODY.size / TITLE.size))


@pytest.mark.usefixtures("without_assets")
def test_without_the_projects_font_bold_is_wider_still(picture: Picture) -> None:
    assert length("Width", TextStyle(16, 24, bold=True)) == length("Width", TextStyle(16, 24)) + 0.5
    assert draw_sheet(picture, [Column("net", answers(0.5))], [], {}).height > 100


def test_a_sheet_for_print_is_the_same_in_larger(picture: Picture) -> None:
    cells = {(0, 0): Cell(noise(60, 120), "own scale"), (0, 1): Cell(None, "No such layer.")}
    columns = [Column("net", answers(0.5, 0.25), "random weights")] * 2
    rows, end = [Row("Grad-CAM", "Which region spoke for the answer?")], Remark("a", ("b",))
    small = draw_sheet(picture, columns, rows, cells, cell_width=120, remarks=[end])
    large = draw_sheet(picture, columns, rows, cells, cell_width=360, remarks=[end], zoom=3)
    assert large.width == 3 * small.width
    assert abs(large.height - 3 * small.height) < 400  # only the image isn't made larger here
    assert count(pixels(large), BAR) == 9 * count(pixels(small), BAR)
