"""What Filters and Neurons say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cactiviz.explanations.neurons import NeuronAttribution
from cactiviz.methods import METHODS
from cactiviz.rendering.captions import caption, where_is_the_peak
from cactiviz.rendering.kernels import ShownWeights
from cactiviz.rendering.scales import Floats, number, percent, vmax_of
from cactiviz.types import Box, FilterGrid

LINK_NO_LAYER = "The link names the layer “{name}”, which {network} doesn't have."

# --- Filters and Neurons ---
LAYER_WAITS = "its layer…"
TRAINED_NOTE = "trained weights"
SHOWN_OF = "{shown:,} of {total:,} are shown."

LAYER_OF = "Layer of {title}"
LAYER_FILES = {"png": "Picture (PNG)", "npz": "Numbers (npz)"}
FILTERS_FILES = (
    "The picture has the filters that are shown here. The numbers are all of this layer: every "
    "pattern and every map, for NumPy."
)
NEURONS_FILES = (
    "The picture has the neurons that are shown here. The numbers are their gradients, for NumPy."
)
FILTERS_TITLE = "What do the filters look for?"
FILTERS_WHAT = (
    "A filter is a small pattern that a network slides over the picture. Left is the pattern; "
    "right is where the picture fits it (orange) or fits its opposite (blue)."
)
FILTERS_LIMIT = (
    "Only in a network's first layer is the pattern made of colours that you could see. And a "
    "filter that finds much need not matter for the network's answer."
)
FILTER_ORDER = "Order"
MAP_SCALE = "Brightness of the maps"
MAP_SCALE_HELP = (
    "“One scale a layer” lets you compare the maps of a network, and weak ones stay pale. “Each "
    "its own” stretches every map to full colour, so a faint one looks as strong as a clear one. "
    "Scores of different networks are not in the same unit."
)
KERNEL_INPUTS = "Kernels of many inputs"
KERNEL_INPUTS_HELP = (
    "After the first layer a filter looks at all the maps of the layer before, with a pattern of "
    "its own for each. They don't fit on a screen: you see the one with the largest weights, or "
    "the mean of all, in which much cancels out. How much of the filter that is stands in the "
    "enlarged view."
)
SINGLE_WEIGHTS = (
    "These kernels are 1 × 1: one weight for each map of the layer before. There is no shape to "
    "see in them, so only what they find is shown."
)
FILTERS_SCALES = (
    "Patterns: mid grey is 0. Each one is stretched until its largest weight is black or white, so "
    "all of them can be seen, and a weak one looks as strong as a strong one. Maps: white is 0, "
    "blue below and orange above, in full colour at and beyond the full value."
)
MAP_OVER = "Where it answers, over the picture"
CONVOLUTION = "{name} · {count} of {rows} × {columns}"
FILTERS_LABEL = "Filters of {title}, {layer}; choose one to see it larger"
KERNEL_NAME = "Kernel {index}"
KERNEL_TITLE = "The pattern, {rows} × {columns} weights"
SHOW_MORE = "Show {count} more"

MAP_TITLE = "Its feature map, {rows} × {columns}"


def filters_said(grid: FilterGrid, weights: ShownWeights, vmax: float | None) -> str:
    """One line about a layer: how many kernels, and the scales of all that is painted."""
    count, channels, rows, columns = grid.kernels.shape
    parts = [f"{count:,} kernels of {rows} × {columns}"]
    if (rows, columns) != (1, 1):
        low, high = number(float(weights.vmaxes.min())), number(float(weights.vmaxes.max()))
        parts.append(f"{_shown_part(weights, channels)}, each on its own scale, ±{low} to ±{high}")
    maps = grid.feature_maps
    if maps is not None:
        low, high = number(float(maps.min())), number(float(maps.max()))
        scale = "each its own" if vmax is None else f"full at ±{number(vmax)}"
        parts.append(f"maps {scale}, min {low} max {high}")
    return " · ".join(parts)


def _shown_part(weights: ShownWeights, channels: int) -> str:
    if weights.in_colour:
        return "in colour"
    if channels == 1:
        return "in grey"
    if weights.inputs[0] is None:
        return f"mean of {channels} inputs"
    return f"heaviest of {channels} inputs"


def filter_line(map_: Floats, vmax: float | None) -> str:
    """Under a small filter: its response, and its map's scale where that is its own."""
    response = f"response {number(float(np.abs(map_).mean()))}"
    return response if vmax is None else f"{response}, full at ±{number(vmax)}"


def filter_alt(title: str, grid: FilterGrid, index: int, rank: int) -> str:
    """What is to be seen of a filter, to somebody who can't see it."""
    assert grid.feature_maps is not None
    where = _extremes(grid.feature_maps[index])
    return f"Kernel {index} of {title}’s {grid.layer}, response rank {rank + 1}: {where}"


def filter_words(
    title: str,
    grid: FilterGrid,
    weights: ShownWeights,
    index: int,
    rank: int,
    vmax: float,
    untrained: bool,
) -> tuple[str, ...]:
    """Sentences under an enlarged filter."""
    maps = grid.feature_maps
    assert maps is not None
    map_ = maps[index]
    lines = [
        f"{title}, {grid.layer}. Rank {rank + 1} of {len(maps)} by response: on average its map "
        f"is {number(float(np.abs(map_).mean()))} away from 0.",
        f"In this picture it {_extremes(map_)}.",
    ]
    if grid.kernels.shape[2:] != (1, 1):
        lines.append(_part_of_kernel(weights, grid.kernels.shape[1], index))
        lines.append(
            f"The pattern’s black and white are ±{number(float(weights.vmaxes[index]))}, its own "
            f"largest weight; in the whole layer it is {number(float(weights.vmaxes.max()))}. Mid "
            "grey is 0."
        )
    low, high = number(float(map_.min())), number(float(map_.max()))
    lines.append(f"The map’s full colours are ±{number(vmax)}, white is 0; min {low} max {high}.")
    if untrained:
        lines.append("Untrained: the weights are random, so this pattern was never learnt.")
    return tuple(lines)


def _part_of_kernel(weights: ShownWeights, channels: int, index: int) -> str:
    if weights.in_colour:
        return "The pattern is shown whole, in its colours."
    if channels == 1:
        return "The pattern is shown whole; it looks at one map of the layer before."
    share, chosen = percent(float(weights.shares[index])), weights.inputs[index]
    if chosen is None:
        return f"Shown is the mean over its {channels} inputs; it keeps {share} of the kernel."
    return f"Shown is input {chosen} of {channels}, its heaviest: {share} of the kernel."


def _extremes(map_: Floats) -> str:
    """Where a map is largest above and below 0."""
    low, high = float(map_.min()), float(map_.max())
    parts = []
    if high > 0:
        parts.append(f"answers most at the {where_is_the_peak(map_)} ({number(high)})")
    if low < 0:
        parts.append(f"most against its pattern at the {where_is_the_peak(-map_)} ({number(low)})")
    if low == high:
        return f"answers the same everywhere ({number(low)})"
    return " and ".join(parts)


NEURONS_TITLE = "What drives a single neuron?"
NEURONS_WHAT = (
    "A neuron is one number inside a network. Left is the part of the picture that it can see; "
    "right are the pixels in it that would change this number the most."
)
NEURONS_LIMIT = (
    "One neuron alone seldom stands for one thing. And pictures like these look sharp even for a "
    "network that has learnt nothing: try one with random weights."
)
NEURON_METHOD = "Shown by"
NEURON_WAY = "Which neurons"
NEURON_WAYS = {"chance": "Ten by chance", "place": "Most active at a place", "number": "One"}
NEURON_PARTS = ("Channel", "Row", "Column")
STRONGEST = "Take the strongest"
STRONGEST_SHOWN = "The strongest of the layer"
FIELD_ON_PICTURE = "What it can see of the picture"
FIELD_CLOSE = "That part, enlarged"
GRADIENT_CLOSE = "What drives it, enlarged"
GRADIENT_FAR = "What drives it"
POINT_LABEL = "A place in the picture: {down} down, {across} across; arrow keys move it"
POINT_HELP = (
    "Click a place. Shown are the ten neurons over it that are the most active, "
    "the strongest first."
)
SEED_SAID = "Seed {seed:,}"
NEURONS_LABEL = "Neurons of {title}, {layer}; choose one to see it larger"
BEGINS_AT = "Begins at {layer}: deeper layers see the whole picture."
NEURON_CHANNEL = "Channel {neuron.channel}"
NEURON_NAME = "Channel {neuron.channel}, row {neuron.row}, column {neuron.column}"
LAYER_IS_SILENT = "No neuron of {title}’s {layer} answers to this picture; choose another layer."
PLACE_IS_SILENT = (
    "No neuron of {title} answers at that place; choose another place or another layer."
)
PLACE_NOT_SEEN = "{title} didn't see that place of the picture; choose one nearer to the middle."


def neurons_place(name: str, channels: int, rows: int, columns: int, is_target: bool) -> str:
    """A layer as a choice of neurons."""
    target = " · Grad-CAM" if is_target else ""
    return f"{name} · {channels} × {rows} × {columns}{target}"


def neurons_said(
    size: tuple[int, int, int], neurons: Sequence[NeuronAttribution], at_place: bool
) -> tuple[str, ...]:
    """About a layer: how many neurons, what they see, and how their gradients are painted.

    Args:
        size: The layer's (channels, rows, columns).
        neurons: The neurons that are shown, at least one.
        at_place: Whether they are those over a place.
    """
    channels, rows, columns = size
    total, answering = channels * rows * columns, neurons[0].answering
    zero = "mid grey is 0" if METHODS[neurons[0].method].display == "signed" else "black is 0"
    where = f"{total:,} neurons in {channels} channels of {rows} × {columns}"
    answer = f"{where}: all answer to this picture"
    if answering < total:
        answer = f"Of {where}, {answering:,} answer to this picture"
        if not at_place and len(neurons) == answering > 1:
            answer += ", and all of these are shown"
    sentences = [f"{answer} · each on a scale of its own, {zero}"]
    if all(neuron.sees_all for neuron in neurons):
        sentences.append("Each sees the whole picture, so no part is outlined.")
    return tuple(sentences)


def neuron_line(neuron: NeuronAttribution) -> str:
    """Under a small picture of a neuron: where and how active it is, and its scale."""
    active = f"row {neuron.neuron.row}, column {neuron.neuron.column}: {_activity(neuron)}"
    display = METHODS[neuron.method].display
    vmax = vmax_of([neuron.values], display)
    if vmax == 0:
        return f"{active}; {'silent, ' if neuron.silent else ''}all zero"
    ends = "±" if display == "signed" else "white "
    return f"{active}; full at {ends}{number(vmax)}"


def neuron_alt(title: str, neuron: NeuronAttribution, size: tuple[int, int]) -> str:
    """What is to be seen of a neuron, to somebody who can't see it."""
    numbers = "channel {}, row {}, column {}".format(*neuron.neuron)
    where = _place_of(neuron.field, size)
    peak = "nothing drives it"
    if neuron.values.any():
        peak = f"driven most from the {where_is_the_peak(neuron.values)} of what the network saw"
    return (
        f"Neuron of {title}’s {neuron.layer}, {numbers}: active at {_activity(neuron)}, "
        f"sees {where}, {peak}"
    )


def neuron_words(title: str, neuron: NeuronAttribution) -> tuple[str, ...]:
    """Sentences under an enlarged neuron."""
    display = METHODS[neuron.method].display
    vmax = vmax_of([neuron.values], display)
    at, seen, field = neuron.neuron, neuron.seen, neuron.field
    part = field.height * field.width / (seen.height * seen.width)
    sees = (
        "It can see all that the network saw."
        if neuron.sees_all
        else f"It can see {field.width:.0f} × {field.height:.0f} pixels, {percent(part)} of what "
        "the network saw; nothing outside can change it."
    )
    sentences = [
        f"{title}, {neuron.layer}: channel {at.channel}, row {at.row}, column {at.column}. It is "
        f"active at {number(neuron.value)}.",
        sees,
        f"{METHODS[neuron.method].title}: {caption(neuron.values, 'own', vmax, display)}.",
    ]
    return (*sentences, *neuron.notes)


def _activity(neuron: NeuronAttribution) -> str:
    """How active a neuron is, and where its activation function cuts it off."""
    if neuron.before_ceiling is None:
        return number(neuron.value)
    end = "ceiling" if neuron.before_ceiling >= neuron.value else "floor"
    return f"{number(neuron.value)}, at its {end} ({number(neuron.before_ceiling)} before it)"


def _place_of(box: Box, size: tuple[int, int]) -> str:
    """A part of a picture of this (height, width), in words."""
    share = box.height * box.width / (size[0] * size[1])
    if share >= 0.995:
        return "the whole picture"
    middle = np.zeros((3, 3))
    down = min(2, int(3 * (box.top + box.height / 2) / size[0]))
    across = min(2, int(3 * (box.left + box.width / 2) / size[1]))
    middle[down, across] = 1
    return f"{percent(share)} of the picture around the {where_is_the_peak(middle)}"
