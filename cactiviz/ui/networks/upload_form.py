"""The form for a network of one's own: a file of weights, its architecture, a name, classes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from cactiviz.errors import CactivizError, ModelError, WeightsError
from cactiviz.explanations.explain import explain
from cactiviz.models import MODELS, LoadedModel, search
from cactiviz.models.checkpoint import IMAGENET
from cactiviz.models.class_list import text_of
from cactiviz.models.file_checks import ENDINGS
from cactiviz.models.preprocessing import SIDES, parts_of
from cactiviz.pictures.open import sample
from cactiviz.runtime.queue import Ticket
from cactiviz.runtime.runner import Network
from cactiviz.types import Cancel
from cactiviz.ui import texts as shared
from cactiviz.ui.brought import store
from cactiviz.ui.networks import catalog, texts
from cactiviz.ui.session import polling, state
from cactiviz.ui.session.polling import Failure, Pending

_LONGEST_NAME = 40
_LONGEST_LIST = 200_000  # characters
_TYPES = [ending.removeprefix(".") for ending in ENDINGS]
_LISTS = ["txt", "csv", "tsv", "json", "names", "labels", "yaml", "yml"]
_LIST_MEGABYTES = 1
_LOOK_AGAIN_SECONDS = 0.3
_PATIENCE_SECONDS = 1.0
_TRIED_ON = "chelsea"
_OWN_COLOURS = "own"


@dataclass
class _Check:
    """A network that is being read.

    Attributes:
        network: Which.
        file_name: As its owner calls its file.
        ticket: Its place in the queue.
    """

    network: Network
    file_name: str
    ticket: Ticket[str] | None = None


def ask() -> None:
    """Show the button that opens the form, and the form while it is open."""
    some = bool(catalog.own())
    st.button(
        texts.OWN_CHANGE if some else texts.OWN_ADD,
        type="tertiary",
        icon=":material/tune:" if some else ":material/add:",
        key="open own",
        on_click=open_form,
    )
    if st.session_state.get(state.OWN_FORM):  # in each run, or the first rerun would close it
        _form()


def open_form() -> None:
    """Show the form from the next run on, with nothing in it."""
    st.session_state[state.OWN_FORM] = True
    state.count_up(state.OWN_OPENED)


def _close() -> None:
    _end_check(keep=False)
    st.session_state[state.OWN_FORM] = False
    _say_nothing()


def _say_nothing() -> None:
    for key in (state.OWN_SAID, state.OWN_FITS):
        st.session_state.pop(key, None)


@st.dialog(texts.OWN_TITLE, on_dismiss=_close)
def _form() -> None:
    folder = store.begin()
    _list(folder)
    if len(folder.networks) >= store.MOST_NETWORKS:
        st.info(shared.OWN_FULL.format(most=store.MOST_NETWORKS))
        return
    limit = store.most_megabytes()
    file = st.file_uploader(texts.OWN_FILE, type=_TYPES, max_upload_size=limit, key=_key("file"))
    st.caption(texts.OWN_LIMIT.format(megabytes=limit))
    st.selectbox(
        texts.OWN_ARCHITECTURE,
        _architectures(),
        index=None,
        placeholder=texts.OWN_ARCHITECTURE_HINT,
        help=texts.OWN_ARCHITECTURE_HELP,
        format_func=_title,
        filter_mode="contains",
        key=_key("architecture"),
    )
    st.text_input(
        texts.OWN_NAME,
        placeholder=Path(file.name).stem if file else texts.OWN_NAME_HINT,
        max_chars=_LONGEST_NAME,
        key=_key("name"),
    )
    with st.expander(texts.OWN_CLASSES):
        st.text_area(
            texts.OWN_CLASSES_TYPED, max_chars=_LONGEST_LIST, height=110, key=_key("classes")
        )
        st.file_uploader(
            texts.OWN_CLASSES_FILE,
            type=_LISTS,
            max_upload_size=_LIST_MEGABYTES,
            key=_key("list"),
        )
        st.checkbox(texts.OWN_CLASSES_IMAGENET, key=_key("imagenet"))
        st.caption(texts.OWN_CLASSES_HELP)
    _ask_preprocessing()
    checking = st.session_state.get(state.OWN_CHECK) is not None
    st.button(
        texts.OWN_SUBMIT,
        type="primary",
        disabled=checking,
        on_click=_begin,
        args=(folder,),
        key="own submit",
    )
    if checking:
        st.fragment(_wait, run_every=_LOOK_AGAIN_SECONDS)(folder)
    elif problem := st.session_state.get(state.OWN_SAID):
        _say(problem, folder)


def _say(problem: str, folder: store.BrowserFolder) -> None:
    """What is wrong; where the file fits another architecture, a press takes it for that."""
    fits = str(st.session_state.get(state.OWN_FITS) or "")
    if not fits:
        st.error(shared.plain(problem))
        return
    tried = str(st.session_state.get(_key("architecture")) or "")
    st.warning(shared.plain(texts.own_fits(_short_title(fits), _short_title(tried))))
    st.button(
        texts.OWN_USE_AS.format(title=shared.plain(_short_title(fits))),
        type="primary",
        on_click=_begin_as,
        args=(folder, fits),
        key="own use as",
    )
    with st.expander(texts.OWN_WHY_NOT):
        st.caption(shared.plain(problem))


def _title(architecture: str) -> str:
    if architecture in MODELS:
        return MODELS[architecture].title
    return architecture.replace(":", ": ")


def _short_title(architecture: str) -> str:
    """Without the zoo, which the list of architectures says."""
    return _title(architecture).rpartition(": ")[2]


def _begin_as(folder: store.BrowserFolder, architecture: str) -> None:
    st.session_state[_key("architecture")] = architecture
    _begin(folder)


def _key(field: str) -> str:
    """A field's key; another each time, so that what was in the form isn't in the next one."""
    return f"own {field} {st.session_state.get(state.OWN_OPENED, 0)}"


def _ask_preprocessing() -> None:
    """Show the fields, folded away; each is empty at first, for what is usual."""
    with st.expander(texts.OWN_PREPARED):
        st.caption(texts.OWN_PREPARED_ABOUT)
        st.number_input(
            texts.OWN_SIZE,
            min_value=SIDES[0],
            max_value=SIDES[1],
            value=None,
            step=1,
            placeholder=texts.OWN_USUAL,
            help=texts.OWN_SIZE_HELP,
            key=_key("size"),
        )
        colours = _select_way(
            texts.OWN_COLOURS, texts.OWN_COLOUR_WAYS, _key("colours"), texts.OWN_COLOURS_HELP
        )
        if colours == _OWN_COLOURS:
            with st.container(horizontal=True):
                st.text_input(texts.OWN_MEAN, help=texts.OWN_THREE_HELP, key=_key("mean"))
                st.text_input(texts.OWN_STD, help=texts.OWN_THREE_HELP, key=_key("std"))
        _select_way(texts.OWN_RESIZE, texts.OWN_RESIZE_WAYS, _key("resize"))
        _select_way(texts.OWN_INTERPOLATION, texts.OWN_INTERPOLATION_WAYS, _key("interpolation"))


def _preprocessing() -> str:
    """What the fields say, as a checkpoint takes it; empty if nothing was chosen.

    Raises:
        ModelError: Mean or std aren't numbers.
    """
    names = ("colours", "size", "mean", "std", "resize", "interpolation")
    filled = {name: st.session_state.get(_key(name)) for name in names}
    words = []
    if filled["colours"] == _OWN_COLOURS:
        words += [f"{name}={_three(filled[name] or '', name)}" for name in ("mean", "std")]
    elif filled["colours"]:
        words.append(filled["colours"])
    if filled["size"] is not None:
        words.append(f"size={int(filled['size'])}")
    words += [f"{name}={filled[name]}" for name in ("resize", "interpolation") if filled[name]]
    return ",".join(words)


def _three(typed: str, name: str) -> str:
    numbers = "/".join(typed.replace("/", " ").replace(",", " ").split())
    try:
        parts_of(f"{name}={numbers}")
    except ModelError as error:
        raise ModelError(texts.OWN_NOT_THREE) from error
    return numbers


def _select_way(
    label: str, ways: Mapping[str, str], key: str, about: str | None = None
) -> str | None:
    return st.selectbox(
        label,
        list(ways),
        index=None,
        placeholder=texts.OWN_USUAL,
        format_func=lambda way: ways[way],
        help=about,
        key=key,
    )


def _list(folder: store.BrowserFolder) -> None:
    """The networks that are here already, each with a way to be rid of it."""
    for number, (name, network) in enumerate(list(folder.networks.items())):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{shared.plain(name)}**", width="stretch")
            st.button(
                texts.OWN_REMOVE,
                type="tertiary",
                icon=":material/delete:",
                on_click=_remove,
                args=(folder, network),
                key=f"own remove {number}",
            )


def _remove(folder: store.BrowserFolder, network: Network) -> None:
    folder.drop(network)
    st.session_state[state.OWN_FORM] = False


def _begin(folder: store.BrowserFolder) -> None:
    """Keep what the form holds and have it read; or say what is wrong, and leave the form."""
    filled = st.session_state  # a program that is no page may leave out any field
    file, listed = filled.get(_key("file")), filled.get(_key("list"))
    architecture = filled.get(_key("architecture"))
    _say_nothing()
    try:
        if file is None:
            raise WeightsError(texts.OWN_NO_FILE)
        if architecture is None:
            raise WeightsError(texts.OWN_NO_ARCHITECTURE)
        name = _checked_name(filled.get(_key("name")) or Path(file.name).stem)
        classes = _class_list(listed.getvalue()) if listed else filled.get(_key("classes"))
        if not (classes or "").strip() and filled.get(_key("imagenet")):
            classes = IMAGENET
        network = folder.put(file, file.name, name, architecture, classes or "", _preprocessing())
    except CactivizError as error:
        filled[state.OWN_SAID] = str(error)
    else:
        filled[state.OWN_CHECK] = _Check(network, file.name)


def _wait(folder: store.BrowserFolder) -> None:
    """Look whether the network is read; then the page begins anew."""
    check: _Check | None = st.session_state.get(state.OWN_CHECK)
    if check is None:
        return
    answer = _ask_after(check)
    if isinstance(answer, Pending):
        st.caption(f":material/hourglass_top: {texts.own_waits(answer.ahead)}")
        return
    if isinstance(answer, Failure):
        st.session_state[state.OWN_SAID] = _without_places(answer.sentence, check)
        st.session_state[state.OWN_FITS] = answer.fits
        _end_check(keep=False)
    else:
        folder.add(check.network)
        catalog.join(check.network.name)
        _end_check(keep=True)
        _close()
    st.rerun()


def _ask_after(check: _Check) -> str | Pending | Failure:
    key = ("tried", _TRIED_ON)
    before = check.ticket
    answer, check.ticket = polling.answer(lambda: polling.runner().ask(check.network, key, _tried))
    if before is not None:
        before.give_back()
    return answer


def _tried(model: LoadedModel, cancel: Cancel) -> str:
    """Its answer to a photograph; the worker's thread comes here with the network loaded."""
    best = explain(model, sample(_TRIED_ON), [], cancel=cancel).predictions[0]
    if not math.isfinite(best.logit):
        raise WeightsError(texts.OWN_NOT_NUMBERS)
    return best.class_name


def _end_check(*, keep: bool) -> None:
    check: _Check | None = st.session_state.pop(state.OWN_CHECK, None)
    if check is None:
        return
    if check.ticket is not None:
        check.ticket.give_back()
    folder = store.here()
    if folder is not None and not keep:
        folder.drop(check.network)


def _without_places(sentence: str, check: _Check) -> str:
    """The sentence with the file's own name, and without where the server keeps it."""
    checkpoint = check.network.checkpoint
    assert checkpoint is not None
    if isinstance(checkpoint.classes, Path):
        sentence = sentence.replace(f"The file {checkpoint.classes}", texts.OWN_LIST)
    return sentence.replace(str(checkpoint.file), check.file_name).replace(
        checkpoint.file.name, check.file_name
    )


def _class_list(file: bytes) -> str:
    """The text of a file of class names.

    Raises:
        WeightsError: It isn't text, or is too long.
    """
    if len(file) > _LIST_MEGABYTES * 2**20:
        raise WeightsError(texts.OWN_TOO_MANY_NAMES)
    return text_of(file, texts.OWN_LIST)[0]


def _checked_name(typed: str) -> str:
    """The name without signs that can't be seen.

    Raises:
        WeightsError: It is empty, holds a slash, or is another network's.
    """
    name = "".join(sign for sign in typed if sign.isprintable()).strip()[:_LONGEST_NAME]
    if not name:
        raise WeightsError(texts.OWN_NO_NAME)
    if "/" in name or "\\" in name:  # networks' names become folders in what is saved
        raise WeightsError(texts.OWN_SLASH)
    taken = [*catalog.names(), *map(catalog.title, catalog.names())]
    if name.casefold() in map(str.casefold, taken):
        raise WeightsError(texts.OWN_TAKEN.format(name=name))
    return name


@st.cache_data(show_spinner=False)
def _architectures() -> list[str]:
    return [*MODELS, *search("*")]
