"""The packaged photographs as a data set of one class."""

from __future__ import annotations

from cactiviz.datasets.dataset import Dataset
from cactiviz.pictures.open import SAMPLES, open_picture
from cactiviz.types import Picture

TITLE = "Photographs that come along"
TERMS = "CC0 or public domain; each photograph names its author"
CLASS = "photographs"


def open_samples() -> Dataset:
    """Open the packaged photographs; each keeps its own credit.

    >>> open_samples().read("photographs", "rocket").name
    'samples:photographs/rocket'
    """

    def read(class_name: str, name: str) -> Picture:
        return open_picture(f"sample:{name}", name=f"samples:{class_name}/{name}")

    return Dataset("samples", TITLE, TERMS, {CLASS: tuple(SAMPLES)}, read)
