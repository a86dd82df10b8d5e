"""Neurons at the largest value of their activation function, and which neurons answer at all."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from cactiviz.cli.main import main
from cactiviz.engine.class_pass import run
from cactiviz.engine.neuron_pass import layer_map, run_neurons
from cactiviz.errors import TargetError
from cactiviz.explanations.neurons import explain_neurons
from cactiviz.models import LoadedModel, get_spec, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.pictures.open import samples
from cactiviz.types import Layer, Neuron, Picture
from tests.methods.test_references import with_guided_modules

NEEDS = frozenset({"input_gradients", "guided_gradients"})
TOLERANCE = 1e-9  # of the reference's largest value
SIZE = (8, 12)

Step = Callable[[Tensor], Tensor]


class Net(nn.Module):
    """A convolution, some activation, and whatever comes between it and the layer ``end``."""

    def __init__(self, act: Step, then: Step | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 6, 3, padding=1)
        self.act = act if isinstance(act, nn.Module) else Called(act)
        self.then = then if isinstance(then, nn.Module) else Called(then or (lambda x: x))
        self.end = nn.Identity()
        self.classifier = nn.LazyLinear(3)

    def before(self, x: Tensor) -> Tensor:
        return self.conv(x)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.end(self.then(self.act(self.conv(x)))).mean(dim=(2, 3)))


class Called(nn.Module):
    def __init__(self, function: Step) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x)


def made(act: Step, then: Step | None = None) -> nn.Module:
    """In eval mode and float64, with weights that drive it far beyond 6 and below 0."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = Net(act, then).double()
        network(torch.zeros(1, 3, *SIZE, dtype=torch.float64))
    network.conv.weight.data *= 30
    return network.eval()


def loaded(network: nn.Module, layer: str = "end") -> LoadedModel:
    row = get_spec("alexnet")
    spec = replace(
        row,
        name="small",
        preprocessing=replace(row.preprocessing, input_size=SIZE),
        target_layer=Layer.parse(layer),
        first_conv="conv",
        class_names=("ant", "bee", "cat"),
        logits=3,
        weights=None,
    )
    return LoadedModel(spec, network, untrained=False, revision="test")


@pytest.fixture(scope="module")
def picture() -> Picture:
    return samples()["rocket"]


def inputs_of(model: LoadedModel, picture: Picture) -> Tensor:
    return preprocess(picture, model.spec.preprocessing).double()


def assert_close(ours: Tensor, reference: Tensor) -> None:
    assert ours.shape == reference.shape
    largest = reference.abs().max().item()
    assert largest > 0, "nothing was compared"
    assert (ours - reference).abs().max().item() <= TOLERANCE * largest


# -- guided backprop of ReLU6, against the rule worked out by hand --------------------------------


class Two(nn.Module):
    """Two convolutions with a ReLU6 after each, one a function and one in place; mean; linear."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 5, 3, padding=1)
        self.b = nn.Conv2d(5, 4, 3, stride=2)
        self.act = nn.ReLU6(inplace=True)
        self.classifier = nn.Linear(4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.act(self.b(F.relu6(self.a(x)))).mean(dim=(2, 3)))


def two() -> Two:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = Two().double().eval()
    network.a.weight.data *= 12
    network.b.weight.data *= 3
    network.classifier.weight.data[:, :2].abs_()  # so that something speaks for each class
    return network


def noise() -> Tensor:
    generator = torch.Generator().manual_seed(7)
    return torch.randn(1, 3, *SIZE, generator=generator, dtype=torch.float64)


@torch.no_grad()
def guided_by_hand(network: Two, x: Tensor, relevance: Tensor, at_b: bool) -> Tensor:
    """R_in = 1[0 < x < 6] max(R_out, 0) at each ReLU6, without autograd.

    Args:
        network: Two convolutions.
        x: Its input.
        relevance: Of the last ReLU6's output; if ``at_b``, of what it is given.
        at_b: Whether the last ReLU6 is left out.
    """
    before_a = F.conv2d(x, network.a.weight, network.a.bias, padding=1)
    after_a = before_a.clamp(0, 6)
    before_b = F.conv2d(after_a, network.b.weight, network.b.bias, stride=2)
    for before in (before_a, before_b):  # else nothing is asked
        assert (before <= 0).any() and (before >= 6).any()
        assert ((before > 0) & (before < 6)).any()

    def rule(before: Tensor, r: Tensor) -> Tensor:
        return ((before > 0) & (before < 6)) * torch.where(r > 0, r, 0.0)

    if not at_b:
        relevance = rule(before_b, relevance)
    rows = before_a.shape[2] - ((before_b.shape[2] - 1) * 2 + 3)
    columns = before_a.shape[3] - ((before_b.shape[3] - 1) * 2 + 3)
    relevance = F.conv_transpose2d(
        relevance, network.b.weight, stride=2, output_padding=(rows, columns)
    )
    return F.conv_transpose2d(rule(before_a, relevance), network.a.weight, padding=1)


@pytest.mark.parametrize("class_index", range(3))
def test_a_classs_guided_gradient_through_relu6_is_the_rules(class_index: int) -> None:
    network, x = two(), noise()
    rows, columns = 3, 5
    weights = network.classifier.weight[class_index].detach() / (rows * columns)
    relevance = weights[None, :, None, None].expand(1, 4, rows, columns)
    expected = guided_by_hand(network, x, relevance, at_b=False)
    found = run(network, x, [class_index], needs=NEEDS)
    assert_close(found.guided_gradients, expected)
    assert not torch.allclose(found.guided_gradients, found.input_gradients)


def test_a_neurons_guided_gradient_through_relu6_is_the_rules() -> None:
    """Of every neuron of the layer: between the bounds, at its ceiling, and silent."""
    network, x = two(), noise()
    there = layer_map(network, x, Layer("act"))
    kinds = {"between": 0, "ceiling": 0, "silent": 0}
    for index in torch.cartesian_prod(*map(torch.arange, there.size)).tolist():
        neuron = Neuron(*index)
        at_ceiling = bool(there.at_ceiling[neuron])
        (found,) = run_neurons(
            network, x, Layer("act"), [neuron], needs=NEEDS, before_ceiling=at_ceiling
        ).guided_gradients
        relevance = torch.zeros(1, *there.size, dtype=torch.float64)
        relevance[0, neuron.channel, neuron.row, neuron.column] = 1
        expected = guided_by_hand(network, x, relevance, at_b=at_ceiling)[0]
        if there.driven[neuron]:
            kinds["ceiling" if at_ceiling else "between"] += 1
            assert (found - expected).abs().max() <= TOLERANCE * expected.abs().max()
        else:
            kinds["silent"] += 1
            assert not found.any() and not expected.any()
    assert min(kinds.values()) > 2


def test_mobilenets_guided_gradients_are_those_of_the_rule_in_float64() -> None:
    """Its ReLU6 swapped, in a copy, for ones whose derivative is the rule; no hook on either."""
    spec = get_spec("torchvision:mobilenet_v2")
    network = load_model(
        "torchvision:mobilenet_v2", untrained=True, device="cpu", dtype=torch.float64
    ).module
    for name, module in network.named_modules():
        if isinstance(module, nn.BatchNorm2d) and name.endswith((".1", ".0.1", ".1.1")):
            module.weight.data *= 3  # so that many stand at 6
    x = preprocess(samples()["chelsea"], spec.preprocessing).double()[:, :, 64:160, 64:160]
    copy = with_guided_modules(network)

    def reference(score: Callable[[Tensor], Tensor]) -> Tensor:
        given = x.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(score(given), given)
        return gradient

    found = run(network, x, [7], needs=NEEDS)
    assert_close(found.guided_gradients, reference(lambda given: copy(given)[0, 7]))

    layer = Layer("features.2.conv.0")  # a convolution, its norm, a ReLU6
    there = layer_map(network, x, layer)
    assert there.at_ceiling.sum() > 100
    neuron = there.strongest()
    assert there.values[neuron] == 6 and there.at_ceiling[neuron]

    def before(given: Tensor) -> Tensor:
        block = copy.features[2].conv[0]
        return block[1](block[0](copy.features[:2](given)))[(0, *neuron)]

    guided = run_neurons(network, x, layer, [neuron], needs=NEEDS, before_ceiling=True)
    assert_close(guided.guided_gradients, reference(before))
    assert guided.values.item() == pytest.approx(before(x).item())


# -- every way to end at a largest value ----------------------------------------------------------


class Hidden(nn.Module):
    """In place, and what the function returns isn't used."""

    def forward(self, x: Tensor) -> Tensor:
        F.relu6(x, inplace=True)
        return x


def joined(x: Tensor) -> Tensor:
    return torch.cat([x, x.flip(1)], dim=1)


LARGEST: dict[str, tuple[Step, Step | None, float]] = {
    "a ReLU6": (nn.ReLU6(), None, 6),
    "a ReLU6 in place": (nn.ReLU6(inplace=True), None, 6),
    "a ReLU6 by a function": (F.relu6, None, 6),
    "a ReLU6 in place, its answer not used": (Hidden(), None, 6),
    "a clamp": (lambda x: x.clamp(0, 6), None, 6),
    "a clamp by names": (lambda x: torch.clamp(input=x, min=0.0, max=6.0), None, 6),
    "a clamp in place": (lambda x: x.clamp_(0, 6), None, 6),
    "a clip by tensors": (lambda x: torch.clip(x, x.new_zeros(1), x.new_full((1,), 6)), None, 6),
    "a ReLU and a clamp": (lambda x: F.relu(x).clamp_max(4), None, 4),
    "a ReLU and a minimum": (lambda x: torch.minimum(F.relu(x), x.new_full((1,), 4.0)), None, 4),
    "a hard tanh": (nn.Hardtanh(), None, 1),
    "a hard tanh of other bounds": (nn.Hardtanh(-2.0, 3.0), None, 3),
    "a hard sigmoid": (nn.Hardsigmoid(), None, 1),
    "a hard sigmoid in parts": (lambda x: F.relu6(x + 3) / 6, None, 1),
    "a sigmoid": (lambda x: torch.sigmoid(100 * x), None, 1),
    "a tanh": (lambda x: torch.tanh(50 * x), None, 1),
    "pooled": (nn.ReLU6(), nn.MaxPool2d(2), 6),
    "pooled by means": (nn.ReLU6(), nn.AvgPool2d((2, 1)), 6),
    "pooled by a function": (F.relu6, lambda x: F.max_pool2d(x, 3, 2), 6),
    "dropped out": (nn.ReLU6(), nn.Dropout(), 6),
    "turned over": (nn.ReLU6(), lambda x: x.permute(0, 2, 3, 1).permute(0, 3, 1, 2), 6),
    "shaped anew": (nn.ReLU6(), lambda x: x.reshape(1, 2, 3, *x.shape[2:]).flatten(1, 2), 6),
    "cut": (nn.ReLU6(), lambda x: x[:, 1:4], 6),
    "joined with another": (nn.ReLU6(), lambda x: torch.cat([x, -x], dim=1), 6),
    "made larger": (nn.ReLU6(), nn.Upsample(scale_factor=2), 6),
    "padded": (nn.ReLU6(), lambda x: F.pad(x, (1, 1, 0, 0)), 6),
    "doubled": (nn.ReLU6(), lambda x: x * 2, 12),
}


def values(act: Step, then: Step | None, before: Tensor) -> Tensor:
    after = act(before.clone())
    return after if then is None else then(after)


@pytest.mark.parametrize("name", LARGEST)
def test_a_neuron_at_its_ceiling_is_explained_by_what_is_before_it(
    name: str, picture: Picture
) -> None:
    act, then, ceiling = LARGEST[name]
    model = loaded(made(act, then))
    x = inputs_of(model, picture)
    there = layer_map(model.module, x, Layer("end"))
    plain = values(act, then.eval() if isinstance(then, nn.Module) else then, model.module.conv(x))
    torch.testing.assert_close(there.values, plain[0].detach(), rtol=1e-12, atol=0)
    assert there.values.max() == ceiling
    strongest = there.strongest()
    hidden = name == "a ReLU6 in place, its answer not used"
    found = explain_neurons(model, picture, neurons=[strongest], method="saliency")
    found += explain_neurons(model, picture, neurons=[strongest], method="guided_backprop")
    for one in found:
        assert one.value == ceiling and one.before_ceiling > ceiling and not one.silent
        assert any("At its ceiling" in note for note in one.notes)
        assert not any("Silent" in note for note in one.notes)
        assert one.values.any()
    if hidden or then is not None or "sigmoid" in name or "tanh" in name:
        return
    # The very gradient of what the convolution gives there, of which it is the largest.
    before = model.module.conv(x)
    assert found[0].before_ceiling == pytest.approx(before.max().item())
    given = x.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(model.module.conv(given)[(0, *strongest)], given)
    assert_close(torch.tensor(found[0].values)[None], gradient)
    row, column = 3, 5
    (at,) = explain_neurons(model, picture, most_active_at=(row, column))
    assert at.neuron.channel == before[0, :, row, column].argmax()


UNBOUNDED: dict[str, Step] = {
    "LeakyReLU": nn.LeakyReLU(0.1),
    "PReLU": nn.PReLU(),
    "ELU": nn.ELU(),
    "SiLU": nn.SiLU(),
    "softplus": nn.Softplus(),
    "none": nn.Identity(),
}


@pytest.mark.parametrize("name", UNBOUNDED)
def test_a_value_below_0_that_has_a_slope_is_not_silent(name: str, picture: Picture) -> None:
    network = made(UNBOUNDED[name])
    network.conv.weight.data /= 30
    model = loaded(network.double())
    there = layer_map(model.module, inputs_of(model, picture), Layer("end"))
    assert there.driven.all() and not there.at_ceiling.any()
    # Guided backprop shows nothing below 0 of those that it knows.
    guided = name not in ("PReLU", "softplus", "none")
    assert torch.equal(there.answers, there.values > 0 if guided else there.driven)
    assert there.before is there.values
    lowest = Neuron(*(int(i) for i in (there.values == there.values.min()).nonzero()[0]))
    (one,) = explain_neurons(model, picture, neurons=[lowest], method="saliency")
    assert one.values.any() and not one.silent and one.notes == ()


@pytest.mark.parametrize("act", [nn.ReLU(), nn.ReLU6(), nn.Hardswish(), nn.Hardtanh()])
def test_a_neuron_without_a_slope_below_is_silent(act: nn.Module, picture: Picture) -> None:
    model = loaded(made(act))
    there = layer_map(model.module, inputs_of(model, picture), Layer("end"))
    lowest = model.module.conv(inputs_of(model, picture))[0]
    neuron = Neuron(*(int(i) for i in (lowest == lowest.min()).nonzero()[0]))
    assert not there.driven[neuron] and not there.at_ceiling[neuron]
    (one,) = explain_neurons(model, picture, neurons=[neuron])
    assert one.silent and one.before_ceiling is None and not one.values.any()
    assert any(note.startswith("Silent") for note in one.notes)


class Norm(nn.Module):
    """What comes after a ReLU isn't 0 where the ReLU is."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(6)
        self.norm.bias.data.fill_(0.7)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


@pytest.mark.parametrize(
    "network",
    [
        lambda: made(nn.ReLU6()),
        lambda: made(nn.ReLU(inplace=True), nn.MaxPool2d(2)),
        lambda: made(nn.ReLU(), Norm()),
        lambda: made(nn.ReLU6(), nn.Conv2d(6, 4, 3)),
        lambda: made(nn.Hardswish(), nn.Conv2d(6, 4, 3, groups=2)),
    ],
)
def test_those_that_are_driven_are_those_with_a_gradient(
    network: Callable[[], nn.Module], picture: Picture
) -> None:
    """Asked of each by itself."""
    model = loaded(network())
    x = inputs_of(model, picture)
    there = layer_map(model.module, x, Layer("end"))
    given = x.clone().requires_grad_()
    net = model.module
    after = net.end(net.then(net.act(net.conv(given))))[0]
    driven = torch.stack(
        [torch.autograd.grad(value, given, retain_graph=True)[0].any() for value in after.flatten()]
    ).reshape(after.shape)
    assert torch.equal(there.driven & ~there.at_ceiling, driven)
    assert not (there.answers & ~there.driven).any()


def test_a_neuron_exactly_at_the_bound_is_at_its_ceiling(picture: Picture) -> None:
    model = loaded(made(lambda x: F.relu6(x - x.detach() + 6)))
    (one,) = explain_neurons(model, picture, neurons=[(2, 4, 7)])
    assert one.before_ceiling == one.value == 6 and one.values.any() and not one.silent


# -- which are drawn ------------------------------------------------------------------------------


@pytest.mark.parametrize("act", [nn.ReLU6(), nn.ReLU(), nn.Hardtanh(), nn.SiLU()])
def test_those_by_chance_answer_and_are_the_same_for_each_method(
    act: nn.Module, picture: Picture
) -> None:
    model = loaded(made(act))
    drawn = [
        explain_neurons(model, picture, random=40, seed=2, method=method)
        for method in ("saliency", "guided_backprop")
    ]
    assert [one.neuron for one in drawn[0]] == [one.neuron for one in drawn[1]]
    assert all(one.values.any() and not one.silent for one in drawn[0])
    assert any(one.before_ceiling for one in drawn[0]) or isinstance(act, nn.ReLU | nn.SiLU)
    there = layer_map(model.module, inputs_of(model, picture), Layer("end"))
    assert {one.answering for one in drawn[0]} == {int(there.answers.sum())}
    assert drawn[0][0].layer_neurons == there.values.numel() > drawn[0][0].answering
    other = explain_neurons(model, picture, random=40, seed=3)
    assert [one.neuron for one in other] != [one.neuron for one in drawn[0]]


def test_if_fewer_answer_these_are_shown_and_if_none_that_is_said(picture: Picture) -> None:
    model = loaded(made(nn.ReLU()))
    before = model.module.conv(inputs_of(model, picture))[0]
    third = before.flatten().sort(descending=True).values[2:4].mean()
    model.module.conv.bias.data -= third.detach()
    found = explain_neurons(model, picture, random=10)
    assert len(found) == found[0].answering < 10
    model.module.conv.bias.data -= 1e6
    with pytest.raises(TargetError, match="No neuron of the layer “end” answers"):
        explain_neurons(model, picture, random=10)


class Own(torch.autograd.Function):
    """A ReLU6 that can't be differentiated in forward mode."""

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)
        return x.clamp(0, 6)

    @staticmethod
    def backward(ctx, gradient: Tensor) -> Tensor:
        (x,) = ctx.saved_tensors
        return gradient * ((x > 0) & (x < 6))


def test_an_operation_without_a_forward_mode_is_no_hindrance(picture: Picture) -> None:
    model = loaded(made(Own.apply, nn.ReLU6()))
    found = explain_neurons(model, picture, random=5)
    assert len(found) == 5 and all(one.value > 0 for one in found)


def test_threads_that_share_a_network_find_what_one_alone_finds(picture: Picture) -> None:
    model = loaded(made(nn.ReLU6()))
    x = inputs_of(model, picture)
    state = {name: t.clone() for name, t in model.module.state_dict().items()}
    expected = layer_map(model.module, x, Layer("end"))
    gradients = run(model.module, x, [1], needs=NEEDS)
    wrong: list[str] = []

    def work(kind: int) -> None:
        for _ in range(8):
            if kind % 2:
                there = layer_map(model.module, x, Layer("end"))
                same = torch.equal(there.before, expected.before)
                same &= torch.equal(there.answers, expected.answers)
            else:
                found = run(model.module, x, [1], needs=NEEDS)
                same = torch.equal(found.guided_gradients, gradients.guided_gradients)
            if not same:
                wrong.append(str(kind))

    threads = [threading.Thread(target=work, args=(kind,)) for kind in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    for name, tensor in model.module.state_dict().items():
        assert torch.equal(tensor, state[name])
    assert all(p.grad is None for p in model.module.parameters())


# -- the command ----------------------------------------------------------------------------------


def test_the_command_says_ceiling_and_how_many_answer(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, picture: Picture
) -> None:
    model = loaded(made(nn.ReLU6()))
    monkeypatch.setattr("cactiviz.cli.layers.shared.load_network", lambda _: model)
    arguments = ["neurons", "sample:rocket", "--model", "alexnet", "--layer", "act"]
    assert main([*arguments, "--at", "3,5", "--random", "30"]) == 0
    output = capsys.readouterr().out
    expected = explain_neurons(model, picture, layer="act", most_active_at=(3, 5), random=30)
    lines = output.splitlines()
    for line, one in zip(lines, expected, strict=False):
        assert ("at its ceiling" in line) == (one.before_ceiling is not None)
        assert "silent" not in line
    assert any(one.before_ceiling for one in expected)
    first = expected[0]
    counts = f"Of {first.layer_neurons:,} neurons of act, {first.answering:,} answer"
    assert counts in lines[len(expected)]


def test_a_field_of_the_whole_picture_is_said_and_not_outlined(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = load_model("cactinet", untrained=True, device="cpu")
    monkeypatch.setattr("cactiviz.cli.layers.shared.load_network", lambda _: model)
    drawn: list[object] = []
    monkeypatch.setattr("cactiviz.rendering.paint.outline", lambda *given: drawn.append(given))
    assert main(["neurons", "sample:rocket", "--model", "cactinet", "--random", "3"]) == 0
    output = capsys.readouterr().out
    assert output.count("it sees the whole picture") == 3 and "64 x 64" not in output
    assert "--layer stem" in output and not drawn
