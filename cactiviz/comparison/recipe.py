"""What makes a comparison again, as plain values."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from cactiviz import cam_layers
from cactiviz._version import __version__
from cactiviz.comparison.comparison import Comparison
from cactiviz.recipes.network import name_of
from cactiviz.recipes.recipe import network_recipe, picture_recipe, told_origins
from cactiviz.recipes.request import Asked
from cactiviz.recipes.style import Style


def recipe_of(
    comparison: Comparison, asked: Asked, style: Style, folder: Path | None = None
) -> dict[str, Any]:
    """What makes a comparison again, with the range and mean of each map to know it by.

    Args:
        comparison: What was answered.
        asked: What was asked.
        style: How it is painted.
        folder: The export's, which paths are told from; None where it has none.
    """
    networks = []
    for network in asked.networks:
        name = name_of(network)
        explanation = comparison.explanations.get(name)
        why = comparison.failures.get(name, "")
        found = network_recipe(name, network, asked.is_untrained(name), None, why, folder)
        if explanation is not None:
            layers = {method: e.layer for method, e in explanation.attributions.items()}
            found |= {"untrained": explanation.untrained, "weights": explanation.revision}
            found |= {"layers": layers, "seen": asdict(explanation.seen)}
        networks.append(found)
    picture = comparison.picture
    asked_for: dict[str, Any] = {
        "methods": asked.methods,
        "target": asdict(asked.target),
        "layer": cam_layers.to_json(asked.layer),
    }
    asked_for |= {"layers": asked.layers, "resize": asked.resize, "untrained": asked.untrained}
    if asked.cover:
        box, how = asked.cover
        asked_for["cover"] = {"box": asdict(box), "how": how}
    about = picture.sha256, picture.name, picture.source
    (told,) = told_origins([asked.origin], folder)
    return {
        "cactiviz": __version__,
        "makes": "comparison",
        "pictures": [picture_recipe(picture.name, asked.origin, *about, told, asked.left_out)],
        "networks": networks,
        "question": {k: list(v) if isinstance(v, tuple) else v for k, v in asked_for.items()},
        "look": style.of_maps,
        "device": asked.device,
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
