"""Resolve a class by name or index; a name goes before an index.

A text is a class's exact name first (then in other letters, large or small); only what is nobody's
name is an index. ``index:2`` and ``name:2`` ask for one of them. A number of Python is an index.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable, Sequence

from cactiviz.errors import TargetError, near
from cactiviz.models import ModelSpec
from cactiviz.types import Target

_LONGEST_NUMBER = 20  # digits; more are no index, and slow to read
_FORCED = re.compile(r"\s*(index|name)\s*:(.*)", re.IGNORECASE | re.DOTALL)


def find_target(
    spec: ModelSpec, target: Target | int | str | None
) -> tuple[int | None, int | None]:
    """Indices of the target class (None for the top class) and of its contrast class.

    Raises:
        TargetError: The network has no such class, or both are the same.
    """
    if not isinstance(target, Target):
        return find_class(spec, target), None
    index, against = find_class(spec, target.class_), find_class(spec, target.contrast)
    if against is not None and index is not None:
        check_contrast(spec, index, against)
    return index, against


def notes_on_target(spec: ModelSpec, target: Target | int | str | None) -> tuple[str, ...]:
    """Notes for a text that is one class's name and another one's index.

    Raises:
        TargetError: As for :func:`find_target`.
    """
    wanted = (target.class_, target.contrast) if isinstance(target, Target) else (target,)
    notes = (_note(spec, one) for one in wanted if isinstance(one, str))
    return tuple(dict.fromkeys(filter(None, notes)))


def check_contrast(spec: ModelSpec, index: int, against: int) -> None:
    """Check that a class isn't contrasted with itself: its map would be 0 everywhere.

    Raises:
        TargetError: Both are the same.
    """
    if index == against:
        raise TargetError(f"“{spec.class_name(against)}” can't be held against itself.")


def find_class(spec: ModelSpec, wanted: int | str | None) -> int | None:
    """Index of a class given by name or index; None for the top class.

    Args:
        spec: The network's row.
        wanted: An index; or a text: a class's name, else an index in digits, else a part of a
            name that is set off by commas ("Tinca tinca" of "tench, Tinca tinca").
            ``index:N`` and ``name:NAME`` are one of them alone.

    Raises:
        TargetError: The network has no such class, or several of that name.
    """
    if wanted is None:
        return None
    if not isinstance(wanted, str):
        return _checked(spec, _whole(wanted))
    names = _names(spec)
    named = _named(spec, names, wanted)
    if named is not None:
        return named
    forced = _FORCED.fullmatch(wanted)
    if forced and forced[1].casefold() == "index":
        return _checked(spec, _digits(spec, forced[2]))
    if forced:
        named = _named(spec, names, forced[2])
        if named is not None:
            return named
        raise _no_class(spec, names, forced[2])
    text = _plain(wanted)
    if text.isdecimal() and len(text) < _LONGEST_NUMBER:
        alike = [name for name in names if name.isdecimal() and int(name[:20]) == int(text)]
        if alike and text != str(int(text)):  # "02", where a class is called "2"
            raise TargetError(
                f"{spec.title} has no class “{wanted.strip()}”; write name:{alike[0]} for the "
                f"class “{alike[0]}”, or index:{int(text)} for an index."
            )
        return _checked(spec, int(text))
    parts = [_plain(part) for part in names]
    within = [i for i, name in enumerate(parts) if text in re.split(r",\s*", name)]
    if text and len(within) == 1:
        return within[0]
    raise _no_class(spec, names, wanted)


def _note(spec: ModelSpec, wanted: str) -> str:
    names = _names(spec)
    named = _named(spec, names, wanted)
    text = _plain(wanted)
    forced = _FORCED.fullmatch(wanted)
    if named is None:
        index = find_class(spec, wanted)
        numbers = any(_plain(name).isdecimal() for name in names)
        if forced or index is None or not numbers or not text.isdecimal():
            return ""
        return (
            f"No class is called “{wanted.strip()}”; it is taken for the index of “{names[index]}”."
        )
    alike = [i for i, name in enumerate(names) if i != named and _plain(name) == text]
    if alike:  # ImageNet's dog is called "Cardigan", its jacket "cardigan"
        return (
            f"“{names[named]}” is the class of that name, letter by letter; “{names[alike[0]]}” is "
            f"another one: write index:{alike[0]} for it."
        )
    number = _plain(forced[2]) if forced and forced[1].casefold() == "index" else text
    if not number.isdecimal() or len(number) >= _LONGEST_NUMBER:
        return ""
    index = int(number)
    if index == named or index >= len(names):
        return ""
    called = names[named]
    if number != text:
        return f"“{called}” is the class of that name; the class of index {index} is another one."
    return (
        f"“{called}” is the class of that name; the class of index {index} is “{names[index]}”: "
        f"write index:{index} for it."
    )


def _names(spec: ModelSpec) -> list[str]:
    return [spec.class_name(index) for index in range(max(spec.logits, 2))]


def _named(spec: ModelSpec, names: Sequence[str], wanted: str) -> int | None:
    """The one class of this name: letter by letter, else without regard to large and small.

    Raises:
        TargetError: There are several.
    """
    readings: tuple[Callable[[str], str], ...] = (str, str.strip, _plain)
    for read in readings:
        text = read(wanted)
        found = [index for index, name in enumerate(names) if read(name) == text]
        if len(found) == 1:
            return found[0]
        if found:
            numbers = " and ".join(map(str, found))
            raise TargetError(
                f"{spec.title} calls several classes “{wanted.strip()}”: {numbers}; "
                f"write index:{found[0]}, say."
            )
    return None


def _plain(text: str) -> str:
    """In small letters and one spelling of each sign; full-width digits are digits."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _whole(wanted: object) -> int:
    """Also of NumPy's integers.

    Raises:
        TargetError: It is no whole number.
    """
    try:
        if isinstance(wanted, bool):
            raise TypeError
        return int(operator.index(wanted))  # type: ignore[arg-type]
    except TypeError as error:
        raise TargetError(
            f"A class is asked for by its name or its index, not by {str(wanted)[:40]!r}."
        ) from error


def _digits(spec: ModelSpec, text: str) -> int:
    plain = _plain(text)
    if not plain.isdecimal() or len(plain) >= _LONGEST_NUMBER:
        raise TargetError(
            f"{spec.title} has no class of the index “{text.strip()[:40]}”; it has 0 to "
            f"{max(spec.logits, 2) - 1}."
        )
    return int(plain)


def _checked(spec: ModelSpec, index: int) -> int:
    count = max(spec.logits, 2)
    if not 0 <= index < count:
        raise TargetError(f"{spec.title} has no class {index}; it has 0 to {count - 1}.")
    return index


def _no_class(spec: ModelSpec, names: Sequence[str], wanted: str) -> TargetError:
    return TargetError(f"{spec.title} has no class “{wanted}”{near(wanted, names, _plain)}.")
