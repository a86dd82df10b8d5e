"""Gradients of the score by the network's input."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from cactiviz.engine.class_pass import Pass


def saliency(evidence: Pass) -> Tensor:
    """The gradient dy/dx: (B, 3, H, W), signed.

    Simonyan et al. 2013 (arXiv:1312.6034) show the channels' maximum of its absolute value; that
    step is the rendering's, so that the sign isn't lost.

    Raises:
        ValueError: The pass was run without "input_gradients".
    """
    if evidence.input_gradients is None:
        raise ValueError('saliency needs a pass with "input_gradients"')
    return evidence.input_gradients


def guided_backprop(evidence: Pass) -> Tensor:
    """The guided gradient: (B, 3, H, W), signed.

    Springenberg et al. 2014 (arXiv:1412.6806) define it for ReLU; on other activation functions
    this is the generalisation stated at :class:`~cactiviz.engine.class_pass.Pass`.

    Raises:
        ValueError: The pass was run without "guided_gradients".
    """
    if evidence.guided_gradients is None:
        raise ValueError('guided backprop needs a pass with "guided_gradients"')
    return evidence.guided_gradients
