"""The table of fields: a value through each of its faces, and back, is the same value."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cactiviz import cam_layers
from cactiviz.errors import MethodError
from cactiviz.methods import VIEWS
from cactiviz.pictures import occlusion
from cactiviz.recipes import fields, snippets
from cactiviz.recipes.fields import REQUEST, STYLE, Field, chosen, default_of, from_json, of_export
from cactiviz.recipes.kinds import LayerOf, Whole
from cactiviz.recipes.request import Request, Style
from cactiviz.recipes.schema import check
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import SCALES
from cactiviz.types import Box, Target

# No test waits for a time; others may take the machine's.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")
NETWORKS = ("alexnet", "cactinet", "torchvision:resnet18")
NAMES = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1, max_size=9)
CLASSES = st.one_of(st.none(), NAMES, st.integers(0, 10_000))
SIDES = st.floats(0, 500).map(lambda value: round(value, 3))


@st.composite
def requests(draw: st.DrawFn, *, films: bool = False) -> Request:
    """What a comparison asks, or an animation."""
    networks = tuple(draw(st.lists(st.sampled_from(NETWORKS), min_size=1, unique=True)))
    layer = draw(
        st.one_of(
            st.none(),
            st.sampled_from(["stages.1", "features:activation"]),
            st.just(tuple((name, "a.0") for name in networks)),
        )
    )
    request = Request(
        pictures=(draw(st.sampled_from(["cat.jpg", "sample:chelsea", "scenes:cactus/178"])),),
        networks=networks,
        methods=tuple(draw(st.lists(st.sampled_from(VIEWS), min_size=1, unique=True))),
        layer=layer,
        layers=() if layer or len(networks) > 1 else draw(st.sampled_from([(), ("all-stages",)])),
        resize=draw(st.sampled_from([None, "crop", "squash"])),
        untrained=draw(st.sampled_from([False, True])),
    )
    if films and not request.layers and draw(st.booleans()):
        return replace(request, top=draw(st.integers(1, 5)))
    request = replace(request, target=Target(draw(CLASSES), draw(CLASSES)))
    box = Box(*draw(st.tuples(*[SIDES] * 4)))
    how = draw(st.sampled_from(occlusion.HOWS))
    return request if films else replace(request, cover=draw(st.sampled_from([None, (box, how)])))


@st.composite
def styles(draw: st.DrawFn) -> Style:
    """How something is painted."""
    return Style(
        scale=draw(st.sampled_from(list(SCALES))),
        palette=draw(st.sampled_from(list(PALETTES))),
        strength=draw(st.integers(0, 100)) / 100,
        contour=draw(st.sampled_from([None, 0.5])),
        panel=draw(st.tuples(st.integers(1, 999), st.integers(1, 999))),
        columns=draw(st.integers(0, 99)),
        heading=draw(NAMES),
        captions=draw(st.booleans()),
        squash=draw(st.booleans()),
        dark=draw(st.booleans()),
        seconds=draw(st.integers(2, 6000)) / 100,
        loop=draw(st.integers(0, 65_535)),
    )


def compared(style: Style) -> Style:
    """The style as a comparison has it: what only films have is as it is by default."""
    return Style(**{row.name: row.of(style) for row in of_export(STYLE, "comparison")})


def through_json(plain: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(plain))
    return found


@given(requests(films=True), styles())
def test_a_recipe_of_an_animation_says_what_was_asked(request: Request, style: Style) -> None:
    rows = of_export(REQUEST, "animation")
    back = Request(**from_json(through_json(fields.to_json(request, rows)), rows))
    expected = Request(methods=request.methods, target=request.target, layer=request.layer)
    asked = replace(expected, layers=request.layers, top=request.top, resize=request.resize)
    assert back == asked
    assert Style(**from_json(through_json(fields.to_json(style, STYLE)), STYLE)) == style


@given(requests(), styles())
def test_a_recipe_of_a_comparison_says_what_was_asked(request: Request, style: Style) -> None:
    rows = of_export(REQUEST, "comparison")
    plain = through_json(fields.to_json(request, rows))
    back = Request(request.pictures, request.networks, **from_json(plain, rows))
    assert back == request
    look = through_json(fields.to_json(style, of_export(STYLE, "comparison")))
    check({"makes": "comparison", "question": plain, "look": look}, whole=False)
    assert Style(**from_json(look, STYLE)) == compared(style)


def parsed(words: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the options of a command say, read by the table alone: of the request, and the style."""
    values: dict[str, Any] = {}
    layers: list[str] = []
    rows = {row.option: row for row in (*REQUEST, *STYLE) if row.option}
    rest = iter(words)
    for word in rest:
        option, sign, text = word.partition("=") if word.startswith("--") else (word, "", "")
        row = rows.get(option)
        if row is None:
            continue
        if isinstance(default_of(row), bool):
            values[row.name] = not row.off
            continue
        text = text if sign else next(rest)
        if isinstance(row.kind, LayerOf):
            layers.append(text)
        else:
            values[row.name] = row.kind.parse(text)
    if layers:
        values["layer"] = cam_layers.of_texts(layers)
    of_style = {row.name for row in STYLE}
    asked = {name: value for name, value in values.items() if name not in of_style}
    return chosen(asked), {name: value for name, value in values.items() if name in of_style}


@given(requests(), styles())
def test_a_command_says_what_was_asked(request: Request, style: Style) -> None:
    words = shlex.split(snippets.as_command(request, style))
    asked, painted = parsed(words)
    back = Request(request.pictures, request.networks, **asked)
    # On a command line a class's number is written out: index:3.
    spelled = [f"index:{c}" if isinstance(c, int) else c for c in vars(request.target).values()]
    assert back == replace(request, target=Target(*spelled))
    assert Style(**painted) == compared(style)


@given(requests(), styles())
def test_the_lines_for_python_ask_what_was_asked(request: Request, style: Style) -> None:
    told: dict[str, Any] = {}

    class Told:
        def sheet(self, **painted: Any) -> Told:
            told["style"] = Style(**painted)
            return self

        def save(self, _: str) -> None:
            pass

    def compare(picture: Any, models: list[str], methods: list[str], **options: Any) -> Told:
        target = options.pop("target", None)
        options["target"] = target if isinstance(target, Target) else Target(target)
        layer = options.pop("layer", None)
        options["layer"] = tuple(layer.items()) if isinstance(layer, dict) else layer
        options["layers"] = tuple(options.pop("layers", ()))
        told["request"] = Request(
            (picture[0],), tuple(models), tuple(methods), cover=picture[1], **options
        )
        return Told()

    program = snippets.as_python(request, style)
    lines = [line for line in program.splitlines() if not line.startswith(("import", "from"))]

    class Cactiviz:
        pass

    cv = Cactiviz()
    cv.compare = lambda picture, *rest, **options: compare(  # type: ignore[attr-defined]
        picture if isinstance(picture, tuple) else (picture, None), *rest, **options
    )
    cv.open_item = cv.open_picture = lambda origin: origin  # type: ignore[attr-defined]
    cv.Target = Target  # type: ignore[attr-defined]
    spoken = {"cv": cv, "Box": Box, "cover": lambda origin, box, how: (origin, (box, how))}
    exec("\n".join(lines), spoken)
    assert told == {"request": request, "style": compared(style)}


def test_a_made_up_field_costs_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    class Halftone(Style):
        dots: int = 0

    row = Field("dots", Whole(0, 9), "dots a line", "--dots", "N", optional=True)
    monkeypatch.setattr(fields, "default_of", lambda row: 0)
    style = Halftone()
    object.__setattr__(style, "dots", 7)
    assert fields.to_json(style, (*STYLE[:1], row)) == {"scale": "own", "dots": 7}
    assert from_json({"dots": 7}, (row,)) == {"dots": 7}
    assert fields.schema_of((row,))["properties"]["dots"]["maximum"] == 9
    assert row.kind.parse(row.kind.text(7)) == 7
    with pytest.raises(ValueError, match="0 to 9"):
        row.kind.parse("10")


@pytest.mark.parametrize("row", [*REQUEST, *STYLE], ids=lambda row: row.name)
def test_each_row_is_a_field_and_takes_its_own_first_value(row: Field) -> None:
    first = default_of(row)
    plain = row.kind.to_json(first)
    assert row.kind.from_json(through_json({"": plain})[""]) == first
    makes = row.makes[0]
    part = "question" if row in REQUEST else "look"
    inside, _, name = row.name.rpartition(".")
    value: Any = {inside: {name: plain}} if inside else {name: plain}
    if row.name == "methods":
        assert plain == ["grad_cam"]
    check({"makes": makes, part: value}, whole=False)


def test_choices_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(MethodError, match="no method “x”"):
        Request(methods=("x",))
    with pytest.raises(MethodError, match="either one layer or several"):
        Request(layer="a", layers=("b",))
    with pytest.raises(ValueError, match="no such style"):
        Style(strength=2)
