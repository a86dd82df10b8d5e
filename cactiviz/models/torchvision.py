"""Rows of torchvision's classifiers, made from its metadata."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torchvision
from torch import nn

from cactiviz.models.spec import ModelSpec, StateDict, Weights
from cactiviz.models.target_layer import by_rule
from cactiviz.types import Layer, Preprocessing

#: WordNet's 1,000 synsets in ImageNet-1k's order.
IMAGENET_CLASSES: tuple[str, ...] = tuple(
    torchvision.models.AlexNet_Weights.IMAGENET1K_V1.meta["categories"]
)
IMAGENET_TERMS = "weights learnt on ImageNet (research, non-commercial)"


def names() -> list[str]:
    """Torchvision's classifiers, as it spells them."""
    return list(torchvision.models.list_models(torchvision.models))


def torchvision_spec(name: str, model: str, title: str, paper: str = "", **known: Any) -> ModelSpec:
    """Make a row for one of torchvision's classifiers with its first published weights.

    Args:
        name: The row's name.
        model: Torchvision's name.
        title: The row's title.
        paper: Authors, year, arXiv id; torchvision's recipe if left out.
        known: ``target_layer`` and ``first_conv``, which are found by rule if left out.

    Raises:
        LayerError: No rule finds a target layer, and none was given.
    """
    published = next(iter(torchvision.models.get_model_weights(model)))
    preprocessing = _preprocessing(published)
    build = _builder(model)
    weights = Weights(published.url, densenet_keys if model.startswith("densenet") else dict)
    if "target_layer" not in known:
        layer, first_conv = by_rule(name, build, preprocessing.input_size)
        known = {"target_layer": layer, "first_conv": first_conv}
    return ModelSpec(
        name=name,
        title=title,
        build=build,
        preprocessing=preprocessing,
        class_names=IMAGENET_CLASSES,
        logits=1000,
        weights=weights,
        license=f"BSD-3-Clause; {IMAGENET_TERMS}",
        paper=paper or str(published.meta.get("recipe", "")),
        parameters=int(published.meta["num_params"]),
        **known,
    )


def densenet_keys(published: StateDict) -> StateDict:
    """Torchvision's DenseNet files say ``norm.1`` where its modules are called ``norm1``."""
    old = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d)\.")
    return {old.sub(r"\1\2.", key): value for key, value in published.items()}


def rows() -> list[ModelSpec]:
    """The torchvision networks that have a name of their own here."""
    return [
        torchvision_spec(
            *("alexnet", "alexnet", "AlexNet", "Krizhevsky 2014, arXiv:1404.5997"),
            target_layer=Layer("features.11"),
            first_conv="features.0",
        ),
        torchvision_spec(
            *("densenet121", "densenet121", "DenseNet121", "Huang et al. 2016, arXiv:1608.06993"),
            target_layer=Layer("features", "activation"),  # its last ReLU is a call, not a module
            first_conv="features.conv0",
        ),
        torchvision_spec(
            *("resnet152", "resnet152", "ResNet152", "He et al. 2015, arXiv:1512.03385"),
            target_layer=Layer("layer4"),
            first_conv="conv1",
        ),
        torchvision_spec(
            *("resnet50", "resnet50", "ResNet50", "He et al. 2015, arXiv:1512.03385"),
            target_layer=Layer("layer4"),
            first_conv="conv1",
        ),
        torchvision_spec(
            *("inception_v3", "inception_v3", "InceptionV3", "Szegedy 2015, arXiv:1512.00567"),
            target_layer=Layer("Mixed_7c"),
            first_conv="Conv2d_1a_3x3.conv",
        ),
    ]


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
    return lambda logits: torchvision.models.get_model(
        model, weights=None, num_classes=logits, **options
    )
