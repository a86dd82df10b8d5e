"""Which pictures of one's own this session has chosen, and where the one that is shown is from."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from cactiviz.ui.brought import store
from cactiviz.ui.brought.pictures import NOT_KEPT, OwnPicture
from cactiviz.ui.session import state

OWN_SOURCES = ("upload", "camera")
FILM = "film upload"  #: The field of an animation.
GALLERY = "gallery upload"  #: The Gallery's.


def number(source: str) -> str:
    """The number of the picture that was chosen of a source, or empty."""
    return str(st.session_state.get(state.BROUGHT + source) or "")


def picture(source: str) -> OwnPicture | None:
    """The picture that was chosen of a source, if it is still kept."""
    return _kept(number(source))


def numbers() -> tuple[str, ...]:
    """The numbers of those chosen for an animation."""
    chosen: tuple[str, ...] = st.session_state.get(state.FILM_BROUGHT) or ()
    return chosen


def pictures() -> list[OwnPicture]:
    """Those chosen for an animation, as far as they are kept."""
    return [picture for which in numbers() if (picture := _kept(which)) is not None]


def every() -> list[OwnPicture]:
    """All that this browser has brought and are kept, for whichever page."""
    folder = store.here()
    return [] if folder is None else folder.pictures.every()


def of_number(which: str) -> OwnPicture | None:
    """A picture that was brought, if it is still kept."""
    return _kept(which)


def choose(source: str, which: str) -> bool:
    """Choose a picture that was brought before; False if it isn't kept any more."""
    if source not in OWN_SOURCES or _kept(which) is None:
        return False
    st.session_state[state.SOURCE] = source
    if number(source) != which:
        st.session_state[state.BROUGHT + source] = which
        _empty_field(source)
    return True


def choose_many(which: Sequence[str]) -> bool:
    """Choose an animation's pictures; False if one of them isn't kept any more."""
    numbers_kept = tuple(number for number in which if _kept(number) is not None)
    if numbers_kept and numbers_kept != numbers():
        st.session_state[state.FILM_BROUGHT] = numbers_kept
        _empty_field(FILM)
    if numbers_kept:
        st.session_state[state.FILM_SOURCE] = "upload"
    return len(numbers_kept) == len(which)


def shown_source() -> str:
    """Where the picture that is shown comes from: until there is one, that of before stays."""
    now = str(st.session_state.get(state.SOURCE) or "set")
    before = str(st.session_state.get(state.SHOWN_SOURCE) or "set")
    return next((source for source in (now, before) if _has_picture(source)), "set")


def film_source() -> str:
    """The same for an animation of many pictures."""
    upload = st.session_state.get(state.FILM_SOURCE) == "upload"
    return "upload" if upload and numbers() else "set"


def field(source: str) -> str:
    """The key of a source's field for files; another one once it is to be empty."""
    emptied = int(st.session_state.get(state.FIELDS + source, 0))
    return f"{source} {emptied}" if emptied else source


def _has_picture(source: str) -> bool:
    if source == "web":
        return bool(str(st.session_state.get(state.WEB) or "").strip())
    if source not in OWN_SOURCES:
        return True
    return number(source) == NOT_KEPT or picture(source) is not None


def _kept(which: str) -> OwnPicture | None:
    folder = store.here() if which else None
    return None if folder is None else folder.pictures.get(which)


def _empty_field(source: str) -> None:
    """What a field holds would be taken for what was just uploaded."""
    if st.session_state.pop(state.TAKEN + source, None) is not None:
        empty_field(source)


def empty_field(source: str) -> None:
    """Let another field take the place of a source's, in the next run."""
    state.count_up(state.FIELDS + source)
