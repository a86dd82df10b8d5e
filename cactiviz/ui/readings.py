"""What the networks say of the chosen picture, as far as it is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from cactiviz.comparison import Comparison
from cactiviz.explain import Reading
from cactiviz.jobs import Ticket
from cactiviz.runner import pieces
from cactiviz.ui import asking, networks
from cactiviz.ui.choices import Choice


@dataclass(frozen=True, eq=False)
class Progress:
    """A comparison on its way.

    Attributes:
        comparison: As far as it has come; a network that is in neither its readings nor its
            failures is still to answer.
        waiting: The networks still to answer.
        ahead: Other jobs before the first of them; None where even the queue is full.
    """

    comparison: Comparison
    waiting: tuple[str, ...] = ()
    ahead: int | None = 0


def compared(choice: Choice, patience_seconds: float = 0.0) -> Progress:
    """Ask all networks of the choice, and return what is known by now."""
    found = asking.ask({name: _question(choice, name) for name in choice.models}, patience_seconds)
    readings, failures, waiting = {}, {}, {}
    for name, answer in found.items():
        if isinstance(answer, asking.Waiting):
            waiting[name] = answer
        elif isinstance(answer, asking.Why):
            failures[name] = answer.sentence
        else:
            readings[name] = pieces(answer, choice.methods)
    comparison = Comparison(choice.picture, choice.models, choice.methods, readings, failures)
    ahead = next((one.ahead for one in waiting.values()), 0)
    return Progress(comparison, tuple(waiting), ahead)


def _question(choice: Choice, name: str) -> Callable[[], Reading | Ticket[Reading]]:
    return partial(
        asking.runner().read,
        networks.network(name, choice.untrained),
        choice.picture,
        choice.methods,
        target=choice.target,
        layer=choice.layer,
        resize=choice.resize,
    )
