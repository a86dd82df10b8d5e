"""What the address of Animate says besides a picture: what moves, and how it is painted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import streamlit as st

from cactiviz.batch.presets import PRESETS
from cactiviz.datasets import DATASETS
from cactiviz.errors import CactivizError
from cactiviz.methods import FILTERS, METHODS, VIEWS
from cactiviz.models import MODELS
from cactiviz.recipes.kinds import Kind, Number, OneOf, Sides, Switch, Text, Whole
from cactiviz.recipes.request import Style
from cactiviz.ui import texts as shared
from cactiviz.ui.address import texts
from cactiviz.ui.address.link import LOOK, of_style
from cactiviz.ui.address.parameter import (
    KnownNames,
    PageLink,
    Parameter,
    Query,
    in_session,
    read,
    to_query,
    with_values,
)
from cactiviz.ui.brought import current
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state

FIRST_PRESET = "cactinet"
KINDS = tuple(shared.FILM_KINDS)
MOST_METHODS, MOST_EACH = 3, 100
TOPS = (2, 5)  #: The fewest and the most answers of a picture.
FIRST_TOP = 3
PANELS = tuple(shared.FILM_PIXELS)
LOOPS = tuple(shared.FILM_LOOPS)
MOST_COLUMNS = 14
LONGEST_TITLE = 120
SECONDS = (0.1, 5.0)

_LONGEST_CLASSES = 4000
_BETWEEN = "|"  # classes, whose names may have blanks
_NO_TITLE = "-"  # an empty parameter would be one that is left out


class _Classes(Text):
    """Names of classes, with a sign between that none of them has."""

    def text(self, value: tuple[str, ...]) -> str:
        return _BETWEEN.join(value) if can_be_said(value) else ""

    def parse(self, text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(text.split(_BETWEEN)))
        if not all(names) or not can_be_said(names):
            raise ValueError("give names of classes")
        return names


class _Title(Text):
    """A line of text; a dash for none."""

    def text(self, value: str) -> str:
        return value or _NO_TITLE

    def parse(self, text: str) -> Any:
        return "" if text == _NO_TITLE else super().parse(text)


class _Side(Sides):
    """One of the sizes that panels have in the app."""

    def parse(self, text: str) -> tuple[int, int]:
        side = OneOf(PANELS).parse(text)
        return side, side


def _only(kind: str, name: str, empty: Any) -> Callable[[FilmLink], Any]:
    """Takes an attribute that only one kind of film has."""
    return lambda link: getattr(link, name) if link.kind == kind else empty


def style_key(name: str) -> str:
    """What the session remembers a field of the style by."""
    return state.FILM_LOOK + name


def _of_style(key: str, name: str, kind: Kind) -> Parameter:
    return Parameter(key, f"style.{name}", kind, style_key(name))


#: The parameters that say what its choices began from.
_BEGINS = (
    Parameter("preset", "preset", OneOf(tuple(PRESETS)), state.FILM_PRESET),
    Parameter("frames", "kind", OneOf(KINDS), state.FILM_KIND),
)
#: Its other parameters.
_ROWS = (
    Parameter(
        "set",
        "dataset",
        OneOf(tuple(DATASETS)),
        state.FILM_SET,
        _only("pictures", "dataset", ""),
    ),
    Parameter(
        "classes", "classes", _Classes(_LONGEST_CLASSES), of=_only("pictures", "classes", ())
    ),
    Parameter("each", "each", Whole(1, MOST_EACH), state.FILM_EACH, _only("pictures", "each", "")),
    Parameter("networks", "models", KnownNames(tuple(MODELS), texts.LINK_NETWORK, as_named=True)),
    Parameter(
        "views", "methods", KnownNames(VIEWS, texts.LINK_VIEW, as_named=True), state.FILM_METHODS
    ),
    Parameter("whole", "whole", Switch(), state.FILM_WHOLE),
    Parameter("answers", "top", Whole(*TOPS), state.FILM_TOP, _only("answers", "top", "")),
    *(replace(of_style(name), state=style_key(name)) for name in LOOK),
    Parameter("ground", "ground", OneOf(("", "light", "dark"))),
    _of_style("title", "heading", _Title(LONGEST_TITLE)),
    Parameter("size", "style.panel", _Side()),
    _of_style("columns", "columns", Whole(0, MOST_COLUMNS)),
    _of_style("captions", "captions", Switch()),
    _of_style("seconds", "seconds", Number(*SECONDS, 1)),
    _of_style("loop", "loop", OneOf(LOOPS)),
)


@dataclass(frozen=True)
class FilmLink(PageLink):
    """What is animated; each default is what its preset says.

    Attributes:
        preset: What the choices began from.
        kind: What changes from frame to frame.
        dataset: Where pictures come from, if they do change.
        classes: Of it; empty for those that it opens with.
        each: Pictures of each class at most.
        models: Names of networks, in the order of their columns.
        methods: Names of views, in the order of their rows.
        whole: Networks are shown the whole of each picture.
        top: How many answers of a picture, if these change.
        style: How it is painted, but for light or dark.
        ground: "light" or "dark"; empty for what the screen is.
    """

    preset: str
    kind: str
    dataset: str
    classes: tuple[str, ...]
    each: int
    models: tuple[str, ...]
    methods: tuple[str, ...]
    whole: bool
    top: int
    style: Style
    ground: str = ""
    rows: ClassVar = (*_BEGINS, *_ROWS)

    @classmethod
    def of(cls, preset: str, kind: str = KINDS[0]) -> Self:
        """What a preset begins with; a film of layers has its first network alone.

        >>> FilmLink.of("cactinet").models
        ('cactinet',)
        """
        usual = PRESETS[preset]
        methods = usual.question.methods[:MOST_METHODS]
        side = min(PANELS, key=lambda side: abs(side - usual.style.panel[1]))
        return cls(
            preset=preset,
            kind=kind,
            dataset=usual.dataset,
            classes=(),
            each=usual.each,
            models=usual.networks[:1] if kind == "layers" else usual.networks,
            methods=tuple(method for method in methods if method in methods_of(kind))
            or methods[:1],
            whole=usual.question.resize == "squash",
            top=FIRST_TOP,
            style=replace(usual.style, panel=(side, side), squash=False, dark=False),
        )

    def query(self) -> Query:
        """Its parameters; what the preset says anyway is left out.

        >>> replace(FilmLink.of("cactinet"), each=3, classes=("cactus", "no cactus")).query()
        {'classes': 'cactus|no cactus', 'each': '3'}
        """
        first = FilmLink.of(self.preset, self.kind)
        begins = to_query(self, _BEGINS, FilmLink.of(FIRST_PRESET))
        return {**begins, **to_query(self, _ROWS, first)}

    @classmethod
    def read(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """Of some parameters, and a plain sentence for each that can't be used.

        >>> FilmLink.read({"frames": "layers", "loop": "4"})[1]
        ["The link's number of times “4” is none, so it was ignored."]
        """
        begins, wrong = read(query, _BEGINS)
        first = cls.of(begins.get("preset", FIRST_PRESET), begins.get("kind", KINDS[0]))
        views = KnownNames(methods_of(first.kind), texts.LINK_VIEW, as_named=True)
        rows = [replace(row, kind=views) if row.key == "views" else row for row in _ROWS]
        rows.sort(key=lambda row: row.key not in ("networks", "views"))  # which is said first
        values, more = read(query, rows)
        if len(values.get("methods", ())) > MOST_METHODS:
            more.append(texts.LINK_VIEWS.format(most=MOST_METHODS))
            values["methods"] = values["methods"][:MOST_METHODS]
        if first.kind == "layers" and "models" in values:
            values["models"] = values["models"][:1]
        return with_values(first, values), wrong + more

    @classmethod
    def chosen(cls) -> Self:
        """What the session has chosen; the first preset until there is anything."""
        if state.FILM_KIND not in st.session_state:
            return cls.of(FIRST_PRESET)
        first = cls.of(str(st.session_state.get(state.FILM_PRESET) or FIRST_PRESET), kind())
        values = {name: value for name, value in in_session(cls.rows).items() if value != ()}
        if "style.heading" in values:
            values["style.heading"] = " ".join(str(values["style.heading"]).split())
        side = int(st.session_state.get(style_key("panel")) or first.style.panel[0])
        travels = current.film_source() != "upload" and not _stays_here()
        in_table = tuple(name for name in models() if name in MODELS)  # not those of the user's own
        values |= {
            "style.panel": (side, side),
            "dataset": _set() if travels else first.dataset,
            "classes": classes() if travels else (),
            "models": in_table or first.models,
            "ground": ground(),
        }
        return with_values(first, values)

    def choose(self) -> None:
        """Let the session choose it."""
        super().choose()
        several = FilmLink.of(self.preset).models if self.kind == "layers" else self.models
        values: dict[str, Any] = {
            state.FILM_SOURCE: "set",
            state.FILM_ONE: self.models[0],
            state.FILM_MODELS: list(several),
            style_key("panel"): self.style.panel[0],
            style_key("dark"): (self.ground or _screen()) == "dark",
            state.FILM_CLASSES: list(self.classes),
        }
        for key, value in values.items():
            st.session_state[key] = value
        if not self.classes:
            st.session_state.pop(state.FILM_CLASSES)


def methods_of(kind: str) -> tuple[str, ...]:
    """The views that can be animated; of layers those that are taken at a layer.

    >>> "saliency" in methods_of("layers"), "filters" in methods_of("pictures")
    (False, False)
    """
    every = tuple(view for view in VIEWS if view != FILTERS)
    if kind != "layers":
        return every
    return tuple(method for method in every if METHODS[method].needs == {"activations"})


def can_be_said(classes: tuple[str, ...]) -> bool:
    """Whether a link has room for these classes, and their names leave its signs alone.

    >>> can_be_said(("a b", "c")), can_be_said(("a|b",))
    (True, False)
    """
    text = _BETWEEN.join(classes)
    return len(text) <= _LONGEST_CLASSES and not any(
        _BETWEEN in name or not name.isprintable() or name != name.strip() for name in classes
    )


def kind() -> str:
    """What changes from frame to frame."""
    return str(st.session_state.get(state.FILM_KIND) or "pictures")


def models() -> list[str]:
    """The names of the networks chosen."""
    get = st.session_state.get
    return [str(get(state.FILM_ONE))] if kind() == "layers" else list(get(state.FILM_MODELS) or ())


def can_travel() -> bool:
    """Whether a link can name a film's data set and classes."""
    return not _stays_here() and can_be_said(classes())


def classes() -> tuple[str, ...]:
    """The classes chosen; none where they are those that the data set opens with."""
    names = tuple(st.session_state.get(state.FILM_CLASSES) or ())
    with suppress(CactivizError):
        if library.is_here(_set()) and list(names) == library.opening_first(library.opened(_set())):
            return ()
    return names


def ground() -> str:
    """Whether a film is "light" or "dark"; nothing where it is as the screen."""
    dark = st.session_state.get(style_key("dark"))
    now = _screen() if dark is None else "dark" if dark else "light"
    return "" if now == _screen() else now


def _stays_here() -> bool:
    """Whether the data set is this session's alone, or a folder of this computer."""
    return _set() == library.LIVE or (_set() == library.FOLDER and bool(state.place()))


def _set() -> str:
    return str(st.session_state.get(state.FILM_SET) or library.UNNAMED_ITEM.dataset)


def _screen() -> str:
    return st.context.theme.type or "light"
