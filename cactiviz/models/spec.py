"""Rows of the table of networks, and loaded networks."""

from __future__ import annotations

import runpy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cactiviz.types import Layer, Preprocessing

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

IMAGENET_TERMS = "weights learnt on ImageNet (research, non-commercial)"


def _classes() -> tuple[str, ...]:
    """Torchvision's list, read from its file: importing torchvision takes seconds."""
    package = find_spec("torchvision")
    assert package is not None and package.origin is not None
    file = Path(package.origin).parent / "models" / "_meta.py"
    return tuple(runpy.run_path(str(file))["_IMAGENET_CATEGORIES"])


#: WordNet's 1,000 synsets in ImageNet-1k's order.
IMAGENET_CLASSES = _classes()


StateDict: TypeAlias = "Mapping[str, Tensor]"


@dataclass(frozen=True)
class Weights:
    """Location of a network's published weights.

    Attributes:
        url: The file's address; where torch's convention is followed, its name has a hash.
        convert: Maps the published keys to the module's; None if they are the same.
        kept_as: File name in the cache, if the published one isn't specific enough.
        packaged: File within an installed package, instead of an address.
        distribution: What pip calls that package; empty for this one.
    """

    url: str
    convert: Callable[[StateDict], StateDict] = dict
    kept_as: str = ""
    packaged: Path | None = None
    distribution: str = ""

    @property
    def file_name(self) -> str:
        """File name in the cache."""
        if self.packaged is not None:
            return self.packaged.name
        return self.kept_as or self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class ModelSpec:
    """One architecture: how to build, run and explain it.

    Attributes:
        name: Registry key, snake_case.
        title: Display name.
        build: Builds the network for a number of logits, freshly initialised.
        preprocessing: Preprocessing with which the published weights were evaluated.
        target_layer: Default layer of class activation maps.
        first_conv: Dotted name of the first convolution.
        class_names: Class names in the order of their indices; empty if there are none.
        logits: Number of logits; one logit means two classes.
        weights: The published weights, or None.
        license: Licence of code and weights.
        paper: Authors, year, arXiv id.
        parameters: Number of parameters, with ``logits`` outputs.
        cautions: Method -> caveat on its maps with the published weights, a sentence.
    """

    name: str
    title: str
    build: Callable[[int], nn.Module] = field(repr=False)
    preprocessing: Preprocessing
    target_layer: Layer
    first_conv: str
    class_names: tuple[str, ...] = field(repr=False)
    logits: int
    weights: Weights | None
    license: str
    paper: str
    parameters: int
    cautions: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def download_megabytes(self) -> int:
        """Approximate size of the weights file in MB: four bytes per parameter."""
        return round(self.parameters * 4 / 1e6)

    def class_name(self, index: int) -> str:
        """Name of a class; "class N" where the network has no names."""
        return self.class_names[index] if index < len(self.class_names) else f"class {index}"


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A network in eval mode, ready to be explained; safe to share between threads.

    Attributes:
        spec: Row of the network; for a checkpoint, its architecture's row under the user's name.
        module: (B, 3, H, W) -> (B, K) logits.
        untrained: True if the weights are random; every picture of it must say so.
        revision: Identifies the weights: the file's sha256, or "untrained, seed N".
        remarks: Sentences on how its file was read and what was assumed.
    """

    spec: ModelSpec
    module: nn.Module = field(repr=False)
    untrained: bool
    revision: str
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Name in a comparison."""
        return self.spec.name

    @property
    def title(self) -> str:
        """Display name, marked if untrained."""
        return f"{self.spec.title} (untrained)" if self.untrained else self.spec.title

    @property
    def device(self) -> torch.device:
        """Device of its weights."""
        return next(self.module.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """Precision of its weights."""
        return next(self.module.parameters()).dtype
