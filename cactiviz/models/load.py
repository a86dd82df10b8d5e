"""A name or a checkpoint -> a network ready to be explained."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from cactiviz.device import pick_device
from cactiviz.errors import WeightsError
from cactiviz.fetch import sha256_of
from cactiviz.images import samples
from cactiviz.models.checkpoint import Checkpoint
from cactiviz.models.empty import build_empty
from cactiviz.models.spec import LoadedModel, ModelSpec, StateDict
from cactiviz.models.untrained import build_untrained
from cactiviz.models.weights import (
    assign,
    count_logits,
    published_weights,
    read_weights,
    trained_size,
)
from cactiviz.models.zoo import get_spec
from cactiviz.preprocess import preprocess
from cactiviz.types import Cancel, Progress


def load_model(
    model: str | Checkpoint,
    *,
    untrained: bool = False,
    weights_dir: str | os.PathLike[str] | None = None,
    device: str | torch.device = "auto",
    dtype: torch.dtype = torch.float32,
    may_download: bool = True,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> LoadedModel:
    """Load a network, in eval mode.

    Args:
        model: A name of the table of networks, ``torchvision:NAME``, or a checkpoint.
        untrained: Random weights by ``seed`` instead of published ones; a checkpoint ignores it.
        weights_dir: A folder to look for published weights in first.
        device: "auto", "cpu", "cuda", or torch's own.
        dtype: Float32, or float64 for exact work.
        may_download: False to refuse rather than fetch weights that aren't here.
        seed: Of the random weights.
        progress: Told the bytes done and in total while weights are downloaded.
        cancel: Stops a download; what came is kept for the next time.

    Raises:
        DeviceError: There is no such device.
        ModelError: There is no such network.
        WeightsError: Its weights can't be found, fetched or read, or don't fit.
        Cancelled: ``cancel`` was set.
    """
    where = pick_device(device) if isinstance(device, str) else device
    if isinstance(model, Checkpoint):
        loaded = _load_checkpoint(model.at_home())
    elif untrained:
        loaded = _load_untrained(get_spec(model), seed)
    else:
        folder = Path(weights_dir) if weights_dir is not None else None
        loaded = _load_published(get_spec(model), folder, may_download, progress, cancel)
    loaded.module.to(device=where, dtype=dtype).eval()
    return loaded


def _load_published(
    spec: ModelSpec,
    folder: Path | None,
    may_download: bool,
    progress: Progress | None,
    cancel: Cancel | None,
) -> LoadedModel:
    weights, digest = published_weights(
        spec, folder, may_download=may_download, progress=progress, cancel=cancel
    )
    module = _build_with(spec, spec.logits, weights, f"The file of {spec.title}'s weights")
    return LoadedModel(spec, module, untrained=False, revision=digest)


def _load_untrained(spec: ModelSpec, seed: int) -> LoadedModel:
    pictures = torch.cat([preprocess(p, spec.preprocessing) for p in samples().values()])
    module = build_untrained(spec, pictures, seed)
    return LoadedModel(spec, module, untrained=True, revision=f"untrained, seed {seed}")


def _load_checkpoint(checkpoint: Checkpoint) -> LoadedModel:
    spec = get_spec(checkpoint.architecture)
    weights = read_weights(checkpoint.file)
    if spec.weights is not None:
        weights = dict(spec.weights.convert(weights))
    logits = count_logits(build_empty(spec.build, spec.logits), weights, spec.logits)
    module = _build_with(spec, logits, weights, f"The file {checkpoint.file.name}")
    names, classes = checkpoint.class_names(), max(logits, 2)
    if names and len(names) != classes:
        raise WeightsError(
            f"The file {checkpoint.classes} names {len(names)} classes, "
            f"but the network has {classes}."
        )
    if not names and logits == spec.logits:
        names = spec.class_names
    size = trained_size(checkpoint.file) or spec.preprocessing.input_size
    own = replace(
        spec,
        preprocessing=replace(spec.preprocessing, input_size=size),
        name=checkpoint.name,
        title=checkpoint.name,
        class_names=names,
        logits=logits,
        weights=None,
        license="the user's own",
        parameters=sum(p.numel() for p in module.parameters()),
        cautions={},  # they are about the published weights
    )
    return LoadedModel(own, module, untrained=False, revision=sha256_of(checkpoint.file))


def _build_with(spec: ModelSpec, logits: int, weights: StateDict, what: str) -> nn.Module:
    module = build_empty(spec.build, logits)
    assign(module, weights, what)
    if any(tensor.is_meta for tensor in module.buffers()):  # some that no file holds
        filled = spec.build(logits)
        filled.load_state_dict(module.state_dict())
        return filled
    return module
