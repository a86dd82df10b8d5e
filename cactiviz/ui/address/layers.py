"""What the addresses of Filters and Neurons say besides picture and networks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, Self

import streamlit as st

from cactiviz.explanations.neurons import NEURON_METHODS
from cactiviz.models import MODELS
from cactiviz.recipes.kinds import Kind, OneOf, Whole
from cactiviz.rendering.kernels import Inputs
from cactiviz.ui import texts
from cactiviz.ui.address.link import FIRST_NETWORKS
from cactiviz.ui.address.parameter import (
    LayerPairs,
    PageLink,
    Parameter,
    in_session,
    numbers,
    shares,
)
from cactiviz.ui.networks.catalog import Layers
from cactiviz.ui.session import state

AT_ONCE = 32  #: Filters are shown so many at a time.
FIRST_METHOD = next(iter(NEURON_METHODS))
STRONGEST: Literal["strongest"] = "strongest"
_MOST_FILTERS = 100 * AT_ONCE
_MOST_SEED = 999_999


@dataclass(frozen=True)
class FiltersLink(PageLink):
    """How Filters shows its networks; each default is what a first visit shows.

    Attributes:
        order: By response, or the network's own.
        scale: Of the maps: one for all, or each its own.
        inputs: Which inputs of a kernel are shown.
        count: So many filters are shown.
        layers: (network, convolution), in the table's order; of others their first one.

    >>> FiltersLink(layers=(("alexnet", "features.3"),), count=64).query()
    {'convolutions': 'alexnet:features.3', 'count': '64'}
    >>> FiltersLink.read({"order": "own", "count": "64"})[0].count
    64
    >>> FiltersLink.read({"maps": "none"})[1]
    ["The link's brightness of the maps “none” is none, so it was ignored."]
    """

    order: Literal["response", "own"] = "response"
    scale: Literal["shared", "own"] = "shared"
    inputs: Inputs = "heaviest"
    count: int = AT_ONCE
    layers: Layers = ()
    rows: ClassVar = (
        Parameter("convolutions", "layers", LayerPairs(tuple(MODELS))),
        Parameter("order", "order", OneOf(tuple(texts.FILTER_ORDERS)), state.FILTER_ORDER),
        Parameter("maps", "scale", OneOf(tuple(texts.MAP_SCALES)), state.MAP_SCALE),
        Parameter("inputs", "inputs", OneOf(tuple(texts.KERNEL_INPUT)), state.KERNEL_INPUTS),
        Parameter("count", "count", Whole(AT_ONCE, _MOST_FILTERS), state.FILTER_COUNT),
    )

    @classmethod
    def chosen(cls) -> Self:
        """What the session has chosen."""
        layers = _layers_chosen(state.FILTER_LAYER, lambda name: MODELS[name].first_conv)
        return cls(layers=layers, **in_session(cls.rows))

    def choose(self) -> None:
        """Let the session choose it."""
        _choose_layers(state.FILTER_LAYER, self.layers)
        super().choose()


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
        if text == STRONGEST:
            return STRONGEST
        parts = numbers(text)
        if parts is None or len(parts) != 3 or any(part % 1 for part in parts):
            raise ValueError("give three whole numbers")
        return int(parts[0]), int(parts[1]), int(parts[2])


@dataclass(frozen=True)
class NeuronsLink(PageLink):
    """Which neurons are shown, and how; each default is what a first visit shows.

    Attributes:
        method: One of :data:`~cactiviz.explanations.neurons.NEURON_METHODS`.
        seed: Of those drawn by chance, where the next two are None.
        at: (down, across), 0..1: the most active ones over this place of the picture.
        neuron: (channel, row, column) of the only one that is shown, or :data:`STRONGEST` for the
            strongest of its layer.
        layers: (network, layer), in the table's order; of others the one that Neurons begins with.

    >>> NeuronsLink(method="saliency", neuron=(3, 0, 1)).query()
    {'method': 'saliency', 'neuron': '3 0 1'}
    >>> NeuronsLink.read({"at": "0.2 0.75"})[0].at
    (0.2, 0.75)
    >>> NeuronsLink.read({"neuron": "3 1"})[1]
    ["The link's neuron “3 1” is none, so it was ignored."]
    """

    method: str = FIRST_METHOD
    seed: int = 1
    at: tuple[float, float] | None = None
    neuron: tuple[int, int, int] | Literal["strongest"] | None = None
    layers: Layers = ()
    rows: ClassVar = (
        Parameter("layers", "layers", LayerPairs(tuple(MODELS))),
        Parameter("method", "method", OneOf(tuple(NEURON_METHODS)), state.NEURON_METHOD),
        Parameter("seed", "seed", Whole(0, _MOST_SEED)),
        Parameter("at", "at", _Place()),
        Parameter("neuron", "neuron", _Neuron()),
    )

    @classmethod
    def chosen(cls) -> Self:
        """What the session has chosen."""
        get = st.session_state.get
        way = get(state.NEURON_WAY) or "chance"
        parts = [get(key) for key in state.NEURON_PARTS]
        numbered = bool(get(state.NEURON_OWN)) and None not in parts
        channel, row, column = (int(part or 0) for part in parts)
        return cls(
            method=get(state.NEURON_METHOD) or FIRST_METHOD,
            seed=int(get(state.NEURON_SEED, 1)) if way == "chance" else 1,
            at=get(state.NEURON_AT, (0.5, 0.5)) if way == "place" else None,
            neuron=None if way != "number" else (channel, row, column) if numbered else STRONGEST,
            layers=_layers_chosen(state.NEURON_LAYER, lambda name: get(state.NEURON_BEGINS + name)),
        )

    def choose(self) -> None:
        """Let the session choose it."""
        _choose_layers(state.NEURON_LAYER, self.layers)
        super().choose()
        way = "number" if self.neuron else "place" if self.at else "chance"
        numbered = isinstance(self.neuron, tuple)
        values: dict[str, object] = {state.NEURON_WAY: way, state.NEURON_OWN: numbered}
        if isinstance(self.neuron, tuple):
            values |= dict(zip(state.NEURON_PARTS, self.neuron, strict=True))
        elif self.at and not self.neuron:
            values[state.NEURON_AT] = self.at
        elif not self.neuron:
            values[state.NEURON_SEED] = self.seed
        for key, value in values.items():
            st.session_state[key] = value


def _layers_chosen(before: str, first: Callable[[str], str | None]) -> Layers:
    """The layers of the networks chosen, but for the user's own networks.

    Args:
        before: What stands before a network's name in the session's key of its layer.
        first: The layer that is shown of a network at first, which needs no mention.
    """
    models = st.session_state.get(state.MODELS) or FIRST_NETWORKS
    layers = {name: st.session_state.get(before + name) for name in MODELS if name in models}
    return tuple((name, str(at)) for name, at in layers.items() if at and at != first(name))


def _choose_layers(before: str, layers: Layers) -> None:
    """Choose those of a link; of all other networks what is shown at first."""
    for name in MODELS:
        st.session_state.pop(before + name, None)
    for name, layer in layers:
        st.session_state[before + name] = layer
