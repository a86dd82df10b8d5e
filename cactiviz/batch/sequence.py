"""Picture references, opened one by one so that one picture is in memory."""

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
    """A picture that is opened only when needed.

    Attributes:
        title: Text above its frame.
        origin: File or address, as a recipe names it.
        open: Opens the picture; raises a ``CactivizError`` if it can't.
        mark: Tells apart pictures of equal origin, such as files of several folders.
        left_out: What a recipe omitted from its origin, in words; may be empty.
    """

    title: str
    origin: str
    open: Callable[[], Picture] = field(compare=False)
    mark: str = ""
    left_out: str = ""

    @property
    def key(self) -> str:
        """Origin and mark, unique within a sequence."""
        return f"{self.origin} {self.mark}".strip()


class PictureSequence:
    """Pictures in the order of the frames, with the keys of those opened so far.

    Args:
        pictures: References; each is opened anew when it is needed, so that one is in memory.
    """

    def __init__(self, pictures: Sequence[PictureRef]) -> None:
        self.pictures = tuple(pictures)
        self.skipped: dict[str, str] = {}  #: Key of a picture -> why it is left out.
        self._about: dict[int, tuple[str, str, str]] = {}  # digest, name, credit
        self._keys: dict[int, str] = {}

    def __len__(self) -> int:
        """Number of pictures, including those left out."""
        return len(self.pictures)

    def open(self, index: int) -> Picture | None:
        """Open a picture; None if it can't be opened, which isn't tried again."""
        ref = self.pictures[index]
        if ref.key in self.skipped:
            return None
        try:
            picture = ref.open()
        except CactivizError as error:
            self.skipped[ref.key] = str(error)
            return None
        self._about[index] = picture.sha256, picture.name, picture.source
        self._keys[index] = picture.key
        return picture

    def key(self, index: int) -> str:
        """The picture's key in a result store; empty before it has been opened."""
        return self._keys.get(index, "")

    def check(self) -> None:
        """Fail if no picture can be opened.

        Raises:
            PictureError: No picture can be opened; the sentence says why.
        """
        if any(ref.key not in self.skipped for ref in self.pictures):
            return
        reasons = list(dict.fromkeys(self.skipped.values()))
        more = ["…"] if len(reasons) > _MOST_REASONS else []
        raise PictureError(
            " ".join(["There is no picture to show.", *reasons[:_MOST_REASONS], *more])
        )

    def recipe(self, folder: Path | None = None) -> list[dict[str, Any]]:
        """Recipe entries of the opened pictures, with paths relative to this folder."""
        opened = [(index, ref) for index, ref in enumerate(self.pictures) if index in self._about]
        told = told_origins([ref.origin for _, ref in opened], folder)
        return [
            picture_recipe(ref.title, ref.origin, *self._about[index], origin, ref.left_out)
            for (index, ref), origin in zip(opened, told, strict=True)
        ]
