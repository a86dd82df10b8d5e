"""What a session knows of its address."""

from __future__ import annotations

from dataclasses import dataclass, field

from cactiviz.recipes.request import Style
from cactiviz.ui.address.link import Link
from cactiviz.ui.address.own import Lacking
from cactiviz.ui.address.parameter import Query


@dataclass
class Trail:
    """The address that a session last had, and what led to it.

    Attributes:
        page: The page whose address it is.
        at: The parameters that stand for what is chosen, as last written or read.
        instead: Parameters that the browser may have in their stead, and shall replace.
        written: How often a choice was written.
        kept: What was chosen at the end of the last run.
        style: What the address said of scale, palette and strength when the session began.
        wrong: Sentences about the address, until something is chosen.
        followed: Nothing was chosen since a link was followed.
        lacking: What a link left out that isn't here.
        known: The classes explained that a network here has known, by where they are kept.
        folder: A link whose folder nobody has agreed to yet.
        picked: The picture that is chosen in its stead meanwhile.
        heard: Parameters of the browser that nobody went back to.
        arrived: The session has just come here from another page,
        begun: or has, and nothing was chosen or written here yet.
        agreed: Web addresses that the user typed or agreed to.
    """

    page: str = ""
    at: Query = field(default_factory=dict)
    instead: list[Query] = field(default_factory=list)
    written: int = 0
    kept: Query = field(default_factory=dict)
    style: Style = field(default_factory=Style)
    wrong: list[str] = field(default_factory=list)
    followed: bool = False
    lacking: Lacking = field(default_factory=Lacking)
    known: dict[str, str] = field(default_factory=dict)
    folder: Link | None = None
    picked: tuple[object, ...] = ()
    heard: Query | None = None
    arrived: bool = False
    begun: bool = False
    agreed: set[str] = field(default_factory=set)
