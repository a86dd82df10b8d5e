"""How an animation is painted, as it is chosen below it; nothing of it is computed again."""

from __future__ import annotations

from dataclasses import fields
from typing import TypeVar

import streamlit as st

from cactiviz.look import Look
from cactiviz.palettes import PALETTES
from cactiviz.scales import SCALES
from cactiviz.ui import state, texts

T = TypeVar("T")
_PANELS = (120, 160, 200, 248, 320, 400, 512)
_LOOPS = (0, 1, 2, 3, 5, 10)
_MOST_COLUMNS = 14
_LONGEST_TITLE = 120
_HERE = (
    *("scale", "palette", "strength", "columns", "heading"),
    *("captions", "dark", "seconds", "loop"),
)


def begin_with(look: Look) -> None:
    """Let the choices be those of a look, but for light or dark, which the page has already."""
    dark = st.session_state.get(_key("dark"))
    if dark is None:
        dark = (st.context.theme.type or "light") == "dark"
    for field in fields(Look):
        if field.name in _HERE:
            st.session_state[_key(field.name)] = getattr(look, field.name)
    st.session_state[_key("panel")] = min(_PANELS, key=lambda side: abs(side - look.panel[1]))
    st.session_state[_key("dark")] = dark


def ask(squash: bool) -> Look:
    """Show the choices, and return the look.

    Args:
        squash: Whether pictures fill their panels.
    """
    first, second, third = st.columns(3, gap="large")
    with first:
        st.header(texts.FILM_COLOURS, anchor=False)
        scale = _select(texts.FILM_SCALE, SCALES, "scale", texts.FILM_SCALES, texts.FILM_SCALE_HELP)
        palette = _select(texts.FILM_PALETTE, tuple(PALETTES), "palette")
        strength = st.slider(
            texts.FILM_STRENGTH, 0.0, 1.0, step=0.05, key=_key("strength"), persist_state="session"
        )
        dark = st.toggle(texts.FILM_DARK, key=_key("dark"), persist_state="session")
    with second:
        st.header(texts.FILM_FRAME, anchor=False)
        heading = st.text_input(
            texts.FILM_TITLE,
            max_chars=_LONGEST_TITLE,
            key=_key("heading"),
            persist_state="session",
        )
        side = _select(texts.FILM_PANEL, _PANELS, "panel", texts.FILM_PIXELS)
        columns = _select(
            texts.FILM_COLUMNS, tuple(range(_MOST_COLUMNS + 1)), "columns", texts.FILM_COLUMN_NAMES
        )
        captions = st.toggle(texts.FILM_CAPTIONS, key=_key("captions"), persist_state="session")
    with third:
        st.header(texts.FILM_TIME, anchor=False)
        seconds = st.slider(
            texts.FILM_SECONDS, 0.1, 5.0, step=0.1, key=_key("seconds"), persist_state="session"
        )
        loop = _select(texts.FILM_LOOP, _LOOPS, "loop", texts.FILM_LOOPS, texts.FILM_LOOP_HELP)
    return Look(
        scale=scale,
        palette=palette,
        strength=round(float(strength), 2),
        panel=(side, side),
        columns=columns,
        heading=str(heading or "").strip(),
        captions=bool(captions),
        squash=squash,
        dark=bool(dark),
        seconds=round(float(seconds), 1),
        loop=loop,
    )


def _select(
    label: str,
    options: tuple[T, ...],
    name: str,
    titles: dict[T, str] | None = None,
    about: str | None = None,
) -> T:
    known = titles or {}
    return st.selectbox(
        label,
        options,
        format_func=lambda option: known.get(option, str(option)),
        help=about,
        key=_key(name),
        persist_state="session",
    )


def _key(name: str) -> str:
    return state.FILM_LOOK + name
