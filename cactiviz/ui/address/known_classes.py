"""A class that is explained belongs to the networks that know it: without them it is dropped."""

from __future__ import annotations

import streamlit as st

from cactiviz.ui import texts
from cactiviz.ui.address.link import FIRST_NETWORKS
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import state


def drop_unknown(known: dict[str, str], *, new: bool) -> list[str]:
    """Let go of classes that no chosen network knows; before any widget is made in a run.

    A class that never was known here is left alone: each network says so itself, and which of its
    own is near.

    Args:
        known: The classes that a chosen network has known, by where they are kept; brought up to
            date.
        new: Those chosen count as known before: a link named them besides a network that isn't
            here.

    Returns:
        A plain sentence for each.
    """
    chosen = [*(st.session_state.get(state.MODELS) or FIRST_NETWORKS)]
    chosen += st.session_state.get(state.JOINING, [])
    every = catalog.names()
    there = [name for name in chosen if name in every] or list(FIRST_NETWORKS)
    said = []
    for key in (state.TARGET, state.AGAINST):
        class_ = str(st.session_state.get(key) or "")
        if not class_:
            known.pop(key, None)
        elif any(_knows(name, class_) for name in there):
            known[key] = class_
        elif new or known.get(key) == class_:
            st.session_state[key] = None
            known.pop(key, None)
            said.append(texts.class_unknown(class_, several=len(there) > 1))
    return said


def _knows(network: str, class_: str) -> bool:
    """Whether it may have this class; by its number, it says itself how many it has."""
    names = catalog.class_names(network)
    kind, _, rest = class_.partition(":")
    if not names or class_.strip().isdecimal() or kind == "index":
        return True
    meant = {class_.strip().casefold(), rest.strip().casefold() if kind == "name" else ""}
    return any(name.strip().casefold() in meant for name in names)
