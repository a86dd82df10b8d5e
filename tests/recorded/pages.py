"""Pages opened by an address: what is chosen then, what is said and shown, what the address is."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from . import measured
from .machine import ROOT

LINKS = Path(__file__).parent / "links.txt"

_TEXTS = ("title", "header", "subheader", "caption", "markdown", "warning", "info", "error")
_WIDGETS = (
    *("selectbox", "multiselect", "slider", "select_slider", "number_input", "text_input"),
    *("toggle", "checkbox", "radio", "button_group"),
)
#: What is said while something is computed, and how long that took.
_BUSY = ("hourglass", "waiting…", "Painting")
_TIMES = re.compile(r"in (under )?\d+\.\d s\b")
_NUMBERS = re.compile(r"[\d.]+")
_LOOK = {"scale", "palette", "strength"}


def addresses() -> list[str]:
    """Those of ``links.txt``."""
    lines = LINKS.read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def open_link(address: str) -> dict[str, Any]:
    """What a page gives that is opened by its address in a new session."""
    from streamlit.testing.v1 import AppTest

    parts = urlsplit(address)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.switch_page(f"pages/{parts.path.strip('/')}.py")
    app.query_params.update(dict(parse_qsl(parts.query, strict_parsing=bool(parts.query))))
    app.run()
    until = time.monotonic() + 60
    while not app.exception and _is_busy(app):
        if time.monotonic() > until:
            raise AssertionError(f"{address}: something is still waited for")
        time.sleep(0.15)
        app.run()
    if app.exception:
        raise AssertionError(f"{address}: {app.exception[0].value}")
    found = _shown(app)
    if parts.path.endswith("animate"):
        app.switch_page("pages/learn.py").run()  # which ends what works for the animation
    return found


def _is_busy(app: Any) -> bool:
    said = " ".join(one.value for kind in ("caption", "html") for one in app.get(kind))
    stops = any(button.label == "Stop" for button in app.button)
    return stops or any(word in said for word in _BUSY)


def _shown(app: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"address": None, "chosen": {}}
    for kind in _WIDGETS:
        for one in app.get(kind):
            if one.key is not None:
                found["chosen"][one.key] = measured.of_json(one.value)
    for kind in _TEXTS:
        if said := [_timeless(one.value) for one in app.get(kind)]:
            found[kind] = said
    found["code"] = [one.value for one in app.code if one.language == "bash"]
    found["buttons"] = [button.label for button in app.button]
    if pages := [_text(one.proto.body) for one in app.get("html")]:
        found["pages"] = sorted(measured.words(" ".join(pages)))
    said: list[str] = []
    images: list[Any] = []
    for data in _components(app):
        if isinstance(data.get("query"), dict) and "page" in data:
            found["address"] = data["query"]
            continue
        for value in _leaves(data):
            pictures = list(measured.images_in(value))
            images += map(measured.of_small_picture, pictures)
            if not pictures and " " in value and len(value) < 2000 and "{" not in value:
                said.append(_timeless(value))
        if looks := list(_looks(data)):
            found["look"] = looks
    # By what they say but for their numbers: the order of fields is nobody's business.
    found["said"] = sorted(dict.fromkeys(said), key=lambda text: _NUMBERS.sub("#", text))
    found["images"] = images
    return found


def _components(app: Any) -> list[dict[str, Any]]:
    """What the page's own parts in the browser are given, but for words of the session itself."""
    found = []
    for one in app.get("bidi_component"):
        text = one.proto.json or one.proto.bytes.decode("utf-8", "replace")
        data = json.loads(text[text.index("{") :])  # after a stamp of its content
        if "session" not in data:
            found.append(data)
    return found


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _leaves(one)
    elif isinstance(value, list):
        for one in value:
            yield from _leaves(one)
    elif isinstance(value, str):
        yield value


def _looks(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, Mapping):
        if set(value) >= _LOOK and not isinstance(value["scale"], Mapping | list):
            yield {key: value[key] for key in sorted(_LOOK)}
        for one in value.values():
            yield from _looks(one)
    elif isinstance(value, list):
        for one in value:
            yield from _looks(one)


def _timeless(text: str) -> str:
    return _TIMES.sub("in … s", text)


def _text(markup: str) -> str:
    return re.sub(r"(?s)<(script|style)\b.*?</\1>|<[^>]*>", " ", markup)
