"""A comparison made by hand for the tests of the grid: every kind of map, and all that may fail."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.results import Attribution, Explanation
from cactiviz.pictures.open import sample
from cactiviz.types import Box, FilterGrid, Picture, Prediction

HOSTILE = "<img src=x onerror=alert(1)>"
VIEWS = ("grad_cam", "hires_cam", "saliency", "guided_backprop", "filters")
NETWORKS = ("alexnet", "cactinet", "resnet152", "densenet121")
FAILED = f"ResNet152 has no weights here {HOSTILE}."
METHOD_FAILED = "There is no such layer in this network."


def picture() -> Picture:
    return replace(sample("chelsea"), name=HOSTILE)


def comparison(networks: tuple[str, ...] = NETWORKS) -> Comparison:
    """Of two networks that answered, one that failed and one that is waited for."""
    shown = picture()
    height, width = shown.size
    side = 0.875 * height
    part = Box((height - side) / 2, (width - side) / 2, side, side)
    explanations = {
        "alexnet": explanation("alexnet", HOSTILE, part, seed=0, untrained=True),
        "cactinet": explanation("cactinet", "CactiNet", Box(0, 0, height, width), seed=1),
    }
    del explanations["cactinet"].attributions["guided_backprop"]  # type: ignore[attr-defined]
    failures = {"resnet152": FAILED}
    return Comparison(
        shown,
        networks,
        VIEWS,
        {name: one for name, one in explanations.items() if name in networks},
        {name: why for name, why in failures.items() if name in networks},
    )


def explanation(
    model: str, title: str, seen: Box, *, seed: int, untrained: bool = False
) -> Explanation:
    rng = np.random.default_rng(seed)
    smooth = np.maximum(rng.normal(0.3, 1, (7, 9)), 0)
    maps: list[tuple[str, NDArray[Any], Literal["positive", "signed"]]] = [
        ("grad_cam", smooth * (1 + seed), "positive"),
        ("hires_cam", rng.normal(0.2, 1, (7, 7)), "signed"),
        ("saliency", rng.normal(0, 1, (3, 256, 256)) ** 3, "signed"),
        ("guided_backprop", rng.normal(0, 1, (3, 256, 256)) ** 3, "signed"),
    ]
    return Explanation(
        model,
        title,
        untrained,
        "by hand",
        seen,
        answers(0.6, 0.3, 0.06, 0.03),
        {
            method: Attribution(
                model=model,
                method=method,
                class_index=0,
                class_name=HOSTILE,
                logit=1.0,
                probability=0.6,
                values=values.astype(np.float32),
                kind=kind,
                seconds=0.1,
                notes=("A note.",),
            )
            for method, values, kind in maps
        },
        {"guided_backprop": METHOD_FAILED} if model == "cactinet" else {},
        FilterGrid("first", rng.normal(0, 1, (16, 3, 5, 5)).astype(np.float32)),
    )


def answers(*shares: float) -> tuple[Prediction, ...]:
    """Classes 0, 1, 2 ... with these probabilities."""
    return tuple(
        Prediction(index, HOSTILE if index == 0 else f"class {index}", 0.0, share)
        for index, share in enumerate(shares)
    )
