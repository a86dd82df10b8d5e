"""Class names and preprocessing of a checkpoint: given, read from its file, or assumed."""

from __future__ import annotations

import json
from pathlib import Path

from safetensors import safe_open

from cactiviz.errors import WeightsError
from cactiviz.models.checkpoint import Checkpoint
from cactiviz.models.class_list import class_names_in
from cactiviz.models.imagenet import IMAGENET_CLASSES
from cactiviz.models.preprocessing import completed
from cactiviz.models.spec import ModelSpec
from cactiviz.types import Preprocessing

_NAMES_KEPT = "The names of its classes are those that its own file keeps."


def class_names_of(
    checkpoint: Checkpoint,
    spec: ModelSpec,
    logits: int,
    kept: tuple[str, ...],
    *,
    known: bool = False,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Class names of a checkpoint, and remarks on where they come from.

    The list that was given; else the one that its file keeps; else, where the network has as many
    answers as the architecture's published weights, theirs, which is said; else none.

    Args:
        checkpoint: The user's checkpoint.
        spec: Row of its architecture.
        logits: Number of logits in its file.
        kept: Class names stored in its file.
        known: Its file says that it was trained for the classes of the row.

    Raises:
        WeightsError: The list can't be read, or has another number of names.
    """
    count = max(logits, 2)
    listed = checkpoint.class_list()
    if checkpoint.classes is not None:
        names = listed.for_classes(count)
        if len(names) != count:
            given = checkpoint.classes
            what = f"The file {given}" if isinstance(given, Path) else "ImageNet"
            raise WeightsError(f"{what} names {len(names)} classes, but the network has {count}.")
        return names, listed.remarks
    if len(kept) == count:
        return kept, (_NAMES_KEPT,)
    if logits != spec.logits or not spec.class_names:
        return (), ()
    return spec.class_names, () if known else (_lent(spec, count),)


def preprocessing_of(
    checkpoint: Checkpoint, spec: ModelSpec, size: tuple[int, int] | None
) -> tuple[Preprocessing, tuple[str, ...]]:
    """Preprocessing of a checkpoint, and a sentence on what of it is assumed.

    Args:
        checkpoint: The user's checkpoint.
        spec: Row of its architecture.
        size: Input size stored in a file trained by this package: then the rest is known, too.

    Raises:
        ModelError: What was said can't be used.
    """
    usual = spec.preprocessing
    if size is None:
        return completed(checkpoint.preprocessing, usual)
    trained = Preprocessing(
        size, usual.resize, usual.crop_pct, usual.interpolation, usual.mean, usual.std
    )
    return completed(checkpoint.preprocessing or trained, trained)


def _lent(spec: ModelSpec, count: int) -> str:
    if spec.class_names == IMAGENET_CLASSES:
        return (
            f"It was given no class names; with {count:,} answers it is taken to know ImageNet’s "
            "classes."
        )
    return f"It was given no class names; those of {spec.title} are taken."


def names_in_header(file: Path) -> tuple[str, ...]:
    """The class names in the header of a safetensors file; empty if there are none."""
    try:
        with safe_open(file, "pt") as opened:
            said = opened.metadata() or {}
    except Exception:  # of another kind, or damaged, which is said where its weights are read
        return ()
    return class_names_in({key: _plain(value) for key, value in said.items()})


def _plain(value: str) -> object:
    try:
        return json.loads(value)
    except ValueError:
        return value
