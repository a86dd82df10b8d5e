"""The package's public names, used as a person writes them in Python."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import measured


def of_all() -> dict[str, Any]:
    """What ``compare``, ``explain``, ``explain_neurons`` and ``filters`` give for a drawn scene."""
    import cactiviz as cv

    picture = cv.open_item("scenes:cactus/178")
    model = cv.load_model("cactinet", device="cpu")
    compared = cv.compare(picture, [model], ["grad_cam", "saliency"], target="cactus")
    explained = cv.explain(
        model, picture, ["layer_cam"], target=cv.Target("no cactus", "cactus"), layer="stages.1"
    )
    driven = cv.explain_neurons(model, picture, layer="stem", neurons=[(3, 1, 2)])
    grid = cv.filters(model, picture)
    return {
        "names": sorted(cv.__all__),
        "sheet": measured.of_picture(compared.sheet()),
        "compare": {
            method: measured.of_array(compared["cactinet", method].values)
            for method in ("grad_cam", "saliency")
        },
        "explain": measured.of_array(explained["layer_cam"].values),
        "answers": [[one.class_name, one.probability] for one in explained.predictions],
        "neuron": measured.of_array(np.asarray(driven[0].values)),
        "kernels": measured.of_array(grid.kernels),
        "maps": measured.of_array(grid.feature_maps),
        "methods": list(cv.METHODS),
        "models": list(cv.MODELS),
    }
