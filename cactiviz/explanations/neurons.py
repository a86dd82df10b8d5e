"""Attributions of single neurons."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray
from torch import Tensor

from cactiviz.engine.backprop import Need
from cactiviz.engine.neuron_pass import (
    LayerMap,
    check_neurons,
    layer_map,
    most_active,
    random_neurons,
    run_neurons,
)
from cactiviz.engine.receptive_field import bounding_box, receptive_fields
from cactiviz.errors import MethodError, TargetError
from cactiviz.explanations import arguments
from cactiviz.models import LoadedModel
from cactiviz.models.preprocess import inputs_of
from cactiviz.pictures.open import Source, open_picture
from cactiviz.rendering.scales import number
from cactiviz.types import Box, Cancel, Layer, Neuron, Picture

#: Method -> what it reads from a pass.
NEURON_METHODS: dict[str, Need] = {
    "guided_backprop": "guided_gradients",
    "saliency": "input_gradients",
}


_ALL = 1 - 1e-9  # a box's sides are rounded


@dataclass(frozen=True, eq=False)
class NeuronAttribution:
    """Gradient of one neuron's activation for one picture.

    Attributes:
        model: The network's name.
        method: "guided_backprop" or "saliency".
        layer: Name of the neuron's layer.
        neuron: Channel, row and column of the neuron.
        value: Activation of the neuron.
        values: (3, H, W), raw signed gradient of ``value`` or ``before_ceiling`` by the input.
        seen: The part of the picture that the network saw.
        field: The neuron's receptive field on the picture, clipped to what the network saw.
        notes: Sentences that belong beside the picture.
        before_ceiling: At an activation's upper bound the value before it, explained instead.
        silent: Whether the gradient is 0 for every pixel.
        answering: Number of the layer's neurons with a gradient that isn't 0 everywhere.
        layer_neurons: Number of neurons in the layer.
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
    before_ceiling: float | None = None
    silent: bool = False
    answering: int = 0
    layer_neurons: int = 0

    @property
    def sees_all(self) -> bool:
        """Whether its receptive field covers all that the network saw.

        >>> everything = Box(0, 10, 80, 80)
        >>> NeuronAttribution(
        ...     "small", "saliency", Layer("a"), Neuron(0, 0, 0), 1.0, None, everything, everything
        ... ).sees_all
        True
        """
        field, seen = self.field, self.seen
        return field.height >= _ALL * seen.height and field.width >= _ALL * seen.width


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
) -> list[NeuronAttribution]:
    """Explain single neurons of one layer in one batched pass that stops at the layer.

    Args:
        model: A loaded network.
        picture: The picture, as :func:`~cactiviz.pictures.open.open_picture` takes it.
        layer: Layer of the neurons; None for the network's target layer.
        neurons: (channel, row, column) of each neuron to explain.
        most_active_at: (row, column) at which the most active channel is added, or None.
        random: Number of neurons to add by chance among those with a gradient.
        seed: Seed of the random choice.
        method: "guided_backprop" or "saliency" (the plain gradient).
        resize: "crop" or "squash" instead of the network's own preprocessing.
        cancel: Checked before each operation.

    Raises:
        MethodError: The method is unknown, or no neuron was given.
        LayerError: There is no such layer.
        TargetError: The layer has no such neuron, or none with a gradient.
        CactivizError: As for :func:`cactiviz.explain`.
    """
    _need(method)
    model, layer = arguments.loaded(model), arguments.place(layer)
    resize, picture = arguments.resizing(resize), open_picture(picture)
    place = Layer.parse(layer) if isinstance(layer, str) else layer or model.spec.target_layer
    there = map_neurons(model, picture, place, resize=resize, cancel=cancel)
    chosen = [Neuron(*neuron) for neuron in neurons]
    if most_active_at is not None:
        chosen.append(most_active(there.strength, *most_active_at))
    if random:
        chosen += random_neurons(there.size, random, seed, among=there.answers)
        if not chosen:
            raise TargetError(f"No neuron of the layer “{place}” answers to this picture.")
    if not chosen:
        raise MethodError("Say which neurons: by channel, row and column, by place, or how many.")
    return explain_chosen(
        model, picture, place, chosen, there, method=method, resize=resize, cancel=cancel
    )


def map_neurons(
    model: LoadedModel,
    picture: Picture,
    layer: Layer,
    *,
    resize: Literal["crop", "squash"] | None = None,
    cancel: Cancel | None = None,
) -> LayerMap:
    """Activations of one layer's neurons, and which of them have a gradient.

    Args:
        model: A loaded network.
        picture: The picture, as :func:`~cactiviz.pictures.open.open_picture` takes it.
        layer: The layer of the neurons.
        resize: As for :func:`explain_neurons`.
        cancel: Checked before each operation.

    Raises:
        LayerError: There is no such layer.
        CactivizError: As for :func:`cactiviz.explain`.
    """
    return layer_map(model.module, inputs_of(model, picture, resize)[0], layer, cancel)


def explain_chosen(
    model: LoadedModel,
    picture: Picture,
    layer: Layer,
    neurons: Sequence[Neuron],
    there: LayerMap,
    *,
    method: str = "guided_backprop",
    resize: Literal["crop", "squash"] | None = None,
    cancel: Cancel | None = None,
) -> list[NeuronAttribution]:
    """Explain given neurons of one layer.

    Args:
        model: A loaded network.
        picture: The picture, as :func:`~cactiviz.pictures.open.open_picture` takes it.
        layer: The layer of the neurons.
        neurons: At least one; each is explained once.
        there: Result of :func:`map_neurons` for the layer.
        method: As for :func:`explain_neurons`.
        resize: As for :func:`explain_neurons`.
        cancel: Checked before each operation.

    Raises:
        MethodError: The method is unknown.
        TargetError: The layer has no such neuron.
        CactivizError: As for :func:`cactiviz.explain`.
    """
    need = _need(method)
    chosen = list(dict.fromkeys(neurons))
    check_neurons(there.size, layer, chosen)
    inputs, seen = inputs_of(model, picture, resize)
    passes = _passes(model, inputs, layer, chosen, there, need, cancel)
    _, *(channels, height, width) = inputs.shape
    # Of each, not only of each place: branches that are joined differ there.
    masks = receptive_fields(model.module, (channels, height, width), layer, chosen, cancel)
    answering = int(there.answers.sum())
    attributions = []
    for neuron, mask in zip(chosen, masks, strict=True):
        before, gradient = passes[neuron]
        value, silent = float(there.values[neuron]), not bool(there.driven[neuron])
        attributions.append(
            NeuronAttribution(
                model=model.name,
                method=method,
                layer=layer,
                neuron=neuron,
                value=value,
                values=gradient,
                seen=seen,
                field=bounding_box(mask, seen),
                notes=_notes(model, value, before, silent, bool(gradient.any())),
                before_ceiling=before,
                silent=silent,
                answering=answering,
                layer_neurons=there.values.numel(),
            )
        )
    return attributions


def _need(method: str) -> Need:
    if method not in NEURON_METHODS:
        methods = " or ".join(NEURON_METHODS)
        raise MethodError(f"Neurons are explained by {methods}, not “{method}”.")
    return NEURON_METHODS[method]


def _passes(
    model: LoadedModel,
    inputs: Tensor,
    place: Layer,
    chosen: Sequence[Neuron],
    there: LayerMap,
    need: Need,
    cancel: Cancel | None,
) -> dict[Neuron, tuple[float | None, NDArray[Any]]]:
    """For each neuron its value before the upper bound (None if not at it) and its gradient."""
    passes: dict[Neuron, tuple[float | None, NDArray[Any]]] = {}
    options: dict[str, Any] = {"needs": frozenset({need}), "cancel": cancel}
    for at_ceiling in (False, True):
        some = [neuron for neuron in chosen if bool(there.at_ceiling[neuron]) == at_ceiling]
        if not some:
            continue
        rows = inputs.expand(len(some), -1, -1, -1)
        passed = run_neurons(model.module, rows, place, some, before_ceiling=at_ceiling, **options)
        gradients: Tensor = getattr(passed, need)
        for row, neuron in enumerate(some):
            before = float(passed.values[row]) if at_ceiling else None
            passes[neuron] = (before, gradients[row].cpu().numpy())
    return passes


def _notes(
    model: LoadedModel, value: float, before: float | None, silent: bool, any_gradient: bool
) -> tuple[str, ...]:
    notes = []
    if model.untrained:
        notes.append("Untrained: the weights are random, so this neuron stands for nothing.")
    if before is not None:
        end = "ceiling" if before >= value else "floor"
        notes.append(
            f"At its {end}, {number(value)}: explained is the value before it, {number(before)}."
        )
    if silent:
        notes.append("Silent: no pixel of this picture drives this neuron by a small change.")
    elif not any_gradient:
        notes.append(
            "All zero: guided backprop leaves nothing here; saliency shows what drives it."
        )
    return tuple(notes)
