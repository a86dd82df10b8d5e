"""The displayed part of kernels that have more inputs than there are colours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

#: "heaviest" shows each kernel at the input on which it leans most, "mean" the mean over all.
Inputs = Literal["heaviest", "mean"]


@dataclass(frozen=True, eq=False)
class ShownWeights:
    """The displayed part of each kernel, and its share of the kernel.

    Attributes:
        weights: float32 (K, 3, kh, kw), in colour, or (K, 1, kh, kw); raw.
        inputs: For each kernel the input that is shown; None where no single one is.
        shares: float64 (K,), 0..1: share of the kernel's squared weights that is shown.
    """

    weights: NDArray[np.float32]
    inputs: tuple[int | None, ...]
    shares: NDArray[np.float64]

    @property
    def vmaxes(self) -> NDArray[np.float64]:
        """Largest absolute weight displayed of each kernel (K,), which has a scale of its own."""
        return np.asarray(np.abs(self.weights).max(axis=(1, 2, 3)), np.float64)

    @property
    def in_colour(self) -> bool:
        """Whether kernels are shown whole, their inputs being red, green and blue."""
        return int(self.weights.shape[1]) == 3


def shown_weights(
    kernels: NDArray[np.float32], inputs: Inputs, *, on_colours: bool
) -> ShownWeights:
    """Choose what to display of one convolution's kernels.

    A mean lets weights of unlike sign cancel out; the heaviest input leaves out all the others.
    So the share says how much either leaves.

    Args:
        kernels: (K, C, kh, kw), raw.
        inputs: Which of the C inputs, where they are no colours.
        on_colours: Whether the inputs are the picture's red, green and blue.

    >>> kernels = np.array([[[[1.0]], [[-3.0]]]], np.float32)
    >>> heaviest = shown_weights(kernels, "heaviest", on_colours=False)
    >>> heaviest.weights.ravel().tolist(), heaviest.inputs, heaviest.shares.tolist()
    ([-3.0], (1,), [0.9])
    >>> mean = shown_weights(kernels, "mean", on_colours=False)
    >>> mean.weights.ravel().tolist(), mean.inputs, mean.shares.tolist()
    ([-1.0], (None,), [0.2])
    """
    count, channels = kernels.shape[:2]
    if on_colours and channels == 3:
        return ShownWeights(kernels, (None,) * count, np.ones(count))
    squares = np.square(kernels, dtype=np.float64).sum(axis=(2, 3))
    whole = squares.sum(axis=1)
    if inputs == "mean" and channels > 1:
        weights = kernels.mean(axis=1, keepdims=True)
        parts = channels * np.square(weights, dtype=np.float64).sum(axis=(1, 2, 3))
        chosen: tuple[int | None, ...] = (None,) * count
    else:
        heaviest = squares.argmax(axis=1)
        weights = np.take_along_axis(kernels, heaviest[:, None, None, None], axis=1)
        parts = squares.max(axis=1)
        chosen = tuple(int(index) for index in heaviest)
    shares = np.divide(parts, whole, out=np.zeros(count), where=whole > 0)
    return ShownWeights(weights, chosen, shares)
