"""Notes on a listing: empty classes, and files that were left out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

_MOST_EMPTY = 5
_MOST_NAMED = 3
_LONGEST_NAME = 60

Failure = Literal[
    "other",
    "archive",
    "hidden",
    "own",
    "empty",
    "listed",
    "nowhere",
    "shut",
    "unnamed",
    "twice",
    "loose",
    "content",
]

_WORDS: dict[Failure, tuple[str, str]] = {
    "other": (
        "1 file is no picture and was left out",
        "{} files are no pictures and were left out",
    ),
    "archive": (
        "1 packed file wasn't looked into; please unpack it to see what it holds",
        "{} packed files weren't looked into; please unpack them to see what they hold",
    ),
    "hidden": ("1 hidden file or folder was left out", "{} hidden files or folders were left out"),
    "own": (
        "1 file or folder is what this command writes, and was left out",
        "{} files or folders are what this command writes, and were left out",
    ),
    "empty": (
        "1 folder holds no picture and was left out",
        "{} folders hold no picture and were left out",
    ),
    "listed": (
        "1 link was left out, as it leads to a folder that is listed already",
        "{} links were left out, as they lead to folders that are listed already",
    ),
    "nowhere": ("1 link leads nowhere and was left out", "{} links lead nowhere and were left out"),
    "shut": (
        "1 file or folder can't be read and was left out",
        "{} files or folders can't be read and were left out",
    ),
    "unnamed": (
        "1 file or folder has a name that can't be shown and was left out; please rename it",
        "{} files or folders have names that can't be shown and were left out; please rename them",
    ),
    "twice": (
        "1 file is there twice under one name; the last one is taken",
        "{} files are there twice under one name; the last one of each is taken",
    ),
    "loose": ("1 picture lies in no folder of a class", "{} pictures lie in no folder of a class"),
    "content": (
        "1 file is taken for a picture by its content, not by its ending",
        "{} files are taken for pictures by their content, not by their endings",
    ),
}


@dataclass(frozen=True)
class Noticed:
    """A file or folder to be mentioned in a note.

    Attributes:
        why: What the note says of it.
        name: Its path within the folder or zip, with forward slashes.
    """

    why: Failure
    name: str


def of_classes(items: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """One sentence for each thing about the classes that a person should know.

    >>> of_classes({"bear": ["1.jpg"], "chimp": []})
    ('The class “chimp” has no picture.', 'All pictures are of one class, “bear”.')
    """
    empty = [name for name, pictures in items.items() if not pictures]
    full = [name for name, pictures in items.items() if pictures]
    notes = [f"The class “{name}” has no picture." for name in empty[:_MOST_EMPTY]]
    if len(empty) > _MOST_EMPTY:
        notes.append(f"{len(empty) - _MOST_EMPTY} more classes have no picture.")
    if len(full) == 1:
        notes.append(f"All pictures are of one class, “{full[0]}”.")
    return tuple(notes)


def of_files(entries: Iterable[Noticed]) -> tuple[str, ...]:
    """One sentence for each reason, with the number of its files and the first few names.

    >>> of_files([Noticed("other", "notes.txt"), Noticed("other", "labels.csv")])
    ('2 files are no pictures and were left out: labels.csv, notes.txt.',)
    """
    names: dict[Failure, list[str]] = {why: [] for why in _WORDS}
    for entry in entries:
        names[entry.why].append(entry.name)
    return tuple(
        f"{_WORDS[why][len(those) > 1].format(len(those))}: {few(sorted(those))}."
        for why, those in names.items()
        if those
    )


def few(names: Sequence[str]) -> str:
    """The first few names, fit to be printed.

    >>> few(["a", "b", "c", "d"])
    'a, b, c, …'
    """
    shown = [_shown(name) for name in names[:_MOST_NAMED]]
    return ", ".join([*shown, *(["…"] if len(names) > _MOST_NAMED else [])])


def _shown(name: str) -> str:
    plain = " ".join(name.encode("utf-8", "backslashreplace").decode().split())
    return plain if len(plain) <= _LONGEST_NAME else f"…{plain[1 - _LONGEST_NAME :]}"
