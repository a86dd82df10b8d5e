"""Rows of timm's classifiers, made from its metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import timm
from timm.models import PretrainedCfg
from torch import nn

from cactiviz.errors import ModelError
from cactiviz.models.skeleton import build_empty
from cactiviz.models.spec import ModelSpec, StateDict, Weights
from cactiviz.models.target_layer import by_rule
from cactiviz.models.torchvision import IMAGENET_CLASSES, IMAGENET_TERMS
from cactiviz.types import Layer, Preprocessing

_HUB = "https://huggingface.co/{repository}/resolve/main/model.safetensors"


def names() -> list[str]:
    """Timm's networks, as it spells them."""
    return list(timm.list_models())


def timm_spec(name: str, model: str, title: str, paper: str = "", **known: Any) -> ModelSpec:
    """Make a row for one of timm's classifiers with its default weights.

    Args:
        name: The row's name.
        model: Timm's name, with or without a tag (``resnet50.a1_in1k``).
        title: The row's title.
        paper: Authors, year, arXiv id; timm's own reference if left out.
        known: ``target_layer`` and ``first_conv``, which are found by rule if left out;
            ``convert`` for the weights' key names; ``parameters``.

    Raises:
        LayerError: No rule finds a target layer, and none was given.
        ModelError: It is no classifier of photographs.
    """
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
    weights = _weights(config, known.pop("convert", dict))
    if "target_layer" not in known:
        layer, first_conv = by_rule(name, build, preprocessing.input_size)
        known = {"target_layer": layer, "first_conv": first_conv, **known}
    parameters = known.pop("parameters", None) or _count(build, logits)
    return ModelSpec(
        name=name,
        title=title,
        build=build,
        preprocessing=preprocessing,
        class_names=IMAGENET_CLASSES if logits == 1000 else (),
        logits=logits,
        weights=weights,
        license=f"{config.license or 'licence not stated'}; {IMAGENET_TERMS}",
        paper=paper or str(config.origin_url or ""),
        parameters=parameters,
        **known,
    )


def rows() -> list[ModelSpec]:
    """The timm networks that have a name of their own here."""
    return [
        timm_spec(
            *("inception_resnet_v2", "inception_resnet_v2", "InceptionResNetV2"),
            paper="Szegedy et al. 2016, arXiv:1602.07261",
            target_layer=Layer("conv2d_7b"),
            first_conv="conv2d_1a.conv",
            parameters=55_843_464,
        ),
        timm_spec(
            *("xception", "legacy_xception", "Xception", "Chollet 2016, arXiv:1610.02357"),
            target_layer=Layer("act4"),
            first_conv="conv1",
            parameters=22_855_952,
        ),
    ]


def preprocessing_of_config(config: Mapping[str, Any]) -> Preprocessing:
    """Preprocessing in a timm network's ``pretrained_cfg``.

    Raises:
        ValueError: It is no usable preprocessing; KeyError, where a part is missing.
    """
    said = {key: config[key] for key in ("input_size", "mean", "std", "crop_pct", "interpolation")}
    return _preprocessing(PretrainedCfg(**said, crop_mode=config.get("crop_mode", "center")))


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
    return lambda logits: timm.create_model(model, pretrained=False, num_classes=logits)


def _weights(config: PretrainedCfg, convert: Callable[[StateDict], StateDict]) -> Weights | None:
    """Where timm itself would look: the hub's file, else the address with the hash in its name."""
    if config.hf_hub_id:
        repository = str(config.hf_hub_id).removeprefix("hf-hub:")
        file_name = f"{repository.rsplit('/', 1)[-1]}.safetensors"
        return Weights(_HUB.format(repository=repository), convert, file_name)
    return Weights(str(config.url), convert) if config.url else None


def _count(build: Callable[[int], nn.Module], logits: int) -> int:
    return sum(parameter.numel() for parameter in build_empty(build, logits).parameters())
