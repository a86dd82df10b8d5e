"""Whether a picture is like those that a network learnt from, by a distance in feature space."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

#: Under this name a safetensors file keeps it in its metadata.
KEY = "familiarity"
#: The feature maps are averaged in grids of so many cells a side, whose extremes are taken.
GRIDS = (2, 4, 8)


@dataclass(frozen=True, eq=False)
class Familiarity:
    """The Mahalanobis distance to a network's training pictures, and how far they lie themselves.

    The features are those of the network's first stage: their means, and their extremes over the
    cells of coarse grids. The later stages know too little of what the network never had to tell
    apart: photographs lie among their tiles. After Lee et al. 2018 (arXiv:1807.03888), one
    Gaussian for all classes.

    Attributes:
        stage: Dotted name of the stage; it takes the network's input.
        side: Side of the training pictures in their own pixels; a finer input is reduced to it
            first, so that sharpness alone makes no stranger.
        mean: float32 (D,), of the features.
        whitening: float32 (D, D), lower triangular: whitened features have unit variances.
        limit: Pictures farther away than this are strangers.
    """

    stage: str
    side: int
    mean: NDArray[np.float32]
    whitening: NDArray[np.float32]
    limit: float

    def distances(self, module: nn.Module, inputs: Tensor) -> NDArray[np.float64]:
        """How far pictures lie from the training pictures: float64 (B,), squared distances.

        Args:
            module: The network, in eval mode; only its first stage is run.
            inputs: (B, 3, H, W), preprocessed, on its device and in its dtype.
        """
        found = features(module, inputs, self.stage, self.side) - self.mean.astype(np.float64)
        return np.asarray(((found @ self.whitening.astype(np.float64).T) ** 2).sum(axis=1))

    def strangers(self, module: nn.Module, inputs: Tensor) -> NDArray[np.bool_]:
        """Which pictures are unlike the training pictures: bool (B,)."""
        return self.distances(module, inputs) > self.limit

    def fits(self, module: nn.Module) -> bool:
        """Whether a network has such a stage with as many channels."""
        stage = dict(module.named_modules()).get(self.stage)
        weight = next(module.parameters(), None)
        if stage is None or weight is None or self.side < 1:
            return False
        blank = torch.zeros(1, 3, 16, 16, device=weight.device, dtype=weight.dtype)
        try:
            found = features(module, blank, self.stage, self.side)
        except (RuntimeError, TypeError, NotImplementedError):
            return False
        return bool(found.shape[1] == len(self.mean))

    def to_text(self) -> str:
        """As a text for a file's metadata; :func:`from_text` reads it."""
        lower = self.whitening[np.tril_indices(len(self.mean))]
        return json.dumps(
            {
                "stage": self.stage,
                "side": self.side,
                "limit": self.limit,
                "mean": _packed(self.mean),
                "whitening": _packed(lower),
            }
        )


def features(module: nn.Module, inputs: Tensor, stage: str, side: int) -> NDArray[np.float64]:
    """What is compared: float64 (B, 7 C) for a stage with C channels.

    Args:
        module: The network, in eval mode.
        inputs: (B, 3, H, W), preprocessed, on its device and in its dtype.
        stage: Dotted name of its first stage.
        side: Side in pixels that a finer input is reduced to first.
    """
    with torch.no_grad():
        size = inputs.shape[-2:]
        x = inputs
        if side < min(size):
            x = F.interpolate(x, (side, side), mode="bilinear", antialias=True)
            x = F.interpolate(x, size, mode="bilinear")
        maps = module.get_submodule(stage)(x)
        cells = [F.adaptive_avg_pool2d(maps, grid).flatten(2) for grid in GRIDS]
        extremes = [each for cell in cells for each in (cell.amax(dim=2), cell.amin(dim=2))]
        return np.asarray(torch.cat([maps.mean(dim=(2, 3)), *extremes], dim=1).double().cpu())


def fitted(
    learnt: NDArray[np.float64],
    held_out: NDArray[np.float64],
    stage: str,
    side: int,
    *,
    accepted: float,
    shrinkage: float,
) -> Familiarity:
    """Fit the distance to features of training pictures.

    Args:
        learnt: (N, D), features of the pictures that it is fitted to.
        held_out: (M, D), of others, which the limit is chosen by.
        stage: As in :class:`Familiarity`.
        side: As in :class:`Familiarity`.
        accepted: Share of the pictures held out that are no strangers, 0..1.
        shrinkage: Share of the identity in the features' correlation matrix, 0..1, where a feature
            hardly varies.
    """
    mean, spread = learnt.mean(axis=0), learnt.std(axis=0) + 1e-4
    correlation = np.cov((learnt - mean) / spread, rowvar=False)
    correlation = (1 - shrinkage) * correlation + shrinkage * np.eye(len(mean))
    whitening = np.linalg.inv(np.linalg.cholesky(correlation)) / spread
    exact = (mean.astype(np.float32), whitening.astype(np.float32))
    shifted = held_out - exact[0].astype(np.float64)
    distances = ((shifted @ exact[1].astype(np.float64).T) ** 2).sum(axis=1)
    return Familiarity(stage, side, *exact, limit=float(np.quantile(distances, accepted)))


def from_text(text: str) -> Familiarity | None:
    """A file's familiarity; None where there is none that can be read."""
    try:
        kept: dict[str, Any] = json.loads(text)
        mean, lower = _unpacked(kept["mean"]), _unpacked(kept["whitening"])
        whitening = np.zeros((len(mean), len(mean)), np.float32)
        whitening[np.tril_indices(len(mean))] = lower
        read = Familiarity(
            str(kept["stage"]), int(kept["side"]), mean, whitening, float(kept["limit"])
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
    return read if np.isfinite([*mean, *lower, read.limit]).all() else None


def _packed(values: NDArray[np.float32]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode("ascii")


def _unpacked(text: str) -> NDArray[np.float32]:
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float32)
