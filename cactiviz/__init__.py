"""See, compare and trust what convolutional networks look at."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Any

from cactiviz._version import __version__ as __version__

if TYPE_CHECKING:
    from cactiviz.comparison.compare import compare
    from cactiviz.comparison.comparison import Comparison
    from cactiviz.datasets import open_item
    from cactiviz.errors import CactivizError
    from cactiviz.explanations.explain import explain, filters
    from cactiviz.explanations.neurons import NeuronAttribution, explain_neurons
    from cactiviz.explanations.results import Attribution, Explanation
    from cactiviz.explanations.tile import TileAnswers, tile
    from cactiviz.methods import METHODS
    from cactiviz.models import MODELS, Checkpoint, LoadedModel, load_model, network
    from cactiviz.pictures.open import open_picture, samples
    from cactiviz.types import FilterGrid, Layer, Neuron, Picture, Prediction, Preprocessing, Target

__all__ = [
    "METHODS",
    "MODELS",
    "Attribution",
    "CactivizError",
    "Checkpoint",
    "Comparison",
    "Explanation",
    "FilterGrid",
    "Layer",
    "LoadedModel",
    "Neuron",
    "NeuronAttribution",
    "Picture",
    "Prediction",
    "Preprocessing",
    "Target",
    "TileAnswers",
    "compare",
    "explain",
    "explain_neurons",
    "filters",
    "load_model",
    "network",
    "open_item",
    "open_picture",
    "samples",
    "tile",
]

# Each public name -> its module, imported when the name is first asked for: torch takes seconds,
# and the server's front door (cactiviz/ui/server) needs none of it.
_MODULES = {
    "compare": "comparison.compare",
    "Comparison": "comparison.comparison",
    "open_item": "datasets",
    "CactivizError": "errors",
    **dict.fromkeys(("explain", "filters"), "explanations.explain"),
    **dict.fromkeys(("NeuronAttribution", "explain_neurons"), "explanations.neurons"),
    **dict.fromkeys(("open_picture", "samples"), "pictures.open"),
    **dict.fromkeys(("TileAnswers", "tile"), "explanations.tile"),
    "METHODS": "methods",
    **dict.fromkeys(("MODELS", "Checkpoint", "LoadedModel", "load_model", "network"), "models"),
    **dict.fromkeys(("Attribution", "Explanation"), "explanations.results"),
    **dict.fromkeys(("FilterGrid", "Layer", "Neuron", "Picture"), "types"),
    **dict.fromkeys(("Prediction", "Preprocessing", "Target"), "types"),
}


# Names of the version before; they go with the next one.
_RENAMED = {
    "Answer": "Prediction",
    "NeuronExplanation": "NeuronAttribution",
    "Reading": "Explanation",
}


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        warnings.warn(f"{name} is called {_RENAMED[name]} now.", DeprecationWarning, stacklevel=2)
        name = _RENAMED[name]
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
