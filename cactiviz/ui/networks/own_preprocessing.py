"""The part of the form for a network of one's own that asks how it is given pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

from cactiviz.errors import ModelError
from cactiviz.models.preprocessing import SIDES, parts_of
from cactiviz.ui import texts

_OWN_COLOURS = "own"


def ask(key: Callable[[str], str]) -> None:
    """Show the fields, folded away; each is empty at first, for what is usual.

    Args:
        key: A field's name -> its key in the session.
    """
    with st.expander(texts.OWN_PREPARED):
        st.caption(texts.OWN_PREPARED_ABOUT)
        st.number_input(
            texts.OWN_SIZE,
            min_value=SIDES[0],
            max_value=SIDES[1],
            value=None,
            step=1,
            placeholder=texts.OWN_USUAL,
            help=texts.OWN_SIZE_HELP,
            key=key("size"),
        )
        colours = _select(
            texts.OWN_COLOURS, texts.OWN_COLOUR_WAYS, key("colours"), texts.OWN_COLOURS_HELP
        )
        if colours == _OWN_COLOURS:
            with st.container(horizontal=True):
                st.text_input(texts.OWN_MEAN, help=texts.OWN_THREE_HELP, key=key("mean"))
                st.text_input(texts.OWN_STD, help=texts.OWN_THREE_HELP, key=key("std"))
        _select(texts.OWN_RESIZE, texts.OWN_RESIZE_WAYS, key("resize"))
        _select(texts.OWN_INTERPOLATION, texts.OWN_INTERPOLATION_WAYS, key("interpolation"))


def text(key: Callable[[str], str]) -> str:
    """What the fields say, as a checkpoint takes it; empty if nothing was chosen.

    Raises:
        ModelError: Mean or std aren't numbers.
    """
    filled = st.session_state
    words = []
    colours = filled.get(key("colours"))
    if colours == _OWN_COLOURS:
        words += [f"{name}={_three(filled.get(key(name)) or '', name)}" for name in ("mean", "std")]
    elif colours:
        words.append(colours)
    if filled.get(key("size")) is not None:
        words.append(f"size={int(filled[key('size')])}")
    for name in ("resize", "interpolation"):
        if filled.get(key(name)):
            words.append(f"{name}={filled[key(name)]}")
    return ",".join(words)


def _three(typed: str, name: str) -> str:
    said = "/".join(typed.replace("/", " ").replace(",", " ").split())
    try:
        parts_of(f"{name}={said}")
    except ModelError as error:
        raise ModelError(texts.OWN_NOT_THREE) from error
    return said


def _select(label: str, ways: Mapping[str, str], key: str, about: str | None = None) -> str | None:
    return st.selectbox(
        label,
        list(ways),
        index=None,
        placeholder=texts.OWN_USUAL,
        format_func=lambda way: ways[way],
        help=about,
        key=key,
    )
