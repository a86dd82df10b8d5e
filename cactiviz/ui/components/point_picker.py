"""A place in the picture, chosen by a click, a tap or the arrow keys."""

from __future__ import annotations

import streamlit as st

from cactiviz.ui import texts
from cactiviz.ui.components.loader import small_component
from cactiviz.ui.session import state


def ask(image: str) -> tuple[float, float]:
    """Show the picture with the place marked, and return it as (down, across), each 0..1.

    Args:
        image: The picture's address.
    """
    at: tuple[float, float] = st.session_state.setdefault(state.NEURON_AT, (0.5, 0.5))
    data = {"image": image, "at": list(at), "label": texts.POINT_LABEL, "help": texts.POINT_HELP}
    pressed = small_component("components", "point_picker")(
        data=data, key="point", on_pressed_change=lambda: None
    ).pressed
    chosen = checked(pressed)
    if chosen is not None:
        st.session_state[state.NEURON_AT] = at = chosen
    return at


def checked(pressed: object) -> tuple[float, float] | None:
    """What the browser sent, if it is a place in the picture.

    >>> checked([0.25, 1]), checked([2, 0]), checked("here"), checked([float("nan"), 0])
    ((0.25, 1.0), None, None, None)
    """
    if not isinstance(pressed, list | tuple) or len(pressed) != 2:
        return None
    if not all(isinstance(value, int | float) and 0 <= value <= 1 for value in pressed):
        return None
    return round(float(pressed[0]), 3), round(float(pressed[1]), 3)
