"""ImageNet's classes, which most published networks know."""

from __future__ import annotations

import runpy
from importlib.util import find_spec
from pathlib import Path

IMAGENET_TERMS = "weights learnt on ImageNet (research, non-commercial)"


def _classes() -> tuple[str, ...]:
    """Torchvision's list, read from its file: importing torchvision takes seconds."""
    package = find_spec("torchvision")
    assert package is not None and package.origin is not None
    file = Path(package.origin).parent / "models" / "_meta.py"
    return tuple(runpy.run_path(str(file))["_IMAGENET_CATEGORIES"])


#: WordNet's 1,000 synsets in ImageNet-1k's order.
IMAGENET_CLASSES = _classes()
