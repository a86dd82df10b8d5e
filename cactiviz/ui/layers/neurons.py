"""The page Neurons: what in the picture drives single neurons of a layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from cactiviz.engine.neuron_pass import LayerMap, random_neurons
from cactiviz.engine.receptive_field import layer_with_parts
from cactiviz.engine.trace import Trace, trace
from cactiviz.errors import TargetError
from cactiviz.explanations import layer_sheets
from cactiviz.explanations.neurons import (
    NEURON_METHODS,
    NeuronAttribution,
    explain_chosen,
    map_neurons,
)
from cactiviz.methods import METHODS
from cactiviz.models import LoadedModel
from cactiviz.rendering import paint as render
from cactiviz.rendering.formats import in_memory
from cactiviz.types import Box, Cancel, Layer, Neuron, Picture
from cactiviz.ui import texts as shared
from cactiviz.ui.address import history
from cactiviz.ui.address.layers import STRONGEST, NeuronsLink
from cactiviz.ui.components import data_url, fields, wall
from cactiviz.ui.components.loader import component
from cactiviz.ui.layers import columns as inside
from cactiviz.ui.layers import texts
from cactiviz.ui.layers.columns import Column, Job, Look, Painted
from cactiviz.ui.session import polling, state
from cactiviz.ui.sidebar.choice import Choice

HOW_MANY = 10  #: Neurons that are drawn by chance, or shown over a place.
_SMALL = 96  # pixels a side: up to it a gradient is sent without loss
_NEARLY_ALL = 0.8  # of the picture's sides: a field that needs no enlarging


@dataclass(frozen=True, eq=False)
class NeuronLook(Look):
    """Neurons of one layer of a network, explained.

    Attributes:
        layer: Where they are.
        target: The network's target layer.
        size: How many (channels, rows, columns) of neurons the layer has.
        attributions: One for each neuron.
    """

    layer: str
    target: str
    size: tuple[int, int, int]
    attributions: tuple[NeuronAttribution, ...]


def show() -> None:
    """A column of neurons for each network, filled as they answer."""
    about = f"{texts.NEURONS_WHAT}  \n{texts.NEURONS_LIMIT}"
    choice = inside.choose("neurons", texts.NEURONS_TITLE, about)
    wanted = ask_neurons(choice)
    ask = partial(inside.ask, choice, (("places",), _layers), partial(_job, choice, wanted))
    polling.show(ask, inside.wait, partial(_draw, choice, wanted), history.changed)


def ask_neurons(choice: Choice) -> NeuronsLink:
    """Show what can be chosen, and return it without layers."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        titles = {name: METHODS[name].title for name in NEURON_METHODS}
        fields.one_of(texts.NEURON_METHOD, titles, state.NEURON_METHOD)
        way = fields.one_of(texts.NEURON_WAY, texts.NEURON_WAYS, state.NEURON_WAY)
        if way == "chance":
            with st.container(
                horizontal=True, vertical_alignment="center", key="cv-draw", width="content"
            ):
                seed = fields.seed(state.NEURON_SEED)
                st.caption(texts.SEED_SAID.format(seed=seed), width="content")
    if way == "number":
        _ask_number()
    elif way == "place":
        _ask_place(inside.images(choice, {})[inside.PICTURE])
    return replace(NeuronsLink.chosen(), layers=())


def point(pressed: object) -> tuple[float, float] | None:
    """What the browser sent, if it is a place in the picture: (down, across), each 0..1.

    >>> point([0.25, 1]), point([2, 0]), point("here"), point([float("nan"), 0])
    ((0.25, 1.0), None, None, None)
    """
    if not isinstance(pressed, list | tuple) or len(pressed) != 2:
        return None
    if not all(isinstance(value, int | float) and 0 <= value <= 1 for value in pressed):
        return None
    return round(float(pressed[0]), 3), round(float(pressed[1]), 3)


def _tell_strongest(neuron: Neuron) -> None:
    """Note which neuron is the strongest; if it is news, run the page again for its numbers."""
    if st.session_state.get(state.NEURON_STRONGEST) != neuron:
        st.session_state[state.NEURON_STRONGEST] = neuron
        st.rerun()


def _ask_place(image: str) -> None:
    """The picture with a place marked, chosen by a click, a tap or the arrow keys."""
    at = st.session_state.setdefault(state.NEURON_AT, (0.5, 0.5))
    data = {"image": image, "at": list(at), "label": texts.POINT_LABEL, "help": texts.POINT_HELP}
    pressed = component("point_picker", "layers")(
        data=data, key="point", on_pressed_change=lambda: None
    ).pressed
    if (chosen := point(pressed)) is not None:
        st.session_state[state.NEURON_AT] = chosen


def _ask_number() -> None:
    """The numbers of one neuron; those of the strongest are shown once known."""
    own = bool(st.session_state.setdefault(state.NEURON_OWN, False))
    strongest = st.session_state.get(state.NEURON_STRONGEST)
    if not own and strongest is not None:
        st.session_state.update(zip(state.NEURON_PARTS, strongest, strict=True))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for label, key in zip(texts.NEURON_PARTS, state.NEURON_PARTS, strict=True):
            st.number_input(
                label,
                0,
                value=None,
                step=1,
                key=key,
                on_change=_choose_own,
                persist_state="session",
                width=130,
            )
        if own:
            st.button(
                texts.STRONGEST, on_click=st.session_state.update, args=({state.NEURON_OWN: False},)
            )
        else:
            st.caption(texts.STRONGEST_SHOWN, width="content")


def _choose_own() -> None:
    """Once a number is changed, the others stay as they are; one that is taken out ends that."""
    parts = [st.session_state.get(key) for key in state.NEURON_PARTS]
    st.session_state[state.NEURON_OWN] = None not in parts


def look(
    layer: str | None, wanted: NeuronsLink, choice: Choice, model: LoadedModel, cancel: Cancel
) -> NeuronLook:
    """Explain the neurons wanted in one layer; None for the one that the page begins with.

    Raises:
        TargetError: There is no such neuron, none that answers, or the network didn't see the
            place.
    """
    place = Layer.parse(layer) if layer else begin(model, cancel)
    layer_map = map_neurons(model, choice.picture, place, resize=choice.resize, cancel=cancel)
    chosen = _chosen(model, choice, wanted, layer_map, place)
    attributions = explain_chosen(
        model,
        choice.picture,
        place,
        chosen,
        layer_map,
        method=wanted.method,
        resize=choice.resize,
        cancel=cancel,
    )
    target = str(model.spec.target_layer)
    size, untrained = layer_map.size, model.untrained
    return NeuronLook(model.title, untrained, str(place), target, size, tuple(attributions))


def _chosen(
    model: LoadedModel, choice: Choice, wanted: NeuronsLink, layer_map: LayerMap, place: Layer
) -> list[Neuron]:
    if wanted.neuron == STRONGEST:
        return [layer_map.strongest()]
    if wanted.neuron is not None:
        return [Neuron(*wanted.neuron)]
    if wanted.at is None:
        count = min(HOW_MANY, layer_map.values.numel())
        drawn = random_neurons(layer_map.size, count, wanted.seed, among=layer_map.answers)
        if not drawn:
            raise TargetError(texts.LAYER_IS_SILENT.format(title=model.title, layer=str(place)))
        return drawn
    seen = data_url.in_fractions(inside.seen(choice, model), choice.picture.size)
    where = row_and_column(wanted.at, seen, layer_map.size[1:])
    if where is None:
        raise TargetError(texts.PLACE_NOT_SEEN.format(title=model.title))
    strongest = _most_active(layer_map, where)
    if not strongest:
        raise TargetError(texts.PLACE_IS_SILENT.format(title=model.title))
    return strongest


def begin(model: LoadedModel, cancel: Cancel | None = None) -> Layer:
    """The layer that the page begins with: one whose neurons see a part of the picture."""
    shape = (3, *model.spec.preprocessing.input_size)
    return layer_with_parts(model.module, shape, model.spec.target_layer, cancel)


def row_and_column(
    at: tuple[float, float], seen: Box, grid: tuple[int, int]
) -> tuple[int, int] | None:
    """The (row, column) of a map that lies over a place; None where the network saw nothing.

    Args:
        at: (down, across), in fractions of the picture.
        seen: What the network saw, in fractions of the picture.
        grid: (rows, columns) of the map.

    >>> row_and_column((0.5, 0.99), Box(0, 0, 1, 1), (8, 8))
    (4, 7)
    >>> row_and_column((0.5, 0.1), Box(0, 0.25, 1, 0.5), (8, 8)) is None
    True
    """
    down, across = (at[0] - seen.top) / seen.height, (at[1] - seen.left) / seen.width
    if not (0 <= down <= 1 and 0 <= across <= 1):
        return None
    return min(int(down * grid[0]), grid[0] - 1), min(int(across * grid[1]), grid[1] - 1)


def paint(look: NeuronLook, picture_size: tuple[int, int]) -> Painted:
    """The picture with each neuron's field, and the gradient in that field, on its own scale."""
    images: dict[str, str] = {}
    cells = []
    for number, attribution in enumerate(look.attributions):
        images[f"gradient {number}"] = gradient_image(attribution)
        cells.append(_cell(look, attribution, number, picture_size))
    return Painted(tuple(cells), images)


def gradient_image(attribution: NeuronAttribution) -> str:
    """The gradient within the neuron's field, of which it is 0 outside; one pixel for each."""
    within = in_field(attribution)
    display = METHODS[attribution.method].display
    vmax = render.vmax_of([attribution.values], display)
    size = (int(within.shape[1]), int(within.shape[2]))
    ground = Picture(np.zeros((*size, 3), np.uint8))  # nothing of it shows
    everywhere = Box(0, 0, *size)
    painted = render.paint(ground, within, everywhere, display=display, vmax=vmax, size=size)
    return data_url.png(painted) if max(size) <= _SMALL else data_url.jpeg(painted)


def around(field: Box) -> Box:
    """The smallest window around a field that has the picture's own shape.

    Args:
        field: In fractions of the picture, as the window is, which may reach over its edge.

    >>> around(Box(0.25, 0.5, 0.25, 0.5))
    Box(top=0.125, left=0.5, height=0.5, width=0.5)
    """
    side = max(field.height, field.width)
    top = field.top - (side - field.height) / 2
    return Box(top, field.left - (side - field.width) / 2, side, side)


def in_field(attribution: NeuronAttribution) -> NDArray[np.float32]:
    """The part (3, h, w) of a gradient that lies in the neuron's field."""
    _, height, width = attribution.values.shape
    field, seen = attribution.field, attribution.seen
    top = round((field.top - seen.top) * height / seen.height)
    left = round((field.left - seen.left) * width / seen.width)
    bottom = top + round(field.height * height / seen.height)
    right = left + round(field.width * width / seen.width)
    return np.asarray(attribution.values[:, top:bottom, left:right])


def _cell(
    look_: NeuronLook, attribution: NeuronAttribution, number: int, picture_size: tuple[int, int]
) -> wall.Cell:
    height, width = picture_size
    field = data_url.in_fractions(attribution.field, picture_size)
    aspect = attribution.field.width / attribution.field.height
    whole = field.height > _NEARLY_ALL and field.width > _NEARLY_ALL
    few = max(in_field(attribution).shape[1:]) <= _SMALL
    gradient = wall.Film(f"gradient {number}", field, squares=few)
    photograph = wall.Film(inside.PICTURE, wall.WHOLE)
    outline = None if attribution.sees_all else field
    framed = wall.Pane((photograph,), wall.WHOLE, width / height, outline, outline)
    framed = replace(framed, title=texts.FIELD_ON_PICTURE)
    close = wall.Pane((gradient,), field, aspect, title=texts.GRADIENT_CLOSE)
    far = wall.Pane((gradient,), wall.WHOLE, width / height, field, title=texts.GRADIENT_FAR)
    gradient_alone = replace(close, view=around(field), aspect=width / height)
    below = wall.Pane((photograph,), field, aspect, title=texts.FIELD_CLOSE)
    return wall.Cell(
        key="{},{},{}".format(*attribution.neuron),
        alt=texts.neuron_alt(look_.title, attribution, picture_size),
        title=texts.NEURON_CHANNEL.format(neuron=attribution.neuron),
        heading=texts.NEURON_NAME.format(neuron=attribution.neuron),
        line=texts.neuron_line(attribution),
        # The whole picture beside each of ten would be one and the same picture ten times.
        small=(gradient_alone,) if attribution.sees_all else (framed, gradient_alone),
        large=(framed, close) if whole else (framed, far, below, close),
        words=texts.neuron_words(look_.title, attribution),
    )


def _most_active(layer_map: LayerMap, where: tuple[int, int]) -> list[Neuron]:
    """The most active neurons at a (row, column), the strongest first; silent ones aren't."""
    here, answers = layer_map.strength[:, *where], layer_map.answers[:, *where]
    order = here.argsort(descending=True, stable=True)
    return [Neuron(int(channel), *where) for channel in order[answers[order]][:HOW_MANY]]


def _layers(model: LoadedModel, cancel: Cancel) -> dict[str, str]:
    sequence = trace(model.module, (3, *model.spec.preprocessing.input_size))
    target, first = model.spec.target_layer, str(begin(model, cancel))
    # The last stage is the target layer, if under another name.
    layers = [*sequence.stages()[:-1], target, *map(Layer, sequence.convolutions)]
    offered = {str(layer): _offered(sequence, layer, layer == target) for layer in layers}
    # What is chosen at first stands first.
    return dict(sorted(offered.items(), key=lambda pair: pair[0] != first))


def _offered(sequence: Trace, layer: Layer, is_target: bool) -> str:
    channels, rows, columns = sequence.shapes[sequence.step(layer)][1:]
    return texts.neurons_place(str(layer), channels, rows, columns, is_target)


def _job(choice: Choice, wanted: NeuronsLink, name: str) -> Job[NeuronLook]:
    layer: str | None = st.session_state.get(state.NEURON_LAYER + name)
    if layer == st.session_state.get(state.NEURON_BEGINS + name):
        layer = None  # the same question as before its name was known
    key = ("neurons", choice.picture.key, layer, wanted, choice.resize)
    return key, partial(look, layer, wanted, choice)


def _draw(choice: Choice, wanted: NeuronsLink, columns: Sequence[Column[NeuronLook]]) -> None:
    first = columns[0].answer
    if wanted.neuron == STRONGEST and isinstance(first, NeuronLook):
        _tell_strongest(first.attributions[0].neuron)
    for column in columns:
        if column.layers:
            st.session_state[state.NEURON_BEGINS + column.name] = next(iter(column.layers))
    inside.side_by_side(columns, state.NEURON_LAYER, partial(_fill, choice, wanted))
    method = METHODS[wanted.method]
    st.caption(shared.plain(f"{method.title}: {method.limit}"))


def _fill(
    choice: Choice, wanted: NeuronsLink, column: Column[NeuronLook], answer: NeuronLook
) -> None:
    size = choice.picture.size
    painted = inside.painted((column.key, size), lambda: paint(answer, size))
    lines = texts.neurons_said(answer.size, answer.attributions, wanted.at is not None)
    if answer.layer == next(iter(column.layers), None) and answer.layer != answer.target:
        lines = (texts.BEGINS_AT.format(layer=answer.layer), *lines)
    st.caption("  \n".join(map(shared.plain, lines)))
    label = texts.NEURONS_LABEL.format(title=answer.title, layer=answer.layer)
    wall.show(painted.cells, label, f"neurons {column.name}", inside.images(choice, painted.images))
    inside.offer_files(
        f"neurons {answer.title} {answer.layer}",
        lambda: in_memory.png(layer_sheets.neurons_sheet(choice.picture, answer.attributions)),
        lambda: in_memory.npz(layer_sheets.neurons_arrays(answer.attributions)),
        texts.NEURONS_FILES,
    )
