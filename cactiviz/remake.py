"""A recipe -> the comparison or animation that it tells of, and what differs when it can't be."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from cactiviz import __version__, places
from cactiviz.answers import Answers
from cactiviz.arguments import Given
from cactiviz.compare import compare
from cactiviz.comparison import Comparison
from cactiviz.cover import HOWS, How, cover
from cactiviz.errors import CactivizError
from cactiviz.kept import Question
from cactiviz.look import Look
from cactiviz.models import Checkpoint, get_spec
from cactiviz.origins import Origins
from cactiviz.places import Places
from cactiviz.reading import FILTERS
from cactiviz.recipe import checkpoint_in, network_recipe, picture_recipe
from cactiviz.report import Paint
from cactiviz.shots import Shot
from cactiviz.types import Box, Picture, Report, Target

_CLOSE = 1e-6  # relative: what two runs on one machine may differ by


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


def recipe_of(comparison: Comparison, asked: Asked, paint: Paint) -> dict[str, Any]:
    """What makes a comparison again, with the range and mean of each map to know it by."""
    networks = []
    for network in asked.networks:
        name = _name(network)
        reading = comparison.readings.get(name)
        found = network_recipe(
            name, network, asked.is_untrained(name), None, comparison.failures.get(name, "")
        )
        if reading is not None:
            layers = {method: e.layer for method, e in reading.explanations.items()}
            found |= {"untrained": reading.untrained, "weights": reading.revision}
            found |= {"layers": layers, "seen": asdict(reading.seen)}
        networks.append(found)
    picture = comparison.picture
    asked_for: dict[str, Any] = {
        "methods": asked.methods,
        "target": asdict(asked.target),
        "layer": places.to_json(asked.layer),
    }
    asked_for |= {"layers": asked.layers, "resize": asked.resize, "untrained": asked.untrained}
    if asked.cover:
        box, how = asked.cover
        asked_for["cover"] = {"box": asdict(box), "how": how}
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
    origins: Origins | None = None,
    weights_dir: Path | None = None,
    report: Report | None = None,
) -> tuple[Comparison, Asked, Paint]:
    """Make a comparison again.

    Args:
        recipe: As ``recipe_of`` says.
        origins: Where its picture and checkpoints are; where they were typed if not given.
        weights_dir: A folder to look for published weights in first.
        report: Told what goes on.

    Raises:
        CactivizError: The recipe isn't whole, or its picture isn't where it was.
    """
    origins = origins or Origins()
    try:
        question, (shown,) = recipe["question"], recipe["pictures"]
        asked = Asked(
            shown["from"],
            _networks(recipe, origins),
            tuple(question["methods"]),
            Target(**question["target"]),
            places.of_json(question["layer"]),
            tuple(question["layers"]),
            question["resize"],
            _untrained(question["untrained"]),
            recipe["device"],
            _cover(question.get("cover")),
        )
        paint = Paint(**recipe["look"])
        name, credit = shown["name"], shown["credit"]
    except (KeyError, TypeError, ValueError) as error:
        raise CactivizError("This recipe isn't whole.") from error
    origins.check([asked.origin])
    picture = origins.open(asked.origin)
    picture = Picture(picture.rgb, name, credit, picture.notes)
    comparison = asked.compare(
        picture, weights_dir=weights_dir, may_download=origins.fetch, report=report
    )
    return comparison, asked, paint


def _cover(said: Mapping[str, Any] | None) -> tuple[Box, How] | None:
    if not said:
        return None
    if said["how"] not in HOWS:
        raise ValueError(said["how"])
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
        origins: Where its pictures and checkpoints are; where they were typed if not given.
        weights_dir: A folder to look for published weights in first.

    Raises:
        CactivizError: The recipe isn't whole, or not one of its pictures is where it was.
    """
    origins = origins or Origins()
    try:
        shots = [_shot(shown["title"], shown["from"], origins) for shown in recipe["pictures"]]
        networks = _networks(recipe, origins)
        by_name = [network for network in recipe["networks"] if not network["checkpoint"]]
        origins.check([shot.origin for shot in shots])
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
    except (KeyError, TypeError) as error:
        raise CactivizError("This recipe isn't whole.") from error


def differences(
    recipe: Mapping[str, Any], new: Mapping[str, Any], skipped: Mapping[str, str] | None = None
) -> list[str]:
    """What isn't as the recipe says, one sentence each; empty if all is.

    Args:
        recipe: The old one.
        new: The one of what was made again.
        skipped: A picture's origin -> why it was left out.
    """
    found = []
    if recipe.get("cactiviz") != new["cactiviz"]:
        found.append(f"It was made with version {recipe.get('cactiviz')}, not {new['cactiviz']}.")
    old_pictures = {shown["from"]: shown["sha256"] for shown in recipe["pictures"]}
    new_pictures = {shown["from"]: shown["sha256"] for shown in new["pictures"]}
    for origin, sha256 in old_pictures.items():
        if origin not in new_pictures:
            found.append((skipped or {}).get(origin) or f"The picture {origin} is left out.")
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


def _networks(recipe: Mapping[str, Any], origins: Origins) -> tuple[str | Checkpoint, ...]:
    own = [(network["name"], checkpoint_in(network)) for network in recipe["networks"]]
    for network in recipe["networks"]:
        if network.get("in_memory"):
            raise CactivizError(
                f"The network “{network['name']}” was made in Python and is in no file, so this "
                "can’t be made again from the recipe alone."
            )
    return tuple(origins.checkpoint(found) if found else name for name, found in own)


def _shot(title: str, origin: str, origins: Origins) -> Shot:
    return Shot(title, origin, lambda: origins.open(origin))
