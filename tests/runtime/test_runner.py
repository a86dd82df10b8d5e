"""The runner: known by content, bounded by bytes, the same for one thread or many."""

from __future__ import annotations

import gc
import logging
import threading
import weakref
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from cactiviz.errors import CactivizError, Cancelled, DeviceError, ModelError
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Explanation
from cactiviz.models import MODELS, LoadedModel, load_model
from cactiviz.pictures.open import sample
from cactiviz.runtime import runner as runner_module
from cactiviz.runtime.queue import Ticket
from cactiviz.runtime.runner import Network, Runner, pieces
from cactiviz.types import Cancel, FilterGrid, Picture, Target

SOON = 30  # seconds
CACTINET = Network("cactinet", untrained=True)
KILOBYTE = 1024


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def seldom_collected(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A round of the collector after each load takes half a second over all that tests import."""
    if "collects" not in request.fixturenames:
        monkeypatch.setattr(runner_module, "spare_the_collector", gc.unfreeze)


@pytest.fixture
def collects() -> None:
    """Asked for by tests of what the collector does."""


@pytest.fixture
def runner(clock: Clock) -> Iterator[Runner]:
    yield Runner("cpu", clock=clock)
    gc.unfreeze()  # so that what other tests leave behind is collected


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The pictures' names, one for each pass through a network."""
    made: list[str] = []

    def counted(model: LoadedModel, picture: Picture, *rest: Any, **more: Any) -> Explanation:
        made.append(picture.name)
        return explain(model, picture, *rest, **more)

    monkeypatch.setattr(runner_module, "explain", counted)
    return made


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Networks of 100 kB each instead of real ones; the names in the order of loading."""
    made: list[str] = []

    def load(name: str, **_: Any) -> LoadedModel:
        made.append(name)
        kilobytes = 900 if name == "huge" else 100
        module = nn.Linear(16, kilobytes * 16, bias=False).eval()  # of 64 bytes a row
        return LoadedModel(replace(MODELS["cactinet"], name=name), module, False, "fake")

    monkeypatch.setattr(runner_module, "load_model", load)
    return made


@pytest.fixture(scope="module")
def picture() -> Picture:
    return Picture(sample("chelsea").rgb[60:124, 100:196], name="a cat's eye")


def said(answer: Any) -> Any:
    """What was asked for, when it is there."""
    return answer.result(SOON) if isinstance(answer, Ticket) else answer


def same(one: Explanation, other: Explanation) -> None:
    """Equal to the last bit, but for the time that they took."""
    assert one.predictions == other.predictions
    assert one.attributions.keys() == other.attributions.keys()
    for name, attribution in one.attributions.items():
        np.testing.assert_array_equal(attribution.values, other.attributions[name].values)
        assert attribution.notes == other.attributions[name].notes


# --- Known by content ---


def test_a_reading_is_what_explain_says(runner: Runner, picture: Picture) -> None:
    views = ["grad_cam", "saliency", "guided_backprop", "filters"]
    found = pieces(said(runner.read(CACTINET, picture, views)), views)
    same(found, explain(load_model("cactinet", untrained=True, device="cpu"), picture, views))
    assert found.views == views


def test_an_equal_question_costs_no_pass(
    runner: Runner, picture: Picture, passes: list[str]
) -> None:
    first = said(runner.read(CACTINET, picture, ["grad_cam"]))
    renamed = Picture(picture.rgb, name="the same under another name")
    assert runner.read(CACTINET, renamed, ["grad_cam"]) is first
    assert runner.read(CACTINET, picture, ["hires_cam", "grad_cam"]) is first  # the same needs
    assert "hires_cam" in first.attributions and len(passes) == 1


def test_less_than_what_is_known_costs_no_pass(
    runner: Runner, picture: Picture, passes: list[str]
) -> None:
    first = said(runner.read(CACTINET, picture, ["grad_cam", "saliency", "guided_backprop"]))
    for views in (["saliency"], ["layer_cam", "guided_backprop"], ["guided_grad_cam"], ["filters"]):
        assert runner.read(CACTINET, picture, views) is first
        assert pieces(first, views).views == views
    assert len(passes) == 1


def test_less_than_what_is_under_way_costs_no_pass(
    runner: Runner, picture: Picture, passes: list[str]
) -> None:
    busy, go = threading.Event(), threading.Event()
    before = runner.ask(CACTINET, "before", lambda *_: (busy.set(), go.wait(SOON)))
    assert busy.wait(SOON)
    much = runner.read(CACTINET, picture, ["grad_cam", "saliency"])
    less = runner.read(CACTINET, picture, ["grad_cam"])
    assert isinstance(much, Ticket)
    much.give_back()  # as when a page asks for one view less
    go.set()
    assert {"grad_cam", "saliency"} <= said(less).attributions.keys()
    assert said(before) and len(passes) == 1


def test_more_than_what_is_known_is_computed(
    runner: Runner, picture: Picture, passes: list[str]
) -> None:
    said(runner.read(CACTINET, picture, ["grad_cam"]))
    assert "saliency" in said(runner.read(CACTINET, picture, ["saliency"])).attributions
    assert len(passes) == 2


def test_what_the_answer_depends_on_is_in_its_key(
    runner: Runner, picture: Picture, passes: list[str], tmp_path: Any
) -> None:
    def grad_cam(network: Network = CACTINET, of: Picture = picture, **rest: Any) -> Explanation:
        found: Explanation = said(runner.read(network, of, ["grad_cam"], **rest))
        return found

    plain = grad_cam()
    darker = Picture(picture.rgb // 2, name=picture.name)
    grey = Picture(np.full((64, 96, 3), 90, np.uint8))
    turned = Picture(np.full((96, 64, 3), 90, np.uint8))  # as many equal pixels
    others = [
        grad_cam(of=darker),
        grad_cam(of=grey),
        grad_cam(of=turned),
        grad_cam(target=Target(0)),
        grad_cam(target=Target(1)),
        grad_cam(target=Target(1, contrast=0)),
        grad_cam(layer="stages.1"),
        grad_cam(resize="squash"),
        grad_cam(replace(CACTINET, revision="other weights")),
    ]
    assert len({id(one) for one in [plain, *others]}) == 1 + len(others) == len(passes)
    assert others[1].seen != others[2].seen


def test_a_result_belongs_to_all_and_is_not_written_to(runner: Runner, picture: Picture) -> None:
    found = said(runner.read(CACTINET, picture, ["grad_cam"]))
    with pytest.raises(ValueError, match="read-only"):
        found.attributions["grad_cam"].values[0] = 1
    grids = said(
        runner.ask(CACTINET, "k", lambda *_: ({"a": FilterGrid("x", np.zeros((1, 1, 2, 2)))},))
    )
    with pytest.raises(ValueError, match="read-only"):
        grids[0]["a"].kernels[0] = 1
    assert bool(
        torch.isfinite(next(iter(load_model("cactinet", untrained=True).module.parameters()))).all()
    )


@pytest.mark.parametrize("answer", [None, 0, "", []])
def test_an_answer_that_looks_like_none_is_an_answer(
    runner: Runner, loads: list[str], answer: object
) -> None:
    said(runner.ask(CACTINET, "empty", lambda *_: answer))
    assert runner.ask(CACTINET, "empty", lambda *_: pytest.fail("asked again")) == answer


def test_what_ended_in_spite_of_a_cancel_is_not_computed_again(
    runner: Runner, loads: list[str]
) -> None:
    begun, go, times = threading.Event(), threading.Event(), []

    def work(model: LoadedModel, cancel: Cancel) -> str:
        times.append(1)
        begun.set()
        go.wait(SOON)
        return "answer"  # it was at its last step already

    old = runner.ask(CACTINET, "q", work)
    assert isinstance(old, Ticket) and begun.wait(SOON)
    old.give_back()
    new = runner.ask(CACTINET, "q", work)
    assert isinstance(new, Ticket) and not new.done()
    go.set()
    assert said(new) == "answer" and len(times) == 1


# --- Failures ---


def test_a_failure_is_kept_for_a_minute_and_then_tried_again(
    runner: Runner, loads: list[str], clock: Clock
) -> None:
    times: list[int] = []

    def work(model: LoadedModel, cancel: Cancel) -> str:
        times.append(1)
        if len(times) == 1:
            raise ModelError("The network is ill.")
        return "well again"

    for _ in range(3):
        with pytest.raises(ModelError, match="The network is ill"):
            said(runner.ask(CACTINET, "q", work))
    clock.now = 59
    with pytest.raises(ModelError):
        runner.ask(CACTINET, "q", work)
    assert len(times) == 1
    clock.now = 61
    assert said(runner.ask(CACTINET, "q", work)) == "well again"


def test_a_failure_of_more_is_not_one_of_less(
    runner: Runner, picture: Picture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def small(model: LoadedModel, picture: Picture, views: list[str], **rest: Any) -> Explanation:
        if "saliency" in views:
            raise DeviceError("The memory is too small.")
        return explain(model, picture, views, **rest)

    monkeypatch.setattr(runner_module, "explain", small)
    with pytest.raises(DeviceError):
        said(runner.read(CACTINET, picture, ["grad_cam", "saliency"]))
    assert "grad_cam" in said(runner.read(CACTINET, picture, ["grad_cam"])).attributions


def test_the_unexpected_becomes_one_sentence_and_is_logged(
    runner: Runner, loads: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    def work(model: LoadedModel, cancel: Cancel) -> None:
        raise ZeroDivisionError("/secret/path")

    with caplog.at_level(logging.ERROR), pytest.raises(CactivizError) as caught:
        said(runner.ask(CACTINET, "q", work))
    assert str(caught.value) == "Something went wrong inside cactinet; the terminal says what."
    assert "/secret/path" in caplog.text and "ZeroDivisionError" in caplog.text
    with pytest.raises(CactivizError, match="Something went wrong"):
        runner.ask(CACTINET, "q", work)
    assert said(runner.ask(CACTINET, "other", lambda *_: "the worker lives")) == "the worker lives"


def test_weights_that_are_not_here_are_a_sentence(
    runner: Runner, monkeypatch: pytest.MonkeyPatch, tmp_path: Any, picture: Picture
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    with pytest.raises(CactivizError, match="on this machine"):
        said(runner.read(Network("alexnet"), picture, ["grad_cam"]))


def test_a_kept_failure_holds_no_tensors_and_gathers_no_tracebacks(
    runner: Runner, loads: list[str]
) -> None:
    class Tensor:
        pass

    held: list[weakref.ref[Tensor]] = []

    def work(model: LoadedModel, cancel: Cancel) -> None:
        large = Tensor()
        held.append(weakref.ref(large))
        try:
            raise RuntimeError("no memory")
        except RuntimeError as error:
            raise DeviceError("The memory is too small.") from error

    raised = []
    gc.disable()
    try:
        for _ in range(3):
            try:
                said(runner.ask(CACTINET, "q", work))
            except DeviceError as error:
                raised.append(error)
    finally:
        gc.enable()
    assert len(held) == 1 and held[0]() is None
    assert raised[1] is not raised[2]  # each thread raises one of its own


def test_a_cancel_is_no_failure(runner: Runner, loads: list[str]) -> None:
    begun = threading.Event()

    def work(model: LoadedModel, cancel: Cancel) -> None:
        begun.set()
        while not cancel.is_set():
            pass
        raise Cancelled("stopped")

    ticket = runner.ask(CACTINET, "q", work)
    assert isinstance(ticket, Ticket) and begun.wait(SOON)
    ticket.give_back()
    assert said(runner.ask(CACTINET, "q", lambda *_: "computed")) == "computed"


# --- Bounded by bytes ---


def watch(runner: Runner, name: str, into: dict[str, Callable[[], object]]) -> None:
    """Load a network, and keep no more of it than whether it lives."""

    def work(model: LoadedModel, cancel: Cancel) -> str:
        model.module.circle = [model.module]  # only a collector can free this
        into[name] = weakref.ref(model.module)
        return name

    assert said(runner.ask(Network(name), f"watch {len(into)}", work)) == name


@pytest.mark.usefixtures("collects")
def test_the_network_least_recently_used_goes_and_its_memory_is_freed(loads: list[str]) -> None:
    runner = Runner("cpu", models_bytes=350 * KILOBYTE)
    alive: dict[str, Callable[[], object]] = {}
    for name in ("a", "b", "c"):
        watch(runner, name, alive)
    assert runner.in_memory() == ["a", "b", "c"]
    said(runner.ask(Network("a"), "again", lambda *_: 1))
    watch(runner, "d", alive)
    assert sorted(runner.in_memory()) == ["a", "c", "d"]
    assert alive["b"]() is None and alive["a"]() is not None
    said(runner.ask(Network("b"), "again", lambda *_: 1))
    assert loads == ["a", "b", "c", "d", "b"]


@pytest.mark.usefixtures("collects")
def test_a_network_larger_than_the_room_is_used_and_not_kept(loads: list[str]) -> None:
    runner = Runner("cpu", models_bytes=350 * KILOBYTE)
    alive: dict[str, Callable[[], object]] = {}
    watch(runner, "a", alive)
    watch(runner, "huge", alive)
    assert runner.in_memory() == ["a"]
    watch(runner, "b", alive)
    gc.collect()
    assert alive["huge"]() is None


@pytest.mark.usefixtures("collects")
def test_after_a_load_the_collector_does_not_look_at_networks(
    runner: Runner, loads: list[str]
) -> None:
    alive: dict[str, Callable[[], object]] = {}
    gc.unfreeze()
    watch(runner, "a", alive)
    module = alive["a"]()
    assert gc.get_freeze_count() > 10_000
    assert all(found is not module for found in gc.get_objects())


def test_results_are_bounded_and_one_too_large_says_so(loads: list[str]) -> None:
    runner = Runner("cpu", results_bytes=100 * KILOBYTE)
    times: list[str] = []

    def ask(question: str, kilobytes: int) -> Any:
        def work(model: LoadedModel, cancel: Cancel) -> Any:
            times.append(question)
            return {"deep": [np.zeros(kilobytes * KILOBYTE, np.uint8)]}

        return said(runner.ask(CACTINET, question, work))

    for question in ("a", "b", "a", "c", "b"):
        ask(question, 45)
    assert times == ["a", "b", "c", "b"]
    for _ in range(2):  # else each look at the page would begin anew
        with pytest.raises(CactivizError, match="too large to be kept"):
            ask("huge", 101)
    assert times.count("huge") == 1


def test_what_is_forgotten_leaves_nothing(runner: Runner, loads: list[str]) -> None:
    mine, others = Network("mine", revision="1"), Network("mine", revision="2")
    alive: dict[str, Callable[[], object]] = {}
    for network in (mine, others):
        said(runner.ask(network, "q", lambda *_: 1))
    with pytest.raises(ModelError):
        said(runner.ask(mine, "bad", lambda *_: (_ for _ in ()).throw(ModelError("ill"))))
    said(runner.ask(mine, "w", lambda model, _: alive.update(mine=weakref.ref(model.module))))
    runner.forget(mine)
    runner.forget(mine)
    assert alive["mine"]() is None and runner.in_memory() == ["mine"]
    assert runner.ask(others, "q", lambda *_: 2) == 1
    assert said(runner.ask(mine, "q", lambda *_: 2)) == 2
    assert said(runner.ask(mine, "bad", lambda *_: 2)) == 2


# --- Many at once ---


def test_many_threads_get_the_serial_answers(passes: list[str], picture: Picture) -> None:
    pictures = [Picture(np.roll(picture.rgb, 9 * n, axis=1), name=f"{n}") for n in range(3)]
    views = [["grad_cam"], ["saliency", "filters"], ["grad_cam", "guided_backprop"], ["layer_cam"]]
    model = load_model("cactinet", untrained=True, device="cpu")
    every = ["grad_cam", "layer_cam", "saliency", "guided_backprop"]
    serial = [explain(model, one, every) for one in pictures]
    runner = Runner("cpu")
    wrong: list[str] = []

    def session(number: int) -> None:
        order = np.random.default_rng(number).permutation(12)
        for turn in order:
            which, wanted = int(turn) % 3, views[int(turn) // 3]
            answer = runner.read(CACTINET, pictures[which], wanted)
            if turn == order[3] and isinstance(answer, Ticket):
                answer.give_back()
                continue
            found = pieces(said(answer), wanted)
            try:
                same(found, pieces(serial[which], wanted[:1] if "filters" in wanted else wanted))
            except AssertionError as error:
                wrong.append(str(error))

    threads = [threading.Thread(target=session, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SOON)
    assert not wrong
    assert len(passes) <= 9 + 8  # three needs for each picture, and what was begun anew
