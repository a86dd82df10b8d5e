"""A data set: classes, the names of their pictures, and how one is read."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from cactiviz.errors import DataError
from cactiviz.types import Picture

_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_OF_A_SET = re.compile(r"[ _-]?(set|data|images|imgs)$")


def split_of(folder: str) -> str:
    """The part, "train", "val" or "test", that a folder is called by; empty for any other.

    >>> split_of("Train"), split_of("validation"), split_of("test_set"), split_of("cat")
    ('train', 'val', 'test', '')
    """
    return _NAMES.get(_OF_A_SET.sub("", folder.lower()), "")


@dataclass(frozen=True)
class Item:
    """One picture of a data set, not yet opened.

    Attributes:
        dataset: The data set's name.
        class_name: Its class.
        name: Its name, unique within the class; may contain slashes.
    """

    dataset: str
    class_name: str
    name: str

    @property
    def address(self) -> str:
        """Address of the item: ``NAME:CLASS/ITEM``."""
        return f"{self.dataset}:{self.class_name}/{self.name}"

    @property
    def split(self) -> str:
        """Part of a split, "train", "val" or "test", from the folder in its name; else empty.

        >>> Item("folder", "cat", "validation/1.jpg").split
        'val'
        """
        folder, slash, _ = self.name.partition("/")
        return split_of(folder) if slash else ""


@dataclass(frozen=True, eq=False)
class Dataset:
    """Pictures in classes, on disk or drawn on demand.

    Attributes:
        name: Registry key, snake_case.
        title: Display name.
        terms: Author and licence of the pictures.
        items: Class name -> names of its pictures, both in a fixed order. A class may be empty.
        read: Maps a class and a name to the picture; raises a CactivizError.
        notes: Sentences on what was noticed while it was opened.
        opening: Classes to show first; empty for all.
        path_of: Maps a class and a name to the file's path within the named folder or zip, or None.
    """

    name: str
    title: str
    terms: str
    items: Mapping[str, Sequence[str]] = field(repr=False)
    read: Callable[[str, str], Picture] = field(repr=False)
    notes: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    path_of: Callable[[str, str], str] | None = field(default=None, repr=False)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(self.items)

    def __len__(self) -> int:
        """The number of pictures."""
        return sum(map(len, self.items.values()))

    def __iter__(self) -> Iterator[Item]:
        """All items, class after class."""
        for class_name, names in self.items.items():
            yield from (Item(self.name, class_name, name) for name in names)

    def count(self, class_name: str) -> int:
        """The number of pictures in a class.

        Raises:
            DataError: There is no such class.
        """
        return len(self._names(class_name))

    def page(self, number: int, size: int, class_name: str | None = None) -> tuple[Item, ...]:
        """The items of one page, counted from 0; empty beyond the last.

        Args:
            number: Which page.
            size: Items on a page.
            class_name: Only of this class; None for all, class after class.

        Raises:
            DataError: There is no such class.
        """
        start, stop = number * size, (number + 1) * size
        if class_name is not None:
            return tuple(
                Item(self.name, class_name, name) for name in self._names(class_name)[start:stop]
            )
        items: list[Item] = []
        for own, names in self.items.items():
            items += (Item(self.name, own, name) for name in names[max(start, 0) : max(stop, 0)])
            start, stop = start - len(names), stop - len(names)
            if stop <= 0:
                break
        return tuple(items)

    def draw(self, count: int, seed: int, class_name: str | None = None) -> tuple[Item, ...]:
        """Draw distinct items at random; all if there are fewer than ``count``.

        The same seed draws the same items.

        Raises:
            DataError: There is no such class.
        """
        total = len(self) if class_name is None else self.count(class_name)
        chosen = random.Random(seed).sample(range(total), min(count, total))
        return tuple(self.page(index, 1, class_name)[0] for index in chosen)

    def find(self, place: str) -> Item:
        """Find an item by ``CLASS/ITEM``; either may contain slashes.

        Raises:
            DataError: There is no such class, or no such picture in it.
        """
        for class_name in self.items:
            name = place.removeprefix(f"{class_name}/")
            if name != place and name in self.items[class_name]:
                return Item(self.name, class_name, name)
        class_name, _, name = place.partition("/")
        if any(place.startswith(f"{own}/") for own in self.items):
            raise DataError(f"The data set {self.title} has no picture “{place}”.")
        raise self._unknown(class_name)

    def open(self, item: Item) -> Picture:
        """Open an item's picture, named by its address, with the data set's terms as source.

        Raises:
            DataError: There is no such item any more.
            PictureError: It can't be read.
        """
        return self.read(item.class_name, item.name)

    def _names(self, class_name: str) -> Sequence[str]:
        if class_name not in self.items:
            raise self._unknown(class_name)
        return self.items[class_name]

    def _unknown(self, class_name: str) -> DataError:
        few = ", ".join(self.classes[:12]) + (", …" if len(self.items) > 12 else "")
        return DataError(f"The data set {self.title} has no class “{class_name}”; it has {few}.")
