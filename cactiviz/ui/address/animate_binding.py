"""What the address of Animate and a session have in common."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields
from typing import Any

import streamlit as st

from cactiviz.errors import CactivizError
from cactiviz.models import MODELS
from cactiviz.recipes.style import Style
from cactiviz.ui.address.animate_link import FIRST_PRESET, FilmLink, can_be_said
from cactiviz.ui.address.reader import Query
from cactiviz.ui.brought import current
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state

_OF_LOOK = (  # the rest of a look is asked for elsewhere, or in another form
    *("scale", "palette", "strength", "columns"),
    *("heading", "captions", "seconds", "loop"),
)


def query() -> Query:
    """What Animate's address says of what is chosen there, besides a picture."""
    return _chosen().query() if state.FILM_KIND in st.session_state else {}


def kind() -> str:
    """What changes from frame to frame."""
    return str(st.session_state.get(state.FILM_KIND) or "pictures")


def models() -> list[str]:
    """The names of the networks chosen."""
    get = st.session_state.get
    return [str(get(state.FILM_ONE))] if kind() == "layers" else list(get(state.FILM_MODELS) or ())


def place() -> str:
    """The folder on this computer that the pictures are in, or nothing."""
    return state.place() if _set() == library.FOLDER else ""


def can_travel() -> bool:
    """Whether a link can name a film's data set and classes."""
    return _set() != library.LIVE and can_be_said(classes())


def choose(query: Mapping[str, str]) -> list[str]:
    """Choose what an address says; returns a plain sentence for what can't be used."""
    link, wrong = FilmLink.read(query)
    begin_with(link)
    return wrong


def begin_with(link: FilmLink) -> None:
    """Choose all that a link says; before the widgets are made in a run."""
    values: dict[str, Any] = {
        state.FILM_PRESET: link.preset,
        state.FILM_KIND: link.kind,
        state.FILM_SOURCE: "set",
        state.FILM_SET: link.dataset,
        state.FILM_EACH: link.each,
        state.FILM_ONE: link.models[0],
        state.FILM_MODELS: list(
            FilmLink.of(link.preset).models if link.kind == "layers" else link.models
        ),
        state.FILM_METHODS: list(link.methods),
        state.FILM_WHOLE: link.whole,
        state.FILM_TOP: link.top,
        look_key("panel"): link.style.panel[0],
        look_key("dark"): (link.ground or _screen()) == "dark",
        **{look_key(name): getattr(link.style, name) for name in _OF_LOOK},
    }
    for key, value in values.items():
        st.session_state[key] = value
    if link.classes:
        st.session_state[state.FILM_CLASSES] = list(link.classes)
    else:
        st.session_state.pop(state.FILM_CLASSES, None)


def ground() -> str:
    """Whether a film is "light" or "dark"; nothing where it is as the screen."""
    chosen = st.session_state.get(look_key("dark"))
    now = _screen() if chosen is None else "dark" if chosen else "light"
    return "" if now == _screen() else now


def look_key(name: str) -> str:
    """What the session remembers a field of the look by."""
    return state.FILM_LOOK + name


def _chosen() -> FilmLink:
    get = st.session_state.get
    first = FilmLink.of(str(get(state.FILM_PRESET) or FIRST_PRESET), kind())
    known = tuple(name for name in models() if name in MODELS)  # not those of the user's own
    travels = current.film_source() != "upload" and _set() != library.LIVE
    return FilmLink(
        preset=first.preset,
        kind=first.kind,
        dataset=_set() if travels else first.dataset,
        classes=classes() if travels else (),
        each=int(get(state.FILM_EACH) or first.each),
        models=known or first.models,
        methods=tuple(get(state.FILM_METHODS) or first.methods),
        whole=bool(get(state.FILM_WHOLE)),
        top=int(get(state.FILM_TOP) or first.top),
        style=_look(first.style),
        ground=ground(),
    )


def _look(first: Style) -> Style:
    named = {field.name: getattr(first, field.name) for field in fields(Style)}
    for name in _OF_LOOK:
        chosen = st.session_state.get(look_key(name))
        named[name] = named[name] if chosen is None else chosen
    side = int(st.session_state.get(look_key("panel")) or first.panel[0])
    heading = " ".join(str(named["heading"] or "").split())
    return Style(**{**named, "panel": (side, side), "heading": heading})


def _set() -> str:
    return str(st.session_state.get(state.FILM_SET) or library.first())


def classes() -> tuple[str, ...]:
    """The classes chosen; none where they are those that the data set opens with."""
    chosen = tuple(st.session_state.get(state.FILM_CLASSES) or ())
    with suppress(CactivizError):
        if library.is_here(_set()) and list(chosen) == library.opening_first(
            library.opened(_set())
        ):
            return ()
    return chosen


def _screen() -> str:
    return st.context.theme.type or "light"
