"""What a recipe may hold, as JSON Schema: every recipe is checked against it."""

from __future__ import annotations

from cactiviz.recipes.fields import MAKES, REQUEST, STYLE, of_export, schema_of
from cactiviz.recipes.kinds import (
    HUGE,
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
        "title": text_schema(),
        "from": text_schema(4096),
        "sha256": text_schema(100),
        "name": text_schema(),
        "credit": text_schema(),
        "left_out": text_schema(),
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
_RANGE = list_schema(
    {
        "type": ["number", "string"],
        "pattern": r"^(NaN|-?Infinity)\Z",
        "expected": "a number",
    },
    3,
    least=3,
)
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

_QUESTIONS = {makes: of_export(REQUEST, makes) for makes in MAKES}

#: By what a recipe makes: its fields, as JSON Schema with what is expected in words.
SCHEMAS: dict[str, Schema] = {
    "comparison": object_schema(
        {
            **COMMON,
            "question": schema_of(
                _QUESTIONS["comparison"],
                *dict.fromkeys(
                    row.name.partition(".")[0]
                    for row in _QUESTIONS["comparison"]
                    if not row.optional
                ),
            ),
            "look": schema_of(of_export(STYLE, "comparison")),
            "maps": _mapping(_RANGE, _MOST_MAPS),
        },
        *_NEEDED,
    ),
    "animation": object_schema(
        {
            **COMMON,
            "question": schema_of(_QUESTIONS["animation"], "target", "layer"),
            "look": schema_of(of_export(STYLE, "animation"), "panel"),
        },
        *_NEEDED,
    ),
}
