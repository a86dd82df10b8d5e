"""The pass leaves the network as it found it, in one thread or in eight, however it ends."""

from __future__ import annotations

import copy
import gc
import random
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from cactiviz.engine.class_pass import Pass, class_scores, probabilities, run
from cactiviz.engine.trace import _run, trace
from cactiviz.errors import (
    CactivizError,
    Cancelled,
    DeviceError,
    LayerError,
    ModelError,
    TargetError,
)
from cactiviz.models import load_model
from cactiviz.types import Layer

NEEDS = frozenset({"activations", "input_gradients", "guided_gradients"})
PARTS = (
    *("logits", "class_index", "activations", "activation_gradients"),
    *("input_gradients", "guided_gradients"),
)
Step = Callable[[Tensor], Tensor]


def nothing(x: Tensor) -> Tensor:
    return x


class Net(nn.Module):
    """Three convolutions; ``act`` after the first two, ``then`` before the third.

    What a test wants to happen within is given as a function, since a network may be copied.
    """

    def __init__(self, act: Step = F.relu, then: Step = nothing, logits: int = 5) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 8, 3)
        self.b = nn.Conv2d(8, 8, 3, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.c = nn.Conv2d(8, 12, 3)
        self.fc = nn.Linear(12, logits)
        self.act, self.then = act, then

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.a(x))
        x = self.act(self.norm(self.b(x)))
        return self.fc(self.c(self.then(x)).mean(dim=(2, 3)))


LAYER = Layer("norm", "activation")


def made(network: nn.Module, like: nn.Module | None = None, seed: int = 0) -> nn.Module:
    """In eval mode and float64, with weights by seed, or those of another network."""
    generator = torch.Generator().manual_seed(seed)
    network = network.double().eval()
    if like is not None:
        network.load_state_dict(like.state_dict())
        return network
    for parameter in network.parameters():
        parameter.data.copy_(torch.randn(parameter.shape, generator=generator) / 3)
    for name, buffer in network.named_buffers():
        if name.endswith("running_var"):
            buffer.copy_(torch.rand(buffer.shape, generator=generator) + 0.5)
        elif name.endswith("running_mean"):
            buffer.copy_(torch.randn(buffer.shape, generator=generator) / 3)
    return network


def pictures(count: int = 2, size: int = 10) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, 3, size, size, generator=generator, dtype=torch.float64)


def assert_same(one: Pass, other: Pass, rtol: float = 1e-12) -> None:
    for name in PARTS:
        left, right = getattr(one, name), getattr(other, name)
        assert (left is None) == (right is None), name
        if left is not None:
            largest = max(left.abs().max().item(), 1e-300)
            assert (left - right).abs().max().item() <= rtol * largest, name


def assert_one_sentence(error: BaseException) -> None:
    """What a person who doesn't program can read: no second line, no exception's own text."""
    text = str(error)
    assert text[0].isupper() or text[0].isdigit()
    assert text.endswith(".") and ". " not in text and "\n" not in text
    assert not any(word in text for word in ("Error", "tensor", "Traceback", "boom", "None"))


# -- the network stays as it was ------------------------------------------------------------------


def state(network: nn.Module) -> dict[str, Any]:
    """All that a pass could have left behind, in the network and in torch."""
    tensors = [*network.named_parameters(), *network.named_buffers()]
    found: dict[str, Any] = {
        f"{name}.values": (t.data_ptr(), t._version, t.detach().numpy().tobytes())
        for name, t in tensors
    }
    found |= {f"{name}.flags": (t.grad, t.requires_grad, t._backward_hooks) for name, t in tensors}
    for name, module in network.named_modules():
        found[f"{name} is"] = (id(module), type(module), module.training, sorted(vars(module)))
        hooks = {k: list(v) for k, v in vars(module).items() if "hook" in k and v is not None}
        found[f"{name} hooks"] = hooks
    every = vars(torch.nn.modules.module).items()
    found["global hooks"] = {k: len(v) for k, v in every if "hook" in k and isinstance(v, dict)}
    found["modes"] = (
        torch.is_grad_enabled(),
        torch.is_inference_mode_enabled(),
        torch._C._len_torch_function_stack(),
        torch.is_anomaly_enabled(),
        torch.get_default_dtype(),
        torch.get_num_threads(),
    )
    found["random numbers"] = torch.get_rng_state().numpy().tobytes()
    found["backends"] = (
        torch.backends.cudnn.enabled,
        torch.backends.cudnn.benchmark,
        torch.backends.cudnn.deterministic,
        torch.backends.cudnn.conv.fp32_precision,
        torch.backends.cuda.matmul.fp32_precision,
        torch.backends.mkldnn.enabled,
        torch.are_deterministic_algorithms_enabled(),
    )
    return found


def is_traced(x: Tensor) -> bool:
    """Whether a network is only looked at: it gets no picture, or one without numbers."""
    return not len(x) or x.device.type == "meta"


def raising(error: Exception, also_traced: bool = False) -> Step:
    def fail(x: Tensor) -> Tensor:
        if also_traced or not is_traced(x):
            raise error
        return x

    return fail


def raising_backward(error: Exception) -> Step:
    class Failing(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x.clone()

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            raise error

    return Failing.apply


def written_over(x: Tensor) -> Tensor:
    """Fine forward; backward misses what ReLU had kept."""
    x += 1
    return x


class CancelAfter:
    """Says no so many times, then yes."""

    def __init__(self, questions: int) -> None:
        self.left = questions

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0


@pytest.fixture(scope="module", params=["alexnet", "densenet121", "efficientnet_b0"])
def loaded(request: pytest.FixtureRequest):
    return load_model(request.param, untrained=True, device="cpu")


def test_real_networks_stay_bit_for_bit_the_same(loaded) -> None:
    x, layer = pictures(2, 64).float(), loaded.spec.target_layer
    before = state(loaded.module)
    run(loaded.module, x, [None, 3], layers=[layer], needs=NEEDS)
    assert state(loaded.module) == before, "after success"
    with pytest.raises(TargetError) as caught:
        run(loaded.module, x, [None, 10**6], layers=[layer], needs=NEEDS)
    assert_one_sentence(caught.value)
    assert state(loaded.module) == before, "after a class that isn't there"
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled) as stopped:
        run(loaded.module, x, layers=[layer], needs=NEEDS, cancel=cancel)
    assert_one_sentence(stopped.value)
    with pytest.raises(Cancelled):
        run(loaded.module, x, layers=[layer], needs=NEEDS, cancel=CancelAfter(20))
    assert state(loaded.module) == before, "after a cancel"
    with pytest.raises(LayerError):
        run(loaded.module, x, layers=[Layer("nowhere")], needs=NEEDS)
    with pytest.raises(ModelError) as failed:
        run(loaded.module, x[:, :1], layers=[layer], needs=NEEDS)
    assert_one_sentence(failed.value)
    assert state(loaded.module) == before, "after a failure"


FAILURES = {
    "a layer raises": Net(then=raising(RuntimeError("boom"))),
    "a layer raises something odd": Net(then=raising(KeyError("boom"))),
    "a layer raises while it is traced": Net(then=raising(ValueError("boom"), also_traced=True)),
    "backward raises": Net(then=raising_backward(ValueError("boom"))),
    "backward misses what was written over": Net(then=written_over),
}


@pytest.mark.parametrize("ending", FAILURES)
@pytest.mark.parametrize("need", sorted(NEEDS))
def test_a_failing_network_gives_one_sentence_and_stays_as_it_was(ending: str, need: str) -> None:
    network = made(FAILURES[ending])
    before = state(network)
    with pytest.raises(ModelError) as caught:
        run(network, pictures(), layers=[Layer("a")], needs=frozenset({need, "activations"}))
    assert_one_sentence(caught.value)
    assert state(network) == before


def test_a_cancel_at_any_moment_leaves_the_network_as_it_was() -> None:
    network = made(Net())
    before = state(network)
    for questions in count():
        try:
            run(network, pictures(), layers=[LAYER], needs=NEEDS, cancel=CancelAfter(questions))
        except Cancelled:
            assert state(network) == before, questions
        else:
            break
    assert questions > 10, "it was hardly asked"
    assert state(network) == before


def test_a_cancel_during_forward_stops_before_the_next_operation() -> None:
    cancel, went_on = threading.Event(), []

    def stop(x: Tensor) -> Tensor:
        if not is_traced(x):
            cancel.set()
            y = x * 2
            went_on.append(y)
        return x

    network = made(Net(then=stop))
    before = state(network)
    with pytest.raises(Cancelled):
        run(network, pictures(), layers=[LAYER], needs=NEEDS, cancel=cancel)
    assert not went_on
    assert state(network) == before


def test_gradients_that_a_training_loop_left_are_kept() -> None:
    network = made(Net())
    network(pictures()).sum().backward()
    network.a.weight.requires_grad_(False)
    kept = {
        name: None if p.grad is None else p.grad.clone() for name, p in network.named_parameters()
    }
    run(network, pictures(), layers=[LAYER], needs=NEEDS)
    for name, parameter in network.named_parameters():
        assert kept[name] is not None and torch.equal(parameter.grad, kept[name]), name
    assert not network.a.weight.requires_grad and network.b.weight.requires_grad


def test_a_frozen_network_is_explained_all_the_same() -> None:
    network = made(Net())
    expected = run(network, pictures(), layers=[LAYER], needs=NEEDS)
    frozen = copy.deepcopy(network).requires_grad_(False)
    assert_same(run(frozen, pictures(), layers=[LAYER], needs=NEEDS), expected, rtol=0)


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def live_tensors() -> int:
    return sum(1 for thing in gc.get_objects() if issubclass(type(thing), Tensor))


@pytest.mark.parametrize("ending", ["success", "a wrong class", "a failing layer"])
def test_a_pass_frees_its_graph_at_once(ending: str, no_collector: None) -> None:
    """A hook that holds the pass which holds the graph would keep memory until a collection."""
    seen: list[weakref.ref] = []

    def watch(x: Tensor) -> Tensor:
        y = x * 1
        seen.append(weakref.ref(y))
        if ending == "a failing layer" and not is_traced(x):
            raise ValueError
        return y

    network, x = made(Net(then=watch)), pictures()
    trace(network, (3, 10, 10))
    # the bad class comes second: the graph is there by then
    classes = [0, 10**6] if ending == "a wrong class" else [0, 1]
    before = live_tensors()
    for _ in range(5):
        try:
            result = run(network, x, classes, layers=[LAYER], needs=NEEDS)
            del result
        except CactivizError:
            assert ending != "success"
    assert live_tensors() == before
    assert len(seen) == 6
    assert all(reference() is None for reference in seen)


# -- several threads ------------------------------------------------------------------------------


@pytest.fixture
def one_core_each() -> Iterator[None]:
    """On several cores torch itself adds in an order that varies: 1e-6 from one call to the next.

    That hides nothing here once each thread computes on one core; then equal means equal.
    """
    cores = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(cores)


def test_eight_threads_on_shared_networks_get_what_one_gets(one_core_each: None) -> None:
    """40 calls, mixed networks, needs and classes; the networks are traced in the threads too."""
    names = ("alexnet", "densenet121", "efficientnet_b0")
    models = {name: load_model(name, untrained=True, device="cpu") for name in names}
    alone = {name: copy.deepcopy(model.module) for name, model in models.items()}
    before = {name: state(model.module) for name, model in models.items()}
    x = pictures(4, 64).float()
    choice = random.Random(0)
    wishes = [frozenset({need}) for need in sorted(NEEDS)]
    wishes += [NEEDS, NEEDS, frozenset({"activations", "guided_gradients"}), frozenset()]
    jobs = [
        (name, choice.choice(wishes), choice.choice([None, 7, 500]), choice.randrange(4))
        for name in names * 4
    ]

    def work(job: tuple, modules: dict[str, nn.Module]) -> Pass:
        name, needs, index, row = job
        layer = models[name].spec.target_layer
        return run(modules[name], x[row : row + 1], [index], layers=[layer], needs=needs)

    expected = [work(job, alone) for job in jobs]
    shared = {name: model.module for name, model in models.items()}
    order = [choice.randrange(len(jobs)) for _ in range(40)]
    together = threading.Barrier(8)

    def start() -> None:
        torch.set_num_threads(1)  # each thread has a setting of its own
        together.wait()

    with ThreadPoolExecutor(8, initializer=start) as threads:
        results = list(threads.map(lambda i: work(jobs[i], shared), order))
    assert len(set(order)) > len(jobs) / 2
    for i, result in zip(order, results, strict=True):
        for name in PARTS:
            one, other = getattr(result, name), getattr(expected[i], name)
            assert (one is None) == (other is None), (jobs[i], name)
            assert one is None or torch.equal(one, other), (jobs[i], name)
    assert {name: state(model.module) for name, model in models.items()} == before


# -- memory ---------------------------------------------------------------------------------------


def too_large(most: int, error: Callable[[], Any]) -> Step:
    def check(x: Tensor) -> Tensor:
        if not is_traced(x) and len(x) > most:
            error()
        return x

    return check


def out_of_cuda_memory() -> None:
    raise torch.OutOfMemoryError("boom")


def out_of_real_memory() -> None:
    torch.empty(1 << 55, dtype=torch.uint8)


def too_large_backward(most: int) -> Step:
    class Failing(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x.clone()

        @staticmethod
        def backward(ctx: Any, gradient: Tensor) -> Tensor:
            if len(gradient) > most:
                raise torch.OutOfMemoryError("boom")
            return gradient

    return Failing.apply


MEMORY = {
    "on the GPU": lambda most: too_large(most, out_of_cuda_memory),
    "on the CPU": lambda most: too_large(most, out_of_real_memory),
    "backward": too_large_backward,
}


@pytest.mark.parametrize("place", MEMORY)
def test_a_batch_that_does_not_fit_is_run_in_parts(place: str) -> None:
    network = made(Net(then=MEMORY[place](2)))
    x, classes = pictures(5), [None, 3, None, 0, 1]
    whole = run(network, x, classes, layers=[LAYER], needs=NEEDS)
    ones = [
        run(network, x[i : i + 1], classes[i : i + 1], layers=[LAYER], needs=NEEDS)
        for i in range(5)
    ]
    together = {name: torch.cat([getattr(p, name) for p in ones]) for name in PARTS}
    joined = Pass(
        together["logits"],
        together["class_index"],
        ((together["activations"], together["activation_gradients"]),),
        together["input_gradients"],
        together["guided_gradients"],
    )
    assert_same(whole, joined)
    few = run(network, x, classes, needs=frozenset({"input_gradients"}))
    assert few.activations is None and torch.equal(few.class_index, joined.class_index)
    assert few.input_gradients.shape == x.shape


@pytest.mark.parametrize("place", MEMORY)
def test_too_little_memory_for_one_picture_is_said_in_a_sentence(place: str) -> None:
    network = made(Net(then=MEMORY[place](0)))
    before = state(network)
    with pytest.raises(DeviceError) as caught:
        run(network, pictures(3), layers=[LAYER], needs=NEEDS)
    assert_one_sentence(caught.value)
    assert state(network) == before


# -- classes --------------------------------------------------------------------------------------


def test_the_two_classes_of_one_logit_are_opposite() -> None:
    network, x = made(Net(logits=1)), pictures(4)
    no, yes = (run(network, x, [i] * 4, layers=[LAYER], needs=NEEDS) for i in (0, 1))
    assert torch.equal(no.logits, yes.logits) and no.logits.shape == (4, 1)
    assert yes.input_gradients.abs().max() > 0
    assert torch.equal(no.input_gradients, -yes.input_gradients)
    assert torch.equal(no.activation_gradients, -yes.activation_gradients)
    x_plus = x.clone().requires_grad_()
    (by_z,) = torch.autograd.grad(network(x_plus).sum(), x_plus)
    torch.testing.assert_close(yes.input_gradients, by_z, rtol=1e-12, atol=1e-15)
    top = run(network, x).class_index
    assert torch.equal(top, (no.logits[:, 0] > 0).long())
    p = probabilities(no.logits)
    assert p.shape == (4, 2)
    torch.testing.assert_close(p.sum(dim=1), torch.ones(4, dtype=torch.float64))
    torch.testing.assert_close(p[:, 1], no.logits[:, 0].sigmoid())
    assert torch.equal(class_scores(no.logits), torch.cat([-no.logits, no.logits], dim=1))
    with pytest.raises(TargetError):
        run(network, x, [2] * 4)


def test_the_top_class_is_explained_unless_another_is_named() -> None:
    network, x = made(Net()), pictures(3)
    free = run(network, x, layers=[LAYER], needs=NEEDS)
    assert torch.equal(free.class_index, network(x).argmax(dim=1))
    named = run(network, x, free.class_index.tolist(), layers=[LAYER], needs=NEEDS)
    assert_same(free, named, rtol=0)
    torch.testing.assert_close(probabilities(free.logits), free.logits.softmax(dim=1))


@pytest.mark.parametrize("classes", [[5], [-1], [0, 0], []])
def test_classes_that_do_not_fit_are_refused(classes: list[int]) -> None:
    with pytest.raises(TargetError) as caught:
        run(made(Net()), pictures(1), classes)
    assert_one_sentence(caught.value)


# -- under which conditions it is called ----------------------------------------------------------


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_a_caller_who_turned_gradients_off_gets_them_all_the_same(mode: Callable) -> None:
    expected = run(made(Net()), pictures(), layers=[LAYER], needs=NEEDS)
    network = made(Net())  # not traced before
    with mode():
        found = run(network, pictures(), layers=[LAYER], needs=NEEDS)
        assert not torch.is_grad_enabled()
        assert torch.is_inference_mode_enabled() == (mode is torch.inference_mode)
    assert_same(found, expected, rtol=0)
    assert not found.activations.requires_grad and not found.logits.requires_grad
    assert_same(run(network, pictures(), layers=[LAYER], needs=NEEDS), expected, rtol=0)


class Centred(Net):
    """Writes into its input, as some networks with their normalisation inside do."""

    def forward(self, x: Tensor) -> Tensor:
        x.sub_(0.5).mul_(2)
        return super().forward(x)


def test_a_network_that_writes_into_its_input_does_not_change_the_callers() -> None:
    network, x = made(Centred()), pictures()
    kept = x.clone()
    found = run(network, x, layers=[LAYER], needs=NEEDS)
    assert torch.equal(x, kept) and not x.requires_grad and x.grad is None
    expected = run(made(Net(), like=network), (x - 0.5) * 2, layers=[LAYER], needs=NEEDS)
    torch.testing.assert_close(found.input_gradients, 2 * expected.input_gradients)
    torch.testing.assert_close(found.guided_gradients, 2 * expected.guided_gradients)
    torch.testing.assert_close(found.activations, expected.activations)


def test_a_network_in_training_mode_is_refused() -> None:
    network = made(Net())
    network.norm.train()  # one part is enough
    with pytest.raises(ModelError) as caught:
        run(network, pictures())
    assert_one_sentence(caught.value)
    assert network.norm.training and not network.training


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_damaged_weights_are_named_instead_of_explained(value: float) -> None:
    network = made(Net())
    network.fc.weight.data[0, 0] = value
    with pytest.raises(ModelError) as caught:
        run(network, pictures(), [1, 1], layers=[LAYER], needs=NEEDS)
    assert_one_sentence(caught.value)


class Constant(Net):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc.bias.expand(len(x), -1)


@pytest.mark.parametrize("need", ["input_gradients", "guided_gradients"])
def test_an_answer_that_does_not_depend_on_the_picture_is_said_in_a_sentence(need: str) -> None:
    with pytest.raises(ModelError) as caught:
        run(made(Constant()), pictures(), needs=frozenset({need}))
    assert_one_sentence(caught.value)


class NotARow(Net):
    def forward(self, x: Tensor) -> Tensor:
        return self.c(self.b(self.a(x)))


def test_a_network_that_is_no_classifier_is_refused() -> None:
    with pytest.raises(ModelError) as caught:
        run(made(NotARow()), pictures())
    assert_one_sentence(caught.value)


class Guarded(Net):
    """Holds a lock and its last answer, as networks written for a service do."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def forward(self, x: Tensor) -> Tensor:
        with self.lock:
            return super().forward(x)


class Remembering(Net):
    def forward(self, x: Tensor) -> Tensor:
        self.last = super().forward(x)
        return self.last


@pytest.mark.parametrize("kind", [Guarded, Remembering])
def test_a_network_that_cannot_be_copied_is_explained_or_refused_in_a_sentence(kind: type) -> None:
    network = made(kind())
    network(pictures())
    try:
        found = run(network, pictures(), layers=[LAYER], needs=NEEDS)
    except ModelError as error:
        assert_one_sentence(error)
    else:
        expected = run(made(Net(), like=network), pictures(), layers=[LAYER], needs=NEEDS)
        assert_same(found, expected)


# -- guiding --------------------------------------------------------------------------------------

RELUS: dict[str, Step] = {
    "F.relu": F.relu,
    "F.relu, in place": lambda x: F.relu(x, inplace=True),
    "F.relu_": F.relu_,
    "torch.relu": torch.relu,
    "torch.relu_": torch.relu_,
    "Tensor.relu": lambda x: x.relu(),
    "Tensor.relu_": lambda x: x.relu_(),
    "nn.ReLU": nn.ReLU(),
    "nn.ReLU, in place": nn.ReLU(inplace=True),
}
SILUS: dict[str, Step] = {
    "F.silu": F.silu,
    "F.silu, in place": lambda x: F.silu(x, inplace=True),
    "nn.SiLU": nn.SiLU(),
    "nn.SiLU, in place": nn.SiLU(inplace=True),
}


@pytest.mark.parametrize("spelling", [*RELUS, *SILUS])
def test_an_activation_is_guided_and_captured_however_it_is_called(spelling: str) -> None:
    family = RELUS if spelling in RELUS else SILUS
    first = next(iter(family.values()))
    network = made(Net(act=family[spelling]))
    found = run(network, pictures(), [0, 1], layers=[LAYER], needs=NEEDS)
    expected = run(
        made(Net(act=first), like=network), pictures(), [0, 1], layers=[LAYER], needs=NEEDS
    )
    assert_same(found, expected)
    assert (found.guided_gradients - found.input_gradients).abs().max() > 1e-3


#: Derivatives by hand; each activation has the sign of its argument.
SLOPES: dict[str, tuple[Step, Step]] = {
    "relu": (F.relu, lambda x: (x > 0).double()),
    "relu6": (F.relu6, lambda x: ((x > 0) & (x < 6)).double()),
    "hardtanh": (F.hardtanh, lambda x: ((x > -1) & (x < 1)).double()),
    "leaky_relu": (F.leaky_relu, lambda x: torch.where(x > 0, 1.0, 0.01)),
    "elu": (F.elu, lambda x: torch.where(x > 0, 1.0, x.exp())),
    "hardswish": (
        F.hardswish,
        lambda x: torch.where(x.abs() < 3, x / 3 + 0.5, (x > 0).double()),
    ),
    "gelu": (
        F.gelu,
        lambda x: (
            (1 + torch.erf(x / 2**0.5)) / 2 + x * torch.exp(-x * x / 2) / (2 * torch.pi) ** 0.5
        ),
    ),
}


@pytest.mark.parametrize("name", SLOPES)
def test_the_guided_rule_of_each_activation_is_its_formula(name: str) -> None:
    """R_in = 1[x > 0] act'(x) max(R_out, 0), both layers of the network by hand."""
    act, slope = SLOPES[name]
    network, x = made(Net(act=act)), 3 * pictures()
    found = run(network, x, [2, 2], needs=frozenset({"guided_gradients"})).guided_gradients

    def back(module: Step, at: Tensor, relevance: Tensor) -> Tensor:
        at = at.detach().requires_grad_()
        return torch.autograd.grad(module(at), at, relevance)[0]

    with torch.no_grad():
        z1 = network.a(x)
        z2 = network.norm(network.b(act(z1)))
        features = act(z2)
    relevance = torch.zeros(2, 5, dtype=torch.float64)
    relevance[:, 2] = 1
    relevance = back(lambda t: network.fc(network.c(t).mean(dim=(2, 3))), features, relevance)
    relevance = (z2 > 0) * slope(z2) * relevance.clamp(min=0)
    relevance = back(lambda t: network.norm(network.b(t)), act(z1), relevance)
    relevance = (z1 > 0) * slope(z1) * relevance.clamp(min=0)
    expected = back(network.a, x, relevance)
    assert expected.abs().max() > 0
    assert (found - expected).abs().max() <= 1e-12 * expected.abs().max()


def test_asking_for_more_changes_nothing_of_the_rest() -> None:
    """The guided gradients' flag must not reach the plain backward pass, nor stay set."""
    network = made(Net())
    everything = run(network, pictures(), layers=[LAYER], needs=NEEDS)
    for need in NEEDS:
        alone = run(network, pictures(), layers=[LAYER], needs=frozenset({need}))
        for name in PARTS:
            value = getattr(alone, name)
            if value is not None:
                assert torch.equal(value, getattr(everything, name)), (need, name)
    wanted = {"activations": "activation_gradients"}
    for need in NEEDS:
        alone = run(network, pictures(), layers=[LAYER], needs=frozenset({need}))
        assert getattr(alone, wanted.get(need, need)) is not None


# -- what is captured -----------------------------------------------------------------------------


def parts_by_hand(network: Net, x: Tensor) -> tuple[dict[str, Tensor], dict[str, Step]]:
    """The feature map of each layer of Net, and what the network makes of it."""

    def from_features(t: Tensor) -> Tensor:
        return network.fc(network.c(t).mean(dim=(2, 3)))

    def from_norm(t: Tensor) -> Tensor:
        return from_features(network.act(t))

    def from_a(t: Tensor) -> Tensor:
        return from_norm(network.norm(network.b(network.act(t))))

    a = network.a(x)
    norm = network.norm(network.b(network.act(a)))
    maps = {"a": a, "a:activation": network.act(a), "norm": norm}
    maps |= {"norm:activation": network.act(norm), "c": network.c(network.act(norm))}
    rests = {"a": from_a, "norm": from_norm, "norm:activation": from_features}
    rests["a:activation"] = lambda t: from_norm(network.norm(network.b(t)))
    rests["c"] = lambda t: network.fc(t.mean(dim=(2, 3)))
    return maps, rests


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("layer", ["a", "a:activation", "norm", "norm:activation", "c"])
def test_what_is_captured_is_what_the_layers_name_says(layer: str, inplace: bool) -> None:
    plain = made(Net(act=F.silu))
    network = made(Net(act=nn.SiLU(inplace=inplace)), like=plain)
    found = run(network, pictures(), [4, 0], layers=[Layer.parse(layer)], needs=NEEDS)
    with torch.no_grad():
        maps, rests = parts_by_hand(plain, pictures())
    assert torch.equal(found.activations, maps[layer])
    at = maps[layer].clone().requires_grad_()
    scores = rests[layer](at)
    (expected,) = torch.autograd.grad(scores[0, 4] + scores[1, 0], at)
    torch.testing.assert_close(found.activation_gradients, expected, rtol=1e-12, atol=1e-15)


def test_densenets_and_efficientnets_target_layers_are_after_their_activation() -> None:
    x = pictures(1, 64).float()
    for name in ("densenet121", "efficientnet_b0"):
        model = load_model(name, untrained=True, device="cpu")
        found = run(model.module, x, layers=[model.spec.target_layer], needs=NEEDS)
        with torch.no_grad():
            if name == "densenet121":
                expected = model.module.features(x).clamp(min=0)
            else:
                expected = model.module.extract_features(x)
        assert torch.equal(found.activations, expected), name
        before = run(model.module, x, layers=[Layer(model.spec.target_layer.name)], needs=NEEDS)
        assert (before.activations < -1e-3).any(), name


class Residual(Net):
    """Adds to the captured map right away, in place or not."""

    inplace = True

    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.a(x))
        y = self.norm(self.b(x))
        if self.inplace:
            y += x
            y *= 2
        else:
            y = (y + x) * 2
        z = F.silu(self.c(self.act(y)))
        if self.inplace:
            z -= 1
        else:
            z = z - 1
        return self.fc(z.mean(dim=(2, 3)))


class NotInPlace(Residual):
    inplace = False


@pytest.mark.parametrize("layer", ["a:activation", "norm", "norm:activation", "c", "c:activation"])
def test_what_the_network_writes_over_afterwards_is_not_in_the_captured_map(layer: str) -> None:
    network = made(Residual())
    found = run(network, pictures(), layers=[Layer.parse(layer)], needs=NEEDS)
    plain = made(NotInPlace(), like=network)
    assert_same(found, run(plain, pictures(), layers=[Layer.parse(layer)], needs=NEEDS))


class Statement(Net):
    """Calls its activation in place, goes on with the same tensor, and then writes over it."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.b(self.act(self.a(x))))
        F.silu(y, inplace=True)
        y.mul_(2)
        return self.fc(self.c(y).mean(dim=(2, 3)))


class NoStatement(Net):
    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.b(self.act(self.a(x))))
        return self.fc(self.c(F.silu(y) * 2).mean(dim=(2, 3)))


def test_a_map_that_cannot_be_kept_apart_is_refused_rather_than_wrong() -> None:
    network = made(Statement())
    try:
        found = run(network, pictures(), layers=[LAYER], needs=NEEDS)
    except LayerError as error:
        assert_one_sentence(error)
    else:
        expected = run(made(NoStatement(), like=network), pictures(), layers=[LAYER], needs=NEEDS)
        assert_same(found, expected)


class Aside(Net):
    """Computes a map that the answer doesn't use."""

    def forward(self, x: Tensor) -> Tensor:
        self.b(self.act(self.a(x)))
        return super().forward(x)


class Detached(Net):
    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.b(self.act(self.a(x)).detach()))
        return super().forward(x) + 0 * y.detach().sum()


class OnlyAside(Net):
    def forward(self, x: Tensor) -> Tensor:
        x = self.act(self.a(x))
        self.norm(self.b(x))
        return self.fc(self.c(x).mean(dim=(2, 3)))


@pytest.mark.parametrize("needs", [NEEDS, frozenset({"activations"})])
def test_a_layer_that_the_answer_does_not_depend_on_is_refused(needs: frozenset) -> None:
    with pytest.raises(LayerError) as caught:
        run(made(OnlyAside()), pictures(), layers=[Layer("norm")], needs=needs)
    assert_one_sentence(caught.value)


@pytest.mark.parametrize("kind", [Aside, Detached])
def test_a_layer_used_twice_is_its_last_use(kind: type) -> None:
    network = made(kind())
    found = run(network, pictures(), layers=[LAYER], needs=NEEDS)
    expected = run(made(Net(), like=network), pictures(), layers=[LAYER], needs=NEEDS)
    assert_same(found, expected)


@pytest.mark.parametrize("layer", ["nowhere", "", "fc", "c:activation", "act"])
def test_a_layer_without_a_map_is_refused_by_name(layer: str) -> None:
    with pytest.raises(LayerError) as caught:
        run(made(Net()), pictures(), layers=[Layer.parse(layer)], needs=NEEDS)
    assert_one_sentence(caught.value)
    assert layer.removesuffix(":activation") in str(caught.value)


def test_a_map_without_a_target_layer_is_refused() -> None:
    with pytest.raises(LayerError) as caught:
        run(made(Net()), pictures(), needs=NEEDS)
    assert_one_sentence(caught.value)


@pytest.mark.parametrize(
    ("name", "layer", "grid"),
    [
        ("alexnet", "features.11", (13, 13)),
        ("vgg11", "features.19", (14, 14)),  # not the max-pooling at 20
        ("squeezenet1_0", "features", (13, 13)),  # its last convolution is the classifier
        ("resnet18", "layer4", (7, 7)),
        ("densenet121", "features:activation", (7, 7)),  # its last ReLU is no module
        ("regnet_y_400mf", "trunk_output", (7, 7)),
        ("mobilenet_v2", "features", (7, 7)),
        ("shufflenet_v2_x1_0", "conv5", (7, 7)),
        ("googlenet", "inception5b", (7, 7)),
        ("efficientnet_b0", "features", (7, 7)),
    ],
)
def test_the_target_layer_by_rule_is_the_last_map_before_pooling(
    name: str, layer: str, grid: tuple[int, int]
) -> None:
    more = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    # RegNet computes its widths with tensors, so it can't be built on "meta"
    with torch.device("cpu" if name.startswith("regnet") else "meta"):
        network = torchvision.models.get_model(name, weights=None, **more).eval()
    sequence = trace(network, (3, 224, 224))
    assert str(sequence.target_layer()) == layer
    assert sequence.grid(sequence.target_layer()) == grid


def test_a_network_without_any_map_has_no_target_layer() -> None:
    network = nn.Sequential(nn.Flatten(), nn.Linear(300, 4)).eval()
    with pytest.raises(LayerError) as caught:
        trace(network, (3, 10, 10)).target_layer()
    assert_one_sentence(caught.value)


def test_a_network_that_changed_is_traced_again() -> None:
    network = made(Net())
    run(network, pictures(), layers=[LAYER], needs=NEEDS)
    network.norm = nn.Sequential(nn.Identity(), nn.BatchNorm2d(8), nn.AvgPool2d(2)).double().eval()
    found = run(network, pictures(), layers=[LAYER], needs=NEEDS)
    assert found.activations.shape == (2, 8, 4, 4)


@pytest.mark.parametrize("name", ["alexnet", "densenet121", "googlenet", "mobilenet_v3_small"])
def test_no_picture_leads_through_the_same_steps_as_one(name: str) -> None:
    more = {"init_weights": False, "aux_logits": False} if name == "googlenet" else {}
    with torch.device("meta"):
        network = torchvision.models.get_model(name, weights=None, **more)
    network = network.to_empty(device="cpu").eval()
    empty, one = (_run(network, (3, 190, 250), torch.float32, to) for to in (None, "meta"))
    assert len(one.functions) > 20 and len(one.convolutions) > 4
    assert empty == one


def test_a_network_that_takes_no_empty_batch_is_traced_with_a_picture() -> None:
    lengths = []

    def reshape(x: Tensor) -> Tensor:
        lengths.append(len(x))
        return x.view(x.size(0), -1).view(x.shape)  # of nothing, -1 may be any size

    network = made(Net(then=reshape))
    sequence = trace(network, (3, 8, 8))
    assert lengths == [0, 1] and sequence.grid(LAYER) == trace(made(Net()), (3, 8, 8)).grid(LAYER)


def test_a_trace_changes_no_buffer_of_a_network_in_training() -> None:
    network = made(Net()).train()
    before = copy.deepcopy(network.state_dict())
    trace(network, (3, 8, 8))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
