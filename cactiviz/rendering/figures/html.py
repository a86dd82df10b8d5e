"""A comparison as HTML that needs nothing from outside: for reports and for notebooks."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.rendering.captions import caption
from cactiviz.rendering.colormaps import DIVERGING, PALETTES
from cactiviz.rendering.figures.sheet import SIGNS, Column, Remark, Row
from cactiviz.rendering.scales import Display, percent, unscaled, vmax_of
from cactiviz.types import Picture

if TYPE_CHECKING:
    from jinja2 import Environment


@dataclass(frozen=True, eq=False)
class Layers:
    """A cell in two layers, so that the strength of the upper one can be moved by its reader.

    Attributes:
        below: What strength 0 shows, uint8 (h, w, 3); None where nothing can be shown.
        above: What strength 1 shows, of the same size; None where there is nothing to move.
        caption: Scale and range, or why there is no image.
        alt: What is to be seen, in words.
        place: The layer and its grid, if it was made at one.
    """

    below: NDArray[np.uint8] | None
    above: NDArray[np.uint8] | None
    caption: str
    alt: str = ""
    place: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers under a title: the heads of the columns, the lines, and what must be said of them."""

    title: str
    heads: Sequence[str]
    lines: Sequence[Sequence[str]]
    says: str = ""


def grid(
    picture: Picture,
    columns: Sequence[Column],
    rows: Sequence[Row],
    cells: Mapping[tuple[int, int], Layers],
    *,
    strength: float = 0.5,
    follows: bool = False,
    heading: str = "",
) -> str:
    """A comparison as a table: networks as columns, methods as rows, a slider for the overlays.

    Every text is escaped; images are part of the text.

    Args:
        picture: What was explained.
        columns: One for each network.
        rows: One for each method.
        cells: By (row, column).
        strength: Of the overlays to begin with, 0..1.
        follows: Dark where the reader's system is; a notebook has a ground of its own.
        heading: Above the table, such as what is explained.
    """
    image = Image.fromarray(picture.rgb)
    image.thumbnail((380, 380), Image.Resampling.LANCZOS, reducing_gap=3)
    return _render(
        "grid",
        picture=picture,
        thumbnail=np.asarray(image),
        columns=columns,
        rows=[
            (row, [cells.get((index, column)) for column in range(len(columns))])
            for index, row in enumerate(rows)
        ],
        movable=any(layers.above is not None for layers in cells.values()),
        strength=f"{strength:g}",
        follows=follows,
        heading=heading,
        signs=SIGNS,
    )


def page(
    title: str,
    body: str,
    *,
    subtitle: str = "",
    tables: Sequence[Table] = (),
    remarks: Sequence[Remark] = (),
    recipe: Mapping[str, Any] | None = None,
) -> str:
    """A whole file around a grid, which asks nothing of the network.

    Args:
        title: The heading.
        body: What :func:`grid` made.
        subtitle: Below the heading.
        tables: Numbers below the grid.
        remarks: What must be said beside the maps.
        recipe: Shown, and kept so that ``read_recipe`` finds it.
    """
    from markupsafe import Markup

    return _render(
        "page",
        title=title,
        subtitle=subtitle,
        body=Markup(body),  # its texts are escaped already
        tables=tables,
        remarks=remarks,
        recipe=recipe,
        recipe_text=json.dumps(recipe, indent=1, sort_keys=True),
    )


def map_html(title: str, values: NDArray[Any], signed: bool, place: str = "") -> str:
    """A map alone: its squares in colours on its own scale, with its range in words.

    Args:
        title: Above it.
        values: Raw: (h, w), or a gradient (3, H, W).
        signed: Blue and orange around zero, for a (h, w).
        place: The layer and its grid, if it was made at one.
    """
    display: Display = "magnitude" if values.ndim == 3 else "diverging" if signed else "overlay"
    vmax = vmax_of([values], display)
    shown = unscaled(values, display)
    share = np.clip(shown / (vmax or 1), -1 if display == "diverging" else 0, 1)
    if display == "diverging":
        colours = DIVERGING[np.rint(128 + 128 * share).astype(int)]
    else:
        table = PALETTES["gray" if display == "magnitude" else "inferno"]
        colours = table[np.rint(255 * share).astype(int)]
    zoom = max(1, 220 // max(shown.shape))
    rgb = colours.repeat(zoom, axis=0).repeat(zoom, axis=1)
    lines = filter(None, (place, caption(values, "own", vmax, display)))
    return _render("map", title=title, rgb=rgb, caption=" · ".join(lines))


def _render(template: str, **values: object) -> str:
    return _templates().get_template(f"{template}.html.jinja").render(values)


@cache
def _templates() -> Environment:
    # Imported where it is used: painting alone should not wait for a template engine.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    templates = Environment(
        autoescape=True, undefined=StrictUndefined, loader=PackageLoader(__package__, "templates")
    )
    templates.filters.update(jpeg=_jpeg, percent=percent)
    templates.tests["numeral"] = lambda text: text != "" and text[0] in "0123456789−<>"
    return templates


def _jpeg(rgb: NDArray[np.uint8]) -> str:
    file = io.BytesIO()
    Image.fromarray(rgb).convert("RGB").save(file, "JPEG", quality=88)
    return base64.b64encode(file.getvalue()).decode()
