"""Notes shown beside a map: its limits, as sentences."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cactiviz.engine.operations import ACTIVATIONS, RELUS
from cactiviz.engine.trace import Trace
from cactiviz.methods import Method
from cactiviz.models import LoadedModel

#: Note on every map of a network with random weights.
UNTRAINED = "Untrained: the weights are random, so the maps tell nothing of the picture."


#: In the place of an answer to a picture that is unlike all that the network learnt from.
STRANGER = "Not a desert tile: its answer would mean nothing here."


def notes_beside(
    model: LoadedModel, method: Method, values: NDArray[Any], sequence: Trace, against: int | None
) -> tuple[str, ...]:
    """The notes that belong beside a map.

    Args:
        model: The network.
        method: The method that made the map.
        values: The raw map.
        sequence: The network's operations on an input of that size.
        against: Index of the contrast class, or None.
    """
    notes = []
    if model.untrained:
        notes.append(UNTRAINED)
    elif method.name in model.spec.cautions:
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
        elif activations - RELUS:
            notes.append("Guided backprop is defined for ReLU; here it is generalised.")
    return tuple(notes)


def held_against(class_name: str) -> str:
    """The note of a map that was made against a contrast class."""
    return f"Held against “{class_name}”."
