"""Rows for the EfficientNets of the package efficientnet_pytorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cactiviz.models.spec import IMAGENET_CLASSES, IMAGENET_TERMS, ModelSpec, Weights
from cactiviz.types import Layer, Preprocessing

if TYPE_CHECKING:
    from torch import nn

_RELEASE = "https://github.com/lukemelas/EfficientNet-PyTorch/releases/download/1.0"
#: Size -> (pixels, first digits of the weights' hash, parameters); evaluated on the middle of a
#: picture resized to 32 pixels more. The tests hold them against the package's own.
_SIZES = {
    "b0": (224, "355c32eb", 5_288_548),
    "b1": (240, "f1951068", 7_794_184),
    "b2": (260, "8bb594d6", 9_109_994),
    "b3": (300, "5fb5a3c3", 12_233_232),
}


def rows() -> list[ModelSpec]:
    """EfficientNet-B0 to -B3."""
    return [_row(size, *claims) for size, claims in _SIZES.items()]


def _row(size: str, pixels: int, digest: str, parameters: int) -> ModelSpec:
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
        weights=Weights(f"{_RELEASE}/{published_name}-{digest}.pth"),
        license=f"Apache-2.0; {IMAGENET_TERMS}",
        paper="Tan and Le 2019, arXiv:1905.11946",
        parameters=parameters,
    )


def _builder(published_name: str) -> Callable[[int], nn.Module]:
    def build(logits: int) -> nn.Module:
        from efficientnet_pytorch import EfficientNet

        # image_size=None pads by the size that comes, not by the one it was built for
        network = EfficientNet.from_name(published_name, image_size=None, num_classes=logits)
        network.set_swish(memory_efficient=False)  # the default hides the activation from guiding
        built: nn.Module = network
        return built

    return build
