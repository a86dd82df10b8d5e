"""What makes a comparison again, as plain values."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from cactiviz._version import __version__
from cactiviz.comparison.comparison import Comparison
from cactiviz.recipes.fields import REQUEST, STYLE, of_export, to_json
from cactiviz.recipes.recipe import network_recipe, picture_recipe, told_origins
from cactiviz.recipes.request import Request, Style, name_of


def recipe_of(
    comparison: Comparison, request: Request, style: Style, folder: Path | None = None
) -> dict[str, Any]:
    """What makes a comparison again, with the range and mean of each map to know it by.

    Args:
        comparison: What was answered.
        request: What was asked.
        style: How it is painted.
        folder: The export's, which paths are told from; None where it has none.
    """
    networks = []
    for network in request.networks:
        name = name_of(network)
        explanation = comparison.explanations.get(name)
        why = comparison.failures.get(name, "")
        found = network_recipe(name, network, request.is_untrained(name), None, why, folder)
        if explanation is not None:
            layers = {method: e.layer for method, e in explanation.attributions.items()}
            found |= {"untrained": explanation.untrained, "weights": explanation.revision}
            found |= {"layers": layers, "seen": asdict(explanation.seen)}
        networks.append(found)
    picture = comparison.picture
    about = picture.sha256, picture.name, picture.source
    (told,) = told_origins([request.picture], folder)
    return {
        "cactiviz": __version__,
        "makes": "comparison",
        "pictures": [picture_recipe(picture.name, request.picture, *about, told, request.left_out)],
        "networks": networks,
        "question": to_json(request, of_export(REQUEST, "comparison")),
        "look": to_json(style, of_export(STYLE, "comparison")),
        "device": request.device,
        "seed": 0,
        "maps": {
            key: [*map(_plain, (values.min(), values.max(), np.mean(values, dtype=float)))]
            for key, values in comparison.arrays().items()
        },
    }


def _plain(value: Any) -> float | str:
    """A number, or in a word that it is none, which JSON has no number for."""
    number = float(value)
    if isfinite(number):
        return number
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
