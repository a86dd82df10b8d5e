"""The pictures of an animation, opened one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cactiviz.errors import CactivizError, PictureError
from cactiviz.recipes.recipe import picture_recipe, told_origins
from cactiviz.types import Picture

_MOST_REASONS = 3


@dataclass(frozen=True)
class PictureRef:
    """A picture that isn't opened before its turn.

    Attributes:
        title: Written above its frame.
        origin: Its file or address, which a recipe names.
        open: Opens it; raises a ``CactivizError``.
        mark: What tells it from others of its origin; files may come from several folders.
        left_out: What a recipe left out of its origin.
    """

    title: str
    origin: str
    open: Callable[[], Picture] = field(compare=False)
    mark: str = ""
    left_out: str = ""

    @property
    def key(self) -> str:
        """Its origin and its mark."""
        return f"{self.origin} {self.mark}".strip()


class PictureSequence:
    """Shots in the order of the frames, and what is known of those that were opened.

    Args:
        shots: The pictures; each is opened anew whenever it is needed, so that one is in memory.
    """

    def __init__(self, shots: Sequence[PictureRef]) -> None:
        self.shots = tuple(shots)
        self.skipped: dict[str, str] = {}  #: A shot's key -> why it is left out.
        self._about: dict[int, tuple[str, str, str]] = {}  # digest, name, credit
        self._keys: dict[int, str] = {}

    def __len__(self) -> int:
        """The number of shots, also of those that are left out."""
        return len(self.shots)

    def open(self, index: int) -> Picture | None:
        """The picture, or None if it can't be opened; it isn't tried again then."""
        shot = self.shots[index]
        if shot.key in self.skipped:
            return None
        try:
            picture = shot.open()
        except CactivizError as error:
            self.skipped[shot.key] = str(error)
            return None
        self._about[index] = picture.sha256, picture.name, picture.source
        self._keys[index] = picture.key
        return picture

    def key(self, index: int) -> str:
        """What answers to the picture are kept under; empty before it was opened."""
        return self._keys.get(index, "")

    def check(self) -> None:
        """Refuse if every one is left out.

        Raises:
            PictureError: None can be opened; the sentence says why.
        """
        if any(shot.key not in self.skipped for shot in self.shots):
            return
        reasons = list(dict.fromkeys(self.skipped.values()))
        more = ["…"] if len(reasons) > _MOST_REASONS else []
        raise PictureError(
            " ".join(["There is no picture to show.", *reasons[:_MOST_REASONS], *more])
        )

    def recipe(self, folder: Path | None = None) -> list[dict[str, Any]]:
        """Each picture that was opened, as a recipe in this folder tells of it."""
        shots = [(index, shot) for index, shot in enumerate(self.shots) if index in self._about]
        told = told_origins([shot.origin for _, shot in shots], folder)
        return [
            picture_recipe(shot.title, shot.origin, *self._about[index], origin, shot.left_out)
            for (index, shot), origin in zip(shots, told, strict=True)
        ]
