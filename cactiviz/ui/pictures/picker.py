"""Fields for pictures: one of a data set, or one's own, which stay after a page or a reload."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from io import BytesIO

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from cactiviz.batch.presets import PictureRef
from cactiviz.datasets import Dataset
from cactiviz.errors import CactivizError, PictureError
from cactiviz.pictures import open
from cactiviz.types import Picture
from cactiviz.ui import texts as shared
from cactiviz.ui.brought import current, store
from cactiviz.ui.brought import pictures as own_pictures
from cactiviz.ui.brought.pictures import OwnPicture
from cactiviz.ui.components import fields
from cactiviz.ui.pictures import library, texts
from cactiviz.ui.session import state

_MOST_NAMES = 60  # to choose from by name; more are counted
_CAMERA_WIDTH = 480  # pixels
_NUMBER_WIDTH = 126  # pixels; leaves room for the button beside it


def pick() -> Picture | None:
    """Show the choices, and return the picture; None if it can't be read, which is said."""
    names = _settled()
    name = fields.select(
        shared.DATASET,
        names,
        state.DATASET,
        format_func=library.title,
        on_change=lambda: _forget(str(st.session_state[state.DATASET])),
    )
    try:
        dataset = library.opened(name)
        _pick_item(dataset, _pick_class(dataset))
    except CactivizError as error:
        st.error(shared.plain(str(error)))
        return None
    return picked()


def picked() -> Picture | None:
    """The picture of a data set that is chosen; None if it can't be read, which is said."""
    _settled()
    name, class_name, item = (st.session_state[k] for k in (state.DATASET, state.CLASS, state.ITEM))
    try:
        dataset = library.opened(name)
        return library.picture(dataset, dataset.find(f"{class_name}/{item}"))
    except CactivizError as error:
        st.error(shared.plain(str(error)))
        return None


def _settled() -> list[str]:
    """The data sets that are here, one of which is chosen."""
    names = library.here()
    if st.session_state.get(state.DATASET) not in names:
        _forget(library.first())
    return names


def _pick_class(dataset: Dataset) -> str:
    classes = [name for name in library.ordered(dataset) if dataset.count(name)]
    if len(classes) == 1:
        st.session_state[state.CLASS] = classes[0]
        return classes[0]
    return fields.select(
        texts.PICK_CLASS,
        classes,
        state.CLASS,
        filter_mode="contains",
        on_change=lambda: st.session_state.pop(state.ITEM, None),
    )


def _pick_item(dataset: Dataset, class_name: str) -> str:
    names = list(dataset.items[class_name])
    if st.session_state.get(state.ITEM) not in names:
        st.session_state[state.ITEM] = names[0]
    chosen, field = str(st.session_state[state.ITEM]), _field()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        if len(names) <= _MOST_NAMES:
            st.session_state[field] = chosen
            st.selectbox(
                texts.PICK_ITEM,
                names,
                key=field,
                filter_mode="contains",
                width=_NUMBER_WIDTH,
                on_change=_by_name,
                args=(field,),
            )
        else:
            start = _start(names)
            last = start + len(names) - 1
            st.session_state[field] = start + names.index(chosen)
            st.number_input(
                texts.PICK_NUMBER.format(first=start, last=last),
                start,
                last,
                width=_NUMBER_WIDTH,
                key=field,
                on_change=_by_number,
                args=(names, field),
            )
        st.button(
            texts.DRAW_ONE,
            icon=":material/casino:",
            help=texts.DRAW_ONE_HELP,
            on_click=_draw,
            args=(names,),
        )
    return str(st.session_state[state.ITEM])


def _start(names: list[str]) -> int:
    """Pictures are counted from 1, unless their names are numbers from 0."""
    return 0 if names[0] == "0" else 1


def _field() -> str:
    """Another field after each draw.

    A run that overtakes the one of a draw still carries what the field held before it, which
    would be taken for what the user has just set.
    """
    return f"{state.PICKED} {st.session_state.get(state.DRAWS, 0)}"


def _by_name(field: str) -> None:
    st.session_state[state.ITEM] = st.session_state[field]


def _by_number(names: list[str], field: str) -> None:
    st.session_state[state.ITEM] = names[int(st.session_state[field]) - _start(names)]


def _draw(names: list[str]) -> None:
    """The next one of an order by chance, so that none comes twice before all have come."""
    order = random.Random(0).sample(names, len(names))
    before = st.session_state[state.ITEM]
    for _ in range(2):
        state.count_up(state.DRAWS)
        st.session_state[state.ITEM] = order[st.session_state[state.DRAWS] % len(order)]
        if st.session_state[state.ITEM] != before:
            return


def _forget(dataset: str) -> None:
    first = library.first_item()
    st.session_state[state.DATASET] = dataset
    st.session_state[state.CLASS] = first.class_name
    st.session_state[state.ITEM] = first.name


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
        width=_CAMERA_WIDTH,
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
        pictures = current.pictures()
        if pictures:
            st.caption(texts.still_there_many(len(pictures)))
        return [_shot(own.name, own.read, own.mark) for own in pictures], len(pictures)
    _keep_all(files[:most])
    return [uploaded(file.name, file) for file in files[:most]], len(files)


def uploaded(name: str, file: BytesIO) -> PictureRef:
    """A file of a field as a picture of an animation; one kept of it is told by the same mark."""
    return _shot(name, file.getvalue, own_pictures.mark(file.getbuffer()))


def _shot(name: str, read: Callable[[], bytes], mark: str) -> PictureRef:
    return PictureRef(name, name, lambda: open.open_picture(read(), name=name), mark)


def brought(source: str) -> Picture | None:
    """The picture that was brought by a file or the camera before, if it is kept."""
    own = current.picture(source)
    return None if own is None else opened(own)


def opened(own: OwnPicture) -> Picture:
    """A picture of one's own.

    Raises:
        PictureError: It can't be read.
    """
    return _opened(own.number, own.name, own.read)


def _brought(source: str, file: UploadedFile | None, name: str) -> Picture | None:
    """The picture of a file; where the field is empty, the one of before, if there was one."""
    session = st.session_state
    if file is not None and session.get(state.TAKEN + source) != file.file_id:
        fresh = _opened(own_pictures.number(name, file.getvalue()), name, file.getvalue)
        number = store.begin().pictures.put(name, file.getvalue())
        session[state.BROUGHT + source] = number
        if number == own_pictures.NOT_KEPT:
            st.caption(texts.PICTURE_NOT_KEPT)
            return fresh
        session[state.TAKEN + source] = file.file_id
    picture = current.picture(source)
    if picture is None:
        return None
    if file is None:
        st.caption(shared.plain(texts.STILL_THERE.format(name=picture.name)))
    return opened(picture)


def _another(source: str) -> None:
    """The field was emptied, or holds another file."""
    for key in (state.BROUGHT + source, state.TAKEN + source):
        st.session_state.pop(key, None)
    st.session_state[state.CAME] = source  # so that its field makes room once it is read


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
