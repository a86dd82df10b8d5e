"""What is painted in full colour in an animation: over one map, or over all on one scale."""

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
    """Takes together what a scale takes together, over all frames and networks.

    Each map is counted once, also where answers still come. Threads may share it.

    Args:
        answers: Whose maps are painted.
    """

    def __init__(self, answers: Collected) -> None:
        self._answers = answers
        self._counted: dict[_Key, _Counted] = {}
        self._lock = threading.Lock()

    def of(self, said: StoredExplanation, method: str, scale: paint.Scale) -> float:
        """The full value that a method's map of an answer is painted with.

        Raises:
            CactivizError: There is no such scale, or a map holds values that aren't finite.
        """
        values, display = said.values[method], display_of(method, said)
        if scale not in ("shared", "evidence"):
            return paint.full_value([values], display, scale)
        key = (method, display, scale, values.shape if scale == "evidence" else ())
        with self._lock:
            counted = self._counted.get(key)
            if counted is None:
                counted = self._counted[key] = _Counted(Tally(display, scale))
            self._count(counted, key)
            return counted.full

    def _count(self, counted: _Counted, key: _Key) -> None:
        answers, (method, _, _, shape) = self._answers, key
        if counted.done == answers.done:
            return
        counted.done = answers.done  # before the answers, of which more may come meanwhile
        for place in product(range(len(answers.reel)), range(len(answers.names))):
            if place in counted.places:
                continue
            for said in answers.said(*place):
                counted.places.add(place)
                values = said.values.get(method)
                if values is not None and (not shape or values.shape == shape):
                    counted.tally.add(values)
        counted.full = counted.tally.full


class _Counted:
    """A tally, the answers that are in it, and how many there were when it was last looked at."""

    def __init__(self, tally: Tally) -> None:
        self.tally, self.full = tally, 0.0
        self.places: set[tuple[int, int]] = set()
        self.done = -1
