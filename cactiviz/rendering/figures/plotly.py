"""Maps as an interactive Plotly figure with linked axes and values on hover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.types import Box, Picture

_SIDE = 260  # of a pane, in pixels
_DIVERGING = [[0, "#1f6fd0"], [0.5, "#f7f7f7"], [1, "#c25a00"]]  # against, nothing, for


@dataclass(frozen=True, eq=False)
class Pane:
    """One map of a figure.

    Attributes:
        title: The network and the method.
        values: The raw map (h, w), or (3, H, W), shown by its channel maximum of magnitudes.
        kind: "positive" or "signed".
        seen: The part of the picture that the map covers; None for the map's own grid.
        subtitle: Small text below the title: the explained class, layer and grid.
    """

    title: str
    values: NDArray[Any]
    kind: str
    seen: Box | None = None
    subtitle: str = ""


def figure(picture: Picture | None, columns: Sequence[Sequence[Pane]], heading: str = "") -> Any:
    """A figure with a column for each network and a row for each method; zoom is shared.

    Each map has its own scale.

    Args:
        picture: Background of the maps; None for none.
        columns: The panes of each network, from top to bottom.
        heading: Text above the figure, such as the explained class; may be empty.

    Returns:
        A ``plotly.graph_objects.Figure``.
    """
    from plotly.subplots import make_subplots  # half a second that few need

    rows = max((len(panes) for panes in columns), default=0)
    filled = [[*panes, *[None] * (rows - len(panes))] for panes in columns]
    titles = []
    for pane in (pane for line in zip(*filled, strict=True) for pane in line):
        small = f"<br><sup>{escape(pane.subtitle)}</sup>" if pane and pane.subtitle else ""
        titles.append(escape(pane.title) + small if pane else "")
    chart = make_subplots(
        rows=max(rows, 1),
        cols=max(len(columns), 1),
        subplot_titles=titles or None,
        shared_xaxes="all",
        shared_yaxes="all",
        horizontal_spacing=0.02,
        vertical_spacing=0.2 / max(rows, 1),  # room for two lines of a title
    )
    height, width = picture.size if picture else (1, 1)
    for column, panes in enumerate(filled, 1):
        for row, pane in enumerate(panes, 1):
            if pane is None:
                continue
            if picture is not None:
                below = Image.fromarray(picture.rgb)
                below.thumbnail((600, 600))
                place = {"x": 0, "y": 0, "sizex": width, "sizey": height, "sizing": "stretch"}
                chart.add_layout_image(source=below, layer="below", row=row, col=column, **place)
            chart.add_trace(_trace(pane, picture is not None), row=row, col=column)
    reach: dict[str, Any] = {"showgrid": False, "zeroline": False, "showticklabels": False}
    across = {"range": [0, width]} if picture else {}
    down = {"range": [height, 0]} if picture else {"autorange": "reversed"}
    chart.update_xaxes(**reach, **across, constrain="domain")
    chart.update_yaxes(**reach, **down, scaleanchor="x", constrain="domain")
    chart.update_layout(
        width=80 + _SIDE * max(len(columns), 1),
        height=80 + round(_SIDE * max(rows, 1) * min(max(height / width, 0.4), 2.5)),
        margin={"l": 20, "r": 20, "t": 100 if heading else 70, "b": 20},
        template="plotly_white",
    )
    if heading:
        chart.update_layout(title={"text": escape(heading), "font": {"size": 16}})
    return chart


def _trace(pane: Pane, over_picture: bool) -> Any:
    from plotly import graph_objects

    values = np.asarray(pane.values, np.float64)
    gradient = values.ndim == 3
    if gradient:
        values = np.abs(values).max(axis=0)
    signed = pane.kind == "signed" and not gradient
    largest = float(np.abs(values).max(initial=0)) or 1.0
    rows, columns = values.shape
    seen = pane.seen or Box(0, 0, rows, columns)
    dx, dy = seen.width / columns, seen.height / rows
    low, high = values.min(initial=0), values.max(initial=0)
    return graph_objects.Heatmap(
        z=values,
        x0=seen.left + dx / 2,
        dx=dx,
        y0=seen.top + dy / 2,
        dy=dy,
        zmin=-largest if signed else 0,
        zmax=largest,
        colorscale=_DIVERGING if signed else "gray" if gradient else "inferno",
        opacity=0.6 if over_picture and not gradient else 1,
        showscale=False,
        hovertemplate=f"%{{z:.4g}}<br>min {low:.4g}, max {high:.4g}<extra></extra>",
    )
