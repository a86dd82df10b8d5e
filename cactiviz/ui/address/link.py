"""What a page's address says: a picture, networks, views and the rest, as short parameters.

A link can be judged before it is followed: nothing here opens anything. What Filters, Neurons and
Animate say besides stands in modules of their names.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Self

from cactiviz.errors import DownloadError
from cactiviz.methods import FILTERS, VIEWS
from cactiviz.models import MODELS
from cactiviz.pictures.occlusion import HOWS, How
from cactiviz.pictures.web import parsed
from cactiviz.recipes.fields import STYLE
from cactiviz.recipes.kinds import Kind, Number, Switch, Text, Whole
from cactiviz.recipes.request import Style
from cactiviz.types import Box
from cactiviz.ui.address import texts
from cactiviz.ui.address.parameter import (
    KnownNames,
    LayerName,
    LayerPairs,
    PageLink,
    Parameter,
    numbers,
    read,
    shares,
    with_values,
)
from cactiviz.ui.networks.catalog import Layers
from cactiviz.ui.session import state

#: What a first visit shows.
FIRST_NETWORKS = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
FIRST_VIEWS = ("grad_cam",)
#: What an address leaves out: older ones were made when a first visit showed this.
UNNAMED_NETWORKS = ("cactinet",)
UNNAMED_VIEWS = ("grad_cam", "saliency", "guided_backprop", FILTERS)

_WITHOUT = re.compile(r"[a-z0-9 ]{1,60}")

#: The parameter that says what a link leaves out; see ``own``.
LEFT_OUT = "without"
_PICTURE = ("picture", "web", "place")
_INSIDE = (*_PICTURE, "networks", "whole", "untrained", LEFT_OUT)
#: Those parameters of a :class:`Link` that each page uses; others are no business of it.
SHARED = {
    "compare": (*_INSIDE, "views", "class", "against", "layer", "layers", "cover", "tiles"),
    "filters": _INSIDE,
    "neurons": _INSIDE,
    "animate": (*_PICTURE, "untrained", LEFT_OUT),
}
#: Parameters that Compare's grid writes in the browser, with no rerun and no entry in the history.
LOOK = ("scale", "palette", "strength")


@dataclass(frozen=True)
class Covered:
    """A part that is covered.

    Attributes:
        picture: The key of the picture that the box was drawn on; empty in a link.
        box: (top, left, height, width), as shares of the picture's sides, within 0..1.
        how: With what.
    """

    picture: str
    box: tuple[float, float, float, float]
    how: How

    def on(self, size: tuple[int, int]) -> Box:
        """The box in the pixels of a picture of this (height, width)."""
        height, width = size
        top, left, tall, wide = self.box
        return Box(top * height, left * width, tall * height, wide * width)

    def text(self) -> str:
        """As a link says it: the box, then with what, unless it is the first of all.

        >>> Covered("", (0.25, 0.5, 0.125, 0.25), "blur").text()
        '0.25 0.5 0.125 0.25 blur'
        """
        return shares(self.box) + (f" {self.how}" if self.how != HOWS[0] else "")


def covered_from(value: object, picture: str) -> Covered | None:
    """What the browser says is covered, if it makes sense; None for nothing.

    >>> covered_from({"box": [0.1, 0.2, 0.5, 2], "how": "grey"}, "")
    Covered(picture='', box=(0.1, 0.2, 0.5, 0.8), how='grey')
    >>> covered_from({"box": [0.1, 0.2, "0.5", 0.5], "how": "grey"}, "")
    """
    if not isinstance(value, Mapping) or value.get("how") not in HOWS:
        return None
    box = value.get("box")
    if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):
        return None
    top, left = (min(max(float(edge), 0.0), 1.0) for edge in box[:2])
    height = min(float(box[2]), 1 - top)
    width = min(float(box[3]), 1 - left)
    if height <= 0 or width <= 0:
        return None
    how: How = value["how"]
    return Covered(picture, (top, left, height, width), how)


def covered_of(text: str) -> Covered | None:
    """What a link says is covered, if it makes sense.

    >>> covered_of("0.1 0.2 0.5 0.5 mean")
    Covered(picture='', box=(0.1, 0.2, 0.5, 0.5), how='mean')
    >>> covered_of("0.1 0.2 0.5"), covered_of("0 0 0 1")
    (None, None)
    """
    pieces = text.split()
    how = pieces.pop() if len(pieces) == 5 else HOWS[0]
    box = numbers(" ".join(pieces))
    return covered_from({"box": list(box or ()), "how": how}, "")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -9 < value < 9


class _Cover(Kind):
    """A part of the picture that is covered, in shares of its sides; or None."""

    def text(self, value: Covered | None) -> str:
        return value.text() if value else ""

    def parse(self, text: str) -> Covered:
        covered = covered_of(text)
        if covered is None:
            raise ValueError("give four shares")
        return covered


class _On(Switch):
    """Written only where it is on."""

    def text(self, value: bool) -> str:
        return "1" if value else ""


def of_style(name: str) -> Parameter:
    """The parameter of a field of the style, with the kind that the table of fields says."""
    kind = next(row.kind for row in STYLE if row.name == name)
    return Parameter(name, f"style.{name}", Number(0, 1, 2) if name == "strength" else kind)


def _is_web(value: str) -> bool:
    try:
        parsed(value)
    except DownloadError:
        return False
    return True


def _layers_of(link: Link) -> Layers:
    return tuple(pair for pair in link.layers if pair[0] in link.models)


#: Its parameters.
_ROWS = (
    Parameter(
        "picture",
        "picture",
        Text(500, lambda text: ":" in text and "/" in text),
        of=lambda link: "" if link.web else link.picture,
    ),
    Parameter("web", "web", Text(2000, _is_web)),
    # Read only: older addresses have it, but where something lies here is nobody's affair.
    Parameter("place", "place", Text(1000), of=lambda link: ""),
    Parameter("networks", "models", KnownNames(tuple(MODELS), texts.LINK_NETWORK), state.MODELS),
    Parameter("views", "methods", KnownNames(VIEWS, texts.LINK_VIEW), state.METHODS),
    Parameter("class", "class_", Text(200), state.TARGET),
    Parameter("against", "against", Text(200), state.AGAINST),
    Parameter(
        "layer",
        "layer",
        LayerName(),
        of=lambda link: next((one for _, one in _layers_of(link) if len(link.models) == 1), ""),
    ),
    Parameter(
        "layers",
        "layers",
        LayerPairs(tuple(MODELS)),
        of=lambda link: () if len(link.models) == 1 else _layers_of(link),
    ),
    Parameter("cover", "cover", _Cover(), state.COVERED),
    Parameter("tiles", "tiles", Whole(8, 4096), state.TILES),
    Parameter("whole", "whole", _On(), state.WHOLE),
    Parameter("untrained", "untrained", _On(), state.UNTRAINED),
    Parameter(LEFT_OUT, "without", Text(60, lambda text: _WITHOUT.fullmatch(text) is not None)),
    *map(of_style, LOOK),
)


@dataclass(frozen=True)
class Link(PageLink):
    """What an address stands for; each default is what it means where it says nothing of it.

    An address without any parameter is none of these: it is a first visit (``binding``).

    Attributes:
        picture: The address of a data set's item, or empty.
        web: The web address of a picture, or empty. Never fetched without a question.
        place: For a picture of the data set "folder" in an older address: the folder on this
            computer. It is never written.
        models: Names of networks, in the table's order.
        methods: Names of views, in their order.
        class_: The class explained; empty for each network's own top answer.
        against: The class it is held against, or empty.
        layers: (network, layer) in the table's order, where class activation maps are taken; others
            have the network's own layer.
        cover: The part of the picture that is covered, or None.
        tiles: Side in pixels of the tiles that the picture is answered by as well; 0 for none.
        whole: Every network is shown the whole picture.
        untrained: Networks without weights here are shown with random ones.
        without: What it leaves out.
        style: How the maps are painted.

    >>> Link(models=("alexnet", "cactinet"), style=Style(palette="viridis")).query()
    {'networks': 'alexnet cactinet', 'palette': 'viridis'}

    A single network's layer needs no name of it:

    >>> Link(layers=(("cactinet", "stages.1"),)).query()
    {'layer': 'stages.1'}
    >>> Link.read({"networks": "alexnet nonsense", "strength": "0.4"})[1]
    ['The link names “nonsense” as a network, which is not known here.']
    """

    picture: str = ""
    web: str = ""
    place: str = ""
    models: tuple[str, ...] = UNNAMED_NETWORKS
    methods: tuple[str, ...] = UNNAMED_VIEWS
    class_: str = ""
    against: str = ""
    layers: Layers = ()
    cover: Covered | None = None
    tiles: int = 0
    whole: bool = False
    untrained: bool = False
    without: str = ""
    style: Style = field(default_factory=Style)
    rows: ClassVar = _ROWS

    @classmethod
    def read(cls, query: Mapping[str, str]) -> tuple[Self, list[str]]:
        """The link of some parameters, and a plain sentence for each that can't be used.

        A parameter that can't be used counts as left out. Parameters of other names are ignored.
        """
        web, _ = read(query, [row for row in cls.rows if row.key == "web"])
        if web:
            query = {key: text for key, text in query.items() if key not in ("picture", "place")}
        values, wrong = read(query, cls.rows)
        folder = values.get("picture", "").startswith("folder:") or query.get("set") == "folder"
        if not folder:  # named by Animate as its set
            values.pop("place", None)
        models = values.get("models", UNNAMED_NETWORKS)
        layer, layers = values.pop("layer", ""), values.get("layers", ())
        values["layers"] = _layers(layer, layers, models, wrong)
        return with_values(cls(), values), wrong


def _layers(layer: str, pairs: Layers, models: tuple[str, ...], wrong: list[str]) -> Layers:
    """Of several networks each by its name; one alone may have its layer without a name."""
    others = [name for name, _ in pairs if name not in models]
    if others:
        wrong.append(texts.LINK_LAYER_OF.format(network=MODELS[others[0]].title))
    layers = {name: at for name, at in pairs if name in models}
    if layer and len(models) > 1:
        wrong.append(texts.LINK_LAYER)
    elif layer:
        layers.setdefault(models[0], layer)
    return tuple(layers.items())


def host(web: str) -> str:
    """Whom a web address would be asked of.

    >>> host("https://example.org:8000/a.jpg")
    'example.org:8000'

    Raises:
        DownloadError: It isn't one that a picture may be fetched from.
    """
    return parsed(web).netloc
