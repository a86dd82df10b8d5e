"""What a field may hold, and how it is written in JSON and as a word of a command or address."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, ClassVar, get_args

from cactiviz.cam_layers import Places
from cactiviz.pictures.occlusion import HOWS, How
from cactiviz.types import Box

#: JSON Schema of one value; "expected" says in words what it should be.
Schema = dict[str, Any]
LONGEST_TEXT = 20_000  #: Characters.
HUGE = 1e9  #: No number of a recipe is larger.
_MOST = 1000  # entries of a list
_DECIMAL = re.compile(r"\d{1,9}(\.\d{0,16})?|\.\d{1,16}", re.ASCII)
_WHOLE = re.compile(r"\d{1,9}", re.ASCII)


def text_schema(longest: int = LONGEST_TEXT, *, or_none: bool = False) -> Schema:
    """A text of at most so many characters."""
    return {
        "type": ["string", "null"] if or_none else "string",
        "maxLength": longest,
        "expected": f"a text of at most {longest:,} characters{' or null' if or_none else ''}",
    }


def number_schema(low: float, high: float, *, whole: bool = False) -> Schema:
    """A number from ``low`` to ``high``."""
    kind = "whole number" if whole else "number"
    return {
        "type": "integer" if whole else "number",
        "minimum": low,
        "maximum": high,
        "expected": f"a {kind} from {low:.10g} to {high:.10g}",
    }


def choice_schema(*choices: object) -> Schema:
    """One of some values."""
    listed = ", ".join("null" if choice is None else f"“{choice}”" for choice in choices)
    return {"enum": list(choices), "expected": f"one of {listed}"}


def list_schema(item: Schema, most: int, *, least: int = 0) -> Schema:
    """A list of ``least`` to ``most`` entries."""
    return {
        "type": "array",
        "minItems": least,
        "maxItems": most,  # before the entries, of which there may be far too many
        "items": item,
        "expected": f"a list of {least} to {most:,} entries",
    }


def object_schema(
    fields: Schema, *needed: str, closed: bool = False, or_none: bool = False
) -> Schema:
    """An object with named fields, some of which are needed; a closed one has no others."""
    return {
        "type": ["object", "null"] if or_none else "object",
        "properties": fields,
        "required": list(needed),
        "additionalProperties": not closed,
        "expected": f"an object with named fields{' or null' if or_none else ''}",
    }


SWITCH_SCHEMA: Schema = {"type": "boolean", "expected": "true or false"}


class Kind:
    """What a field may hold.

    Attributes:
        choices: All its values, where they are few; else none.
    """

    choices: tuple[Any, ...] = ()

    @property
    def schema(self) -> Schema:
        """Its values in a recipe, as JSON Schema."""
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        """The value as a recipe has it."""
        return list(value) if isinstance(value, tuple) else value

    def from_json(self, plain: Any) -> Any:
        """The value of :meth:`to_json`."""
        return tuple(plain) if isinstance(plain, list) else plain

    def text(self, value: Any) -> str:
        """The value as one word, which :meth:`parse` reads again."""
        return str(value)

    def parse(self, text: str) -> Any:
        """The value that a word says.

        Raises:
            ValueError: It makes no sense; the sentence says what would.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class OneOf(Kind):
    """One of some values, or None where that is a choice too.

    >>> OneOf(("own", "shared")).parse("shared"), OneOf((248, 320)).parse("320")
    ('shared', 320)
    """

    choices: tuple[Any, ...]
    or_none: bool = False

    @property
    def schema(self) -> Schema:
        """One of the choices."""
        return choice_schema(*self.choices, *([None] if self.or_none else []))

    def parse(self, text: str) -> Any:
        """The choice of this spelling."""
        for choice in self.choices:
            if str(choice) == text:
                return choice
        raise ValueError(f"give one of {', '.join(map(str, self.choices))}")


@dataclass(frozen=True)
class Number(Kind):
    """A number.

    Attributes:
        low: The least.
        high: The largest.
        decimals: Digits behind the point in a word; None for as many as it has.
        above: Whether ``low`` itself is too low.

    >>> Number(0, 1, 2).text(0.5), Number(0, 1).parse(".25")
    ('0.50', 0.25)
    """

    low: float
    high: float
    decimals: int | None = None
    above: bool = False

    @property
    def schema(self) -> Schema:
        """A number in the range."""
        return number_schema(self.low, self.high)

    def text(self, value: float) -> str:
        """In decimals, never in powers of ten."""
        return f"{value:.10g}" if self.decimals is None else f"{value:.{self.decimals}f}"

    def parse(self, text: str) -> float:
        """A number in the range."""
        value = float(text) if _DECIMAL.fullmatch(text) else float("nan")
        if not (self.low < value if self.above else self.low <= value) or not value <= self.high:
            word = "above" if self.above else "from"
            raise ValueError(f"give a number {word} {self.low:g} to {self.high:g}")
        return value if self.decimals is None else round(value, self.decimals)


class ShareOrNone(Kind):
    """A part of the whole, above 0 and at most 1; or None."""

    schema: ClassVar[Schema] = {
        "type": ["number", "null"],
        "exclusiveMinimum": 0,
        "maximum": 1,
        "expected": "a number above 0 to 1, or null",
    }

    def text(self, value: float | None) -> str:
        """In decimals; empty for None."""
        return "" if value is None else f"{value:.10g}"

    def parse(self, text: str) -> float:
        """A number above 0."""
        return Number(0, 1, above=True).parse(text)


@dataclass(frozen=True)
class Whole(Kind):
    """A whole number from ``low`` to ``high``.

    >>> Whole(1, 5).parse("3")
    3
    """

    low: int
    high: int

    @property
    def schema(self) -> Schema:
        """A whole number in the range."""
        return number_schema(self.low, self.high, whole=True)

    def parse(self, text: str) -> int:
        """A whole number in the range."""
        if not _WHOLE.fullmatch(text) or not self.low <= int(text) <= self.high:
            most = f" to {self.high}" if self.high < HUGE else ""
            raise ValueError(f"give a whole number from {self.low}{most}")
        return int(text)


class Switch(Kind):
    """On or off: "1" or "0" as a word."""

    schema: ClassVar[Schema] = SWITCH_SCHEMA

    def text(self, value: bool) -> str:
        """As "1" or "0"."""
        return str(int(value))

    def parse(self, text: str) -> bool:
        """Whether it is "1"."""
        if text not in ("0", "1"):
            raise ValueError("give 1 or 0")
        return text == "1"


@dataclass(frozen=True)
class Text(Kind):
    """A text without blanks around it, of printable characters.

    Attributes:
        longest: The most characters.
        is_right: What else has to hold of it.
    """

    longest: int = LONGEST_TEXT
    is_right: Callable[[str], bool] = bool

    @property
    def schema(self) -> Schema:
        """A text."""
        return text_schema(self.longest)

    def parse(self, text: str) -> Any:
        """The text itself."""
        if not self.is_readable(text):
            raise ValueError(f"give a text of at most {self.longest} characters")
        if text and not self.is_right(text):
            raise ValueError("this makes no sense here")
        return text

    def is_readable(self, text: str) -> bool:
        """Whether it is short enough, printable, and without blanks around it."""
        return len(text) <= self.longest and text.isprintable() and text.strip() == text


@dataclass(frozen=True)
class Names(Kind):
    """Several names in their order, each once, with commas or blanks between.

    Attributes:
        least: The fewest in a recipe.
        longest: The most characters of each.
        most: The most names.

    >>> Names().parse("grad_cam, saliency"), Names().text(("a", "b"))
    (('grad_cam', 'saliency'), 'a,b')
    """

    least: int = 0
    longest: int = 500
    most: int = 200

    @property
    def schema(self) -> Schema:
        """A list of texts."""
        return list_schema(text_schema(self.longest), self.most, least=self.least)

    def text(self, value: tuple[str, ...]) -> str:
        """With commas between, as on a command line."""
        return ",".join(value)

    def parse(self, text: str) -> tuple[str, ...]:
        """At least one name."""
        names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
        if not names:
            raise ValueError("give at least one name")
        return names


class ClassOf(Kind):
    """A class by name (a str) or index (an int), or None.

    >>> ClassOf().text(3), ClassOf().parse("index:3"), ClassOf().parse("tabby")
    ('index:3', 'index:3', 'tabby')
    """

    schema: ClassVar[Schema] = {
        "type": ["string", "integer", "null"],
        "minimum": 0,
        "maximum": HUGE,
        "maxLength": _MOST,
        "expected": "a class’s name, its number from 0, or null",
    }

    def text(self, value: int | str | None) -> str:
        """An index as ``index:N``: a number alone may be a class's name."""
        return f"index:{value}" if isinstance(value, int) else str(value or "")

    def parse(self, text: str) -> str:
        """As it is; which class is meant depends on the network."""
        return text


class Sides(Kind):
    """(height, width) in pixels; as a word the side of a square."""

    schema: ClassVar[Schema] = {
        **list_schema(number_schema(1, 10_000, whole=True), 2, least=2),
        "expected": "a list of two whole numbers, height and width in pixels",
    }

    def text(self, value: tuple[int, int]) -> str:
        """The height."""
        return str(value[0])

    def parse(self, text: str) -> tuple[int, int]:
        """A square of this side."""
        side = Whole(1, 10_000).parse(text)
        return side, side


class LayerOf(Kind):
    """A layer for all networks, one for some of them by name, or None; as words one for each.

    >>> LayerOf().to_json((("alexnet", "features.8"),)), LayerOf().from_json({"alexnet": "conv"})
    ({'alexnet': 'features.8'}, (('alexnet', 'conv'),))
    """

    schema: ClassVar[Schema] = {
        "type": ["string", "object", "null"],
        "maxLength": _MOST,
        "maxProperties": 200,
        "additionalProperties": text_schema(_MOST),
        "expected": "a layer’s name, an object of one for each network, or null",
    }

    def to_json(self, value: Places) -> Any:
        """An object where networks are named."""
        return dict(value) if isinstance(value, tuple) else value

    def from_json(self, plain: Any) -> Places:
        """Also of recipes of before, which have one layer for all."""
        layer: Places = tuple(plain.items()) if isinstance(plain, dict) else plain or None
        return layer

    def words(self, value: Places) -> list[str]:
        """``LAYER``, or ``NETWORK=LAYER`` for each; :func:`~cactiviz.cam_layers.of_texts` reads."""
        return ["=".join(pair) for pair in value] if isinstance(value, tuple) else [value or ""]


class CoverOf(Kind):
    """A box in pixels and with what it is covered, or None.

    >>> CoverOf().parse("10,20,30,40:blur")
    (Box(top=10.0, left=20.0, height=30.0, width=40.0), 'blur')
    """

    schema: ClassVar[Schema] = object_schema(
        {
            "box": object_schema(
                {
                    **dict.fromkeys(("top", "left"), number_schema(-HUGE, HUGE)),
                    **dict.fromkeys(("height", "width"), number_schema(0, HUGE)),
                },
                *("top", "left", "height", "width"),
                closed=True,
            ),
            "how": choice_schema(*HOWS),
        },
        *("box", "how"),
        closed=True,
        or_none=True,
    )

    def to_json(self, value: tuple[Box, How] | None) -> Any:
        """An object with the box's edges."""
        return value and {"box": dict(vars(value[0])), "how": value[1]}

    def from_json(self, plain: Mapping[str, Any] | None) -> tuple[Box, How] | None:
        """The box and how."""
        if not plain:
            return None
        return Box(**{side: float(edge) for side, edge in plain["box"].items()}), plain["how"]

    def text(self, value: tuple[Box, How]) -> str:
        """``TOP,LEFT,HEIGHT,WIDTH:HOW``."""
        return ",".join(f"{edge:.10g}" for edge in vars(value[0]).values()) + f":{value[1]}"

    def parse(self, text: str) -> tuple[Box, How]:
        """A box; it is covered with grey if nothing else is said."""
        numbers, _, how = text.partition(":")
        try:
            edges = [float(part) for part in numbers.split(",")]
        except ValueError:
            edges = []
        names: Collection[How] = [name for name in get_args(How) if name == (how or HOWS[0])]
        if len(edges) != 4 or not names or not all(map(isfinite, edges)):
            raise ValueError(
                f"give TOP,LEFT,HEIGHT,WIDTH in pixels, and after a colon {', '.join(HOWS)}"
            )
        return Box(*edges), next(iter(names))


class UntrainedOf(Kind):
    """Whether all networks have random weights, or the names of those that have."""

    schema: ClassVar[Schema] = {
        "type": ["boolean", "array"],
        "maxItems": 200,
        "items": text_schema(500),
        "expected": "true, false, or a list of networks’ names",
    }

    def parse(self, text: str) -> bool:
        """As a switch."""
        return Switch().parse(text)
