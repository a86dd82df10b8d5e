"""The comparison as one table: networks as columns, views as rows."""

from __future__ import annotations

import base64
from html import escape

import cv2
import numpy as np
from numpy.typing import NDArray

from cactiviz import render
from cactiviz.comparison import Comparison, describe
from cactiviz.explain import UNTRAINED, Reading
from cactiviz.methods import METHODS
from cactiviz.ui import networks, texts

_CELL_WIDTH = 300  # pixels; shown at half of it or more
_JPEG_QUALITY = 88
_SAID_ABOVE = {UNTRAINED}  # at the head of the column


def table(comparison: Comparison) -> str:
    """HTML of the grid as far as it is computed; every name in it is escaped."""
    width = min(_CELL_WIDTH, comparison.picture.size[1])
    original = render.resized(comparison.picture, render.cell_size(comparison.picture.size, width))
    corner = _image(original, f"{texts.ORIGINAL}: {comparison.picture.name}")
    heads = "".join(f'<th scope="col">{_head(comparison, m)}</th>' for m in comparison.models)
    rows = "".join(_row(comparison, method) for method in comparison.methods)
    return (
        '<div class="cv-scroll" tabindex="0" role="region" '
        f'aria-label="{escape(texts.COMPARE_TITLE)}"><table class="cv-grid">'
        f'<thead><tr><td class="cv-corner">{corner}</td>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _head(comparison: Comparison, model: str) -> str:
    reading = comparison.readings.get(model)
    if reading is None:
        state = texts.WAITING if model not in comparison.failures else ""
        return f'<div class="cv-name">{escape(networks.title(model))}</div>{escape(state)}'
    note = f'<div class="cv-untrained">{escape(texts.UNTRAINED_NOTE)}</div>'
    return (
        f'<div class="cv-name">{escape(reading.title)}</div>'
        f"{note if reading.untrained else ''}{_answers(reading)}"
    )


def _answers(reading: Reading) -> str:
    return "".join(
        f'<div class="cv-answer"><span>{escape(answer.class_name)}</span>'
        f"<span>{escape(render.percent(answer.probability))}</span></div>"
        f'<div class="cv-bar"><i style="width:{answer.probability:.1%}"></i></div>'
        for answer in reading.answers[:3]
    )


def _row(comparison: Comparison, method: str) -> str:
    title, asks = describe(method)
    cells = "".join(f"<td>{_cell(comparison, model, method)}</td>" for model in comparison.models)
    limit = METHODS[method].limit if method in METHODS else ""
    return (
        f'<tr><th scope="row" title="{escape(limit)}"><div class="cv-name">{escape(title)}</div>'
        f'<div class="cv-asks">{escape(asks)}</div></th>{cells}</tr>'
    )


def _cell(comparison: Comparison, model: str, method: str) -> str:
    if model not in comparison.readings and model not in comparison.failures:
        return '<div class="cv-waiting"></div>'
    width = min(_CELL_WIDTH, max(comparison.picture.size[1], _CELL_WIDTH // 2))
    cell = comparison.cell(model, method, width=width)
    if cell.image is None:
        return f'<div class="cv-why">{escape(cell.caption)}</div>'
    reading = comparison.readings[model]
    explained = reading.explanations.get(method)
    subject = f" for “{explained.class_name}”" if explained else ""
    alt = f"{describe(method)[0]} of {reading.title}{subject}: {cell.caption}"
    notes = [] if explained is None else [n for n in explained.notes if n not in _SAID_ABOVE]
    said = " · ".join([cell.caption, *notes])
    return _image(cell.image, alt) + f'<div class="cv-scale">{escape(said)}</div>'


def _image(rgb: NDArray[np.uint8], alt: str) -> str:
    bgr = cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)
    _, jpeg = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    data = base64.b64encode(jpeg.tobytes()).decode()
    return f'<img src="data:image/jpeg;base64,{data}" alt="{escape(alt)}">'
