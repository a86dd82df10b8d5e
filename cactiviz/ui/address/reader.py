"""Parameters of an address, read with care: what makes no sense is one sentence, and left out."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TypeVar

from cactiviz.ui import texts

Query = dict[str, str]
T = TypeVar("T")

_SHOWN = 40  # characters of what a link says, in a sentence about it
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,6})?")


class Parameters:
    """What an address says, and what is wrong with it.

    Args:
        query: By name; an empty one counts as left out.
        longest: The most characters of those that may hold any text.
    """

    def __init__(self, query: Mapping[str, str], longest: Mapping[str, int]) -> None:
        self._said = {key: value for key, value in query.items() if value}
        self.wrong: list[str] = []  #: A plain sentence for each that can't be used.
        for key, most in longest.items():
            if key in self._said and not _is_text(self._said[key], most):
                self.wrong.append(texts.link_unreadable(key))
                del self._said[key]

    def text(self, key: str, right: Callable[[str], bool] = bool) -> str:
        """A parameter as it is, if it is right; else nothing.

        >>> Parameters({"layer": "a b"}, {}).text("layer", str.isalpha)
        ''
        """
        value = self._said.get(key, "")
        if not value or right(value):
            return value
        self.wrong.append(texts.link_wrong(key, _short(value)))
        return ""

    def one_of(self, key: str, known: Collection[T], first: T) -> T:
        """The one of some that a parameter names; the first where it names none.

        >>> Parameters({"size": "320"}, {}).one_of("size", (248, 320), 248)
        320
        """
        by_text = {str(option): option for option in known}
        return by_text.get(self.text(key, lambda text: text in by_text), first)

    def number(self, key: str, low: float, high: float, first: float) -> float:
        """A number from low to high, or the first.

        >>> Parameters({"strength": "0.8"}, {}).number("strength", 0, 1, 0.5)
        0.8
        """
        value = self.text(key, lambda text: _is_number(text) and low <= float(text) <= high)
        return float(value) if value else first

    def whole_number(self, key: str, low: int, high: int, first: int) -> int:
        """As :meth:`number`, without a fraction."""
        value = self.text(key, lambda text: text.isascii() and text.isdigit() and len(text) < 7)
        if value and low <= int(value) <= high:
            return int(value)
        if value:
            self.wrong.append(texts.link_wrong(key, value))
        return first

    def switch(self, key: str, first: bool = False) -> bool:
        """Whether something is on, which is "1", or off, "0"."""
        return self.one_of(key, (0, 1), int(first)) == 1

    def names(
        self, key: str, known: Sequence[str], kind: str, *, as_named: bool = False
    ) -> tuple[str, ...]:
        """Those that are known; one sentence for all others.

        Args:
            key: Of a parameter that names some, with blanks between them.
            known: Every name.
            kind: What an unknown name was taken for.
            as_named: In the link's order; else in the order of those that are known.
        """
        named = list(dict.fromkeys(self._said.get(key, "").replace(",", " ").split()))
        unknown = [name for name in named if name not in known]
        if unknown:
            self.wrong.append(texts.link_unknown(kind, _short(unknown[0]), len(unknown) - 1))
        if as_named:
            return tuple(name for name in named if name in known)
        return tuple(name for name in known if name in named)

    def pairs(
        self, key: str, known: Collection[str], right: Callable[[str], bool]
    ) -> tuple[tuple[str, str], ...]:
        """What is said of some names, each "name:what"; one sentence for all that is wrong.

        >>> Parameters({"layers": "a:x b"}, {}).pairs("layers", ["a", "b"], str.isalpha)
        (('a', 'x'),)
        """
        found, wrong = {}, []
        for piece in self._said.get(key, "").split():
            name, _, what = piece.partition(":")
            if name in known and right(what):
                found[name] = what
            else:
                wrong.append(piece)
        if wrong:
            self.wrong.append(texts.link_wrong(key, _short(wrong[0])))
        return tuple((name, found[name]) for name in known if name in found)


def numbers(text: str) -> tuple[float, ...] | None:
    """Numbers with blanks between them, none below 0; None where something else is there.

    >>> numbers("0.25 1"), numbers("1 nan"), numbers("-1")
    ((0.25, 1.0), None, None)
    """
    pieces = text.split()
    return tuple(map(float, pieces)) if all(map(_is_number, pieces)) else None


def shares(values: Sequence[float]) -> str:
    """Parts of a whole as a link says them: so finely that a pixel of a large picture is told.

    >>> shares((0.25, 1 / 3, 1.0))
    '0.25 0.3333 1'
    """
    return " ".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in values)


def _is_number(text: str) -> bool:
    return text.isascii() and _NUMBER.fullmatch(text) is not None


def _is_text(value: str, longest: int) -> bool:
    return len(value) <= longest and value.isprintable() and value.strip() == value


def _short(value: str) -> str:
    shown = "".join(sign if sign.isprintable() else "?" for sign in value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
