"""The layers that a session has chosen for its networks, and what is said when one is dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from cactiviz.methods import METHODS, method_of
from cactiviz.ui import texts
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import state

#: (network, layer) pairs.
Layers = tuple[tuple[str, str], ...]


def of(models: Sequence[str]) -> Layers:
    """Those of these networks, in their order; of others each network's own choice counts."""
    kept = _kept()
    return tuple((name, kept[name]) for name in models if name in kept)


def choose(model: str, layer: str | None) -> None:
    """Choose a network's layer; None for its own choice."""
    others = {name: one for name, one in _kept().items() if name != model}
    st.session_state[state.LAYER] = {**others, model: layer} if layer else others


def drop(models: Sequence[str]) -> None:
    """Let go of the layers of networks that aren't chosen any more, and note that it is said.

    While no network is chosen all are kept: somebody is about to choose.
    """
    gone = {name: layer for name, layer in _kept().items() if name not in models}
    if not models or not gone:
        return
    for name in gone:
        choose(name, None)
    here = set(catalog.names())
    said = [texts.layer_dropped(layer, catalog.title(n), n in here) for n, layer in gone.items()]
    st.session_state[state.DROPPED] = None, said


def said_of(key: object, layers: Layers, views: Sequence[str]) -> list[str]:
    """What must be said above the maps of chosen layers that don't count, one sentence each.

    Args:
        key: Of what is chosen. What was dropped is said until something else is chosen.
        layers: Those that are chosen now.
        views: The views that are shown.
    """
    when, said = st.session_state.get(state.DROPPED) or (None, [])
    if said and when is None:
        st.session_state[state.DROPPED] = key, said
    elif said and when != key:
        st.session_state.pop(state.DROPPED)
        said = []
    if layers and not any(_is_at_a_layer(view) for view in views):
        return [*said, texts.NO_VIEW_AT_A_LAYER]
    return list(said)


def _is_at_a_layer(view: str) -> bool:
    method = METHODS.get(method_of(view))
    return method is not None and "activations" in method.needs


def _kept() -> Mapping[str, str]:
    kept: Mapping[str, str] = st.session_state.get(state.LAYER) or {}
    return kept
