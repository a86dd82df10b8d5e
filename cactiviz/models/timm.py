"""Rows of timm's classifiers, made from its metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cactiviz.errors import ModelError
from cactiviz.models.spec import IMAGENET_CLASSES, IMAGENET_TERMS, ModelSpec, Weights
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
