"""A large picture, answered tile by tile: the map over it, with a count, to take home."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.tile import TileAnswers, tile
from cactiviz.models import LoadedModel
from cactiviz.rendering.formats import in_memory
from cactiviz.runtime.queue import Ticket
from cactiviz.types import Cancel, Picture
from cactiviz.ui import texts as shared
from cactiviz.ui.compare import texts
from cactiviz.ui.compare.exports import file_stem
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import polling, state
from cactiviz.ui.sidebar.choice import Choice

#: Sides of a tile to choose from, in pixels of the picture.
SIDES = (16, 24, 32, 48, 64, 96, 128, 192, 256)
_FEWEST = 4  # tiles along the shorter side, from which on a picture is worth it
_SHOWN_WIDTH = 1000  # pixels
_ODD = 0.5  # share of strangers from which on another side is advised

Answer = TileAnswers | polling.Pending | polling.Failure


def button(comparison: Comparison) -> None:
    """The control that asks tile by tile, where a network here can and the picture is large."""
    known = _asked(comparison)
    if known is None or st.session_state.get(state.TILES):
        return
    height, width = comparison.picture.size
    if min(height, width) < _FEWEST * known[1]:
        return
    name, side = known
    strange = comparison.explanations[name].stranger
    st.button(
        texts.ASK_TILES,
        key="tiles button",
        type="primary" if strange else "secondary",
        icon=":material/grid_on:",
        help=shared.plain(texts.ASK_TILES_HELP.format(network=catalog.title(name))),
        on_click=_ask_for,
        args=(side,),
    )


def questions(choice: Choice) -> dict[str, Callable[[], TileAnswers | Ticket[TileAnswers]]]:
    """What is asked besides the comparison: nothing, unless tiles are shown."""
    side = st.session_state.get(state.TILES)
    network = st.session_state.get(state.TILES_OF)
    if not side or network not in choice.models:
        return {}
    picture, done = choice.picture, _count(choice, network, side)
    ask = partial(
        polling.runner().ask,
        catalog.network(network, choice.untrained),
        ("tiles", picture.key, side),
        partial(_work, picture, side, done),
    )
    return {network: ask}


def panel(choice: Choice, comparison: Comparison, answers: Mapping[str, Answer]) -> None:
    """Show the answers, if they are asked for.

    Args:
        choice: What was asked.
        comparison: As far as it has come; says which network is asked.
        answers: To :func:`questions`.
    """
    side = st.session_state.get(state.TILES)
    if not side:
        return
    known = _asked(comparison)
    if known is None:
        if not comparison.explanations:
            return  # nobody has answered yet
        st.info(texts.ASK_TILES_NOBODY)
        _close_button()
        return
    network = known[0]
    if st.session_state.get(state.TILES_OF) != network:
        st.session_state[state.TILES_OF] = network
        st.rerun()  # which asks it
    with st.container(border=True, key="cv-tiles"):
        st.subheader(shared.plain(texts.ASK_TILES_TITLE.format(network=catalog.title(network))))
        _ask_side(comparison.picture)
        answer = answers.get(network, polling.Pending(0))
        if isinstance(answer, polling.Pending):
            done, total = _count(choice, network, side)
            share = done / total if total else 0.0
            st.progress(share, texts.tiles_done(done, total))
        elif isinstance(answer, polling.Failure):
            st.warning(shared.plain(answer.sentence))
        else:
            _show(replace(answer, picture=comparison.picture))
        _close_button()


def _show(found: TileAnswers) -> None:
    st.markdown(f"**{shared.plain(found.summary)}**")
    st.image(found.image(_SHOWN_WIDTH), width="stretch")
    st.caption(shared.plain(texts.ASK_TILES_LEGEND.format(class_name=found.class_name)))
    strangers = float(np.mean(found.strangers))
    if strangers > _ODD:
        st.info(texts.ASK_TILES_ODD)
    for note in found.notes:
        st.caption(shared.plain(note))
    stem = file_stem(found.picture.name)
    with st.container(horizontal=True, gap="small"):
        st.download_button(
            texts.ASK_TILES_PNG,
            lambda: in_memory.png(found.figure()),
            f"{stem} tiles.png",
            "image/png",
            key="tiles png",
            on_click="ignore",
        )
        st.download_button(
            texts.ASK_TILES_JSON,
            lambda: json.dumps(found.to_json(), indent=1, ensure_ascii=False),
            f"{stem} tiles.json",
            "application/json",
            key="tiles json",
            on_click="ignore",
        )


def _ask_side(picture: Picture) -> None:
    """How large a tile is in this picture: what a camera high up shows is smaller."""
    fit = [side for side in SIDES if side * 2 <= min(picture.size)] or [SIDES[0]]
    now = int(st.session_state[state.TILES])
    st.select_slider(
        texts.ASK_TILES_SIDE,
        sorted({*fit, now}),
        value=now,
        format_func=texts.ASK_TILES_SIDES.format,
        key="tiles side",
        help=texts.ASK_TILES_SIDE_HELP,
        on_change=lambda: _ask_for(st.session_state["tiles side"]),
    )


def _close_button() -> None:
    st.button(texts.ASK_TILES_END, key="tiles end", icon=":material/close:", on_click=_ask_for)


def _ask_for(side: int = 0) -> None:
    st.session_state[state.TILES] = side


def _asked(comparison: Comparison) -> tuple[str, int] | None:
    """The first network that learnt from tiles, and their side; None where none did."""
    for name in comparison.models:
        explanation = comparison.explanations.get(name)
        if explanation is not None and explanation.tile_side and not explanation.untrained:
            return name, explanation.tile_side
    return None


def _count(choice: Choice, network: str, side: int) -> list[int]:
    """The tiles done and their total, counted by the worker; equal questions share one."""
    key = (choice.picture.key, network, side)
    kept: tuple[object, list[int]] | None = st.session_state.get(state.TILES_DONE)
    if kept is None or kept[0] != key:
        kept = key, [0, 0]
        st.session_state[state.TILES_DONE] = kept
    return kept[1]


def _work(
    picture: Picture, side: int, done: list[int], model: LoadedModel, cancel: Cancel
) -> TileAnswers:
    """In the worker's thread. The picture isn't kept with the answer: the page has it."""

    def report(count: int, total: int | None) -> None:
        done[:] = count, total or 0

    found = tile(picture, model, side=side, progress=report, cancel=cancel)
    return replace(found, picture=Picture(picture.rgb[:1, :1].copy(), picture.name))
