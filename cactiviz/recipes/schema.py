"""Schemas of recipes, and the check of a recipe against them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from cactiviz.errors import RecipeError
from cactiviz.recipes.fields import MAKES, REQUEST, STYLE, of_export, schema_of
from cactiviz.recipes.kinds import (
    HUGE,
    LONGEST_TEXT,
    SWITCH_SCHEMA,
    Schema,
    choice_schema,
    list_schema,
    number_schema,
    object_schema,
    text_schema,
)

_MOST_NETWORKS, _MOST_PICTURES, _MOST_MAPS = 200, 20_000, 5_000


def _mapping(value: Schema, most: int) -> Schema:
    return {
        "type": "object",
        "maxProperties": most,
        "propertyNames": text_schema(1000),
        "additionalProperties": value,
        "expected": f"an object of at most {most:,} names, each with its value",
    }


_NAME = text_schema(500)
_PICTURE = object_schema(
    {
        **{"title": text_schema(), "from": text_schema(4096), "sha256": text_schema(100)},
        **dict.fromkeys(("name", "credit", "left_out"), text_schema()),
    },
    *("title", "from", "sha256", "name", "credit"),
)
_CHECKPOINT = object_schema(
    {
        "name": _NAME,
        "architecture": _NAME,
        "file": text_schema(4096),
        "classes": text_schema(4096, or_none=True),
        "preprocessing": text_schema(2000, or_none=True),
        "left_out": text_schema(),
    },
    *("name", "architecture", "file", "classes"),
    or_none=True,
)
_NETWORK = object_schema(
    {
        "name": _NAME,
        "checkpoint": _CHECKPOINT,
        "in_memory": SWITCH_SCHEMA,
        "untrained": SWITCH_SCHEMA,
        "weights": text_schema(),
        "preprocessing": {"type": "object", "expected": "an object with named fields"},
        "layers": _mapping(text_schema(1000), 1000),
        "failure": text_schema(),
    },
    *("name", "checkpoint", "untrained", "weights", "preprocessing", "failure"),
)
# A map without a finite number tells so in a word.
_VALUE = {"type": ["number", "string"], "pattern": r"^(NaN|-?Infinity)\Z", "expected": "a number"}
_RANGE = list_schema(_VALUE, 3, least=3)
COMMON: Schema = {
    "cactiviz": text_schema(100),
    "makes": choice_schema(*MAKES),
    "pictures": list_schema(_PICTURE, _MOST_PICTURES, least=1),
    "networks": list_schema(_NETWORK, _MOST_NETWORKS, least=1),
    "device": {
        "type": "string",
        "pattern": r"^(auto|cpu|mps|cuda(:\d{1,3})?)\Z",
        "expected": "“auto”, “cpu” or “cuda”",
    },
    "seed": number_schema(0, HUGE, whole=True),
}
_NEEDED = ("makes", "pictures", "networks", "question", "look", "device")

_OF_COMPARISONS = of_export(REQUEST, "comparison")
_ALWAYS = dict.fromkeys(row.name.partition(".")[0] for row in _OF_COMPARISONS if not row.optional)
_COMPARISON: Schema = {
    "question": schema_of(_OF_COMPARISONS, *_ALWAYS),
    "look": schema_of(of_export(STYLE, "comparison")),
    "maps": _mapping(_RANGE, _MOST_MAPS),
}
_ANIMATION: Schema = {
    "question": schema_of(of_export(REQUEST, "animation"), "target", "layer"),
    "look": schema_of(of_export(STYLE, "animation"), "panel"),
}
#: By what a recipe makes: its fields, as JSON Schema with what is expected in words.
SCHEMAS: dict[str, Schema] = {
    "comparison": object_schema({**COMMON, **_COMPARISON}, *_NEEDED),
    "animation": object_schema({**COMMON, **_ANIMATION}, *_NEEDED),
}


_DEEPEST = 12  # levels; a whole recipe has six
# What may be missing until the recipe is made again: exports of earlier versions, and the inputs
# of one that isn't whole, have to be known as such.
_OF_THE_WHOLE = ("required", "minItems")
# Surrogates stand for the bytes of a file's name that is no UTF-8; any others can't be written.
_NO_TEXT = re.compile("[\0\ud800-\udc7f\udd00-\udfff]")
# The entry around a value or None, its name in there, the value, and how deep it lies.
_Entry = tuple[Any, str | int, Any, int]


def check(recipe: Mapping[str, Any], *, whole: bool = True) -> None:
    """Refuse a recipe of which a field isn't as the table says.

    Args:
        recipe: Plain values.
        whole: Whether nothing may be missing either.

    Raises:
        RecipeError: One isn't; the sentence names it and says what is expected.

    >>> check({"makes": "comparison", "device": 3}, whole=False)
    Traceback (most recent call last):
    cactiviz.errors.RecipeError: “device” in the recipe should be “auto”, “cpu” or “cuda”, not 3.
    """
    _check_texts(recipe)
    makes = recipe.get("makes")
    if not isinstance(makes, str):
        raise RecipeError(_should(["makes"], COMMON["makes"], makes))
    if makes not in SCHEMAS:
        raise RecipeError(f"This version can't make “{makes[:60]}” again.")
    for error in _validator(makes).iter_errors(recipe):
        if whole or error.validator not in _OF_THE_WHOLE:
            raise RecipeError(_sentence(error))


@cache
def _validator(makes: str) -> Any:
    from jsonschema import Draft202012Validator, validators  # a third of a second that few need

    def is_whole(_: Any, value: object) -> bool:
        return isinstance(value, int) and not isinstance(value, bool)

    # The standard takes 1.0 for a whole number, and tuples for no lists.
    kinds = Draft202012Validator.TYPE_CHECKER.redefine("integer", is_whole).redefine(
        "array", lambda _, value: isinstance(value, list | tuple)
    )
    return validators.extend(Draft202012Validator, type_checker=kinds)(SCHEMAS[makes])


def _sentence(error: Any) -> str:
    place, schema = list(error.absolute_path), error.schema
    if error.validator == "required":
        lacks = next(name for name in schema["required"] if name not in error.instance)
        expected = schema["properties"][lacks]["expected"]
        return f"The recipe lacks “{_spelled([*place, lacks])}”, which should be {expected}."
    if error.validator == "additionalProperties":
        unknown = next(name for name in error.instance if name not in schema["properties"])
        return f"“{_spelled([*place, unknown])}” in the recipe is nothing that this version knows."
    if error.validator in ("minItems", "maxItems", "maxProperties"):
        number = len(error.instance)
        return f"{_should(place, schema)[:-1]}, not {number:,}."
    return _should(place, schema, error.instance)


def _should(place: list[Any], schema: Schema, *value: object) -> str:
    other = f", not {_in_words(value[0])}" if value else ""
    return f"“{_spelled(place)}” in the recipe should be {schema['expected']}{other}."


def _spelled(place: list[Any]) -> str:
    """A field as it is written in most languages.

    >>> _spelled(["networks", 0, "name"])
    'networks[0].name'
    """
    parts = (f"[{part}]" if isinstance(part, int) else f".{_shown(str(part))}" for part in place)
    return "".join(parts).removeprefix(".") or "all of it"


def _in_words(value: object) -> str:
    if isinstance(value, str):
        return f"“{_shown(value)}”" if len(value) <= LONGEST_TEXT else "a longer one"
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if isinstance(value, int | float):
        return f"{value:.10g}" if abs(value) < 1e15 else "a huge number"
    return "a list" if isinstance(value, list | tuple) else "an object"


def _shown(text: str) -> str:
    short = text if len(text) <= 60 else f"{text[:59]}…"
    return "".join(sign if sign.isprintable() else "�" for sign in short)


def _check_texts(recipe: Mapping[str, Any]) -> None:
    """Refuse texts that no file and no screen can hold, and what is nested too deeply.

    What isn't in the table is never read, and may be anything.
    """
    fields = SCHEMAS["comparison"]["properties"]
    left: list[_Entry] = [(None, name, recipe[name], 1) for name in fields if name in recipe]
    while left:
        entry = left.pop()
        value, depth = entry[2], entry[3]
        if isinstance(value, str):
            if bad := _NO_TEXT.search(value):
                sign = "a zero character" if bad[0] == "\0" else "half a character"
                raise RecipeError(f"“{_spelled(_path(entry))}” in the recipe holds {sign}.")
        elif isinstance(value, dict | list | tuple):
            if depth > _DEEPEST:
                place = _spelled(_path(entry)[:4])
                raise RecipeError(f"“{place}” in the recipe is nested too deeply.")
            if isinstance(value, dict):
                if any(_NO_TEXT.search(str(name)) for name in value):
                    place = _spelled(_path(entry))
                    raise RecipeError(f"“{place}” in the recipe has a name that is no text.")
                left.extend((entry, name, inner, depth + 1) for name, inner in value.items())
            else:
                left.extend((entry, index, inner, depth + 1) for index, inner in enumerate(value))


def _path(entry: _Entry) -> list[Any]:
    above, name = entry[0], entry[1]
    return [*(_path(above) if above is not None else ()), name]
