"""The rows of the table of networks. Adding one: a row here and one in ``tests/test_models.py``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import torchvision
from efficientnet_pytorch import EfficientNet
from efficientnet_pytorch.utils import url_map
from torch import nn

from cactiviz.errors import ModelError
from cactiviz.models.cactinet import CactiNet
from cactiviz.models.empty import build_empty
from cactiviz.models.spec import ModelSpec, StateDict, Weights
from cactiviz.trace import trace
from cactiviz.types import Layer, Preprocessing

MODELS: dict[str, ModelSpec] = {}

IMAGENET_CLASSES = tuple(
    torchvision.models.AlexNet_Weights.IMAGENET1K_V1.meta["categories"]  # WordNet's 1,000 synsets
)
_IMAGENET_TERMS = "weights learnt on ImageNet (research, non-commercial)"


def register(spec: ModelSpec) -> None:
    """Add a row to :data:`MODELS`.

    Raises:
        ValueError: The name is taken.
    """
    if spec.name in MODELS:
        raise ValueError(f"the network {spec.name} is registered already")
    MODELS[spec.name] = spec


def get_spec(name: str) -> ModelSpec:
    """The row of this name, or one made for ``torchvision:NAME``.

    Raises:
        ModelError: There is none; the sentence names those there are.
    """
    if name in MODELS:
        return MODELS[name]
    zoo, _, model = name.partition(":")
    if zoo == "torchvision" and model in torchvision.models.list_models(torchvision.models):
        return _from_torchvision(name, model)
    raise ModelError(
        f"There is no network “{name}”; there are {', '.join(MODELS)}, "
        "and torchvision's classifiers as torchvision:NAME."
    )


def densenet_keys(published: StateDict) -> StateDict:
    """Torchvision's DenseNet files say ``norm.1`` where its modules are called ``norm1``."""
    old = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.(\d)\.")
    return {old.sub(r"\1\2.", key): value for key, value in published.items()}


def _torchvision_preprocessing(weights: Any) -> Preprocessing:
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


def _torchvision_builder(model: str) -> Callable[[int], nn.Module]:
    options = {"transform_input": True, "init_weights": False} if model in _INCEPTIONS else {}
    return lambda logits: torchvision.models.get_model(
        model, weights=None, num_classes=logits, **options
    )


def _from_torchvision(name: str, model: str) -> ModelSpec:
    """A row by torchvision's own metadata; target layer and first convolution by rule."""
    weights = next(iter(torchvision.models.get_model_weights(model)))
    preprocessing = _torchvision_preprocessing(weights)
    build = _torchvision_builder(model)
    sequence = trace(build_empty(build, 1000).eval(), (3, *preprocessing.input_size))
    if not sequence.convolutions:
        raise ModelError(f"The network “{name}” has no convolution, so nothing here applies to it.")
    return ModelSpec(
        name=name,
        title=model,
        build=build,
        preprocessing=preprocessing,
        target_layer=sequence.target_layer(),
        first_conv=sequence.convolutions[0],
        class_names=IMAGENET_CLASSES,
        logits=1000,
        weights=Weights(weights.url, densenet_keys if model.startswith("densenet") else dict),
        license=f"BSD-3-Clause; {_IMAGENET_TERMS}",
        paper=str(weights.meta.get("recipe", "")),
        parameters=int(weights.meta["num_params"]),
    )


def _register_torchvision(
    model: str, title: str, layer: Layer, first_conv: str, paper: str, **weights: Any
) -> None:
    published = torchvision.models.get_model_weights(model)["IMAGENET1K_V1"]
    register(
        ModelSpec(
            name=model,
            title=title,
            build=_torchvision_builder(model),
            preprocessing=_torchvision_preprocessing(published),
            target_layer=layer,
            first_conv=first_conv,
            class_names=IMAGENET_CLASSES,
            logits=1000,
            weights=Weights(published.url, **weights),
            license=f"BSD-3-Clause; {_IMAGENET_TERMS}",
            paper=paper,
            parameters=published.meta["num_params"],
        )
    )


def _build_efficientnet(published_name: str) -> Callable[[int], nn.Module]:
    def build(logits: int) -> nn.Module:
        # image_size=None pads by the size that comes, not by the one it was built for
        network = EfficientNet.from_name(published_name, image_size=None, num_classes=logits)
        network.set_swish(memory_efficient=False)  # the default hides the activation from guiding
        built: nn.Module = network
        return built

    return build


def _register_efficientnet(size: str, preprocessing: Preprocessing, parameters: int) -> None:
    published_name = f"efficientnet-{size}"
    register(
        ModelSpec(
            name=f"efficientnet_{size}",
            title=f"E{size.upper()}",
            build=_build_efficientnet(published_name),
            preprocessing=preprocessing,
            target_layer=Layer("_bn1", "activation"),
            first_conv="_conv_stem",
            class_names=IMAGENET_CLASSES,
            logits=1000,
            weights=Weights(url_map[published_name]),
            license=f"Apache-2.0; {_IMAGENET_TERMS}",
            paper="Tan and Le 2019, arXiv:1905.11946",
            parameters=parameters,
        )
    )


_register_torchvision(
    "alexnet", "AlexNet", Layer("features.11"), "features.0", "Krizhevsky 2014, arXiv:1404.5997"
)
_register_torchvision(
    "densenet121",
    "DenseNet121",
    Layer("features", "activation"),  # its last ReLU is a call, not a module
    "features.conv0",
    "Huang et al. 2016, arXiv:1608.06993",
    convert=densenet_keys,
)
_register_torchvision(
    "resnet152", "ResNet152", Layer("layer4"), "conv1", "He et al. 2015, arXiv:1512.03385"
)
_register_efficientnet("b0", Preprocessing((224, 224), "crop", 224 / 256, "bicubic"), 5_288_548)
_register_efficientnet("b3", Preprocessing((300, 300), "crop", 300 / 332, "bicubic"), 12_233_232)
register(
    ModelSpec(
        name="cactinet",
        title="CactiNet",
        build=CactiNet,
        preprocessing=Preprocessing(
            (64, 64), "squash", 1.0, "bilinear", (0.50, 0.45, 0.47), (0.15, 0.14, 0.15)
        ),
        target_layer=Layer("stages.2"),  # 8 x 8; the last maps are 2 x 2
        first_conv="stem.0",
        class_names=("no cactus", "cactus"),
        logits=1,
        weights=None,
        license="MIT",
        paper="after Tan and Le 2019, arXiv:1905.11946",
        parameters=4_145_101,
    )
)
