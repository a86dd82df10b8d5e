"""The one table of fields: all that is asked, and how it is painted.

From a row come the field's place in a recipe, its option of the command, its argument in the
Python snippet, and its parameter in a page's address (``cactiviz.ui.address`` adds what only
pages have). A new field is an attribute of :class:`Request` or :class:`Style` and a row here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from cactiviz.recipes.kinds import (
    ClassOf,
    CoverOf,
    Kind,
    LayerOf,
    Names,
    Number,
    OneOf,
    Schema,
    ShareOrNone,
    Sides,
    Switch,
    Text,
    UntrainedOf,
    Whole,
    object_schema,
)
from cactiviz.recipes.request import Request, Style
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import Scale
from cactiviz.types import Target

Makes = Literal["comparison", "animation"]
MAKES: tuple[Makes, ...] = get_args(Makes)


@dataclass(frozen=True)
class Field:
    """One field of what is asked or of how it is painted.

    Attributes:
        name: The attribute of ``Request`` or ``Style``, dotted where it is in another value.
        kind: What it may hold.
        help: What it is, for the command's help.
        option: Its option, such as ``--palette``; empty where the command can't choose it.
        metavar: What stands for its value there.
        off: Whether the option switches it off.
        makes: The exports that have it.
        optional: Whether recipes leave it out where nothing is chosen.
    """

    name: str
    kind: Kind
    help: str = ""
    option: str = ""
    metavar: str = ""
    off: bool = False
    makes: tuple[Makes, ...] = MAKES
    optional: bool = False

    def of(self, value: Request | Style) -> Any:
        """The field of a value."""
        for part in self.name.split("."):
            value = getattr(value, part)
        return value


_ANIMATION: tuple[Makes, ...] = ("animation",)
_COMPARISON: tuple[Makes, ...] = ("comparison",)

#: What is asked of each picture. Pictures, networks and the device stand in a recipe by themselves.
REQUEST = (
    Field("methods", Names(least=1), "names with commas between", "--methods", "NAMES"),
    Field("target.class_", ClassOf(), "default: each one's top class", "--class", "NAME_OR_INDEX"),
    Field(
        "target.contrast",
        ClassOf(),
        "why the class, and not this one",
        "--against",
        "NAME_OR_INDEX",
    ),
    Field(
        "cover",
        CoverOf(),
        "what if this part, in pixels, were covered; HOW is grey, blur, mean",
        "--cover",
        "TOP,LEFT,HEIGHT,WIDTH[:HOW]",
        makes=_COMPARISON,
        optional=True,
    ),
    Field(
        "layer",
        LayerOf(),
        "where class activation maps are taken: NAME or NAME:activation, for all networks, or "
        "for one of them as NETWORK=NAME, which may be repeated",
        "--layer",
        "LAYER | NETWORK=LAYER",
    ),
    Field(
        "layers",
        Names(longest=1000, most=1000),
        "several layers of one network with commas between, or all-stages",
        "--layers",
        "LAYERS",
    ),
    Field("top", Whole(1, 5), "a frame for each likely class", "--top", "N", makes=_ANIMATION),
    Field(
        "resize",
        OneOf(("crop", "squash"), or_none=True),
        "default: as each network was evaluated",
        "--resize",
    ),
    Field(
        "untrained",
        UntrainedOf(),
        "random weights instead of published ones",
        "--untrained",
        makes=_COMPARISON,
    ),
)

#: How it is painted.
STYLE = (
    Field("scale", OneOf(get_args(Scale)), "shared: one over all networks and frames", "--scale"),
    Field("palette", OneOf(tuple(PALETTES)), "colours of heat maps", "--palette"),
    Field(
        "strength",
        Number(0, 1),
        "of heat maps over the picture, default 0.5",
        "--strength",
        "SHARE",
    ),
    Field(
        "contour",
        ShareOrNone(),
        "outline so much of the evidence, such as 0.5",
        "--contour",
        "SHARE",
        makes=_COMPARISON,
        optional=True,
    ),
    Field(
        "panel", Sides(), "each panel's side, default 248", "--panel", "PIXELS", makes=_ANIMATION
    ),
    Field("columns", Whole(0, 1000), "panels in a row", "--columns", "N", makes=_ANIMATION),
    Field(
        "heading",
        Text(),
        "a line at the top, above the methods' names",
        "--title",
        "TEXT",
        makes=_ANIMATION,
    ),
    Field(
        "captions",
        Switch(),
        "without scale and range below each panel",
        "--no-captions",
        off=True,
        makes=_ANIMATION,
    ),
    Field("squash", Switch(), makes=_ANIMATION),
    Field("dark", Switch(), "light letters on a dark ground", "--dark", makes=_ANIMATION),
    Field("seconds", Number(0.02, 60), "a frame; default 1", "--seconds", "S", makes=_ANIMATION),
    Field(
        "loop",
        Whole(0, 65_535),
        "times all is shown; default 0, for ever",
        "--loop",
        "N",
        makes=_ANIMATION,
    ),
)


def of_export(rows: Iterable[Field], makes: Makes) -> tuple[Field, ...]:
    """The rows that an export has."""
    return tuple(row for row in rows if makes in row.makes)


def schema_of(rows: Iterable[Field], *needed: str) -> Schema:
    """The object that a recipe has of some rows, as JSON Schema; it has no other fields.

    Args:
        rows: Its fields.
        needed: Those that may not be missing.
    """
    plain: dict[str, Any] = {}
    for row in rows:
        inside, _, name = row.name.rpartition(".")
        if inside:
            plain.setdefault(inside, object_schema({}, closed=True))["properties"][name] = (
                row.kind.schema
            )
        else:
            plain[name] = row.kind.schema
    return object_schema(plain, *needed, closed=True)


def default_of(row: Field) -> Any:
    """What a field is where nothing is chosen.

    >>> default_of(STYLE[1])
    'inferno'
    """
    return row.of(Request() if row in REQUEST else Style())


def to_json(value: Request | Style, rows: Iterable[Field]) -> dict[str, Any]:
    """The fields as a recipe has them.

    >>> to_json(Style("rank"), STYLE[:2])
    {'scale': 'rank', 'palette': 'inferno'}
    """
    plain: dict[str, Any] = {}
    for row in rows:
        inside, _, name = row.name.rpartition(".")
        field = row.of(value)
        if not row.optional or field != default_of(row):
            (plain.setdefault(inside, {}) if inside else plain)[name] = row.kind.to_json(field)
    return plain


def from_json(plain: Mapping[str, Any], rows: Iterable[Field]) -> dict[str, Any]:
    """The fields of :func:`to_json`, as keyword arguments of ``Request`` or ``Style``."""
    values = {}
    for row in rows:
        inside, _, name = row.name.rpartition(".")
        fields = plain.get(inside, {}) if inside else plain
        if name in fields:
            values[row.name] = row.kind.from_json(fields[name])
    return chosen(values)


def chosen(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by the names of their rows, as keyword arguments of ``Request`` or ``Style``.

    >>> chosen({"target.class_": "cat", "top": 1})
    {'top': 1, 'target': Target(class_='cat', contrast=None)}
    """
    flat = {name: value for name, value in values.items() if "." not in name}
    target = {name.partition(".")[2]: value for name, value in values.items() if "." in name}
    return {**flat, "target": Target(**target)} if target else flat
