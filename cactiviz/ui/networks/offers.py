"""A network that one press adds to what is chosen."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Offer:
    """A network that one press adds to the comparison.

    Attributes:
        name: The network's name, handed back when it is pressed.
        title: How it is called on the page.
        text: What the press does, such as "Add" or "Download 244 MB".
    """

    name: str
    title: str
    text: str
