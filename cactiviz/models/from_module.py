"""Wraps a copy of the user's own torch module as a loaded network."""

from __future__ import annotations

import copy
import hashlib
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from cactiviz.engine.device import pick_device
from cactiviz.engine.operations import functions
from cactiviz.engine.trace import Trace, trace
from cactiviz.errors import LayerError, ModelError, WeightsError
from cactiviz.models.checkpoint import IMAGENET, Checkpoint
from cactiviz.models.class_list import class_names_in
from cactiviz.models.preprocessing import completed
from cactiviz.models.spec import LoadedModel, ModelSpec
from cactiviz.models.timm import preprocessing_of_config
from cactiviz.types import Layer, Preprocessing

_USUAL = Preprocessing((224, 224))
_NOT_THERE_YET = nn.parameter.UninitializedParameter | nn.parameter.UninitializedBuffer
_SOFTMAXES = functions("softmax", "sigmoid")
_NOT_LOGITS = (
    "Its last step turns scores into probabilities; what is shown as probability is turned once "
    "more, so give the network without that step."
)


def network(
    module: nn.Module,
    *,
    name: str | None = None,
    class_names: Sequence[str] | Mapping[int, str] | str | Path = (),
    preprocessing: Preprocessing | str | None = None,
    layer: Layer | str | None = None,
    device: str | torch.device | None = None,
) -> LoadedModel:
    """Prepare any convolutional image classifier for ``compare`` and the other functions.

    It is copied: weights, buffers and all. Nothing is shared with ``module``, whose mode, type,
    device and hooks stay as they were; trained further, give it again. The copy computes in
    evaluation mode, in float32 where the weights are of half precision (float64 stays); forward
    hooks, which may be part of what it computes, run in the copy, backward hooks don't.

    Args:
        module: (1, 3, H, W) -> (1, K) logits before softmax; one logit is a network of two
            classes. Of a tuple, a dict or an object, ``logits`` or the first tensor is taken.
            ``DataParallel`` and ``torch.compile`` are taken off.
        name: Display name, without slashes; its class's name if not given.
        class_names: A name for each class, in order or by index; the path of a list of them as
            :func:`~cactiviz.models.class_list.read_class_list` reads it; or "imagenet". Classes
            without names are "class 0" and so on; none are ever assumed.
        preprocessing: How it is given pictures, or what of that is known as a text such as
            "inception,size=299" (:func:`~cactiviz.models.preprocessing.parts_of`). What isn't
            said is taken from timm's ``pretrained_cfg`` of the module, else 224 x 224 pixels and
            ImageNet's usual way; ``remarks`` says so.
        layer: Layer of class activation maps; the last map before pooling if not given.
        device: "auto", "cpu", "cuda" or a torch device; the module's device if not given.

    Raises:
        ModelError: It isn't such a classifier; the sentence says why.
        LayerError: It has no suitable layer.
        WeightsError: The numbers of classes and names differ.

    >>> body = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    >>> own = network(nn.Sequential(body, nn.Linear(8, 2)), name="mine", class_names=["a", "b"])
    >>> own.name, str(own.spec.target_layer), own.spec.class_names
    ('mine', '0.1', ('a', 'b'))
    """
    if not isinstance(module, nn.Module):
        raise ModelError(f"A network is a torch.nn.Module, not {type(module).__name__}.")
    title = type(module).__name__ if name is None else name
    if not isinstance(title, str) or not title.strip() or "/" in title or "\\" in title:
        raise ModelError("A network's name is a text without / and \\.")
    title = title.strip()
    if not isinstance(preprocessing, Preprocessing | str | None):
        raise ModelError(
            "The preprocessing is a cactiviz.Preprocessing, or a text such as "
            f"“inception,size=299”, not {type(preprocessing).__name__}."
        )
    whole, remarks = completed(preprocessing, _usual_for(module))
    copied = _copied(_unwrapped(module), device)
    copied.forward = types.MethodType(_logits_of, copied)
    traced = _traced(copied, whole)
    layer = Layer.parse(layer) if isinstance(layer, str) else layer or traced.target_layer()
    traced.step(layer)
    shape = traced.shapes[-1]
    if len(shape) != 2 or shape[0] != 1:
        raise ModelError(
            f"This network answers with an array of the shape {shape}; a classifier's answer to "
            "one picture is (1, classes)."
        )
    logits = shape[1]
    if traced.functions[-1] in _SOFTMAXES:
        remarks = (*remarks, _NOT_LOGITS)
    names, named = _names(class_names, max(logits, 2))
    spec = ModelSpec(
        name=title,
        title=title,
        build=lambda _: copy.deepcopy(copied),
        preprocessing=whole,
        target_layer=layer,
        first_conv=traced.convolutions[0],
        class_names=names,
        logits=logits,
        weights=None,
        license="the user's own",
        paper="",
        parameters=sum(parameter.numel() for parameter in copied.parameters()),
    )
    return LoadedModel(spec, copied, False, _digest(copied), (*named, *remarks))


def _copied(module: nn.Module, device: str | torch.device | None) -> nn.Module:
    tensors = [*module.parameters(), *module.buffers()]
    if not list(module.parameters()):
        raise ModelError("This network has no weights, so there is nothing to explain.")
    if any(t.is_meta or isinstance(t, _NOT_THERE_YET) for t in tensors):
        raise ModelError("This network's weights aren't there yet; load them, or run it once.")
    first = next(module.parameters()).device
    where = pick_device(device) if isinstance(device, str) else device or first
    double = all(t.dtype == torch.float64 for t in module.parameters() if t.is_floating_point())
    precision = torch.float64 if double else torch.float32

    def moved(tensor: Tensor) -> Tensor:
        dtype = precision if tensor.is_floating_point() else tensor.dtype
        return tensor.detach().to(where, dtype, copy=True)

    memo: dict[int, Any] = {  # what a network keeps of its last run may have no copy
        id(value): moved(value)
        for part in module.modules()
        for value in vars(part).values()
        if isinstance(value, Tensor)
    }
    memo |= {id(p): nn.Parameter(moved(p), p.is_floating_point()) for p in module.parameters()}
    memo |= {id(buffer): moved(buffer) for buffer in module.buffers()}
    try:
        copied = copy.deepcopy(module, memo)
    except Exception as error:
        raise ModelError("This network can't be copied, so it can't be explained here.") from error
    for part in copied.modules():
        part._backward_hooks.clear()
        part._backward_pre_hooks.clear()
    return copied.eval()


def _unwrapped(module: nn.Module) -> nn.Module:
    while True:
        inner = getattr(module, "_orig_mod", None)  # torch.compile's
        if isinstance(module, nn.DataParallel | nn.parallel.DistributedDataParallel):
            inner = module.module
        if not isinstance(inner, nn.Module):
            break
        module = inner
    if isinstance(module, torch.jit.ScriptModule):
        raise ModelError("A network of TorchScript can't be looked into; give the one it is of.")
    return module


def _logits_of(self: nn.Module, pictures: Tensor) -> Any:
    """What takes the place of a copy's own ``forward``: the one tensor of its answer, as (B, K)."""
    answer: Any = type(self).forward(self, pictures)
    if hasattr(answer, "logits"):
        answer = answer.logits
    elif isinstance(answer, Mapping):
        answer = answer.get("logits", next(iter(answer.values()), None))
    while isinstance(answer, tuple | list) and answer:
        answer = answer[0]
    if isinstance(answer, Tensor) and answer.ndim > 2 and set(answer.shape[2:]) == {1}:
        return answer.flatten(1)
    if isinstance(answer, Tensor) and answer.ndim == 1:
        return answer.unsqueeze(1)
    return answer


def _traced(copied: nn.Module, preprocessing: Preprocessing) -> Trace:
    first = next((m for m in copied.modules() if isinstance(m, nn.Conv2d)), None)
    if first is None:
        raise LayerError("This network has no convolution, so nothing here applies to it.")
    if first.in_channels != 3 and first.groups == 1:
        kind = "grey pictures" if first.in_channels == 1 else f"{first.in_channels} channels"
        raise ModelError(f"This network expects {kind}; here it is given colours, 3 channels.")
    height, width = preprocessing.input_size
    try:
        return trace(copied, (3, height, width))
    except ModelError as error:
        cause = error.__cause__
        why = " ".join(str(cause).split())[:200] if cause else ""
        raise ModelError(
            f"This network can't take a picture of {height} x {width} pixels; say another size by "
            f"preprocessing=“size=...”{f' (torch says: {why})' if why else '.'}"
        ) from error


def _names(
    source: Sequence[str] | Mapping[int, str] | str | Path, count: int
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if isinstance(source, str | Path):
        path = IMAGENET if source == IMAGENET else Path(source)
        class_list = Checkpoint("", "", Path(), path).class_list()
        names, remarks = class_list.for_classes(count), class_list.remarks
    else:
        try:
            names = class_names_in({"class_names": source}) if source else ()
            listed: tuple[Any, ...] = names or tuple(source)
            if not all(isinstance(name, str) for name in listed):
                raise TypeError(listed)
            names, remarks = listed, ()
        except TypeError as error:
            raise WeightsError("Class names are given as texts, one for each class.") from error
    if names and len(names) != count:
        raise WeightsError(f"There are {len(names)} class names, but the network has {count}.")
    return names, remarks


def _usual_for(module: nn.Module) -> Preprocessing:
    """Timm's networks say themselves how their kind is given pictures."""
    config = getattr(_unwrapped(module), "pretrained_cfg", None)
    try:
        return preprocessing_of_config(config) if config else _USUAL
    except (AttributeError, KeyError, TypeError, ValueError, IndexError):
        return _USUAL


def _digest(module: nn.Module) -> str:
    """sha256 of the weights and their names."""
    digest = hashlib.sha256()
    for key, value in sorted(module.state_dict().items()):
        if isinstance(value, Tensor):
            digest.update(f"{key} {value.dtype} {tuple(value.shape)}".encode())
            digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
