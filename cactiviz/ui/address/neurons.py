"""What the address of Neurons says besides picture and networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import streamlit as st

from cactiviz.explanations.neurons import NEURON_METHODS
from cactiviz.models import MODELS
from cactiviz.recipes.kinds import Kind, OneOf, Whole
from cactiviz.ui.address.filters import choose_layers, layers_in_session
from cactiviz.ui.address.parameter import (
    LayerPairs,
    Layers,
    Parameter,
    Query,
    choose,
    numbers,
    read,
    shares,
    to_query,
    with_values,
)
from cactiviz.ui.session import state

FIRST_METHOD = next(iter(NEURON_METHODS))
_MOST_SEED = 999_999
_STRONGEST = "strongest"


@dataclass(frozen=True)
class NeuronsLink:
    """Which neurons are shown, and how; each default is what a first visit shows.

    Attributes:
        layers: (network, layer), in the table's order; of others the one that Neurons begins with.
        method: One of :data:`~cactiviz.explanations.neurons.NEURON_METHODS`.
        seed: Of those drawn by chance, where the others are None.
        at: (down, across), 0..1: the most active ones over this place of the picture.
        neuron: (channel, row, column) of the one that is shown.
        strongest: Whether the one that is shown is the strongest of its layer.
    """

    layers: Layers = ()
    method: str = FIRST_METHOD
    seed: int = 1
    at: tuple[float, float] | None = None
    neuron: tuple[int, int, int] | None = None
    strongest: bool = False

    def query(self) -> Query:
        """Its parameters.

        >>> NeuronsLink(method="saliency", neuron=(3, 0, 1)).query()
        {'method': 'saliency', 'neuron': '3 0 1'}
        """
        by_chance = not (self.at or self.neuron or self.strongest)
        return to_query(self if by_chance else replace(self, seed=1), ROWS, NeuronsLink())

    @staticmethod
    def read(query: Mapping[str, str]) -> tuple[NeuronsLink, list[str]]:
        """Of some parameters, and a plain sentence for each that can't be used.

        >>> NeuronsLink.read({"at": "0.2 0.75"})[0].at
        (0.2, 0.75)
        >>> NeuronsLink.read({"neuron": "3 1"})[1]
        ["The link's neuron “3 1” is none, so it was ignored."]
        """
        values, wrong = read(query, ROWS)
        if neuron := values.pop("neuron", None):
            values |= {"at": None}
            values |= {"strongest": True} if neuron == _STRONGEST else {"neuron": neuron}
        return with_values(NeuronsLink(), values), wrong


class _Place(Kind):
    """(down, across), each 0..1, or None."""

    def text(self, value: tuple[float, float] | None) -> str:
        return shares(value) if value else ""

    def parse(self, text: str) -> tuple[float, float]:
        place = numbers(text)
        if place is None or len(place) != 2 or max(place) > 1:
            raise ValueError("give two shares")
        return place[0], place[1]


class _Neuron(Kind):
    """(channel, row, column), a word for the strongest, or None."""

    def text(self, value: tuple[int, int, int] | str | None) -> str:
        return value if isinstance(value, str) else " ".join(map(str, value or ()))

    def parse(self, text: str) -> tuple[int, int, int] | str:
        parts = numbers(text) if text != _STRONGEST else ()
        if parts == ():
            return _STRONGEST
        if parts is None or len(parts) != 3 or any(part % 1 for part in parts):
            raise ValueError("give three whole numbers")
        return int(parts[0]), int(parts[1]), int(parts[2])


#: Its parameters.
ROWS = (
    Parameter("layers", "layers", LayerPairs(tuple(MODELS))),
    Parameter("method", "method", OneOf(tuple(NEURON_METHODS)), state.NEURON_METHOD),
    Parameter("seed", "seed", Whole(0, _MOST_SEED)),
    Parameter("at", "at", _Place()),
    Parameter(
        "neuron",
        "neuron",
        _Neuron(),
        of=lambda link: _STRONGEST if link.strongest else link.neuron,
    ),
)


def chosen() -> Query:
    """What the address says of what is chosen here."""
    get, first = st.session_state.get, NeuronsLink()
    way = get(state.NEURON_WAY) or "chance"
    own = way == "number" and bool(get(state.NEURON_OWN))
    channel, row, column = (int(get(key) or 0) for key in state.NEURON_PARTS)
    layers = layers_in_session(state.NEURON_LAYER, _begins_with)
    return NeuronsLink(
        layers=tuple(pair for pair in layers if pair[1] != _begins_with(pair[0])),
        method=get(state.NEURON_METHOD) or first.method,
        seed=int(get(state.NEURON_SEED) or first.seed),
        at=(get(state.NEURON_AT) or (0.5, 0.5)) if way == "place" else None,
        neuron=(channel, row, column) if own else None,
        strongest=way == "number" and not own,
    ).query()


def follow(query: Mapping[str, str]) -> list[str]:
    """Choose what an address says; returns a plain sentence for what can't be used."""
    link, wrong = NeuronsLink.read(query)
    choose_layers(state.NEURON_LAYER, link.layers)
    choose(link, ROWS)
    one = link.strongest or link.neuron is not None
    way = "number" if one else "place" if link.at else "chance"
    values: dict[str, object] = {
        state.NEURON_WAY: way,
        state.NEURON_OWN: link.neuron is not None,
    }
    if link.neuron:
        values |= dict(zip(state.NEURON_PARTS, link.neuron, strict=True))
    elif link.at:
        values[state.NEURON_AT] = link.at
    elif not one:
        values[state.NEURON_SEED] = link.seed
    for key, value in values.items():
        st.session_state[key] = value
    return wrong


def _begins_with(name: str) -> str:
    """The layer that Neurons shows of a network at first; nothing until it is known."""
    return str(st.session_state.get(state.NEURON_BEGINS + name) or "")
