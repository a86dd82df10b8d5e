"""What the networks say of the chosen picture, as far as it is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.results import Explanation
from cactiviz.runtime.runner import pieces
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import polling
from cactiviz.ui.sidebar.choice import Choice


@dataclass(frozen=True, eq=False)
class Progress:
    """A comparison on its way.

    Attributes:
        comparison: As far as it has come; a network that is in neither its explanations nor its
            failures is still to answer.
        waiting: The networks still to answer.
        ahead: Other jobs before the first of them; None where even the queue is full.
        first: Network -> what it said before a part of the picture was covered, without maps.
        beside: The answers to what was asked besides, by the questions' names.
    """

    comparison: Comparison
    waiting: tuple[str, ...] = ()
    ahead: int | None = 0
    first: Mapping[str, Explanation] = field(default_factory=dict)
    beside: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_pending(self) -> bool:
        """Whether any answer is still to come."""
        return bool(self.waiting) or polling.pending(self.beside)


def compared(
    choice: Choice,
    patience_seconds: float = 0.0,
    *,
    first: Choice | None = None,
    beside: Mapping[str, Callable[[], Any]] | None = None,
) -> Progress:
    """Ask all networks of the choice, and return what is known by now.

    Args:
        choice: What is shown.
        patience_seconds: How long to wait here for answers that aren't there yet.
        first: The same choice before a part of its picture was covered; each network is asked
            about it too, as a rule to hear again what it said before.
        beside: What else is asked, after all of it, by any name.
    """
    both = {"now": choice} if first is None or first is choice else {"first": first, "now": choice}
    # Network by network, so that each is in memory for all that it is asked.
    questions = {
        f"{when} {name}": one.question(name) for name in choice.models for when, one in both.items()
    }
    others = {f"beside {name}": question for name, question in (beside or {}).items()}
    answers = polling.ask({**questions, **others}, patience_seconds)
    firsts, explanations, failures = {}, {}, {}
    told: dict[str, Any] = {}
    waiting: dict[str, polling.Pending] = {}
    for key, answer in answers.items():
        when, _, name = key.partition(" ")
        if when == "beside":
            told[name] = answer
        elif isinstance(answer, polling.Pending):
            waiting.setdefault(name, answer)
        elif isinstance(answer, polling.Failure):
            failures[name] = catalog.why(name, choice.untrained, answer.sentence)
        elif when == "first":
            firsts[name] = pieces(answer, ())
        else:
            explanations[name] = pieces(answer, choice.methods)
    comparison = Comparison(choice.picture, choice.models, choice.methods, explanations, failures)
    ahead = next((one.ahead for one in waiting.values()), 0)
    return Progress(comparison, tuple(waiting), ahead, firsts, told)
