"""Class activation maps: what the target layer's feature maps and their gradients say."""

from __future__ import annotations

from torch import Tensor

from cactiviz.engine import Pass


def feature_maps(evidence: Pass) -> tuple[Tensor, Tensor]:
    """The target layer's activations and their gradients, both (B, C, h, w).

    Raises:
        ValueError: The pass was run without "activations".
    """
    activations, gradients = evidence.activations, evidence.activation_gradients
    if activations is None or gradients is None:
        raise ValueError('a class activation map needs a pass with "activations"')
    return activations, gradients


def grad_cam(evidence: Pass) -> Tensor:
    """Grad-CAM: (B, h, w), not below 0, unscaled, on the target layer's own grid.

    ReLU(sum_k a_k A^k) with a_k the mean of dy/dA^k over the positions
    (Selvaraju et al. 2017, arXiv:1610.02391).
    """
    activations, gradients = feature_maps(evidence)
    weights = gradients.mean(dim=(2, 3), keepdim=True)
    return (weights * activations).sum(dim=1).relu()
