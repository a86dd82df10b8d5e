"""The page Animate: frames as they come, then the whole at play, and its file to take home."""

from __future__ import annotations

import streamlit as st

from cactiviz.batch.animation import Animation, layout_of
from cactiviz.recipes.request import Style
from cactiviz.ui import texts as shared
from cactiviz.ui.address import history
from cactiviz.ui.animate import choice, texts
from cactiviz.ui.animate import work as film_work
from cactiviz.ui.animate.work import AnimationFolder, Plan, Work
from cactiviz.ui.components import data_url, fields
from cactiviz.ui.components.loader import component
from cactiviz.ui.networks import catalog, downloads
from cactiviz.ui.pictures import obtain
from cactiviz.ui.session import polling, state
from cactiviz.ui.sidebar import sidebar

_PATIENCE_SECONDS = 0.3
_LOOK_AGAIN_SECONDS = 0.4
_PREVIEW = "preview webp"
_LARGEST_SHOWN = 8_000_000  # bytes of a file that plays on the page instead of the preview
_MIME = {"gif": "image/gif", "webp": "image/webp", "mp4": "video/mp4", "zip": "application/zip"}


def show() -> None:
    """Ask at the side what moves, show it, and below how it is painted."""
    downloads.show()
    pictures, plan = choice.ask()
    history.titled(texts.FILM_PAGE_TITLE, "animate")
    sidebar.opener(texts.CHANGE_ALL)
    for note in pictures.notes:
        st.caption(shared.plain(note))
    if pictures.missing:
        obtain.open_or_offer(pictures.missing)
    if plan is None:
        film_work.leave()
        if not pictures.missing:
            st.info(texts.FILM_PICK)
        return
    folder = film_work.session_folder()
    work = folder.work_on(plan)
    if not (work.held or work.problem):
        work.go_on()  # where the page was left for another
    upper = st.container()
    style = choice.ask_style(squash=plan.question.resize == "squash")
    with upper:
        work.first_frame.wait(_PATIENCE_SECONDS)
        busy = _busy(folder, work, style)
        st.fragment(_show, run_every=_LOOK_AGAIN_SECONDS if busy else None)(style, busy)


def _busy(folder: AnimationFolder, work: Work, style: Style) -> bool:
    """Whether something is on its way; begins what plays on the page."""
    if work.running:
        return True
    if work.finished and not work.problem and folder.made(style, _PREVIEW) is None:
        folder.make(style, _PREVIEW, film_work.PREVIEW_FRAMES)
    files = [folder.made(style, ending) for ending in (_PREVIEW, *film_work.FORMATS)]
    return any(making is not None and not making.ended.is_set() for making in files)


def _show(style: Style, timed: bool) -> None:
    folder = film_work.session_folder()
    work = folder.work
    if work is None:
        return
    work.seen()
    busy = _busy(folder, work, style)
    if busy != timed:
        st.rerun()
    film = work.view(style)
    _status(folder, work, style)
    _stage(folder, work, film)
    _say_what_is_missing(work)
    _take_home(folder, work, style)


def _status(folder: AnimationFolder, work: Work, style: Style) -> None:
    """What goes on, of one height in every state."""
    with st.container(horizontal=True, vertical_alignment="center", key="cv-film-status"):
        preview = folder.made(style, _PREVIEW)
        if work.running:
            st.caption(_progress(work), width="content")
            st.button(shared.STOP, key="film stop", type="tertiary", on_click=work.hold)
            st.progress(work.done / max(1, work.plan.total))
        elif work.problem or not work.finished:
            stopped = texts.FILM_STOPPED.format(done=work.done, total=work.plan.total)
            st.caption(shared.plain(work.problem or stopped), width="content")
            st.button(shared.GO_ON, key="film go on", type="tertiary", on_click=work.go_on)
        elif preview is not None and not preview.ended.is_set():
            st.caption(texts.film_writing(preview.done, preview.total), width="content")
        else:
            frames = len(work.view(style).steps())
            shortened = frames > film_work.PREVIEW_FRAMES
            summary = texts.film_summary(frames, style.seconds, shortened)
            st.caption(summary, width="content")


def _progress(work: Work) -> str:
    index, place = work.at
    name = catalog.title(work.plan.networks[place].name)
    device = shared.DEVICES[polling.runner().device.type]
    if work.ahead is None:
        return shared.QUEUE_FULL
    pictures, models = len(work.plan.pictures), len(work.plan.networks)
    return texts.film_progress(index + 1, pictures, name, place + 1, models, work.ahead, device)


def _stage(folder: AnimationFolder, work: Work, film: Animation) -> None:
    style = film.style
    layout = layout_of(style, len(work.plan.networks), work.plan.question)
    places = range(len(work.plan.networks))
    if len(work.failures) == len(places) and not any(work.explanations_of(0, p) for p in places):
        st.info(texts.FILM_SILENT)
        return
    still = _still(folder, work, film)
    if not still:
        st.info(texts.FILM_NONE if work.finished else texts.FILM_FIRST)
        return
    made = folder.made(style, str(st.session_state.get(state.FILM_FORMAT, "gif")))
    if made is not None and made.ready and made.path.suffix == ".mp4":
        st.video(made.data(), loop=style.loop == 0, autoplay=True, muted=True, alt=_alt(work))
        return
    plays = made if made is not None and made.ready and made.path.suffix != ".zip" else None
    if plays is not None and plays.size_bytes > _LARGEST_SHOWN:
        plays = None
    plays = plays or folder.made(style, _PREVIEW)
    moving = ""
    if plays is not None and plays.ready and work.finished:
        moving = data_url.of(_MIME[plays.path.suffix[1:]], plays.data())
    data = {
        "still": still,  # whoever asks for less motion sees it until they press Play
        "moving": moving,
        "height": layout.size[0],
        "width": layout.size[1],
        "alt": _alt(work),
        "play": texts.FILM_PLAY,
        "hold": texts.FILM_HOLD,
    }
    component("player", "animate")(data=data, key="stage")
    if plays is not None and plays.sentence:
        st.error(shared.plain(plays.sentence))


def _still(folder: AnimationFolder, work: Work, film: Animation) -> str:
    """The first frame once all is there; before, the last one that is whole."""
    steps = film.steps()
    if not steps or not (work.complete or work.done):
        return ""
    whole = [step for step in steps if step[0] < work.complete] or steps[:1]
    step = whole[0] if work.finished else whole[-1]
    key = (film.style, step, step[0] < work.complete, work.finished)
    if folder.painted is None or folder.painted[0] != key:
        frame = film.frame(*step)
        if frame is None:
            return ""
        folder.painted = key, data_url.jpeg(frame)
    return folder.painted[1]


def _alt(work: Work) -> str:
    names = [catalog.title(network.name) for network in work.plan.networks]
    return texts.film_alt(len(work.plan.pictures), names)


def _take_home(folder: AnimationFolder, work: Work, style: Style) -> None:
    """The file: which kind, made on demand, then downloaded."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="cv-film-file"):
        ending = fields.one_of(texts.FILM_FORMAT, texts.FILM_FORMATS, state.FILM_FORMAT)
        making = folder.made(style, ending)
        if making is None or making.sentence:
            label = texts.film_make(ending)
            nothing = len(work.failures) == len(work.plan.networks)
            soon = nothing or not work.finished or bool(work.problem)
            if st.button(
                label,
                type="primary",
                key="film make",
                disabled=soon,
                on_click=folder.make,  # before the run, which may end above this button
                args=(style, ending),
            ):
                st.rerun()
        elif not making.ended.is_set():
            st.caption(texts.film_writing(making.done, making.total), width="content")
            st.button(
                shared.STOP, key="film stop file", type="tertiary", on_click=making.cancel.set
            )
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
        st.error(shared.plain(making.sentence))


def _file_name(plan: Plan) -> str:
    kind = "layers" if plan.question.layers else "answers" if plan.question.top > 1 else "pictures"
    return f"cactiviz {len(plan.pictures)} {kind}" if kind == "pictures" else f"cactiviz {kind}"


def _say_what_is_missing(work: Work) -> None:
    """A way to weights that aren't here; and, in one sentence, what else the film lacks."""
    without = catalog.without_weights(work.failures)
    downloads.offer(without)
    titles = {ref.key: ref.title for ref in work.plan.pictures}
    networks = [(catalog.title(n), why) for n, why in work.failures.items() if n not in without]
    pictures = [(titles[key], why) for key, why in work.sequence.skipped.items()]
    missing = list(dict.fromkeys([*networks, *pictures]))
    if len(missing) == 1:
        st.warning(shared.plain(": ".join(missing[0])))
    elif missing:
        st.warning(texts.film_lacks(len(networks), len(pictures)))
        with st.expander(texts.FILM_WHICH, key="film lacks"):
            lines = (" ".join(f"{name}: {why}".split()) for name, why in missing)
            st.markdown("\n".join(f"- {shared.plain(line)}" for line in lines))
