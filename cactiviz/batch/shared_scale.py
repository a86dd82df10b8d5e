"""The colour scale of an animation: per map, or shared by all frames and networks."""

from __future__ import annotations

import threading
from itertools import product

from cactiviz.batch.collect import Collected
from cactiviz.batch.panels import display_of
from cactiviz.batch.store import StoredExplanation
from cactiviz.rendering import paint
from cactiviz.rendering.running_scale import Tally

_Key = tuple[str, str, paint.Scale, tuple[int, ...]]


class SharedScale:
    """Computes ``vmax`` for maps that share a scale over all frames and networks.

    Each map is counted once, also while results still arrive. Thread-safe.

    Args:
        answers: The explanations whose maps are painted.
    """

    def __init__(self, answers: Collected) -> None:
        self._answers = answers
        self._counted: dict[_Key, _Counted] = {}
        self._lock = threading.Lock()

    def of(self, explanation: StoredExplanation, method: str, scale: paint.Scale) -> float:
        """The value painted in full colour for one method's map.

        Raises:
            CactivizError: There is no such scale, or a map holds values that aren't finite.
        """
        values, display = explanation.values[method], display_of(method, explanation)
        if scale not in ("shared", "evidence"):
            return paint.vmax_of([values], display, scale)
        key = (method, display, scale, values.shape if scale == "evidence" else ())
        with self._lock:
            counted = self._counted.get(key)
            if counted is None:
                counted = self._counted[key] = _Counted(Tally(display, scale))
            self._count(counted, key)
            return counted.vmax

    def _count(self, counted: _Counted, key: _Key) -> None:
        answers, (method, _, _, shape) = self._answers, key
        if counted.done == answers.done:
            return
        counted.done = answers.done  # before the answers, of which more may come meanwhile
        for place in product(range(len(answers.sequence)), range(len(answers.names))):
            if place in counted.places:
                continue
            for explanation in answers.explanations_of(*place):
                counted.places.add(place)
                values = explanation.values.get(method)
                if values is not None and (not shape or values.shape == shape):
                    counted.tally.add(values)
        counted.vmax = counted.tally.vmax


class _Counted:
    """A running scale and which (picture, network) pairs it includes."""

    def __init__(self, tally: Tally) -> None:
        self.tally, self.vmax = tally, 0.0
        self.places: set[tuple[int, int]] = set()
        self.done = -1
