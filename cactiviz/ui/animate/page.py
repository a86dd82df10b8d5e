"""The page Animate: frames as they come, then the whole at play, and its file to take home."""

from __future__ import annotations

import base64

import streamlit as st

from cactiviz.batch.animation import Animation, layout_of
from cactiviz.recipes.request import Style
from cactiviz.ui import texts
from cactiviz.ui.address import copy_link
from cactiviz.ui.animate import appearance, choice
from cactiviz.ui.animate import files as film_file
from cactiviz.ui.animate.files import Drawer, Making
from cactiviz.ui.animate.work import Plan, Work
from cactiviz.ui.components import data_url, player
from cactiviz.ui.networks import catalog, downloads
from cactiviz.ui.pictures import obtain
from cactiviz.ui.session import polling, state

_PATIENCE_SECONDS = 0.3
_LOOK_AGAIN_SECONDS = 0.4
_PREVIEW = "preview webp"
_MOST_SENTENCES = 5
_LARGEST_SHOWN = 8_000_000  # bytes of a file that plays on the page instead of the preview
_MIME = {"gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4", "zip": "application/zip"}


def show() -> None:
    """Ask at the side what moves, show it, and below how it is painted."""
    downloads.show()
    chosen = choice.ask()
    copy_link.titled(texts.FILM_PAGE_TITLE, "animate")
    for note in chosen.notes:
        st.caption(texts.plain(note))
    if chosen.missing:
        obtain.open_or_offer(chosen.missing)
    if chosen.plan is None:
        film_file.leave()
        if not chosen.missing:
            st.info(texts.FILM_PICK)
        return
    drawer = film_file.drawer()
    work = drawer.work_on(chosen.plan)
    if not (work.held or work.problem):
        work.go_on()  # where the page was left for another
    upper = st.container()
    style = appearance.ask(chosen.squash)
    with upper:
        work.first_frame.wait(_PATIENCE_SECONDS)
        busy = _busy(drawer, work, style)
        st.fragment(_show, run_every=_LOOK_AGAIN_SECONDS if busy else None)(style, busy)


def _busy(drawer: Drawer, work: Work, style: Style) -> bool:
    """Whether something is on its way; begins what plays on the page."""
    if work.running:
        return True
    if work.finished and not work.problem and drawer.made(style, _PREVIEW) is None:
        drawer.make(style, _PREVIEW, film_file.PREVIEW_FRAMES)
    files = [drawer.made(style, ending) for ending in (_PREVIEW, *film_file.FORMATS)]
    return any(making is not None and not making.ended.is_set() for making in files)


def _show(style: Style, timed: bool) -> None:
    drawer = film_file.drawer()
    work = drawer.work
    if work is None:
        return
    work.seen()
    busy = _busy(drawer, work, style)
    if busy != timed:
        st.rerun()
    film = work.view(style)
    _status(drawer, work, style)
    _stage(drawer, work, film)
    _offer_weights(work)
    _take_home(drawer, work, style)


def _status(drawer: Drawer, work: Work, style: Style) -> None:
    """What goes on, of one height in every state."""
    with st.container(horizontal=True, vertical_alignment="center", key="cv-film-status"):
        preview = drawer.made(style, _PREVIEW)
        if work.running:
            st.caption(_progress(work), width="content")
            st.button(texts.STOP, key="film stop", type="tertiary", on_click=_hold, args=(work,))
            st.progress(work.done / max(1, work.plan.total))
        elif work.problem or not work.finished:
            said = work.problem or texts.film_stopped(work.done, work.plan.total)
            st.caption(texts.plain(said), width="content")
            st.button(texts.GO_ON, key="film go on", type="tertiary", on_click=_go_on, args=(work,))
        elif preview is not None and not preview.ended.is_set():
            st.caption(texts.film_writing(preview.done, preview.total), width="content")
        else:
            st.caption(_summary(work, style), width="content")


def _progress(work: Work) -> str:
    index, place = work.at
    name = catalog.title(work.plan.networks[place].name)
    device = texts.DEVICES[polling.runner().device.type]
    if work.ahead is None:
        return texts.QUEUE_FULL
    pictures, models = len(work.plan.pictures), len(work.plan.networks)
    return texts.film_progress(index + 1, pictures, name, place + 1, models, work.ahead, device)


def _summary(work: Work, style: Style) -> str:
    frames = len(work.view(style).steps())
    return texts.film_summary(frames, style.seconds, frames > film_file.PREVIEW_FRAMES)


def _stage(drawer: Drawer, work: Work, film: Animation) -> None:
    style = film.style
    layout = layout_of(style, len(work.plan.networks), work.plan.question)
    still = _still(drawer, work, film)
    if not still:
        st.info(texts.FILM_NONE if work.finished else texts.FILM_FIRST)
        return
    made = drawer.made(style, str(st.session_state.get(state.FILM_FORMAT, "gif")))
    if made is not None and made.ready and made.path.suffix == ".mp4":
        st.video(made.data(), loop=style.loop == 0, autoplay=True, muted=True, alt=_alt(work))
        return
    plays = made if made is not None and made.ready and made.path.suffix != ".zip" else None
    if plays is not None and plays.size_bytes > _LARGEST_SHOWN:
        plays = None
    plays = plays or drawer.made(style, _PREVIEW)
    moving = _address(plays) if plays is not None and plays.ready and work.finished else ""
    player.show(still, moving, layout.size, _alt(work))
    if plays is not None and plays.sentence:
        st.error(texts.plain(plays.sentence))


def _still(drawer: Drawer, work: Work, film: Animation) -> str:
    """The first frame once all is there; before, the last one that is whole."""
    steps = film.steps()
    if not steps or not (work.complete or work.done):
        return ""
    whole = [step for step in steps if step[0] < work.complete] or steps[:1]
    step = whole[0] if work.finished else whole[-1]
    key = (film.style, step, step[0] < work.complete, work.finished)
    if drawer.painted is None or drawer.painted[0] != key:
        frame = film.frame(*step)
        if frame is None:
            return ""
        drawer.painted = key, data_url.jpeg(frame)
    return drawer.painted[1]


def _alt(work: Work) -> str:
    names = [catalog.title(network.name) for network in work.plan.networks]
    return texts.film_alt(len(work.plan.pictures), names)


def _address(making: Making) -> str:
    kind = _MIME[making.path.suffix[1:]]
    return f"data:{kind};base64,{base64.b64encode(making.data()).decode()}"


def _take_home(drawer: Drawer, work: Work, style: Style) -> None:
    """The file: which kind, made on demand, then downloaded."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="cv-film-file"):
        st.session_state.setdefault(state.FILM_FORMAT, "gif")
        chosen = st.segmented_control(
            texts.FILM_FORMAT,
            film_file.FORMATS,
            required=True,
            format_func=lambda name: texts.FILM_FORMATS[name],
            key=state.FILM_FORMAT,
            persist_state="session",
        )
        ending = str(chosen)
        making = drawer.made(style, ending)
        if making is None or making.sentence:
            label = texts.film_make(ending)
            nothing = len(work.failures) == len(work.plan.networks)
            soon = nothing or not work.finished or bool(work.problem)
            if st.button(
                label,
                type="primary",
                key="film make",
                disabled=soon,
                on_click=_make,  # before the run, which may end above this button
                args=(drawer, style, ending),
            ):
                st.rerun()
        elif not making.ended.is_set():
            st.caption(texts.film_writing(making.done, making.total), width="content")
            st.button(texts.STOP, key="film stop file", type="tertiary", on_click=making.cancel.set)
        else:
            st.download_button(
                texts.film_download(ending, making.size_bytes),
                making.data,
                file_name=f"{_file_name(work.plan)}.{ending}",
                mime=_MIME[ending],
                type="primary",
                icon=":material/download:",
                on_click="ignore",
                key="film download",
            )
    if making is not None and making.sentence:
        st.error(texts.plain(making.sentence))


def _make(drawer: Drawer, style: Style, ending: str) -> None:
    drawer.make(style, ending)


def _file_name(plan: Plan) -> str:
    kind = "layers" if plan.question.layers else "answers" if plan.question.top > 1 else "pictures"
    return f"cactiviz {len(plan.pictures)} {kind}" if kind == "pictures" else f"cactiviz {kind}"


def _offer_weights(work: Work) -> None:
    """What the networks say nothing for, and a way to the weights that aren't here."""
    without = [spec.name for spec in catalog.missing() if spec.name in work.failures]
    downloads.offer(without)
    titles = {ref.key: ref.title for ref in work.plan.pictures}
    sentences = [why for name, why in work.failures.items() if name not in without]
    sentences += [f"{titles[key]}: {why}" for key, why in work.sequence.skipped.items()]
    for sentence in list(dict.fromkeys(sentences))[:_MOST_SENTENCES]:
        st.warning(texts.plain(sentence))


def _hold(work: Work) -> None:
    work.held = True
    work.stop()


def _go_on(work: Work) -> None:
    work.held, work.problem = False, ""
    work.go_on()
