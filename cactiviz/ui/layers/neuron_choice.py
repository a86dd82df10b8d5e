"""Which neurons are to be shown: by chance, at a place of the picture, or one by its numbers."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from cactiviz.explanations.neurons import NEURON_METHODS
from cactiviz.methods import METHODS
from cactiviz.ui import texts
from cactiviz.ui.address.neurons import FIRST_METHOD
from cactiviz.ui.components import point_picker
from cactiviz.ui.layers import columns
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.sidebar import Choice

HOW_MANY = 10


@dataclass(frozen=True)
class Wanted:
    """Which neurons are shown, whatever the network and the layer.

    Attributes:
        method: One of :data:`~cactiviz.explanations.neurons.NEURON_METHODS`.
        seed: Chooses :data:`HOW_MANY` by chance, where the others are None.
        at: (down, across), in fractions of the picture: the most active ones there.
        neuron: This one alone.
        strongest: The strongest of the layer alone.
    """

    method: str
    seed: int = 1
    at: tuple[float, float] | None = None
    neuron: tuple[int, int, int] | None = None
    strongest: bool = False


def ask_wanted(choice: Choice) -> Wanted:
    """Show what can be chosen, and return it."""
    st.session_state.setdefault(state.NEURON_METHOD, FIRST_METHOD)
    st.session_state.setdefault(state.NEURON_WAY, "chance")
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        chosen = st.segmented_control(
            texts.NEURON_METHOD,
            list(NEURON_METHODS),
            required=True,
            format_func=lambda name: METHODS[name].title,
            key=state.NEURON_METHOD,
            persist_state="session",
        )
        way = st.segmented_control(
            texts.NEURON_WAY,
            list(texts.NEURON_WAYS),
            required=True,
            format_func=lambda name: texts.NEURON_WAYS[name],
            key=state.NEURON_WAY,
            persist_state="session",
        )
        method = chosen or FIRST_METHOD
        if way == "chance":
            return Wanted(method, _ask_seed())
    if way == "number":
        neuron = _ask_number()
        return Wanted(method, neuron=neuron, strongest=neuron is None)
    return Wanted(method, at=point_picker.ask(columns.picture_image(choice.picture.sha256, choice)))


def _ask_seed() -> int:
    st.session_state.setdefault(state.NEURON_SEED, 1)
    seed = int(st.session_state[state.NEURON_SEED])
    with st.container(horizontal=True, vertical_alignment="center", key="cv-draw", width="content"):
        st.button(
            texts.DRAW_AGAIN,
            icon=":material/casino:",
            on_click=state.count_up,
            args=(state.NEURON_SEED,),
        )
        st.caption(texts.seed_said(seed), width="content")
    return seed


def found_strongest(neuron: tuple[int, int, int]) -> bool:
    """Note the strongest neuron, for its numbers to be shown; returns whether it is news."""
    news: bool = st.session_state.get(state.NEURON_STRONGEST) != neuron
    st.session_state[state.NEURON_STRONGEST] = neuron
    return news


def _ask_number() -> tuple[int, int, int] | None:
    """The numbers of one neuron, or None for the strongest; its numbers are shown once known."""
    own = bool(st.session_state.setdefault(state.NEURON_OWN, False))
    strongest = st.session_state.get(state.NEURON_STRONGEST)
    if not own and strongest is not None:
        st.session_state.update(zip(state.NEURON_PARTS, strongest, strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        parts = [
            st.number_input(
                label,
                0,
                value=None,
                step=1,
                key=key,
                on_change=_choose_own,
                persist_state="session",
                width=130,
            )
            for label, key in zip(texts.NEURON_PARTS, state.NEURON_PARTS, strict=True)
        ]
        if own:
            st.button(texts.STRONGEST, on_click=_choose_strongest)
        else:
            st.caption(texts.STRONGEST_SHOWN, width="content")
    channel, row, column = parts
    if not own or channel is None or row is None or column is None:
        return None
    return int(channel), int(row), int(column)


def _choose_own() -> None:
    """Once a number is changed, the others stay as they are; one that is taken out ends that."""
    given = [st.session_state.get(key) for key in state.NEURON_PARTS]
    st.session_state[state.NEURON_OWN] = None not in given


def _choose_strongest() -> None:
    st.session_state[state.NEURON_OWN] = False
