"""The parameters of an address: a row for each, by which it is read, written and kept in a session.

An address is read with care: what makes no sense is one plain sentence, and counts as left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import attrgetter
from typing import Any, ClassVar, Self, TypeVar

import streamlit as st

from cactiviz.recipes.kinds import Kind, Text
from cactiviz.ui.address import texts
from cactiviz.ui.networks.catalog import Layers

Query = dict[str, str]
Value = TypeVar("Value")

_SHOWN = 40  # characters of what a link says, in a sentence about it
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_LAYER = re.compile(r"[\w.]{1,200}(:activation)?")


@dataclass(frozen=True)
class Parameter:
    """One parameter of an address.

    Attributes:
        key: What the address calls it.
        name: The attribute that holds its value, dotted where it is in another value.
        kind: What it may hold.
        state: The session's key of it; empty where the session keeps it in another form.
        of: Takes the value that is written from a link, where it isn't the attribute.
    """

    key: str
    name: str
    kind: Kind
    state: str = ""
    of: Callable[[Any], Any] | None = None

    def text(self, link: object) -> str:
        """What an address says of it; empty for nothing."""
        return self.kind.text((self.of or attrgetter(self.name))(link))


def to_query(link: object, rows: Iterable[Parameter], first: object) -> Query:
    """The parameters of a link, without those that are as in the first one."""
    written = ((row.key, row.text(link), row.text(first)) for row in rows)
    return {key: text for key, text, usual in written if text and text != usual}


def read(query: Mapping[str, str], rows: Iterable[Parameter]) -> tuple[dict[str, Any], list[str]]:
    """What some parameters say, by the attributes' names, and a sentence for each that is wrong.

    A parameter that is empty, or can't be used, counts as left out.
    """
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for row in rows:
        text = query.get(row.key, "")
        if not text:
            continue
        if isinstance(row.kind, Text) and not row.kind.is_readable(text):
            wrong.append(texts.LINK_UNREADABLE.format(part=texts.LINK_PARTS[row.key]))
        elif isinstance(row.kind, KnownNames):
            names, unknown = row.kind.parted(text)
            if names:
                values[row.name] = names
            if unknown:
                sentence = texts.link_unknown(row.kind.title, short(unknown[0]), len(unknown) - 1)
                wrong.append(sentence)
        elif isinstance(row.kind, LayerPairs):
            values[row.name], others = row.kind.parted(text)
            if others:
                wrong.append(_wrong(row, others[0]))
        else:
            try:
                values[row.name] = row.kind.parse(text)
            except ValueError:
                wrong.append(_wrong(row, text))
    return values, wrong


def _wrong(row: Parameter, text: str) -> str:
    return texts.LINK_WRONG.format(part=texts.LINK_PARTS[row.key], value=short(text))


def with_values(link: Value, values: Mapping[str, Any]) -> Value:
    """A link with other values, by the attributes' names, which may be dotted."""
    plain = {name: value for name, value in values.items() if "." not in name}
    for inside in {name.partition(".")[0] for name in values if "." in name}:
        parts = {n.partition(".")[2]: v for n, v in values.items() if n.startswith(f"{inside}.")}
        plain[inside] = replace(getattr(link, inside), **parts)
    return replace(link, **plain)  # type: ignore[type-var]


def in_session(rows: Iterable[Parameter]) -> dict[str, Any]:
    """What the session has chosen, by the attributes' names; nothing of what it hasn't."""
    get = st.session_state.get
    chosen = {row.name: get(row.state) for row in rows if row.state}
    return {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in chosen.items()
        if value is not None and value != []
    }


def choose(link: object, rows: Iterable[Parameter]) -> None:
    """Let the session choose what a link says; before the widgets are made in a run."""
    for row in rows:
        if row.state:
            value = attrgetter(row.name)(link)
            st.session_state[row.state] = list(value) if isinstance(value, tuple) else value


@dataclass(frozen=True)
class PageLink:
    """What one page's address says besides what all have in common; each default is left out.

    Attributes:
        rows: Its parameters.
    """

    rows: ClassVar[tuple[Parameter, ...]]

    def query(self) -> Query:
        """Its parameters."""
        return to_query(self, self.rows, type(self)())

    @classmethod
    def read(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """The link of some parameters, and a plain sentence for each that can't be used."""
        values, wrong = read(query, cls.rows)
        return with_values(cls(), values), wrong

    @classmethod
    def chosen(cls) -> Self:
        """What the session has chosen, as far as a link can hold it."""
        raise NotImplementedError

    def choose(self) -> None:
        """Let the session choose it; before the widgets are made in a run."""
        choose(self, self.rows)


@dataclass(frozen=True)
class KnownNames(Kind):
    """Names that are known, with blanks between; unknown ones are left out.

    Attributes:
        known: Every name.
        title: What an unknown name was taken for.
        as_named: In the link's order; else in the order of those that are known.
    """

    known: Sequence[str]
    title: str
    as_named: bool = False

    def text(self, value: Sequence[str]) -> str:
        """With blanks between, which an address writes as "+"."""
        return " ".join(value)

    def parted(self, text: str) -> tuple[tuple[str, ...], list[str]]:
        """The names that are known, and those that aren't.

        >>> KnownNames(("a", "b"), "a letter").parted("b c,a")
        (('a', 'b'), ['c'])
        """
        named = list(dict.fromkeys(text.replace(",", " ").split()))
        order, others = (named, self.known) if self.as_named else (self.known, named)
        unknown = [name for name in named if name not in self.known]
        return tuple(name for name in order if name in others), unknown


@dataclass(frozen=True)
class LayerPairs(Kind):
    """Layers of networks, each ``NETWORK:LAYER``, with blanks between."""

    known: Collection[str]

    def text(self, value: Layers) -> str:
        """In their order."""
        return " ".join(f"{network}:{layer}" for network, layer in value)

    def parted(self, text: str) -> tuple[Layers, list[str]]:
        """The pairs in the order of the known networks, and the pieces that are none.

        >>> LayerPairs(["a", "b"]).parted("b:y a:x c")
        ((('a', 'x'), ('b', 'y')), ['c'])
        """
        layers, others = {}, []
        for piece in text.split():
            network, _, layer = piece.partition(":")
            if network in self.known and is_layer(layer):
                layers[network] = layer
            else:
                others.append(piece)
        return tuple((name, layers[name]) for name in self.known if name in layers), others


class LayerName(Kind):
    """A layer as :meth:`cactiviz.types.Layer.parse` reads it."""

    def parse(self, text: str) -> str:
        """The layer's name."""
        if not is_layer(text):
            raise ValueError("give a layer's name")
        return text


def is_layer(text: str) -> bool:
    """Whether it could be the name of a layer."""
    return _LAYER.fullmatch(text) is not None


def numbers(text: str) -> tuple[float, ...] | None:
    """Numbers with blanks between them, none below 0; None where something else is there.

    >>> numbers("0.25 1"), numbers("1 nan"), numbers("-1")
    ((0.25, 1.0), None, None)
    """
    pieces = text.split()
    return tuple(map(float, pieces)) if all(map(_NUMBER.fullmatch, pieces)) else None


def shares(values: Sequence[float]) -> str:
    """Parts of a whole as a link says them: so finely that a pixel of a large picture is told.

    >>> shares((0.25, 1 / 3, 1.0))
    '0.25 0.3333 1'
    """
    return " ".join(f"{value:.4f}".rstrip("0").rstrip(".") for value in values)


def short(text: str) -> str:
    """What a link says, as a sentence may repeat it: printable, and of at most 40 characters."""
    shown = "".join(sign if sign.isprintable() else "?" for sign in text)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
