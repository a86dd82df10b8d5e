"""A training run: its hyperparameters, and its folder, locked by one process at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cactiviz.datasets.dataset import Dataset
from cactiviz.errors import DataError, OutputError
from cactiviz.files import whole_file

#: The lowest and highest value of each field of a :class:`Recipe`.
LIMITS: dict[str, tuple[float, float]] = {
    "input_size": (8, 1024),
    "epochs": (1, 10_000),
    "batch_size": (2, 65_536),  # batch norms need two values of a channel
    "learning_rate": (1e-9, 10.0),
    "weight_decay": (0.0, 10.0),
    "calibration_batches": (1, 1_000_000),
    "augmentation": (0.0, 2.0),
    "seed": (0, 1_000_000_000),
}


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters of CactiNet's training.

    Adam with decoupled weight decay (none on biases and batch norms) on one cycle of the learning
    rate, up to ``learning_rate``; the eight flips and quarter turns by chance; in the end the
    batch norms' statistics are those of ``calibration_batches`` training batches: with a momentum
    of 0.01 the running ones lag behind.

    Attributes:
        input_size: The side of a tile in pixels.
        epochs: How often each tile is seen.
        batch_size: Tiles in a step.
        learning_rate: The highest of the cycle.
        weight_decay: Of convolutions' and the classifier's weights.
        calibration_batches: See above.
        augmentation: How strongly tiles are shifted, lit, blurred, grained and compressed by chance
            (:mod:`cactiviz.training.augmentation`); 0 leaves flips and turns alone.
        seed: Of initialisation, order, flips, changes, dropout, and of what is excluded.

    Raises:
        DataError: A value lies outside of :data:`LIMITS`.
    """

    input_size: int = 64
    epochs: int = 8
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    calibration_batches: int = 40
    augmentation: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:  # true of what is no number, too
                words = name.replace("_", " ")
                raise DataError(f"The {words} must be a number from {low:g} to {high:.10g}.")


#: Fields that older versions didn't have -> what they did.
_BEFORE: dict[str, Any] = {"augmentation": 0.0}

#: What a run's folder holds.
CHECKPOINT, SETTINGS, WEIGHTS = "last.ckpt", "settings.json", "cactinet.safetensors"
_LOCK = ".lock"


def as_begun(run: Path, recipe: Recipe) -> Recipe:
    """The recipe that a run goes on with: the same, but as the version that began it learnt.

    So the command that began a run of an older version still goes on with it.
    """
    try:
        before = json.loads((run / SETTINGS).read_text("utf-8"))["recipe"]
        lacking = {name: value for name, value in _BEFORE.items() if name not in before}
    except (OSError, ValueError, KeyError, TypeError):  # which is said where the run is settled
        return recipe
    return replace(recipe, **lacking)


def digest(dataset: Dataset) -> str:
    """Number of a data set's pictures, and the sha256 of their addresses."""
    names = hashlib.sha256()
    for item in dataset:
        names.update(item.address.encode("utf-8", "surrogateescape") + b"\0")
    return f"{len(dataset)}, {names.hexdigest()}"


@contextmanager
def alone_in(run: Path, settings: Mapping[str, Any]) -> Iterator[None]:
    """Make a run's folder, or see that it holds this very run, and keep others out of it.

    Args:
        run: The folder.
        settings: All that decides what the run gives, as plain values.

    Raises:
        DataError: The folder holds another run.
        OutputError: It can't be written, or another process trains in it.
    """
    try:
        run.mkdir(parents=True, exist_ok=True)
        lock = FileLock(run / _LOCK)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise OutputError(
            f"Another run is at work in {run}; wait for it, or name another."
        ) from error
    except OSError as error:
        raise OutputError(f"The folder {run} can't be used: {error.strerror}.") from error
    try:
        _settle(run, dict(settings))
        yield
    finally:
        lock.release()


def _settle(run: Path, settings: dict[str, Any]) -> None:
    path = run / SETTINGS
    try:
        before = json.loads(path.read_text("utf-8")) if path.is_file() else None
    except OSError as error:
        raise OutputError(f"The folder {run} can't be used: {error.strerror}.") from error
    except ValueError as error:
        raise DataError(f"The file {path} is damaged; name another folder.") from error
    if before is None and any(os.path.lexists(run / name) for name in (CHECKPOINT, WEIGHTS)):
        raise DataError(f"The folder {run} holds a checkpoint of an unknown run; name another.")
    if isinstance(before, dict) and isinstance(before.get("recipe"), dict):
        before = {**before, "recipe": {**_BEFORE, **before["recipe"]}}
    if before not in (None, settings):
        raise DataError(
            f"The folder {run} holds a run with other settings or data; name another folder."
        )
    for name in (CHECKPOINT, WEIGHTS, SETTINGS):
        for left in run.glob(f".{name}.*"):  # by a run that was killed while it wrote
            left.unlink(missing_ok=True)
    with whole_file(path) as file:
        file.write(json.dumps(settings, indent=1).encode())
