"""Kernels of a convolution, and its feature maps for a picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import torch

from cactiviz.engine.neuron_pass import feature_maps
from cactiviz.errors import LayerError
from cactiviz.explanations import arguments
from cactiviz.models import LoadedModel
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import Source, open_picture
from cactiviz.types import Cancel, FilterGrid, Layer


def convolutions(model: LoadedModel) -> list[str]:
    """Names of a network's convolutions, in the order in which they run."""
    names = [n for n, m in model.module.named_modules() if isinstance(m, torch.nn.Conv2d)]
    return sorted(names, key=lambda name: name != model.spec.first_conv)


def filters(
    model: LoadedModel,
    picture: Source | None = None,
    *,
    layer: str | None = None,
    resize: Literal["crop", "squash"] | None = None,
    cancel: Cancel | None = None,
) -> FilterGrid:
    """Raw kernels of a convolution, and its feature maps if a picture is given.

    Args:
        model: A loaded network.
        picture: Picture for the feature maps; None for the kernels alone.
        layer: Dotted name of the convolution; None for the first one.
        resize: "crop" or "squash" instead of the network's own preprocessing.
        cancel: Checked before each operation.

    Raises:
        LayerError: There is no convolution of this name.
        ModelError: The network can't process the picture.
    """
    model, resize = arguments.loaded(model), arguments.resizing(resize)
    name = layer or model.spec.first_conv
    convolution = dict(model.module.named_modules()).get(name)
    if not isinstance(convolution, torch.nn.Conv2d):
        raise LayerError(f"{model.title} has no convolution called “{name}”.")
    kernels = convolution.weight.detach().to("cpu", torch.float32, copy=True).numpy()
    if picture is None:
        return FilterGrid(name, kernels)
    spec = model.spec.preprocessing
    inputs = preprocess(open_picture(picture), replace(spec, resize=resize) if resize else spec)
    inputs = inputs.to(device=model.device, dtype=model.dtype)
    maps = feature_maps(model.module, inputs, Layer(name), cancel)[0]
    return FilterGrid(name, kernels, maps.cpu().to(torch.float32).numpy())
