"""The address kept in step with the session: read on the way in, written once all is chosen.

What was tried in Chromium with Streamlit 1.67, and is built on here:

- A write to ``st.query_params`` becomes ``history.pushState``: an entry that Back leaves. Each run
  writes at most once, since each write (of one key even) is an entry of its own.
- ``bind="query-params"`` of a widget replaces the entry, so that there is nothing to go back to.
- A rerun carries the parameters that the browser had when it was asked for: a quick second click
  those of before the first, just as Back would. So on the same page parameters alone are never
  followed. ``history.js`` hears of Back and Forward from the browser's history itself, and tells.
- It also knows whether a write has come: one is lost if the run ends before it is sent.
- A rerun carries the values of all widgets, too: one that was asked for before Back was followed
  brings back what was chosen then. So word of Back is followed each time, and a run that may be
  Back, but has no word of it yet, waits a moment for it instead of drawing.
- A rerun doesn't carry what a component wrote with ``history.replaceState``. So the grid's look is
  never written here: ``history.js`` tells the grid of each write, and the grid adds its look again.
- The menu of the pages leads to an address without parameters. To complete it is to replace it
  (``history.js``), or Back would need two presses there. Whether an address without parameters
  is such a new one, or one of before that Back has led to, only the browser's history knows.
- A press in a fragment runs that fragment alone; it asks :func:`changed`, and then for the page.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import streamlit as st

from cactiviz.errors import CactivizError
from cactiviz.recipes.request import Style
from cactiviz.ui import texts as shared
from cactiviz.ui.address import binding, own, texts
from cactiviz.ui.address import link as address
from cactiviz.ui.address.link import LOOK, Link
from cactiviz.ui.address.own import Lacking
from cactiviz.ui.address.parameter import Query
from cactiviz.ui.components.loader import component
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state

_KEY = "cv-address"
_WORD_SECONDS = 0.25  # nothing goes wrong where word comes later


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


def enter(page: str) -> None:
    """Take over what the address says, if that is news; before any widget is made in a run.

    Args:
        page: One of those in :data:`~cactiviz.ui.address.binding.PARAMETERS`.
    """
    trail: Trail | None = st.session_state.get(state.TRAIL)
    new = trail is None and state.SOURCE not in st.session_state  # not if the Gallery came first
    if trail is None:
        trail = st.session_state[state.TRAIL] = Trail()
    if trail.page != page or trail.arrived:
        trail.page = page
        _arrive(trail, new)
    elif _chosen(trail) != trail.kept:
        trail.wrong, trail.followed, trail.begun = [], False, False
    elif trail.followed and trail.lacking.may_be_here():
        _follow(trail, trail.at)
    else:
        _let_be_told(trail)
    if page == "compare":
        trail.wrong += binding.drop_unknown(trail.known, new="network" in trail.lacking.instead)
    _say(trail)


def keep() -> None:
    """Write what is chosen into the address; once in a run, after the page's own widgets."""
    trail = _trail()
    query, before = _chosen(trail), trail.at
    # Where nothing was chosen there is nothing to go back to, nor to the menu's bare address.
    in_place = trail.begun or query == trail.kept
    trail.at, trail.kept = query, query  # before the run may end, which it may at each message
    if query != before and in_place:
        trail.instead.append(before)
    elif query != before:
        trail.written, trail.instead = trail.written + 1, []
        ours = {*LOOK, *binding.EVERY_PARAMETER}
        others = {key: text for key, text in st.query_params.items() if key not in ours}
        st.query_params.from_dict({**others, **query})  # one message, so one entry
    _in_the_browser(trail)
    trail.begun = False


def changed() -> bool:
    """Whether something that the address says was chosen since: for a fragment, to run the page."""
    trail = _trail()
    return _chosen(trail) != trail.kept


def not_there(sentence: str) -> None:
    """Say that something doesn't exist, if it was a link that chose it; something else is now."""
    trail = _trail()
    if trail.followed:
        trail.wrong.append(sentence)
        trail.kept = _chosen(trail)  # nobody chose it, so it is no entry of its own
        st.rerun()


def shows(picture: str) -> None:
    """Note which picture is shown, by its key, for what a link covers of it."""
    trail = _trail()
    binding.cover_on(picture, of_link=not (_asks_to_fetch(trail) or _pending(trail)))


def text() -> str:
    """The parameters that the address has now, but for the style: it changes with each write."""
    return urlencode(_trail().at)


def style() -> Style:
    """Scale, palette and strength as the address had them when the session began."""
    return _trail().style


def cannot_travel(page: str = "compare") -> str:
    """Which part of what a page shows a link leaves out, in plain sentences; empty if none."""
    return " ".join(own.cannot_travel(page))


def titled(title: str, page: str) -> None:
    """Show a page's title with "Copy link" beside it; Compare has its own above the grid.

    Args:
        title: What the page is called.
        page: One of those whose address says what they show.
    """
    data = {
        "copy": shared.GRID["copy"],
        "copied": shared.GRID["copied"],
        "byHand": shared.GRID["copy_by_hand"],
        "cannotTravel": cannot_travel(page),
    }
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.title(title, anchor=False, width="content")
        component("copy_link", "address")(data=data, key="copy link", width="content")


def arrive(page: str) -> None:
    """Note which page is shown; in each run, before the page's own code."""
    if st.session_state.get(state.SHOWN_PAGE) != page:
        state.bring_choices()
        if state.TRAIL in st.session_state:
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


def _arrive(trail: Trail, new: bool) -> None:
    """Begin with another page's address, where the menu's says nothing."""
    seen = _seen(trail)
    trail.wrong, trail.instead = [], []
    trail.arrived, trail.followed, trail.begun = False, False, True
    trail.at = trail.kept = _chosen(trail)
    if new or (seen and seen != trail.at):
        _follow(trail, seen)
    if new and trail.page == "compare":
        style = {key: text for key, text in st.query_params.items() if key in LOOK}
        link, wrong = Link.read(style)
        trail.style = link.style
        trail.wrong += wrong


def _let_be_told(trail: Trail) -> None:
    """Wait a moment where it may be Back: then ``history.js`` asks for another run, which tells.

    To draw what isn't chosen any more would be in vain; and the timer of its fragment would send
    the choices of before once more, after those of the entry have been followed.
    """
    seen = _seen(trail)
    if seen not in (trail.at, trail.heard):
        until = time.monotonic() + _WORD_SECONDS
        while time.monotonic() < until:
            time.sleep(0.01)
            st.session_state.get(state.TRAIL)  # this run ends here once another is asked for
    trail.heard = seen


def _seen(trail: Trail) -> Query:
    """What the browser's address says, as this run was asked for."""
    ours = binding.PARAMETERS[trail.page]
    return {key: text for key, text in st.query_params.items() if key in ours}


def _follow(trail: Trail, query: Mapping[str, str]) -> None:
    """Choose what a link says; a folder of this computer only after a question."""
    trail.at = dict(query)
    link, trail.wrong = binding.read(trail.page, trail.at)
    trail.folder = None
    asks = link.place not in ("", state.place())
    if asks and not library.folders_may_be_named():
        trail.wrong.append(texts.LINK_PLACE_SHUT)
    followed = replace(link, picture="") if asks else link
    trail.wrong += binding.choose(trail.page, trail.at, followed)
    trail.lacking = own.choose(trail.page, trail.at, link.without)
    if asks and library.folders_may_be_named():
        trail.folder, trail.picked = link, binding.picked()
    trail.instead, trail.followed = [], True
    trail.kept = _chosen(trail)


def _chosen(trail: Trail) -> Query:
    """What a link says of what is chosen; while a folder is asked about, it holds that folder."""
    query, asks = binding.query(trail.page), _pending(trail)
    if left_out := own.left_out(trail.page, trail.lacking):
        query[address.LEFT_OUT] = left_out
    if asks is None:
        return query
    held = {"picture": asks.picture, "place": asks.place}
    return {**query, **{key: value for key, value in held.items() if value}}


def _pending(trail: Trail) -> Link | None:
    """The link whose folder nobody has agreed to yet, until another picture is chosen."""
    return trail.folder if trail.picked == binding.picked() else None


def _asks_to_fetch(trail: Trail) -> str:
    """The web address that a link brought and nobody has agreed to yet, or nothing."""
    web = str(st.session_state.get(state.WEB) or "").strip()
    asks = st.session_state.get(state.SOURCE) == "web" and web not in trail.agreed
    return web if asks else ""


def _say(trail: Trail) -> None:
    """What is wrong with the link, what it lacks, and what it may not do unasked."""
    for sentence in trail.wrong:
        st.warning(shared.plain(sentence))
    if missing := own.still_missing(trail.page, trail.lacking):
        st.info(" ".join(texts.LEFT_OUT[word] for word in missing))
    if web := _asks_to_fetch(trail):
        try:
            host = address.host(web)
        except CactivizError:
            return  # which is said where it is typed
        _ask(texts.LINK_FETCHES.format(host=host), texts.LINK_FETCH, agree, web)
    if asks := _pending(trail):
        _ask(texts.LINK_OPENS.format(place=asks.place), texts.LINK_OPEN, _agree_to_folder, asks)


def _ask(question: str, label: str, answer: object, about: object) -> None:
    with st.container(border=True, horizontal=True, vertical_alignment="center"):
        st.markdown(shared.plain(question))
        st.button(label, type="primary", on_click=answer, args=(about,))  # type: ignore[arg-type]


def _agree_to_folder(link: Link) -> None:
    trail = _trail()
    trail.folder = None
    st.session_state[state.PLACE] = link.place
    trail.wrong = binding.choose_picture(link) if link.picture else []


def _in_the_browser(trail: Trail) -> None:
    """Let the browser's entry say what is chosen; hear of it where it is another one."""
    others = LOOK if trail.page == "compare" else ()  # which the grid writes
    data = {
        "keys": [key for key in binding.EVERY_PARAMETER if key not in others],
        "page": trail.page,
        "query": trail.at,
        "instead": trail.instead,
        "written": trail.written,
    }
    component("history", "address", ("history.js",))(data=data, key=_KEY, on_moved_change=_moved)


def _moved() -> None:
    """Back or Forward has led to another entry of the same page."""
    moved = st.session_state[_KEY].moved
    if isinstance(moved, Mapping) and moved.get("page") == _trail().page:
        query = moved.get("said")
        _move(query if isinstance(query, Mapping) else {})


def _move(moved_to: Mapping[object, object]) -> None:
    """Follow the parameters of another entry, whatever they are."""
    trail = _trail()
    ours = binding.PARAMETERS[trail.page]
    query = {key: text for key in ours if isinstance(text := moved_to.get(key), str) and text}
    if query != trail.at or _chosen(trail) != trail.kept:  # what was chosen before, sent once more
        _follow(trail, query)
    trail.heard = _seen(trail)
