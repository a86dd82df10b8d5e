"""One explanation, encoded once for the browser, which scales and paints it.

Heat maps are few numbers and go as they are. A gradient has many: it goes as a picture whose
levels are the square roots of the shares of its largest value, since most values are small.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import cv2
import numpy as np
from numpy.typing import NDArray

from cactiviz.explanations.caveats import UNTRAINED
from cactiviz.explanations.results import Attribution
from cactiviz.methods import METHODS, method_of
from cactiviz.rendering import paint
from cactiviz.rendering.captions import where_the_evidence_lies
from cactiviz.rendering.scales import Display, Scale, unscaled
from cactiviz.types import Box, FilterGrid, Picture
from cactiviz.ui.components import data_url

LARGEST_GRID = 64  # squares a side; a finer one is averaged, since no cell shows more
LEVELS = 127  # on either side of a signed map's mid grey
MIDDLE = 128
FILTERS_WIDTH = 320  # pixels
PICTURE_SIDES = (480, 1200)  # pixels at most, of the picture in a cell and in the dialog
_JPEG_QUALITY = 95  # of a signed map: its levels are values
_MANY_ZEROS = 0.2  # of a signed map: JPEG would blur them, and PNG has them for nothing

_MOST_VIEWS = 8  # of one picture, kept at once

T = TypeVar("T")
_lock = threading.Lock()
_encoded: WeakKeyDictionary[Attribution | FilterGrid | Picture, Any] = WeakKeyDictionary()


@dataclass(eq=False)
class Piece:
    """What the browser is told of one explanation.

    Attributes:
        display: How it is painted.
        body: What depends on the explanation alone, as JSON has it.
        scales: (scale, ids of the maps that share it) -> full value and caption.
        words: What the map covers -> where its evidence lies.
    """

    display: Display
    body: dict[str, Any]
    scales: dict[tuple[Scale, tuple[str, ...]], tuple[float, str]] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)


def piece(attribution: Attribution) -> Piece:
    """The explanation for the browser; made at the first call and then kept."""
    return _kept(attribution, lambda: _made(attribution))


def on_scale(
    attribution: Attribution, together: Sequence[Attribution], scale: Scale
) -> tuple[float, str]:
    """The full value and the caption, as :meth:`Comparison.cell` has them.

    Args:
        attribution: What is painted.
        together: All explanations by its method, itself among them.
        scale: One of ``render.SCALES``.
    """
    encoded = piece(attribution)
    alone = scale in ("own", "rank")
    peers = [attribution] if alone else list(together)
    key = scale, tuple(piece(peer).body["id"] for peer in peers)
    if key not in encoded.scales:
        shown = [peer.values for peer in peers]
        maps = paint.on_one_scale(attribution.values, shown, scale)
        vmax = paint.vmax_of(maps, encoded.display, scale)
        if len(encoded.scales) > 16:
            encoded.scales.clear()  # of comparisons that are gone
        encoded.scales[key] = vmax, paint.caption(attribution.values, scale, vmax, encoded.display)
    return encoded.scales[key]


def in_words(attribution: Attribution, whole: str) -> str:
    """Where the evidence lies, in words, ``whole`` being what the map covers."""
    words = piece(attribution).words
    if whole not in words:
        words[whole] = where_the_evidence_lies(attribution.values, whole)
    return words[whole]


def filters(grid: FilterGrid) -> dict[str, Any]:
    """A layer's kernels as one picture."""

    def make() -> dict[str, Any]:
        source = data_url.png(paint.paint_filters(grid.kernels, FILTERS_WIDTH), quick=True)
        caption = paint.filters_caption(grid.kernels)
        return {"display": "picture", "src": source, "id": _digest(source), "caption": caption}

    return _kept(grid, make)


def picture(shown: Picture, view: Box) -> dict[str, Any]:
    """A part of the picture in two sizes.

    Args:
        shown: The whole picture.
        view: The part, in its pixels.
    """
    views: dict[Box, dict[str, Any]] = _kept(shown, dict)
    if view not in views:
        if len(views) > _MOST_VIEWS:
            views.clear()
        views[view] = _picture(shown, view)
    return views[view]


def _picture(shown: Picture, view: Box) -> dict[str, Any]:
    part = shown
    if view != Box(0, 0, *shown.size):
        rows, columns = (
            slice(round(start), round(start + length))
            for start, length in ((view.top, view.height), (view.left, view.width))
        )
        part = replace(shown, rgb=np.ascontiguousarray(shown.rgb[rows, columns]))
    height, width = part.size
    sources = []
    for side in PICTURE_SIDES:
        wide = round(width * min(1.0, side / max(height, width)))
        small = paint.resized(part, paint.cell_size(part.size, max(1, wide)))
        sources.append(data_url.jpeg(small, whole_colours=True))
    size, identity = [height, width], _digest(shown.key, str(view))
    return {"src": sources[0], "large": sources[1], "size": size, "id": identity}


def display_of(attribution: Attribution) -> Display:
    """How a map is painted; a heat map with its sign where it was held against another class."""
    display = METHODS[method_of(attribution.method)].display
    return "diverging" if display == "overlay" and attribution.kind == "signed" else display


def _made(attribution: Attribution) -> Piece:
    display = display_of(attribution)
    raw = unscaled(attribution.values, display)
    body: dict[str, Any] = {
        "display": display,
        "low": float(raw.min()),
        "most": float(np.abs(raw).max()),
        "sum": float((np.maximum(raw, 0) if display == "overlay" else np.abs(raw)).sum()),
        "notes": [note for note in attribution.notes if note != UNTRAINED],  # said at the head
    }
    if display in ("overlay", "diverging"):
        grid = _coarser(raw)
        body["grid"] = list(grid.shape)
        body["values"] = [float(f"{value:.4g}") for value in grid.ravel()]
    elif display == "magnitude":
        body["src"] = data_url.png(_levels(raw, body["most"], 255), quick=True)
    else:
        body["src"] = _signed(raw, body["most"])
    body["id"] = _digest(attribution.values.tobytes(), display, *attribution.notes)
    return Piece(display, body)


def _coarser(raw: NDArray[np.float64]) -> NDArray[np.float64]:
    rows, columns = (min(side, LARGEST_GRID) for side in raw.shape)
    if (rows, columns) == raw.shape:
        return raw
    return np.asarray(cv2.resize(raw, (columns, rows), interpolation=cv2.INTER_AREA), np.float64)


def _levels(sizes: NDArray[np.float64], most: float, highest: int) -> NDArray[np.uint8]:
    """0..highest for values of 0..most: a level stands for most * (level / highest)**2."""
    return np.asarray(np.rint(highest * np.sqrt(sizes / (most or 1))), np.uint8)


def _signed(raw: NDArray[np.float64], most: float) -> str:
    levels = _levels(np.abs(raw), most, LEVELS)
    coded = np.where(raw < 0, MIDDLE - levels, MIDDLE + levels).astype(np.uint8)
    if coded.ndim == 2:
        coded = np.repeat(coded[None], 3, axis=0)
    rgb = np.ascontiguousarray(coded.transpose(1, 2, 0))
    many_zeros = (levels == 0).mean() >= _MANY_ZEROS
    if many_zeros:
        return data_url.png(rgb, quick=True)
    return data_url.jpeg(rgb, _JPEG_QUALITY, whole_colours=True)


def _digest(*parts: bytes | str) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part if isinstance(part, bytes) else part.encode())
    return digest.hexdigest()


def _kept(source: Attribution | FilterGrid | Picture, make: Callable[[], T]) -> T:
    with _lock:
        encoded: T | None = _encoded.get(source)
    if encoded is None:
        encoded = make()
        with _lock:
            _encoded[source] = encoded
    return encoded
