"""The component: what the browser is told of a comparison, and what was pressed in it."""

from __future__ import annotations

import hashlib
import json
import math
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import streamlit as st

from cactiviz import cam_layers
from cactiviz.comparison.answers import says_otherwise
from cactiviz.comparison.comparison import Comparison
from cactiviz.errors import CactivizError
from cactiviz.explanations import target as explained_class
from cactiviz.explanations.caveats import STRANGER
from cactiviz.explanations.results import Attribution, Explanation
from cactiviz.methods import METHODS, describe, method_of
from cactiviz.recipes.request import Style
from cactiviz.rendering import paint
from cactiviz.rendering.colormaps import DIVERGING, PALETTES
from cactiviz.rendering.figures.sheet import SIGNS
from cactiviz.rendering.scales import SCALES
from cactiviz.types import Box, FilterGrid, Prediction
from cactiviz.ui import texts as shared
from cactiviz.ui.components.loader import component
from cactiviz.ui.grid import encoding, texts
from cactiviz.ui.networks import catalog
from cactiviz.ui.networks.downloads import Offer

#: In this order they are one module: what stands above doesn't know what stands below.
_SCRIPTS = (
    "dom.js",
    "colormaps.js",
    "maps.js",
    "paint.js",
    "style.js",
    "popover.js",
    "toolbar.js",
    "readout.js",
    "headers.js",
    "table.js",
    "pane.js",
    "dialog.js",
    "layout.js",
    "main.js",
)
_STAMP = 32  # bytes; as in main.js
_SHEETS = ("table.css", "toolbar.css", "panel.css", "dialog.css")
MOST_WITH_OFFERS = 2  # networks; with more of them there is no room, and no need
_EVERYTHING = (0.0, 0.0, 1.0, 1.0)
_ROUNDING = 1e-6  # pixels: what floating point adds to a box's edge
#: What can be made of a comparison and taken home.
Export = Literal["png", "gif", "html", "npz", "zip"]
EXPORTS: tuple[Export, ...] = get_args(Export)
_OFFERED_KINDS: tuple[Literal["add", "untrained", "own"], ...] = ("add", "untrained", "own")


@dataclass(frozen=True)
class Download:
    """A file that the browser saves once.

    Attributes:
        name: Under which it is saved.
        mime: Its type, such as "image/png".
        data: Its bytes.
        number: Another one for each file, so that none is saved twice.
    """

    name: str
    mime: str
    data: bytes
    number: int


def payload(
    comparison: Comparison,
    *,
    offers: Sequence[Offer] = (),
    style: Style | None = None,
    before: Mapping[str, Sequence[Prediction]] | None = None,
    remedies: Mapping[str, Sequence[Offer]] | None = None,
    download: Download | None = None,
    waiting: str = "",
    problem: str = "",
    cannot_travel: str = "",
    address: str = "",
    computed: str = "",
) -> dict[str, Any]:
    """A comparison as far as it has come, as JSON has it.

    Names and labels go as they are: the browser shows them as text only.

    Args:
        comparison: A network in neither its explanations nor its failures is waited for.
        offers: Networks that one press adds; shown as a last column while few are compared.
        style: How the maps are painted at first; from then on the browser keeps it.
        before: Network -> its answers before a part of the picture was covered.
        remedies: Network -> what may be pressed in its place, if it can't answer as it should.
        download: A file that the browser shall save; once, however often it is handed in.
        waiting: What is said of networks that haven't answered.
        problem: Why the last export couldn't be made.
        cannot_travel: Why a link can't bring the picture along.
        address: Anything that changes when the page writes its own part of the address; the grid
            then writes the look again, which such a write undoes.
        computed: Where all of it was computed, and how long it took.
    """
    picture = comparison.picture
    view = seen_by_any(comparison)
    rows = [_row(view) for view in comparison.methods]
    others = says_otherwise(comparison)
    columns = [
        _column(comparison, name, (before or {}).get(name), waiting)
        | {"badge": texts.SAYS_OTHERWISE if name in others else ""}
        | ({"does": list(remedies[name])} if remedies and remedies.get(name) else {})
        for name in comparison.models
    ]
    together = {
        view: [e for e in comparison.attributions() if e.method == view]
        for view in comparison.methods
    }
    cells = [
        [_cell(comparison, name, view, together[view]) for name in comparison.models]
        for view in comparison.methods
    ]
    here = style or Style()
    return {
        "words": shared.GRID,
        "picture": {
            **encoding.picture(picture, view),
            "name": picture.name,
            "part": "" if _is_whole(view, picture.size) else texts.SEEN_OF_IT,
            "alt": f"{shared.ORIGINAL}: {picture.name}",
        },
        "computed": computed,
        "explained": _explained(comparison),
        "columns": columns,
        "rows": rows,
        "cells": cells,
        "offers": list(offers if len(comparison.models) <= MOST_WITH_OFFERS else ()),
        "look": {"scale": here.scale, "palette": here.palette, "strength": here.strength},
        "exports": [[name, texts.EXPORTS[name]] for name in EXPORTS],
        "download": download and vars(download) | {"data": b64encode(download.data).decode()},
        "problem": problem,
        "cannotTravel": cannot_travel,
        "address": address,
    }


def _row(view: str) -> dict[str, Any]:
    title, asks = describe(view)
    method = METHODS.get(method_of(view))
    limit = method.limit if method else ""
    display = method.display if method else "picture"  # for what isn't there yet
    at_layer = method is not None and "activations" in method.needs
    row = {"id": view, "title": title, "asks": asks, "limit": limit, "display": display}
    return {**row, "atLayer": at_layer}


def _column(
    comparison: Comparison, name: str, before: Sequence[Prediction] | None, waiting: str
) -> dict[str, Any]:
    explanation = comparison.explanations.get(name)
    if explanation is None:
        why = comparison.failures.get(name, "")
        pending = "" if why else waiting or shared.WAITING
        return {
            **{"id": name, "title": catalog.title(name), "note": "", "knows": "", "answers": []},
            **{"seen": _EVERYTHING, "why": why, "waiting": pending},
        }
    return {
        "id": name,
        "title": catalog.title(name) if explanation.untrained else explanation.title,
        "note": _warning(explanation),
        "knows": "" if _warning(explanation) else texts.KNOWS_ONLY.get(name, ""),
        "answers": [] if explanation.stranger else _answers(explanation, before),
        "seen": _shares(explanation.seen, seen_by_any(comparison)),
        "why": "",
        "waiting": "",
    }


def _warning(explanation: Explanation) -> str:
    """What stands where an answer would mean nothing."""
    if explanation.untrained:
        return shared.UNTRAINED_NOTE
    return STRANGER if explanation.stranger else ""


def _explained(comparison: Comparison) -> str:
    """Which class the maps are of, where it isn't each network's own answer alone."""
    explanations = [
        comparison.explanations[n] for n in comparison.models if n in comparison.explanations
    ]
    titles = {explanation.model: catalog.title(explanation.model) for explanation in explanations}
    return explained_class.line(explanations, titles)


def _answers(explanation: Explanation, before: Sequence[Prediction] | None) -> list[dict[str, Any]]:
    """The likeliest classes, and how likely they were before a part of the picture was covered.

    What was asked for is among them, and marked.
    """
    now, shown = explanation.predictions, list(explained_class.answers_beside(explanation))
    marks = explained_class.marks(explanation)
    earlier = {answer.class_index: answer.probability for answer in before or ()}
    if before and not marks:
        fallen = [answer for answer in now if answer.class_index == before[0].class_index]
        if fallen and fallen[0] not in shown:
            shown[-1] = fallen[0]
    return [
        {
            "name": answer.class_name,
            "share": answer.probability,
            "said": paint.percent(answer.probability),
            **_change(answer, earlier),
            **_mark(marks.get(answer.class_index, "")),
        }
        for answer in shown
    ]


def _mark(mark: str) -> dict[str, str]:
    return {"mark": mark, "sign": SIGNS[mark], "told": texts.MARKS[mark]} if mark else {}


def _change(answer: Prediction, earlier: Mapping[int, float]) -> dict[str, Any]:
    if not earlier:
        return {}
    was = earlier.get(answer.class_index)
    # What wasn't among the first answers was less likely than the last of them.
    text = paint.percent(was) if was is not None else f"<{paint.percent(min(earlier.values()))}"
    now = paint.percent(answer.probability)
    return {"before": was, "change": texts.CHANGED.format(before=text.replace("<<", "<"), now=now)}


def seen_by_any(comparison: Comparison) -> Box:
    """The smallest part of the picture, in whole pixels, that holds what any network saw of it.

    Until one has answered, the whole picture.
    """
    height, width = comparison.picture.size
    boxes = [e.seen for e in comparison.explanations.values()]
    if not boxes:
        return Box(0, 0, height, width)
    top = max(0, math.floor(min(box.top for box in boxes) + _ROUNDING))
    left = max(0, math.floor(min(box.left for box in boxes) + _ROUNDING))
    bottom = min(height, math.ceil(max(box.top + box.height for box in boxes) - _ROUNDING))
    right = min(width, math.ceil(max(box.left + box.width for box in boxes) - _ROUNDING))
    return Box(top, left, bottom - top, right - left)


def _is_whole(view: Box, size: tuple[int, int]) -> bool:
    return view == Box(0, 0, *size)


def _shares(seen: Box, view: Box) -> tuple[float, float, float, float]:
    """Top, left, height and width as shares of a view; what lies outside is cut off."""
    edges = []
    for start, length, origin, whole in (
        (seen.top, seen.height, view.top, view.height),
        (seen.left, seen.width, view.left, view.width),
    ):
        first, last = (start - origin) / whole, (start + length - origin) / whole
        first, last = max(0.0, first), min(1.0, last)
        edges.append((round(first, 5), round(last - first, 5)))
    return edges[0][0], edges[1][0], edges[0][1], edges[1][1]


def _cell(
    comparison: Comparison, name: str, view: str, together: Sequence[Attribution]
) -> dict[str, Any] | None:
    """None while it is waited for."""
    explanation = comparison.explanations.get(name)
    if explanation is None:
        why = comparison.failures.get(name)
        return None if why is None else {"why": why}
    title = describe(view)[0]
    try:
        shown = explanation[view]
        if isinstance(shown, FilterGrid):
            alt = texts.ALT_OF_FILTERS.format(view=title, network=explanation.title)
            return {**encoding.filters(shown), "alt": alt, "notes": []}
        scales = {scale: encoding.on_scale(shown, together, scale) for scale in paint.SCALES}
        whole = Box(0, 0, *comparison.picture.size)
        all_of_it = _shares(explanation.seen, whole) == _EVERYTHING
        words = encoding.in_words(shown, texts.WHOLE_PICTURE if all_of_it else texts.PART_SEEN)
    except CactivizError as error:
        return {"why": str(error)}
    return {
        **encoding.piece(shown).body,
        "full": {scale: vmax for scale, (vmax, _) in scales.items()},
        "words": words[:1].upper() + words[1:] + ".",
        "captions": {scale: caption for scale, (_, caption) in scales.items()},
        "place": shown.place and [*cam_layers.parted(shown.place), texts.at_layer(shown.place)],
        "explains": texts.explains(shown),
        "alt": texts.alt_of_map(title, explanation.title, shown.class_name, shown.contrast, words),
    }


@dataclass(frozen=True)
class Event:
    """What was pressed in this run.

    Attributes:
        kind: "add" a network that was offered, do with "untrained" weights in its stead, open the
            form for an "own" file, "export" the comparison, or open the lessons on how far to
            "trust" it.
        value: The network's name, one of :data:`EXPORTS`, or empty.
        style: How the maps were painted at that moment.
    """

    kind: Literal["add", "untrained", "own", "export", "trust"]
    value: str
    style: Style


def style_from(named: Mapping[str, object]) -> Style:
    """The style that an address or a browser names; what isn't usable there is as it is at first.

    Args:
        named: Scale, palette and strength by name.

    >>> style_from({"scale": "rank", "palette": "<b>", "strength": "0.7"}).of_maps
    {'scale': 'rank', 'palette': 'inferno', 'strength': 0.7, 'contour': None}
    """
    first = Style()
    palette = named.get("palette")
    return Style(
        next((scale for scale in SCALES if scale == named.get("scale")), first.scale),
        palette if isinstance(palette, str) and palette in PALETTES else first.palette,
        _share(named.get("strength"), first.strength),
    )


def _share(value: object, otherwise: float) -> float:
    """A number in 0..1, however it is written."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return otherwise
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return otherwise
    return number if 0 <= number <= 1 else otherwise  # NaN is in no range


def show(data: dict[str, Any], key: str = "grid") -> Event | None:
    """Show what :func:`payload` gives, and return what was pressed in this run.

    Args:
        data: What the browser is sent.
        key: Of the component.
    """
    # What is pressed is noted before the run, which may end above this place.
    component("grid", "grid", _SCRIPTS, _SHEETS, _tables)(
        data=_packed(data, key), key=key, on_event_change=lambda: _note(key)
    )
    pressed = st.session_state.pop(_pressed(key), None)
    remedies = [one for column in data["columns"] for one in column.get("does", ())]
    return event(pressed, {offer["name"] for offer in (*data["offers"], *remedies)})


def _note(key: str) -> None:
    st.session_state[_pressed(key)] = st.session_state[key].event


def _pressed(key: str) -> str:
    return f"{key} pressed"


def event(pressed: object, offered: set[str]) -> Event | None:
    """What a browser says was pressed, if there is such a thing to press.

    >>> event({"kind": "export", "value": "png"}, set())
    Event(kind='export', value='png', style=Style(scale='own', palette='inferno', ...))
    >>> event({"kind": "add", "value": "alexnet"}, set())
    """
    if not isinstance(pressed, Mapping):
        return None
    value, style = pressed.get("value"), pressed.get("look")
    if not isinstance(value, str):
        return None
    here = style_from(style if isinstance(style, Mapping) else {})
    if pressed.get("kind") == "trust":
        return Event("trust", "", here)
    for kind in _OFFERED_KINDS:
        if pressed.get("kind") == kind and value in offered:
            return Event(kind, value, here)
    if pressed.get("kind") == "export" and value in EXPORTS:
        return Event("export", value, here)
    return None


def unpacked(sent: bytes) -> dict[str, Any]:
    """What was packed for the browser, as it has it."""
    data: dict[str, Any] = json.loads(sent[_STAMP:])
    return data


def _packed(data: dict[str, Any], key: str) -> bytes:
    """The data as JSON after a stamp of its content, so that the browser reads only what is new.

    As bytes, Streamlit passes it on as it is; a dict it would encode twice in each run.
    """
    key_of_sent = f"{key} sent"
    before, sent = st.session_state.get(key_of_sent, (None, b""))
    if data != before:  # quick: what a run before made is the very same object
        text = json.dumps(data).encode()
        sent = hashlib.blake2b(text, digest_size=_STAMP // 2).hexdigest().encode() + text
        st.session_state[key_of_sent] = data, sent
    return bytes(sent)


def _tables() -> str:
    """The palettes, which the scripts paint with."""
    tables = {name: table.tobytes().hex() for name, table in PALETTES.items()}
    tables["diverging"] = DIVERGING.tobytes().hex()
    return f"const TABLES = {json.dumps(tables)};"
