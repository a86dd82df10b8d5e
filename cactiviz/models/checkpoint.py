"""A checkpoint of the user's own, as it is written on a command line."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

from cactiviz.errors import WeightsError

_MOST_CLASSES_BYTES = 10_000_000


@dataclass(frozen=True)
class Checkpoint:
    """A file of weights for a known architecture.

    Attributes:
        name: What to call the network in a comparison.
        architecture: A name of the table of networks, ``torchvision:NAME`` or ``timm:NAME``.
        file: ``.safetensors`` or ``.pth``.
        classes: A text file with one class name a line, or None.
    """

    name: str
    architecture: str
    file: Path
    classes: Path | None = None

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read ``NAME=ARCHITECTURE:FILE[:CLASSES.txt]``.

        >>> Checkpoint.parse("mine=torchvision:resnet18:a.pth:names.txt").architecture
        'torchvision:resnet18'

        Raises:
            WeightsError: The text isn't of this form.
        """
        form = re.fullmatch(
            r"([^=/\\]+)=((?:torchvision|timm):[^:]+|(?!torchvision:|timm:)[^:]+):(.+?)"
            r"(?::((?:[A-Za-z]:)?[^:]+\.txt))?",
            text,
        )
        if form is None:
            raise WeightsError(
                f"“{text}” isn't of the form NAME=ARCHITECTURE:FILE or "
                "NAME=ARCHITECTURE:FILE:CLASSES.txt."
            )
        name, architecture, file, classes = form.groups()
        return cls(name, architecture, Path(file), Path(classes) if classes else None)

    def at_home(self) -> Checkpoint:
        """The same with a leading ``~`` of its paths written out, where there is such a home."""
        file = Path(os.path.expanduser(self.file))
        classes = self.classes
        if isinstance(classes, Path):
            classes = Path(os.path.expanduser(classes))
        return replace(self, file=file, classes=classes)

    def class_names(self) -> tuple[str, ...]:
        """The names in the classes' file, in its order; empty if there is no such file.

        Raises:
            WeightsError: The file isn't there, or isn't text.
        """
        if self.classes is None:
            return ()
        try:
            if self.classes.stat().st_size > _MOST_CLASSES_BYTES:
                raise WeightsError(f"The file {self.classes} is too large for class names.")
            lines = self.classes.read_text("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise WeightsError(f"The file {self.classes} isn't text in UTF-8.") from error
        except OSError as error:
            raise WeightsError(f"The class names in {self.classes} can't be read.") from error
        return tuple(line.strip() for line in lines if line.strip())
