"""What the target layer's activations and gradients add up to: the class's score."""

from __future__ import annotations

import pytest
import torch
from torchvision.transforms.v2.functional import center_crop

from cactiviz.engine.class_pass import run
from cactiviz.models import load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import samples
from tests.fixtures.sampling import long


@pytest.mark.parametrize(
    ("name", "classifier"),
    [pytest.param("resnet152", "fc", marks=long), ("efficientnet_b0", "_fc")],
)
def test_hirescam_adds_up_to_the_logit_less_its_bias(name: str, classifier: str) -> None:
    """Behind a global average pooling and one linear layer, sum of dy/dA * A is y - b exactly.

    It fails if activations and gradients are of different layers, pictures or classes.
    """
    loaded = load_model(name, untrained=True, dtype=torch.float64, device="cpu")
    bias = loaded.module.get_submodule(classifier).bias.detach()
    if not bias.any():  # an untrained one may have none to forget
        bias = torch.linspace(-1, 1, len(bias), dtype=torch.float64)
        loaded.module.get_submodule(classifier).bias.data.copy_(bias)
    inputs = torch.cat([preprocess(p, loaded.spec.preprocessing) for p in samples().values()])
    scores, sums = [], []
    inputs = center_crop(inputs, [128, 128])  # what adds up is the same at any size
    for x in inputs.double().split(2):
        evidence = run(
            loaded.module,
            x,
            [None, 417],
            layers=[loaded.spec.target_layer],
            needs=frozenset({"activations"}),
        )
        scores.append(evidence.logits.gather(1, evidence.class_index[:, None])[:, 0])
        scores[-1] = scores[-1] - bias[evidence.class_index]
        sums.append((evidence.activation_gradients * evidence.activations).sum(dim=(1, 2, 3)))
    expected, found = torch.cat(scores), torch.cat(sums)
    spread = expected.std().item()
    error = (found - expected).abs().max().item() / spread
    print(f"{name}: off by {error:.1e} of std(y - b) = {spread:.3g}")
    assert len(expected) >= 4
    assert spread > 1e-3
    assert error <= 1e-9
