"""Weights that aren't here: offered, and fetched only when asked for, beside everything else."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable

import streamlit as st

from cactiviz.download import download, hash_prefix
from cactiviz.errors import CactivizError, Cancelled
from cactiviz.models import MODELS, ModelSpec
from cactiviz.models.weights import cache_folder
from cactiviz.ui import texts as shared
from cactiviz.ui.networks import catalog, texts, upload_form
from cactiviz.ui.session import state

_log = logging.getLogger(__name__)
_OFFERED = ("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3", "cactinet")
_LOOK_AGAIN_SECONDS = 0.5
Offer = dict[str, str]  #: As :func:`offers` and :func:`remedies` say it.


class Transfer:
    """One file on its way, for all sessions that wait for it.

    Attributes:
        spec: The network whose weights come.
        done_bytes: What is here.
        total_bytes: What is to come, as far as it is known.
        sentence: Why it failed, or empty.
        stopped: Nobody wanted it any more; what came is kept.
        ended: Set once it came, failed or was stopped.
    """

    def __init__(self, spec: ModelSpec) -> None:
        self.spec = spec
        self.done_bytes = _here_already(spec)
        self.total_bytes = spec.download_megabytes * 1_000_000
        self.sentence = ""
        self.stopped = False
        self.waiting_for_it = 0
        self.cancel = threading.Event()
        self.ended = threading.Event()
        name = f"weights of {spec.name}"
        threading.Thread(target=self._run, name=name, daemon=True).start()

    def _run(self) -> None:
        weights = self.spec.weights
        assert weights is not None
        path = cache_folder() / weights.file_name
        try:
            download(
                weights.url,
                path,
                sha256_prefix=hash_prefix(path.name),
                progress=self._note,
                cancel=self.cancel,
            )
        except Cancelled:
            self.stopped = True
        except CactivizError as error:
            self.sentence = str(error)
        except Exception:
            _log.exception("A download failed")
            self.sentence = texts.DOWNLOAD_FAILED.format(title=self.spec.title)
        finally:
            self.ended.set()

    def _note(self, done: int, total: int | None) -> None:
        self.done_bytes = done
        self.total_bytes = max(total or self.total_bytes, done, 1)


class _Transfers:
    """All that is on its way to this server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_name: dict[str, Transfer] = {}

    def join(self, spec: ModelSpec) -> Transfer:
        with self._lock:
            transfer = self._by_name.get(spec.name)
            if transfer is None or transfer.ended.is_set() or transfer.cancel.is_set():
                transfer = self._by_name[spec.name] = Transfer(spec)
            transfer.waiting_for_it += 1
            return transfer

    def leave(self, transfer: Transfer) -> None:
        with self._lock:
            transfer.waiting_for_it -= 1
            if transfer.waiting_for_it <= 0:
                transfer.cancel.set()


@st.cache_resource(show_spinner=False)
def _transfers() -> _Transfers:
    return _Transfers()


def offers(chosen: Iterable[str]) -> list[Offer]:
    """The product's networks that aren't chosen, each with what one press of it does.

    Args:
        chosen: The names of those that are.

    Returns:
        For each its "name", its "title", and as "text" what the press says, such as "Add". None
        while one that is chosen lacks its weights: :func:`offer` is the list then.
    """
    chosen = list(chosen)
    if catalog.without_weights(chosen):
        return []
    left = [name for name in _OFFERED if name in MODELS and name not in {*chosen, *_mine()}]
    return [{"name": n, "title": MODELS[n].title, "text": _press(n)} for n in left]


def remedies(name: str, *, untrained: bool = False) -> list[Offer]:
    """What one may press in the place of a network that can't answer as one that has learnt.

    Args:
        name: The network's name.
        untrained: It answers with random weights.

    Returns:
        For each its "kind": "add" fetches the weights, "untrained" does with random ones, "own"
        opens the form for files of one's own. And the "name" of the network, and as "text" what
        the press says. Empty while the weights are on their way, and where nothing would help.
    """
    spec = MODELS.get(name)
    if spec is None:
        return [{"kind": "own", "name": name, "text": texts.OTHER_FILE}]
    if is_coming(name) or not catalog.lacks_weights(spec):
        return []
    found = []
    if catalog.can_be_fetched(spec):
        found.append({"kind": "add", "name": name, "text": _press(name)})
    if not untrained and not st.session_state.get(state.UNTRAINED):
        found.append({"kind": "untrained", "name": name, "text": texts.UNTRAINED_FOR_NOW})
    return found


def remedy(name: str, *, untrained: bool = False) -> None:
    """A button for each of :func:`remedies`; what was pressed is shown by the run that follows."""
    offered = remedies(name, untrained=untrained)
    if not offered:
        return
    with st.container(horizontal=True, gap="small"):
        for one in offered:
            if st.button(
                one["text"],
                key=f"{one['kind']} {name}",
                help=texts.download_terms(MODELS[name]) if one["kind"] == "add" else None,
                on_click=follow,  # before the run, which may end above this button
                args=(one["kind"], name),
            ):
                st.rerun()  # all of the page, of which this may be a part


def follow(kind: str, name: str) -> None:
    """Do what a remedy says; a run of the whole page has to follow."""
    if kind == "add":
        fetch(name)
    elif kind == "untrained":
        catalog.let_untrained()
    elif kind == "own":
        upload_form.open_form()


def is_coming(name: str) -> bool:
    """Whether this session waits for a network's weights."""
    return name in _mine() and not _mine()[name].ended.is_set()


def fetch(name: str) -> None:
    """Let a network join those that are chosen, as soon as its weights are here.

    A run of the page has to follow, in which :func:`show` shows how far they are.

    Args:
        name: In the table of networks; others are left alone, as the name comes from a browser.
    """
    if name not in MODELS:
        return
    if not catalog.can_be_fetched(MODELS[name]):
        catalog.join(name)
        return
    mine = _mine()
    if name not in mine or mine[name].ended.is_set():
        st.session_state[state.FETCHING] = {**mine, name: _transfers().join(MODELS[name])}


def _fetch_all(specs: Iterable[ModelSpec]) -> None:
    for spec in specs:
        fetch(spec.name)


def show() -> None:
    """How far this session's downloads are, each with a way to stop it; nothing without any."""
    mine = _mine()
    if mine:
        under_way = not all(transfer.ended.is_set() for transfer in mine.values())
        st.fragment(_show, run_every=_LOOK_AGAIN_SECONDS if under_way else None)()


def offer(names: Iterable[str], *, each: bool = True) -> None:
    """The one list of those of these networks whose weights aren't here, and the way to them.

    Args:
        names: Of the networks.
        each: Every network has a button; else there is only the one for several, as each network
            has its own in its place.
    """
    specs, coming = [MODELS[name] for name in names if name in MODELS], _mine()
    missing = [spec for spec in specs if catalog.can_be_fetched(spec) and spec.name not in coming]
    packages = [spec for spec in specs if catalog.needs_package(spec)]
    if not (packages or len(missing) > 1 or (missing and each)):
        return
    with st.container(key="cv-offers"):
        with st.container(horizontal=True, vertical_alignment="center"):
            titles = [spec.title for spec in (*missing, *packages)]
            st.caption(shared.plain(texts.weights_missing(titles)), width="content")
            if len(missing) > 1:
                _offer_all(missing)
            elif missing and each:
                _offer_one(missing[0])
            if not st.session_state.get(state.UNTRAINED) and st.button(
                texts.UNTRAINED_FOR_NOW,
                help=shared.UNTRAINED_HELP,
                key="untrained for now",
                on_click=lambda: st.session_state.update({state.UNTRAINED: True}),
            ):
                st.rerun()  # all of the page, of which this may be a part
        if len(missing) > 1 and each:
            with (
                st.expander(texts.DOWNLOAD_EACH, key="download each"),
                st.container(horizontal=True),
            ):
                for spec in missing:
                    _offer_one(spec)
        if packages:
            st.caption(texts.packages_missing([spec.title for spec in packages]))
            st.code(texts.install(packages), language="bash", wrap_lines=True)


def _offer_all(specs: list[ModelSpec]) -> None:
    size = sum(spec.download_megabytes for spec in specs)
    if st.button(
        texts.DOWNLOAD_ALL.format(count=len(specs), megabytes=size),
        key="download all",
        type="primary",
        icon=":material/download:",
        on_click=_fetch_all,
        args=(specs,),
    ):
        st.rerun()


def _offer_one(spec: ModelSpec) -> None:
    if st.button(
        texts.DOWNLOAD.format(spec=spec),
        help=texts.download_terms(spec),
        key=f"download {spec.name}",
        icon=":material/download:",
        on_click=fetch,  # before the run, which may end above this button
        args=(spec.name,),
    ):
        st.rerun()


def _show() -> None:
    under_way = {n: t for n, t in _mine().items() if not t.ended.is_set()}
    failed = {n: t for n, t in _mine().items() if t.ended.is_set() and t.sentence}
    came = {n: t for n, t in _mine().items() if t.ended.is_set() and not t.sentence}
    if under_way:
        _bar(under_way)
    for name, transfer in came.items():
        _drop([name])
        if not transfer.stopped:
            catalog.join(name)
    if (failed and _failed(failed)) or came:
        st.rerun()


def _bar(transfers: dict[str, Transfer]) -> None:
    """One bar, also for several files that come at once."""
    done = sum(transfer.done_bytes for transfer in transfers.values())
    total = max(sum(transfer.total_bytes for transfer in transfers.values()), done, 1)
    titles = ", ".join(transfer.spec.title for transfer in transfers.values())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(done / total, shared.downloading(titles, done, total, False))
        st.button(
            shared.STOP,
            type="tertiary",
            key=f"stop {' '.join(transfers)}",
            on_click=_stop,
            args=(transfers,),
        )


def _failed(failed: dict[str, Transfer]) -> bool:
    """Say once why, of however many; True once it was answered."""
    sentences = list(dict.fromkeys(transfer.sentence for transfer in failed.values()))
    titles = [transfer.spec.title for transfer in failed.values()]
    st.error(shared.plain(texts.downloads_failed(titles, sentences)))
    names = list(failed)
    with st.container(horizontal=True):
        key = " ".join(names)
        again = st.button(texts.TRY_AGAIN, key=f"again {key}", on_click=_again, args=(names,))
        enough = st.button(
            texts.NOT_NOW, type="tertiary", key=f"enough {key}", on_click=_drop, args=(names,)
        )
    return again or enough


def _again(names: list[str]) -> None:
    _drop(names)
    for name in names:
        fetch(name)


def _stop(transfers: dict[str, Transfer]) -> None:
    for transfer in transfers.values():
        _transfers().leave(transfer)
    _drop(transfers)


def _drop(names: Iterable[str]) -> None:
    gone = set(names)
    st.session_state[state.FETCHING] = {k: v for k, v in _mine().items() if k not in gone}


def _mine() -> dict[str, Transfer]:
    """The downloads that this session waits for, by the networks' names."""
    transfers: dict[str, Transfer] = st.session_state.get(state.FETCHING, {})
    return transfers


def _press(name: str) -> str:
    spec = MODELS[name]
    if not catalog.can_be_fetched(spec):
        return texts.ADD
    here = _here_already(spec)
    if here:
        return texts.GO_ON_WITH.format(megabytes=here / 1e6, spec=spec)
    return texts.DOWNLOAD_SIZE.format(spec=spec)


def _here_already(spec: ModelSpec) -> int:
    """How much of a file came before its download was stopped, in bytes."""
    if spec.weights is None:
        return 0
    part = cache_folder() / f"{spec.weights.file_name}.part"
    return part.stat().st_size if part.is_file() else 0
