"""The page Filters: kernels of a convolution, and what they find in the picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

import numpy as np
import streamlit as st

from cactiviz.explanations import layer_sheets
from cactiviz.explanations.explain import convolutions, filters
from cactiviz.models import LoadedModel
from cactiviz.rendering import paint as render
from cactiviz.rendering.formats import in_memory
from cactiviz.rendering.kernels import Inputs, ShownWeights, shown_weights
from cactiviz.rendering.scales import Floats
from cactiviz.types import Box, Cancel, FilterGrid, Picture
from cactiviz.ui import texts as shared
from cactiviz.ui.address import history
from cactiviz.ui.address.layers import AT_ONCE, FiltersLink
from cactiviz.ui.components import data_url, fields, wall
from cactiviz.ui.layers import columns as inside
from cactiviz.ui.layers import texts
from cactiviz.ui.layers.columns import Column, Job, Look, Painted
from cactiviz.ui.session import polling, state
from cactiviz.ui.sidebar.choice import Choice

_LONGEST_MAP = 112  # pixels; averaged down to it
_PERCENTILE = 99.5  # of a layer: a lone peak must not make all maps pale


@dataclass(frozen=True, eq=False)
class FilterLook(Look):
    """What one network's convolution looks for in the picture.

    Attributes:
        grid: Kernels and feature maps, raw.
        seen: The part of the picture that the network saw, in pixels.
        on_colours: Whether the kernels' inputs are red, green and blue.
    """

    grid: FilterGrid
    seen: Box
    on_colours: bool


def show() -> None:
    """A column of filters for each network, filled as they answer."""
    about = f"{texts.FILTERS_WHAT}  \n{texts.FILTERS_LIMIT}"
    choice = inside.choose("filters", texts.FILTERS_TITLE, about)
    ask = partial(inside.ask, choice, (("convolutions",), _layers), partial(_job, choice))
    polling.show(ask, inside.wait, partial(_draw, choice), history.changed)


def look(layer: str | None, choice: Choice, model: LoadedModel, cancel: Cancel) -> FilterLook:
    """Kernels and feature maps of a convolution; None for the network's first one."""
    grid = filters(model, choice.picture, layer=layer, resize=choice.resize, cancel=cancel)
    return FilterLook(
        title=model.title,
        untrained=model.untrained,
        grid=grid,
        seen=inside.seen(choice, model),
        on_colours=grid.layer == model.spec.first_conv,
    )


def paint(look: FilterLook, style: FiltersLink, picture_size: tuple[int, int]) -> Painted:
    """The first filters in the order asked for, painted.

    Args:
        look: What is shown.
        style: How.
        picture_size: (height, width) of the picture.
    """
    grid = look.grid
    assert grid.feature_maps is not None
    maps = grid.feature_maps
    weights = shown_weights(grid.kernels, style.inputs, on_colours=look.on_colours)
    ranked = grid.by_response
    vmax = map_vmax(maps, "shared") if style.scale == "shared" else None
    images: dict[str, str] = {}
    cells = []
    for index in _shown(look, style):
        own = map_vmax(maps[index], "own") if vmax is None else vmax
        images[f"map {index}"] = data_url.diverging(maps[index], own, _LONGEST_MAP)
        if not _single(grid):
            kernel = weights.weights[index : index + 1]
            painted = render.paint_filters(kernel, kernel.shape[3])
            images[f"kernel {index}"] = data_url.png(painted)
        cells.append(_cell(look, weights, style, index, ranked.index(index), own, picture_size))
    return Painted(tuple(cells), images, texts.filters_said(grid, weights, vmax))


def _shown(look: FilterLook, style: FiltersLink) -> list[int]:
    """The indices of the filters that are shown, in the order asked for."""
    grid = look.grid
    order = grid.by_response if style.order == "response" else list(range(len(grid.kernels)))
    return order[: style.count]


def map_vmax(maps: Floats, scale: Literal["shared", "own"]) -> float:
    """The value that is painted in full colour: one map's largest, or nearly that of a layer.

    >>> map_vmax(np.array([[1.0, -2.0]]), "own")
    2.0
    """
    sizes = np.abs(maps)
    if scale == "own":
        return float(sizes.max())
    return float(np.percentile(sizes, _PERCENTILE)) or float(sizes.max())


def _cell(
    look: FilterLook,
    weights: ShownWeights,
    style: FiltersLink,
    index: int,
    rank: int,
    vmax: float,
    picture_size: tuple[int, int],
) -> wall.Cell:
    grid, seen = look.grid, data_url.in_fractions(look.seen, picture_size)
    assert grid.feature_maps is not None
    map_ = grid.feature_maps[index]
    height, width = picture_size
    aspect = seen.width * width / (seen.height * height)
    film = wall.Film(f"map {index}", seen)
    title = texts.MAP_TITLE.format(rows=map_.shape[0], columns=map_.shape[1])
    alone = wall.Pane((film,), seen, aspect, title=title)
    below = wall.Film(inside.PICTURE, wall.WHOLE, grey=True)
    over = wall.Pane(
        (below, replace(film, fades=True)),
        wall.WHOLE,
        width / height,
        lit=seen if seen != wall.WHOLE else None,
        title=texts.MAP_OVER,
    )
    kernels: tuple[wall.Pane, ...] = ()
    if not _single(grid):
        rows, columns = grid.kernels.shape[2:]
        kernel = wall.Film(f"kernel {index}", wall.WHOLE, squares=True)
        title = texts.KERNEL_TITLE.format(rows=rows, columns=columns)
        kernels = (wall.Pane((kernel,), wall.WHOLE, columns / rows, title=title),)
    return wall.Cell(
        key=str(index),
        alt=texts.filter_alt(look.title, grid, index, rank),
        title=texts.KERNEL_NAME.format(index=index),
        line=texts.filter_line(map_, vmax if style.scale == "own" else None),
        small=(*kernels, alone),
        large=(*kernels, over, alone),
        words=texts.filter_words(look.title, grid, weights, index, rank, vmax, look.untrained),
    )


def _single(grid: FilterGrid) -> bool:
    """Whether a kernel is one weight for each input, with no shape to see."""
    return grid.kernels.shape[2:] == (1, 1)


def _layers(model: LoadedModel, cancel: Cancel) -> dict[str, str]:
    modules = dict(model.module.named_modules())
    shapes = {name: tuple(modules[name].weight.shape) for name in convolutions(model)}
    return {
        name: texts.CONVOLUTION.format(name=name, count=s[0], rows=s[2], columns=s[3])
        for name, s in shapes.items()
    }


def _job(choice: Choice, name: str) -> Job[FilterLook]:
    layer: str | None = st.session_state.get(state.FILTER_LAYER + name)
    key = ("filters", choice.picture.key, layer, choice.resize)
    return key, partial(look, layer, choice)


def _draw(choice: Choice, columns: Sequence[Column[FilterLook]]) -> None:
    looks = [column.answer for column in columns if isinstance(column.answer, FilterLook)]
    style = _ask_style(looks)
    inside.side_by_side(columns, state.FILTER_LAYER, partial(_fill, choice, style))
    most = max((len(look.grid.kernels) for look in looks), default=0)
    if most > style.count:
        with st.container(horizontal=True, horizontal_alignment="center"):
            st.button(
                texts.SHOW_MORE.format(count=min(AT_ONCE, most - style.count)),
                on_click=lambda: st.session_state.update(
                    {state.FILTER_COUNT: style.count + AT_ONCE}
                ),
                icon=":material/expand_more:",
            )
    if looks:
        st.caption(texts.FILTERS_SCALES)


def _fill(
    choice: Choice, style: FiltersLink, column: Column[FilterLook], answer: FilterLook
) -> None:
    size = choice.picture.size
    painted = inside.painted((column.key, style, size), lambda: paint(answer, style, size))
    st.caption(shared.plain(painted.scales))
    if _single(answer.grid):
        st.caption(texts.SINGLE_WEIGHTS)
    label = texts.FILTERS_LABEL.format(title=answer.title, layer=answer.grid.layer)
    wall.show(painted.cells, label, f"filters {column.name}", inside.images(choice, painted.images))
    total = len(answer.grid.kernels)
    if total > len(painted.cells):
        st.caption(texts.SHOWN_OF.format(shown=len(painted.cells), total=total))
    inside.offer_files(
        f"filters {answer.title} {answer.grid.layer}",
        lambda: filters_sheet(choice.picture, answer, style),
        lambda: in_memory.npz(layer_sheets.filters_arrays(answer.grid)),
        texts.FILTERS_FILES,
    )


def filters_sheet(picture: Picture, look: FilterLook, style: FiltersLink) -> bytes:
    """The filters that are shown as a file, as ``cactiviz filters --out`` draws them."""
    weights = shown_weights(look.grid.kernels, style.inputs, on_colours=look.on_colours)
    sheet = layer_sheets.filters_sheet(
        picture,
        look.title,
        look.grid,
        look.seen,
        _shown(look, style),
        scale=style.scale,
        weights=weights,
    )
    return in_memory.png(sheet)


def _ask_style(looks: Sequence[FilterLook]) -> FiltersLink:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        order = fields.one_of(texts.FILTER_ORDER, shared.FILTER_ORDERS, state.FILTER_ORDER)
        scale = fields.one_of(
            texts.MAP_SCALE, shared.MAP_SCALES, state.MAP_SCALE, help=texts.MAP_SCALE_HELP
        )
        inputs: Inputs = "heaviest"
        if any(
            look.grid.kernels.shape[1] > 1 and not look.on_colours and not _single(look.grid)
            for look in looks
        ):
            inputs = fields.one_of(
                texts.KERNEL_INPUTS,
                shared.KERNEL_INPUT,
                state.KERNEL_INPUTS,
                help=texts.KERNEL_INPUTS_HELP,
            )
    count = int(st.session_state.get(state.FILTER_COUNT, AT_ONCE))
    return FiltersLink(order, scale, inputs, count)
