"""What the addresses of Filters and Neurons and a session have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from cactiviz.models import MODELS
from cactiviz.ui.address.layers_link import (
    AT_ONCE,
    FiltersLink,
    Layers,
    NeuronsLink,
    first_convolution,
)
from cactiviz.ui.address.link import FIRST_NETWORKS
from cactiviz.ui.address.reader import Query
from cactiviz.ui.session import state


def filters() -> Query:
    """What Filters' address says of what is chosen there."""
    get, first = st.session_state.get, FiltersLink()
    return FiltersLink(
        layers=_layers(state.FILTER_LAYER, first_convolution),
        order=get(state.FILTER_ORDER) or first.order,
        scale=get(state.MAP_SCALE) or first.scale,
        inputs=get(state.KERNEL_INPUTS) or first.inputs,
        count=int(get(state.FILTER_COUNT) or AT_ONCE),
    ).query()


def choose_filters(query: Mapping[str, str]) -> list[str]:
    """Choose what Filters' address says; returns a plain sentence for what can't be used."""
    link, wrong = FiltersLink.read(query)
    _choose_layers(state.FILTER_LAYER, link.layers)
    _choose(
        {
            state.FILTER_ORDER: link.order,
            state.MAP_SCALE: link.scale,
            state.KERNEL_INPUTS: link.inputs,
            state.FILTER_COUNT: link.count,
        }
    )
    return wrong


def neurons() -> Query:
    """What Neurons' address says of what is chosen there."""
    get, first = st.session_state.get, NeuronsLink()
    way = get(state.NEURON_WAY) or "chance"
    own = way == "number" and bool(get(state.NEURON_OWN))
    channel, row, column = (int(get(key) or 0) for key in state.NEURON_PARTS)
    chosen = _layers(state.NEURON_LAYER, _begins_with)
    return NeuronsLink(
        layers=tuple(pair for pair in chosen if pair[1] != _begins_with(pair[0])),
        method=get(state.NEURON_METHOD) or first.method,
        seed=int(get(state.NEURON_SEED) or first.seed),
        at=(get(state.NEURON_AT) or (0.5, 0.5)) if way == "place" else None,
        neuron=(channel, row, column) if own else None,
        strongest=way == "number" and not own,
    ).query()


def choose_neurons(query: Mapping[str, str]) -> list[str]:
    """As :func:`choose_filters`, for Neurons."""
    link, wrong = NeuronsLink.read(query)
    _choose_layers(state.NEURON_LAYER, link.layers)
    one = link.strongest or link.neuron is not None
    way = "number" if one else "place" if link.at else "chance"
    _choose({state.NEURON_METHOD: link.method, state.NEURON_WAY: way})
    _choose({state.NEURON_OWN: link.neuron is not None})
    if link.neuron:
        _choose(dict(zip(state.NEURON_PARTS, link.neuron, strict=True)))
    elif link.at:
        _choose({state.NEURON_AT: link.at})
    elif not one:
        _choose({state.NEURON_SEED: link.seed})
    return wrong


def _begins_with(name: str) -> str:
    """The layer that Neurons shows of a network at first; nothing until it is known."""
    return str(st.session_state.get(state.NEURON_BEGINS + name) or "")


def _layers(before: str, first: Callable[[str], str]) -> Layers:
    """The layers chosen of the networks chosen, but for the user's own networks."""
    models = st.session_state.get(state.MODELS) or FIRST_NETWORKS
    chosen = {name: st.session_state.get(before + name) for name in MODELS if name in models}
    return tuple((name, str(layer or first(name))) for name, layer in chosen.items())


def _choose_layers(before: str, layers: Layers) -> None:
    """Those of a link; of all others what is shown at first."""
    for name in MODELS:
        st.session_state.pop(before + name, None)
    _choose({before + name: layer for name, layer in layers})


def _choose(values: Mapping[str, Any]) -> None:
    for key, value in values.items():
        st.session_state[key] = value
