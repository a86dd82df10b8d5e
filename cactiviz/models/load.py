"""Loads networks by name, from checkpoints, or untrained."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Iterable
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from cactiviz.download import sha256_of
from cactiviz.engine.device import pick_device
from cactiviz.errors import ModelError
from cactiviz.models.checkpoint import Checkpoint, class_names_of, names_in_header, preprocessing_of
from cactiviz.models.familiarity import KEY, Familiarity, from_text
from cactiviz.models.fit import assign
from cactiviz.models.own_weights import own_weights
from cactiviz.models.preprocess import preprocess
from cactiviz.models.registry import get_spec
from cactiviz.models.skeleton import build_empty
from cactiviz.models.spec import LoadedModel, ModelSpec, StateDict
from cactiviz.models.weights import find_weights, header_of, published_weights, trained_size
from cactiviz.pictures.open import samples
from cactiviz.types import Cancel, Progress


def calibrate(module: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set each batch norm's statistics to the plain mean over these batches; all in eval mode.

    Args:
        module: Changed in place: batch norms' statistics; its weights stay.
        batches: (B, 3, H, W) each, preprocessed, on the network's device.
    """
    module.eval()
    norms = [m for m in module.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the plain mean of what it sees
        norm.train()
    with torch.no_grad():
        for pictures in batches:
            module(pictures)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum
        norm.eval()


_seeding = threading.Lock()  # torch's generator is the process's


def build_untrained(spec: ModelSpec, pictures: Tensor, seed: int) -> nn.Module:
    """Build a network with seeded random weights and calibrated batch norms, in eval mode.

    Uncalibrated, the logits of a deep network reach 1e8.

    Args:
        spec: Row of the architecture.
        pictures: (B, 3, H, W), preprocessed; B of at least 2.
        seed: The same seed gives the same network.
    """
    with _seeding, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = spec.build(spec.logits)
    calibrate(module, [pictures])
    return module


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
        model: Name in the table of networks, ``torchvision:NAME``, or a checkpoint.
        untrained: Use random weights by ``seed``; ignored for a checkpoint.
        weights_dir: A folder to look for published weights in first.
        device: "auto", "cpu", "cuda", or torch's own.
        dtype: torch.float32 or torch.float64.
        may_download: False to fail rather than download missing weights.
        seed: Seed of the random weights.
        progress: Called with the bytes done and the total of a download.
        cancel: Stops a download; the partial file is kept and resumed.

    Raises:
        DeviceError: The device isn't available.
        ModelError: The network is unknown.
        WeightsError: Its weights can't be found, downloaded or read, or don't fit.
        Cancelled: ``cancel`` was set.
    """
    if not isinstance(model, str | Checkpoint):
        raise ModelError(no_network(model))
    if dtype not in (torch.float32, torch.float64):
        raise ModelError(f"A network computes in torch.float32 or torch.float64, not in {dtype}.")
    where = pick_device(device) if isinstance(device, str) else device
    file = None
    if isinstance(model, Checkpoint):
        file = model.at_home().file
        loaded = _load_checkpoint(model.at_home())
    elif untrained:
        spec = get_spec(model)
        pictures = torch.cat([preprocess(p, spec.preprocessing) for p in samples().values()])
        module = build_untrained(spec, pictures, seed)
        loaded = LoadedModel(spec, module, untrained=True, revision=f"untrained, seed {seed}")
    else:
        spec, folder = get_spec(model), Path(weights_dir) if weights_dir is not None else None
        weights, digest = published_weights(
            spec, folder, may_download=may_download, progress=progress, cancel=cancel
        )
        module = _build_with(spec, spec.logits, weights, f"The file of {spec.title}'s weights")
        file = find_weights(spec, folder)
        loaded = LoadedModel(spec, module, untrained=False, revision=digest)
    loaded.module.to(device=where, dtype=dtype).eval()
    known = _familiarity(file, loaded.module) if file is not None else None
    return replace(loaded, familiarity=known)


def no_network(given: object) -> str:
    """The sentence on a value that isn't a network, its name or a checkpoint."""
    if isinstance(given, nn.Module):
        return (
            "A network of your own is given as cactiviz.network(module, class_names=..., "
            "preprocessing=...)."
        )
    if isinstance(given, LoadedModel):
        return f"The network “{given.name}” is loaded already."
    return (
        "A network is given by its name, as a Checkpoint, or as cactiviz.network(module) gives "
        f"it, not as {type(given).__name__}."
    )


def _load_checkpoint(checkpoint: Checkpoint) -> LoadedModel:
    spec = get_spec(checkpoint.architecture)
    own_file = own_weights(spec, checkpoint.file)
    logits = own_file.logits
    what = f"The file {checkpoint.file.name}"
    module = _build_with(spec, logits, own_file.tensors, what, own_file.idle)
    size = trained_size(checkpoint.file)
    preprocessing, assumed = preprocessing_of(checkpoint, spec, size)
    kept = own_file.class_names or names_in_header(checkpoint.file)
    names, named = class_names_of(checkpoint, spec, logits, kept, known=size is not None)
    own = replace(
        spec,
        preprocessing=preprocessing,
        name=checkpoint.name,
        title=checkpoint.name,
        class_names=names,
        logits=logits,
        weights=None,
        license="the user's own",
        parameters=sum(p.numel() for p in module.parameters()),
        cautions={},  # they are about the published weights
    )
    digest = sha256_of(checkpoint.file)
    remarks = (*own_file.remarks, *named, *assumed)
    return LoadedModel(own, module, untrained=False, revision=digest, remarks=remarks)


def _familiarity(file: Path, module: nn.Module) -> Familiarity | None:
    """What a file's metadata say of strangers, if that is of such a network (in eval mode)."""
    if file.suffix != ".safetensors":
        return None
    known = from_text(header_of(file).get(KEY, ""))
    return known if known is not None and known.fits(module) else None


def _build_with(
    spec: ModelSpec, logits: int, weights: StateDict, what: str, idle: Collection[str] = ()
) -> nn.Module:
    module = build_empty(spec.build, logits)
    assign(module, weights, what, idle)
    if any(tensor.is_meta for tensor in module.buffers()):  # some that no file holds
        filled = spec.build(logits)
        filled.load_state_dict(module.state_dict())
        return filled
    return module
