"""Rows for the EfficientNets of the package efficientnet_pytorch."""

from __future__ import annotations

from collections.abc import Callable

from efficientnet_pytorch import EfficientNet
from efficientnet_pytorch.utils import url_map
from torch import nn

from cactiviz.models.spec import ModelSpec, Weights
from cactiviz.models.torchvision import IMAGENET_CLASSES, IMAGENET_TERMS
from cactiviz.types import Layer, Preprocessing

#: Size -> (pixels, parameters); evaluated on the middle of a picture resized to 32 pixels more.
_SIZES = {
    "b0": (224, 5_288_548),
    "b1": (240, 7_794_184),
    "b2": (260, 9_109_994),
    "b3": (300, 12_233_232),
}


def rows() -> list[ModelSpec]:
    """EfficientNet-B0 to -B3."""
    return [_row(size, pixels, parameters) for size, (pixels, parameters) in _SIZES.items()]


def _row(size: str, pixels: int, parameters: int) -> ModelSpec:
    published_name = f"efficientnet-{size}"
    return ModelSpec(
        name=f"efficientnet_{size}",
        title=f"E{size.upper()}",
        build=_builder(published_name),
        preprocessing=Preprocessing((pixels, pixels), "crop", pixels / (pixels + 32), "bicubic"),
        target_layer=Layer("_bn1", "activation"),
        first_conv="_conv_stem",
        class_names=IMAGENET_CLASSES,
        logits=1000,
        weights=Weights(url_map[published_name]),
        license=f"Apache-2.0; {IMAGENET_TERMS}",
        paper="Tan and Le 2019, arXiv:1905.11946",
        parameters=parameters,
    )


def _builder(published_name: str) -> Callable[[int], nn.Module]:
    def build(logits: int) -> nn.Module:
        # image_size=None pads by the size that comes, not by the one it was built for
        network = EfficientNet.from_name(published_name, image_size=None, num_classes=logits)
        network.set_swish(memory_efficient=False)  # the default hides the activation from guiding
        built: nn.Module = network
        return built

    return build
