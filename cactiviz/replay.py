"""Makes the comparison or animation of a recipe again, and says what differs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from cactiviz.batch.collect import Collector
from cactiviz.batch.presets import PictureRef
from cactiviz.comparison.compare import compare_as_asked
from cactiviz.comparison.comparison import Comparison
from cactiviz.errors import CactivizError, RecipeError
from cactiviz.models import Checkpoint
from cactiviz.recipes.fields import REQUEST, STYLE, from_json
from cactiviz.recipes.locate import Origins
from cactiviz.recipes.recipe import FOLDERS, checkpoint_in, told_origins
from cactiviz.recipes.request import Request, Style
from cactiviz.recipes.schema import check
from cactiviz.types import Picture, Report

_CLOSE = 1e-6  # relative: what two runs on one machine may differ by


def differences(
    recipe: Mapping[str, Any], new: Mapping[str, Any], skipped: Mapping[str, str] | None = None
) -> list[str]:
    """What isn't as the recipe says, one sentence each; empty if all is.

    Args:
        recipe: The old one.
        new: The one of what was made again.
        skipped: A picture's origin -> why it was left out.
    """
    changes = []
    if recipe.get("cactiviz") != new["cactiviz"]:
        changes.append(f"It was made with version {recipe.get('cactiviz')}, not {new['cactiviz']}.")
    told = told_origins([shown["from"] for shown in recipe["pictures"]])
    old_pictures = dict(zip(told, (shown["sha256"] for shown in recipe["pictures"]), strict=True))
    new_pictures = {shown["from"]: shown["sha256"] for shown in new["pictures"]}
    for origin, sha256 in old_pictures.items():
        if origin not in new_pictures:
            changes.append((skipped or {}).get(origin) or f"The picture {origin} is left out.")
        elif new_pictures[origin] != sha256:
            changes.append(f"The picture {origin} is another one now.")
    for before, after in zip(recipe["networks"], new["networks"], strict=True):
        if after["failure"] and not before["failure"]:
            changes.append(f"{before['name']}: {after['failure']}")
        elif before["weights"] != after["weights"]:
            changes.append(f"The weights of {before['name']} are others now.")
        elif before["preprocessing"] != after["preprocessing"]:
            changes.append(f"{before['name']} is given pictures in another way now.")
    for key, before in recipe.get("maps", {}).items():
        if key not in new["maps"]:
            changes.append(f"There is no map {key} now.")
            continue
        old, now = (np.array(list(map(float, values))) for values in (before, new["maps"][key]))
        slack = _CLOSE * np.abs(old[np.isfinite(old)]).max(initial=0.0)
        if not np.allclose(old, now, rtol=_CLOSE, atol=slack, equal_nan=True):
            changes.append(f"The map {key} has other values now.")
    return changes


def remake_comparison(
    recipe: Mapping[str, Any],
    *,
    origins: Origins | None = None,
    weights_dir: Path | None = None,
    report: Report | None = None,
) -> tuple[Comparison, Request, Style]:
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
    shown = recipe["pictures"][0]
    if len(recipe["pictures"]) > 1:
        raise RecipeError("“pictures” in the recipe of a comparison should be one picture.")
    (told,) = told_origins([shown["from"]])
    request = Request(
        pictures=(told,),
        networks=_networks(recipe, origins),
        device=recipe["device"],
        left_out=_left_out(shown, told),
        **from_json(recipe["question"], REQUEST),
    )
    style = Style(**from_json(recipe["look"], STYLE))
    origins.check([shown["from"]])
    picture = origins.open(shown["from"])
    picture = Picture(picture.rgb, shown["name"], shown["credit"], picture.notes)
    comparison = compare_as_asked(
        request, picture, weights_dir=weights_dir, may_download=origins.fetch, report=report
    )
    return comparison, request, style


def remake_animation(
    recipe: Mapping[str, Any],
    folder: Path,
    *,
    origins: Origins | None = None,
    weights_dir: Path | None = None,
) -> tuple[Collector, Style]:
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
    typed = [shown["from"] for shown in recipe["pictures"]]
    pictures = [
        PictureRef(
            shown["title"],
            told,
            partial(origins.open, shown["from"]),
            left_out=_left_out(shown, told),
        )
        for shown, told in zip(recipe["pictures"], told_origins(typed), strict=True)
    ]
    request = Request(
        networks=_networks(recipe, origins),
        untrained=tuple(network["name"] for network in recipe["networks"] if network["untrained"]),
        device=recipe["device"],
        **from_json(recipe["question"], REQUEST),
    )
    origins.check(typed)
    collector = Collector(
        pictures, request, folder, weights_dir=weights_dir, may_download=origins.fetch
    )
    return collector, Style(**from_json(recipe["look"], STYLE))


def _networks(recipe: Mapping[str, Any], origins: Origins) -> tuple[str | Checkpoint, ...]:
    own = [(network, checkpoint_in(network)) for network in recipe["networks"]]
    for network in recipe["networks"]:
        if network.get("in_memory"):
            raise CactivizError(
                f"The network “{network['name']}” was made in Python and is in no file, so this "
                "can’t be made again from the recipe alone."
            )
    return tuple(
        origins.checkpoint(checkpoint, network["checkpoint"].get("left_out", ""))
        if checkpoint
        else network["name"]
        for network, checkpoint in own
    )


def _left_out(shown: Mapping[str, Any], told: str) -> str:
    """What of a picture's origin isn't told; in recipes of before, all of it is there."""
    return shown.get("left_out") or (FOLDERS if told != shown["from"] else "")
