"""What a recipe may hold: the one table of its fields, which every recipe is checked against."""

from __future__ import annotations

from typing import Any

from cactiviz.pictures.occlusion import HOWS
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import SCALES

Field = dict[str, Any]
LONGEST_TEXT, _MOST_NETWORKS, _MOST_PICTURES, _MOST_MAPS = 20_000, 200, 20_000, 5_000
_HUGE = 1e9


def _text(longest: int = LONGEST_TEXT, *, or_none: bool = False) -> Field:
    kind = ["string", "null"] if or_none else "string"
    return {
        "type": kind,
        "maxLength": longest,
        "expected": f"a text of at most {longest:,} characters{' or null' if or_none else ''}",
    }


def _number(low: float, high: float, *, whole: bool = False) -> Field:
    kind = "whole number" if whole else "number"
    return {
        "type": "integer" if whole else "number",
        "minimum": low,
        "maximum": high,
        "expected": f"a {kind} from {low:.10g} to {high:.10g}",
    }


def _one_of(*choices: object) -> Field:
    said = ["null" if one is None else f"“{one}”" for one in choices]
    return {"enum": list(choices), "expected": f"one of {', '.join(said)}"}


def _list(item: Field, most: int, *, least: int = 0) -> Field:
    return {
        "type": "array",
        "minItems": least,
        "maxItems": most,  # before the entries, of which there may be far too many
        "items": item,
        "expected": f"a list of {least} to {most:,} entries",
    }


def _object(fields: Field, *needed: str, closed: bool = False, or_none: bool = False) -> Field:
    return {
        "type": ["object", "null"] if or_none else "object",
        "properties": fields,
        "required": list(needed),
        "additionalProperties": not closed,
        "expected": f"an object with named fields{' or null' if or_none else ''}",
    }


def _mapping(value: Field, most: int) -> Field:
    return {
        "type": "object",
        "maxProperties": most,
        "propertyNames": _text(1000),
        "additionalProperties": value,
        "expected": f"an object of at most {most:,} names, each with its value",
    }


_TRUE_OR_FALSE: Field = {"type": "boolean", "expected": "true or false"}
_NAME = _text(500)
_CLASS: Field = {
    "type": ["string", "integer", "null"],
    "minimum": 0,
    "maximum": _HUGE,
    "maxLength": 1000,
    "expected": "a class’s name, its number from 0, or null",
}
_PICTURE = _object(
    {
        "title": _text(),
        "from": _text(4096),
        "sha256": _text(100),
        "name": _text(),
        "credit": _text(),
        "left_out": _text(),
    },
    *("title", "from", "sha256", "name", "credit"),
)
_CHECKPOINT = _object(
    {
        "name": _NAME,
        "architecture": _NAME,
        "file": _text(4096),
        "classes": _text(4096, or_none=True),
        "preprocessing": _text(2000, or_none=True),
        "left_out": _text(),
    },
    *("name", "architecture", "file", "classes"),
    or_none=True,
)
_NETWORK = _object(
    {
        "name": _NAME,
        "checkpoint": _CHECKPOINT,
        "in_memory": _TRUE_OR_FALSE,
        "untrained": _TRUE_OR_FALSE,
        "weights": _text(),
        "preprocessing": {"type": "object", "expected": "an object with named fields"},
        "layers": _mapping(_text(1000), 1000),
        "failure": _text(),
    },
    *("name", "checkpoint", "untrained", "weights", "preprocessing", "failure"),
)
_ASKED: Field = {
    "methods": _list(_NAME, 200, least=1),
    "target": _object({"class_": _CLASS, "contrast": _CLASS}, closed=True),
    "layer": {
        "type": ["string", "object", "null"],
        "maxLength": 1000,
        "maxProperties": _MOST_NETWORKS,
        "additionalProperties": _text(1000),
        "expected": "a layer’s name, an object of one for each network, or null",
    },
    "layers": _list(_text(1000), 1000),
    "resize": _one_of("crop", "squash", None),
}
_SIDE = _number(-_HUGE, _HUGE)
_COVER = _object(
    {
        "box": _object(
            {
                "top": _SIDE,
                "left": _SIDE,
                "height": _number(0, _HUGE),
                "width": _number(0, _HUGE),
            },
            *("top", "left", "height", "width"),
            closed=True,
        ),
        "how": _one_of(*HOWS),
    },
    *("box", "how"),
    closed=True,
    or_none=True,
)
_PAINT: Field = {
    "scale": _one_of(*SCALES),
    "palette": _one_of(*PALETTES),
    "strength": _number(0, 1),
}
_LOOK: Field = {
    "panel": {
        **_list(_number(1, 10_000, whole=True), 2, least=2),
        "expected": "a list of two whole numbers, height and width in pixels",
    },
    "columns": _number(0, 1000, whole=True),
    "heading": _text(),
    "captions": _TRUE_OR_FALSE,
    "squash": _TRUE_OR_FALSE,
    "dark": _TRUE_OR_FALSE,
    "seconds": _number(0.02, 60),
    "loop": _number(0, 65_535, whole=True),
}
_UNTRAINED: Field = {
    "type": ["boolean", "array"],
    "maxItems": _MOST_NETWORKS,
    "items": _NAME,
    "expected": "true, false, or a list of networks’ names",
}
# A map without a finite number tells so in a word.
_RANGE = _list(
    {
        "type": ["number", "string"],
        "pattern": r"^(NaN|-?Infinity)\Z",
        "expected": "a number",
    },
    3,
    least=3,
)
COMMON: Field = {
    "cactiviz": _text(100),
    "makes": _one_of("comparison", "animation"),
    "pictures": _list(_PICTURE, _MOST_PICTURES, least=1),
    "networks": _list(_NETWORK, _MOST_NETWORKS, least=1),
    "device": {
        "type": "string",
        "pattern": r"^(auto|cpu|mps|cuda(:\d{1,3})?)\Z",
        "expected": "“auto”, “cpu” or “cuda”",
    },
    "seed": _number(0, _HUGE, whole=True),
}
_NEEDED = ("makes", "pictures", "networks", "question", "look", "device")

#: By what a recipe makes: its fields, as JSON Schema with what is expected in words.
SCHEMAS: dict[str, Field] = {
    "comparison": _object(
        {
            **COMMON,
            "question": _object(
                {**_ASKED, "untrained": _UNTRAINED, "cover": _COVER},
                *("methods", "target", "layer", "layers", "resize", "untrained"),
                closed=True,
            ),
            "look": _object(_PAINT, closed=True),
            "maps": _mapping(_RANGE, _MOST_MAPS),
        },
        *_NEEDED,
    ),
    "animation": _object(
        {
            **COMMON,
            "question": _object(
                {**_ASKED, "top": _number(1, 5, whole=True)}, "target", "layer", closed=True
            ),
            "look": _object({**_PAINT, **_LOOK}, "panel", closed=True),
        },
        *_NEEDED,
    ),
}
