"""Notes shown beside a map: its limits, as sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from cactiviz.engine.operations import ACTIVATIONS, RELUS, Function, functions
from cactiviz.engine.trace import Trace
from cactiviz.methods import Method
from cactiviz.models import LoadedModel
from cactiviz.types import Layer

#: Note on every map of a network with random weights.
UNTRAINED = "Untrained: the weights are random, so the maps tell nothing of the picture."


#: In the place of an answer to a picture that is unlike all that the network learnt from.
STRANGER = "Not a desert tile: its answer would mean nothing here."
STRANGER_BRIEFLY = "not a desert tile: no answer"


def notes_beside(
    model: LoadedModel,
    method: Method,
    values: NDArray[Any],
    sequence: Trace,
    against: int | None,
    layer: Layer | None = None,
) -> tuple[str, ...]:
    """The notes that belong beside a map.

    Args:
        model: The network.
        method: The method that made the map.
        values: The raw map.
        sequence: The network's operations on an input of that size.
        against: Index of the contrast class, or None.
        layer: The layer of a class activation map, or None; what was measured of the network's
            own layer isn't said of another.
    """
    notes = []
    if model.untrained:
        notes.append(UNTRAINED)
    elif method.name in model.spec.cautions and layer in (None, model.spec.target_layer):
        notes.append(model.spec.cautions[method.name])
    if against is not None:
        notes.append(held_against(model.spec.class_name(against)))
    if method.kind == "positive" and not np.any(values > 0):
        notes.append("No positive evidence: nothing in this layer speaks for the class.")
    if method.display in ("overlay", "diverging") and values.size == 1:
        notes.append("The layer's map is 1 x 1, so it can't say where.")
    if "guided_gradients" in method.needs:
        activations = {f for f in sequence.functions if f in ACTIVATIONS}
        if not activations:
            notes.append("No activation function was found to guide: this is the plain gradient.")
        elif activations - RELUS - _relu6(model.module):
            notes.append(
                "Guided backprop was invented for ReLU; here it is adapted to this network."
            )
    return tuple(notes)


def _relu6(module: nn.Module) -> frozenset[Function]:
    """ReLU6, for which the paper's rule holds as it stands; its module calls hardtanh."""
    called = [m for m in module.modules() if isinstance(m, nn.Hardtanh)]
    by_module = called and all(isinstance(m, nn.ReLU6) for m in called)
    return functions("relu6", *(["hardtanh"] if by_module else []))


def held_against(class_name: str) -> str:
    """The note of a map that was made against a contrast class."""
    return f"Held against “{class_name}”."
