"""Hyperparameters of a training run; with the data, they determine its result."""

from __future__ import annotations

from dataclasses import dataclass

from cactiviz.errors import DataError

#: The lowest and highest value of each field of a :class:`Recipe`.
LIMITS: dict[str, tuple[float, float]] = {
    "input_size": (8, 1024),
    "epochs": (1, 10_000),
    "batch_size": (2, 65_536),  # batch norms need two values of a channel
    "learning_rate": (1e-9, 10.0),
    "weight_decay": (0.0, 10.0),
    "calibration_batches": (1, 1_000_000),
    "seed": (0, 1_000_000_000),
}


@dataclass(frozen=True)
class Recipe:
    """Hyperparameters of CactiNet's training.

    Adam with decoupled weight decay (none on biases and batch norms) on one cycle of the learning
    rate, up to ``learning_rate``; the eight flips and quarter turns by chance; in the end the
    batch norms' statistics are those of ``calibration_batches`` training batches: with a momentum
    of 0.01 the running ones lag behind.

    Attributes:
        input_size: The side of a tile in pixels.
        epochs: How often each tile is seen.
        batch_size: Tiles in a step.
        learning_rate: The highest of the cycle.
        weight_decay: Of convolutions' and the classifier's weights.
        calibration_batches: See above.
        seed: Of initialisation, order, flips, dropout, and of what is excluded.

    Raises:
        DataError: A value lies outside of :data:`LIMITS`.
    """

    input_size: int = 64
    epochs: int = 8
    batch_size: int = 128
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2
    calibration_batches: int = 40
    seed: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in LIMITS.items():
            if not low <= getattr(self, name) <= high:  # true of what is no number, too
                words = name.replace("_", " ")
                raise DataError(f"The {words} must be a number from {low:g} to {high:.10g}.")
