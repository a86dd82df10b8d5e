"""Reads a list of class names in any of its usual formats."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cactiviz.errors import WeightsError
from cactiviz.models.class_index import counts_all, in_order
from cactiviz.models.class_lines import HOLDERS, NAME_HEADS, NUMBER, SYNSET, names_in_lines
from cactiviz.models.text import text_of

#: The most bytes of a file of class names.
MOST_BYTES = 10_000_000
_LONGEST_NAME = 500  # characters; ImageNet's longest line has 130
#: Lines of a list; the largest ones in use have some 20,000.
MOST_LINES = 100_000
_LONGEST_LITERAL = 2_000_000  # characters; a larger text of Python takes much memory to read
_MOST_COMMAS = 60_000  # of such a text: each item takes two kilobytes
_SOMETHING_ELSE = "holds something else than class names"

#: What stands before a list in a program or a file of settings.
_ASSIGNED = re.compile(r"(?:\w[\w.]*\s*(?::\s*\w[\w\[\], ]*)?=|[\w\"']+\s*:)\s*(?=[\[{(])")
#: Where training files keep settings.
_BESIDE = ("hyper_parameters", "hparams", "config", "args", "meta", "dataset_meta", "metadata")
_IDS = ("id", "index", "class_id", "idx", "label_id")


@dataclass(frozen=True)
class ClassList:
    """Class names in the order of their indices.

    Attributes:
        names: One for each class.
        bare: All lines of the text, including headings and comments; used as the names where
            their number fits.
        remarks: Sentences on how the list was read.
    """

    names: tuple[str, ...]
    bare: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()

    def for_classes(self, count: int) -> tuple[str, ...]:
        """The names for this number of classes; unchanged if neither list fits."""
        return self.bare if len(self.names) != count == len(self.bare) else self.names


def read_class_list(data: bytes, called: str = "The list") -> ClassList:
    r"""Read a list: names in lines, CSV, JSON, or a Python list or dict.

    The format is detected by content. Indices count from 0 or from 1, and every class has one.

    Args:
        data: The file's bytes: UTF-8, UTF-16, or Windows's letters of Western Europe.
        called: Name of the list at the beginning of a sentence.

    Raises:
        WeightsError: It isn't text, holds no names, or an index is missing or there twice.

    >>> read_class_list(b"n01440764 tench, Tinca tinca\nn01443537 goldfish").names
    ('tench, Tinca tinca', 'goldfish')
    >>> read_class_list(b'{"cat": 1, "ant": 0}').names
    ('ant', 'cat')
    """
    if len(data) > MOST_BYTES:
        raise WeightsError(f"{called} is too large for class names.")
    text, remarks = text_of(data, called)
    try:
        bare = tuple(filter(None, map(str.strip, re.split(r"[\r\n]+", text))))
        if len(bare) > MOST_LINES:
            raise ValueError("has more lines than any network has classes")
        names = _literal(text) or names_in_lines(bare)
        checked = tuple(_checked(name) for name in names)
    except ValueError as error:
        raise WeightsError(f"{called} {error}.") from error
    if not checked:
        raise WeightsError(f"{called} holds no class names.")
    return ClassList(checked, bare, remarks)


def class_names_in(content: object) -> tuple[str, ...]:
    """Class names stored beside the weights in a training checkpoint; empty if there are none.

    >>> class_names_in({"epoch": 3, "class_to_idx": {"cat": 0, "dog": 1}})
    ('cat', 'dog')
    """
    if not isinstance(content, Mapping):
        return ()
    for place in (content, *(content.get(key) for key in _BESIDE)):
        held = _held(place) if isinstance(place, Mapping) else None
        try:
            if held is not None:
                return tuple(_checked(name) for name in _of_object(held))
        except ValueError:
            continue
    return ()


def _literal(text: str) -> Sequence[str]:
    """The names in JSON or in Python's notation; none if the text is neither."""
    text = text.strip().rstrip(";,")
    if assigned := _ASSIGNED.match(text):
        text = text[assigned.end() :]
    begins_so = re.match(r"[\[{(]", text) is not None
    body = text
    if re.match(r"\d+\s*:\s*['\"]", text):  # a dict or a list without its brackets
        body = f"{{{text}}}"
    elif text[:1] in ("'", '"') and re.search(r"(?m)^\s*(['\"]).*\1\s*,\s*$", text):
        body = f"[{text}]"
    elif not begins_so:
        return ()
    short = len(body) <= _LONGEST_LITERAL and body.count(",") <= _MOST_COMMAS
    for read in (json.loads, ast.literal_eval) if short else (json.loads,):
        try:
            found = read(body)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        return _of_object(found)
    if text.startswith("{") or re.match(r"\[\s*(?:['\"{]|$)", text.partition("\n")[0]):
        raise ValueError("begins like JSON or Python, but isn't whole")
    return ()


def _of_object(found: object) -> Sequence[str]:
    if isinstance(found, Mapping):
        held = _held(found)
        return _of_mapping(found) if held is None else _of_object(held)
    if isinstance(found, set | frozenset):
        raise ValueError("is a set, which has no order; write the names in square brackets")
    if not isinstance(found, list | tuple):
        raise ValueError(_SOMETHING_ELSE)
    if found and all(isinstance(one, Mapping) for one in found):
        return _of_records(found)
    if found and all(isinstance(one, list | tuple) and len(one) == 2 for one in found):
        firsts, seconds = zip(*found, strict=True)
        if all(map(_is_index, firsts)):
            return _by_index(firsts, seconds)
        if all(map(_is_index, seconds)):
            return _by_index(seconds, firsts)
    return [_name(one) for one in found]


def _held(found: Mapping[Any, Any]) -> object:
    """The value under one of the usual keys for class names, or None."""
    held = {key.casefold(): value for key, value in found.items() if isinstance(key, str)}
    lists = (held.get(key) for key in HOLDERS)
    return next((one for one in lists if isinstance(one, Mapping | list | tuple) and one), None)


def _of_mapping(found: Mapping[Any, Any]) -> Sequence[str]:
    keys, values = list(found), list(found.values())
    # Folders' names to indices, as ImageFolder's class_to_idx; the names may be numbers, too.
    named = keys and all(isinstance(key, str) for key in keys) and all(map(_is_whole, values))
    if named and (counts_all(values) or not all(map(_is_index, keys))):
        return _by_index(values, keys)
    if keys and all(map(_is_index, keys)):
        return _by_index(keys, values)
    raise ValueError(_SOMETHING_ELSE)


def _of_records(found: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """COCO's and others' lists of {"id": 1, "name": "person"}."""
    heads = [key for key in NAME_HEADS if all(key in record for record in found)]
    counted = [k for k in _IDS if all(k in record and _is_index(record[k]) for record in found)]
    if not heads:
        raise ValueError(_SOMETHING_ELSE)
    names = [record[heads[0]] for record in found]
    return (
        _by_index([record[counted[0]] for record in found], names)
        if counted
        else [*map(_name, names)]
    )


def _by_index(indices: Sequence[Any], names: Sequence[object]) -> Sequence[str]:
    return in_order([(int(i), _name(name)) for i, name in zip(indices, names, strict=True)])


def _name(found: object) -> str:
    """A name as it stands in JSON or Python: text, a number, or [number of a synset, name]."""
    if isinstance(found, list | tuple) and len(found) == 2 and SYNSET.fullmatch(str(found[0])):
        found = found[1]
    if isinstance(found, bool) or not isinstance(found, str | int | float):
        raise ValueError(_SOMETHING_ELSE)
    return str(found)


def _checked(name: str) -> str:
    name = name.strip()
    if not name:
        raise ValueError("has a class without a name")
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"has a line of {len(name):,} characters, which is no name")
    return name


def _is_whole(found: object) -> bool:
    return isinstance(found, int) and not isinstance(found, bool)


def _is_index(found: object) -> bool:
    return _is_whole(found) or (isinstance(found, str) and bool(NUMBER.fullmatch(found.strip())))
