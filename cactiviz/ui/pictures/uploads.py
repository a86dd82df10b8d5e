"""Fields for pictures of one's own; what was brought is there still after a page or a reload."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from io import BytesIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cactiviz.batch.sequence import PictureRef
from cactiviz.errors import PictureError
from cactiviz.pictures import open
from cactiviz.types import Picture
from cactiviz.ui import texts
from cactiviz.ui.brought import current, store
from cactiviz.ui.brought import pictures as own_pictures
from cactiviz.ui.session import state


def ask_file(types: Sequence[str]) -> Picture | None:
    """A field for a file.

    Args:
        types: Its possible endings.

    Raises:
        PictureError: It can't be read, or is too large.
    """
    limit = open.MAX_BYTES // 2**20
    file = st.file_uploader(
        texts.UPLOAD,
        type=types,
        max_upload_size=limit,
        key=current.field("upload"),
        on_change=_another,
        args=("upload",),
    )
    st.caption(texts.UPLOAD_HELP)
    if file is not None and file.size > open.MAX_BYTES:  # the server's own limit is of networks
        raise PictureError(texts.TOO_LARGE_A_PICTURE.format(megabytes=limit))
    return _brought("upload", file, file.name if file else "")


def ask_camera() -> Picture | None:
    """The camera; its owner is asked by the browser, and only here.

    Raises:
        PictureError: What it took can't be read.
    """
    shot = st.camera_input(
        texts.CAMERA,
        key=current.field("camera"),
        label_visibility="collapsed",
        on_change=_another,
        args=("camera",),
    )
    st.caption(texts.CAMERA_HELP)
    return _brought("camera", shot, texts.CAMERA_NAME)


def ask_files(types: Sequence[str], most: int) -> tuple[list[PictureRef], int]:
    """A field for many files, none of which is opened before its turn.

    Args:
        types: Their possible endings.
        most: So many of them are used.

    Returns:
        Those that are used, and how many there are.
    """
    files = st.file_uploader(
        texts.FILM_UPLOAD,
        type=types,
        accept_multiple_files=True,
        max_upload_size=open.MAX_BYTES // 2**20,
        key=current.field(current.FILM),
        on_change=lambda: st.session_state.pop(state.FILM_BROUGHT, None),
    )
    st.caption(texts.UPLOAD_HELP)
    if not files:
        kept = current.pictures()
        if kept:
            st.caption(texts.still_there_many(len(kept)))
        return [_shot(one.name, one.read, one.mark) for one in kept], len(kept)
    _keep_all(files[:most])
    return [uploaded(file.name, file) for file in files[:most]], len(files)


def uploaded(name: str, file: BytesIO) -> PictureRef:
    """A file of a field as a picture of an animation; one kept of it is told by the same mark."""
    return _shot(name, file.getvalue, own_pictures.mark(file.getbuffer()))


def _shot(name: str, read: Callable[[], bytes], mark: str) -> PictureRef:
    return PictureRef(name, name, lambda: open.open_picture(read(), name=name), mark)


def _brought(source: str, file: UploadedFile | None, name: str) -> Picture | None:
    """The picture of a file; where the field is empty, the one of before, if there was one."""
    said = st.session_state
    if file is not None and said.get(state.TAKEN + source) != file.file_id:
        found = _opened(own_pictures.number(name, file.getvalue()), name, file.getvalue)
        number = store.begin().pictures.put(name, file.getvalue())
        said[state.BROUGHT + source] = number
        if number == own_pictures.NOT_KEPT:
            st.caption(texts.PICTURE_NOT_KEPT)
            return found
        said[state.TAKEN + source] = file.file_id
    kept = current.picture(source)
    if kept is None:
        return None
    if file is None:
        st.caption(texts.plain(texts.STILL_THERE.format(name=kept.name)))
    return _opened(kept.number, kept.name, kept.read)


def _another(source: str) -> None:
    """The field was emptied, or holds another file."""
    for key in (state.BROUGHT + source, state.TAKEN + source):
        st.session_state.pop(key, None)


def _keep_all(files: Sequence[UploadedFile]) -> None:
    """Keep an animation's files, unless they are all kept already."""
    now = tuple(file.file_id for file in files)
    if st.session_state.get(state.TAKEN + current.FILM) == now and current.pictures():
        return
    pictures, numbers = store.begin().pictures, list[str]()
    for file in files:
        numbers.append(pictures.put(file.name, file.getvalue(), beside=numbers))
        if numbers[-1] == own_pictures.NOT_KEPT:
            st.caption(texts.PICTURES_NOT_KEPT)
            break
    st.session_state[state.FILM_BROUGHT] = tuple(numbers)
    st.session_state[state.TAKEN + current.FILM] = now


# A picture is kept as the very object that it is: a copy in each run would cost as much as it is
# large.
@st.cache_resource(scope="session", max_entries=4, show_spinner=False)
def _opened(number: str, name: str, _read: Callable[[], bytes]) -> Picture:
    return open.open_picture(_read(), name=name)
