"""Words for the explained class, shown where it isn't the network's top class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cactiviz.explanations.results import Explanation
from cactiviz.rendering.scales import percent
from cactiviz.types import Prediction

EXPLAINED = "Explained: "
_ANSWERS = 3  # at the head of a column
_MOST_NAMED = 3  # networks whose probabilities a line has room for


def line(explanations: Sequence[Explanation], titles: Mapping[str, str] | None = None) -> str:
    """The line above the maps that names the explained class; empty if it is the top class.

    Args:
        explanations: One per network, in the order of their columns.
        titles: Network name -> display name; its own title where missing.

    Returns:
        For instance "Explained: coffee mug (3 %)", for several networks
        "Explained: coffee mug (3 % in AlexNet, 12 % in ResNet152)", and with a contrast
        "Explained: coffee mug (3 %), not espresso (81 %)".
    """
    shown = [explanation for explanation in explanations if explanation.explained is not None]
    some_refused = len(shown) < len(explanations)  # then the others don't explain it by themselves
    if not shown or not (some_refused or any(map(asked, shown))):
        return ""
    names = titles or {}
    several = len(explanations) > 1
    class_ = _named([(names.get(r.model, r.title), r.explained) for r in shown], several)
    against = _named([(names.get(r.model, r.title), r.against) for r in shown], several)
    said = EXPLAINED + (class_ or "the answer of each network")
    return f"{said}, not {against}" if against else said


def asked(explanation: Explanation) -> bool:
    """Whether the maps explain anything but the top class alone; a contrast counts."""
    explained = explanation.explained
    if explained is None:
        return False
    own = explained.class_index == explanation.predictions[0].class_index
    return not own or explanation.against is not None


def answers_beside(explanation: Explanation) -> tuple[Prediction, ...]:
    """At most three predictions for display: the top ones, the explained class, its contrast.

    The explained class and its contrast replace less likely classes.
    """
    if not asked(explanation):
        return explanation.predictions[:_ANSWERS]
    wanted = {one.class_index: one for one in (explanation.explained, explanation.against) if one}
    others = [one for one in explanation.predictions if one.class_index not in wanted]
    room = max(0, _ANSWERS - len(wanted))
    return tuple(sorted([*wanted.values(), *others[:room]], key=lambda one: -one.logit))


def marks(explanation: Explanation) -> Mapping[int, str]:
    """Class index -> "explained" or "against", for the predictions in a column's heading."""
    if not asked(explanation):
        return {}
    found = {}
    if explanation.against is not None:
        found[explanation.against.class_index] = "against"
    if explanation.explained is not None:
        found[explanation.explained.class_index] = "explained"
    return found


def own_answer(name: str, share: float, is_explained: bool) -> str:
    r"""The line beside a map of a requested class that names the network's top class.

    >>> own_answer("espresso", 0.81, False), own_answer("cactus", 0.9, True)
    ('Its answer: espresso, 81\xa0%', 'This is its own answer')
    """
    if is_explained:
        return "This is its own answer"
    return f"Its answer: {name}, {percent(share).replace(' ', chr(160))}"


def _named(found: Sequence[tuple[str, Prediction | None]], several: bool) -> str:
    """One class with its probabilities; empty for none, or if the networks' classes differ."""
    answers = [(title, answer) for title, answer in found if answer is not None]
    names = {answer.class_name.casefold() for _, answer in answers}
    if len(names) != 1:
        return ""
    name = answers[0][1].class_name
    shares = [answer.probability for _, answer in answers]
    if not several:
        return f"{name} ({percent(shares[0])})"
    if len(answers) <= _MOST_NAMED:
        each = (f"{percent(answer.probability)} in {title}" for title, answer in answers)
        return f"{name} ({', '.join(each)})"
    low, high = percent(min(shares)), percent(max(shares))
    return f"{name} ({low})" if low == high else f"{name} ({low} to {high})"
