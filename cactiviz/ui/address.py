"""What a page's address says: a picture, networks, views and the rest, as short parameters.

Nothing here asks Streamlit or opens anything, so that a link can be judged before it is followed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import get_args

from cactiviz.addresses import parsed
from cactiviz.errors import DownloadError
from cactiviz.explain import FILTERS, VIEWS
from cactiviz.models import MODELS
from cactiviz.palettes import PALETTES
from cactiviz.scales import Scale
from cactiviz.ui import texts

FIRST_NETWORKS = ("cactinet",)
FIRST_VIEWS = ("grad_cam", "saliency", "guided_backprop", FILTERS)

_SCALES: tuple[Scale, ...] = get_args(Scale)
_LONGEST = {"web": 2000, "place": 1000, "picture": 500, "class": 200, "against": 200, "layer": 200}
_LAYER = re.compile(r"[\w.]+(:activation)?")
_SHOWN = 40  # characters of what a link says, in a sentence about it

#: Parameters that the page writes; each change of one is an entry in the browser's history.
OWN = (
    *("picture", "web", "place", "networks", "views"),
    *("class", "against", "layer", "whole", "untrained"),
)
#: Parameters that the grid writes in the browser, with no rerun and no entry in the history.
LOOK = ("scale", "palette", "strength")


@dataclass(frozen=True)
class Link:
    """What an address stands for; each default is what a first visit shows.

    Attributes:
        picture: The address of a data set's item, or empty.
        web: The web address of a picture, or empty. Never fetched without a question.
        place: For a picture of the data set "folder": the folder on this computer.
        models: Names of networks, in the table's order.
        methods: Names of views, in their order.
        class_: The class explained; empty for each network's own top answer.
        against: The class it is held against, or empty.
        layer: Where class activation maps are taken; empty for the network's own layer.
        whole: Every network is shown the whole picture.
        untrained: Networks without weights here are shown with random ones.
        scale: Of the maps.
        palette: Of the maps.
        strength: Of the maps over the picture, 0..1.
    """

    picture: str = ""
    web: str = ""
    place: str = ""
    models: tuple[str, ...] = FIRST_NETWORKS
    methods: tuple[str, ...] = FIRST_VIEWS
    class_: str = ""
    against: str = ""
    layer: str = ""
    whole: bool = False
    untrained: bool = False
    scale: Scale = "own"
    palette: str = "inferno"
    strength: float = 0.5


_FIRST = Link()


def to_query(link: Link) -> dict[str, str]:
    """The parameters of a link; what a first visit shows anyway is left out.

    Names are parted by blanks, which an address writes as "+".

    >>> to_query(Link(models=("alexnet", "cactinet"), palette="viridis"))
    {'networks': 'alexnet cactinet', 'palette': 'viridis'}
    >>> to_query(Link())
    {}
    """
    said = {
        "picture": "" if link.web else link.picture,
        "web": link.web,
        "place": "" if link.web else link.place,
        "networks": "" if link.models == _FIRST.models else " ".join(link.models),
        "views": "" if link.methods == _FIRST.methods else " ".join(link.methods),
        "class": link.class_,
        "against": link.against,
        "layer": link.layer if len(link.models) == 1 else "",
        "whole": "1" if link.whole else "",
        "untrained": "1" if link.untrained else "",
        "scale": "" if link.scale == _FIRST.scale else link.scale,
        "palette": "" if link.palette == _FIRST.palette else link.palette,
        "strength": "" if link.strength == _FIRST.strength else f"{link.strength:.2f}",
    }
    return {key: value for key, value in said.items() if value}


def from_query(query: Mapping[str, str]) -> tuple[Link, list[str]]:
    """The link of some parameters, and a plain sentence for each that can't be used.

    A parameter that can't be used counts as left out. Parameters of other names are ignored.

    >>> from_query({"networks": "alexnet nonsense", "strength": "2"})[0].models
    ('alexnet',)
    >>> from_query({"networks": "alexnet nonsense", "strength": "0.4"})[1]
    ['The link names “nonsense” as a network, which is not known here.']
    """
    said = {key: value for key, value in query.items() if value}
    wrong: list[str] = []
    for key, longest in _LONGEST.items():
        if key in said and not _is_text(said[key], longest):
            wrong.append(texts.link_unreadable(key))
            del said[key]
    models = _names(said, "networks", tuple(MODELS), texts.LINK_NETWORK, wrong)
    methods = _names(said, "views", VIEWS, texts.LINK_VIEW, wrong)
    web = _if(_is_web, said, "web", wrong)
    picture = "" if web else _if(lambda text: ":" in text and "/" in text, said, "picture", wrong)
    layer = _if(lambda text: _LAYER.fullmatch(text) is not None, said, "layer", wrong)
    if layer and len(models or FIRST_NETWORKS) > 1:
        wrong.append(texts.LINK_LAYER)
        layer = ""
    strength = _if(_is_share, said, "strength", wrong)
    scale = _if(lambda text: text in _SCALES, said, "scale", wrong)
    link = Link(
        picture=picture,
        web=web,
        place=said.get("place", "") if picture.startswith("folder:") else "",
        models=models or _FIRST.models,
        methods=methods or _FIRST.methods,
        class_=said.get("class", ""),
        against=said.get("against", ""),
        layer=layer,
        whole=_is_on(said, "whole", wrong),
        untrained=_is_on(said, "untrained", wrong),
        scale=next((known for known in _SCALES if known == scale), _FIRST.scale),
        palette=_if(lambda text: text in PALETTES, said, "palette", wrong) or _FIRST.palette,
        strength=float(strength) if strength else _FIRST.strength,
    )
    return link, wrong


def host(web: str) -> str:
    """Whom a web address would be asked of.

    >>> host("https://example.org:8000/a.jpg")
    'example.org:8000'

    Raises:
        DownloadError: It isn't one that a picture may be fetched from.
    """
    return parsed(web).netloc


def _if(right: Callable[[str], bool], said: Mapping[str, str], key: str, wrong: list[str]) -> str:
    value = said.get(key, "")
    if not value or right(value):
        return value
    wrong.append(texts.link_wrong(key, _short(value)))
    return ""


def _names(
    said: Mapping[str, str], key: str, known: tuple[str, ...], kind: str, wrong: list[str]
) -> tuple[str, ...]:
    """Those that are known, in the table's order; one sentence for all others."""
    named = said.get(key, "").replace(",", " ").split()
    unknown = [name for name in named if name not in known]
    if unknown:
        wrong.append(texts.link_unknown(kind, _short(unknown[0]), len(unknown) - 1))
    return tuple(name for name in known if name in named)


def _is_text(value: str, longest: int) -> bool:
    return len(value) <= longest and value.isprintable() and value.strip() == value


def _is_web(value: str) -> bool:
    try:
        parsed(value)
    except DownloadError:
        return False
    return True


def _is_share(value: str) -> bool:
    try:
        share = float(value) if len(value) <= 8 else math.nan
    except ValueError:
        return False
    return 0 <= share <= 1


def _is_on(said: Mapping[str, str], key: str, wrong: list[str]) -> bool:
    return _if(lambda text: text in ("0", "1"), said, key, wrong) == "1"


def _short(value: str) -> str:
    shown = "".join(sign if sign.isprintable() else "?" for sign in value)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
