"""What the functions for people's own programs are given, in one form, or a sentence why not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Literal

from cactiviz.errors import LayerError, MethodError, ModelError
from cactiviz.methods.views import VIEWS
from cactiviz.models import Checkpoint, LoadedModel, no_network
from cactiviz.recipes.network import Given
from cactiviz.types import Layer


def networks(given: object) -> tuple[Given, ...]:
    """Networks by name, as checkpoints or loaded; one alone counts as several.

    Raises:
        ModelError: It holds something else.

    >>> networks("alexnet")
    ('alexnet',)
    """
    one = isinstance(given, str | Checkpoint | LoadedModel)
    several = (given,) if one or not isinstance(given, Iterable) else tuple(given)
    if given is None:
        raise ModelError("Say which networks, such as “alexnet”.")
    for network in several:
        if not isinstance(network, str | Checkpoint | LoadedModel):
            raise ModelError(no_network(network))
    return several


def views(given: object, known: Collection[str] = VIEWS) -> tuple[str, ...]:
    """Names of views; one alone counts as several.

    Raises:
        MethodError: One of them is unknown, or it holds something else.

    >>> views("grad_cam")
    ('grad_cam',)
    """
    if given is None or not isinstance(given, str | Iterable):
        raise MethodError(f"Say which methods, by name; there are {', '.join(known)}.")
    several = (given,) if isinstance(given, str) else tuple(given)
    for view in several:
        if not isinstance(view, str) or view not in known:
            raise MethodError(f"There is no view “{view}”; there are {', '.join(known)}.")
    return several


def loaded(given: object) -> LoadedModel:
    """A network that is ready to be asked.

    Raises:
        ModelError: It is something else; the sentence says how it becomes one.
    """
    if isinstance(given, LoadedModel):
        return given
    if isinstance(given, str | Checkpoint):
        raise ModelError("This needs a loaded network; load it by cactiviz.load_model first.")
    raise ModelError(no_network(given))


def resizing(given: object) -> Literal["crop", "squash"] | None:
    """How pictures are brought to a network's size, if not as it was evaluated.

    Raises:
        MethodError: There is no such way.
    """
    if given is None or given == "crop" or given == "squash":
        return given
    raise MethodError(f"A picture is resized by “crop” or by “squash”, not by “{given}”.")


def place(given: object) -> Layer | str | None:
    """A layer, or its name.

    Raises:
        LayerError: It is something else.
    """
    if given is None or isinstance(given, str | Layer):
        return given
    raise LayerError(f"A layer is given by its name, not as {type(given).__name__}.")


def places(given: object) -> Layer | str | dict[str, Layer | str] | None:
    """A layer for all networks, or one for each by its name.

    Raises:
        LayerError: It is, or holds, something else.

    >>> places({"alexnet": "features.8"}), places(None)
    ({'alexnet': 'features.8'}, None)
    """
    if not isinstance(given, Mapping | tuple):
        return place(given)
    try:
        found = {str(name): place(layer) for name, layer in dict(given).items()}
    except (TypeError, ValueError) as error:
        raise LayerError("Layers of several networks are given as {network: layer}.") from error
    return {name: layer for name, layer in found.items() if layer is not None}
