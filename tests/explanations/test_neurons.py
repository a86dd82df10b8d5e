"""Single neurons: their gradients against ones by hand, and what is left alone on the way."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from captum.attr import NeuronGuidedBackprop
from torch import Tensor, nn

from cactiviz.engine.neuron_pass import (
    feature_maps,
    layer_size,
    most_active,
    random_neurons,
    run_neurons,
)
from cactiviz.engine.receptive_field import bounding_box, receptive_fields
from cactiviz.errors import CactivizError, Cancelled, LayerError, MethodError, TargetError
from cactiviz.explanations.neurons import NEURON_METHODS, explain_neurons
from cactiviz.models import MODELS, LoadedModel, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import samples
from cactiviz.types import Layer, Neuron, Picture
from tests.methods.test_references import frozen_copy, with_guided_modules

# Captum says so whenever its guided backprop is used.
pytestmark = pytest.mark.filterwarnings(
    "ignore:Setting backward hooks on ReLU activations:UserWarning"
)

NEEDS = frozenset({"input_gradients", "guided_gradients"})
TOLERANCE = 1e-9  # of the reference's largest value


class Net(nn.Module):
    """Two layers with a ReLU after each that is no module, a map of 3 x 5, and a tail."""

    def __init__(self, tail: nn.Module | None = None) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 6, 3, padding=1)
        self.b = nn.Conv2d(6, 7, 3, stride=2)
        self.tail = tail or nn.Identity()
        self.classifier = nn.Linear(7, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.b(F.relu(self.a(x))))
        return self.classifier(self.tail(x).mean(dim=(2, 3)))


def small(tail: nn.Module | None = None) -> LoadedModel:
    row = MODELS["alexnet"]
    spec = replace(
        row,
        name="small",
        preprocessing=replace(row.preprocessing, input_size=(8, 12)),
        target_layer=Layer("b", "activation"),
        first_conv="a",
        class_names=("ant", "bee", "cat"),
        logits=3,
        weights=None,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)
        module = Net(tail).double().eval()
    return LoadedModel(spec, module, untrained=False, revision="test")


def noise(count: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(7)
    return torch.randn(count, 3, 8, 12, generator=generator, dtype=torch.float64)


@pytest.fixture(scope="module")
def alexnet() -> LoadedModel:
    return load_model("alexnet", untrained=True, dtype=torch.float64, device="cpu")


@pytest.fixture(scope="module")
def cactinet() -> LoadedModel:
    return load_model("cactinet", untrained=True, dtype=torch.float64, device="cpu")


@pytest.fixture(scope="module")
def picture() -> Picture:
    return samples()["rocket"]


def inputs_of(model: LoadedModel, picture: Picture) -> Tensor:
    return preprocess(picture, model.spec.preprocessing).double()


def assert_equal(what: str, ours: Tensor, reference: Tensor) -> None:
    assert ours.shape == reference.shape, what
    largest = reference.abs().max().item()
    assert largest > 0, f"{what}: nothing was compared"
    found = (ours - reference).abs().max().item() / largest
    print(f"{what}: {found:.1e} of {largest:.3g}")
    assert found <= TOLERANCE, what


def assert_one_sentence(error: BaseException) -> None:
    text = str(error)
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith(".") and ". " not in text and "\n" not in text
    assert not any(word in text for word in ("Error", "tensor", "Traceback", "None"))


# -- by hand --------------------------------------------------------------------------------------

SubNetwork = Callable[[nn.Module, Tensor], Tensor]


def small_to_b(network: nn.Module, x: Tensor) -> Tensor:
    return F.relu(network.b(F.relu(network.a(x))))


SUBJECTS: dict[str, tuple[str, str, SubNetwork, list[Neuron]]] = {
    "alexnet": (
        "alexnet",
        "features.6",
        lambda network, x: network.features[:7](x),
        [Neuron(0, 0, 0), Neuron(200, 3, 11), Neuron(383, 12, 5)],
    ),
    "cactinet": (
        "cactinet",
        "stages.2",
        lambda network, x: network.stages[:3](network.stem(x)),
        [Neuron(0, 0, 7), Neuron(47, 5, 2)],
    ),
    "small": ("small", "b:activation", small_to_b, [Neuron(1, 0, 4), Neuron(6, 2, 1)]),
}


def subject(name: str, request: pytest.FixtureRequest) -> tuple[nn.Module, Tensor]:
    if name == "small":
        return small().module, noise()
    model = request.getfixturevalue(name)
    return model.module, inputs_of(model, samples()["rocket"])


def by_hand(
    network: nn.Module, part: SubNetwork, x: Tensor, neuron: Neuron
) -> tuple[float, Tensor]:
    """The value and the gradient of A[0, c, i, j], by indexing the activation."""
    x = x.clone().requires_grad_()
    value = part(network, x)[0, neuron.channel, neuron.row, neuron.column]
    (gradient,) = torch.autograd.grad(value, x)
    return value.item(), gradient


def active(network: nn.Module, part: SubNetwork, x: Tensor) -> Neuron:
    """Some neuron with a positive value, off the diagonal, so that a gradient passes a ReLU."""
    values = part(network, x)[0].detach().clone()
    values.diagonal(dim1=1, dim2=2).fill_(-1)
    return Neuron(*(int(i) for i in np.unravel_index(int(values.argmax()), values.shape)))


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_neurons_gradient_is_that_of_the_indexed_activation(
    name: str, request: pytest.FixtureRequest
) -> None:
    _, layer, part, neurons = SUBJECTS[name]
    network, x = subject(name, request)
    plain = frozen_copy(network)
    driven = active(plain, part, x)
    chosen = [*neurons, driven]
    found = run_neurons(
        network,
        x.expand(len(chosen), -1, -1, -1),
        Layer.parse(layer),
        chosen,
        needs=frozenset({"input_gradients"}),
    )
    assert found.guided_gradients is None
    for row, neuron in enumerate(chosen):
        value, gradient = by_hand(plain, part, x, neuron)
        assert found.values[row].item() == pytest.approx(value, rel=1e-9)
        if name != "small" or neuron == driven:
            assert_equal(f"{name}, {layer}, {neuron}", found.input_gradients[row], gradient[0])
        else:  # a silent ReLU has no gradient
            torch.testing.assert_close(found.input_gradients[row], gradient[0], rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_neurons_guided_gradient_is_that_of_the_rule_written_down(
    name: str, request: pytest.FixtureRequest
) -> None:
    """Each activation swapped for one whose derivative is the guided rule, in a copy."""
    _, layer, part, _ = SUBJECTS[name]
    network, x = subject(name, request)
    if name == "small":  # its ReLUs are no modules: swapped here

        def part(guided: nn.Module, x: Tensor) -> Tensor:
            return guided(x)

        sequence = nn.Sequential(network.a, nn.ReLU(), network.b, nn.ReLU())
        guided = with_guided_modules(sequence)
    else:
        guided = with_guided_modules(network)
    neuron = active(guided, part, x)
    found = run_neurons(network, x, Layer.parse(layer), [neuron], needs=NEEDS)
    value, gradient = by_hand(guided, part, x, neuron)
    assert found.values.item() == pytest.approx(value, rel=1e-9)
    assert_equal(f"{name}, {layer}, guided", found.guided_gradients, gradient)
    apart = (found.guided_gradients - found.input_gradients).abs().max()
    assert apart > 0.01 * found.input_gradients.abs().max(), "not guided"


def test_a_neurons_guided_gradient_equals_captums(alexnet: LoadedModel, picture: Picture) -> None:
    network, x = frozen_copy(alexnet.module), inputs_of(alexnet, picture)
    explainer = NeuronGuidedBackprop(network, network.features[6])
    neurons = SUBJECTS["alexnet"][3]
    found = run_neurons(
        alexnet.module, x.expand(3, -1, -1, -1), Layer("features.6"), neurons, needs=NEEDS
    )
    for row, neuron in enumerate(neurons):
        reference = explainer.attribute(x.clone().requires_grad_(), tuple(neuron))
        assert_equal(
            f"alexnet, features.6, {neuron}, captum", found.guided_gradients[row], reference[0]
        )


# -- one batched pass -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_batch_of_neurons_is_as_one_by_one(name: str, request: pytest.FixtureRequest) -> None:
    _, layer, _, neurons = SUBJECTS[name]
    network, x = subject(name, request)
    rows = x.expand(len(neurons), -1, -1, -1)
    together = run_neurons(network, rows, Layer.parse(layer), neurons, needs=NEEDS)
    for row, neuron in enumerate(neurons):
        alone = run_neurons(network, x, Layer.parse(layer), [neuron], needs=NEEDS)
        for part in ("values", "input_gradients", "guided_gradients"):
            one, other = getattr(together, part)[row], getattr(alone, part)[0]
            torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-12)


def test_different_pictures_in_a_batch_do_not_mix() -> None:
    model, x = small(), noise(3)
    layer, neurons = Layer("b"), [Neuron(0, 0, 0), Neuron(3, 2, 4), Neuron(6, 1, 2)]
    together = run_neurons(model.module, x, layer, neurons, needs=NEEDS)
    for row, neuron in enumerate(neurons):
        alone = run_neurons(model.module, x[row : row + 1], layer, [neuron], needs=NEEDS)
        assert together.values[row].item() == pytest.approx(alone.values.item(), rel=1e-12)
        assert_equal(f"row {row}", together.input_gradients[row : row + 1], alone.input_gradients)


@pytest.mark.parametrize("need", sorted(NEEDS))
def test_only_what_is_needed_is_computed(need: str) -> None:
    found = run_neurons(
        small().module, noise(), Layer("b"), [Neuron(0, 0, 0)], needs=frozenset({need})
    )
    for other in NEEDS:
        assert (getattr(found, other) is None) == (other != need)


class NeverReached(nn.Module):
    """Lets a trace without numbers through, and nothing else."""

    def forward(self, x: Tensor) -> Tensor:
        if x.device.type != "meta":
            raise AssertionError("what comes after the layer was run")
        return x


def test_what_comes_after_the_layer_is_not_run(picture: Picture) -> None:
    model = small(tail=NeverReached())
    with pytest.raises(AssertionError, match="was run"):
        model.module(noise())
    for layer in ("a", "b", "b:activation"):
        place = Layer.parse(layer)
        run_neurons(model.module, noise(), place, [Neuron(0, 0, 0)], needs=NEEDS)
        feature_maps(model.module, noise(), place)
    found = explain_neurons(model, picture, most_active_at=(1, 2), random=3)
    assert len(found) == 4


def state(network: nn.Module) -> dict[str, object]:
    tensors = [*network.named_parameters(), *network.named_buffers()]
    found: dict[str, object] = {
        name: (t.data_ptr(), t._version, t.grad, t.requires_grad, t.detach().numpy().tobytes())
        for name, t in tensors
    }
    for name, module in network.named_modules():
        hooks = [len(v) for k, v in vars(module).items() if k.endswith("_hooks") and v is not None]
        found[f"module {name}"] = (module.training, sum(hooks), sorted(vars(module)))
    return found


def test_the_network_is_left_as_it_was(picture: Picture) -> None:
    model = small()
    before = state(model.module)
    explain_neurons(model, picture, neurons=[(0, 0, 0)], most_active_at=(1, 1), random=2)
    feature_maps(model.module, noise(), Layer("a"))
    with pytest.raises(CactivizError):
        explain_neurons(model, picture, neurons=[(99, 0, 0)])
    assert state(model.module) == before


def test_threads_that_share_a_network_get_what_one_alone_gets(cactinet: LoadedModel) -> None:
    x = inputs_of(cactinet, samples()["rocket"])
    layer, neurons = Layer("stages.1"), random_neurons((32, 16, 16), 4, seed=1)

    def ask(neuron: Neuron) -> Tensor:
        return run_neurons(cactinet.module, x, layer, [neuron], needs=NEEDS).guided_gradients

    expected = [ask(neuron) for neuron in neurons]
    found: list[Tensor | None] = [None] * len(neurons)

    def work(row: int) -> None:
        found[row] = ask(neurons[row])

    threads = [threading.Thread(target=work, args=(row,)) for row in range(len(neurons))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for row, reference in enumerate(expected):
        assert torch.equal(found[row], reference)


# -- which neurons --------------------------------------------------------------------------------


def test_feature_maps_are_the_layers_output(alexnet: LoadedModel, picture: Picture) -> None:
    x = inputs_of(alexnet, picture)
    with torch.no_grad():
        expected = frozen_copy(alexnet.module).features[:4](x)
    found = feature_maps(alexnet.module, x, Layer("features.3"))
    assert_equal("alexnet, features.3", found, expected)
    assert (found < 0).any(), "the ReLU that writes over it did so"
    assert not found.requires_grad
    assert layer_size(alexnet.module, (3, 224, 224), Layer("features.3")) == found.shape[1:]


def test_the_most_active_channel_is_the_one_with_the_largest_value_there() -> None:
    maps = torch.zeros(4, 3, 5)
    maps[2, 1, 4] = 7
    maps[3, 0, 0] = 100  # elsewhere
    maps[1, 1, 4] = -9  # large, but not active
    assert most_active(maps, 1, 4) == Neuron(2, 1, 4)
    maps[:, 2, 3] = torch.tensor([-4.0, -1.0, -2.0, -3.0])
    assert most_active(maps, row=2, column=3) == Neuron(1, 2, 3)


@pytest.mark.parametrize("place", [(3, 0), (0, 5), (-1, 0), (0, -1)])
def test_a_place_outside_of_the_layer_is_refused(place: tuple[int, int], picture: Picture) -> None:
    with pytest.raises(TargetError, match="3 x 5") as caught:
        most_active(torch.zeros(4, 3, 5), *place)
    with pytest.raises(TargetError, match="3 x 5"):
        explain_neurons(small(), picture, most_active_at=place)
    assert_one_sentence(caught.value)


def test_random_neurons_are_the_same_for_a_seed_and_others_for_another() -> None:
    size = (64, 8, 8)
    assert random_neurons(size, 20, seed=3) == random_neurons(size, 20, seed=3)
    assert random_neurons(size, 20, seed=3) != random_neurons(size, 20, seed=4)
    torch.manual_seed(0)
    first = torch.rand(1)
    torch.manual_seed(0)
    random_neurons(size, 20, seed=3)
    assert torch.equal(torch.rand(1), first), "the process's own generator was used"


def test_random_neurons_are_distinct_and_inside_the_layer() -> None:
    size = (5, 4, 6)
    every = random_neurons(size, 120, seed=0)
    expected = {Neuron(c, i, j) for c in range(5) for i in range(4) for j in range(6)}
    assert len(every) == 120 and set(every) == expected


def test_random_neurons_are_spread_over_channels_rows_and_columns() -> None:
    found = random_neurons((16, 4, 8), 256, seed=11)
    for at, most in enumerate((16, 4, 8)):
        counts = Counter(neuron[at] for neuron in found)
        assert set(counts) == set(range(most))
        assert max(counts.values()) < 2 * 256 / most


@pytest.mark.parametrize("count", [0, -1, 61])
def test_more_random_neurons_than_there_are_or_none_are_refused(count: int) -> None:
    with pytest.raises(TargetError, match="60 neurons") as caught:
        random_neurons((5, 3, 4), count, seed=0)
    assert_one_sentence(caught.value)


# -- explain_neurons ------------------------------------------------------------------------------


@pytest.mark.parametrize("method", NEURON_METHODS)
def test_the_values_are_the_activations_themselves(picture: Picture, method: str) -> None:
    model = small()
    x = inputs_of(model, picture)
    maps = small_to_b(model.module, x)[0].detach()
    given = [(2, 0, 3), Neuron(5, 2, 0)]
    found = explain_neurons(
        model, picture, neurons=given, most_active_at=(2, 4), random=10, seed=6, method=method
    )
    chosen = [e.neuron for e in found]
    most = Neuron(int(maps[:, 2, 4].argmax()), 2, 4)
    drawn = random_neurons((7, 3, 5), 10, 6, among=maps > 0)
    assert chosen == [Neuron(2, 0, 3), given[1], most, *drawn]
    for e in found:
        assert e.value == pytest.approx(maps[tuple(e.neuron)].item(), rel=1e-12)
        assert (e.model, e.method, str(e.layer)) == ("small", method, "b:activation")
        assert e.values.shape == (3, 8, 12)
        assert e.values.dtype == np.float64
        assert e.seen == model.spec.preprocessing.seen(*picture.size)
    assert any(e.values.any() for e in found)


@pytest.mark.parametrize(("method", "need"), NEURON_METHODS.items())
def test_the_gradients_are_the_passes_own(picture: Picture, method: str, need: str) -> None:
    model = small()
    x = inputs_of(model, picture)
    found = explain_neurons(model, picture, layer="b", random=4, method=method)
    for e in found:
        alone = run_neurons(model.module, x, Layer("b"), [e.neuron], needs=frozenset({need}))
        reference = getattr(alone, need)[0]
        torch.testing.assert_close(torch.tensor(e.values), reference, rtol=1e-9, atol=1e-15)


def test_the_pixels_that_drive_a_neuron_lie_in_its_field(
    alexnet: LoadedModel, picture: Picture
) -> None:
    (found,) = explain_neurons(
        alexnet, picture, layer="features.3", neurons=[(7, 2, 20)], method="saliency"
    )
    (field,) = receptive_fields(alexnet.module, (3, 224, 224), Layer("features.3"), [found.neuron])
    assert found.field == bounding_box(field, found.seen)
    assert found.values.any()
    assert not found.values[:, ~field].any()
    high = found.seen.height / 224
    assert found.field.height < 51 * high + 1e-9, "the picture's upper edge cuts it off"
    assert found.field.width == pytest.approx(51 * found.seen.width / 224)


class Branches(nn.Module):
    """Channels 0 and 1 see one pixel, channels 2 and 3 see 5 x 5."""

    def __init__(self) -> None:
        super().__init__()
        self.narrow, self.wide = nn.Conv2d(3, 2, 1), nn.Conv2d(3, 2, 5, padding=2)
        self.joined = nn.Identity()
        self.classifier = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.cat([self.narrow(x), self.wide(x)], dim=1)
        return self.classifier(self.joined(x * 1).mean(dim=(2, 3)))


def test_each_channel_of_a_concatenation_has_its_own_field(picture: Picture) -> None:
    """SqueezeNet's and Inception's branches differ in size, at one and the same place."""
    row = small()
    spec = replace(row.spec, target_layer=Layer("joined"))
    model = LoadedModel(spec, Branches().double().eval(), untrained=False, revision="test")
    neurons = [(0, 4, 6), (3, 4, 6), (1, 4, 6)]
    found = explain_neurons(model, picture, neurons=neurons, resize="squash")
    rows, columns = (edge / count for edge, count in zip(picture.size, (8, 12), strict=True))
    sizes = [(round(e.field.height / rows, 6), round(e.field.width / columns, 6)) for e in found]
    assert sizes == [(1, 1), (5, 5), (1, 1)]


def test_a_squashed_picture_is_seen_whole(picture: Picture) -> None:
    height, width = picture.size
    whole = explain_neurons(small(), picture, random=1, resize="squash")[0].seen
    assert (whole.top, whole.left, whole.height, whole.width) == (0, 0, height, width)
    crop = explain_neurons(small(), picture, random=1)[0].seen
    assert crop.height * crop.width < height * width


def test_untrained_and_silent_neurons_say_so(picture: Picture) -> None:
    model = replace(small(), untrained=True)
    model.module.b.bias.data[0] = -1e3  # never active
    silent, driven = explain_neurons(
        model, picture, neurons=[(0, 1, 1)], most_active_at=(1, 1), method="saliency"
    )
    assert silent.value == 0 and not silent.values.any()
    assert any(note.startswith("Silent") for note in silent.notes)
    assert driven.value > 0
    assert not any(note.startswith("Silent") for note in driven.notes)
    assert all(any(n.startswith("Untrained") for n in e.notes) for e in (silent, driven))
    trained = explain_neurons(small(), picture, most_active_at=(1, 1))[0]
    assert not any(note.startswith("Untrained") for note in trained.notes)


# -- what is refused ------------------------------------------------------------------------------

OUTSIDE = [(7, 0, 0), (0, 3, 0), (0, 0, 5), (-1, 0, 0), (0, -1, 0), (0, 0, -1)]


@pytest.mark.parametrize("neuron", OUTSIDE)
def test_a_neuron_outside_of_the_layer_is_refused(
    neuron: tuple[int, int, int], picture: Picture
) -> None:
    with pytest.raises(TargetError, match="7 x 3 x 5") as caught:
        run_neurons(small().module, noise(), Layer("b"), [Neuron(*neuron)], needs=NEEDS)
    assert_one_sentence(caught.value)
    with pytest.raises(TargetError, match="7 x 3 x 5"):
        explain_neurons(small(), picture, neurons=[neuron])


@pytest.mark.parametrize("count", [0, 1, 3])
def test_each_picture_needs_one_neuron(count: int) -> None:
    neurons = [Neuron(0, 0, 0)] * count
    with pytest.raises(TargetError) as caught:
        run_neurons(small().module, noise(2), Layer("b"), neurons, needs=NEEDS)
    assert_one_sentence(caught.value)


def test_no_neuron_at_all_is_refused(picture: Picture) -> None:
    with pytest.raises(MethodError) as caught:
        explain_neurons(small(), picture)
    assert_one_sentence(caught.value)


@pytest.mark.parametrize("method", ["grad_cam", "filters", ""])
def test_a_method_that_is_not_for_neurons_is_refused(picture: Picture, method: str) -> None:
    with pytest.raises(MethodError, match="guided_backprop or saliency") as caught:
        explain_neurons(small(), picture, random=1, method=method)
    assert_one_sentence(caught.value)


@pytest.mark.parametrize("layer", ["classifier", "nowhere", "", "classifier:activation"])
def test_a_layer_without_a_map_is_refused(picture: Picture, layer: str) -> None:
    for ask in ({"random": 1}, {"most_active_at": (0, 0)}, {"neurons": [(0, 0, 0)]}):
        with pytest.raises(LayerError) as caught:
            explain_neurons(small(), picture, layer=layer, **ask)
        assert_one_sentence(caught.value)


class CancelAfter:
    """Set once it has been asked so many times."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("questions", [0, 1, 3, 6])
def test_a_cancelled_computation_ends(picture: Picture, questions: int) -> None:
    model = small()
    before = state(model.module)
    with pytest.raises(Cancelled):
        explain_neurons(
            model, picture, most_active_at=(0, 0), random=2, cancel=CancelAfter(questions)
        )
    assert state(model.module) == before
    assert explain_neurons(model, picture, random=2, cancel=threading.Event())


def test_a_cancel_is_heard_while_fields_are_sought(
    picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each may take seconds on a deep network."""
    cancel, sought = threading.Event(), []
    is_nan = torch.Tensor.isnan  # what each neuron's gradient is asked for

    def seek(gradient: Tensor) -> Tensor:
        sought.append(gradient)
        cancel.set()
        return is_nan(gradient)

    monkeypatch.setattr(torch.Tensor, "isnan", seek)
    with pytest.raises(Cancelled):
        explain_neurons(small(), picture, random=5, cancel=cancel)
    assert len(sought) == 1
