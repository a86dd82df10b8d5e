"""How an animation is painted, as it is chosen below it; nothing of it is computed again."""

from __future__ import annotations

from typing import TypeVar

import streamlit as st

from cactiviz.recipes.request import Style
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import SCALES
from cactiviz.ui import texts
from cactiviz.ui.address.animate import (
    LONGEST_TITLE,
    LOOPS,
    MOST_COLUMNS,
    PANELS,
    SECONDS,
    style_key,
)

T = TypeVar("T")


def ask(squash: bool) -> Style:
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
            texts.FILM_STRENGTH,
            0.0,
            1.0,
            step=0.05,
            key=style_key("strength"),
            persist_state="session",
        )
        dark = st.toggle(texts.FILM_DARK, key=style_key("dark"), persist_state="session")
    with second:
        st.header(texts.FILM_FRAME, anchor=False)
        heading = st.text_input(
            texts.FILM_TITLE,
            max_chars=LONGEST_TITLE,
            key=style_key("heading"),
            persist_state="session",
        )
        side = _select(texts.FILM_PANEL, PANELS, "panel", texts.FILM_PIXELS)
        columns = _select(
            texts.FILM_COLUMNS, tuple(range(MOST_COLUMNS + 1)), "columns", texts.FILM_COLUMN_NAMES
        )
        captions = st.toggle(
            texts.FILM_CAPTIONS, key=style_key("captions"), persist_state="session"
        )
    with third:
        st.header(texts.FILM_TIME, anchor=False)
        seconds = st.slider(
            texts.FILM_SECONDS,
            *SECONDS,
            step=0.1,
            key=style_key("seconds"),
            persist_state="session",
        )
        loop = _select(texts.FILM_LOOP, LOOPS, "loop", texts.FILM_LOOPS, texts.FILM_LOOP_HELP)
    return Style(
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
        key=style_key(name),
        persist_state="session",
    )
