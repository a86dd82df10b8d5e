"""What in a picture drives single neurons of a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from cactiviz.models.preprocess import preprocess
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
    """What drives one neuron.

    Attributes:
        model: The network's name.
        method: "guided_backprop" or "saliency".
        layer: Where the neuron is.
        neuron: Its channel, row and column.
        value: How active it is.
        values: The raw gradient of that value, or of ``before_ceiling`` where there is one, by the
            network's input, (3, H, W), signed.
        seen: The part of the picture that the network saw.
        field: The neuron's receptive field on the picture; where it reaches over the edge of
            what the network saw, it ends there.
        notes: Sentences that belong beside the picture.
        before_ceiling: For a neuron at the largest value of its activation function, such as 6 of
            a ReLU6: the value before that function, which is explained in its stead.
        silent: Whether no pixel of this picture drives it by a small change.
        answering: How many of the layer's neurons answer to this picture: are driven by some pixel.
        layer_neurons: How many neurons the layer has.
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
        """Whether its receptive field is all that the network saw, so that an outline says nothing.

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
    """Explain single neurons of one layer in one batched pass; what comes after isn't run.

    Args:
        model: A loaded network.
        picture: What the neurons look at.
        layer: Where they are; None for the network's target layer.
        neurons: These (channel, row, column), and
        most_active_at: the most active channel at this (row, column), and
        random: so many others, chosen by ``seed`` among those that answer to the picture; all
            of these, if they are fewer. A neuron at 0 after a ReLU doesn't answer.
        seed: The same seed chooses the same neurons.
        method: "guided_backprop" or "saliency" (the plain gradient).
        resize: "crop" or "squash" instead of the network's own preprocessing.
        cancel: Asked between steps.

    Raises:
        MethodError: An unknown method, or no neuron was asked for.
        LayerError: There is no such layer.
        TargetError: A neuron that the layer doesn't have, or none that answers.
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
    """How active the neurons of one layer are, and which of them answer to the picture.

    Args:
        model: A loaded network.
        picture: What the neurons look at.
        layer: Where they are.
        resize: As for :func:`explain_neurons`.
        cancel: Asked between steps.

    Raises:
        LayerError: There is no such layer.
        CactivizError: As for :func:`cactiviz.explain`.
    """
    return layer_map(model.module, _inputs(model, picture, resize)[0], layer, cancel)


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
    """Explain these neurons of one layer.

    Args:
        model: A loaded network.
        picture: What the neurons look at.
        layer: Where they are.
        neurons: At least one; each is explained once.
        there: What :func:`map_neurons` says of the layer.
        method: As for :func:`explain_neurons`.
        resize: As for :func:`explain_neurons`.
        cancel: Asked between steps.

    Raises:
        MethodError: An unknown method.
        TargetError: A neuron that the layer doesn't have.
        CactivizError: As for :func:`cactiviz.explain`.
    """
    need = _need(method)
    chosen = list(dict.fromkeys(neurons))
    check_neurons(there.size, layer, chosen)
    inputs, seen = _inputs(model, picture, resize)
    passes = _passes(model, inputs, layer, chosen, there, need, cancel)
    shape = (int(inputs.shape[1]), int(inputs.shape[2]), int(inputs.shape[3]))
    # Of each, not only of each place: branches that are joined differ there.
    masks = receptive_fields(model.module, shape, layer, chosen, cancel)
    answering = int(there.answers.sum())
    found = []
    for neuron, mask in zip(chosen, masks, strict=True):
        before, gradient = passes[neuron]
        value, silent = float(there.values[neuron]), not bool(there.driven[neuron])
        found.append(
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
    return found


def _need(method: str) -> Need:
    if method not in NEURON_METHODS:
        known = " or ".join(NEURON_METHODS)
        raise MethodError(f"Neurons are explained by {known}, not “{method}”.")
    return NEURON_METHODS[method]


def _inputs(
    model: LoadedModel, picture: Picture, resize: Literal["crop", "squash"] | None
) -> tuple[Tensor, Box]:
    """The picture as the network takes it, (1, 3, H, W), and what it sees of it."""
    spec = model.spec.preprocessing
    preprocessing = replace(spec, resize=resize) if resize else spec
    inputs = preprocess(picture, preprocessing).to(device=model.device, dtype=model.dtype)
    return inputs, preprocessing.seen(*picture.size)


def _passes(
    model: LoadedModel,
    inputs: Tensor,
    place: Layer,
    chosen: Sequence[Neuron],
    there: LayerMap,
    need: Need,
    cancel: Cancel | None,
) -> dict[Neuron, tuple[float | None, NDArray[Any]]]:
    """Of each neuron the value before its ceiling, if it stands there, and the gradient."""
    found: dict[Neuron, tuple[float | None, NDArray[Any]]] = {}
    for at_ceiling in (False, True):
        some = [neuron for neuron in chosen if bool(there.at_ceiling[neuron]) == at_ceiling]
        if not some:
            continue
        rows = inputs.expand(len(some), -1, -1, -1)
        needs = frozenset({need})
        passed = run_neurons(
            model.module, rows, place, some, needs=needs, before_ceiling=at_ceiling, cancel=cancel
        )
        guided = need == "guided_gradients"
        gradients = passed.guided_gradients if guided else passed.input_gradients
        assert gradients is not None
        for row, neuron in enumerate(some):
            before = float(passed.values[row]) if at_ceiling else None
            found[neuron] = (before, gradients[row].cpu().numpy())
    return found


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
