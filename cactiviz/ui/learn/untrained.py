"""Lesson 1: two maps on one picture. Which network has never learnt anything?"""

from __future__ import annotations

import random
from dataclasses import dataclass

import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.datasets.scenes.scene import COUNT
from cactiviz.explanations.results import Explanation
from cactiviz.methods import describe
from cactiviz.metrics.agreement import agreement, sizes
from cactiviz.ui import texts
from cactiviz.ui.learn import figures, lesson
from cactiviz.ui.session import state

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


def show() -> None:
    """One round, and the way to the next."""
    this = play(int(st.session_state.get(state.ROUND, 1)))
    picture = lesson.scene(this.scene)
    title, asks = describe(this.method)
    st.html(figures.prose(*texts.LEARN_1, texts.learn_1_round(this.number, title, asks)))
    networks = {
        side: lesson.untrained() if side == this.untrained else lesson.trained() for side in "AB"
    }
    explanations = lesson.answers(
        {s: lesson.read(n, picture, list(_METHODS), lesson.CACTUS) for s, n in networks.items()}
    )
    if explanations is None:
        return
    comparison = Comparison(picture, ("A", "B"), (this.method,), explanations)
    hidden = not lesson.is_revealed("untrained", this.number)
    maps = [
        figures.of_map(
            comparison, side, this.method, _title(side, explanations, hidden), hide_range=hidden
        )
        for side in "AB"
    ]
    st.html(figures.row([figures.of_picture(picture, texts.ORIGINAL), *maps]))
    if lesson.guess(
        "untrained", texts.LEARN_1_ASK, texts.LEARN_1_OPTIONS, this.untrained, this.number
    ):
        st.html(figures.prose(*_why(this, explanations)))
        st.button(
            texts.LEARN_1_AGAIN, icon=":material/casino:", on_click=_next, args=(this.number,)
        )


def _title(side: str, explanations: dict[str, Explanation], hidden: bool) -> str:
    return texts.learn_side(side, None if hidden else explanations[side].untrained)


def _why(this: Round, explanations: dict[str, Explanation]) -> list[str]:
    random_one = explanations[this.untrained]
    learnt = explanations["AB".replace(this.untrained, "")]
    maps = [one.attributions[this.method].values for one in (learnt, random_one)]
    shown = [sizes(values) for values in maps]
    return [
        texts.learn_1_who(
            lesson.share(learnt, lesson.CACTUS), lesson.share(random_one, lesson.CACTUS)
        ),
        texts.learn_1_alike(agreement(*shown)),
        texts.learn_1_size(*(float(sizes(abs(values)).max()) for values in maps)),
        *texts.LEARN_1_KNOWN,
    ]


def _next(number: int) -> None:
    st.session_state[state.ROUND] = number + 1
