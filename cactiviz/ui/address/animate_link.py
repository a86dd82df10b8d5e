"""What the address of Animate says besides a picture: what moves, and how it is painted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import get_args

from cactiviz.batch.presets import PRESETS
from cactiviz.datasets import DATASETS
from cactiviz.methods import METHODS
from cactiviz.methods.views import FILTERS, VIEWS
from cactiviz.models import MODELS
from cactiviz.recipes.style import Style
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import Scale
from cactiviz.ui import texts
from cactiviz.ui.address.reader import Parameters, Query

#: Its parameters.
FILM = (
    *("preset", "frames", "set", "classes", "each", "networks", "views", "whole", "answers"),
    *("scale", "palette", "strength", "ground", "title", "size", "columns", "captions"),
    *("seconds", "loop"),
)
FIRST_PRESET = "cactinet"
KINDS = tuple(texts.FILM_KINDS)
MOST_METHODS, MOST_EACH = 3, 100
TOPS = (2, 5)  #: The fewest and the most answers of a picture.
FIRST_TOP = 3
PANELS = tuple(texts.FILM_PIXELS)
LOOPS = tuple(texts.FILM_LOOPS)
MOST_COLUMNS = 14
LONGEST_TITLE = 120
SECONDS = (0.1, 5.0)

_SCALES: tuple[Scale, ...] = get_args(Scale)
_GROUNDS = ("", "light", "dark")
_BETWEEN = "|"  # classes, whose names may have blanks
_NO_TITLE = "-"  # an empty parameter would be one that is left out
_LONGEST = {"classes": 4000, "title": LONGEST_TITLE}


@dataclass(frozen=True)
class FilmLink:
    """What is animated; each default is what its preset says.

    Attributes:
        preset: What the choices began from.
        kind: What changes from frame to frame.
        dataset: Where pictures come from, if they do change.
        classes: Of it; empty for those that it opens with.
        each: Pictures of each class at most.
        models: Names of networks, in the order of their columns.
        methods: Names of views, in the order of their rows.
        whole: Networks are shown the whole of each picture.
        top: How many answers of a picture, if these change.
        style: How it is painted, but for
        ground: "light" or "dark"; empty for what the screen is.
    """

    preset: str
    kind: str
    dataset: str
    classes: tuple[str, ...]
    each: int
    models: tuple[str, ...]
    methods: tuple[str, ...]
    whole: bool
    top: int
    style: Style
    ground: str = ""

    @staticmethod
    def of(preset: str, kind: str = KINDS[0]) -> FilmLink:
        """What a preset begins with; a film of layers has its first network alone.

        >>> FilmLink.of("cactinet").models
        ('cactinet',)
        """
        found = PRESETS[preset]
        methods = found.question.methods[:MOST_METHODS]
        side = min(PANELS, key=lambda side: abs(side - found.style.panel[1]))
        return FilmLink(
            preset=preset,
            kind=kind,
            dataset=found.dataset,
            classes=(),
            each=found.each,
            models=found.networks[:1] if kind == "layers" else found.networks,
            methods=tuple(method for method in methods if method in methods_of(kind))
            or methods[:1],
            whole=found.question.resize == "squash",
            top=FIRST_TOP,
            style=replace(found.style, panel=(side, side), squash=False, dark=False),
        )

    def query(self) -> Query:
        """Its parameters; what the preset says anyway is left out.

        >>> replace(FilmLink.of("cactinet"), each=3, classes=("cactus", "no cactus")).query()
        {'classes': 'cactus|no cactus', 'each': '3'}
        """
        first = self._said(FilmLink.of(self.preset, self.kind))
        said = {key: value for key, value in self._said(self).items() if value != first[key]}
        begins = {
            "preset": "" if self.preset == FIRST_PRESET else self.preset,
            "frames": "" if self.kind == KINDS[0] else self.kind,
        }
        return {key: value for key, value in {**begins, **said}.items() if value}

    @staticmethod
    def read(query: Mapping[str, str]) -> tuple[FilmLink, list[str]]:
        """Of some parameters, and a plain sentence for each that can't be used.

        >>> FilmLink.read({"frames": "layers", "loop": "4"})[1]
        ["The link's number of times “4” is none, so it was ignored."]
        """
        said = Parameters(query, _LONGEST)
        preset = said.one_of("preset", tuple(PRESETS), FIRST_PRESET)
        first = FilmLink.of(preset, said.one_of("frames", KINDS, KINDS[0]))
        models = said.names("networks", tuple(MODELS), texts.LINK_NETWORK, as_named=True)
        known = methods_of(first.kind)
        methods = said.names("views", known, texts.LINK_VIEW, as_named=True)
        if len(methods) > MOST_METHODS:
            said.wrong.append(texts.link_views(MOST_METHODS))
        classes = said.text("classes", _are_classes)
        link = replace(
            first,
            dataset=said.one_of("set", tuple(DATASETS), first.dataset),
            classes=tuple(dict.fromkeys(classes.split(_BETWEEN))) if classes else (),
            each=said.whole_number("each", 1, MOST_EACH, first.each),
            models=(models[:1] if first.kind == "layers" else models) or first.models,
            methods=methods[:MOST_METHODS] or first.methods,
            whole=said.switch("whole", first.whole),
            top=said.whole_number("answers", *TOPS, first.top),
            style=_look(said, first.style),
            ground=said.one_of("ground", _GROUNDS, ""),
        )
        return link, said.wrong

    @staticmethod
    def _said(link: FilmLink) -> Query:
        style = link.style
        classes = _BETWEEN.join(link.classes) if can_be_said(link.classes) else ""
        return {
            "set": link.dataset if link.kind == "pictures" else "",
            "classes": classes if link.kind == "pictures" else "",
            "each": str(link.each) if link.kind == "pictures" else "",
            "networks": " ".join(link.models),
            "views": " ".join(link.methods),
            "whole": str(int(link.whole)),
            "answers": str(link.top) if link.kind == "answers" else "",
            "scale": style.scale,
            "palette": style.palette,
            "strength": f"{style.strength:.2f}",
            "ground": link.ground,
            "title": style.heading or _NO_TITLE,
            "size": str(style.panel[0]),
            "columns": str(style.columns),
            "captions": str(int(style.captions)),
            "seconds": f"{style.seconds:.1f}",
            "loop": str(style.loop),
        }


def methods_of(kind: str) -> tuple[str, ...]:
    """The views that can be animated; of layers those that are taken at a layer.

    >>> "saliency" in methods_of("layers"), "filters" in methods_of("pictures")
    (False, False)
    """
    every = tuple(view for view in VIEWS if view != FILTERS)
    if kind != "layers":
        return every
    return tuple(method for method in every if METHODS[method].needs == {"activations"})


def can_be_said(classes: tuple[str, ...]) -> bool:
    """Whether a link has room for these classes, and their names leave its signs alone.

    >>> can_be_said(("a b", "c")), can_be_said(("a|b",))
    (True, False)
    """
    text = _BETWEEN.join(classes)
    return len(text) <= _LONGEST["classes"] and not any(
        _BETWEEN in name or not name.isprintable() or name != name.strip() for name in classes
    )


def _are_classes(text: str) -> bool:
    names = tuple(text.split(_BETWEEN))
    return all(names) and can_be_said(names)


def _look(said: Parameters, first: Style) -> Style:
    side = said.one_of("size", PANELS, first.panel[0])
    title = said.text("title") or first.heading
    return Style(
        scale=said.one_of("scale", _SCALES, first.scale),
        palette=said.one_of("palette", tuple(PALETTES), first.palette),
        strength=round(said.number("strength", 0, 1, first.strength), 2),
        panel=(side, side),
        columns=said.one_of("columns", tuple(range(MOST_COLUMNS + 1)), first.columns),
        heading="" if title == _NO_TITLE else title,
        captions=said.switch("captions", first.captions),
        seconds=round(said.number("seconds", *SECONDS, first.seconds), 1),
        loop=said.one_of("loop", LOOPS, first.loop),
    )
