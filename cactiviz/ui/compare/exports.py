"""A comparison as a file to take home, made when it is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.comparison.exports import (
    everything_zip,
    gif_of,
    recipe_of,
    report_html,
    sheet_file,
    told,
)
from cactiviz.errors import MethodError
from cactiviz.methods import FILTERS, METHODS, method_of
from cactiviz.recipes.recipe import paths_of
from cactiviz.recipes.request import Request, Style
from cactiviz.rendering.formats import in_memory
from cactiviz.types import Target
from cactiviz.ui.compare import texts
from cactiviz.ui.grid.component import Download
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import state
from cactiviz.ui.sidebar.choice import Choice

_LONGEST_NAME = 60  # characters
_SHEET_DPI = 144
_TYPES = {"png": "image/png", "gif": "image/gif", "html": "text/html", "zip": "application/zip"}


def asked_of(choice: Choice, comparison: Comparison) -> Request:
    """What the page asked, as a recipe has it."""
    own = catalog.own()
    is_covered = comparison.picture.key != choice.picture.key
    covered = st.session_state.get(state.COVERED) if is_covered else None
    random = tuple(name for name, r in comparison.explanations.items() if r.untrained)
    layers = tuple(pair for pair in choice.layers if pair[0] in comparison.models)
    return Request(
        pictures=(choice.picture.name,),
        networks=tuple(catalog.shareable(own[n]) if n in own else n for n in comparison.models),
        methods=comparison.methods,
        target=choice.target or Target(),
        # Of one network alone without its name.
        layer=layers[0][1] if layers and len(comparison.models) == 1 else layers or None,
        resize=choice.resize,
        untrained=random if 0 < len(random) < len(comparison.models) else bool(random),
        cover=(covered.on(choice.picture.size), covered.how) if covered else None,
    )


def make(kind: str, choice: Choice, comparison: Comparison, style: Style, number: int) -> Download:
    """The file.

    Args:
        kind: The sheet as "png"; as "gif" the original, then each network's overlay; the raw maps
            as "npz"; a report as "html"; as "zip" all of it.
        choice: What was asked.
        comparison: What is on the screen.
        style: How it is painted there.
        number: Tells this file from those before it.

    Raises:
        CactivizError: There is nothing to be exported like that.
    """
    comparison = told(comparison, paths_of(catalog.own().values()))
    recipe = recipe_of(comparison, asked_of(choice, comparison), style)
    makers: dict[str, Callable[[], bytes]] = {
        "png": lambda: sheet_file(comparison, style, recipe, _SHEET_DPI),
        "gif": lambda: _gif(comparison, style, recipe),
        "html": lambda: report_html(comparison, style, recipe).encode("utf-8", "replace"),
        "zip": lambda: everything_zip(comparison, style, recipe),
        "npz": lambda: in_memory.npz(comparison.arrays()),
    }
    data = makers[kind]()
    name = f"{file_stem(comparison.picture.name)}.{kind}"
    return Download(name, _TYPES.get(kind, "application/octet-stream"), data, number)


def file_stem(name: str) -> str:
    """A picture's name as the name of a file, without its ending.

    >>> file_stem("scenes:cactus/178"), file_stem("<img src=x>.png"), file_stem("...")
    ('cactiviz scenes-cactus-178', 'cactiviz img-src-x', 'cactiviz')
    """
    stem = re.sub(r"\.[A-Za-z0-9]{2,5}$", "", name)
    stem = re.sub(r"[^\w]+", "-", stem).strip("-_")[:_LONGEST_NAME]
    return f"cactiviz {stem}".strip()


def _gif(comparison: Comparison, style: Style, recipe: Mapping[str, Any]) -> bytes:
    """Of the first heat map; of another map where there is none."""
    methods = [view for view in comparison.methods if view != FILTERS]
    if not methods:
        raise MethodError(texts.GIF_NEEDS_A_MAP)
    heat = [m for m in methods if METHODS[method_of(m)].display == "overlay"]
    return gif_of(
        comparison,
        (heat or methods)[0],
        **style.of_maps,
        recipe=json.dumps(recipe, sort_keys=True),  # in ASCII
    )
