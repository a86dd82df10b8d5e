"""Each method against independent implementations of it, in float64, on networks of all kinds."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass

import pytest
import torch
import torch.nn.functional as F
from captum.attr import GuidedBackprop, LayerGradCam, Saliency
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchvision.transforms.v2.functional import center_crop

from cactiviz.engine.class_pass import Pass, run
from cactiviz.methods import METHODS
from cactiviz.models import Checkpoint, LoadedModel, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import samples
from tests.fixtures.sampling import some

# Captum says so whenever its guided backprop is used.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Setting backward hooks on ReLU activations:UserWarning"
)

NEEDS = frozenset({"activations", "input_gradients", "guided_gradients"})
TRAINED = "squeezenet1_0, trained"
LITES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")  # trained too
NETWORKS = some(
    (
        "alexnet",
        "densenet121",
        "resnet152",
        "efficientnet_b0",
        "efficientnet_b3",
        "cactinet",
        "torchvision:regnet_y_400mf",
        "torchvision:mobilenet_v2",
        *LITES,
        TRAINED,
    ),
    5,
    always=("alexnet", "efficientnet_b0", "cactinet", LITES[0], TRAINED),
)
TOLERANCE = 1e-9  # of the reference's largest value
# Float64 is slow on these; a smaller middle of the photographs asks the same of them.
MIDDLE = {
    **{"resnet152": 128, "densenet121": 128, "efficientnet_b0": 160, "efficientnet_b3": 160},
    **dict.fromkeys(LITES, 128),
}


class DenseNetInModules(nn.Module):
    """torchvision's DenseNet.forward with a module where it calls F.relu."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.features = nn.Sequential(network.features, nn.ReLU())
        self.classifier = network.classifier

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(F.adaptive_avg_pool2d(self.features(x), 1).flatten(1))


class EfficientNetFeatures(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network.extract_features(x)


class EfficientNetInModules(nn.Module):
    """EfficientNet.forward; its head's swish is the stem's too, so the features get a module."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.features = EfficientNetFeatures(network)
        self.classifier = network._fc

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).mean(dim=(2, 3)))


class TwoClasses(nn.Module):
    """A network of one logit z with one output for each of its classes: -z and z."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        logit = self.network(x)
        return torch.cat([-logit, logit], dim=1)


class GuidedFunction(torch.autograd.Function):
    """R_in = 1[x > 0] act'(x) max(R_out, 0), written down as it stands."""

    @staticmethod
    def forward(ctx, x: Tensor, values: Callable, slope: Callable) -> Tensor:
        ctx.save_for_backward(x)
        ctx.slope = slope
        return values(x)

    @staticmethod
    def backward(ctx, relevance: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        return (x > 0) * ctx.slope(x) * torch.clamp(relevance, min=0), None, None


class GuidedModule(nn.Module):
    def __init__(self, values: Callable, slope: Callable) -> None:
        super().__init__()
        self.values = values
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        return GuidedFunction.apply(x, self.values, self.slope)


def silu_slope(x: Tensor) -> Tensor:
    sigmoid = 1 / (1 + torch.exp(-x))
    return sigmoid * (1 + x * (1 - sigmoid))


GUIDED = {
    nn.SiLU: (lambda x: x / (1 + torch.exp(-x)), silu_slope),
    nn.ReLU: (lambda x: x.clamp(min=0), lambda x: torch.ones_like(x)),
    nn.ReLU6: (lambda x: x.clamp(0, 6), lambda x: (x < 6).to(x.dtype)),
}


def with_guided_modules(network: nn.Module) -> nn.Module:
    """A copy in which each activation is a module with the guided rule as its derivative."""
    network = frozen_copy(network)
    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if type(child) in GUIDED:
                setattr(parent, name, GuidedModule(*GUIDED[type(child)]))
    return network


def frozen_copy(network: nn.Module) -> nn.Module:
    """A copy for hooks to be put on: same weights in the same memory, nothing in place."""
    memo: dict[int, object] = {id(b): b for b in network.buffers()}
    for parameter in network.parameters():
        memo[id(parameter)] = nn.Parameter(parameter.detach(), requires_grad=False)
    duplicate = copy.deepcopy(network, memo)
    for module in duplicate.modules():
        if hasattr(module, "inplace"):
            module.inplace = False
    return duplicate


@dataclass
class Subject:
    """A network, and what other libraries need of it: each step a module, one output a class."""

    name: str
    loaded: LoadedModel
    reference: nn.Module
    layer: nn.Module
    inputs: Tensor  # (4, 3, H, W): chelsea and the other samples
    classes: tuple[int, int]  # the top one of chelsea and the next
    ours: Pass  # chelsea twice, for these classes

    def picture(self, row: int = 0) -> Tensor:
        return self.inputs[row : row + 1].clone().requires_grad_()


def load(name: str, request: pytest.FixtureRequest) -> LoadedModel:
    model: str | Checkpoint = name
    if name == TRAINED:
        weights = request.getfixturevalue("data_dir") / "weights"
        file = weights / "squeezenet1_0_deepcompression.pth"
        model = Checkpoint(name, "torchvision:squeezenet1_0", file)
    random = name not in LITES
    return load_model(model, untrained=random, dtype=torch.float64, device="cpu")


def in_modules(loaded: LoadedModel) -> tuple[nn.Module, nn.Module]:
    """A copy of the network in which the target layer is a module's output; that module."""
    network = frozen_copy(loaded.module)
    target = loaded.spec.target_layer
    if loaded.name == "densenet121":
        network = DenseNetInModules(network)
        return network, network.features
    if loaded.name.startswith("efficientnet_b"):
        network = EfficientNetInModules(network)
        return network, network.features
    assert target.after == "module"
    layer = network.get_submodule(target.name)
    return (TwoClasses(network) if loaded.spec.logits == 1 else network), layer


@pytest.fixture(scope="module", params=NETWORKS)
def subject(request: pytest.FixtureRequest) -> Subject:
    loaded = load(request.param, request)
    inputs = torch.cat([preprocess(p, loaded.spec.preprocessing) for p in samples().values()])
    if request.param in MIDDLE:
        inputs = center_crop(inputs, [MIDDLE[request.param]] * 2)
    inputs = inputs.to(torch.float64)
    reference, layer = in_modules(loaded)
    with torch.no_grad():
        scores = reference(inputs[:1])
    top, other = scores[0].argsort(descending=True)[:2].tolist()
    twice = inputs[[0, 0]]
    ours = run(loaded.module, twice, [None, other], layers=[loaded.spec.target_layer], needs=NEEDS)
    assert ours.class_index.tolist() == [top, other]
    torch.testing.assert_close(ours.logits[0, -1], scores[0, -1], rtol=1e-9, atol=0)
    return Subject(request.param, loaded, reference, layer, inputs, (top, other), ours)


def assert_equal(what: str, ours: Tensor, reference: Tensor) -> None:
    assert ours.shape == reference.shape
    largest = reference.abs().max().item()
    if largest == 0:
        assert ours.abs().max().item() == 0, f"{what}: the reference is 0 everywhere"
        return
    difference = (ours - reference).abs().max().item() / largest
    print(f"{what}: {difference:.1e} of {largest:.3g}")
    assert difference <= TOLERANCE, what


def captum_grad_cam(reference: nn.Module, layer: nn.Module, x: Tensor, index: int) -> Tensor:
    explainer = LayerGradCam(reference, layer)
    return explainer.attribute(x, target=index, relu_attributions=True)[:, 0].detach()


def test_grad_cam_equals_captum(subject: Subject) -> None:
    ours = METHODS["grad_cam"].function(subject.ours)
    references = [
        captum_grad_cam(subject.reference, subject.layer, subject.picture(), index)
        for index in subject.classes
    ]
    assert any(reference.max() > 0 for reference in references), "nothing was compared"
    for row, reference in enumerate(references):
        assert_equal(f"{subject.name}, Grad-CAM, captum", ours[row : row + 1], reference)


class UnscaledGradCAM(GradCAM):
    """Keeps the map as it is before the library scales it."""

    def get_cam_image(self, *args, **kwargs):
        self.unscaled = super().get_cam_image(*args, **kwargs)
        return self.unscaled


def test_grad_cam_equals_pytorch_grad_cam(subject: Subject) -> None:
    ours = METHODS["grad_cam"].function(subject.ours)
    references = []
    for index in subject.classes:
        with UnscaledGradCAM(subject.reference, [subject.layer]) as explainer:
            explainer(subject.picture(), [ClassifierOutputTarget(index)])
            references.append(torch.from_numpy(explainer.unscaled).relu())
    assert any(reference.max() > 0 for reference in references), "nothing was compared"
    for row, reference in enumerate(references):
        assert_equal(f"{subject.name}, Grad-CAM, pytorch-grad-cam", ours[row : row + 1], reference)


def test_saliency_equals_captum_with_its_sign(subject: Subject) -> None:
    ours = METHODS["saliency"].function(subject.ours)
    for row, index in enumerate(subject.classes):
        explainer = Saliency(subject.reference)
        reference = explainer.attribute(subject.picture(), target=index, abs=False)
        assert reference.min() < 0
        assert_equal(f"{subject.name}, saliency, captum", ours[row : row + 1], reference)


def test_guided_backprop_equals_captum_or_where_captum_cannot_the_rule(subject: Subject) -> None:
    """Captum knows nn.ReLU; for SiLU and ReLU6 the rule is written down above."""
    ours = METHODS["guided_backprop"].function(subject.ours)
    kinds = {type(module) for module in subject.reference.modules()} & set(GUIDED)
    assert len(kinds) == 1
    if captum_can := kinds == {nn.ReLU}:
        explainer = GuidedBackprop(subject.reference)
    else:
        rule = with_guided_modules(subject.reference)
    for row, index in enumerate(subject.classes):
        x = subject.picture()
        if captum_can:
            reference = explainer.attribute(x, target=index)
        else:
            (reference,) = torch.autograd.grad(rule(x)[0, index], x)
        by = "captum" if captum_can else "own rule"
        assert_equal(f"{subject.name}, guided, {by}", ours[row : row + 1], reference)
        plain = subject.ours.input_gradients[row : row + 1]
        assert (ours[row : row + 1] - plain).abs().max() > 0.1 * plain.abs().max(), "not guided"


@pytest.mark.parametrize("subject", ["alexnet", "torchvision:regnet_y_400mf"], indirect=True)
def test_the_rule_written_down_here_is_captums_on_relu(subject: Subject) -> None:
    x = subject.picture()
    (rule,) = torch.autograd.grad(
        with_guided_modules(subject.reference)(x)[0, subject.classes[0]], x
    )
    captum = GuidedBackprop(subject.reference).attribute(x, target=subject.classes[0])
    assert_equal(f"{subject.name}, the rule, captum", rule, captum)


@pytest.mark.parametrize("subject", ["densenet121"], indirect=True)
def test_densenets_functional_relu_is_guided_which_captum_misses(subject: Subject) -> None:
    """Captum hooks modules, and DenseNet's last ReLU is a call of F.relu: it stays unguided there.

    If this ever fails, captum sees functional calls, and DenseNetInModules isn't needed any more.
    """
    ours = METHODS["guided_backprop"].function(subject.ours)[:1]
    network = frozen_copy(subject.loaded.module)
    captum = GuidedBackprop(network).attribute(subject.picture(), target=subject.classes[0])
    off = ((ours - captum).norm() / ours.norm()).item()
    print(f"captum on DenseNet as it is: {off:.1%} off")
    assert off > 0.01


@pytest.mark.parametrize("subject", ["alexnet", "cactinet"], indirect=True)
def test_pictures_of_a_batch_do_not_mix(subject: Subject) -> None:
    """Two different pictures with different classes, against captum on each alone."""
    layer, classes = subject.loaded.spec.target_layer, list(subject.classes[::-1])
    ours = run(subject.loaded.module, subject.inputs[1:3], classes, layers=[layer], needs=NEEDS)
    assert ours.class_index.tolist() == classes
    maps = {name: method.function(ours) for name, method in METHODS.items()}
    rule = with_guided_modules(subject.reference)
    for row, index in enumerate(classes):
        x = subject.picture(1 + row)
        references = {
            "grad_cam": captum_grad_cam(subject.reference, subject.layer, x, index),
            "saliency": Saliency(subject.reference).attribute(x, target=index, abs=False),
            "guided_backprop": torch.autograd.grad(rule(x)[0, index], x)[0],
        }
        for name, reference in references.items():
            assert_equal(f"{subject.name}, batch, {name}", maps[name][row : row + 1], reference)


# A network small enough to be worked out by hand: one picture of 1 x 2 pixels, two 1 x 1
# convolutions with SiLU after each, the mean over positions, two classes.
PIXELS = ((0.5, -1.0, 2.0), (-1.5, 0.25, 0.75))
FIRST = ((1.0, -0.5, 0.25), (-0.75, 0.5, 1.0), (0.5, 0.5, -1.0))
FIRST_BIAS = (0.1, -0.2, 0.3)
SECOND = ((0.8, -0.6, 0.4), (-0.3, 0.9, 0.7))
SECOND_BIAS = (0.05, -0.1)
CLASSIFIER = ((1.0, -2.0), (0.5, 1.5))


def silu(z: float) -> tuple[float, float]:
    """Its value and its slope."""
    sigmoid = 1 / (1 + math.exp(-z))
    return z * sigmoid, sigmoid + z * sigmoid * (1 - sigmoid)


def relu6(z: float) -> tuple[float, float]:
    return min(max(z, 0.0), 6.0), 1.0 if 0 < z < 6 else 0.0


def by_hand(
    index: int, guided: bool, activation: Callable[[float], tuple[float, float]], scale: float
) -> list[list[float]]:
    """The gradient, plain or guided, of a class's score by each pixel: (2 pixels, 3 channels)."""

    def back(z: float, relevance: float) -> float:
        slope = activation(z)[1]
        if not guided:
            return slope * relevance
        return slope * relevance if z > 0 and relevance > 0 else 0.0

    def forth(z: float) -> float:
        return activation(z)[0]

    result = []
    for colours in PIXELS:
        pixel = [scale * colour for colour in colours]
        z1 = [
            sum(w * x for w, x in zip(row, pixel, strict=True)) + bias
            for row, bias in zip(FIRST, FIRST_BIAS, strict=True)
        ]
        a1 = [forth(z) for z in z1]
        z2 = [
            sum(w * a for w, a in zip(row, a1, strict=True)) + bias
            for row, bias in zip(SECOND, SECOND_BIAS, strict=True)
        ]
        r2 = [back(z, w / len(PIXELS)) for z, w in zip(z2, CLASSIFIER[index], strict=True)]
        r1 = [back(z1[j], sum(SECOND[k][j] * r2[k] for k in range(2))) for j in range(3)]
        result.append([sum(FIRST[j][i] * r1[j] for j in range(3)) for i in range(3)])
    return result


class TwoLayers(nn.Module):
    def __init__(self, activation: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.activation = activation
        self.first, self.second = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 2, 1)
        self.classifier = nn.Linear(2, 2, bias=False)
        numbers = ((self.first, FIRST, FIRST_BIAS), (self.second, SECOND, SECOND_BIAS))
        for convolution, weight, bias in numbers:
            convolution.weight.data = torch.tensor(weight, dtype=torch.float64)[:, :, None, None]
            convolution.bias.data = torch.tensor(bias, dtype=torch.float64)
        self.classifier.weight.data = torch.tensor(CLASSIFIER, dtype=torch.float64)

    def forward(self, x: Tensor) -> Tensor:
        x = self.activation(self.second(self.activation(self.first(x))))
        return self.classifier(x.mean(dim=(2, 3)))


@pytest.mark.parametrize("index", [0, 1])
@pytest.mark.parametrize(
    ("activation", "calls", "scale"),
    [
        (silu, (F.silu,), 1),
        (relu6, (F.relu6, nn.ReLU6()), 3.2),  # so bright that one of its values is above 6
    ],
)
def test_gradients_are_those_worked_out_by_hand(
    activation: Callable[[float], tuple[float, float]],
    calls: tuple[Callable[[Tensor], Tensor], ...],
    scale: float,
    index: int,
) -> None:
    x = scale * torch.tensor(PIXELS, dtype=torch.float64).T.reshape(1, 3, 1, 2)
    needs = frozenset({"input_gradients", "guided_gradients"})
    for call in calls:
        ours = run(TwoLayers(call).eval(), x, [index], needs=needs)
        for guided, method in ((False, "saliency"), (True, "guided_backprop")):
            expected = torch.tensor(by_hand(index, guided, activation, scale), dtype=torch.float64)
            expected = expected.T.reshape(1, 3, 1, 2)
            assert expected.abs().max() > 0
            assert_equal(f"by hand, {method}", METHODS[method].function(ours), expected)
        assert (ours.guided_gradients - ours.input_gradients).abs().max() > 0.01
