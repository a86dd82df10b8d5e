"""The comparison on the page: it fills as networks answer, can be stopped, and taken home."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from html import escape

import streamlit as st

from cactiviz.comparison.answers import disagree
from cactiviz.comparison.comparison import Comparison
from cactiviz.datasets import is_address
from cactiviz.errors import CactivizError
from cactiviz.recipes.request import Style
from cactiviz.recipes.snippets import as_command, as_python
from cactiviz.ui import texts as shared
from cactiviz.ui.address import history
from cactiviz.ui.compare import best_view, contrast, exports, texts, tiles
from cactiviz.ui.compare import occlusion as covering
from cactiviz.ui.compare import progress as explanations
from cactiviz.ui.compare.progress import Progress
from cactiviz.ui.components.loader import SIDE_PANEL, component
from cactiviz.ui.grid import component as grid
from cactiviz.ui.networks import catalog, downloads
from cactiviz.ui.session import polling, state
from cactiviz.ui.sidebar import sidebar
from cactiviz.ui.sidebar.choice import Choice, explain

#: So long a file is handed to the browser, which saves it once: a run may be overtaken.
_HAND_OUT_SECONDS = 5.0


def show(choice: Choice) -> None:
    """Show what is known of the choice, and the rest as it comes."""
    downloads.show()
    look, draw = partial(_look, choice), partial(_show, choice)
    polling.show(look, lambda progress: progress.is_pending, draw, history.changed)


def _show(choice: Choice, progress: Progress) -> None:
    st.session_state[state.WAITED] = choice.key if progress.is_pending else None
    _heading(choice, progress)
    covering.panel(choice, progress)
    contrast.show(choice, progress.comparison)
    _say_what_does_not_count(choice, progress)
    data = grid.payload(
        _on_their_way(progress.comparison),
        offers=downloads.offers(choice.models),
        style=history.style(),
        before=covering.before(progress),
        remedies=_remedies(progress.comparison),
        download=_to_hand_out(),
        problem=str(st.session_state.pop(state.PROBLEM, "")),
        cannot_travel=history.cannot_travel(),
        address=history.text(),
        computed="" if progress.waiting else _computed(progress),
    )
    pressed = grid.show(data)
    if pressed is not None:
        _do(pressed, choice, progress)
    _actions(choice, progress)
    tiles.panel(covering.applied(choice), progress.comparison, progress.beside)
    downloads.offer(progress.comparison.models, each=False)
    if not progress.waiting:
        _show_caveats(progress.comparison)
        _again(choice, progress.comparison)


def _say_what_does_not_count(choice: Choice, progress: Progress) -> None:
    """Above the maps: layers that were dropped, and a class that no network here knows."""
    for sentence in catalog.layers_that_do_not_count(choice.key, choice.layers, choice.methods):
        st.info(shared.plain(sentence), icon=":material/layers_clear:")
    explanations = progress.comparison.explanations.values()
    if (
        progress.waiting
        or not explanations
        or any(explanation.explained is not None for explanation in explanations)
    ):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        whys = [why for e in explanations for why in list(e.failures.values())[:1]]
        st.caption(shared.plain(texts.nobody_knows(whys)), width="content")
        presses = {texts.EXPLAIN_OWN: ("", ""), **_near(choice)}
        for label, classes in presses.items():
            key = "explain own" if label == texts.EXPLAIN_OWN else f"explain {label}"
            if st.button(shared.plain(label), key=key, on_click=explain, args=classes):
                st.rerun()  # the whole page, whose side says what is explained


def _near(choice: Choice) -> dict[str, tuple[str, str]]:
    """Names near a class that nobody knows -> what is explained then, and against what."""
    target = choice.target
    class_, against = ("", "") if target is None else (target.class_ or "", target.contrast or "")
    pairs: dict[str, tuple[str, str]] = {}
    for typed in (str(class_), str(against)):
        if typed and not any(catalog.may_know(name, typed) for name in choice.models):
            for near in catalog.near_classes(choice.models, typed):
                other = str(against) if typed == class_ else str(class_)
                pairs[near] = (near, other) if typed == class_ else (other, near)
    return pairs


def _look(choice: Choice, patience_seconds: float) -> Progress:
    """What is known; nothing more is asked for once it was stopped."""
    if not patience_seconds and st.session_state.get(state.WAITED) == choice.key:
        polling.wait()
    shown = covering.applied(choice)
    progress = explanations.compared(
        shown, patience_seconds, first=choice, beside=tiles.questions(shown)
    )
    if st.session_state.get(state.STOPPED) != shown.key:
        return progress
    polling.want_nothing()
    stopped = dict.fromkeys(progress.waiting, texts.STOPPED)
    failures = {**progress.comparison.failures, **stopped}
    return replace(progress, comparison=replace(progress.comparison, failures=failures), waiting=())


def _heading(choice: Choice, progress: Progress) -> None:
    """The title and, of the same height in every state, what goes on."""
    comparison = progress.comparison
    title = texts.compare_title(len(choice.models), choice.picture)
    about = texts.subtitle(choice.methods, disagree(comparison))
    with st.container(gap=None, key="cv-heading"):
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            st.title(title, anchor=False, width="content")
            _status(choice, progress)
        st.caption(about)


def _actions(choice: Choice, progress: Progress) -> None:
    """What one may ask next."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="cv-actions"):
        covering.button()
        contrast.button(choice, progress.comparison)
        tiles.button(progress.comparison)
        with st.popover(texts.MORE_VIEWS, key="more views", width="content"):
            sidebar.ask_views()
    if credit := choice.picture.source:
        st.caption(shared.plain(credit))
    component("phone_bar", "compare", (SIDE_PANEL, "phone_bar.js"), ("phone_bar.css",))(
        data={"label": texts.PHONE_BAR, "parts": list(texts.PHONE_PARTS.items())}, key="phone bar"
    )


def _status(choice: Choice, progress: Progress) -> None:
    device = shared.DEVICES[polling.runner().device.type]
    update, at = st.session_state.update, covering.applied(choice).key
    if progress.waiting:
        titles = [catalog.title(name) for name in progress.waiting]
        sentence = shared.working_on(titles, len(choice.models), progress.ahead, device)
        st.caption(sentence, width="content")
        st.button(
            shared.STOP, key="stop", type="tertiary", on_click=update, args=({state.STOPPED: at},)
        )
    elif texts.STOPPED in progress.comparison.failures.values():
        st.caption(texts.STOPPED, width="content")
        st.button(
            shared.GO_ON,
            key="go on",
            type="tertiary",
            on_click=update,
            args=({state.STOPPED: None},),
        )


def _remedies(comparison: Comparison) -> dict[str, list[downloads.Offer]]:
    """Network -> what may be pressed in its place: it says nothing, or has learnt nothing."""
    explanations = comparison.explanations
    untrained = {name for name, explanation in explanations.items() if explanation.untrained}
    failed = {name for name, why in comparison.failures.items() if why != texts.STOPPED}
    return {
        name: downloads.remedies(name, untrained=name in untrained)
        for name in comparison.models
        if name in failed | untrained
    }


def _on_their_way(comparison: Comparison) -> Comparison:
    """The comparison, in which a network whose weights are coming says so."""
    coming = {
        name: shared.WEIGHTS_COME.format(title=catalog.title(name))
        for name in comparison.failures
        if downloads.is_coming(name)
    }
    return replace(comparison, failures={**comparison.failures, **coming}) if coming else comparison


def _computed(progress: Progress) -> str:
    return texts.computed(_seconds(progress), shared.DEVICES[polling.runner().device.type])


def _seconds(progress: Progress) -> float:
    explanations = progress.comparison.explanations.values()
    return sum(max((e.seconds for e in r.attributions.values()), default=0.0) for r in explanations)


def _do(pressed: grid.Event, choice: Choice, progress: Progress) -> None:
    """What was pressed in the grid."""
    if pressed.kind == "trust":
        st.switch_page(state.LEARN_PAGE)
    if pressed.kind in ("add", "untrained", "own"):
        downloads.follow(pressed.kind, pressed.value)
    else:
        state.count_up(state.EXPORTED)
        number = int(st.session_state[state.EXPORTED])
        try:
            made = exports.make(pressed.value, choice, _answered(progress), pressed.style, number)
        except CactivizError as error:
            st.session_state[state.PROBLEM] = str(error)
        else:
            st.session_state[state.TO_HAND_OUT] = made, time.monotonic()
    st.rerun()


def _show_caveats(comparison: Comparison) -> None:
    """What the maps can't say of each method and network, and a press for what is advised."""
    lines = ""
    for remark in comparison.limits():
        says = "".join(f"<dd>{escape(sentence)}</dd>" for sentence in remark.says)
        lines += f"<div><dt>{escape(remark.about)}</dt>{says}</div>"
    if lines:
        title = escape(texts.KEEP_IN_MIND)
        st.html(f'<section class="cv-mind"><h2>{title}</h2><dl>{lines}</dl></section>')
    best_view.offer(comparison)


def _again(choice: Choice, comparison: Comparison) -> None:
    """What a person would type for this comparison."""
    with st.expander(texts.AGAIN, icon=":material/terminal:"):
        request, style = exports.asked_of(choice, comparison), Style()
        if command := as_command(request, style):
            st.caption(texts.AGAIN_COMMAND)
            st.code(command, language="bash", wrap_lines=True)
        st.caption(texts.AGAIN_PYTHON)
        st.code(as_python(request, style), language="python", wrap_lines=True)
        st.caption(texts.AGAIN_RECIPE if is_address(request.picture) else texts.AGAIN_FILE)


def _answered(progress: Progress) -> Comparison:
    """The comparison without those that are still waited for."""
    comparison = progress.comparison
    answered = (name for name in comparison.models if name not in progress.waiting)
    return replace(comparison, models=tuple(answered), before=progress.first)


def _to_hand_out() -> grid.Download | None:
    held: tuple[grid.Download, float] | None = st.session_state.get(state.TO_HAND_OUT)
    if held is not None and time.monotonic() - held[1] < _HAND_OUT_SECONDS:
        return held[0]
    st.session_state.pop(state.TO_HAND_OUT, None)
    return None
