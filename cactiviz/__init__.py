"""See, compare and trust what convolutional networks look at."""

from cactiviz.starting import ends_on_interrupt, is_command

with ends_on_interrupt(is_command()):  # torch takes seconds to load
    from cactiviz.compare import compare
    from cactiviz.comparison import Comparison
    from cactiviz.datasets import open_item
    from cactiviz.errors import CactivizError
    from cactiviz.explain import explain
    from cactiviz.explain_neurons import NeuronExplanation, explain_neurons
    from cactiviz.filters import filters
    from cactiviz.images import open_picture, samples
    from cactiviz.methods import METHODS
    from cactiviz.models import MODELS, Checkpoint, LoadedModel, load_model, network
    from cactiviz.reading import Explanation, Reading
    from cactiviz.types import Answer, FilterGrid, Layer, Neuron, Picture, Preprocessing, Target

__version__ = "0.1.0"

__all__ = [
    "METHODS",
    "MODELS",
    "Answer",
    "CactivizError",
    "Checkpoint",
    "Comparison",
    "Explanation",
    "FilterGrid",
    "Layer",
    "LoadedModel",
    "Neuron",
    "NeuronExplanation",
    "Picture",
    "Preprocessing",
    "Reading",
    "Target",
    "compare",
    "explain",
    "explain_neurons",
    "filters",
    "load_model",
    "network",
    "open_item",
    "open_picture",
    "samples",
]
