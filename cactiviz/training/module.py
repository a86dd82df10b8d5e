"""Lightning module that trains CactiNet."""

from __future__ import annotations

from typing import Any

import lightning
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cactiviz.training.settings import Recipe


class Classifier(lightning.LightningModule):
    """A one-logit network, its loss and its optimiser.

    Args:
        network: (B, 3, H, W) -> logits (B, 1).
        recipe: Hyperparameters.
        steps: Steps of all epochs together.
    """

    def __init__(self, network: nn.Module, recipe: Recipe, steps: int) -> None:
        super().__init__()
        self.network = network
        self._recipe = recipe
        self._steps = steps

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """Binary cross-entropy of a batch."""
        pictures, labels = batch
        # Dropout's chance by the step alone, so that a resumed run equals one in a single go.
        torch.manual_seed(self._recipe.seed * 1_000_003 + self.global_step)
        logits = self.network(pictures.contiguous(memory_format=torch.channels_last))[:, 0]
        return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))

    def configure_optimizers(self) -> Any:
        """AdamW on one cycle; no decay on what has one dimension."""
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        optimizer = torch.optim.AdamW(
            [
                {"params": decayed, "weight_decay": self._recipe.weight_decay},
                {"params": plain, "weight_decay": 0.0},
            ],
            lr=self._recipe.learning_rate,
        )
        cycle = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, self._recipe.learning_rate, total_steps=self._steps
        )
        return {
            "optimizer": optimizer,
            "lr_scheduler": {"scheduler": cycle, "interval": "step"},
        }
