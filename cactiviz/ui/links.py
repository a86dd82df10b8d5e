"""The address kept in step with the session: read on the way in, written once all is chosen.

What was tried in Chromium with Streamlit 1.67, and is built on here:

- A write to ``st.query_params`` becomes ``history.pushState``: an entry that Back leaves. Each run
  writes at most once, since each write (of one key even) is an entry of its own. Back and Forward
  start a run whose ``st.query_params`` is that entry's; what a run writes then replaces the entry.
- ``bind="query-params"`` of a widget replaces the entry, so that there is nothing to go back to.
- A rerun carries the parameters that the browser last got from here or from Back, and not what a
  component wrote with ``history.replaceState``. So the grid's look is never written here:
  ``address.js`` tells the grid of each write, and the grid adds its look again.
- A quick second click carries the parameters of before the first: by the parameters alone it
  looks like Back. It differs in that a widget has changed, or in that the write is very recent.
- The menu of the pages leads to an address without parameters. To complete it is to replace it
  (``address.js``), or Back would need two presses there. Whether an address without parameters
  is such a new one, or one of before that Back has led to, only the browser's history knows.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import resources
from urllib.parse import urlencode

import streamlit as st
from streamlit.components.v2.types import ComponentRenderer

from cactiviz.errors import CactivizError
from cactiviz.ui import address, linked, sets, state, texts
from cactiviz.ui.address import LOOK, OWN, Link

#: So long a rerun may still carry what a write has replaced meanwhile.
_ECHO_SECONDS = 0.6

Query = dict[str, str]


@dataclass
class Trail:
    """What a session knows of its address.

    Attributes:
        at: The parameters that stand for what is chosen, as last written or read.
        alias: Parameters that the browser may send in their stead, since ``at`` replaced them.
        left: Parameters written before, the latest last, and when they were left.
        kept: What was chosen at the end of the last run.
        look: What the address said of scale, palette and strength when the session began.
        wrong: Sentences about the address, until something is chosen.
        folder: A link whose folder nobody has agreed to yet.
        instead: The picture that is chosen in its stead meanwhile.
        arrived: The session has just come here from another page.
        agreed: Web addresses that the user typed or agreed to.
        rewrite: The browser must be told ``at`` again.
    """

    at: Query = field(default_factory=dict)
    alias: Query | None = None
    left: list[tuple[Query, float]] = field(default_factory=list)
    kept: Link = field(default_factory=Link)
    look: Link = field(default_factory=Link)
    wrong: list[str] = field(default_factory=list)
    folder: Link | None = None
    instead: tuple[object, ...] = ()
    arrived: bool = False
    agreed: set[str] = field(default_factory=set)
    rewrite: bool = False


def enter() -> None:
    """Take over what the address says, if that is news; before any widget is made in a run."""
    seen = {key: value for key, value in st.query_params.items() if key in OWN}
    trail: Trail | None = st.session_state.get(state.TRAIL)
    if trail is None:
        trail = st.session_state[state.TRAIL] = Trail(arrived=True)
        if seen or state.SOURCE not in st.session_state:  # not if the Gallery came first
            _follow(trail, seen)
        trail.look, wrong = address.from_query(
            {key: value for key, value in st.query_params.items() if key in LOOK}
        )
        trail.wrong += wrong
    elif _is_news(trail, seen):
        _follow(trail, seen)
    elif _chosen(trail) != trail.kept:
        trail.wrong = []
    _say(trail)


def keep() -> None:
    """Write what is chosen into the address; once in a run, after all widgets."""
    trail = _trail()
    seen = {key: value for key, value in st.query_params.items() if key in OWN}
    link = _chosen(trail)
    query = address.to_query(link)
    # Where nothing was chosen there is nothing to go back to, nor to the bare address of the menu.
    in_place = trail.kept == link or (trail.arrived and not seen)
    if query != trail.at:
        trail.left = [*trail.left[-8:], (trail.at, time.monotonic())]
        trail.at, trail.alias = query, None
        trail.rewrite = not in_place
    if trail.rewrite:
        others = {k: v for k, v in st.query_params.items() if k not in (*OWN, *LOOK)}
        st.query_params.from_dict({**others, **query})  # one message, so one entry
    elif seen and seen != query:
        trail.alias = seen
    _in_the_browser(trail)
    trail.kept, trail.arrived, trail.rewrite = link, False, False


def text() -> str:
    """The parameters that the address has now, but for the look: it changes with each write."""
    return urlencode(_trail().at)


def look() -> dict[str, object]:
    """Scale, palette and strength as the address had them when the session began."""
    return {key: getattr(_trail().look, key) for key in LOOK}


def cannot_travel() -> str:
    """Which part of what is shown a link leaves out, in plain sentences; empty if none."""
    return linked.cannot_travel()


def arrive(page: str) -> None:
    """Note which page is shown; in each run, before the page's own code."""
    if st.session_state.get(state.SHOWN_PAGE) != page and state.TRAIL in st.session_state:
        _trail().arrived = True
    st.session_state[state.SHOWN_PAGE] = page


def agree(web: str) -> None:
    """Let this web address be fetched: it was typed here, or its question was answered."""
    _trail().agreed.add(web)


def may_fetch(web: str) -> bool:
    """Whether the user typed this web address, or agreed to it."""
    return bool(web) and web in _trail().agreed


def _trail() -> Trail:
    trail: Trail = st.session_state.setdefault(state.TRAIL, Trail())
    return trail


def _is_news(trail: Trail, seen: Query) -> bool:
    """Whether the address was changed by Back, Forward or a link, and not by what was chosen."""
    if seen == trail.at or (trail.alias is not None and seen == trail.alias):
        return False
    if _chosen(trail) != trail.kept:  # chosen since, here or on another page
        return False
    if trail.arrived and not seen:
        return False
    recent = [query for query, left in trail.left if time.monotonic() - left < _ECHO_SECONDS]
    trail.rewrite = seen in recent
    return not trail.rewrite


def _follow(trail: Trail, query: Mapping[str, str]) -> None:
    """Choose what a link says; a folder of this computer only after a question."""
    link, trail.wrong = address.from_query(query)
    trail.folder = None
    asks = link.place not in ("", state.place())
    if asks and not sets.folders_may_be_named():
        trail.wrong.append(texts.LINK_PLACE_SHUT)
    trail.wrong += linked.choose(replace(link, picture="") if asks else link)
    if asks and sets.folders_may_be_named():
        trail.folder, trail.instead = link, linked.picked()
    trail.at = {key: value for key, value in query.items() if key in OWN}
    trail.alias, trail.arrived = None, False
    trail.kept = _chosen(trail)


def _chosen(trail: Trail) -> Link:
    """What a link says of what is chosen; while a folder is asked about, it holds that folder."""
    link, asks = linked.chosen(), _pending(trail)
    return replace(link, picture=asks.picture, place=asks.place) if asks else link


def _pending(trail: Trail) -> Link | None:
    """The link whose folder nobody has agreed to yet, until another picture is chosen."""
    return trail.folder if trail.instead == linked.picked() else None


def _say(trail: Trail) -> None:
    """What is wrong with the link, and what it may not do unasked."""
    for sentence in trail.wrong:
        st.warning(texts.plain(sentence))
    web = str(st.session_state.get(state.WEB) or "").strip()
    if st.session_state.get(state.SOURCE) == "web" and web and web not in trail.agreed:
        try:
            asked = address.host(web)
        except CactivizError:
            return  # which is said where it is typed
        _ask(texts.link_fetches(asked), texts.LINK_FETCH, agree, web)
    if asks := _pending(trail):
        _ask(texts.link_opens(asks.place), texts.LINK_OPEN, _agree_to_folder, asks)


def _ask(question: str, label: str, answer: object, about: object) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(texts.plain(question))
        st.button(label, type="primary", on_click=answer, args=(about,))  # type: ignore[arg-type]


def _agree_to_folder(link: Link) -> None:
    trail = _trail()
    trail.folder = None
    st.session_state[state.PLACE] = link.place
    trail.wrong = linked.choose_picture(link)


def _in_the_browser(trail: Trail) -> None:
    """Let the browser's entry say what is chosen; hear of it where it is an older one."""
    query = [[key, trail.at.get(key, "")] for key in OWN]
    _component()(
        data={"query": query, "arrived": trail.arrived},
        key="cv-address",
        on_older_change=_back_to_the_first,
    )


def _back_to_the_first() -> None:
    """Back has led to an address without parameters, which the server took for a new one."""
    _follow(_trail(), {})


@st.cache_resource(show_spinner=False)
def _component() -> ComponentRenderer:
    files = resources.files("cactiviz.ui")
    return st.components.v2.component(
        "cactiviz_address", js=files.joinpath("address.js").read_text("utf-8")
    )
