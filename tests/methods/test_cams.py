"""Each class activation map against pytorch-grad-cam and against its formula; contrast too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
import pytorch_grad_cam as peer
import torch
from captum.attr import GuidedGradCam
from pytorch_grad_cam.utils import svd_on_activations
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchvision.transforms.v2.functional import center_crop

from cactiviz.comparison.compare import compare
from cactiviz.engine.class_pass import Pass, run
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Attribution
from cactiviz.methods import METHODS
from cactiviz.models import MODELS, Checkpoint, LoadedModel, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import samples
from cactiviz.types import Layer, Picture, Target
from tests.fixtures.sampling import some
from tests.methods.test_references import (
    LITES,
    MIDDLE,
    TRAINED,
    in_modules,
    with_guided_modules,
)

# Captum says so whenever its guided backprop is used.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Setting backward hooks on ReLU activations:UserWarning"
)

SQUEEZENET = "torchvision:squeezenet1_0"
NETWORKS = some(
    ("alexnet", TRAINED, "efficientnet_b0", "resnet50", "cactinet", *LITES),
    4,
    always=("alexnet", TRAINED, "resnet50", "cactinet"),
)
NEEDS = frozenset({"activations", "input_gradients", "guided_gradients"})
#: Float64 is slow on these; the photograph's middle asks the same of them.
SMALLER = MIDDLE | {"resnet50": 128, "efficientnet_b0": 128}
TOLERANCE = 1e-8  # of the reference's largest value

Array = np.ndarray

#: The peer's class, and whether our method ends with a ReLU; the peer's come before any.
PEERS: dict[str, tuple[type[peer.base_cam.BaseCAM], bool]] = {
    "grad_cam": (peer.GradCAM, True),
    "hires_cam": (peer.HiResCAM, False),
    "grad_cam_plus_plus": (peer.GradCAMPlusPlus, True),
    "layer_cam": (peer.LayerCAM, True),
    "x_grad_cam": (peer.XGradCAM, True),
    "eigen_grad_cam": (peer.EigenGradCAM, False),
}
#: The peer adds 1e-6 (Grad-CAM++) or 1e-7 (XGrad-CAM) to its denominators, which isn't small beside
#: these maps' own: 2 g^2 is near 1e-9, the sum of a SiLU's map near 0. Both methods give the same
#: map when A is multiplied by a number and g divided by it, as in a network that multiplies its
#: map and divides it again behind it. So the peer is given large g for the one and large A for the
#: other; the number is a power of two, so that not a bit of the rest changes.
FACTORS = {"grad_cam_plus_plus": 2.0**-40, "x_grad_cam": 2.0**60}


@dataclass
class Subject:
    name: str
    loaded: LoadedModel
    inputs: Tensor  # (1, 3, H, W), chelsea
    classes: tuple[int, int]  # her top one and the next
    ours: Pass  # chelsea twice, for these classes

    def method(self, name: str) -> Tensor:
        return METHODS[name].function(self.ours)

    def maps(self) -> list[tuple[Array, Array]]:
        """For each class the activations and gradients, (C, h, w)."""
        ((activations, gradients),) = self.ours.maps
        return [(a.numpy(), g.numpy()) for a, g in zip(activations, gradients, strict=True)]

    def picture(self) -> Tensor:
        return self.inputs.clone().requires_grad_()


def load(name: str, request: pytest.FixtureRequest) -> LoadedModel:
    model: str | Checkpoint = name
    if name == TRAINED:
        try:
            weights = request.getfixturevalue("data_dir") / "weights"
            file = weights / "squeezenet1_0_deepcompression.pth"
            model = Checkpoint(name, SQUEEZENET, file)
        except pytest.skip.Exception:
            model = SQUEEZENET
    random = name not in LITES
    return load_model(model, untrained=random, dtype=torch.float64, device="cpu")


@pytest.fixture(scope="module", params=NETWORKS)
def subject(request: pytest.FixtureRequest) -> Subject:
    loaded = load(request.param, request)
    inputs = preprocess(samples()["chelsea"], loaded.spec.preprocessing).double()
    if request.param in SMALLER:
        inputs = center_crop(inputs, [SMALLER[request.param]] * 2)
    with torch.no_grad():
        logits = loaded.module(inputs)[0]
    if len(logits) == 1:
        logits = torch.cat([-logits, logits])
    top, other = logits.argsort(descending=True)[:2].tolist()
    target = loaded.spec.target_layer
    ours = run(loaded.module, inputs[[0, 0]], [top, other], layers=[target], needs=NEEDS)
    return Subject(request.param, loaded, inputs, (top, other), ours)


def difference(what: str, ours: Tensor | Array, reference: Tensor | Array) -> float:
    """The largest difference as a share of the reference's largest value; never of nothing."""
    ours, reference = np.asarray(ours), np.asarray(reference)
    assert ours.shape == reference.shape, what
    assert ours.dtype == reference.dtype == np.float64, what
    largest = float(np.abs(reference).max())
    assert largest > 0, f"{what}: nothing was compared"
    found = float(np.abs(ours - reference).max()) / largest
    print(f"{what}: {found:.1e} of {largest:.3g}")
    return found


def assert_equal(what: str, ours: Tensor | Array, reference: Tensor | Array) -> None:
    assert difference(what, ours, reference) <= TOLERANCE, what


# -- pytorch-grad-cam -----------------------------------------------------------------------------


@pytest.fixture
def peer_in_float64(monkeypatch: pytest.MonkeyPatch) -> None:
    """The peer rounds its principal component to float32 as the very last step; not here."""
    doubles = SimpleNamespace(**{**vars(np), "float32": np.float64})
    monkeypatch.setattr(svd_on_activations, "np", doubles)


PeersMap = Callable[[str, int], Array]


@pytest.fixture(scope="module")
def peers_map(subject: Subject) -> PeersMap:
    """From a method and a class to the peer's map as it is before the library scales it.

    What its hooks captured of one pass for each class serves all of its methods.
    """
    network, layer = in_modules(subject.loaded)
    captured: dict[int, tuple[Array, Array]] = {}
    for index in subject.classes:
        with peer.GradCAM(network, [layer]) as explainer:
            explainer(subject.picture(), [ClassifierOutputTarget(index)])
            found = explainer.activations_and_grads
            captured[index] = (found.activations[0].numpy(), found.gradients[0].numpy())

    def unscaled(name: str, index: int) -> Array:
        kind, _ = PEERS[name]
        factor = FACTORS.get(name, 1.0)
        activations, gradients = captured[index]
        with kind(network, [layer]) as explainer:
            (found,) = explainer.get_cam_image(
                subject.inputs,
                layer,
                [ClassifierOutputTarget(index)],
                activations * factor,
                gradients / factor,
                eigen_smooth=False,
            )
        return found

    return unscaled


@pytest.mark.usefixtures("peer_in_float64")
@pytest.mark.parametrize("name", PEERS)
def test_each_map_equals_pytorch_grad_cams_before_its_scaling(
    subject: Subject, peers_map: PeersMap, name: str
) -> None:
    compared = 0
    for ours, index in zip(subject.method(name), subject.classes, strict=True):
        reference = peers_map(name, index)
        if PEERS[name][1]:
            reference = np.maximum(reference, 0)
        if name == "eigen_grad_cam":  # its sign is arbitrary there
            reference = reference * np.sign((ours.numpy() * reference).sum())
        if not reference.any():  # nothing speaks for this class
            assert not ours.any()
            continue
        compared += 1
        assert_equal(f"{subject.name}, {name}, pytorch-grad-cam", ours, reference)
    assert compared, "nothing was compared"


@pytest.mark.parametrize("name", ["grad_cam", "x_grad_cam"])
def test_the_map_before_its_relu_equals_pytorch_grad_cams(
    subject: Subject, peers_map: PeersMap, name: str
) -> None:
    """What a contrast shows; the ReLU would hide a mistake below 0."""
    signed = METHODS[name].signed
    assert signed is not None
    for ours, index in zip(signed(subject.ours), subject.classes, strict=True):
        reference = peers_map(name, index)
        assert_equal(f"{subject.name}, {name}, signed, pytorch-grad-cam", ours, reference)


# -- the formulas, written down as they stand -----------------------------------------------------


def relu(x: Array) -> Array:
    return np.where(x > 0, x, 0.0)


def grad_cam(a: Array, g: Array) -> Array:
    return relu(sum(g[k].mean() * a[k] for k in range(len(a))))


def hires_cam(a: Array, g: Array) -> Array:
    return sum(g[k] * a[k] for k in range(len(a)))


def layer_cam(a: Array, g: Array) -> Array:
    return relu(sum(relu(g[k]) * a[k] for k in range(len(a))))


def grad_cam_plus_plus(a: Array, g: Array) -> Array:
    total = np.zeros(a.shape[1:])
    for k in range(len(a)):
        below = 2 * g[k] ** 2 + a[k].sum() * g[k] ** 3
        weights = np.divide(g[k] ** 2, below, out=np.zeros_like(below), where=below != 0)
        total += (weights * relu(g[k])).sum() * a[k]
    return relu(total)


def x_grad_cam(a: Array, g: Array) -> Array:
    total = np.zeros(a.shape[1:])
    for k in range(len(a)):
        if a[k].sum() != 0:
            total += (a[k] / a[k].sum() * g[k]).sum() * a[k]
    return relu(total)


def eigen_grad_cam(a: Array, g: Array) -> Array:
    """By the covariance between positions, whose first eigenvector it is; no SVD of ours."""
    products = (a * g).reshape(len(a), -1)
    centred = products - products.mean(axis=1, keepdims=True)
    values, vectors = np.linalg.eigh(centred.T @ centred)
    component = vectors[:, -1] * np.sqrt(values[-1])
    sign = -1 if component @ products.sum(axis=0) < 0 else 1
    return sign * component.reshape(a.shape[1:])


FORMULAS = {
    f.__name__: f
    for f in (grad_cam, hires_cam, layer_cam, grad_cam_plus_plus, x_grad_cam, eigen_grad_cam)
}


def test_all_maps_but_guided_grad_cam_have_a_peer_and_a_formula_here() -> None:
    ours = {name for name, method in METHODS.items() if "activations" in method.needs}
    assert ours - {"guided_grad_cam"} == set(PEERS) == set(FORMULAS)


@pytest.mark.parametrize("name", FORMULAS)
def test_each_map_is_its_formula_written_down(subject: Subject, name: str) -> None:
    compared = 0
    for ours, (a, g) in zip(subject.method(name), subject.maps(), strict=True):
        reference = FORMULAS[name](a, g)
        if reference.any():
            assert_equal(f"{subject.name}, {name}, formula", ours, reference)
            compared += 1
        else:
            assert not ours.any()
    assert compared, "nothing was compared"


@pytest.mark.parametrize("name", [name for name in FORMULAS if METHODS[name].kind == "positive"])
def test_what_its_row_calls_positive_is_not_below_0(subject: Subject, name: str) -> None:
    assert bool((subject.method(name) >= 0).all())


# -- Guided Grad-CAM ------------------------------------------------------------------------------


def bilinear(small: Array, size: tuple[int, int]) -> Array:
    """Resized with the centres of the corner pixels' squares where they are; by matrices."""

    def weights(count: int, wanted: int) -> Array:
        at = np.clip((np.arange(wanted) + 0.5) * count / wanted - 0.5, 0, count - 1)
        return np.maximum(0, 1 - np.abs(at[:, None] - np.arange(count)))

    rows, columns = (weights(*pair) for pair in zip(small.shape, size, strict=True))
    return rows @ small @ columns.T


def test_guided_grad_cam_is_the_resized_grad_cam_times_guided_backprop(subject: Subject) -> None:
    network, _ = in_modules(subject.loaded)
    rule = with_guided_modules(network)
    compared = 0
    for row, index in enumerate(subject.classes):
        x = subject.picture()
        (guided,) = torch.autograd.grad(rule(x)[0, index], x)
        resized = bilinear(grad_cam(*subject.maps()[row]), x.shape[2:])
        reference = resized * guided[0].numpy()
        if reference.any():
            ours = subject.method("guided_grad_cam")[row]
            assert_equal(f"{subject.name}, guided_grad_cam", ours, reference)
            compared += 1
    assert compared, "nothing was compared"


@pytest.mark.parametrize("subject", ["alexnet", "resnet50"], indirect=True)
def test_guided_grad_cam_equals_captums_on_relu_networks(subject: Subject) -> None:
    network, layer = in_modules(subject.loaded)
    explainer = GuidedGradCam(network, layer)
    ours = subject.method("guided_grad_cam")
    compared = 0
    for row, index in enumerate(subject.classes):
        x = subject.picture()
        reference = explainer.attribute(x, target=index, interpolate_mode="bilinear")
        if reference.any():
            what = f"{subject.name}, guided_grad_cam, captum"
            assert_equal(what, ours[row], reference[0].detach())
            compared += 1
    assert compared, "nothing was compared"


# -- nothing to divide by -------------------------------------------------------------------------


def evidence(activations: Tensor, gradients: Tensor, size: int = 12) -> Pass:
    count = len(activations)
    generator = torch.Generator().manual_seed(5)
    by_input = torch.randn(count, 3, size, size, generator=generator, dtype=torch.float64)
    return Pass(
        logits=torch.zeros(count, 2),
        class_index=torch.zeros(count, dtype=torch.int64),
        maps=((activations, gradients),),
        input_gradients=by_input,
        guided_gradients=by_input,
    )


def random_maps(channels: int = 6, side: int = 4) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(4)
    shape = (2, channels, side, side)
    a, g = (torch.randn(shape, generator=generator, dtype=torch.float64) for _ in "ag")
    return a, g


def degenerate(case: str) -> tuple[Tensor, Tensor]:
    a, g = random_maps()
    match case:
        case "no gradient":
            g.zero_()
        case "a silent layer":
            a.zero_()
        case "a silent channel":
            a[:, 2] = 0
        case "a channel without a gradient":
            g[:, 2] = 0
        case "a place without a gradient":
            g[:, :, 1, 2] = 0
        case "a channel that sums to 0":
            a[:, 2] = torch.tensor([1.0, -1.0]).repeat(8).reshape(4, 4)
        case "equal everywhere":
            a[:], g[:] = 1.0, 0.5
        case "one channel":
            a, g = random_maps(channels=1)
        case "one place":
            a, g = random_maps(side=1)
        case "tiny gradients":
            g *= 1e-170
    return a, g


CASES = (
    *("no gradient", "a silent layer", "a silent channel", "a channel without a gradient"),
    *("a place without a gradient", "a channel that sums to 0", "equal everywhere"),
    *("one channel", "one place", "tiny gradients"),
)
CAMS = [name for name, method in METHODS.items() if "activations" in method.needs]


@pytest.mark.parametrize("name", CAMS)
@pytest.mark.parametrize("case", CASES)
def test_where_there_is_nothing_to_divide_by_there_is_no_nan(case: str, name: str) -> None:
    a, g = degenerate(case)
    found = METHODS[name].function(evidence(a, g))
    assert bool(found.isfinite().all())
    if case in ("no gradient", "a silent layer"):
        assert not found.any()
    if METHODS[name].kind == "positive":
        assert bool((found >= 0).all())


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_each_map_is_its_formula_whatever_the_size_of_the_gradients(name: str, size: float) -> None:
    """On an untrained network the sum in Grad-CAM++'s denominator is too small to be noticed."""
    a, g = random_maps()
    a, g = a.abs(), (g + 0.5) * size
    ours = METHODS[name].function(evidence(a, g))
    for row in range(2):
        reference = FORMULAS[name](a[row].numpy(), g[row].numpy())
        assert_equal(f"{name}, gradients of {size}", ours[row], reference)


@pytest.mark.parametrize("name", ["grad_cam_plus_plus", "x_grad_cam", "layer_cam"])
def test_a_silent_channel_changes_nothing(name: str) -> None:
    a, g = degenerate("a silent channel")
    others = [k for k in range(a.shape[1]) if k != 2]
    with_it = METHODS[name].function(evidence(a, g))
    without = METHODS[name].function(evidence(a[:, others], g[:, others]))
    assert_equal(name, with_it, without)


@pytest.mark.parametrize("name", CAMS)
def test_pictures_of_a_batch_do_not_mix(name: str) -> None:
    a, g = random_maps()
    both = evidence(a, g)
    together = METHODS[name].function(both)
    for row in range(2):
        alone = replace(
            both,
            maps=((a[row : row + 1], g[row : row + 1]),),
            guided_gradients=both.guided_gradients[row : row + 1],
        )
        assert_equal(name, METHODS[name].function(alone)[0], together[row])


@pytest.mark.parametrize("name", CAMS)
def test_a_map_without_a_pass_that_captured_its_layer_is_a_mistake(name: str) -> None:
    with pytest.raises(ValueError, match="pass with"):
        METHODS[name].function(Pass(torch.zeros(1, 2), torch.zeros(1, dtype=torch.int64)))


# -- the sign of Eigen-Grad-CAM -------------------------------------------------------------------


@pytest.mark.parametrize("flipped", [False, True])
def test_the_sign_that_the_svd_happens_to_choose_cannot_flip_eigen_grad_cam(
    monkeypatch: pytest.MonkeyPatch, flipped: bool
) -> None:
    a, g = random_maps()
    expected = METHODS["eigen_grad_cam"].function(evidence(a, g))
    svd = torch.linalg.svd

    def other_svd(*args: object, **kwargs: object) -> tuple[Tensor, Tensor, Tensor]:
        left, values, right = svd(*args, **kwargs)
        sign = -1 if flipped else 1
        return sign * left, values, sign * right

    monkeypatch.setattr(torch.linalg, "svd", other_svd)
    found = METHODS["eigen_grad_cam"].function(evidence(a, g))
    assert torch.equal(found, expected)


def test_eigen_grad_cam_goes_with_hirescam(subject: Subject) -> None:
    eigen, hires = (subject.method(name) for name in ("eigen_grad_cam", "hires_cam"))
    for row in range(2):
        correlation = np.corrcoef(eigen[row].flatten(), hires[row].flatten())[0, 1]
        assert correlation > 0


# -- HiResCAM and Grad-CAM ------------------------------------------------------------------------


def signed(name: str, found: Pass) -> Tensor:
    method = METHODS[name]
    return (method.signed or method.function)(found)


@pytest.mark.parametrize("subject", ["resnet50", "efficientnet_b0", "cactinet"], indirect=True)
def test_hirescam_is_grad_cam_without_relu_before_global_pooling(subject: Subject) -> None:
    layer = Layer("head") if subject.name == "cactinet" else subject.loaded.spec.target_layer
    inputs = subject.inputs[[0, 0]]
    found = run(
        subject.loaded.module,
        inputs,
        list(subject.classes),
        layers=[layer],
        needs=frozenset({"activations"}),
    )
    assert min(found.maps[0][0].shape[2:]) > 1, "equal in any case on one place"
    what = f"{subject.name}, HiResCAM and signed Grad-CAM"
    assert_equal(what, signed("hires_cam", found), signed("grad_cam", found))


@pytest.mark.parametrize("subject", ["alexnet", "cactinet"], indirect=True)
def test_hirescam_is_not_grad_cam_before_anything_else(subject: Subject) -> None:
    hires, grad = (signed(name, subject.ours) for name in ("hires_cam", "grad_cam"))
    assert difference(subject.name, hires, grad) > 0.05


# -- why A and not B ------------------------------------------------------------------------------

LINEAR = ("grad_cam", "hires_cam", "x_grad_cam", "saliency")
ANTISYMMETRIC = (*LINEAR, "eigen_grad_cam")


@pytest.fixture(scope="module")
def contrast(subject: Subject) -> Pass:
    """Her top class against the next, and the other way round."""
    return run(
        subject.loaded.module,
        subject.inputs[[0, 0]],
        list(subject.classes),
        against=list(reversed(subject.classes)),
        layers=[subject.loaded.spec.target_layer],
        needs=NEEDS - {"guided_gradients"},
    )


@pytest.mark.parametrize("name", ANTISYMMETRIC)
def test_a_against_b_is_minus_b_against_a(subject: Subject, contrast: Pass, name: str) -> None:
    one, other = signed(name, contrast)
    assert_equal(f"{subject.name}, {name}, contrast", one, -other)


@pytest.mark.parametrize("name", LINEAR)
def test_a_contrast_is_the_difference_of_the_two_maps(
    subject: Subject, contrast: Pass, name: str
) -> None:
    top, other = signed(name, subject.ours)
    assert_equal(f"{subject.name}, {name}, difference", signed(name, contrast)[0], top - other)


@pytest.mark.parametrize("subject", ["alexnet", "cactinet"], indirect=True)
def test_only_the_rows_that_have_one_get_a_contrast(subject: Subject) -> None:
    top, other = subject.classes
    found = run(
        subject.loaded.module,
        subject.inputs[[0, 0, 0]],
        [top, top, None],
        against=[None, other, None],
        needs=frozenset({"input_gradients"}),
    )
    alone, against, free = found.input_gradients
    plain = subject.ours.input_gradients
    assert_equal("no contrast", alone, plain[0])
    assert_equal("top class, no contrast", free, plain[0])
    assert_equal("contrast", against, plain[0] - plain[1])


@pytest.mark.parametrize("subject", ["cactinet"], indirect=True)
def test_of_one_logit_cactus_against_no_cactus_is_twice_cactus(subject: Subject) -> None:
    run_for = {"layers": [subject.loaded.spec.target_layer], "needs": NEEDS}
    alone = run(subject.loaded.module, subject.inputs, [1], **run_for)
    against = run(subject.loaded.module, subject.inputs, [1], against=[0], **run_for)
    for name in ANTISYMMETRIC:
        assert_equal(f"cactinet, {name}", signed(name, against), 2 * signed(name, alone))


class Small(nn.Module):
    """Two convolutions with SiLU and one linear layer over all places: no global pooling."""

    def __init__(self, logits: int) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2), nn.SiLU(), nn.Conv2d(6, 8, 3), nn.SiLU()
        )
        self.classifier = nn.Linear(8 * 13 * 13, logits)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.features(x).flatten(1))


NAMES = ("ant", "bee", "cat", "dog")


def small(logits: int = 4, dtype: torch.dtype = torch.float64) -> LoadedModel:
    row = MODELS["alexnet"]
    spec = replace(
        row,
        name=f"small-{logits}",
        preprocessing=replace(row.preprocessing, input_size=(32, 32)),
        target_layer=Layer("features.3"),
        first_conv="features.0",
        class_names=NAMES if logits > 1 else ("no cactus", "cactus"),
        logits=logits,
        weights=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        module = Small(logits).to(dtype).eval()
    return LoadedModel(spec, module, untrained=False, revision="test")


@pytest.fixture(scope="module")
def picture() -> Picture:
    return samples()["chelsea"]


def explained(model: LoadedModel, picture: Picture, target: object, name: str) -> Attribution:
    found = explain(model, picture, [name], target=target)[name]
    assert isinstance(found, Attribution)
    return found


@pytest.mark.parametrize("name", ANTISYMMETRIC)
def test_explaining_a_against_b_is_minus_b_against_a(picture: Picture, name: str) -> None:
    model = small()
    one = explained(model, picture, Target("ant", "dog"), name)
    other = explained(model, picture, Target("dog", "ant"), name)
    assert_equal(f"{name}, explain", one.values, -other.values)
    assert (one.values < 0).any() and (one.values > 0).any()
    assert one.kind == other.kind == "signed"
    assert (one.class_name, one.contrast) == ("ant", "dog")
    assert (other.class_name, other.contrast) == ("dog", "ant")


@pytest.mark.parametrize("name", ("hires_cam", "saliency"))
def test_explaining_a_against_b_is_the_difference_of_both(picture: Picture, name: str) -> None:
    model = small()
    against = explained(model, picture, Target("ant", 3), name)
    ant, dog = (explained(model, picture, Target(index), name) for index in ("ant", "dog"))
    assert_equal(f"{name}, explain", against.values, ant.values - dog.values)
    assert ant.contrast == dog.contrast == ""


@pytest.mark.parametrize("name", ("grad_cam", "x_grad_cam"))
def test_a_contrast_keeps_what_speaks_for_the_other_class(picture: Picture, name: str) -> None:
    """Without one these maps end at 0; with one, what is below 0 speaks for B."""
    model = small()
    alone = explained(model, picture, Target("ant"), name)
    against = explained(model, picture, Target("ant", "bee"), name)
    assert alone.kind == "positive" and alone.values.min() >= 0
    assert against.kind == "signed" and against.values.min() < 0
    assert against.logit == alone.logit and against.probability == alone.probability


@pytest.mark.parametrize("name", [name for name in METHODS if METHODS[name].kind == "positive"])
def test_a_map_that_says_it_is_positive_is_so_in_a_contrast_too(
    picture: Picture, name: str
) -> None:
    found = explained(small(), picture, Target("bee", "cat"), name)
    assert found.kind == "signed" or found.values.min() >= 0


@pytest.mark.parametrize("name", ANTISYMMETRIC)
def test_explaining_cactus_against_no_cactus_is_twice_cactus(picture: Picture, name: str) -> None:
    model = small(logits=1)
    against = explained(model, picture, Target("cactus", "no cactus"), name).values
    alone = explained(model, picture, Target("cactus"), name).values
    if METHODS[name].signed is not None:  # the plain map ends at 0
        assert (against < 0).any() or (against > 0).any()
        against = np.maximum(against, 0)
    if alone.any():
        assert_equal(name, against, 2 * alone)
    else:
        assert not against.any()


@pytest.mark.parametrize("again", ["bee", " BEE ", 1, "1"])
def test_a_class_against_itself_is_refused_with_a_sentence_in_each_cell(
    picture: Picture, again: int | str
) -> None:
    names = ("grad_cam", "saliency", "hires_cam")
    comparison = compare(picture, [small()], names, target=Target("bee", again))
    for name in names:
        cell = comparison.cell("small-4", name)
        assert cell.image is None
        assert cell.caption == "“bee” can't be held against itself."
    assert len(comparison.explanations["small-4"].predictions) == 4, (
        "the answer is there all the same"
    )


def test_the_top_class_against_itself_is_refused_as_if_it_had_been_named(picture: Picture) -> None:
    """Its map would be 0 everywhere, and read as “no evidence”."""
    model = small()
    top = explain(model, picture, ["saliency"])["saliency"].class_name
    explanation = explain(model, picture, ["grad_cam", "saliency"], target=Target(None, top))
    assert not explanation.attributions
    assert set(explanation.failures) == {"grad_cam", "saliency"}
    assert all("itself" in why and top in why for why in explanation.failures.values())


def test_the_top_class_is_held_against_a_named_one(picture: Picture) -> None:
    model = small()
    top = explain(model, picture, ["saliency"])["saliency"].class_name
    other = next(name for name in NAMES if name != top)
    free = explained(model, picture, Target(None, other), "saliency")
    named = explained(model, picture, Target(top, other), "saliency")
    assert_equal("top class", free.values, named.values)
    assert (free.class_name, free.contrast) == (top, other)


def test_a_contrast_with_an_unknown_class_leaves_a_sentence(picture: Picture) -> None:
    explanation = explain(small(), picture, ["grad_cam"], target=Target("ant", "elephant"))
    assert not explanation.attributions
    assert "no class “elephant”" in explanation.failures["grad_cam"]
