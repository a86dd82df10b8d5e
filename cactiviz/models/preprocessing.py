"""Preprocessing as a text: parsed, formatted, and completed by defaults.

``imagenet,size=299,resize=squash``: the name of a usual way, then what differs, commas between.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from cactiviz.errors import ModelError
from cactiviz.types import Preprocessing

#: Smallest and largest side of a network's input that can be typed, in pixels.
SIDES = (8, 2048)
#: How the colours of a picture, 0..1 each, are scaled: a usual way's name -> mean and std.
COLOURS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "imagenet": ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "inception": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "unit": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "bytes": ((0.0, 0.0, 0.0), (1 / 255, 1 / 255, 1 / 255)),
    "clip": ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)),
}
_TOLD = {
    "imagenet": "colours scaled as for ImageNet",
    "inception": "colours from −1 to 1",
    "unit": "colours from 0 to 1",
    "bytes": "colours from 0 to 255",
    "clip": "colours scaled as for CLIP",
}
_RESIZES = {
    "crop": "the middle of the picture",
    "squash": "the whole picture squashed",
    "squash_crop": "the middle of the squashed picture",
}
_INTERPOLATIONS = ("bilinear", "bicubic")
_FORM = (
    "such as imagenet, inception or size=224,mean=0.5/0.5/0.5,std=0.5/0.5/0.5,resize=squash,"
    "interpolation=bicubic,crop=0.9"
)


def parts_of(text: str) -> dict[str, Any]:
    """Parse the fields of a :class:`~cactiviz.types.Preprocessing` in a text.

    Args:
        text: One of :data:`COLOURS`, and ``size=224`` or ``size=HEIGHTxWIDTH``, ``mean=``, ``std=``
            (one number, or three with / between, for pictures of 0..1), ``resize=`` (crop, squash
            or squash_crop), ``crop=`` (a share of the side) and ``interpolation=``.

    Raises:
        ModelError: It isn't of this form.

    >>> parts_of("unit,size=96x128")["input_size"]
    (96, 128)
    """
    fields: dict[str, Any] = {}
    for word in filter(None, (part.strip() for part in text.split(","))):
        key, sign, value = (part.strip() for part in word.partition("="))
        if not sign and key.casefold() in COLOURS:
            fields["mean"], fields["std"] = COLOURS[key.casefold()]
            continue
        field = _field(key.casefold(), value) if sign else None
        if field is None:
            raise ModelError(f"“{word}” is no preprocessing; write it {_FORM}.")
        fields |= field
    if not fields:
        raise ModelError(f"No preprocessing is said; write it {_FORM}.")
    return fields


def text_of_preprocessing(preprocessing: Preprocessing) -> str:
    """Format a preprocessing completely, as :func:`parts_of` reads it to the last digit.

    >>> text_of_preprocessing(Preprocessing((96, 128), "squash", 1.0))
    'imagenet,size=96x128,resize=squash,crop=1.0,interpolation=bilinear'
    """
    mean, std = preprocessing.mean, preprocessing.std
    usual = _usual(preprocessing)
    colours = usual or f"mean={'/'.join(map(repr, mean))},std={'/'.join(map(repr, std))}"
    height, width = preprocessing.input_size
    return (
        f"{colours},size={height}x{width},resize={preprocessing.resize},"
        f"crop={preprocessing.crop_pct!r},interpolation={preprocessing.interpolation}"
    )


def completed(
    given: Preprocessing | str | None, usual: Preprocessing
) -> tuple[Preprocessing, tuple[str, ...]]:
    """A complete preprocessing, and a sentence on the assumed parts, if any.

    Args:
        given: A preprocessing, parts of one as a text, or None.
        usual: Defaults of the other parts.

    Raises:
        ModelError: What was said can't be used.
    """
    if isinstance(given, Preprocessing):
        return given, ()
    parts = parts_of(given) if given else {}
    try:
        whole = replace(usual, **parts)
    except ValueError as error:
        raise ModelError(f"“{given}” is no usable preprocessing.") from error
    assumed = told(whole, parts)
    if not assumed:
        return whole, ()
    begin = (
        "Of how it is to be given pictures not all was said; assumed:"
        if parts
        else "How it is to be given pictures wasn’t said; assumed:"
    )
    return whole, (f"{begin} {assumed}. If it was trained otherwise, its answers are off.",)


def told(preprocessing: Preprocessing, but: Mapping[str, Any] | None = None) -> str:
    """A preprocessing in plain words, without the fields in ``but``.

    >>> told(Preprocessing((224, 224)))
    '224 × 224 pixels, the middle of the picture, colours scaled as for ImageNet'
    """
    but = but or {}
    height, width = preprocessing.input_size
    parts = []
    if "input_size" not in but:
        parts.append(f"{width} × {height} pixels")
    if "resize" not in but:
        parts.append(_RESIZES[preprocessing.resize])
    others = {"mean", "std"} - set(but)
    if len(others) == 2:
        parts.append(_TOLD.get(_usual(preprocessing), "colours scaled in its own way"))
    elif others:
        parts.append(f"the usual {others.pop()} of its architecture")
    return ", ".join(parts)


def _usual(preprocessing: Preprocessing) -> str:
    colours = preprocessing.mean, preprocessing.std
    return next((name for name, usual in COLOURS.items() if usual == colours), "")


def _field(key: str, value: str) -> dict[str, Any] | None:
    if key == "size" and (size := re.fullmatch(r"(\d{1,5})(?:\s*[x×]\s*(\d{1,5}))?", value)):
        sides = int(size[1]), int(size[2] or size[1])
        return {"input_size": sides} if SIDES[0] <= min(sides) <= max(sides) <= SIDES[1] else None
    if key in ("mean", "std"):
        numbers = [_number(part) for part in value.split("/")]
        three = numbers * 3 if len(numbers) == 1 else numbers
        usable = len(three) == 3 and all(n is not None for n in three)
        if not usable or (key == "std" and min(n or 0 for n in three) <= 0):
            return None
        return {key: tuple(three)}
    if key == "resize" and value.casefold() in _RESIZES:
        return {"resize": value.casefold()}
    if key == "interpolation" and value.casefold() in _INTERPOLATIONS:
        return {"interpolation": value.casefold()}
    share = _number(value)
    if key == "crop" and share is not None and 0 < share <= 1:
        return {"crop_pct": share}
    return None


def _number(text: str) -> float | None:
    """A number of usual size, or None."""
    with suppress(ValueError):
        return number if abs(number := float(text)) < 1e6 else None  # also for NaN
    return None
