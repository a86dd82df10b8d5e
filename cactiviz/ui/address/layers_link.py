"""What the addresses of Filters and Neurons say besides picture and networks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cactiviz.explanations.neurons import NEURON_METHODS
from cactiviz.models import MODELS
from cactiviz.ui import texts
from cactiviz.ui.address import reader
from cactiviz.ui.address.link import is_layer
from cactiviz.ui.address.reader import Parameters, Query

FILTERS = ("convolutions", "order", "maps", "inputs", "count")  #: Its parameters.
NEURONS = ("layers", "method", "seed", "at", "neuron")  #: Its parameters.
AT_ONCE = 32  #: Filters are shown so many at a time.
_MOST = 100 * AT_ONCE
_MOST_SEED = 999_999
_MIDDLE = (0.5, 0.5)
_ORDERS = tuple(texts.FILTER_ORDERS)
_SCALES = tuple(texts.MAP_SCALES)
_INPUTS = tuple(texts.KERNEL_INPUT)
_METHODS = tuple(NEURON_METHODS)
FIRST_METHOD = _METHODS[0]
_STRONGEST = "strongest"

Layers = tuple[tuple[str, str], ...]


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
        first = FiltersLink()
        said = {
            "convolutions": _pairs(self.layers, first_convolution),
            "order": "" if self.order == first.order else self.order,
            "maps": "" if self.scale == first.scale else self.scale,
            "inputs": "" if self.inputs == first.inputs else self.inputs,
            "count": "" if self.count == first.count else str(self.count),
        }
        return {key: value for key, value in said.items() if value}

    @staticmethod
    def read(query: Mapping[str, str]) -> tuple[FiltersLink, list[str]]:
        """Of some parameters, and a plain sentence for each that can't be used.

        >>> FiltersLink.read({"order": "own", "count": "64"})[0].count
        64
        >>> FiltersLink.read({"maps": "none"})[1]
        ["The link's brightness of the maps “none” is none, so it was ignored."]
        """
        said, first = Parameters(query, {}), FiltersLink()
        link = FiltersLink(
            layers=_known(said.pairs("convolutions", tuple(MODELS), is_layer), first_convolution),
            order=said.one_of("order", _ORDERS, first.order),
            scale=said.one_of("maps", _SCALES, first.scale),
            inputs=said.one_of("inputs", _INPUTS, first.inputs),
            count=said.whole_number("count", AT_ONCE, _MOST, first.count),
        )
        return link, said.wrong


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
        one = "{} {} {}".format(*self.neuron) if self.neuron else ""
        by_chance = not (self.at or one or self.strongest)
        said = {
            "layers": " ".join(f"{name}:{layer}" for name, layer in self.layers),
            "method": "" if self.method == FIRST_METHOD else self.method,
            "seed": str(self.seed) if by_chance and self.seed != 1 else "",
            "at": reader.shares(self.at) if self.at else "",
            "neuron": _STRONGEST if self.strongest else one,
        }
        return {key: value for key, value in said.items() if value}

    @staticmethod
    def read(query: Mapping[str, str]) -> tuple[NeuronsLink, list[str]]:
        """Of some parameters, and a plain sentence for each that can't be used.

        >>> NeuronsLink.read({"at": "0.2 0.75"})[0].at
        (0.2, 0.75)
        >>> NeuronsLink.read({"neuron": "3 1"})[1]
        ["The link's neuron “3 1” is none, so it was ignored."]
        """
        said = Parameters(query, {})
        one = said.text("neuron", lambda text: text == _STRONGEST or _neuron(text) is not None)
        link = NeuronsLink(
            layers=said.pairs("layers", tuple(MODELS), is_layer),
            method=said.one_of("method", _METHODS, FIRST_METHOD),
            seed=said.whole_number("seed", 0, _MOST_SEED, 1),
            at=None if one else _at(said.text("at", lambda text: _at(text) is not None)),
            neuron=_neuron(one),
            strongest=one == _STRONGEST,
        )
        return link, said.wrong


def first_convolution(name: str) -> str:
    """What Filters shows of a network at first."""
    return MODELS[name].first_conv


def _pairs(layers: Layers, first: Callable[[str], str]) -> str:
    return " ".join(f"{name}:{layer}" for name, layer in layers if layer != first(name))


def _known(layers: Layers, first: Callable[[str], str]) -> Layers:
    return tuple((name, layer) for name, layer in layers if layer != first(name))


def _at(text: str) -> tuple[float, float] | None:
    found = reader.numbers(text)
    return found if found is not None and len(found) == 2 and max(found) <= 1 else None


def _neuron(text: str) -> tuple[int, int, int] | None:
    found = reader.numbers(text)
    if found is None or len(found) != 3 or any(part % 1 for part in found):
        return None
    return int(found[0]), int(found[1]), int(found[2])
