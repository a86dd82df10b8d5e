"""A comparison as a file to take home, made when it is asked for."""

from __future__ import annotations

import io
import re

import numpy as np

from cactiviz.comparison import Comparison
from cactiviz.comparison_gif import gif_of
from cactiviz.errors import MethodError
from cactiviz.explain import FILTERS, method_of
from cactiviz.methods import METHODS
from cactiviz.ui import texts
from cactiviz.ui.grid import Download, Look

_LONGEST_NAME = 60  # characters
_CELL_WIDTH = 320  # pixels of the sheet


def make(kind: str, comparison: Comparison, look: Look, number: int) -> Download:
    """The file.

    Args:
        kind: The sheet as "png"; as "gif" the original, then each network's overlay; the raw maps
            as "npz".
        comparison: What is on the screen.
        look: How it is painted there.
        number: Tells this file from those before it.

    Raises:
        CactivizError: There is nothing to be exported like that.
    """
    name = f"{file_stem(comparison.picture.name)}.{kind}"
    if kind == "png":
        return Download(name, "image/png", _sheet(comparison, look), number)
    if kind == "gif":
        return Download(name, "image/gif", _gif(comparison, look), number)
    return Download(name, "application/octet-stream", _maps(comparison), number)


def file_stem(name: str) -> str:
    """A picture's name as the name of a file, without its ending.

    >>> file_stem("scenes:cactus/178"), file_stem("<img src=x>.png"), file_stem("...")
    ('cactiviz scenes-cactus-178', 'cactiviz img-src-x', 'cactiviz')
    """
    stem = re.sub(r"\.[A-Za-z0-9]{2,5}$", "", name)
    stem = re.sub(r"[^\w]+", "-", stem).strip("-_")[:_LONGEST_NAME]
    return f"cactiviz {stem}".strip()


def _sheet(comparison: Comparison, look: Look) -> bytes:
    sheet = comparison.sheet(
        scale=look.scale, palette=look.palette, strength=look.strength, cell_width=_CELL_WIDTH
    )
    buffer = io.BytesIO()
    sheet.save(buffer, "PNG")
    return buffer.getvalue()


def _gif(comparison: Comparison, look: Look) -> bytes:
    """Of the first heat map; of another map where there is none."""
    methods = [view for view in comparison.methods if view != FILTERS]
    if not methods:
        raise MethodError(texts.GIF_NEEDS_A_MAP)
    heat = [m for m in methods if METHODS[method_of(m)].display == "overlay"]
    return gif_of(
        comparison,
        (heat or methods)[0],
        scale=look.scale,
        palette=look.palette,
        strength=look.strength,
    )


def _maps(comparison: Comparison) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **comparison.arrays())  # type: ignore[arg-type]
    return buffer.getvalue()
