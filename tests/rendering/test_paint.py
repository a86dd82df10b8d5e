from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from cactiviz.errors import CactivizError
from cactiviz.rendering import paint
from cactiviz.types import Box, Picture, Preprocessing

SIZE = (160, 320)
CROP = Preprocessing((224, 224), crop_pct=0.75).seen(*SIZE)  # 120 x 120 in the middle
SQUASH = Preprocessing((224, 224), "squash").seen(*SIZE)
COARSE: tuple[paint.Display, ...] = ("overlay", "diverging")


@pytest.fixture
def picture() -> Picture:
    rng = np.random.default_rng(0)
    return Picture(rng.integers(0, 256, (*SIZE, 3), dtype=np.uint8))


def painted(
    picture: Picture, values: NDArray[Any], display: paint.Display, **options: Any
) -> NDArray[np.uint8]:
    """The map by itself at the picture's own size, with opaque colours, all seen."""
    options = {
        "seen": SQUASH,
        "vmax": paint.vmax_of([values], display, options.get("scale", "own")),
        "size": SIZE,
        "strength": 1.0,
        **options,
    }
    return paint.paint(picture, values, display=display, **options)


@pytest.mark.parametrize("seen", [CROP, SQUASH], ids=["crop", "squash"])
@pytest.mark.parametrize("cell", [SIZE, (120, 240), (320, 640)])
@pytest.mark.parametrize("peak", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_a_peak_lands_in_its_quadrant_of_the_seen_part(
    picture: Picture, seen: Box, cell: tuple[int, int], peak: tuple[int, int]
) -> None:
    values = np.zeros((2, 2), np.float32)
    values[peak] = 3
    found = painted(picture, values, "overlay", seen=seen, size=cell, palette="gray")
    zoom = cell[0] / SIZE[0]
    height, width = seen.height * zoom, seen.width * zoom
    for row in (0, 1):
        for column in (0, 1):
            # The outer corner of each quadrant: there bilinear resizing repeats the value.
            y = seen.top * zoom + (1 if row == 0 else height - 2)
            x = seen.left * zoom + (1 if column == 0 else width - 2)
            expected = 255 if (row, column) == peak else 0
            assert (found[round(y), round(x)] == expected).all()


@pytest.mark.parametrize("zoom", [0.75, 1, 2])
def test_the_seen_part_has_its_exact_edges(picture: Picture, zoom: float) -> None:
    size = (round(SIZE[0] * zoom), round(SIZE[1] * zoom))
    rows, columns = np.zeros(size[0], bool), np.zeros(size[1], bool)
    rows[round(20 * zoom) : round(140 * zoom)] = True
    columns[round(100 * zoom) : round(220 * zoom)] = True
    one, two = (
        painted(picture, np.full((3, 4, 4), v), "signed", seen=CROP, size=size) for v in (1.0, -1.0)
    )
    assert np.array_equal((one != two).all(axis=2), rows[:, None] & columns)


@pytest.mark.parametrize("palette", list(paint.PALETTES))
def test_full_and_zero_are_the_ends_of_the_palette(picture: Picture, palette: str) -> None:
    values = np.zeros((2, 1))
    values[0] = 0.02
    found = painted(picture, values, "overlay", palette=palette)
    assert (found[0] == paint.PALETTES[palette][255]).all()
    assert (found[-1] == paint.PALETTES[palette][0]).all()


def test_the_palettes_are_red_green_blue_and_read_only() -> None:
    assert next(iter(paint.PALETTES)) == "inferno"
    assert paint.PALETTES["turbo"][40, 2] > 200 > 100 > paint.PALETTES["turbo"][40, 0]
    assert paint.PALETTES["inferno"][180, 0] > 200 > 100 > paint.PALETTES["inferno"][180, 2]
    for table in paint.PALETTES.values():
        assert table.shape == (256, 3)
        assert table.dtype == np.uint8
        assert not table.flags.writeable


@pytest.mark.parametrize("strength", [0.0, 0.25, 0.5, 1.0])
def test_strength_mixes_paint_and_picture(picture: Picture, strength: float) -> None:
    found = painted(picture, np.ones((3, 3)), "overlay", strength=strength)
    expected = strength * paint.PALETTES["inferno"][255] + (1 - strength) * picture.rgb
    assert np.abs(found - expected).max() <= 0.5


def test_a_shared_scale_paints_half_the_value_in_the_palettes_middle(picture: Picture) -> None:
    strong, weak = np.full((2, 2), 0.8, np.float32), np.full((5, 5), 0.4, np.float32)
    vmax = paint.vmax_of([strong, weak], "overlay")
    assert vmax == np.float32(0.8)
    assert (painted(picture, weak, "overlay", vmax=vmax) == paint.PALETTES["inferno"][128]).all()
    assert (painted(picture, weak, "overlay") == paint.PALETTES["inferno"][255]).all()


@pytest.mark.parametrize("values", [np.zeros((7, 7)), np.full((7, 7), -2.0)], ids=["0", "below"])
@pytest.mark.parametrize("shared", [0.0, 5.0])
def test_without_positive_evidence_there_is_no_paint(
    picture: Picture, values: NDArray[Any], shared: float
) -> None:
    assert paint.vmax_of([values], "overlay") == 0.0
    found = painted(picture, values, "overlay", vmax=shared)
    assert np.abs(found - picture.rgb @ [[0.299], [0.587], [0.114]]).max() <= 0.5


def test_values_below_zero_do_not_weaken_their_neighbours(picture: Picture) -> None:
    deep, flat = np.array([[-9.0, 1.0]]), np.array([[0.0, 1.0]])
    assert np.array_equal(painted(picture, deep, "overlay"), painted(picture, flat, "overlay"))


def test_signed_zero_is_mid_grey_and_full_is_white_or_black(picture: Picture) -> None:
    values = np.zeros((3, 160, 320), np.float32)
    values[0, :, :100], values[1, :, :100], values[0, :, -100:] = 4, -4, 2
    found = painted(picture, values, "signed")
    assert (found[:, :100] == [255, 0, 128]).all()
    assert (found[:, 100:-100] == 128).all()
    assert (found[:, -100:] == [192, 128, 128]).all()  # 128 + 127 / 2


def test_magnitude_is_the_channel_maximum_of_the_absolute_value(picture: Picture) -> None:
    values = np.zeros((3, 160, 320), np.float32)
    values[0, :, :100], values[1, :, :100], values[2, :, -100:] = 1, -4, 2
    found = painted(picture, values, "magnitude", palette="turbo")
    assert (found[:, :100] == 255).all()
    assert (found[:, 100:-100] == 0).all()
    assert (found[:, -100:] == 128).all()
    assert np.array_equal(painted(picture, np.abs(values).max(axis=0), "magnitude"), found)


def test_a_map_that_is_all_zero_is_black_or_mid_grey(picture: Picture) -> None:
    zero = np.zeros((3, 8, 8), np.float32)
    assert (painted(picture, zero, "magnitude") == 0).all()
    assert (painted(picture, zero, "signed") == 128).all()


def test_a_lone_pixel_does_not_darken_the_rest() -> None:
    values = np.ones((3, 50, 50))
    values[1, 3, 3] = -1000
    assert paint.vmax_of([values], "magnitude") == 1
    assert paint.vmax_of([values], "signed") == 1
    assert paint.vmax_of([np.linspace(-1, 1, 2001).reshape(3, 23, 29)], "signed") == (
        pytest.approx(0.995)
    )


def test_the_percentile_of_an_almost_empty_map_falls_back_to_its_maximum() -> None:
    values = np.zeros((3, 50, 50))
    values[1, 3, 3] = -7
    assert paint.vmax_of([values], "magnitude") == 7
    assert paint.vmax_of([values], "signed") == 7


@pytest.mark.parametrize("display", paint.DISPLAYS)
def test_nothing_has_the_full_value_0(display: paint.Display) -> None:
    zero = np.zeros((4, 4), np.float32)
    assert paint.vmax_of([], display) == 0.0
    assert paint.vmax_of([zero, np.zeros((2, 2))], display) == 0.0


@pytest.mark.parametrize("display", paint.DISPLAYS)
@pytest.mark.parametrize("factor", [1e-11, 1e8, 1e-30, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_size_of_the_numbers_does_not_matter_on_an_own_scale(
    picture: Picture, display: paint.Display, factor: float, dtype: type
) -> None:
    shape = (7, 7) if display in COARSE else (3, 40, 40)
    values: NDArray[Any] = np.random.default_rng(1).normal(size=shape).astype(dtype)
    found = painted(picture, (values * factor).astype(dtype), display).astype(int)
    assert np.abs(found - painted(picture, values, display)).max() <= 1


@pytest.mark.parametrize("display", paint.DISPLAYS)
def test_inputs_stay_as_they_were(picture: Picture, display: paint.Display) -> None:
    shape = (7, 7) if display in COARSE else (3, 40, 40)
    values = np.random.default_rng(1).normal(size=shape)
    values.flags.writeable = False
    pixels, copy = picture.rgb.copy(), values.copy()
    painted(picture, values, display)
    paint.caption(values, "own", 1.0, display)
    assert np.array_equal(picture.rgb, pixels)
    assert np.array_equal(values, copy)
    small = paint.resized(picture, SIZE)
    assert np.array_equal(small, pixels)
    assert not np.shares_memory(small, picture.rgb)


@pytest.mark.parametrize("display", paint.DISPLAYS)
def test_the_unseen_part_is_the_same_whatever_the_map(
    picture: Picture, display: paint.Display
) -> None:
    rng = np.random.default_rng(2)
    one, two = (
        painted(picture, rng.random((5, 5)), display, seen=CROP, strength=s) for s in (1.0, 0.3)
    )
    unseen = np.ones(SIZE, bool)
    unseen[20:140, 100:220] = False
    assert np.array_equal(one[unseen], two[unseen])
    assert not np.array_equal(one, two)
    other = painted(picture, np.zeros((5, 5)), "signed", seen=CROP)
    assert np.array_equal(one[unseen], other[unseen])


def test_the_unseen_part_is_dim_pale_and_hatched() -> None:
    red = Picture(np.full((*SIZE, 3), (200, 0, 0), np.uint8))
    found = painted(red, np.zeros((2, 2)), "overlay", seen=CROP)
    plain, line = found[0, 1], found[0, 8]
    assert plain.tolist() == [43, 20, 20]  # 0.45 of a quarter red, three quarters its grey (59.8)
    assert (line > plain + 30).all()
    assert (found[8, 0] == line).all()
    assert (found[1, 7] == line).all()  # the lines are diagonal
    assert (found[1, 8] == plain).all()
    assert (found[80, 160] == 60).all()  # seen, and not dim


def test_what_was_seen_has_a_line_around_it_outside(picture: Picture) -> None:
    found = painted(picture, np.zeros((3, 4, 4)), "signed", seen=CROP)
    for edge in (found[19, 99:221], found[140, 99:221], found[19:141, 99], found[19:141, 220]):
        assert (edge == 208).all()
    assert (painted(picture, np.zeros((3, 4, 4)), "signed") == 128).all()  # squash: no line


def test_a_seen_part_smaller_than_a_pixel_still_shows(picture: Picture) -> None:
    for box in (Box(159.9, 319.9, 0.1, 0.1), Box(0, 0, 0.1, 0.1)):
        found = painted(picture, np.ones((2, 2)), "magnitude", seen=box, size=(3, 6))
        assert (found == 255).all(axis=2).sum() == 1


def test_unknown_names_get_a_sentence(picture: Picture) -> None:
    values: Any = np.ones((2, 2))
    with pytest.raises(CactivizError, match=r"no palette “jet”; there are inferno, .*, gray\.$"):
        painted(picture, values, "overlay", palette="jet")
    with pytest.raises(CactivizError, match=r"no scale “log”; there are own, .*, evidence\.$"):
        paint.caption(values, "log", 1.0, "overlay")  # type: ignore[arg-type]
    with pytest.raises(CactivizError, match=r"no display “x”; there are overlay, .*, signed\.$"):
        paint.vmax_of([values], "x")  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_numbers_are_refused(picture: Picture, bad: float) -> None:
    values = np.array([[1.0, bad]])
    for call in (
        lambda: paint.vmax_of([values], "overlay"),
        lambda: painted(picture, values, "overlay", vmax=1.0),
        lambda: paint.evidence_region(values),
        lambda: paint.describe_region(values),
        lambda: paint.where_is_the_peak(values),
        lambda: paint.caption(values, "own", 1.0, "overlay"),
        lambda: paint.paint_filters(values[None, None], 9),
        lambda: paint.filters_caption(values[None, None]),
    ):
        with pytest.raises(CactivizError, match="not finite"):
            call()


@pytest.mark.parametrize(
    ("shape", "display"),
    [
        ((3, 4, 4), "overlay"),
        ((3, 4, 4), "diverging"),
        ((4,), "signed"),
        ((2, 4, 4), "signed"),
        ((0, 4), "magnitude"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(
    picture: Picture, shape: tuple[int, ...], display: paint.Display
) -> None:
    with pytest.raises(ValueError, match="can't be painted as"):
        painted(picture, np.ones(shape), display, vmax=1.0)


def test_a_strength_outside_of_0_to_1_is_refused(picture: Picture) -> None:
    with pytest.raises(ValueError, match="strength"):
        painted(picture, np.ones((2, 2)), "overlay", strength=1.1)


def test_filters_stand_in_order_with_zero_in_mid_grey() -> None:
    kernels = np.zeros((5, 3, 2, 2), np.float32)
    kernels[0, 0], kernels[1, 1], kernels[4, 2] = 0.5, -0.5, 0.25
    found = paint.paint_filters(kernels, 20)
    assert found.shape == (2 * 6 + 1, 3 * 6 + 2, 3)  # 3 columns, 2 rows, three times enlarged
    assert (found[:6, :6] == [255, 128, 128]).all()
    assert (found[:6, 7:13] == [128, 0, 128]).all()
    assert (found[:6, 14:] == 128).all()
    assert (found[7:, 7:13] == [128, 128, 192]).all()
    for gap in (found[6], found[:, 6], found[:, 13], found[7:, 14:]):
        assert (gap == 208).all()


def test_filters_keep_their_orientation_and_hard_edges() -> None:
    kernels = np.array([[[[1.0, -1.0, 0.0], [0.0, 0.0, 0.0]]]])
    found = paint.paint_filters(kernels, 12)
    expected = np.full((8, 12, 3), 128)
    expected[:4, :4], expected[:4, 4:8] = 255, 0
    assert np.array_equal(found, expected)


def test_filters_of_other_than_three_channels_show_the_first_in_grey() -> None:
    kernels = np.zeros((1, 4, 1, 1))
    kernels[0, 0], kernels[0, 3] = 1.0, -2.0
    assert paint.paint_filters(kernels, 1).tolist() == [[[192, 192, 192]]]
    assert (paint.paint_filters(0 * kernels, 1) == 128).all()
    assert paint.filters_caption(kernels) == "black and white at ±2"


def test_captions_say_scale_and_range() -> None:
    cam = np.array([[0.0, 0.0123456]], np.float32)
    assert paint.caption(cam, "shared", 0.5, "overlay") == (
        "shared scale, full colour at 0.5 · min 0 max 0.0123"
    )
    gradient = np.array([[[-0.5]], [[0.25]], [[0.0]]])
    assert paint.caption(gradient, "own", 0.5, "magnitude") == (
        "own scale, white at 0.5 · min 0.5 max 0.5"
    )
    assert paint.caption(gradient * 1e-11, "own", 5e-12, "signed") == (
        "own scale, black and white at ±5e−12 · min −5e−12 max 2.5e−12"
    )


def test_captions_say_when_there_is_nothing() -> None:
    zero, below = np.zeros((2, 2)), np.full((2, 2), -1234.5)
    assert paint.caption(below, "own", 0.0, "overlay") == (
        "no positive evidence · own scale · min −1230 max −1230"
    )
    assert paint.caption(zero, "shared", 2.0, "overlay") == (
        "no positive evidence · shared scale, full colour at 2 · min 0 max 0"
    )
    assert paint.caption(-zero, "own", 0.0, "signed") == "all zero · own scale · min 0 max 0"


def test_diverging_zero_is_exactly_the_middle_and_full_its_ends(picture: Picture) -> None:
    values = np.zeros((3, 8), np.float32)
    values[0, 0], values[2, -1] = -4, 2
    found = painted(picture, values, "diverging")
    assert (found[0, 0] == paint.DIVERGING[0]).all()  # symmetric: full at the larger side
    assert (found[-1, -1] == paint.DIVERGING[192]).all()  # half of the full value
    assert (found[80, 160] == paint.DIVERGING[128]).all()
    assert (painted(picture, -values, "diverging")[0, 0] == paint.DIVERGING[256]).all()


@pytest.mark.parametrize("scale", paint.SCALES)
def test_plus_and_minus_are_mirror_colours(picture: Picture, scale: paint.Scale) -> None:
    values = np.random.default_rng(3).normal(size=(9, 11)).astype(np.float32)
    mirror = {tuple(c): tuple(paint.DIVERGING[256 - i]) for i, c in enumerate(paint.DIVERGING)}
    assert len(mirror) == 257  # no colour stands for two values
    one, two = (painted(picture, v, "diverging", scale=scale) for v in (values, -values))
    expected = [mirror[tuple(colour)] for colour in one.reshape(-1, 3)]
    assert np.array_equal(np.array(expected).reshape(one.shape), two)


def test_diverging_colours_are_blended_over_the_picture_in_grey(picture: Picture) -> None:
    values = np.array([[-1.0, -1.0], [1.0, 1.0]])
    found = painted(picture, values, "diverging", strength=0.25)
    grey = picture.rgb @ [[0.299], [0.587], [0.114]]
    assert np.abs(found[-1] - 0.25 * paint.DIVERGING[256] - 0.75 * grey[-1]).max() <= 0.5
    assert np.abs(found[0] - 0.25 * paint.DIVERGING[0] - 0.75 * grey[0]).max() <= 0.5
    assert np.abs(painted(picture, 0 * values, "diverging") - grey).max() <= 0.5


def test_ranks_show_order_only(picture: Picture) -> None:
    values = np.array([[0.0, 1.0, 2.0, 1000.0]])
    found = painted(picture, values, "overlay", scale="rank")
    assert np.array_equal(found, painted(picture, values**3, "overlay", scale="rank"))
    assert np.array_equal(found, painted(picture, np.arange(4.0)[None], "overlay"))
    assert not np.array_equal(found, painted(picture, values, "overlay"))


@pytest.mark.parametrize("display", paint.DISPLAYS)
def test_a_constant_map_has_no_ranks_and_is_not_painted(
    picture: Picture, display: paint.Display
) -> None:
    values = np.full((4, 4), 2.0)
    assert paint.vmax_of([values], display, "rank") == 0
    found = painted(picture, values, display, scale="rank", vmax=1.0)
    assert np.array_equal(found, painted(picture, 0 * values, display))
    assert paint.caption(values, "rank", 0.0, display) == (
        "no structure: every value is the same · percentile rank · min 2 max 2"
    )


def test_shares_of_the_evidence_compare_on_one_grid(picture: Picture) -> None:
    narrow, wide = np.zeros((4, 4)), np.full((4, 4), 1e6)
    narrow[1, 1], narrow[2, 2] = 3e-6, 1e-6
    vmax = paint.vmax_of([narrow, wide], "overlay", "evidence")
    assert vmax == pytest.approx(0.75)
    found = painted(picture, wide, "overlay", scale="evidence", vmax=vmax)
    assert (found == paint.PALETTES["inferno"][round(255 / 16 / 0.75)]).all()
    assert paint.caption(wide, "evidence", vmax, "overlay") == (
        "share of the evidence, full colour at 75 % a square of 4 × 4 · min 1000000 max 1000000"
    )


@pytest.mark.parametrize(
    ("shape", "display", "unit"),
    [
        ((7, 9), "overlay", "full colour at 2.1 % a square of 7 × 9"),
        ((7, 9), "diverging", "blue against, orange for, full at ±2.1 % a square of 7 × 9"),
        ((3, 7, 9), "magnitude", "white at 2.1 % a pixel of 7 × 9"),
        ((3, 7, 9), "signed", "black and white at ±2.1 % a value of 3 × 7 × 9"),
    ],
)
def test_captions_of_shares_say_the_grid(
    shape: tuple[int, ...], display: paint.Display, unit: str
) -> None:
    values = np.ones(shape)
    said = paint.caption(values, "evidence", 0.021, display)
    assert said == f"share of the evidence, {unit} · min 1 max 1"


def test_captions_of_ranks_and_of_signed_maps() -> None:
    values = np.array([[-0.25, 0.5]])
    assert paint.caption(values, "own", 0.5, "diverging") == (
        "own scale, blue against, orange for, full at ±0.5 · min −0.25 max 0.5"
    )
    assert paint.caption(values, "rank", 1.0, "overlay") == (
        "percentile rank, full colour at 100 % · min −0.25 max 0.5"
    )
    for below in (-values - 1, np.array([[-0.5, 0.0]])):
        said = paint.caption(below, "shared", 2.0, "diverging")
        assert said.startswith("nothing speaks for it · shared scale, blue against, orange for, ")
    assert paint.caption(0 * values, "own", 0.0, "diverging") == (
        "all zero · own scale · min 0 max 0"
    )
    assert paint.caption(np.full((2, 2), -1.0), "rank", 0.0, "diverging") == (
        "nothing speaks for it · no structure: every value is the same · percentile rank "
        "· min −1 max −1"
    )


def test_captions_say_what_is_outlined() -> None:
    values = np.zeros((4, 4))
    values[0, :2] = 3, 1
    said = paint.caption(values, "own", 3.0, "overlay", 0.5)
    assert said.endswith(" max 3 · outline: 6 % of what it saw holds half of the evidence")
    assert "outline" not in paint.caption(-values, "own", 0.0, "overlay", 0.5)
    assert "outline" not in paint.caption(-values, "own", 3.0, "diverging", 0.5)
    assert "outline" not in paint.caption(values, "own", 3.0, "magnitude", 0.5)


@pytest.mark.parametrize("display", COARSE)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 1.0])
def test_the_outline_stays_in_the_seen_part(
    picture: Picture, display: paint.Display, share: float
) -> None:
    values = np.arange(16.0).reshape(4, 4) + 1  # largest in a corner of what was seen
    plain, lined = (painted(picture, values, display, seen=CROP, contour=c) for c in (None, share))
    changed = (plain != lined).any(axis=2)
    assert changed[20:140, 100:220].any()
    changed[20:140, 100:220] = False
    assert not changed.any()


@pytest.mark.parametrize("ground", [0, 60, 128, 200, 255])
def test_the_outline_goes_around_the_region_in_two_tones(ground: int) -> None:
    plain = Picture(np.full((*SIZE, 3), ground, np.uint8))
    values = np.zeros((160, 320))  # at the cell's own size: the region is known by hand
    values[40:80, 100:200] = 1
    lined = painted(plain, values, "overlay", strength=0.0, contour=0.5)
    where = np.argwhere((lined != ground).any(axis=2))
    assert (np.abs(where.min(axis=0) - [40, 100]) <= 3).all()  # half of the line's width
    assert (np.abs(where.max(axis=0) - [79, 199]) <= 3).all()
    assert (lined[44:76, 104:196] == ground).all()
    for column in (110, 150, 190):
        for across in (lined[36:45, column], lined[75:84, column]):
            assert across.min() < 40 and across.max() > 225
            assert across[0, 0] == across[-1, 0] == ground
    assert lined[39:41, 150].min() > 225  # the light line is on the edge


def test_the_outlined_region_holds_the_share_on_the_map_as_painted(picture: Picture) -> None:
    values = np.zeros((5, 5))
    values[2, 2] = 1  # alone: painted as a tent
    lined = painted(picture, values, "overlay", strength=0.0, contour=0.5)
    line = (lined != painted(picture, values, "overlay", strength=0.0)).any(axis=2)
    rows, columns = np.argwhere(line).min(axis=0), np.argwhere(line).max(axis=0)
    high, wide = columns - rows
    # With u = 1 - |x| and v = 1 - |y|, uv > t holds 1 - t^2 + 2 t^2 ln t of it: half at t = 0.432.
    # The line is 5 pixels wide, half of it outside.
    assert high - 5 == pytest.approx(2 * (1 - 0.432) * 32, abs=3)
    assert wide - 5 == pytest.approx(2 * (1 - 0.432) * 64, abs=3)


@pytest.mark.parametrize("display", paint.DISPLAYS)
@pytest.mark.parametrize("values", [np.zeros((4, 4)), np.full((4, 4), -3.0)], ids=["0", "below"])
def test_there_is_no_outline_without_evidence(
    picture: Picture, display: paint.Display, values: NDArray[Any]
) -> None:
    plain, lined = (painted(picture, values, display, contour=c) for c in (None, 0.5))
    assert np.array_equal(plain, lined)


def test_the_outline_is_the_same_on_every_scale(picture: Picture) -> None:
    values = np.random.default_rng(4).normal(size=(7, 7))
    plain, *lined = (
        painted(picture, values, "overlay", strength=0.0, scale=scale, contour=contour)
        for scale, contour in [("own", None), *((scale, 0.5) for scale in paint.SCALES)]
    )
    assert not np.array_equal(plain, lined[0])
    assert all(np.array_equal(lined[0], other) for other in lined)


def test_a_map_without_ranks_still_has_its_outline(picture: Picture) -> None:
    plain, lined = (
        painted(picture, np.ones((4, 4)), "overlay", scale="rank", contour=c) for c in (None, 0.5)
    )
    changed = (plain != lined).any(axis=2)
    assert changed[0].all() and changed[:, -1].all()  # all of it, closed along the edges
    assert not changed[10:-10, 10:-10].any()


@pytest.mark.parametrize("contour", [0.0, -0.5, 1.5, np.nan])
def test_an_outline_of_no_share_is_refused(picture: Picture, contour: float) -> None:
    with pytest.raises(ValueError, match="share"):
        painted(picture, np.ones((2, 2)), "overlay", contour=contour)


@pytest.mark.parametrize("scale", paint.SCALES)
@pytest.mark.parametrize("display", paint.DISPLAYS)
@pytest.mark.parametrize("factor", [0.0, 1e-30, 1e30, -1e30, 1e-300, 1e300])
def test_no_number_is_too_large_or_small_for_any_scale(
    picture: Picture, scale: paint.Scale, display: paint.Display, factor: float
) -> None:
    values = np.random.default_rng(5).normal(size=(6, 6)) * factor
    values.flags.writeable = False
    copy = values.copy()
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        vmax = paint.vmax_of([values, values], display, scale)
        painted(picture, values, display, scale=scale, contour=0.5, seen=CROP)
        said = paint.caption(values, scale, vmax, display, 0.5)
        paint.describe_region(values)
    assert np.isfinite(vmax) and vmax >= 0
    assert "nan" not in said and "inf" not in said
    assert np.array_equal(values, copy)
