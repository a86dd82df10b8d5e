"""A network as it is asked for: by name, as a checkpoint, or loaded."""

from __future__ import annotations

from cactiviz.models import Checkpoint, LoadedModel, get_spec

Given = str | Checkpoint | LoadedModel


def name_of(network: Given) -> str:
    """The name that a comparison calls a network by.

    >>> name_of("torchvision:alexnet")
    'torchvision:alexnet'
    """
    return get_spec(network).name if isinstance(network, str) else network.name
