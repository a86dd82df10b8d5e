"""What a page's address says: a picture, networks, views and the rest, as short parameters.

Nothing here asks Streamlit or opens anything, so that a link can be judged before it is followed.
What Filters, Neurons and Animate say besides stands in ``inside_links`` and ``film_link``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from cactiviz.errors import DownloadError
from cactiviz.methods.views import FILTERS, VIEWS
from cactiviz.models import MODELS
from cactiviz.pictures.urls import parsed
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import Scale
from cactiviz.ui import texts
from cactiviz.ui.address import occlusion
from cactiviz.ui.address.occlusion import Covered
from cactiviz.ui.address.reader import Parameters

FIRST_NETWORKS = ("cactinet",)
FIRST_VIEWS = ("grad_cam", "saliency", "guided_backprop", FILTERS)

_SCALES: tuple[Scale, ...] = get_args(Scale)
_LONGEST = {"web": 2000, "place": 1000, "picture": 500, "class": 200, "against": 200, "layer": 200}
_WITHOUT = re.compile(r"[a-z0-9 ]{1,60}")
_LAYER = re.compile(r"[\w.]{1,200}(:activation)?")

#: The parameter that says what a link leaves out; see ``linked_own``.
LEFT_OUT = "without"
_PICTURE = ("picture", "web", "place")
_INSIDE = (*_PICTURE, "networks", "whole", "untrained", LEFT_OUT)
#: Those parameters of a :class:`Link` that each page uses; others are no business of it.
SHARED = {
    "compare": (*_INSIDE, "views", "class", "against", "layer", "layers", "cover"),
    "filters": _INSIDE,
    "neurons": _INSIDE,
    "animate": (*_PICTURE, "untrained", LEFT_OUT),
}
#: Parameters that Compare's grid writes in the browser, with no rerun and no entry in the history.
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
        layers: (network, layer) in the table's order, where class activation maps are taken; others
            have the network's own layer.
        cover: The part of the picture that is covered, or None.
        whole: Every network is shown the whole picture.
        untrained: Networks without weights here are shown with random ones.
        without: What it leaves out.
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
    layers: tuple[tuple[str, str], ...] = ()
    cover: Covered | None = None
    whole: bool = False
    untrained: bool = False
    without: str = ""
    scale: Scale = "own"
    palette: str = "inferno"
    strength: float = 0.5


_FIRST = Link()


def to_query(link: Link) -> dict[str, str]:
    """The parameters of a link; what a first visit shows anyway is left out.

    Names are parted by blanks, which an address writes as "+".

    >>> to_query(Link(models=("alexnet", "cactinet"), palette="viridis"))
    {'networks': 'alexnet cactinet', 'palette': 'viridis'}

    A single network's layer needs no name of it:

    >>> to_query(Link(layers=(("cactinet", "stages.1"),)))
    {'layer': 'stages.1'}
    >>> to_query(Link())
    {}
    """
    layers = [(name, layer) for name, layer in link.layers if name in link.models]
    alone = len(link.models) == 1
    said = {
        "picture": "" if link.web else link.picture,
        "web": link.web,
        "place": "" if link.web else link.place,
        "networks": "" if link.models == _FIRST.models else " ".join(link.models),
        "views": "" if link.methods == _FIRST.methods else " ".join(link.methods),
        "class": link.class_,
        "against": link.against,
        "layer": layers[0][1] if layers and alone else "",
        "layers": "" if alone else " ".join(f"{name}:{layer}" for name, layer in layers),
        "cover": link.cover.text() if link.cover else "",
        "whole": "1" if link.whole else "",
        "untrained": "1" if link.untrained else "",
        LEFT_OUT: link.without,
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
    said = Parameters(query, _LONGEST)
    models = said.names("networks", tuple(MODELS), texts.LINK_NETWORK)
    web = said.text("web", _is_web)
    picture = "" if web else said.text("picture", lambda text: ":" in text and "/" in text)
    layers = _layers(said, models or _FIRST.models)
    folder = picture.startswith("folder:") or query.get("set") == "folder"  # as Animate names it
    link = Link(
        picture=picture,
        web=web,
        place=said.text("place") if folder and not web else "",
        models=models or _FIRST.models,
        methods=said.names("views", VIEWS, texts.LINK_VIEW) or _FIRST.methods,
        class_=said.text("class"),
        against=said.text("against"),
        layers=layers,
        cover=occlusion.read(said.text("cover", lambda text: occlusion.read(text) is not None)),
        whole=said.switch("whole"),
        untrained=said.switch("untrained"),
        without=said.text(LEFT_OUT, lambda text: _WITHOUT.fullmatch(text) is not None),
        scale=said.one_of("scale", _SCALES, _FIRST.scale),
        palette=said.one_of("palette", PALETTES, _FIRST.palette),
        strength=said.number("strength", 0, 1, _FIRST.strength),
    )
    return link, said.wrong


def _layers(said: Parameters, models: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Of several networks each by its name; one alone may have its layer without a name."""
    layer, pairs = said.text("layer", is_layer), said.pairs("layers", tuple(MODELS), is_layer)
    others = [name for name, _ in pairs if name not in models]
    if others:
        said.wrong.append(texts.link_layer_of(MODELS[others[0]].title))
    found = {name: one for name, one in pairs if name in models}
    if layer and len(models) > 1:
        said.wrong.append(texts.LINK_LAYER)
    elif layer:
        found.setdefault(models[0], layer)
    return tuple(found.items())


def is_layer(text: str) -> bool:
    """Whether it could be the name of a layer, as :meth:`cactiviz.types.Layer.parse` reads it."""
    return _LAYER.fullmatch(text) is not None


def host(web: str) -> str:
    """Whom a web address would be asked of.

    >>> host("https://example.org:8000/a.jpg")
    'example.org:8000'

    Raises:
        DownloadError: It isn't one that a picture may be fetched from.
    """
    return parsed(web).netloc


def _is_web(value: str) -> bool:
    try:
        parsed(value)
    except DownloadError:
        return False
    return True
