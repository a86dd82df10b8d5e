"""What a command reads and what it writes, so that it is known before its work.

Each command that writes says so with ``parser.set_defaults(files=...)``, a function from its
options to :class:`Files`. What can't be found is left out: the command itself says that better.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cactiviz.cli.overwriting import check_kept
from cactiviz.datasets import DATASETS, aerial_cactus, find_dataset, is_address
from cactiviz.errors import CactivizError
from cactiviz.models import Checkpoint, find_weights, get_spec
from cactiviz.pictures.open import SAMPLES, sample_path
from cactiviz.recipes.locate import Origins
from cactiviz.recipes.recipe import checkpoint_in, read_recipe
from cactiviz.rendering.formats.metadata import is_signed


@dataclass(frozen=True)
class Files:
    """What one call of a command reads and writes.

    Attributes:
        reads: Files, and folders of which every file is read.
        writes: Files, or folders made as a whole; None stands for an output not asked for.
        folders: Folders into which several files are written.
        replaces: Whether an earlier export in a folder that is read is replaced, and no input.
    """

    reads: Iterable[Path] = ()
    writes: Sequence[Path | None] = ()
    folders: Sequence[Path] = ()
    replaces: bool = False


def check_files(options: argparse.Namespace) -> None:
    """Refuse a call that would write over what it reads, or two outputs to one place.

    Raises:
        OutputPlaceError: It would.
    """
    if "files" not in options:
        return
    found: Files = options.files(options)
    writes = [path for path in found.writes if path is not None]
    if writes or found.folders:
        is_own = _is_export if found.replaces else lambda _: False
        check_kept(list(found.reads), writes, found.folders, is_own=is_own)


def of_picture(options: argparse.Namespace) -> Iterator[Path]:
    """The file of ``options.picture``, or where its data set lies."""
    yield from of_origin(options.picture, options.data_dir)


def of_origin(origin: str, data_dir: Path | None = None) -> Iterator[Path]:
    """The file that a picture is read from as it was typed, or where its data set lies."""
    if origin.startswith("sample:"):
        with suppress(CactivizError):
            yield sample_path(origin.removeprefix("sample:"))
    elif is_address(origin) and not os.path.exists(origin):
        yield from of_dataset(origin.partition(":")[0], data_dir)
    else:
        yield Path(os.path.expanduser(origin))


def of_dataset(name: str, folder: Path | None = None) -> Iterator[Path]:
    """Where a data set of the table lies."""
    with suppress(CactivizError, OSError):
        found = find_dataset(name, folder)
        if DATASETS[name].place != "installed":
            yield from _parts_of(found) if found is not None else ()
        elif name == "samples":
            yield from map(sample_path, SAMPLES)


def of_source(named: str) -> Iterator[Path]:
    """Pictures or a data set as a person names them: a path goes before a data set's name."""
    path = Path(os.path.expanduser(named))
    if named in DATASETS and not os.path.exists(path):
        yield from of_dataset(named)
    elif os.path.isdir(path):
        yield from _parts_of(path)
    else:
        yield from of_origin(named)


def _parts_of(place: Path) -> Iterator[Path]:
    """A data set's folder or zip; of cactus tiles what is read beside whatever else is there."""
    if not aerial_cactus.is_here(place):
        yield place
    else:
        yield from (place / name for name in ("train.csv", "train", "train.zip"))


def of_networks(options: argparse.Namespace, names: Iterable[str]) -> Iterator[Path]:
    """The files of each ``--checkpoint``, and of the weights that networks by name have."""
    own = {checkpoint.name for checkpoint in options.checkpoint}
    for checkpoint in options.checkpoint:
        yield from of_checkpoint(checkpoint)
    for name in names:
        if name not in own:
            yield from of_weights(name, options.weights_dir)


def of_checkpoint(checkpoint: Checkpoint) -> Iterator[Path]:
    """A checkpoint's weights and its class names."""
    for path in (checkpoint.file, checkpoint.classes):
        if isinstance(path, Path):  # else there is no list, or one that comes along
            yield Path(os.path.expanduser(path))


def of_weights(name: str, weights_dir: Path | None) -> Iterator[Path]:
    """The published weights of a network, if they are on this machine."""
    with suppress(CactivizError, OSError):
        found = find_weights(get_spec(name), weights_dir)
        if found is not None:
            yield found


def of_recipe(
    path: Path, recipe: Mapping[str, Any], data: Path | None, weights_dir: Path | None
) -> Iterator[Path]:
    """A recipe's file, and all that it names."""
    yield path
    with suppress(CactivizError):
        origins = Origins.of(path, data)
        for shown in _entries(recipe, "pictures"):
            yield from origins.places(str(shown.get("from", "")))
        for network in _entries(recipe, "networks"):
            with suppress(KeyError, TypeError):
                own = checkpoint_in(network)
                if own is not None:
                    yield from origins.places_of(own)
                    continue
            yield from of_weights(str(network.get("name", "")), weights_dir)


def _entries(recipe: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    found = recipe.get(key)
    if isinstance(found, list):
        yield from (part for part in found if isinstance(part, dict))


def _is_export(path: Path) -> bool:
    """Whether a file was made by an earlier call: it is signed, or holds its recipe."""
    if is_signed(path):
        return True
    with suppress(CactivizError):
        return bool(read_recipe(path))
    return False
