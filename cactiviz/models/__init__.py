"""The table of networks, and how one is loaded; torch is imported with the first that is."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cactiviz.models.checkpoint import Checkpoint
from cactiviz.models.registry import MODELS, get_spec, is_named, register, search
from cactiviz.models.spec import LoadedModel, ModelSpec
from cactiviz.models.weights import find_weights, weights_folders

if TYPE_CHECKING:
    from cactiviz.models.from_module import network
    from cactiviz.models.load import load_model, no_network

__all__ = [
    "MODELS",
    "Checkpoint",
    "LoadedModel",
    "ModelSpec",
    "find_weights",
    "get_spec",
    "is_named",
    "load_model",
    "network",
    "no_network",
    "register",
    "search",
    "weights_folders",
]

_LATER = {"load_model": "load", "network": "from_module", "no_network": "load"}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_LATER[name]}"), name)
    globals()[name] = value
    return value
