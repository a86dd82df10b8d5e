"""Reads class names from lines of text: plain, numbered, a table, or a YAML block."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator, Sequence

from cactiviz.models.class_index import counts_all, in_order

#: Headings of a column of names, the likeliest first.
NAME_HEADS = (
    *("name", "class_name", "classname", "class_names", "label_name", "label_names", "names"),
    *("class", "classes", "label", "labels", "category", "species", "breed", "title"),
)
_INDEX_HEADS = (
    *("", "id", "idx", "index", "class_id", "classid", "class_index", "class_idx", "label_id"),
    *("label_index", "label_idx", "number", "no", "nr", "target", "class", "label", "unnamed: 0"),
)
#: Keys of settings that keep names.
HOLDERS = (
    *("id2label", "idx_to_class", "index_to_name", "class_to_idx", "label2id", "class_names"),
    *("classnames", "classes", "names", "labels", "label_names", "categories"),
)
#: WordNet's number of a synset.
SYNSET = re.compile(r"n\d{8}")
#: A class's number.
NUMBER = re.compile(r"\d{1,9}", re.ASCII)

Pairs = list[tuple[int, str]]


def names_in_lines(lines: Sequence[str]) -> Sequence[str]:
    """Class names in a text with one per line, or in a settings file.

    Raises:
        ValueError: A line is far longer than any name.
    """
    try:
        return _names(lines)
    except csv.Error as error:  # of cells that are too long
        raise ValueError("has a line that is no name") from error


def _names(lines: Sequence[str]) -> Sequence[str]:
    lines = list(_block(lines)) or lines
    if not lines:
        return ()
    several = [line for line in lines if not re.match(r"#\s", line)] or list(lines)
    if len(several) == 1 and re.search(r"[,;\t]", several[0]):  # a network has two classes at least
        several = [part for part in re.split(r"[,;\t]", several[0]) if part.strip()]
    readers: tuple[Callable[[Sequence[str]], Sequence[str]], ...] = (_synsets, _numbered, _table)
    for read in readers:
        if found := read(several):
            return found
    head = several[0].casefold()
    if len(several) > 1 and head in NAME_HEADS:
        several = several[1:]
    return [_unquoted(line) for line in several]


def _block(lines: Sequence[str]) -> Iterator[str]:
    """What stands under ``names:`` in a file of settings in YAML: in brackets, or line by line."""
    begin = next((i for i, line in enumerate(lines) if _is_holder(line)), None)
    if begin is None:
        return
    rest = lines[begin].partition(":")[2]
    if rest.strip().startswith("["):
        inside = " ".join([rest, *lines[begin + 1 :]]).strip()[1:].partition("]")[0]
        quote = "'" if "'" in inside else '"'
        yield from next(csv.reader([inside], quotechar=quote, skipinitialspace=True), [])
        return
    for line in lines[begin + 1 :] if not rest.strip() else ():
        if not line.startswith("- ") and not re.match(r"\d+\s*:", line):
            return
        yield line.removeprefix("- ")


def _is_holder(line: str) -> bool:
    key, sign, rest = line.partition(":")
    return bool(sign) and key.strip("\"' ").casefold() in HOLDERS and rest.strip()[:1] in ("", "[")


def _synsets(lines: Sequence[str]) -> Sequence[str]:
    """``n01440764 tench``, also with the class's number between, as Caffe's list has it."""
    parts = [re.split(r"[\s,;:]+", line, maxsplit=2) for line in lines]
    if not all(SYNSET.fullmatch(part[0]) and len(part) > 1 for part in parts):
        return ()
    if all(len(part) == 3 and NUMBER.fullmatch(part[1]) for part in parts):
        numbered: Pairs = [(int(part[1]), part[2]) for part in parts]
        return in_order(numbered)
    return [_unquoted(re.sub(r"^n\d{8}[\s,;:]+", "", line)) for line in lines]


def _numbered(lines: Sequence[str]) -> Sequence[str]:
    """``0 tench``, ``0,tench``, ``0: tench``; the first parts are all classes' numbers."""
    parts = [re.fullmatch(r"(\d{1,9})\s*([:,;|\t=]|\s|[.)]\s)\s*(.*)", line) for line in lines]
    if len(parts) < 2 or not all(parts):
        return ()
    pairs: Pairs = [(int(part[1]), _unquoted(part[3].rstrip(","))) for part in parts if part]
    if counts_all([index for index, _ in pairs]):
        return in_order(pairs)
    # "1 cent, 2 cents, 5 cents" are names; of what is set off by a sign, a number is missing
    if any(part and part[2].isspace() and part[2] != "\t" for part in parts):
        return ()
    if any("," in name or ";" in name for _, name in pairs):
        return ()  # a table of more columns, perhaps
    return in_order(pairs)


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
        with_head = any(cell in NAME_HEADS for cell in head) and not any(
            map(NUMBER.fullmatch, head)
        )
        body = rows[1:] if with_head else rows
        columns = list(zip(*body, strict=True))
        if with_head:
            return _headed(head, columns)
        for counted, column in enumerate(columns):  # a name and its number
            if width == 2 and counts_all([int(c) if NUMBER.fullmatch(c) else -1 for c in column]):
                other = columns[1 - counted]
                return in_order([(int(i), n) for i, n in zip(column, other, strict=True)])
    rows = list(csv.reader(lines))
    if all(len(row) == 1 for row in rows) and any(line.startswith('"') for line in lines):
        names = [row[0] for row in rows]
        return names[1:] if names[0].casefold() in NAME_HEADS else names
    return ()


def _headed(head: Sequence[str], columns: Sequence[Sequence[str]]) -> Sequence[str]:
    numeric = [all(NUMBER.fullmatch(cell) for cell in column) for column in columns]
    counted = [i for i, name in enumerate(head) if name in _INDEX_HEADS and numeric[i]]
    counted.sort(key=lambda i: not counts_all([int(cell) for cell in columns[i]]))
    index = counted[0] if counted else None
    others = [i for i in range(len(head)) if i != index]
    named = [i for name in NAME_HEADS for i in others if head[i] == name and not numeric[i]]
    named += [i for i in others if head[i] in NAME_HEADS]
    if not named:
        raise ValueError("has no column of names")
    names = columns[named[0]]
    if index is None:
        return list(names)
    return in_order([(int(i), name) for i, name in zip(columns[index], names, strict=True)])


def _unquoted(name: str) -> str:
    """The name without the quotes around all of it.

    >>> _unquoted("'great white shark'")
    'great white shark'
    """
    name = name.strip()
    if len(name) > 1 and name[0] == name[-1] and name[0] in "\"'" and name.count(name[0]) == 2:
        return name[1:-1]
    return name
