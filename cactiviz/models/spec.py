"""What a row of the table of networks says, and what a loaded network is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from cactiviz.types import Layer, Preprocessing

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

StateDict: TypeAlias = "Mapping[str, Tensor]"


@dataclass(frozen=True)
class Weights:
    """Where a network's published weights are.

    Attributes:
        url: The file's address; its name carries the first digits of the file's sha256 where
            the publisher follows torch's convention.
        convert: From the published key names to the module's; the same names if left out.
        kept_as: The name under which the file is kept, if the published one says too little.
        packaged: The file, where it comes with the package; then there is no address.
    """

    url: str
    convert: Callable[[StateDict], StateDict] = dict
    kept_as: str = ""
    packaged: Path | None = None

    @property
    def file_name(self) -> str:
        """The name under which the file is kept."""
        if self.packaged is not None:
            return self.packaged.name
        return self.kept_as or self.url.rsplit("/", 1)[-1]


@dataclass(frozen=True)
class ModelSpec:
    """One architecture with all that is needed to run and explain it.

    Attributes:
        name: Registry key, snake_case.
        title: How it is headed in a comparison.
        build: Number of classes (logits) -> the network, freshly initialised.
        preprocessing: How the published weights were evaluated.
        target_layer: Where class activation maps are taken.
        first_conv: Dotted name of the first convolution.
        class_names: A name for each class; empty if there are none.
        logits: Number of logits; one logit means two classes.
        weights: The published weights, or None if there are none.
        license: Of code and weights.
        paper: Authors, year, arXiv id.
        parameters: Number of learnt numbers, with ``logits`` outputs.
        cautions: Method -> what was measured of its maps on the published weights, where a person
            who sees one should know.
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
        """About how large the weights' file is, in MB: four bytes a parameter."""
        return round(self.parameters * 4 / 1e6)

    def class_name(self, index: int) -> str:
        """The name of a class, or "class N" where the network has no names."""
        return self.class_names[index] if index < len(self.class_names) else f"class {index}"


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A network in eval mode, ready to be explained; safe to share between threads.

    Attributes:
        spec: Its row; for a checkpoint, the architecture's row under the user's name.
        module: (B, 3, H, W) -> (B, K) logits.
        untrained: True if the weights are random; then every picture of it must say so.
        revision: What the weights are: the file's sha256, or "untrained, seed N".
        remarks: Sentences on how its file was read and what was assumed of it, where a person
            who sees its answers should know.
    """

    spec: ModelSpec
    module: nn.Module = field(repr=False)
    untrained: bool
    revision: str
    remarks: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Its key in a comparison."""
        return self.spec.name

    @property
    def title(self) -> str:
        """Its heading, which tells an untrained network."""
        return f"{self.spec.title} (untrained)" if self.untrained else self.spec.title

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.module.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which it computes."""
        return next(self.module.parameters()).dtype
