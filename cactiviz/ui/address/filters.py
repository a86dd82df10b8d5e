"""What the address of Filters says besides picture and networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from cactiviz.models import MODELS
from cactiviz.recipes.kinds import OneOf, Whole
from cactiviz.ui import texts
from cactiviz.ui.address.link import FIRST_NETWORKS
from cactiviz.ui.address.parameter import (
    LayerPairs,
    Layers,
    Parameter,
    Query,
    choose,
    in_session,
    read,
    to_query,
    with_values,
)
from cactiviz.ui.session import state

AT_ONCE = 32  #: Filters are shown so many at a time.
_MOST = 100 * AT_ONCE
_ORDERS, _SCALES, _INPUTS = (
    tuple(titles) for titles in (texts.FILTER_ORDERS, texts.MAP_SCALES, texts.KERNEL_INPUT)
)


@dataclass(frozen=True)
class FiltersLink:
    """How Filters shows its networks; each default is what a first visit shows.

    Attributes:
        layers: (network, convolution), in the table's order; of others their first one.
        order: By response, or the network's own.
        scale: Of the maps: one for all, or each its own.
        inputs: Which inputs of a kernel are shown.
        count: So many filters are shown.
    """

    layers: Layers = ()
    order: str = _ORDERS[0]
    scale: str = _SCALES[0]
    inputs: str = _INPUTS[0]
    count: int = AT_ONCE

    def query(self) -> Query:
        """Its parameters.

        >>> FiltersLink((("alexnet", "features.3"), ("cactinet", "stem.0")), count=64).query()
        {'convolutions': 'alexnet:features.3', 'count': '64'}
        """
        return to_query(replace(self, layers=_but_first(self.layers)), ROWS, FiltersLink())

    @staticmethod
    def read(query: Mapping[str, str]) -> tuple[FiltersLink, list[str]]:
        """Of some parameters, and a plain sentence for each that can't be used.

        >>> FiltersLink.read({"order": "own", "count": "64"})[0].count
        64
        >>> FiltersLink.read({"maps": "none"})[1]
        ["The link's brightness of the maps “none” is none, so it was ignored."]
        """
        values, wrong = read(query, ROWS)
        link = with_values(FiltersLink(), values)
        return replace(link, layers=_but_first(link.layers)), wrong


#: Its parameters.
ROWS = (
    Parameter("convolutions", "layers", LayerPairs(tuple(MODELS))),
    Parameter("order", "order", OneOf(_ORDERS), state.FILTER_ORDER),
    Parameter("maps", "scale", OneOf(_SCALES), state.MAP_SCALE),
    Parameter("inputs", "inputs", OneOf(_INPUTS), state.KERNEL_INPUTS),
    Parameter("count", "count", Whole(AT_ONCE, _MOST), state.FILTER_COUNT),
)


def chosen() -> Query:
    """What the address says of what is chosen here."""
    layers = layers_in_session(state.FILTER_LAYER, first_convolution)
    return FiltersLink(layers=layers, **in_session(ROWS)).query()


def follow(query: Mapping[str, str]) -> list[str]:
    """Choose what an address says; returns a plain sentence for what can't be used."""
    link, wrong = FiltersLink.read(query)
    choose_layers(state.FILTER_LAYER, link.layers)
    choose(link, ROWS)
    return wrong


def first_convolution(name: str) -> str:
    """What Filters shows of a network at first."""
    return MODELS[name].first_conv


def layers_in_session(before: str, first: Callable[[str], str]) -> Layers:
    """The layers of the networks chosen, but for the user's own networks.

    Args:
        before: What stands before a network's name in the session's key of its layer.
        first: A network's layer where none is chosen.
    """
    get: Callable[[str], Any] = st.session_state.get
    models = get(state.MODELS) or FIRST_NETWORKS
    return tuple(
        (name, str(get(before + name) or first(name))) for name in MODELS if name in models
    )


def choose_layers(before: str, layers: Layers) -> None:
    """Choose those of a link; of all other networks what is shown at first."""
    for name in MODELS:
        st.session_state.pop(before + name, None)
    for name, layer in layers:
        st.session_state[before + name] = layer


def _but_first(layers: Layers) -> Layers:
    return tuple((name, layer) for name, layer in layers if layer != first_convolution(name))
