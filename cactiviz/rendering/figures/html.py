"""Comparisons as self-contained HTML, for reports and notebooks, from Jinja templates."""

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
    """A cell of two images, the upper one with an opacity that the reader can change.

    Attributes:
        below: Image at strength 0, uint8 (h, w, 3); None where there is no image.
        above: Image at strength 1, of the same size; None for a fixed image.
        caption: Scale and range, or why there is no image.
        alt: Alternative text of the image.
        place: Layer and grid of the map; may be empty.
    """

    below: NDArray[np.uint8] | None
    above: NDArray[np.uint8] | None
    caption: str
    alt: str = ""
    place: str = ""


@dataclass(frozen=True)
class Table:
    """A table with a title, the heads of its columns, its rows, and a note; all texts."""

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
    """A comparison as an HTML table: networks as columns, methods as rows, an opacity slider.

    All texts are escaped; images are embedded.

    Args:
        picture: The picture that was explained.
        columns: One for each network.
        rows: One for each method.
        cells: Cells by (row, column).
        strength: Initial opacity of the overlays, 0..1.
        follows: Whether to follow the system's dark mode; notebooks have their own background.
        heading: Text above the table, such as the explained class.
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
    """A complete HTML file around a grid; it loads nothing from elsewhere.

    Args:
        title: The heading.
        body: HTML from :func:`grid`.
        subtitle: Text below the heading.
        tables: Tables below the grid.
        remarks: Remarks on methods, networks and the picture.
        recipe: Shown, and embedded as JSON for ``read_recipe``; None for none.
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
    """One map as HTML: its values in colours on its own scale, with its range in words.

    Args:
        title: Text above the map.
        values: The raw map (h, w), or a gradient (3, H, W).
        signed: Whether a (h, w) map is painted blue and orange around 0.
        place: Layer and grid of the map; may be empty.
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
