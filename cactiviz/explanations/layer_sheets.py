"""Sheets and arrays of what is inside of one network, as commands and the app write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray
from PIL import Image

from cactiviz.methods import METHODS
from cactiviz.rendering import paint
from cactiviz.rendering.figures.sheet import Cell, Column, Row, draw_sheet
from cactiviz.rendering.kernels import ShownWeights
from cactiviz.rendering.scales import Display, Scale
from cactiviz.types import Box, FilterGrid, Picture

if TYPE_CHECKING:
    from cactiviz.explanations.neurons import NeuronAttribution

#: A filter sheet's columns; of more filters there are several sheets, one below the other.
FILTERS_BESIDE = 12
_CELL_WIDTH = 160  # pixels


def filters_sheet(
    picture: Picture,
    network: str,
    grid: FilterGrid,
    seen: Box,
    shown: Sequence[int],
    *,
    scale: Scale = "shared",
    weights: ShownWeights | None = None,
) -> Image.Image:
    """Draw kernels, each on its own scale, above the magnitudes of their feature maps.

    Args:
        picture: The picture of the feature maps.
        network: Display name of the network.
        grid: A convolution with its feature maps.
        seen: The part of the picture that the network saw, in pixels.
        shown: Indices of the filters, at least one, from left to right.
        scale: Of the feature maps: "shared" by those shown, or "own".
        weights: Which part of each kernel is drawn; None for its colours, else its first input.

    Returns:
        An RGB image.
    """
    maps, kernels = grid.feature_maps, grid.kernels if weights is None else weights.weights
    assert maps is not None
    about = f"raw weights of {network}, {grid.layer}"
    if weights is not None and grid.kernels.shape[1] > 1 and not weights.in_colour:
        mean = weights.inputs[0] is None
        about += ", mean of all inputs" if mean else ", at each one's heaviest input"
    answers = "how strongly it answers"
    first = ", the strongest of all first" if list(shown) == grid.by_response[: len(shown)] else ""
    shared = paint.vmax_of([maps[index] for index in shown], "magnitude")
    sheets = []
    for start in range(0, len(shown), FILTERS_BESIDE):
        cells = {}
        beside = shown[start : start + FILTERS_BESIDE]
        for column, index in enumerate(beside):
            kernel = kernels[index : index + 1]
            painted = paint.paint_filters(kernel, _CELL_WIDTH)
            cells[0, column] = Cell(painted, paint.filters_caption(kernel))
            own = paint.vmax_of([maps[index]], "magnitude")
            vmax = shared if scale == "shared" else own
            cells[1, column] = _cell(picture, maps[index], seen, "magnitude", scale, vmax)
        columns = [Column(f"kernel {index}", ()) for index in beside]
        rows = [Row("Kernel", about), Row("Feature map", answers + ("" if start else first))]
        sheets.append(draw_sheet(picture, columns, rows, cells, cell_width=_CELL_WIDTH))
    return _stacked(sheets)


def filters_arrays(grid: FilterGrid) -> dict[str, NDArray[Any]]:
    """All raw kernels and feature maps of a convolution, by their names in a file of arrays."""
    assert grid.feature_maps is not None
    return {"kernels": grid.kernels, "feature_maps": grid.feature_maps}


def neurons_sheet(picture: Picture, attributions: Sequence[NeuronAttribution]) -> Image.Image:
    """Draw what drives each neuron, and outline its receptive field where it is a part.

    Args:
        picture: The picture that was explained.
        attributions: At least one, all of one layer and one method.

    Returns:
        An RGB image.
    """
    columns = [
        Column("channel {}, row {}, column {}".format(*one.neuron), (), " ".join(one.notes))
        for one in attributions
    ]
    about = f"of single neurons of {attributions[0].layer}"
    if all(one.sees_all for one in attributions):
        about += ", each of which sees the whole picture"
    rows = [Row(METHODS[attributions[0].method].title, about)]
    cells = {(0, index): _neuron_cell(picture, one) for index, one in enumerate(attributions)}
    return draw_sheet(picture, columns, rows, cells, cell_width=_CELL_WIDTH)


def neurons_arrays(attributions: Sequence[NeuronAttribution]) -> dict[str, NDArray[Any]]:
    """The raw gradient (3, H, W) of each neuron, by ``CHANNEL/ROW/COLUMN``."""
    return {"{}/{}/{}".format(*one.neuron): one.values for one in attributions}


def _neuron_cell(picture: Picture, found: NeuronAttribution) -> Cell:
    display = METHODS[found.method].display
    vmax, field = paint.vmax_of([found.values], display), None if found.sees_all else found.field
    return _cell(picture, found.values, found.seen, display, "own", vmax, field)


def _cell(
    picture: Picture,
    values: NDArray[Any],
    seen: Box,
    display: Display,
    scale: Scale,
    vmax: float,
    outlined: Box | None = None,
) -> Cell:
    size = paint.cell_size(picture.size, _CELL_WIDTH)
    image = paint.paint(picture, values, seen, display=display, vmax=vmax, size=size)
    if outlined:
        image = paint.outline(image, outlined, picture.size)
    return Cell(image, paint.caption(values, scale, vmax, display))


def _stacked(sheets: Sequence[Image.Image]) -> Image.Image:
    """Sheets one below the other, on white."""
    if len(sheets) == 1:
        return sheets[0]
    size = max(sheet.width for sheet in sheets), sum(sheet.height for sheet in sheets)
    whole = Image.new("RGB", size, "white")
    top = 0
    for sheet in sheets:
        whole.paste(sheet, (0, top))
        top += sheet.height
    return whole
