"""Where a network's weights come from, and how a file of them is read without running its code."""

from __future__ import annotations

import json
import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from cactiviz.errors import DownloadError, WeightsError
from cactiviz.fetch import download, hash_prefix, sha256_of
from cactiviz.models.spec import ModelSpec, StateDict
from cactiviz.types import Cancel, Progress

_LARGEST_INPUT = 1024  # pixels
_FORMATS = (".safetensors", ".pth", ".pt")


def cache_folder() -> Path:
    """Torch's own cache of weights, shared with every other program that uses torch."""
    # Where there is no home folder torch leaves the "~", which would make a folder of that name.
    return Path(torch.hub.get_dir().removeprefix("~/")) / "checkpoints"


def weights_folders(weights_dir: Path | None = None) -> list[Path]:
    """Where published weights are looked for, in this order.

    The folder given, the one that ``CACTIVIZ_WEIGHTS`` names, torch's cache.
    """
    named = os.environ.get("CACTIVIZ_WEIGHTS")
    return [
        *([Path(os.path.expanduser(weights_dir))] if weights_dir else []),
        *([Path(os.path.expanduser(named))] if named else []),
        cache_folder(),
    ]


def find_weights(spec: ModelSpec, weights_dir: Path | None = None) -> Path | None:
    """The published file of a network on this machine, or None."""
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
        raise WeightsError(f"The weights of {spec.title} are missing: install cactiviz again.")
    if path is None:
        name, folder = spec.weights.file_name, weights_folders(weights_dir)[0]
        by_hand = f"put the file {name} into the folder {_from_home(folder)}"
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


def _from_home(folder: Path) -> Path:
    """The folder without the user's name, for the sentence may stand in what they hand on."""
    home = Path(os.path.expanduser("~"))
    return Path("~") / folder.relative_to(home) if folder.is_relative_to(home) else folder


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read a ``.safetensors`` or ``.pth`` file's tensors; code in a file is never run.

    Takes the usual wrappings off: a dictionary with the weights under "state_dict",
    "model_state_dict" or "model", and the prefix "module." of a network trained on several GPUs.

    Raises:
        WeightsError: There is no such file, or it holds something else than weights.
    """
    if path.suffix not in _FORMATS:
        raise WeightsError(f"The file {path.name} isn't one of {', '.join(_FORMATS)}.")
    if not os.path.isfile(path):
        raise WeightsError(f"There is no file {path}.")
    try:
        if path.suffix == ".safetensors":
            content: Any = load_file(path)
        else:
            content = torch.load(path, map_location="cpu", weights_only=True)
    except PermissionError as error:
        raise WeightsError(f"The file {path} can't be read: permission is missing.") from error
    except pickle.UnpicklingError as error:
        if zipfile.is_zipfile(path):
            raise WeightsError(
                f"The file {path.name} holds code, not only weights, so it isn't opened; "
                "save the network's state_dict() instead."
            ) from error
        raise WeightsError(f"The file {path.name} is no file of weights, or is damaged.") from error
    except Exception as error:  # a damaged file can raise anything in a reader
        raise WeightsError(f"The file {path.name} is no file of weights, or is damaged.") from error
    for wrapping in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(wrapping), dict):
            content = content[wrapping]
    if not isinstance(content, dict) or not content:
        raise WeightsError(f"The file {path.name} holds no weights.")
    if not all(isinstance(key, str) and isinstance(v, Tensor) for key, v in content.items()):
        raise WeightsError(f"The file {path.name} holds something else than named weights.")
    if all(key.startswith("module.") for key in content):
        content = {key.removeprefix("module."): value for key, value in content.items()}
    return dict(content)


def trained_size(path: Path) -> tuple[int, int] | None:
    """The (height, width) that a network was trained at, where its file says so.

    ``cactiviz train`` writes its recipe into the file: a network is explained as it was trained.
    """
    if path.suffix != ".safetensors":
        return None
    try:
        with safe_open(path, "pt") as file:
            size = json.loads((file.metadata() or {}).get("recipe", "{}")).get("input_size")
    except Exception:  # a damaged header is found when the weights are read
        return None
    return (size, size) if isinstance(size, int) and 8 <= size <= _LARGEST_INPUT else None


def count_logits(module: nn.Module, weights: StateDict, logits: int) -> int:
    """How many logits the weights are for, if they fit this network in all but that number.

    ``module`` was built for ``logits``; where all tensors that differ do so in their first
    dimension only, from ``logits`` to one other number, that number is the answer.
    """
    expected = module.state_dict()
    other = {
        weights[key].shape[0]
        for key, value in expected.items()
        if key in weights
        and value.ndim
        and value.shape[0] == logits
        and weights[key].shape[1:] == value.shape[1:]
        and weights[key].ndim
        and weights[key].shape[0] != logits
    }
    return other.pop() if len(other) == 1 else logits


def assign(module: nn.Module, weights: StateDict, what: str) -> None:
    """Give a network built on torch's "meta" device its weights, without a copy.

    Args:
        module: Built for the same number of logits.
        weights: Under the module's key names.
        what: How to call the weights in a sentence.

    Raises:
        WeightsError: They don't fit; the sentence counts how many.
    """
    expected = module.state_dict()
    counters = {key for key in expected if key.endswith("num_batches_tracked")}  # old files lack it
    missing = [key for key in expected if key not in weights and key not in counters]
    shapes = [k for k, v in expected.items() if k in weights and weights[k].shape != v.shape]
    unknown = [key for key in weights if key not in expected]
    if missing or shapes or unknown:
        raise WeightsError(
            f"{what} doesn't fit this architecture: of its {len(expected)} tensors {len(missing)} "
            f"are missing and {len(shapes)} have another shape; {len(unknown)} aren't known."
        )
    unusable = [
        key
        for key, value in expected.items()
        if key in weights
        and (
            weights[key].is_meta
            or weights[key].layout != torch.strided
            or weights[key].is_floating_point() != value.is_floating_point()
        )
    ]
    if unusable:
        raise WeightsError(f"{what} holds no plain numbers in {len(unusable)} of its tensors.")
    counts = {key: torch.zeros((), dtype=torch.long) for key in counters}
    module.load_state_dict({**counts, **weights}, assign=True)
