"""The four lessons, and what they share: networks and pictures, the wait, the guess."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape
from typing import TypeVar

import numpy as np
import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.datasets import Item
from cactiviz.datasets.scenes.scene import COUNT
from cactiviz.explanations.explain import explain
from cactiviz.explanations.results import Attribution, Explanation
from cactiviz.methods import METHODS, describe
from cactiviz.metrics.agreement import agreement, sizes
from cactiviz.models import LoadedModel
from cactiviz.rendering.scales import Scale
from cactiviz.runtime.queue import Ticket
from cactiviz.runtime.runner import Network
from cactiviz.types import Cancel, Picture, Target
from cactiviz.ui import texts as shared
from cactiviz.ui.learn import figures, texts
from cactiviz.ui.networks import catalog
from cactiviz.ui.pictures import library
from cactiviz.ui.session import polling, state

T = TypeVar("T")

NETWORK = "cactinet"
CACTUS, NO_CACTUS = "cactus", "no cactus"


def trained_network() -> Network:
    """CactiNet with the weights that come along; ``untrained`` where they don't."""
    return catalog.network(NETWORK, untrained=True)


def untrained_network() -> Network:
    """CactiNet with random weights."""
    return Network(NETWORK, untrained=True)


def scene(number: int, class_name: str = CACTUS) -> Picture:
    """A drawn scene."""
    dataset = library.opened("scenes")
    return library.picture(dataset, Item("scenes", class_name, str(number)))


def read(
    network: Network, picture: Picture, views: Sequence[str], class_: str, layer: str | None = None
) -> Callable[[], Explanation | Ticket[Explanation]]:
    """The question what a network's views say of a class."""
    target = Target(class_)
    return partial(polling.runner().read, network, picture, views, target=target, layer=layer)


def share(explanation: Explanation, class_: str) -> float:
    """The probability, 0..1, that a network gives a class of its top ones."""
    return next((a.probability for a in explanation.predictions if a.class_name == class_), 0.0)


def answers(questions: Mapping[str, Callable[[], T | Ticket[T]]]) -> dict[str, T] | None:
    """All answers; None while some are to come, or one can't be had, which is said then."""
    results = ask(questions, partial(_wait, min(len(questions) + 1, 3)))
    failures = [f.sentence for f in results.values() if isinstance(f, polling.Failure)]
    if failures:
        st.info(shared.plain(failures[0]))
    explanations = {n: a for n, a in results.items() if not isinstance(a, polling.Failure)}
    return explanations if explanations and not failures else None


def ask(
    questions: Mapping[str, Callable[[], T | Ticket[T]]],
    draw_meanwhile: Callable[[polling.Pending], None],
) -> dict[str, T | polling.Failure]:
    """The answers once all are there; before, none, and a page that looks again by itself.

    Args:
        questions: By any name; each asks the runner.
        draw_meanwhile: Draws what stands in the answers' place.
    """

    def wait() -> None:
        waiting = [a for a in polling.ask(questions).values() if isinstance(a, polling.Pending)]
        if not waiting:
            st.rerun()  # which ends the timer
        draw_meanwhile(waiting[0])

    results = polling.ask(questions, polling.PATIENCE_SECONDS)
    if polling.pending(results):
        st.fragment(wait, run_every=polling.LOOK_AGAIN_SECONDS)()
        return {}
    return {name: a for name, a in results.items() if not isinstance(a, polling.Pending)}


def guess(name: str, question: str, options: Mapping[str, str], right: str, turn: int = 0) -> bool:
    """Ask the reader first, and then tell. Nothing is counted or sent.

    Args:
        name: Of the lesson.
        question: What to predict.
        options: Key -> what it says.
        right: The key of the right one.
        turn: Of a lesson that is played several times.

    Returns:
        Whether the answer is to be shown; the verdict is shown already.
    """
    guessed = st.radio(
        question,
        list(options),
        index=None,
        format_func=lambda key: options[key],
        key=f"{state.GUESS} {name} {turn}",
        persist_state="session",
    )
    if guessed is None:
        st.caption(texts.LEARN_GUESS_FIRST)
        return False
    if not is_revealed(name, turn):
        reveal = partial(st.session_state.__setitem__, f"{state.REVEALED} {name} {turn}", True)
        st.button(texts.LEARN_REVEAL, type="primary", on_click=reveal)
        return False
    verdict = texts.learn_verdict(options[guessed], options[right], guessed == right)
    st.html(f'<p class="cv-verdict" role="status">{escape(verdict)}</p>')
    return True


def is_revealed(name: str, turn: int = 0) -> bool:
    """Whether the reader has guessed and asked for the answer."""
    guessed = st.session_state.get(f"{state.GUESS} {name} {turn}")
    return guessed is not None and bool(st.session_state.get(f"{state.REVEALED} {name} {turn}"))


def _wait(boxes: int, pending: polling.Pending) -> None:
    st.caption(f":material/hourglass_top: {texts.learn_waiting(pending.ahead)}")
    st.html(figures.row([figures.Figure("", "", "", shared.WAITING)] * boxes))


SCENE = 178  #: CactiNet is sure of it.

# --- 1: two maps on one picture. Which network has never learnt anything? ---

#: One after the other; in the sanity checks the first fared worst.
_METHODS = ("guided_backprop", "saliency", "grad_cam")


@dataclass(frozen=True)
class Round:
    """What is shown in a round.

    Attributes:
        number: Counted from 1; the same number is the same round.
        scene: The drawn scene's number.
        method: Whose maps.
        untrained: "A" or "B", the random network's side.
    """

    number: int
    scene: int
    method: str
    untrained: str


def play(number: int) -> Round:
    """The round of a number, which is its seed.

    >>> play(1) == play(1), play(1).method
    (True, 'guided_backprop')
    """
    chance = random.Random(f"spot the untrained network, round {number}")
    method = _METHODS[(number - 1) % len(_METHODS)]
    return Round(number, chance.randrange(COUNT), method, chance.choice("AB"))


def show_untrained() -> None:
    """One round, and the way to the next."""
    this = play(int(st.session_state.get(state.ROUND, 1)))
    picture = scene(this.scene)
    title, asks = describe(this.method)
    about = texts.LEARN_1_ROUND.format(number=this.number, title=title, asks=asks)
    st.html(figures.prose(*texts.LEARN_1, about))
    networks = {
        side: untrained_network() if side == this.untrained else trained_network() for side in "AB"
    }
    explanations = answers({s: read(n, picture, _METHODS, CACTUS) for s, n in networks.items()})
    if explanations is None:
        return
    comparison = Comparison(picture, ("A", "B"), (this.method,), explanations)
    hidden = not is_revealed("untrained", this.number)
    titles = {
        side: texts.learn_side(side, None if hidden else explanation.untrained)
        for side, explanation in explanations.items()
    }
    maps = [
        figures.of_map(comparison, side, this.method, titles[side], hide_range=hidden)
        for side in "AB"
    ]
    st.html(figures.row([figures.of_picture(picture, shared.ORIGINAL), *maps]))
    options = texts.LEARN_1_OPTIONS
    if guess("untrained", texts.LEARN_1_ASK, options, this.untrained, this.number):
        st.html(figures.prose(*_why(this, explanations), *texts.LEARN_1_KNOWN))
        again = partial(st.session_state.__setitem__, state.ROUND, this.number + 1)
        st.button(texts.LEARN_1_AGAIN, icon=":material/casino:", on_click=again)


def _why(this: Round, explanations: Mapping[str, Explanation]) -> list[str]:
    both = [explanations["AB".replace(this.untrained, "")], explanations[this.untrained]]
    maps = [explanation.attributions[this.method].values for explanation in both]
    return [
        texts.learn_1_who(*(share(explanation, CACTUS) for explanation in both)),
        texts.learn_1_alike(agreement(*map(sizes, maps))),
        texts.learn_1_size(*(float(sizes(abs(values)).max()) for values in maps)),
    ]


# --- 2: the same picture, two opposite classes. Which method cares which one was asked for? ---

_OPPOSED = ("guided_backprop", "grad_cam")
_PLAIN = "saliency"
_SAME = 0.9  # agreement from which the eye sees hardly any difference


def show_classes() -> None:
    """Guided backprop and Grad-CAM for "cactus" and for "no cactus"."""
    picture = scene(SCENE)
    st.html(figures.prose(*texts.LEARN_2))
    views, classes = (*_OPPOSED, _PLAIN), (CACTUS, NO_CACTUS)
    explanations = answers(
        {name: read(trained_network(), picture, views, name) for name in classes}
    )
    if explanations is None:
        return
    comparison = Comparison(picture, classes, _OPPOSED, explanations)
    original = figures.of_picture(picture, shared.ORIGINAL)
    st.html(figures.row([original, *_maps_for(comparison, CACTUS)]))
    maps = {
        view: [explanation.attributions[view].values for explanation in explanations.values()]
        for view in views
    }
    alike = {view: agreement(*values) for view, values in maps.items()}
    if guess("classes", texts.LEARN_2_ASK, texts.LEARN_2_OPTIONS, right(alike)):
        label = texts.LEARN_ASKED.format(class_name=NO_CACTUS)
        st.html(figures.row(_maps_for(comparison, NO_CACTUS), label))
        st.html(
            figures.prose(
                texts.learn_2_numbers(alike["guided_backprop"], alike["grad_cam"]),
                texts.learn_2_faint(*(float(abs(m).max()) for m in maps["guided_backprop"])),
                texts.learn_2_plain(alike[_PLAIN]),
                *texts.LEARN_2_KNOWN,
            )
        )


def right(alike: dict[str, float]) -> str:
    """The key of the answer that the numbers give.

    >>> right({"guided_backprop": 1.0, "grad_cam": -0.7})
    'guided_backprop'
    >>> right({"guided_backprop": 1.0, "grad_cam": 0.95})
    'both'
    """
    same = [method for method in _OPPOSED if alike[method] >= _SAME]
    return same[0] if len(same) == 1 else "both" if same else "neither"


def _maps_for(comparison: Comparison, class_: str) -> list[figures.Figure]:
    titles = {
        method: texts.LEARN_FOR.format(method=METHODS[method].title, class_name=class_)
        for method in _OPPOSED
    }
    return [figures.of_map(comparison, class_, name, title) for name, title in titles.items()]


# --- 3: what a scale of its own hides ---

#: In the first the trained network's map is by far the stronger one, in the second the random
#: network's is; the sentences are made of the numbers all the same.
SCALE_SCENES = (38, 41)
SCALE_METHOD, SCALE_LAYER = "layer_cam", "stages.1"  #: Does best of the heat maps on this network.
_SIDES = ("trained", "untrained")


def show_scale() -> None:
    """Two maps on scales of their own, then on one scale; then another picture."""
    st.html(figures.prose(*texts.LEARN_3))
    networks = dict(zip(_SIDES, (trained_network(), untrained_network()), strict=True))
    scenes = {number: scene(number) for number in SCALE_SCENES}
    explanations = answers(
        {
            f"{number} {side}": read(network, scene, [SCALE_METHOD], CACTUS, SCALE_LAYER)
            for number, scene in scenes.items()
            for side, network in networks.items()
        }
    )
    if explanations is None:
        return
    first, second = (
        Comparison(
            scene,
            _SIDES,
            (SCALE_METHOD,),
            {side: explanations[f"{number} {side}"] for side in _SIDES},
        )
        for number, scene in scenes.items()
    )
    st.html(_pair(first, "own", hide_range=not is_revealed("scale")))
    if guess("scale", texts.LEARN_3_ASK, texts.LEARN_3_OPTIONS, "unknown"):
        st.html(figures.prose(texts.learn_3_first(*_largest(first))))
        st.html(_pair(first, "shared"))
        st.html(figures.prose(texts.learn_3_second(*_largest(second), *_largest(first))))
        st.html(_pair(second, "own") + _pair(second, "shared"))
        st.html(figures.prose(*texts.LEARN_3_KNOWN))


def _pair(comparison: Comparison, scale: Scale, *, hide_range: bool = False) -> str:
    """Both maps, beside the picture or, on one scale, beside a word that says so."""
    titles = {"trained": texts.learn_side("A", False), "untrained": texts.learn_side("B", True)}
    maps = [
        figures.of_map(comparison, side, SCALE_METHOD, title, scale=scale, hide_range=hide_range)
        for side, title in titles.items()
    ]
    if scale == "shared":
        return figures.row(maps, texts.LEARN_3_SHARED)
    return figures.row([figures.of_picture(comparison.picture, shared.ORIGINAL), *maps])


def _largest(comparison: Comparison) -> tuple[float, float]:
    """The largest number of the trained network's map, and of the random one's."""
    maps = [comparison.explanations[side].attributions[SCALE_METHOD] for side in _SIDES]
    return float(maps[0].values.max()), float(maps[1].values.max())


# --- 4: what 32 x 32 pixels do to a Grad-CAM ---

LAYERS = ("stages.1", "stages.2", "stages.3", "head")  #: Each halves what the one before left.
_NATIVE, _SMALL = 64, 32  # pixels; what CactiNet learnt at, and what its tiles had
_SIDE = 64  # squares; more than any map has, so that each square is painted as one


def show_size() -> None:
    """Grad-CAM at four layers at 64 x 64 pixels, then at 32 x 32."""
    picture, empty = scene(SCENE), scene(SCENE, NO_CACTUS)
    st.html(figures.prose(*texts.LEARN_4))
    explanations = answers(
        {
            "native": _at_layers(picture, _NATIVE),
            "small": _at_layers(picture, _SMALL),
            "native, none": _at_layers(empty, _NATIVE),
            "small, none": _at_layers(empty, _SMALL),
        }
    )
    if explanations is None:
        return
    st.html(_layers_row(picture, explanations["native"], _NATIVE))
    last = explanations["small"].attributions[f"grad_cam@{LAYERS[-1]}"]
    if guess("size", texts.LEARN_4_ASK, texts.LEARN_4_OPTIONS, str(last.grid[0])):
        st.html(_layers_row(picture, explanations["small"], _SMALL))
        order = ("small", "small, none", "native", "native, none")
        shares = [share(explanations[key], CACTUS) for key in order]
        low, high = float(last.values.min()), float(last.values.max())
        st.html(
            figures.prose(
                texts.learn_4_last(last.grid, low, high),
                texts.learn_4_answers(*shares),
                *texts.LEARN_4_KNOWN,
            )
        )


def at_size(model: LoadedModel, pixels: int) -> LoadedModel:
    """The same network, given its pictures at another size."""
    preprocessing = replace(model.spec.preprocessing, input_size=(pixels, pixels))
    return replace(model, spec=replace(model.spec, preprocessing=preprocessing))


def squares(attribution: Attribution) -> Attribution:
    """The same map with every value repeated, so that painting doesn't blur its squares.

    Its largest and smallest values stay.
    """
    high, wide = (max(1, _SIDE // side) for side in attribution.grid)
    return replace(attribution, values=np.kron(attribution.values, np.ones((high, wide))))


def _at_layers(picture: Picture, pixels: int) -> Callable[[], Explanation | Ticket[Explanation]]:
    def work(model: LoadedModel, cancel: Cancel) -> Explanation:
        return explain(
            at_size(model, pixels),
            picture,
            ["grad_cam"],
            target=Target(CACTUS),
            layers=LAYERS,
            cancel=cancel,
        )

    key = ("learn", "size", picture.sha256, pixels)
    return partial(polling.runner().ask, trained_network(), key, work)


def _layers_row(picture: Picture, explanation: Explanation, pixels: int) -> str:
    shown = {key: squares(one) for key, one in explanation.attributions.items()}
    explanations = {"it": replace(explanation, attributions=shown)}
    comparison = Comparison(picture, ("it",), tuple(shown), explanations)
    maps = [
        figures.of_map(comparison, "it", key, texts.learn_squares(attribution.grid))
        for key, attribution in explanation.attributions.items()
    ]
    return figures.row([figures.of_picture(picture, texts.LEARN_4_INPUT, pixels), *maps])
