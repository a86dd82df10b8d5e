"""The table of networks, and access to all classifiers of torchvision and timm.

Adding one: a row in ``torchvision.py``, ``timm.py`` or ``efficientnet.py``, and its line in the
tests of the table.
"""

from __future__ import annotations

import fnmatch
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cactiviz.errors import ModelError, near
from cactiviz.models import efficientnet, timm, torchvision
from cactiviz.models.spec import ModelSpec, Weights
from cactiviz.types import Layer, Preprocessing

if TYPE_CHECKING:
    from cactiviz.models.cactinet import CactiNet

MODELS: dict[str, ModelSpec] = {}

_ZOOS = {
    "torchvision": (torchvision.names, torchvision.torchvision_spec),
    "timm": (timm.names, timm.timm_spec),
}


def register(spec: ModelSpec) -> None:
    """Add a row to :data:`MODELS`.

    Raises:
        ValueError: The name is taken.
    """
    if spec.name in MODELS:
        raise ValueError(f"the network {spec.name} is registered already")
    MODELS[spec.name] = spec


def get_spec(name: str) -> ModelSpec:
    """The row of a name; rows of ``torchvision:NAME`` and ``timm:NAME`` are made on demand.

    Raises:
        LayerError: That network has no convolution or no fitting layer; a transformer, say.
        ModelError: There is none; the sentence names those there are.
    """
    if name in MODELS:
        return MODELS[name]
    zoo, _, model = name.partition(":")
    base = model.partition(".")[0] if zoo == "timm" else model  # timm's names may have a tag
    if zoo in _ZOOS and base in _ZOOS[zoo][0]():
        return _from_zoo(name)
    raise ModelError(
        f"There is no network “{name}”; there are {', '.join(MODELS)}, and any classifier of "
        f"the two zoos as torchvision:NAME or timm:NAME{near(name, MODELS)}."
    )


def row_name(name: str) -> str:
    """The table's own name of a network of a zoo; the name as it is where the table has none.

    >>> row_name("torchvision:resnet50"), row_name("timm:legacy_xception"), row_name("timm:x")
    ('resnet50', 'xception', 'timm:x')
    """
    zoo, _, model = name.partition(":")
    own = {"torchvision": model, "timm": timm.ROW_NAMES.get(model, "")}.get(zoo, "")
    return own if own in MODELS else name


def is_named(name: str) -> bool:
    """Whether :func:`get_spec` knows this name.

    >>> is_named("alexnet"), is_named("my own")
    (True, False)
    """
    try:
        get_spec(name)
    except ModelError:
        return False
    return True


def search(pattern: str) -> list[str]:
    """Names in torchvision and timm that match a pattern, as :func:`get_spec` takes them.

    Args:
        pattern: A part of a name, or a whole one with ``*`` and ``?``; case doesn't matter.
    """
    wanted = pattern.casefold()
    if not any(sign in wanted for sign in "*?["):
        wanted = f"*{wanted}*"
    return [
        f"{zoo}:{name}"
        for zoo, (names, _) in _ZOOS.items()
        for name in names()
        if fnmatch.fnmatchcase(name.casefold(), wanted)
    ]


@lru_cache(maxsize=64)
def _from_zoo(name: str) -> ModelSpec:
    zoo, _, model = name.partition(":")
    return _ZOOS[zoo][1](name, model)


# Measured on the weights that come along; the table is in weights/cactinet.md.
_CACTINET_CAUTIONS = {
    "grad_cam": "When measured, Grad-CAM found cacti better than a blob in the middle of the "
    "picture would. For a better map, choose HiResCAM and the layer stages.1.",
    "saliency": "When measured, saliency found cacti no better with these weights than with random "
    "ones.",
    "guided_backprop": "When measured, guided backprop outlined cacti; with random weights it did "
    "so too.",
    "layer_cam": "When measured, LayerCAM found cacti better at the layer stages.1 than at "
    "stages.2, which is looked at unless you choose, and HiResCAM about as well.",
    "hires_cam": "When measured, HiResCAM at the layer stages.1 found cacti best of the maps; "
    "stages.2 is looked at unless you choose.",
}


def _cactinet() -> ModelSpec:
    def build(logits: int) -> CactiNet:
        from cactiviz.models.cactinet import CactiNet

        return CactiNet(logits)

    return ModelSpec(
        name="cactinet",
        title="CactiNet",
        build=build,
        preprocessing=Preprocessing(
            (64, 64), "squash", 1.0, "bilinear", (0.50, 0.45, 0.47), (0.15, 0.14, 0.15)
        ),
        target_layer=Layer("stages.2"),  # 8 x 8; the last maps are 2 x 2
        first_conv="stem.0",
        class_names=("no cactus", "cactus"),
        logits=1,
        weights=Weights("", packaged=Path(__file__).parent / "weights" / "cactinet.safetensors"),
        license="MIT; trained on pictures of unknown licence",
        paper="after Tan and Le 2019, arXiv:1905.11946",
        parameters=4_145_101,
        cautions=_CACTINET_CAUTIONS,
        best_view=("hires_cam", Layer("stages.1")),
    )


#: Offered first, before the others in the order of the tables.
_FIRST = (
    *("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2"),
    *("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3"),
)
_rows = {row.name: row for row in (*efficientnet.rows(), *torchvision.rows(), *timm.rows())}
for _name in dict.fromkeys((*_FIRST, *_rows)):
    register(_rows[_name])
register(_cactinet())
