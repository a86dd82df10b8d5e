"""A recipe -> the comparison or animation that it tells of, and what differs when it can't be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from cactiviz import cam_layers
from cactiviz._version import __version__
from cactiviz.batch.collect import Answers
from cactiviz.batch.panels import Look
from cactiviz.batch.sequence import Shot
from cactiviz.batch.store import Question
from cactiviz.cam_layers import Places
from cactiviz.comparison.compare import compare
from cactiviz.comparison.comparison import Comparison
from cactiviz.comparison.report import Paint
from cactiviz.errors import CactivizError, RecipeError
from cactiviz.explanations.arguments import Given
from cactiviz.explanations.results import FILTERS
from cactiviz.models import Checkpoint, get_spec
from cactiviz.pictures.occlusion import How, cover
from cactiviz.recipes.check import check
from cactiviz.recipes.differences import differences as differences
from cactiviz.recipes.locate import Origins
from cactiviz.recipes.recipe import (
    FOLDERS,
    checkpoint_in,
    network_recipe,
    picture_recipe,
    told_origins,
)
from cactiviz.types import Box, Picture, Report, Target


@dataclass(frozen=True)
class Asked:
    """How a comparison was asked for: all that ``compare`` is given.

    Attributes:
        origin: The picture's file or address.
        networks: Names, checkpoints, or networks that were made in Python.
        methods: Views.
        target: The class and its contrast.
        layer: Where class activation maps are taken, for all networks or each by name; or None.
        layers: Several of one network, or ("all-stages",).
        resize: "crop" or "squash" for all, or None.
        untrained: Random weights for networks by name; or the names of those that have them.
        device: "auto", "cpu" or "cuda".
        cover: A part that is covered, in the picture's pixels, and with what; or None.
        left_out: What a recipe left out of the origin.
    """

    origin: str
    networks: tuple[Given, ...]
    methods: tuple[str, ...]
    target: Target = field(default_factory=Target)
    layer: Places = None
    layers: tuple[str, ...] = ()
    resize: Any = None
    untrained: bool | tuple[str, ...] = False
    device: str = "auto"
    cover: tuple[Box, How] | None = None
    left_out: str = ""

    def is_untrained(self, name: str) -> bool:
        """Whether a network is asked for with random weights."""
        return self.untrained if isinstance(self.untrained, bool) else name in self.untrained

    def compare(
        self,
        picture: Picture,
        *,
        weights_dir: str | os.PathLike[str] | None = None,
        may_download: bool = True,
        report: Report | None = None,
    ) -> Comparison:
        """Ask again; if a part is covered, each network also without it.

        Raises:
            CactivizError: As for ``compare`` and ``cover``.
        """
        alike: dict[str, Any] = {
            "resize": self.resize,
            "untrained": self.untrained,
            "weights_dir": weights_dir,
            "device": self.device,
            "may_download": may_download,
            "report": report,
        }
        found = compare(
            cover(picture, *self.cover) if self.cover else picture,
            self.networks,
            self.methods,
            target=self.target,
            layer=dict(self.layer) if isinstance(self.layer, tuple) else self.layer,
            layers="all-stages" if self.layers == ("all-stages",) else self.layers,
            **alike,
        )
        answered = [network for network in self.networks if _name(network) in found.readings]
        if not self.cover or not answered:
            return found
        # Of the picture without the cover only the answers are asked, the view that needs no more.
        before = compare(picture, answered, (FILTERS,), **alike)
        return replace(found, before=before.readings)


def recipe_of(
    comparison: Comparison, asked: Asked, paint: Paint, folder: Path | None = None
) -> dict[str, Any]:
    """What makes a comparison again, with the range and mean of each map to know it by.

    Args:
        comparison: What was answered.
        asked: What was asked.
        paint: How it is painted.
        folder: The export's, which paths are told from; None where it has none.
    """
    networks = []
    for network in asked.networks:
        name = _name(network)
        reading = comparison.readings.get(name)
        why = comparison.failures.get(name, "")
        found = network_recipe(name, network, asked.is_untrained(name), None, why, folder)
        if reading is not None:
            layers = {method: e.layer for method, e in reading.explanations.items()}
            found |= {"untrained": reading.untrained, "weights": reading.revision}
            found |= {"layers": layers, "seen": asdict(reading.seen)}
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
        "look": asdict(paint),
        "device": asked.device,
        "seed": 0,
        "maps": {
            key: [*map(_plain, (values.min(), values.max(), np.mean(values, dtype=float)))]
            for key, values in comparison.arrays().items()
        },
    }


def remake_comparison(
    recipe: Mapping[str, Any],
    *,
    origins: Origins | None = None,
    weights_dir: Path | None = None,
    report: Report | None = None,
) -> tuple[Comparison, Asked, Paint]:
    """Make a comparison again.

    Args:
        recipe: As ``recipe_of`` says.
        origins: Where its picture and checkpoints may be; no file is read if not given.
        weights_dir: A folder to look for published weights in first.
        report: Told what goes on.

    Raises:
        RecipeError: A field of it is missing, or isn't what it should be.
        CactivizError: Its picture isn't where it may be.
    """
    origins = origins or Origins()
    check(recipe)
    question, shown = recipe["question"], recipe["pictures"][0]
    if len(recipe["pictures"]) > 1:
        raise RecipeError("“pictures” in the recipe of a comparison should be one picture.")
    (told,) = told_origins([shown["from"]])
    asked = Asked(
        told,
        _networks(recipe, origins),
        tuple(question["methods"]),
        Target(**question["target"]),
        cam_layers.of_json(question["layer"]),
        tuple(question["layers"]),
        question["resize"],
        _untrained(question["untrained"]),
        recipe["device"],
        _cover(question.get("cover")),
        _left_out(shown, told),
    )
    paint = Paint(**recipe["look"])
    origins.check([shown["from"]])
    picture = origins.open(shown["from"])
    picture = Picture(picture.rgb, shown["name"], shown["credit"], picture.notes)
    comparison = asked.compare(
        picture, weights_dir=weights_dir, may_download=origins.fetch, report=report
    )
    return comparison, asked, paint


def _cover(said: Mapping[str, Any] | None) -> tuple[Box, How] | None:
    if not said:
        return None
    edges = (float(said["box"][side]) for side in ("top", "left", "height", "width"))
    return Box(*edges), said["how"]


def _name(network: Given) -> str:
    return get_spec(network).name if isinstance(network, str) else network.name


def _untrained(said: object) -> bool | tuple[str, ...]:
    return tuple(map(str, said)) if isinstance(said, list) else bool(said)


def remake_animation(
    recipe: Mapping[str, Any],
    folder: Path,
    *,
    origins: Origins | None = None,
    weights_dir: Path | None = None,
) -> tuple[Answers, Look]:
    """What an animation shows, not computed yet, and how it is painted.

    Args:
        recipe: As ``Animation.recipe`` says.
        folder: Where answers are kept.
        origins: Where its pictures and checkpoints may be; no file is read if not given.
        weights_dir: A folder to look for published weights in first.

    Raises:
        RecipeError: A field of it is missing, or isn't what it should be.
        CactivizError: Not one of its pictures is where it may be.
    """
    origins = origins or Origins()
    check(recipe)
    pictures = recipe["pictures"]
    typed = [shown["from"] for shown in pictures]
    shots = [
        _shot(shown, told, origins)
        for shown, told in zip(pictures, told_origins(typed), strict=True)
    ]
    networks = _networks(recipe, origins)
    by_name = [network for network in recipe["networks"] if not network["checkpoint"]]
    origins.check(typed)
    answers = Answers(
        shots,
        networks,
        Question.from_json(recipe["question"]),
        folder,
        untrained=any(network["untrained"] for network in by_name),
        weights_dir=weights_dir,
        device=recipe["device"],
        may_download=origins.fetch,
    )
    return answers, Look.from_json(recipe["look"])


def _networks(recipe: Mapping[str, Any], origins: Origins) -> tuple[str | Checkpoint, ...]:
    own = [(network, checkpoint_in(network)) for network in recipe["networks"]]
    for network in recipe["networks"]:
        if network.get("in_memory"):
            raise CactivizError(
                f"The network “{network['name']}” was made in Python and is in no file, so this "
                "can’t be made again from the recipe alone."
            )
    return tuple(
        origins.checkpoint(found, network["checkpoint"].get("left_out", ""))
        if found
        else network["name"]
        for network, found in own
    )


def _shot(shown: Mapping[str, Any], told: str, origins: Origins) -> Shot:
    typed = str(shown["from"])
    opened = partial(origins.open, typed)
    return Shot(shown["title"], told, opened, left_out=_left_out(shown, told))


def _left_out(shown: Mapping[str, Any], told: str) -> str:
    """What of a picture's origin isn't told; in recipes of before, all of it is there."""
    return shown.get("left_out") or (FOLDERS if told != shown["from"] else "")


def _plain(value: Any) -> float | str:
    """A number, or in a word that it is none, which JSON has no number for."""
    number = float(value)
    if isfinite(number):
        return number
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
