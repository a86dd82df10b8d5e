"""A recipe -> the comparison or animation that it tells of, and what differs when it can't be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cactiviz import __version__
from cactiviz.animate import Animation, Shot
from cactiviz.compare import compare
from cactiviz.comparison import Comparison
from cactiviz.datasets import is_address, open_item
from cactiviz.errors import CactivizError
from cactiviz.images import open_picture
from cactiviz.kept import Question
from cactiviz.look import Look
from cactiviz.models import Checkpoint, get_spec
from cactiviz.recipe import checkpoint_in, network_recipe, picture_recipe
from cactiviz.report import Paint
from cactiviz.types import Layer, Picture, Report, Target
from cactiviz.web import fetch_picture

_CLOSE = 1e-6  # relative: what two runs on one machine may differ by


@dataclass(frozen=True)
class Asked:
    """How a comparison was asked for: all that ``compare`` is given.

    Attributes:
        origin: The picture's file or address.
        networks: Names or checkpoints.
        methods: Views.
        target: The class and its contrast.
        layer: Where class activation maps are taken, or None.
        layers: Several of one network, or ("all-stages",).
        resize: "crop" or "squash" for all, or None.
        untrained: Random weights for networks by name; or the names of those that have them.
        device: "auto", "cpu" or "cuda".
    """

    origin: str
    networks: tuple[str | Checkpoint, ...]
    methods: tuple[str, ...]
    target: Target = field(default_factory=Target)
    layer: str | None = None
    layers: tuple[str, ...] = ()
    resize: Any = None
    untrained: bool | tuple[str, ...] = False
    device: str = "auto"

    def is_untrained(self, name: str) -> bool:
        """Whether a network is asked for with random weights."""
        return self.untrained if isinstance(self.untrained, bool) else name in self.untrained

    def compare(
        self,
        picture: Picture,
        *,
        weights_dir: str | os.PathLike[str] | None = None,
        report: Report | None = None,
    ) -> Comparison:
        """Ask again.

        Raises:
            CactivizError: As for ``compare``.
        """
        return compare(
            picture,
            self.networks,
            self.methods,
            target=self.target,
            layer=Layer.parse(self.layer) if self.layer else None,
            layers="all-stages" if self.layers == ("all-stages",) else self.layers,
            resize=self.resize,
            untrained=self.untrained,
            weights_dir=weights_dir,
            device=self.device,
            report=report,
        )


def recipe_of(comparison: Comparison, asked: Asked, paint: Paint) -> dict[str, Any]:
    """What makes a comparison again, with the range and mean of each map to know it by."""
    networks = []
    for network in asked.networks:
        name = get_spec(network).name if isinstance(network, str) else network.name
        reading = comparison.readings.get(name)
        found = network_recipe(
            name, network, asked.is_untrained(name), None, comparison.failures.get(name, "")
        )
        if reading is not None:
            places = {method: e.layer for method, e in reading.explanations.items()}
            found |= {"untrained": reading.untrained, "weights": reading.revision}
            found |= {"layers": places, "seen": asdict(reading.seen)}
        networks.append(found)
    picture = comparison.picture
    asked_for: dict[str, Any] = {
        "methods": asked.methods,
        "target": asdict(asked.target),
        "layer": asked.layer,
    }
    asked_for |= {"layers": asked.layers, "resize": asked.resize, "untrained": asked.untrained}
    return {
        "cactiviz": __version__,
        "makes": "comparison",
        "pictures": [
            picture_recipe(picture.name, asked.origin, picture.sha256, picture.name, picture.source)
        ],
        "networks": networks,
        "question": {k: list(v) if isinstance(v, tuple) else v for k, v in asked_for.items()},
        "look": asdict(paint),
        "device": asked.device,
        "seed": 0,
        "maps": {
            key: [float(values.min()), float(values.max()), float(np.mean(values, dtype=float))]
            for key, values in comparison.arrays().items()
        },
    }


def remake_comparison(
    recipe: Mapping[str, Any],
    *,
    data: Path | None = None,
    weights_dir: Path | None = None,
    report: Report | None = None,
) -> tuple[Comparison, Asked, Paint]:
    """Make a comparison again.

    Raises:
        CactivizError: The recipe isn't whole, or its picture isn't where it was.
    """
    try:
        question, (shown,) = recipe["question"], recipe["pictures"]
        asked = Asked(
            shown["from"],
            tuple(checkpoint_in(network) or network["name"] for network in recipe["networks"]),
            tuple(question["methods"]),
            Target(**question["target"]),
            question["layer"],
            tuple(question["layers"]),
            question["resize"],
            _untrained(question["untrained"]),
            recipe["device"],
        )
        paint = Paint(**recipe["look"])
        name, credit = shown["name"], shown["credit"]
    except (KeyError, TypeError, ValueError) as error:
        raise CactivizError("This recipe isn't whole.") from error
    picture = open_origin(asked.origin, data)
    picture = Picture(picture.rgb, name, credit, picture.notes)
    return asked.compare(picture, weights_dir=weights_dir, report=report), asked, paint


def _untrained(said: object) -> bool | tuple[str, ...]:
    return tuple(map(str, said)) if isinstance(said, list) else bool(said)


def remake_animation(
    recipe: Mapping[str, Any],
    folder: Path,
    *,
    data: Path | None = None,
    weights_dir: Path | None = None,
) -> Animation:
    """An animation that isn't computed yet.

    Args:
        recipe: As ``Animation.recipe`` says.
        folder: Where answers are kept.
        data: Where the data set is, or the pictures whose paths aren't there any more.
        weights_dir: A folder to look for published weights in first.

    Raises:
        CactivizError: The recipe isn't whole.
    """
    try:
        shots = [_shot(shown["title"], shown["from"], data) for shown in recipe["pictures"]]
        networks = [checkpoint_in(network) or network["name"] for network in recipe["networks"]]
        by_name = [network for network in recipe["networks"] if not network["checkpoint"]]
        return Animation(
            shots,
            networks,
            Question.from_json(recipe["question"]),
            Look.from_json(recipe["look"]),
            folder,
            untrained=any(network["untrained"] for network in by_name),
            weights_dir=weights_dir,
            device=recipe["device"],
        )
    except (KeyError, TypeError) as error:
        raise CactivizError("This recipe isn't whole.") from error


def open_origin(origin: str, data: Path | None = None) -> Picture:
    """A recipe's picture: a file, a sample, an item of a data set, or an address on the web.

    Raises:
        CactivizError: It isn't there, or can't be read.
    """
    if origin.lower().startswith(("http://", "https://")):
        found = fetch_picture(origin)
        return open_picture(found.data, name=found.name, credit=found.source)
    if is_address(origin) and not os.path.exists(origin):
        return open_item(origin, data)
    if data is not None and not os.path.exists(origin) and not origin.startswith("sample:"):
        return open_picture(data / Path(origin).name)
    return open_picture(origin)


def differences(recipe: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What isn't as the recipe says, one sentence each; empty if all is."""
    found = []
    if recipe.get("cactiviz") != new["cactiviz"]:
        found.append(f"It was made with version {recipe.get('cactiviz')}, not {new['cactiviz']}.")
    old_pictures = {shown["from"]: shown["sha256"] for shown in recipe["pictures"]}
    new_pictures = {shown["from"]: shown["sha256"] for shown in new["pictures"]}
    for origin, sha256 in old_pictures.items():
        if origin not in new_pictures:
            found.append(f"The picture {origin} isn't there any more.")
        elif new_pictures[origin] != sha256:
            found.append(f"The picture {origin} is another one now.")
    for before, after in zip(recipe["networks"], new["networks"], strict=True):
        if after["failure"] and not before["failure"]:
            found.append(f"{before['name']}: {after['failure']}")
        elif before["weights"] != after["weights"]:
            found.append(f"The weights of {before['name']} are others now.")
        elif before["preprocessing"] != after["preprocessing"]:
            found.append(f"{before['name']} is given pictures in another way now.")
    for key, before in recipe.get("maps", {}).items():
        after = new["maps"].get(key)
        if after is None:
            found.append(f"There is no map {key} now.")
        elif not np.allclose(before, after, rtol=_CLOSE, atol=_CLOSE * max(map(abs, before))):
            found.append(f"The map {key} has other values now.")
    return found


def _shot(title: str, origin: str, data: Path | None) -> Shot:
    return Shot(title, origin, lambda: open_origin(origin, data))
