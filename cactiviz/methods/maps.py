"""Attribution maps from one pass: class activation maps, and gradients by the input.

Class activation maps are made from a layer's feature maps A and their gradients G = dy/dA. They
are (B, h, w) on the layer's grid, unscaled.
"""

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


def feature_maps(evidence: Pass) -> tuple[Tensor, Tensor]:
    """The layer's activations and their gradients, both (B, C, h, w).

    Raises:
        ValueError: The pass was run without "activations".
    """
    activations, gradients = evidence.activations, evidence.activation_gradients
    if activations is None or gradients is None:
        raise ValueError('a class activation map needs a pass with "activations"')
    return activations, gradients


def grad_cam(evidence: Pass) -> Tensor:
    """Grad-CAM, not below 0: ReLU(sum_k a_k A^k), a_k the mean of G^k over the positions.

    Selvaraju et al. 2017, arXiv:1610.02391.
    """
    return signed_grad_cam(evidence).relu()


def signed_grad_cam(evidence: Pass) -> Tensor:
    """Grad-CAM without its ReLU, signed: what speaks against the score is below 0."""
    activations, gradients = feature_maps(evidence)
    weights = gradients.mean(dim=(2, 3), keepdim=True)
    return (weights * activations).sum(dim=1)


def hires_cam(evidence: Pass) -> Tensor:
    """HiResCAM, signed: sum_k G^k * A^k, elementwise.

    Where the head is global average pooling and a linear layer it equals Grad-CAM without its
    ReLU, and its sum over the positions is the score less the bias. Draelos and Carin 2020,
    arXiv:2011.08891.
    """
    activations, gradients = feature_maps(evidence)
    return (gradients * activations).sum(dim=1)


def grad_cam_plus_plus(evidence: Pass) -> Tensor:
    """Grad-CAM++, not below 0: a_k = sum_ij w_ij^k ReLU(G_ij^k).

    w = G^2 / (2 G^2 + sum_ab A_ab^k G^3), 0 where the denominator is; the form with first
    derivatives only, exact for an exponential of the score. Chattopadhay et al. 2018,
    arXiv:1710.11063.
    """
    activations, gradients = feature_maps(evidence)
    square = gradients.square()
    total = activations.sum(dim=(2, 3), keepdim=True)
    denominator = 2 * square + total * square * gradients
    shares = (square / denominator).where(denominator != 0, 0)
    weights = (shares * gradients.relu()).sum(dim=(2, 3), keepdim=True)
    return (weights * activations).sum(dim=1).relu()


def x_grad_cam(evidence: Pass) -> Tensor:
    """XGrad-CAM, not below 0: a_k = sum_ij (A_ij^k / sum_ab A_ab^k) G_ij^k.

    A channel that is silent everywhere has no weight. Fu et al. 2020, arXiv:2008.02312.
    """
    return signed_x_grad_cam(evidence).relu()


def signed_x_grad_cam(evidence: Pass) -> Tensor:
    """XGrad-CAM without its ReLU, signed."""
    activations, gradients = feature_maps(evidence)
    total = activations.sum(dim=(2, 3), keepdim=True)
    shares = (activations / total).where(total != 0, 0)
    weights = (shares * gradients).sum(dim=(2, 3), keepdim=True)
    return (weights * activations).sum(dim=1)


def layer_cam(evidence: Pass) -> Tensor:
    """LayerCAM, not below 0: ReLU(sum_k ReLU(G^k) * A^k), elementwise. Jiang et al. 2021."""
    activations, gradients = feature_maps(evidence)
    return (gradients.relu() * activations).sum(dim=1).relu()


def eigen_grad_cam(evidence: Pass) -> Tensor:
    """Eigen-Grad-CAM, signed: the first principal component of G * A over the positions.

    A component's sign is arbitrary; it is chosen so that the map goes with the sum of G * A over
    the channels. Muhammad and Yeasin 2020, arXiv:2008.00299.
    """
    import torch

    activations, gradients = feature_maps(evidence)
    products = gradients * activations
    points = products.flatten(start_dim=2).transpose(1, 2)  # (B, positions, channels)
    points = points - points.mean(dim=1, keepdim=True)
    _, _, directions = torch.linalg.svd(points, full_matrices=False)
    component = (points @ directions[:, 0, :, None])[..., 0]
    summed = products.sum(dim=1).flatten(start_dim=1)
    summed = summed - summed.mean(dim=1, keepdim=True)
    sign = torch.where((component * summed).sum(dim=1, keepdim=True) < 0, -1, 1)
    signed: Tensor = component * sign
    return signed.reshape(products[:, 0].shape)


def guided_grad_cam(evidence: Pass) -> Tensor:
    """Guided Grad-CAM, signed, (B, 3, H, W): Grad-CAM resized bilinearly, times guided backprop.

    Selvaraju et al. 2017, arXiv:1610.02391.
    """
    from torch.nn.functional import interpolate

    guided = guided_backprop(evidence)
    resized = interpolate(grad_cam(evidence)[:, None], guided.shape[2:], mode="bilinear")
    return resized * guided
