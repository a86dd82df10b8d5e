"""The table of networks, their weights, and checkpoints of the user's own."""

from cactiviz.models.checkpoint import Checkpoint
from cactiviz.models.from_module import network
from cactiviz.models.load import load_model, no_network
from cactiviz.models.registry import MODELS, get_spec, is_named, register, search
from cactiviz.models.spec import LoadedModel, ModelSpec
from cactiviz.models.weights import find_weights, weights_folders

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
