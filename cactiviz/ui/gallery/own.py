"""The user's own pictures in the Gallery: several at once, and one of them taken to Compare."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cactiviz.errors import PictureError
from cactiviz.pictures import open
from cactiviz.ui import texts as shared
from cactiviz.ui.brought import current, store
from cactiviz.ui.brought import pictures as own_pictures
from cactiviz.ui.brought.pictures import OwnPicture
from cactiviz.ui.components import wall
from cactiviz.ui.gallery import page, texts
from cactiviz.ui.pictures import library, picker
from cactiviz.ui.session import state
from cactiviz.ui.sidebar import sidebar

_MEGABYTES = open.MAX_BYTES // 2**20


def show() -> None:
    """A field for files, what of them couldn't be taken, and a wall of all that are here."""
    files = st.file_uploader(
        texts.OWN_PICTURES_DROP,
        type=sidebar.TYPES,
        accept_multiple_files=True,
        max_upload_size=_MEGABYTES,
        key=current.field(current.GALLERY),
    )
    st.caption(texts.OWN_PICTURES_HELP)
    if files:
        _take(files)
        st.rerun()  # with an empty field, which holds no file twice
    _say_refused()
    pictures = sorted(current.every(), key=lambda own: (own.name.casefold(), own.number))
    start = page.number(len(pictures)) * page.PAGE_SIZE
    here = pictures[start : start + page.PAGE_SIZE]
    if here:
        _show(here)
        page.turn(len(pictures))


def _take(files: list[UploadedFile]) -> None:
    """Keep each file that is a picture; one that isn't takes nothing from the others."""
    album, numbers, refused = store.begin().pictures, list[str](), list[str]()
    bar = st.progress(0.0, shared.OPENING)
    for count, file in enumerate(files, 1):
        try:
            data = _checked(file)
            numbers.append(album.put(file.name, data, beside=numbers))
            if numbers[-1] == own_pictures.NOT_KEPT:
                raise PictureError(texts.no_room_for(file.name))
        except PictureError as error:
            refused.append(str(error))
        bar.progress(count / len(files), shared.OPENING)
    bar.empty()
    st.session_state[state.GALLERY_REFUSED] = refused
    current.empty_field(current.GALLERY)
    state.back_to_the_first_page()


def _checked(file: UploadedFile) -> bytes:
    """A file, if it is a picture.

    Raises:
        PictureError: It isn't, or is too large.
    """
    if file.size > open.MAX_BYTES:  # the server's own limit is of networks
        raise PictureError(texts.too_large(file.name, _MEGABYTES))
    data = file.getvalue()
    _thumbnail(own_pictures.number(file.name, data), data, file.name)
    return data


def _say_refused() -> None:
    refused: list[str] = st.session_state.get(state.GALLERY_REFUSED) or []
    if len(refused) == 1:
        st.warning(shared.plain(refused[0]))
    elif refused:
        st.warning(texts.refused(len(refused)))
        with st.expander(texts.REFUSED_WHICH, key="gallery refused"):
            lines = (" ".join(sentence.split()) for sentence in refused)
            st.markdown("\n".join(f"- {shared.plain(line)}" for line in lines))


def _show(pictures: list[OwnPicture]) -> None:
    cells = [_cell(own) for own in pictures]
    pressed = wall.show(cells, texts.THUMBNAILS, "own thumbnails")
    for own, cell in zip(pictures, cells, strict=True):
        if cell.key == pressed and not cell.why:
            st.dialog(shared.plain(own.name), width="medium")(_larger)(own)


def _cell(own: OwnPicture) -> wall.Cell:
    try:
        small = _thumbnail(own.number, None, own.name)
    except PictureError as error:  # an animation's, which nobody has looked at yet; or it is gone
        return wall.Cell(own.number, own.name, own.name, hint=str(error), why=shared.BROKEN)
    return wall.Cell(own.number, own.name, own.name, hint=own.name, src=small)


# Of the session alone: a picture goes with it from the memory, too.
@st.cache_data(scope="session", max_entries=own_pictures.MOST_PICTURES, show_spinner=False)
def _thumbnail(number: str, _data: bytes | None, _name: str) -> str:
    if _data is None:
        own = current.of_number(number)
        if own is None:
            raise PictureError(shared.OWN_PICTURE_GONE)
        _data = own.read()
    return library.data_address(open.open_picture(_data, name=_name), library.THUMBNAIL)


def _larger(own: OwnPicture) -> None:
    try:
        picture = picker.opened(own)
    except PictureError as error:
        st.error(shared.plain(str(error)))
        return
    page.larger(picture, own.name, "", lambda: current.choose("upload", own.number))
