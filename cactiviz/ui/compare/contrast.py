"""Why A and not B: what speaks for one class and against another in each network, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.caveats import STRANGER
from cactiviz.explanations.results import Explanation
from cactiviz.rendering.colormaps import DIVERGING
from cactiviz.rendering.scales import number
from cactiviz.types import Prediction
from cactiviz.ui import texts as shared
from cactiviz.ui.compare import texts
from cactiviz.ui.components.loader import component
from cactiviz.ui.networks import catalog
from cactiviz.ui.sidebar.choice import Choice, explain

_OTHER = 40  # steps of the palette from its end, where both colours are seen on light and dark


@dataclass(frozen=True)
class Margin:
    """How far one class is ahead of another in a network.

    Attributes:
        first: The class asked for.
        second: The class it is held against.
        one_score: The network has a single score z for both: they have z and -z.
    """

    first: Prediction
    second: Prediction
    one_score: bool

    @property
    def ahead(self) -> float:
        """The first's score less the second's; below 0 where the second is ahead."""
        return self.first.logit - self.second.logit

    @property
    def part(self) -> float:
        """The first's part of the probability that both have together, 0..1."""
        both = self.first.probability + self.second.probability
        if both > 0:
            return self.first.probability / both
        return 0.5 * (1 + (self.ahead > 0) - (self.ahead < 0))


def margin(explanation: Explanation) -> Margin | None:
    """What an explanation says of its two classes; None where the network was refused one."""
    first, second = explanation.explained, explanation.against
    if first is None or second is None:
        return None
    one_score = len(explanation.scores) == 2 and first.logit == -second.logit != 0
    return Margin(first, second, one_score)


def button(choice: Choice, comparison: Comparison) -> None:
    """Ask about the two classes of :func:`offered`, or go back to each one's own."""
    if choice.target is not None and choice.target.contrast is not None:
        label, about, classes_asked = texts.WHY_NOT_END, texts.WHY_NOT_END_HELP, ("", "")
    else:
        classes = offered(choice, comparison)
        if classes is None:
            return
        classes_asked = classes
        label = shared.plain(texts.WHY_NOT.format(other=classes[1]))
        about = shared.plain(texts.WHY_NOT_HELP.format(class_name=classes[0], other=classes[1]))
    pressed = st.button(
        label,
        key="why not button",
        help=about,
        icon=":material/undo:" if not classes_asked[1] else None,
        on_click=explain,
        args=classes_asked,
    )
    if pressed:
        st.rerun()  # the whole page, whose side says what is explained


def offered(choice: Choice, comparison: Comparison) -> tuple[str, str] | None:
    """The class that a network explains and its likeliest other one, which most of them know.

    Where as many know one pair as another, that of the first network is taken. Those with random
    weights count only where no other has answered, and those to which the picture is a stranger
    never. None where nobody could answer.
    """
    answered = [
        comparison.explanations[name] for name in choice.models if name in comparison.explanations
    ]
    answered = [e for e in answered if not e.stranger]
    learnt = [e for e in answered if not e.untrained]
    class_names = [_known(explanation) for explanation in learnt or answered]
    pairs = {
        pair: sum(names.issuperset(map(str.casefold, pair)) for names in class_names)
        for explanation in learnt or answered
        if (pair := _pair(explanation)) is not None
    }
    best = max(pairs, key=lambda pair: pairs[pair], default=None)
    return best if best is not None and pairs[best] else None


def _pair(explanation: Explanation) -> tuple[str, str] | None:
    first = explanation.explained
    if first is None:
        return None
    others = [a.class_name for a in explanation.predictions if a.class_name != first.class_name]
    return (first.class_name, others[0]) if others else None


def _known(explanation: Explanation) -> set[str]:
    """The names, in small letters, that each stand for one of its classes."""
    names: Sequence[str] = catalog.class_names(explanation.model)
    if not names:  # then it is known by what it answered
        answers = [*explanation.predictions, *filter(None, [explanation.explained])]
        names = list({a.class_index: a.class_name for a in answers}.values())
    return {name for name, times in Counter(map(str.casefold, names)).items() if times == 1}


def show(choice: Choice, comparison: Comparison) -> None:
    """Say what the maps show and which class is ahead in each network, if a contrast is asked."""
    if choice.target is not None and choice.target.contrast is not None:
        component("contrast", "compare")(data=payload(choice, comparison), key="why not")


def payload(choice: Choice, comparison: Comparison) -> dict[str, Any]:
    """What the browser is sent: a title, a card for each network, and notes."""
    margins = {name: margin(explanation) for name, explanation in comparison.explanations.items()}
    class_, other = _asked(choice, margins)
    notes = [
        texts.ONE_SCORE.format(
            title=catalog.title(name),
            first=margin.first.class_name,
            second=margin.second.class_name,
        )
        for name, margin in margins.items()
        if margin is not None and margin.one_score
    ]
    ends = DIVERGING[_OTHER], DIVERGING[-1 - _OTHER]
    return {
        "title": texts.why_not_title(class_, other),
        "cards": [_card(name, comparison, margins) for name in comparison.models],
        "notes": [texts.WHY_NOT_COLOURS, *notes],
        "colours": [f"rgb({', '.join(map(str, colour.tolist()))})" for colour in ends],
    }


def _asked(choice: Choice, margins: dict[str, Margin | None]) -> tuple[str, str]:
    """Both classes by their names where a network knows them, else as they were written."""
    first_margin = next((margin for margin in margins.values() if margin is not None), None)
    target = choice.target
    class_ = "" if target is None or target.class_ is None else str(target.class_)
    other = "" if target is None or target.contrast is None else str(target.contrast)
    if first_margin is None:
        return class_, other
    return class_ and first_margin.first.class_name, first_margin.second.class_name


def _card(name: str, comparison: Comparison, margins: dict[str, Margin | None]) -> dict[str, Any]:
    title = catalog.title(name)
    if name in comparison.failures:
        return {"title": title, "why": comparison.failures[name]}
    if name not in comparison.explanations:
        return {"title": title, "why": shared.WAITING}
    margin = margins[name]
    if comparison.explanations[name].stranger:
        return {"title": title, "why": STRANGER}
    if margin is None:
        whys = comparison.explanations[name].failures.values()
        return {"title": title, "why": next(iter(whys), texts.WHY_NOT_REFUSED)}
    first, second = margin.first, margin.second
    return {
        "title": title,
        "why": "",
        "ahead": shared.ahead(
            first.class_name, second.class_name, margin.ahead, number(abs(margin.ahead))
        ),
        "part": margin.part,
        "first": f"{first.class_name} {texts.percent_finely(first.probability)}",
        "second": f"{second.class_name} {texts.percent_finely(second.probability)}",
    }
