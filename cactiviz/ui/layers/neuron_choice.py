"""Which neurons are to be shown: by chance, at a place of the picture, or one by its numbers."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from cactiviz.explanations.neurons import NEURON_METHODS
from cactiviz.methods import METHODS
from cactiviz.types import Neuron
from cactiviz.ui import texts
from cactiviz.ui.address.layers import NeuronsLink
from cactiviz.ui.components import fields
from cactiviz.ui.components.loader import small_component
from cactiviz.ui.layers import columns
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.choice import Choice


def ask(choice: Choice) -> NeuronsLink:
    """Show what can be chosen, and return it without layers."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        titles = {name: METHODS[name].title for name in NEURON_METHODS}
        fields.one_of(texts.NEURON_METHOD, titles, state.NEURON_METHOD)
        way = fields.one_of(texts.NEURON_WAY, texts.NEURON_WAYS, state.NEURON_WAY)
        if way == "chance":
            with st.container(
                horizontal=True, vertical_alignment="center", key="cv-draw", width="content"
            ):
                seed = fields.seed(state.NEURON_SEED)
                st.caption(texts.SEED_SAID.format(seed=seed), width="content")
    if way == "number":
        _ask_number()
    elif way == "place":
        _ask_place(columns.images(choice, {})[columns.PICTURE])
    return replace(NeuronsLink.chosen(), layers=())


def point(pressed: object) -> tuple[float, float] | None:
    """What the browser sent, if it is a place in the picture: (down, across), each 0..1.

    >>> point([0.25, 1]), point([2, 0]), point("here"), point([float("nan"), 0])
    ((0.25, 1.0), None, None, None)
    """
    if not isinstance(pressed, list | tuple) or len(pressed) != 2:
        return None
    if not all(isinstance(value, int | float) and 0 <= value <= 1 for value in pressed):
        return None
    return round(float(pressed[0]), 3), round(float(pressed[1]), 3)


def tell_strongest(neuron: Neuron) -> None:
    """Note which neuron is the strongest; if it is news, run the page again for its numbers."""
    if st.session_state.get(state.NEURON_STRONGEST) != neuron:
        st.session_state[state.NEURON_STRONGEST] = neuron
        st.rerun()


def _ask_place(image: str) -> None:
    """The picture with a place marked, chosen by a click, a tap or the arrow keys."""
    at = st.session_state.setdefault(state.NEURON_AT, (0.5, 0.5))
    data = {"image": image, "at": list(at), "label": texts.POINT_LABEL, "help": texts.POINT_HELP}
    pressed = small_component("layers", "point_picker")(
        data=data, key="point", on_pressed_change=lambda: None
    ).pressed
    if (chosen := point(pressed)) is not None:
        st.session_state[state.NEURON_AT] = chosen


def _ask_number() -> None:
    """The numbers of one neuron; those of the strongest are shown once known."""
    own = bool(st.session_state.setdefault(state.NEURON_OWN, False))
    strongest = st.session_state.get(state.NEURON_STRONGEST)
    if not own and strongest is not None:
        st.session_state.update(zip(state.NEURON_PARTS, strongest, strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, key in zip(texts.NEURON_PARTS, state.NEURON_PARTS, strict=True):
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
        if own:
            st.button(texts.STRONGEST, on_click=_choose_strongest)
        else:
            st.caption(texts.STRONGEST_SHOWN, width="content")


def _choose_own() -> None:
    """Once a number is changed, the others stay as they are; one that is taken out ends that."""
    parts = [st.session_state.get(key) for key in state.NEURON_PARTS]
    st.session_state[state.NEURON_OWN] = None not in parts


def _choose_strongest() -> None:
    st.session_state[state.NEURON_OWN] = False
