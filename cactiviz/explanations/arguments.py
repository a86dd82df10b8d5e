"""Validates and normalises the arguments of the public functions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from cactiviz.errors import LayerError, MethodError, ModelError, near
from cactiviz.methods import VIEWS
from cactiviz.models import Checkpoint, LoadedModel, no_network
from cactiviz.recipes.request import Given
from cactiviz.types import Layer


def networks(given: object) -> tuple[Given, ...]:
    """Normalise one or several networks (names, checkpoints or loaded ones) to a tuple.

    Raises:
        ModelError: A value is none of these.

    >>> networks("alexnet")
    ('alexnet',)
    """
    is_single = isinstance(given, str | Checkpoint | LoadedModel)
    several = (given,) if is_single or not isinstance(given, Iterable) else tuple(given)
    if given is None:
        raise ModelError("Say which networks, such as “alexnet”.")
    for network in several:
        if not isinstance(network, str | Checkpoint | LoadedModel):
            raise ModelError(no_network(network))
    return several


def views(given: object, available: Collection[str] = VIEWS) -> tuple[str, ...]:
    """Normalise one or several names of views to a tuple.

    Raises:
        MethodError: A name is unknown, or a value isn't a name.

    >>> views("grad_cam")
    ('grad_cam',)
    """
    if given is None or not isinstance(given, str | Iterable):
        raise MethodError(f"Say which methods, by name; there are {', '.join(available)}.")
    several = (given,) if isinstance(given, str) else tuple(given)
    for view in several:
        if not isinstance(view, str) or view not in available:
            hint = near(str(view), available)
            raise MethodError(f"There is no view “{view}”; there are {', '.join(available)}{hint}.")
    return several


def loaded(given: object) -> LoadedModel:
    """Check that a network is loaded.

    Raises:
        ModelError: It isn't; the sentence says how to load it.
    """
    if isinstance(given, LoadedModel):
        return given
    if isinstance(given, str | Checkpoint):
        raise ModelError("This needs a loaded network; load it by cactiviz.load_model first.")
    raise ModelError(no_network(given))


def resizing(given: object) -> Literal["crop", "squash"] | None:
    """Check a choice of resizing: "crop", "squash", or None for the network's own.

    Raises:
        MethodError: It is none of these.
    """
    if given is None or given == "crop" or given == "squash":
        return given
    raise MethodError(f"A picture is resized by “crop” or by “squash”, not by “{given}”.")


def place(given: object) -> Layer | str | None:
    """Check a layer, given as one or by its name.

    Raises:
        LayerError: It is neither.
    """
    if given is None or isinstance(given, str | Layer):
        return given
    raise LayerError(f"A layer is given by its name, not as {type(given).__name__}.")


def places(given: object) -> Layer | str | dict[str, Layer | str] | None:
    """Check a layer for all networks, or a mapping from network to layer.

    Raises:
        LayerError: A value is neither a layer nor a name.

    >>> places({"alexnet": "features.8"}), places(None)
    ({'alexnet': 'features.8'}, None)
    """
    if not isinstance(given, Mapping | tuple):
        return place(given)
    try:
        layers = {str(name): place(layer) for name, layer in dict(given).items()}
    except (TypeError, ValueError) as error:
        raise LayerError("Layers of several networks are given as {network: layer}.") from error
    return {name: layer for name, layer in layers.items() if layer is not None}
