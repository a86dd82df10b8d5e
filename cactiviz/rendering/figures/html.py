"""A comparison as HTML that needs nothing from outside: for reports and for notebooks."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.rendering.captions import caption
from cactiviz.rendering.colormaps import DIVERGING, PALETTES
from cactiviz.rendering.figures.sheet import SIGNS, Column, Remark, Row
from cactiviz.rendering.scales import Display, full_value, percent, unscaled
from cactiviz.types import Picture, Prediction


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


_STYLE = """
.cactiviz{--ground:#fff;--text:#1f2328;--quiet:#57606a;--line:#d0d7de;--track:#e6e8eb;
--bar:#2b6f7e;--warn:#9a6700;color:var(--text);background:var(--ground);
font:14px/1.45 "Source Sans 3","Source Sans Pro",system-ui,sans-serif}
@media(prefers-color-scheme:dark){.cactiviz.follows{--ground:#0e1117;--text:#f0f2f6;
--quiet:#a3a8b4;--line:#363c48;--track:#2d333d;--bar:#5fb3c4;--warn:#e3b341}}
.cactiviz .scroll{overflow-x:auto}
.cactiviz table{border-collapse:collapse;border:0}
.cactiviz th,.cactiviz td{vertical-align:top;text-align:left;padding:10px 8px;border:0;
font-weight:400;background:none;overflow-wrap:anywhere}
.cactiviz tbody tr{border-top:1px solid var(--line)}
.cactiviz .cell,.cactiviz .head{width:220px;min-width:150px}
.cactiviz .side{width:190px;min-width:120px}
.cactiviz b{font-weight:600;font-size:1.1em}
.cactiviz small{color:var(--quiet);font-size:.9em;display:block}
.cactiviz .warn{color:var(--warn)}
.cactiviz p.explained{margin:8px}
.cactiviz .answer.explained{margin:2px 0 0}
.cactiviz .answer.explained span:first-child{font-weight:600}
.cactiviz .place{display:block;font-size:.9em}
.cactiviz .pile{position:relative;display:block;margin-bottom:4px}
.cactiviz img{display:block;width:100%;height:auto;margin:0;border-radius:4px}
.cactiviz .pile img+img{position:absolute;inset:0;height:100%;opacity:var(--strength)}
.cactiviz .answer{display:flex;justify-content:space-between;gap:8px;margin-top:2px}
.cactiviz .answer span:last-child{white-space:nowrap;color:var(--quiet)}
.cactiviz .bar{height:4px;background:var(--track)}
.cactiviz .bar i{display:block;height:4px;background:var(--bar)}
.cactiviz .why{border:1px solid var(--line);border-radius:4px;padding:24px 12px;
color:var(--quiet)}
.cactiviz label{display:inline-flex;gap:8px;align-items:center;margin:8px}
.cactiviz input{accent-color:var(--bar)}
"""
_PAGE_STYLE = """
body{margin:0}.page{max-width:1500px;margin:0 auto;padding:24px;min-height:100vh;
box-sizing:border-box}.page h1{font-size:26px;line-height:1.2;margin:0 0 4px;font-weight:600}
.page h2{font-size:18px;margin:28px 0 6px;font-weight:600}.page p{max-width:75ch;margin:6px 0}
.page .numbers td,.page .numbers th{padding:4px 14px 4px 0;white-space:nowrap}
.page .numbers .n{text-align:right;font-variant-numeric:tabular-nums}
.page .numbers thead th{font-weight:600}
.page .remarks{margin:6px 0;max-width:75ch}.page .remarks div{position:relative;
padding:5px 0 5px 190px;border-top:1px solid var(--line);min-height:20px}
.page .remarks dt{position:absolute;left:0;width:178px;font-weight:600}
.page .remarks dd{margin:0}
@media(max-width:560px){.page .remarks div{padding-left:0}.page .remarks dt{position:static}}
.page pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;color:var(--quiet)}
@media print{.cactiviz.follows{--ground:#fff;--text:#1f2328;--quiet:#57606a;--line:#d0d7de;
--track:#e6e8eb;--bar:#2b6f7e;--warn:#9a6700}.cactiviz *{print-color-adjust:exact;
-webkit-print-color-adjust:exact}.cactiviz label{display:none}.page{padding:0;max-width:none}
.cactiviz tr{break-inside:avoid}.cactiviz .cell,.cactiviz .head,.cactiviz .side{min-width:0}
.cactiviz .scroll{overflow:visible}@page{margin:12mm}}
"""
_SAFE = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'"
)


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
    movable = any(layers.above is not None for layers in cells.values())
    slider = (
        '<label>Overlay strength <input type="range" min="0" max="1" step="0.01" '
        f'value="{strength:g}" oninput="this.closest(\'.cactiviz\').style.setProperty('
        "'--strength',this.value)\"></label>"
    )
    head = "".join(f'<th scope="col" class="head">{_heading(column)}</th>' for column in columns)
    said = f'<p class="explained"><b>{escape(heading)}</b></p>' if heading else ""
    corner = (
        f'<td class="side">{_image(_small(picture.rgb), "The picture")}'
        f"{escape(picture.name)}<small>{escape(picture.source)}</small></td>"
    )
    body = "".join(
        f'<tr><th scope="row" class="side"><b>{escape(row.title)}</b>'
        f"<small>{escape(row.subtitle)}</small></th>"
        + "".join(_cell(cells.get((index, column))) for column in range(len(columns)))
        + "</tr>"
        for index, row in enumerate(rows)
    )
    return (
        f"<style>{_STYLE}</style>"
        f'<div class="cactiviz{" follows" if follows else ""}" style="--strength:{strength:g}">'
        f"{slider if movable else ''}{said}"
        '<div class="scroll"><table>'
        f"<thead><tr>{corner}{head}</tr></thead><tbody>{body}</tbody></table></div></div>"
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
    parts = [f"<h1>{escape(title)}</h1><p><small>{escape(subtitle)}</small></p>", body]
    parts += map(_table, tables)
    if remarks:
        said = "".join(map(_remark, remarks))
        parts.append(f'<h2>Keep in mind</h2><dl class="remarks">{said}</dl>')
    if recipe is not None:
        text = json.dumps(recipe, indent=1, sort_keys=True)
        inside = text.replace("<", "\\u003c")  # no end of a script in a name
        parts.append(
            f"<h2>How it was made</h2><details><summary>The recipe</summary>"
            f"<pre>{escape(text)}</pre></details>"
            f'<script type="application/json" id="recipe">{inside}</script>'
        )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_SAFE}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{escape(title)}</title><style>{_STYLE}{_PAGE_STYLE}</style></head><body>"
        f'<main class="cactiviz follows page">{"".join(parts)}</main></body></html>'
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
    full = full_value([values], display)
    shown = unscaled(values, display)
    share = np.clip(shown / (full or 1), -1 if display == "diverging" else 0, 1)
    if display == "diverging":
        colours = DIVERGING[np.rint(128 + 128 * share).astype(int)]
    else:
        table = PALETTES["gray" if display == "magnitude" else "inferno"]
        colours = table[np.rint(255 * share).astype(int)]
    zoom = max(1, 220 // max(shown.shape))
    image = _image(colours.repeat(zoom, axis=0).repeat(zoom, axis=1), title)
    said = " · ".join(filter(None, (place, caption(values, "own", full, display))))
    return (
        f'<style>{_STYLE}</style><div class="cactiviz"><b>{escape(title)}</b>'
        f'<div style="width:224px">{image}</div><small>{escape(said)}</small></div>'
    )


def _heading(column: Column) -> str:
    warned = ' class="warn"' if column.message else ""
    answers = "".join(
        f'<div class="answer {column.marks.get(answer.class_index, "")}">'
        f"<span>{_name(answer, column.marks)}</span>"
        f"<span>{percent(answer.probability)}</span></div>"
        f'<div class="bar"><i style="width:{100 * answer.probability:.1f}%"></i></div>'
        for answer in column.answers[:3]
    )
    note = f"<small>{escape(column.before)}</small>" if column.before else ""
    note += f'<small class="warn">{escape(column.message)}</small>' if column.message else ""
    return f"<b{warned}>{escape(column.title)}</b>{answers}{note}"


def _name(answer: Prediction, marks: Mapping[int, str]) -> str:
    """A class; the one explained, and its contrast, with a sign that is told when pointed at."""
    mark = marks.get(answer.class_index, "")
    sign = f'<i style="font-style:normal" title="{mark}">{SIGNS[mark]}</i>' if mark else ""
    return sign + escape(answer.class_name)


def _remark(remark: Remark) -> str:
    says = "".join(f"<dd>{escape(sentence)}</dd>" for sentence in remark.says)
    return f"<div><dt>{escape(remark.about)}</dt>{says}</div>"


def _cell(layers: Layers | None) -> str:
    if layers is None:
        return "<td></td>"
    if layers.below is None:
        return f'<td class="cell"><div class="why">{escape(layers.caption)}</div></td>'
    images = _image(layers.below, layers.alt)
    if layers.above is not None:
        images += _image(layers.above, "")
    place = f'<span class="place">{escape(layers.place)}</span>' if layers.place else ""
    said = f"{place}<small>{escape(layers.caption).replace(' · ', '<br>')}</small>"
    return f'<td class="cell"><span class="pile">{images}</span>{said}</td>'


def _image(rgb: NDArray[np.uint8], alt: str) -> str:
    file = io.BytesIO()
    Image.fromarray(rgb).convert("RGB").save(file, "JPEG", quality=88)
    data = base64.b64encode(file.getvalue()).decode()
    return f'<img alt="{escape(alt)}" src="data:image/jpeg;base64,{data}">'


def _small(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    image = Image.fromarray(rgb)
    image.thumbnail((380, 380), Image.Resampling.LANCZOS, reducing_gap=3)
    return np.asarray(image)


def _table(table: Table) -> str:
    kinds = [*map(_number, table.lines[0])] if table.lines else [""] * len(table.heads)
    head = "".join(
        f'<th scope="col"{kind}>{escape(text)}</th>'
        for text, kind in zip(table.heads, kinds, strict=True)
    )
    lines = "".join(
        "<tr>" + "".join(f"<td{_number(text)}>{escape(text)}</td>" for text in line) + "</tr>"
        for line in table.lines
    )
    said = f"<p>{escape(table.says)}</p>" if table.says else ""
    return (
        f'<h2>{escape(table.title)}</h2>{said}<div class="scroll"><table class="numbers">'
        f"<thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>"
    )


def _number(text: str) -> str:
    return ' class="n"' if text[:1] in "0123456789−<>" and text else ""
