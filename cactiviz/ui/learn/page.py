"""The page Learn: one of the lessons, or what each method asks the network."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape

import streamlit as st

from cactiviz.comparison.comparison import Comparison
from cactiviz.explanations.results import Explanation
from cactiviz.methods import FILTERS, METHODS, VIEWS, describe
from cactiviz.pictures import open
from cactiviz.types import Picture
from cactiviz.ui import texts as shared
from cactiviz.ui.components import fields
from cactiviz.ui.learn import figures, lessons, texts
from cactiviz.ui.networks import catalog
from cactiviz.ui.session import polling, state

#: ImageNet's networks: the best of those that come along, then the one whose methods differ most.
_PREFERRED = (
    "efficientnet_lite2",
    "alexnet",
    "densenet121",
    "efficientnet_b0",
    "resnet50",
    "resnet152",
)
_PHOTOGRAPH = "chelsea"


def show_methods() -> None:
    """All views, each with the same network and picture."""
    name, picture = _subject()

    def draw(answer: Explanation | polling.Failure) -> None:
        if isinstance(answer, Explanation):
            comparison = Comparison(picture, (name,), VIEWS, {name: answer})
        else:
            comparison = Comparison(picture, (name,), VIEWS, failures={name: answer.sentence})
        st.html(_page(comparison, name))

    network = catalog.network(name, untrained=True)
    question = partial(polling.runner().read, network, picture, VIEWS)
    waiting = polling.Failure(shared.WAITING)
    for answer in lessons.ask({name: question}, lambda _: draw(waiting)).values():
        draw(answer)


def _subject() -> tuple[str, Picture]:
    """A network of ImageNet's with a photograph, where its weights are here; else CactiNet."""
    missing = {spec.name for spec in catalog.missing()}
    for name in _PREFERRED:
        if name in catalog.names() and name not in missing:
            return name, open.sample(_PHOTOGRAPH)
    return lessons.NETWORK, lessons.scene(lessons.SCENE)


def _page(comparison: Comparison, name: str) -> str:
    explanation = comparison.explanations.get(name)
    answer = explanation.predictions[0] if explanation else None
    title = explanation.title if explanation else catalog.title(name)
    about = texts.learn_subject(
        title,
        name == lessons.NETWORK,
        answer.class_name if answer else "",
        answer.probability if answer else 0.0,
    )
    original = figures.row([figures.of_picture(comparison.picture, shared.ORIGINAL)])
    intro = _section(texts.LEARN_METHODS_TITLE, figures.prose(texts.LEARN_METHODS, about), original)
    return intro + "".join(_view(comparison, name, view) for view in VIEWS)


def _view(comparison: Comparison, name: str, view: str) -> str:
    """One view. Every row of the table is here; one without words of its own has the table's."""
    title, asks = describe(view)
    figure = figures.of_map(comparison, name, view, title)
    explanation = comparison.explanations.get(name)
    explained = explanation.attributions.get(view) if explanation else None
    limit = METHODS[view].limit if view in METHODS else texts.LEARN_FILTERS_LIMIT
    source = METHODS[view].source if view in METHODS else ""
    notes = list(explained.notes) if explained else []
    if view == FILTERS and explanation and name == lessons.NETWORK and not explanation.untrained:
        notes.append(texts.LEARN_FILTERS_CACTINET)
    words = (
        f'<p class="cv-question">{escape(asks)}</p>'
        + figures.prose(texts.LEARN_VIEWS.get(view, ""))
        + f'<p class="cv-limit"><b>{escape(texts.LEARN_LIMIT)}</b> {escape(limit)}</p>'
        + "".join(f'<p class="cv-small">{escape(note)}</p>' for note in notes)
        + (f'<p class="cv-small">{escape(source)}</p>' if source else "")
    )
    return _section(title, words, figures.row([figure]))


def _section(title: str, words: str, picture: str) -> str:
    return (
        f'<section class="cv-method"><div><h2>{escape(title)}</h2>{words}</div>{picture}</section>'
    )


#: What each part of the page shows; the names are keys of ``texts.LEARN_PARTS``.
PARTS: dict[str, Callable[[], None]] = {
    "untrained": lessons.show_untrained,
    "classes": lessons.show_classes,
    "scale": lessons.show_scale,
    "size": lessons.show_size,
    "methods": show_methods,
}
_ADDRESS = "lesson"  #: What the address calls the part.
_AT = "lesson of address"  #: The session's key of the part that the address had last.
_LESSONS = [name for name in PARTS if name != "methods"]


def show() -> None:
    """The chosen part, the way to the next, and the glossary."""
    with st.container(key="cv-learn"):
        st.title(texts.LEARN_TITLE, anchor=False)
        st.html(f'<p class="cv-lead">{escape(texts.LEARN_LEAD)}</p>')
        _follow_address()
        part = fields.one_of(
            texts.LEARN_PART,
            texts.LEARN_PARTS,
            state.LESSON,
            st.pills,
            label_visibility="collapsed",
        )
        if st.session_state[_AT] != part:  # what was pressed is an entry of its own to go back to
            st.session_state[_AT] = st.query_params[_ADDRESS] = part
        if part in _LESSONS:
            number = _LESSONS.index(part) + 1
            progress = texts.LEARN_PROGRESS.format(number=number, total=len(_LESSONS))
            st.html(
                f'<p class="cv-progress">{escape(progress)}</p>'
                f"<h2>{escape(texts.LEARN_TITLES[part])}</h2>"
            )
        if part in _LESSONS and lessons.trained_network().untrained:
            st.info(texts.LEARN_NO_WEIGHTS)
        else:
            PARTS[part]()
        _offer_next(part)
        st.html(_glossary())


def _follow_address() -> None:
    """Open the part that the address names, where it is another than a moment ago."""
    named = st.query_params.get(_ADDRESS, "")
    known = st.session_state.get(state.LESSON) in PARTS
    if named in PARTS and (named != st.session_state.get(_AT) or not known):
        st.session_state[state.LESSON] = st.session_state[_AT] = named
    elif not known:
        st.session_state[state.LESSON] = next(iter(PARTS))
    st.session_state.setdefault(_AT, st.session_state[state.LESSON])


def _offer_next(part: str) -> None:
    names = list(PARTS)
    after = names[(names.index(part) + 1) % len(names)]
    st.button(
        texts.learn_next(after),
        key="cv-next",
        icon=":material/arrow_forward:",
        icon_position="right",
        on_click=lambda: st.session_state.update({state.LESSON: after}),
    )


def _glossary() -> str:
    rows = "".join(
        f"<div><dt>{escape(word)}</dt><dd>{escape(means)}</dd></div>"
        for word, means in texts.LEARN_WORDS.items()
    )
    return (
        f'<section class="cv-glossary"><h2>{escape(texts.LEARN_GLOSSARY)}</h2>'
        f"<dl>{rows}</dl></section>"
    )
