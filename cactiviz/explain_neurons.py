"""What in a picture drives single neurons of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from numpy.typing import NDArray

from cactiviz import arguments
from cactiviz.backprop import Need
from cactiviz.errors import MethodError
from cactiviz.images import Source, open_picture
from cactiviz.models import LoadedModel
from cactiviz.neurons import feature_maps, layer_size, most_active, random_neurons, run_neurons
from cactiviz.preprocess import preprocess
from cactiviz.receptive import bounding_box, receptive_fields
from cactiviz.types import Box, Cancel, Layer, Neuron

#: Method -> what it reads from a pass.
NEURON_METHODS: dict[str, Need] = {
    "guided_backprop": "guided_gradients",
    "saliency": "input_gradients",
}


@dataclass(frozen=True, eq=False)
class NeuronExplanation:
    """What drives one neuron.

    Attributes:
        model: The network's name.
        method: "guided_backprop" or "saliency".
        layer: Where the neuron is.
        neuron: Its channel, row and column.
        value: How active it is.
        values: The raw gradient of that value by the network's input, (3, H, W), signed.
        seen: The part of the picture that the network saw.
        field: The neuron's receptive field on the picture; where it reaches over the edge of
            what the network saw, it ends there.
        notes: Sentences that belong beside the picture.
    """

    model: str
    method: str
    layer: Layer
    neuron: Neuron
    value: float
    values: NDArray[Any]
    seen: Box
    field: Box
    notes: tuple[str, ...] = ()


def explain_neurons(
    model: LoadedModel,
    picture: Source,
    *,
    layer: Layer | str | None = None,
    neurons: Sequence[Neuron | tuple[int, int, int]] = (),
    most_active_at: tuple[int, int] | None = None,
    random: int = 0,
    seed: int = 0,
    method: str = "guided_backprop",
    resize: Literal["crop", "squash"] | None = None,
    cancel: Cancel | None = None,
) -> list[NeuronExplanation]:
    """Explain single neurons of one layer in one batched pass; what comes after isn't run.

    Args:
        model: A loaded network.
        picture: What the neurons look at.
        layer: Where they are; None for the network's target layer.
        neurons: These (channel, row, column), and
        most_active_at: the most active channel at this (row, column), and
        random: so many others, chosen by ``seed``.
        seed: The same seed chooses the same neurons.
        method: "guided_backprop" or "saliency" (the plain gradient).
        resize: "crop" or "squash" instead of the network's own preprocessing.
        cancel: Asked between steps.

    Raises:
        MethodError: An unknown method, or no neuron was asked for.
        LayerError: There is no such layer.
        TargetError: A neuron that the layer doesn't have.
        CactivizError: As for :func:`cactiviz.explain`.
    """
    if method not in NEURON_METHODS:
        known = " or ".join(NEURON_METHODS)
        raise MethodError(f"Neurons are explained by {known}, not “{method}”.")
    model, layer = arguments.loaded(model), arguments.place(layer)
    resize = arguments.resizing(resize)
    picture = open_picture(picture)
    place = Layer.parse(layer) if isinstance(layer, str) else layer or model.spec.target_layer
    spec = model.spec.preprocessing
    preprocessing = replace(spec, resize=resize) if resize else spec
    inputs = preprocess(picture, preprocessing).to(device=model.device, dtype=model.dtype)
    shape = (int(inputs.shape[1]), int(inputs.shape[2]), int(inputs.shape[3]))
    chosen = [Neuron(*neuron) for neuron in neurons]
    if most_active_at is not None:
        maps = feature_maps(model.module, inputs, place, cancel)[0]
        chosen.append(most_active(maps, *most_active_at))
    if random:
        chosen += random_neurons(layer_size(model.module, shape, place), random, seed)
    chosen = list(dict.fromkeys(chosen))
    if not chosen:
        raise MethodError("Say which neurons: by channel, row and column, by place, or how many.")
    need = NEURON_METHODS[method]
    found = run_neurons(
        model.module,
        inputs.expand(len(chosen), -1, -1, -1),
        place,
        chosen,
        needs=frozenset({need}),
        cancel=cancel,
    )
    gradients = found.guided_gradients if method == "guided_backprop" else found.input_gradients
    assert gradients is not None
    seen = preprocessing.seen(*picture.size)
    # Of each, not only of each place: branches that are joined differ there.
    masks = receptive_fields(model.module, shape, place, chosen, cancel)
    fields = dict(zip(chosen, (bounding_box(mask, seen) for mask in masks), strict=True))
    return [
        NeuronExplanation(
            model=model.name,
            method=method,
            layer=place,
            neuron=neuron,
            value=float(found.values[row]),
            values=gradients[row].cpu().numpy(),
            seen=seen,
            field=fields[neuron],
            notes=_notes(model, bool(gradients[row].any())),
        )
        for row, neuron in enumerate(chosen)
    ]


def _notes(model: LoadedModel, driven: bool) -> tuple[str, ...]:
    notes = []
    if model.untrained:
        notes.append("Untrained: the weights are random, so this neuron stands for nothing.")
    if not driven:
        notes.append("Silent: no pixel of this picture drives this neuron by a small change.")
    return tuple(notes)
