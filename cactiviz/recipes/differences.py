"""What isn't as a recipe says, once it was made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cactiviz.recipes.recipe import told_origins

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
    found = []
    if recipe.get("cactiviz") != new["cactiviz"]:
        found.append(f"It was made with version {recipe.get('cactiviz')}, not {new['cactiviz']}.")
    told = told_origins([shown["from"] for shown in recipe["pictures"]])
    old_pictures = dict(zip(told, (shown["sha256"] for shown in recipe["pictures"]), strict=True))
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
        elif not _is_close(before, after):
            found.append(f"The map {key} has other values now.")
    return found


def _is_close(before: Sequence[Any], after: Sequence[Any]) -> bool:
    old, new = (np.array([float(value) for value in several]) for several in (before, after))
    largest = np.abs(old[np.isfinite(old)]).max(initial=0.0)
    return np.allclose(old, new, rtol=_CLOSE, atol=_CLOSE * largest, equal_nan=True)
