"""What was chosen of one's own files, which an address can't hold: it names it by a mark."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

_MOST = 1000  # choices of one browser; each is an entry of its history
_MARK_BYTES = 4


@dataclass(frozen=True)
class OwnChoice:
    """What was chosen on a page besides what its address says.

    Attributes:
        networks: All networks that were chosen, in their order: names of the table's, and before
            the numbers of one's own the sign :data:`OWN`.
        picture: (where it came from, which one), or empty.
        cover: Which part of that picture was covered, as a link says it.
        pictures: Numbers of the pictures of an animation.
        dataset: The data set of an animation, where a link can't name it or its classes.
        classes: Of that data set.
        layers: (number of a network of one's own, its layer).
    """

    networks: tuple[str, ...] = ()
    picture: tuple[str, str] | tuple[()] = ()
    cover: str = ""
    pictures: tuple[str, ...] = ()
    dataset: str = ""
    classes: tuple[str, ...] = ()
    layers: tuple[tuple[str, str], ...] = ()

    def words(self) -> tuple[str, ...]:
        """What a link leaves out, by the words of :data:`WORDS`.

        >>> OwnChoice(networks=("alexnet", "own 07"), picture=("upload", "5a")).words()
        ('picture', 'network')
        """
        there = {
            "picture": bool(self.picture),
            "pictures": bool(self.pictures or self.dataset == "live"),
            "classes": bool(self.classes) and self.dataset != "live",
            "network": bool(self.networks),
        }
        return tuple(word for word in WORDS if there[word])


OWN = "own "
#: What a link may leave out.
WORDS = ("picture", "pictures", "classes", "network")


class Remembered:
    """The choices of one browser, by the marks that its addresses name them by.

    A mark is drawn by chance, and means nothing to anybody else's browser.

    >>> remembered, choice = Remembered(), OwnChoice(networks=("own 07",))
    >>> remembered.find(remembered.mark(choice)) == choice
    True
    """

    def __init__(self) -> None:
        self._by_mark: OrderedDict[str, OwnChoice] = OrderedDict()
        self._marks: dict[OwnChoice, str] = {}
        self._lock = threading.Lock()

    def mark(self, choice: OwnChoice) -> str:
        """The choice's mark; equal choices have the same."""
        with self._lock:
            if choice not in self._marks:
                mark = secrets.token_hex(_MARK_BYTES)
                self._marks[choice], self._by_mark[mark] = mark, choice
                while len(self._by_mark) > _MOST:
                    _, oldest = self._by_mark.popitem(last=False)
                    del self._marks[oldest]
            mark = self._marks[choice]
            self._by_mark.move_to_end(mark)
            return mark

    def find(self, mark: str) -> OwnChoice | None:
        """The choice of a mark, or None where this browser knows none."""
        with self._lock:
            return self._by_mark.get(mark)


def merged(named: Sequence[str], before: Sequence[str]) -> list[str]:
    """The networks that an address names, with one's own in the places that they had among them.

    >>> merged(["alexnet"], ["own 07", "alexnet", "cactinet"])
    ['own 07', 'alexnet']
    """
    kept = [name for name in before if name.startswith(OWN) or name in named]
    return [*kept, *(name for name in named if name not in kept)]
