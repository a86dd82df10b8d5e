"""What is computed instead of torch's own gives the same numbers."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cactiviz.engine import backprop, class_pass
from cactiviz.engine.backprop import CHEAPER

batch_norm = CHEAPER[F.batch_norm]


def norm(affine: bool, dtype: torch.dtype, seed: int = 0) -> tuple[Tensor | None, ...]:
    """Statistics, weight and bias of five channels, weights of both signs."""
    made = torch.Generator().manual_seed(seed)
    mean, weight, bias = torch.randn(3, 5, generator=made, dtype=dtype)
    variance = torch.rand(5, generator=made, dtype=dtype) + 0.1
    if not affine:
        return mean, variance, None, None
    return mean, variance, weight.requires_grad_(), bias.requires_grad_()


@pytest.mark.parametrize("shape", [(2, 5), (2, 5, 7), (2, 5, 4, 3)])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("eps", [1e-5, 1e-3])
def test_batch_norm_by_fixed_statistics_equals_torchs(
    shape: tuple[int, ...], affine: bool, eps: float
) -> None:
    arguments = (*norm(affine, torch.float64), False, 0.1, eps)
    given = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    arriving = torch.randn(shape, dtype=torch.float64)
    found, expected = batch_norm(given, *arguments), F.batch_norm(given, *arguments)
    assert torch.equal(found, expected)
    (by_found,) = torch.autograd.grad(found, given, arriving)
    (by_expected,) = torch.autograd.grad(expected, given, arriving)
    torch.testing.assert_close(by_found, by_expected, rtol=1e-14, atol=0)


def test_statistics_of_the_batch_itself_are_left_to_torch() -> None:
    given = torch.randn(4, 5, dtype=torch.float64, requires_grad=True)
    arriving = torch.randn(4, 5, dtype=torch.float64)
    for statistics in ((None, None), norm(True, torch.float64)[:2]):
        found = batch_norm(given, *statistics, training=True)
        expected = F.batch_norm(given, *statistics, training=True)
        (by_found,) = torch.autograd.grad(found, given, arriving)
        (by_expected,) = torch.autograd.grad(expected, given, arriving)
        assert torch.equal(by_found, by_expected)


def test_a_pass_with_it_equals_one_without(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Flatten(), nn.Linear(180, 4)
    )
    network[1].running_var.uniform_(0.1, 2)
    network.double().eval()
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    needs = frozenset({"input_gradients", "guided_gradients"})
    found = class_pass.run(network, x, needs=needs)
    monkeypatch.setattr(backprop, "CHEAPER", {})
    expected = class_pass.run(network, x, needs=needs)
    assert torch.equal(found.logits, expected.logits)
    for name in needs:
        a, b = getattr(found, name), getattr(expected, name)
        torch.testing.assert_close(a, b, rtol=1e-13, atol=1e-16)
