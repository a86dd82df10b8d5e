"""Rows of torchvision's classifiers, made from its metadata."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from cactiviz.models.spec import IMAGENET_CLASSES, IMAGENET_TERMS, ModelSpec, StateDict, Weights
from cactiviz.types import Layer, Preprocessing

if TYPE_CHECKING:
    from torch import nn

_LICENSE = f"BSD-3-Clause; {IMAGENET_TERMS}"


def names() -> list[str]:
    """Torchvision's classifiers, as it spells them."""
    import torchvision

    return list(torchvision.models.list_models(torchvision.models))


def torchvision_spec(name: str, model: str) -> ModelSpec:
    """A row for any of torchvision's classifiers with its first published weights.

    Args:
        name: The row's name and title.
        model: Torchvision's name.

    Raises:
        LayerError: No rule finds a target layer.
    """
    import torchvision

    from cactiviz.models.skeleton import by_rule

    published = next(iter(torchvision.models.get_model_weights(model)))
    preprocessing = _preprocessing(published)
    build = _builder(model)
    layer, first_conv = by_rule(name, build, preprocessing.input_size)
    return ModelSpec(
        name=name,
        title=model,
        build=build,
        preprocessing=preprocessing,
        target_layer=layer,
        first_conv=first_conv,
        class_names=IMAGENET_CLASSES,
        logits=1000,
        weights=_weights(model, published.url),
        license=_LICENSE,
        paper=str(published.meta.get("recipe", "")),
        parameters=int(published.meta["num_params"]),
    )


def densenet_keys(published: StateDict) -> StateDict:
    """Torchvision's DenseNet files say ``norm.1`` where its modules are called ``norm1``."""
    old = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d)\.")
    return {old.sub(r"\1\2.", key): value for key, value in published.items()}


_HE = "He et al. 2015, arXiv:1512.03385"
#: Name -> title, paper, file of weights, target layer, first convolution, parameters, side of the
#: input, and side that a picture is resized to. The tests hold them against torchvision's metadata.
_ROWS = {
    "alexnet": (
        *("AlexNet", "Krizhevsky 2014, arXiv:1404.5997", "alexnet-owt-7be5be79.pth"),
        *(Layer("features.11"), "features.0", 61_100_840, 224, 256),
    ),
    "densenet121": (
        *("DenseNet121", "Huang et al. 2016, arXiv:1608.06993", "densenet121-a639ec97.pth"),
        Layer("features", "activation"),  # its last ReLU is a call, not a module
        *("features.conv0", 7_978_856, 224, 256),
    ),
    "resnet152": (
        *("ResNet152", _HE, "resnet152-394f9c45.pth"),
        *(Layer("layer4"), "conv1", 60_192_808, 224, 256),
    ),
    "resnet50": (
        *("ResNet50", _HE, "resnet50-0676ba61.pth"),
        *(Layer("layer4"), "conv1", 25_557_032, 224, 256),
    ),
    "inception_v3": (
        *("InceptionV3", "Szegedy 2015, arXiv:1512.00567", "inception_v3_google-0cc3c7bd.pth"),
        *(Layer("Mixed_7c"), "Conv2d_1a_3x3.conv", 27_161_264, 299, 342),
    ),
}


def rows() -> list[ModelSpec]:
    """The torchvision networks that have a name of their own here, without loading torchvision."""
    return [
        ModelSpec(
            name=name,
            title=title,
            build=_builder(name),
            preprocessing=Preprocessing((side, side), crop_pct=side / resized),
            target_layer=layer,
            first_conv=first_conv,
            class_names=IMAGENET_CLASSES,
            logits=1000,
            weights=_weights(name, f"https://download.pytorch.org/models/{file}"),
            license=_LICENSE,
            paper=paper,
            parameters=count,
        )
        for name, (title, paper, file, layer, first_conv, count, side, resized) in _ROWS.items()
    ]


def _weights(model: str, url: str) -> Weights:
    return Weights(url, densenet_keys if model.startswith("densenet") else dict)


def _preprocessing(weights: Any) -> Preprocessing:
    transform = weights.transforms()
    return Preprocessing(
        input_size=(transform.crop_size[0], transform.crop_size[0]),
        crop_pct=transform.crop_size[0] / transform.resize_size[0],
        interpolation=transform.interpolation.value,
        mean=tuple(transform.mean),
        std=tuple(transform.std),
    )


# As torchvision builds them for their published weights; their own initialisation is slow.
_INCEPTIONS = ("googlenet", "inception_v3")


def _builder(model: str) -> Callable[[int], nn.Module]:
    options = {"transform_input": True, "init_weights": False} if model in _INCEPTIONS else {}

    def build(logits: int) -> nn.Module:
        import torchvision

        network: nn.Module = torchvision.models.get_model(
            model, weights=None, num_classes=logits, **options
        )
        return network

    return build
