"""Class names, from any file that lists them: lines, tables, YAML, JSON or Python."""

from __future__ import annotations

import ast
import codecs
import csv
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from cactiviz.errors import WeightsError

_MOST_CLASSES = 1_000_000


def _counts_all(numbers: Iterable[int]) -> bool:
    """Whether these are all integers from 0, or from 1, in any order."""
    count = len(ordered := sorted(numbers))
    return ordered in (list(range(count)), list(range(1, count + 1)))


def _in_order(pairs: Sequence[tuple[int, str]]) -> Sequence[str]:
    """The names by their indices.

    Raises:
        ValueError: An index is missing, or is there twice; the rest of a sentence says which.
    """
    if len(pairs) > _MOST_CLASSES:
        raise ValueError("is too long for class names")
    several = [index for index, times in Counter(index for index, _ in pairs).items() if times > 1]
    if several:
        raise ValueError(f"names the class {several[0]} more than once")
    pairs = sorted(pairs)
    if pairs and pairs[0][0] not in (0, 1):
        raise ValueError(f"begins with the class {pairs[0][0]}, not with 0 or 1")
    for (before, _), (after, _) in pairwise(pairs):
        if after != before + 1:
            raise ValueError(f"has no name for the class {before + 1}")
    return [name for _, name in pairs]


# UTF-32's mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|\?xml|svg)\b", re.IGNORECASE)
WESTERN = "The list isn’t saved as UTF-8; it was read with Windows’s letters of Western Europe."


def text_of(data: bytes, called: str) -> tuple[str, tuple[str, ...]]:
    """Decode a text, and return it with remarks on how it was read.

    Args:
        data: In UTF-8, UTF-16, UTF-32, or Windows's letters of Western Europe.
        called: Name of the file at the beginning of a sentence.

    Raises:
        WeightsError: It isn't text, or is a web page.

    >>> text_of("ça".encode("utf-16"), "It")[0]
    'ça'
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "") or _guessed(data)
    remarks: tuple[str, ...] = ()
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise WeightsError(f"{called} isn't text.") from error
        text, remarks = data.decode("cp1252", "replace"), (WESTERN,)
    text = text.removeprefix("\ufeff")
    if _NOT_TEXT.search(text):
        raise WeightsError(f"{called} isn't text.")
    if _WEB_PAGE.match(text):
        raise WeightsError(f"{called} is a web page, not a list of class names; save its raw text.")
    return text, remarks


def _guessed(data: bytes) -> str:
    """UTF-16 without a mark has a zero in every other byte, where it is in Latin letters."""
    some = data[:2000]
    pairs = len(some) // 2
    if pairs and len(data) % 2 == 0:
        if some[1::2].count(0) > 0.6 * pairs:
            return "utf-16-le"
        if some[::2].count(0) > 0.6 * pairs:
            return "utf-16-be"
    return "utf-8"


#: Headings of a column of names, the likeliest first.
_NAME_HEADS = (
    *("name", "class_name", "classname", "class_names", "label_name", "label_names", "names"),
    *("class", "classes", "label", "labels", "category", "species", "breed", "title"),
)
_INDEX_HEADS = (
    *("", "id", "idx", "index", "class_id", "classid", "class_index", "class_idx", "label_id"),
    *("label_index", "label_idx", "number", "no", "nr", "target", "class", "label", "unnamed: 0"),
)
#: Keys of settings that keep names.
_HOLDERS = (
    *("id2label", "idx_to_class", "index_to_name", "class_to_idx", "label2id", "class_names"),
    *("classnames", "classes", "names", "labels", "label_names", "categories"),
)
#: WordNet's number of a synset.
_SYNSET = re.compile(r"n\d{8}")
#: A class's number.
_NUMBER = re.compile(r"\d{1,9}", re.ASCII)

Pairs = list[tuple[int, str]]


def _names(lines: Sequence[str]) -> Sequence[str]:
    """Class names in a text with one per line, or in a settings file."""
    lines = list(_block(lines)) or lines
    if not lines:
        return ()
    several = [line for line in lines if not re.match(r"#\s", line)] or list(lines)
    if len(several) == 1 and re.search(r"[,;\t]", several[0]):  # a network has two classes at least
        several = [part for part in re.split(r"[,;\t]", several[0]) if part.strip()]
    readers: tuple[Callable[[Sequence[str]], Sequence[str]], ...] = (_synsets, _numbered, _table)
    for read in readers:
        if names := read(several):
            return names
    head = several[0].casefold()
    if len(several) > 1 and head in _NAME_HEADS:
        several = several[1:]
    return [_unquoted(line) for line in several]


def _block(lines: Sequence[str]) -> Iterator[str]:
    """What stands under ``names:`` in a file of settings in YAML: in brackets, or line by line."""
    for begin, line in enumerate(lines, 1):
        key, sign, rest = line.partition(":")
        if sign and key.strip("\"' ").casefold() in _HOLDERS and rest.strip()[:1] in ("", "["):
            following = lines[begin:]
            break
    else:
        return
    if rest.strip().startswith("["):
        inside = " ".join([rest, *following]).strip()[1:].partition("]")[0]
        quote = "'" if "'" in inside else '"'
        yield from next(csv.reader([inside], quotechar=quote, skipinitialspace=True), [])
        return
    for line in following if not rest.strip() else ():
        if not line.startswith("- ") and not re.match(r"\d+\s*:", line):
            return
        yield line.removeprefix("- ")


def _synsets(lines: Sequence[str]) -> Sequence[str]:
    """``n01440764 tench``, also with the class's number between, as Caffe's list has it."""
    parts = [re.split(r"[\s,;:]+", line, maxsplit=2) for line in lines]
    if not all(_SYNSET.fullmatch(part[0]) and len(part) > 1 for part in parts):
        return ()
    if all(len(part) == 3 and _NUMBER.fullmatch(part[1]) for part in parts):
        numbered: Pairs = [(int(part[1]), part[2]) for part in parts]
        return _in_order(numbered)
    return [_unquoted(re.sub(r"^n\d{8}[\s,;:]+", "", line)) for line in lines]


def _numbered(lines: Sequence[str]) -> Sequence[str]:
    """``0 tench``, ``0,tench``, ``0: tench``; the first parts are all classes' numbers."""
    parts = [re.fullmatch(r"(\d{1,9})\s*([:,;|\t=]|\s|[.)]\s)\s*(.*)", line) for line in lines]
    if len(parts) < 2 or not all(parts):
        return ()
    pairs: Pairs = [(int(part[1]), _unquoted(part[3].rstrip(","))) for part in parts if part]
    if _counts_all([index for index, _ in pairs]):
        return _in_order(pairs)
    # "1 cent, 2 cents, 5 cents" are names; of what is set off by a sign, a number is missing
    if any(part and part[2].isspace() and part[2] != "\t" for part in parts):
        return ()
    if any("," in name or ";" in name for _, name in pairs):
        return ()  # a table of more columns, perhaps
    return _in_order(pairs)


def _table(lines: Sequence[str]) -> Sequence[str]:
    """Columns with a heading, or a name and its number."""
    for sign in ("\t", ";", ",", "|", ":"):
        rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=sign)]
        width = len(rows[0])
        if width < 2 or len(rows) < 2 or any(len(row) != width for row in rows):
            continue
        head = [cell.casefold() for cell in rows[0]]
        if head == ["", "0"]:  # pandas's heading of a list without one
            head = ["", "name"]
        with_head = any(cell in _NAME_HEADS for cell in head) and not any(
            map(_NUMBER.fullmatch, head)
        )
        body = rows[1:] if with_head else rows
        columns = list(zip(*body, strict=True))
        if with_head:
            return _headed(head, columns)
        for counted, column in enumerate(columns):  # a name and its number
            if width == 2 and _counts_all([int(c) if _NUMBER.fullmatch(c) else -1 for c in column]):
                other = columns[1 - counted]
                return _in_order([(int(i), n) for i, n in zip(column, other, strict=True)])
    rows = list(csv.reader(lines))
    if all(len(row) == 1 for row in rows) and any(line.startswith('"') for line in lines):
        names = [row[0] for row in rows]
        return names[1:] if names[0].casefold() in _NAME_HEADS else names
    return ()


def _headed(head: Sequence[str], columns: Sequence[Sequence[str]]) -> Sequence[str]:
    numeric = [all(_NUMBER.fullmatch(cell) for cell in column) for column in columns]
    counted = [i for i, name in enumerate(head) if name in _INDEX_HEADS and numeric[i]]
    counted.sort(key=lambda i: not _counts_all([int(cell) for cell in columns[i]]))
    index = counted[0] if counted else None
    others = [i for i in range(len(head)) if i != index]
    named = [i for name in _NAME_HEADS for i in others if head[i] == name and not numeric[i]]
    named += [i for i in others if head[i] in _NAME_HEADS]
    if not named:
        raise ValueError("has no column of names")
    names = columns[named[0]]
    if index is None:
        return list(names)
    return _in_order([(int(i), name) for i, name in zip(columns[index], names, strict=True)])


def _unquoted(name: str) -> str:
    """The name without the quotes around all of it.

    >>> _unquoted("'great white shark'")
    'great white shark'
    """
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'" and name.count(name[0]) == 2:
        return name[1:-1]
    return name


#: The most bytes of a file of class names.
MOST_BYTES = 10_000_000
_LONGEST_NAME = 500  # characters; ImageNet's longest line has 130
_MOST_LINES = 100_000  # of a list; the largest ones in use have some 20,000
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
        bare: All lines of the text, headings too; used as the names where their number fits.
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
        if len(bare) > _MOST_LINES:
            raise ValueError("has more lines than any network has classes")
        names = _literal(text) or _names(bare)
        checked = tuple(_checked(name) for name in names)
    except csv.Error as error:  # of cells that are too long
        raise WeightsError(f"{called} has a line that is no name.") from error
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
            value = read(body)
        except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
            continue
        return _of_object(value)
    if text.startswith("{") or re.match(r"\[\s*(?:['\"{]|$)", text.partition("\n")[0]):
        raise ValueError("begins like JSON or Python, but isn't whole")
    return ()


def _of_object(value: object) -> Sequence[str]:
    if isinstance(value, Mapping):
        held = _held(value)
        return _of_mapping(value) if held is None else _of_object(held)
    if isinstance(value, set | frozenset):
        raise ValueError("is a set, which has no order; write the names in square brackets")
    if not isinstance(value, list | tuple):
        raise ValueError(_SOMETHING_ELSE)
    if value and all(isinstance(part, Mapping) for part in value):
        return _of_records(value)
    if value and all(isinstance(part, list | tuple) and len(part) == 2 for part in value):
        firsts, seconds = zip(*value, strict=True)
        if all(map(_is_index, firsts)):
            return _by_index(firsts, seconds)
        if all(map(_is_index, seconds)):
            return _by_index(seconds, firsts)
    return [_name(part) for part in value]


def _held(settings: Mapping[Any, Any]) -> object:
    """The value under one of the usual keys for class names, or None."""
    held = {key.casefold(): value for key, value in settings.items() if isinstance(key, str)}
    lists = (held.get(key) for key in _HOLDERS)
    return next(
        (listed for listed in lists if isinstance(listed, Mapping | list | tuple) and listed), None
    )


def _of_mapping(mapping: Mapping[Any, Any]) -> Sequence[str]:
    keys, values = list(mapping), list(mapping.values())
    # Folders' names to indices, as ImageFolder's class_to_idx; the names may be numbers, too.
    named = keys and all(isinstance(key, str) for key in keys) and all(map(_is_whole, values))
    if named and (_counts_all(values) or not all(map(_is_index, keys))):
        return _by_index(values, keys)
    if keys and all(map(_is_index, keys)):
        return _by_index(keys, values)
    raise ValueError(_SOMETHING_ELSE)


def _of_records(records: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    """COCO's and others' lists of {"id": 1, "name": "person"}."""
    heads = [key for key in _NAME_HEADS if all(key in record for record in records)]
    counted = [k for k in _IDS if all(k in record and _is_index(record[k]) for record in records)]
    if not heads:
        raise ValueError(_SOMETHING_ELSE)
    names = [record[heads[0]] for record in records]
    return (
        _by_index([record[counted[0]] for record in records], names)
        if counted
        else [*map(_name, names)]
    )


def _by_index(indices: Sequence[Any], names: Sequence[object]) -> Sequence[str]:
    return _in_order([(int(i), _name(name)) for i, name in zip(indices, names, strict=True)])


def _name(value: object) -> str:
    """A name as it stands in JSON or Python: text, a number, or [number of a synset, name]."""
    if isinstance(value, list | tuple) and len(value) == 2 and _SYNSET.fullmatch(str(value[0])):
        value = value[1]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError(_SOMETHING_ELSE)
    return str(value)


def _checked(name: str) -> str:
    name = name.strip()
    if not name:
        raise ValueError("has a class without a name")
    if len(name) > _LONGEST_NAME:
        raise ValueError(f"has a line of {len(name):,} characters, which is no name")
    return name


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_index(value: object) -> bool:
    return _is_whole(value) or (isinstance(value, str) and bool(_NUMBER.fullmatch(value.strip())))
