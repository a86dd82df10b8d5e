"""A checkpoint of the user's own: its file, class names and preprocessing."""

from __future__ import annotations

import json
import os
import re
import stat
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from cactiviz.errors import WeightsError
from cactiviz.models.class_list import MOST_BYTES, ClassList, class_names_in, read_class_list
from cactiviz.models.preprocessing import completed, parts_of, text_of_preprocessing
from cactiviz.models.spec import IMAGENET_CLASSES, ModelSpec
from cactiviz.models.weights import header_of
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


_NAMES_KEPT = "The names of its classes are those that its own file keeps."


def class_names_of(
    checkpoint: Checkpoint,
    spec: ModelSpec,
    logits: int,
    kept: tuple[str, ...],
    *,
    known: bool = False,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Class names of a checkpoint, and remarks on where they come from.

    The list that was given; else the one that its file keeps; else, where the network has as many
    answers as the architecture's published weights, theirs, which is said; else none.

    Args:
        checkpoint: The user's checkpoint.
        spec: Row of its architecture.
        logits: Number of logits in its file.
        kept: Class names stored in its file.
        known: Its file says that it was trained for the classes of the row.

    Raises:
        WeightsError: The list can't be read, or has another number of names.
    """
    count = max(logits, 2)
    listed = checkpoint.class_list()
    if checkpoint.classes is not None:
        names = listed.for_classes(count)
        if len(names) != count:
            source = checkpoint.classes
            what = f"The file {source}" if isinstance(source, Path) else "ImageNet"
            raise WeightsError(f"{what} names {len(names)} classes, but the network has {count}.")
        return names, listed.remarks
    if len(kept) == count:
        return kept, (_NAMES_KEPT,)
    if logits != spec.logits or not spec.class_names:
        return (), ()
    lent = f"those of {spec.title} are taken."
    if spec.class_names == IMAGENET_CLASSES:
        lent = f"with {count:,} answers it is taken to know ImageNet’s classes."
    return spec.class_names, () if known else (f"It was given no class names; {lent}",)


def preprocessing_of(
    checkpoint: Checkpoint, spec: ModelSpec, size: tuple[int, int] | None
) -> tuple[Preprocessing, tuple[str, ...]]:
    """Preprocessing of a checkpoint, and a sentence on what of it is assumed.

    Args:
        checkpoint: The user's checkpoint.
        spec: Row of its architecture.
        size: Input size stored in a file trained by this package: then the rest is known, too.

    Raises:
        ModelError: What was said can't be used.
    """
    usual = spec.preprocessing
    if size is None:
        return completed(checkpoint.preprocessing, usual)
    trained = Preprocessing(
        size, usual.resize, usual.crop_pct, usual.interpolation, usual.mean, usual.std
    )
    return completed(checkpoint.preprocessing or trained, trained)


def names_in_header(file: Path) -> tuple[str, ...]:
    """The class names in the header of a safetensors file; empty if there are none."""
    texts = header_of(file)
    plain: dict[str, object] = dict(texts)
    for key, text in texts.items():
        with suppress(ValueError):
            plain[key] = json.loads(text)
    return class_names_in(plain)
