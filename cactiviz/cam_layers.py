"""Choice of the layer of class activation maps, for all networks or for each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cactiviz.errors import MethodError
from cactiviz.types import Layer

#: One layer for every network, (network, layer) pairs, or None for each network's own choice.
Places = str | tuple[tuple[str, str], ...] | None

BOTH = "Choose either one layer or several, not both."
_TAIL = 16  # characters of a layer's last part that are never cut off


def layer_of(
    chosen: Layer | str | Mapping[str, Layer | str] | Sequence[tuple[str, str]] | None, network: str
) -> Layer | str | None:
    """The layer chosen for a network; None for its target layer.

    >>> layer_of((("alexnet", "features.8"),), "alexnet"), layer_of("layer4", "resnet50")
    ('features.8', 'layer4')
    >>> layer_of({"alexnet": "features.8"}, "cactinet")
    """
    if chosen is None or isinstance(chosen, str | Layer):
        return chosen or None
    pairs = chosen.items() if isinstance(chosen, Mapping) else chosen
    return next((layer for name, layer in pairs if name == network), None)


def check(
    chosen: Layer | str | Mapping[str, Layer | str] | Sequence[tuple[str, str]] | None,
    networks: Iterable[str],
) -> None:
    """Refuse a layer of a network that isn't asked.

    Raises:
        MethodError: One is chosen for a network that isn't among these.
    """
    if chosen is None or isinstance(chosen, str | Layer):
        return
    names = list(networks)
    for name in chosen if isinstance(chosen, Mapping) else dict(chosen):
        if name not in names:
            raise MethodError(
                f"A layer is chosen for “{name}”, which isn't among the networks: "
                f"{', '.join(names)}."
            )


def of_texts(texts: Sequence[str]) -> Places:
    """What is written on a command line: ``LAYER``, or ``NETWORK=LAYER`` as often as needed.

    >>> of_texts(["alexnet=features.8", "cactinet=stages.1"])
    (('alexnet', 'features.8'), ('cactinet', 'stages.1'))
    >>> of_texts(["layer4"]), of_texts([])
    ('layer4', None)

    Raises:
        MethodError: One layer for all and layers of single networks, or one network twice.
    """
    named = [text.rpartition("=") for text in texts]
    if not named:
        return None
    if len(named) == 1 and not named[0][1]:
        return texts[0]
    pairs = {network: layer for network, sign, layer in named if sign and network and layer}
    if len(pairs) < len(named):
        raise MethodError(
            "Give one layer for all networks, or NETWORK=LAYER once for each that has its own."
        )
    return tuple(pairs.items())


def in_words(layer: str, grid: tuple[int, int] | None) -> str:
    """A layer with the rows and columns of its map, as it stands beside each map.

    >>> in_words("layer4", (7, 7)), in_words("layer4", None), in_words("", (7, 7))
    ('layer4 · 7 × 7', 'layer4', '')
    """
    return f"{layer} · {grid[0]} × {grid[1]}" if layer and grid else layer


def parted(place: str) -> tuple[str, str]:
    """The beginning of a place, which may be cut short, and its end, which tells it from others.

    >>> parted("features.denseblock4.denselayer16 · 7 × 7")
    ('features.denseblock4.', 'denselayer16 · 7 × 7')
    >>> parted("layer4 · 7 × 7")
    ('', 'layer4 · 7 × 7')
    """
    layer, between, grid = place.partition(" · ")
    end = layer[layer.rfind(".", 0, -1) + 1 :][-_TAIL:]
    return layer[: len(layer) - len(end)], end + between + grid
