"""The folder of a training run, locked by one process at a time."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from cactiviz.datasets.dataset import Dataset
from cactiviz.errors import DataError, OutputError
from cactiviz.files import whole_file

#: What a run's folder holds.
CHECKPOINT, SETTINGS, WEIGHTS = "last.ckpt", "settings.json", "cactinet.safetensors"
_LOCK = ".lock"


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
    if before not in (None, settings):
        raise DataError(
            f"The folder {run} holds a run with other settings or data; name another folder."
        )
    for name in (CHECKPOINT, WEIGHTS, SETTINGS):
        for left in run.glob(f".{name}.*"):  # by a run that was killed while it wrote
            left.unlink(missing_ok=True)
    with whole_file(path) as file:
        file.write(json.dumps(settings, indent=1).encode())
