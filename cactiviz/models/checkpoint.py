"""A checkpoint of the user's own: a file of weights for a known architecture."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from cactiviz.errors import WeightsError
from cactiviz.models.class_list import MOST_BYTES, ClassList, read_class_list
from cactiviz.models.imagenet import IMAGENET_CLASSES
from cactiviz.models.preprocessing import parts_of, text_of_preprocessing
from cactiviz.types import Preprocessing

#: In the place of a list of classes: those of ImageNet.
IMAGENET: Literal["imagenet"] = "imagenet"
_LIST = r"(?:[A-Za-z]:(?=[\\/]))?[^:]+\.(?:txt|csv|tsv|json|names|labels|ya?ml|py)|imagenet"
_WEIGHTS = r".+\.(?:safetensors|pth|pt|bin|ckpt|tar|pkl|pyth|model|weights)"


@dataclass(frozen=True)
class Checkpoint:
    """A file of weights for a known architecture.

    Attributes:
        name: Name of the network in a comparison.
        architecture: Name in the table of networks, ``torchvision:NAME`` or ``timm:NAME``.
        file: File of its weights.
        classes: File with the names of its classes, as
            :func:`~cactiviz.models.class_list.read_class_list` reads it; "imagenet" for ImageNet's;
            or None.
        preprocessing: Its preprocessing, or parts of it as a text for
            :func:`~cactiviz.models.preprocessing.parts_of`; None for its architecture's own.

    Raises:
        WeightsError: A value is of a wrong kind.
        ModelError: The preprocessing can't be read.
    """

    name: str
    architecture: str
    file: Path
    classes: Path | Literal["imagenet"] | None = None
    preprocessing: Preprocessing | str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not isinstance(self.architecture, str):
            raise WeightsError("A checkpoint has a name, an architecture's name and a file.")
        for name in ("file", "classes"):
            value = getattr(self, name)
            if value is None and name == "classes":
                continue
            if not isinstance(value, str | os.PathLike):
                raise WeightsError(f"The {name} of a checkpoint is a path.")
            if not (name == "classes" and value == IMAGENET):
                object.__setattr__(self, name, Path(value))
        if isinstance(self.preprocessing, str):
            parts_of(self.preprocessing)
        elif not isinstance(self.preprocessing, Preprocessing | None):
            raise WeightsError("The preprocessing of a checkpoint is a Preprocessing or a text.")

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read ``NAME=ARCHITECTURE:FILE[:CLASSES]``.

        >>> Checkpoint.parse("mine=torchvision:resnet18:a.pth:names.txt").architecture
        'torchvision:resnet18'
        >>> Checkpoint.parse("mine=alexnet:a.pth:imagenet").classes
        'imagenet'

        Raises:
            WeightsError: The text isn't of this form.
        """
        form = re.fullmatch(
            r"([^=/\\]+)=((?:torchvision|timm):[^:]+|(?!torchvision:|timm:)[^:]+):(.+)", text
        )
        if form is None:
            raise WeightsError(
                f"“{text}” isn't of the form NAME=ARCHITECTURE:FILE or "
                "NAME=ARCHITECTURE:FILE:CLASSES.txt."
            )
        name, architecture, rest = form.groups()
        listed = re.fullmatch(rf"(.+?):({_LIST})", rest, re.IGNORECASE) or re.fullmatch(
            rf"({_WEIGHTS}):([^:]+|[A-Za-z]:[\\/][^:]+)", rest, re.IGNORECASE
        )
        file, classes = listed.groups() if listed else (rest, None)
        if classes is not None and classes.casefold() == IMAGENET:
            return cls(name, architecture, Path(file), IMAGENET)
        return cls(name, architecture, Path(file), Path(classes) if classes else None)

    @property
    def preprocessing_text(self) -> str:
        """Its preprocessing as a text; empty if not given."""
        if isinstance(self.preprocessing, Preprocessing):
            return text_of_preprocessing(self.preprocessing)
        return self.preprocessing or ""

    def at_home(self) -> Checkpoint:
        """The same with a leading ``~`` of its paths expanded, if that home exists."""
        file, classes = Path(os.path.expanduser(self.file)), self.classes
        if isinstance(classes, Path):
            classes = Path(os.path.expanduser(classes))
        return replace(self, file=file, classes=classes)

    def class_list(self) -> ClassList:
        """Class names with remarks on how they were read; empty if not given.

        Raises:
            WeightsError: The file isn't there, isn't text, or holds no names.
        """
        if self.classes is None:
            return ClassList(())
        if not isinstance(self.classes, Path):
            return ClassList(IMAGENET_CLASSES)
        try:
            if not stat.S_ISREG(self.classes.stat().st_mode):  # a device has no end
                raise WeightsError(
                    f"The class names in {self.classes} can't be read: it is no ordinary file."
                )
            with self.classes.open("rb") as file:
                data = file.read(MOST_BYTES + 1)
            if len(data) > MOST_BYTES:
                raise WeightsError(f"The file {self.classes} is too large for class names.")
        except (OSError, ValueError) as error:
            raise WeightsError(f"The class names in {self.classes} can't be read.") from error
        return read_class_list(data, f"The file {self.classes}")

    def class_names(self) -> tuple[str, ...]:
        """Class names in the order of their indices; empty if not given.

        Raises:
            WeightsError: As for :meth:`class_list`.
        """
        return self.class_list().names
