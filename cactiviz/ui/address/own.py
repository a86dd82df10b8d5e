"""What a link leaves out: what a session chose of its own, and what is missing at whoever opens it.

An address says that something was left out, by the words of :data:`WORDS`, and by a mark
that means something only to the browser that left it out: by it Back, Forward and a reload find
again what was chosen there.

Which browser this is, its random word tells, which comes a moment after the page, in a run of a
fragment that shows nothing. The page itself runs once more only where that changes what it shows:
the browser has something here, or the address says that something was left out of it. In the
latter case the page waits for the word: what it would show first isn't what was asked for.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from cactiviz.errors import CactivizError
from cactiviz.models import MODELS
from cactiviz.ui.address import animate, binding, texts
from cactiviz.ui.address.link import FIRST_NETWORKS, LEFT_OUT, covered_of
from cactiviz.ui.brought import current, store
from cactiviz.ui.components.loader import component
from cactiviz.ui.networks import catalog
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state

_KEY = "cv-browser-word"
_PATIENCE_SECONDS = 3.0  # with a browser that doesn't tell
_LOOK_AGAIN_SECONDS = 1.0
#: Something runs so often in a session whose browser has something here; see private_folders.py.
_SIGN_OF_LIFE_SECONDS = 30
_LAYERS = {"filters": state.FILTER_LAYER, "neurons": state.NEURON_LAYER}


@dataclass(frozen=True)
class OwnChoice:
    """What was chosen on a page besides what its address says.

    Attributes:
        networks: All networks that were chosen, in their order: names of the table's, and before
            the numbers of one's own the sign :data:`OWN`.
        picture: (where it came from, which one), or empty.
        cover: Which part of that picture was covered, as a link says it.
        pictures: Numbers of the pictures of an animation.
        dataset: The data set of an animation, where a link can't name it or its classes.
        classes: Of that data set.
        layers: (number of a network of one's own, its layer).
        place: The folder on this computer that picture or data set are of.
    """

    networks: tuple[str, ...] = ()
    picture: tuple[str, str] | tuple[()] = ()
    cover: str = ""
    pictures: tuple[str, ...] = ()
    dataset: str = ""
    classes: tuple[str, ...] = ()
    layers: tuple[tuple[str, str], ...] = ()
    place: str = ""

    def words(self) -> tuple[str, ...]:
        """What a link leaves out, by the words of :data:`WORDS`.

        >>> OwnChoice(networks=("alexnet", "own 07"), picture=("upload", "5a")).words()
        ('picture', 'network')
        """
        left_out = {
            "picture": bool(self.picture),
            "pictures": bool(self.pictures or self.dataset in _HERE_ALONE),
            "classes": bool(self.classes) and self.dataset not in _HERE_ALONE,
            "network": bool(self.networks),
        }
        return tuple(word for word in WORDS if left_out[word])


#: Data sets that no link can name.
_HERE_ALONE = (library.LIVE, library.FOLDER)
OWN = "own "
#: What a link may leave out.
WORDS = ("picture", "pictures", "classes", "network")


@dataclass(frozen=True)
class Lacking:
    """What a link left out that isn't here.

    Attributes:
        instead: A word of :data:`WORDS` -> what is shown instead.
        mark: By which the browser that left it out would find it again.
        word: By which this browser was known when it was looked for.
    """

    instead: Mapping[str, object] = field(default_factory=dict)
    mark: str = ""
    word: str | None = None

    def may_be_here(self) -> bool:
        """Whether it may be found now: the browser has told its word since."""
        return bool(self.instead and self.mark) and self.word != st.session_state.get(state.WORD)


def left_out(page: str, lacking: Lacking) -> str:
    """What a page's address says of what it leaves out; empty if nothing.

    Args:
        page: Whose address.
        lacking: What a link left out that was followed here.
    """
    choice, missing = chosen(page), still_missing(page, lacking)
    words = {*choice.words(), *missing}
    pieces = [word for word in WORDS if word in words]
    if choice != OwnChoice():
        pieces.append(store.begin().choices.mark(choice))
    elif missing and lacking.mark:
        pieces.append(lacking.mark)
    return " ".join(pieces)


def still_missing(page: str, lacking: Lacking) -> list[str]:
    """What of it is missing still: nothing else was chosen in its stead."""
    return [word for word, instead in lacking.instead.items() if _instead(page, word) == instead]


def cannot_travel(page: str) -> list[str]:
    """A plain sentence for each thing that a link leaves out."""
    choice = chosen(page)
    of = next((name for name in _HERE_ALONE if name in (*choice.picture[:1], choice.dataset)), "")
    sentences = {
        "picture": texts.STAYS_ONE.get(of, texts.STAYS_PICTURE),
        "pictures": texts.STAYS_SEVERAL.get(of, texts.STAYS_PICTURES),
        "classes": texts.STAYS_CLASSES,
        "network": texts.STAYS_NETWORK,
    }
    return [sentences[word] for word in choice.words()]


def chosen(page: str) -> OwnChoice:
    """What is chosen on a page, as far as a link can't hold it."""
    picture = _picture(page)
    film = page == "animate" and animate.kind() == "pictures"
    upload = film and current.film_source() == "upload"
    unsaid = film and not upload and not animate.can_travel()
    numbers = _numbers()
    models = [OWN + numbers[name] if name in numbers else name for name in _models(page)]
    own = {name: number for name, number in numbers.items() if OWN + number in models}
    get = st.session_state.get
    covered = binding.covered_part() if picture and page == "compare" else None
    layers = {number: get(_LAYERS[page] + name) for name, number in own.items() if page in _LAYERS}
    if page == "compare":
        layers |= {own[name]: layer for name, layer in catalog.layers_of(list(own))}
    dataset = str(get(state.FILM_SET)) if unsaid else ""
    return OwnChoice(
        networks=tuple(models) if own else (),
        picture=picture,
        cover=covered.text() if covered else "",
        pictures=current.numbers() if upload else (),
        dataset=dataset,
        classes=tuple(get(state.FILM_CLASSES) or ()) if unsaid else (),
        layers=tuple((number, str(layer)) for number, layer in layers.items() if layer),
        place=state.place() if library.FOLDER in (*picture[:1], dataset) else "",
    )


def choose(page: str, query: Mapping[str, str], left_out: str) -> Lacking:
    """Choose what was chosen here when this address was left; after all that the address holds.

    Args:
        page: Whose address.
        query: Its parameters.
        left_out: The one of them that says what it leaves out, if it makes sense.

    Returns:
        What isn't here.
    """
    pieces = left_out.split()
    words = [word for word in WORDS if word in pieces]
    folder = store.here()
    choices = (folder.choices.find(piece) for piece in pieces) if folder is not None else ()
    choice = next((remembered for remembered in choices if remembered is not None), OwnChoice())
    chosen_words = [word for word in choice.words() if _CHOOSE[word](page, query, choice)]
    return Lacking(
        instead={word: _instead(page, word) for word in words if word not in chosen_words},
        mark=next((piece for piece in pieces if piece not in WORDS), ""),
        word=st.session_state.get(state.WORD),
    )


def _choose_picture(page: str, query: Mapping[str, str], choice: OwnChoice) -> bool:
    source, which = choice.picture or ("", "")
    if source not in _HERE_ALONE:
        if not current.choose(source, which):
            return False
    elif not _bring_dataset(source, choice):
        return False
    else:
        try:
            state.choose(library.opened(source).find(which))
        except CactivizError:
            return False
    if page == "compare" and (covered := covered_of(choice.cover)):
        binding.cover(covered)
    return True


def _choose_pictures(page: str, query: Mapping[str, str], choice: OwnChoice) -> bool:
    if choice.dataset:
        return _choose_classes(page, query, choice)
    return current.choose_many(choice.pictures)


def _choose_classes(page: str, query: Mapping[str, str], choice: OwnChoice) -> bool:
    if not _bring_dataset(choice.dataset, choice):
        return False
    st.session_state[state.FILM_SET] = choice.dataset
    st.session_state[state.FILM_CLASSES] = list(choice.classes)
    return True


def _choose_networks(page: str, query: Mapping[str, str], choice: OwnChoice) -> bool:
    names = {OWN + number: name for name, number in _numbers().items()}
    unnamed = "networks" not in query and not any(name in MODELS for name in choice.networks)
    networks = [
        names.get(name, name)
        for name in merged([] if unnamed else [*_models(page)], choice.networks)
        if name in names or name in MODELS
    ]
    if not any(name not in MODELS for name in networks):
        return False
    if page == "animate" and animate.kind() == "layers":
        st.session_state[state.FILM_ONE] = networks[0]
    else:
        st.session_state[state.FILM_MODELS if page == "animate" else state.MODELS] = networks
    for number, layer in choice.layers:
        if (name := names.get(OWN + number)) is None:
            continue
        if page in _LAYERS:
            st.session_state[_LAYERS[page] + name] = layer
        else:
            catalog.choose_layer(name, layer)
    return all(name in names or name in MODELS for name in choice.networks)


_CHOOSE = {
    "picture": _choose_picture,
    "pictures": _choose_pictures,
    "classes": _choose_classes,
    "network": _choose_networks,
}


def _picture(page: str) -> tuple[str, str] | tuple[()]:
    if page == "animate" and animate.kind() == "pictures":
        return ()
    source, get = current.shown_source(), st.session_state.get
    if source in current.OWN_SOURCES:
        return source, current.number(source)
    if source == "set" and get(state.DATASET) == library.LIVE:
        store.begin().sightings = state.sightings()
        return library.LIVE, f"{get(state.CLASS)}/{get(state.ITEM)}"
    if source == "set" and get(state.DATASET) == library.FOLDER and state.place():
        return library.FOLDER, f"{get(state.CLASS)}/{get(state.ITEM)}"
    return ()


def _bring_dataset(name: str, choice: OwnChoice) -> bool:
    """Let a data set be here again; False if it can't be."""
    if name == library.LIVE:
        _bring_sightings()
    before = state.place()
    if name == library.FOLDER:  # it was opened by whoever has this browser
        st.session_state[state.PLACE] = choice.place
    if not library.is_here(name):
        st.session_state[state.PLACE] = before
        return False
    return True


def _bring_sightings() -> None:
    folder = store.here()
    if not state.sightings() and folder is not None and folder.sightings:
        st.session_state[state.SIGHTINGS] = folder.sightings


def _models(page: str) -> Iterable[str]:
    if page == "animate":
        return animate.models()
    return tuple(st.session_state.get(state.MODELS) or FIRST_NETWORKS)


def _numbers() -> dict[str, str]:
    """The number of each network of one's own, by its name."""
    folder = store.here()
    return {name: network.revision for name, network in folder.networks.items()} if folder else {}


def _instead(page: str, word: str) -> object:
    """What is shown that tells whether something else was chosen since."""
    get = st.session_state.get
    if word == "network":
        return tuple(_models(page))
    if word == "picture":
        return tuple(get(key) for key in (state.SOURCE, state.DATASET, state.CLASS, state.ITEM))
    return current.film_source(), get(state.FILM_SET), animate.classes()


def merged(named: Sequence[str], before: Sequence[str]) -> list[str]:
    """The networks that an address names, with one's own in the places that they had among them.

    >>> merged(["alexnet"], ["own 07", "alexnet", "cactinet"])
    ['own 07', 'alexnet']
    """
    kept = [name for name in before if name.startswith(OWN) or name in named]
    return [*kept, *(name for name in named if name not in kept)]


def ask_browser() -> None:
    """Let the browser tell its word; ends the run where the page has to wait for it."""
    waits = _waits()
    timed = _SIGN_OF_LIFE_SECONDS if store.here() is not None else None
    with st.container(key="cv-browser"):
        st.fragment(_ask_word, run_every=_LOOK_AGAIN_SECONDS if waits else timed)(waits)
    if waits:
        st.stop()


def _ask_word(waits: bool) -> None:
    session = st.session_state.setdefault(state.WORD_SESSION, uuid.uuid4().hex)
    data = {"asks": state.WORD not in st.session_state, "session": session}
    component("browser_word", "address", ("browser_word.js",))(
        data=data, key=_KEY, on_word_change=_told
    )
    store.here()  # a sign of life
    if st.session_state.pop(state.WORD_NEWS, False) or (waits and not _waits()):
        st.rerun()


def _waits() -> bool:
    """Whether what the address leaves out may be here, which only the word can tell."""
    if state.WORD in st.session_state or LEFT_OUT not in st.query_params:
        return False
    since: float = st.session_state.setdefault(state.WORD_AWAITED, time.monotonic())
    return time.monotonic() - since < _PATIENCE_SECONDS


def _told() -> None:
    word = st.session_state[_KEY].word
    if word is None or state.WORD in st.session_state:
        return
    store.recognise(word if store.is_word(word) else "")
    st.session_state[state.WORD_NEWS] = store.here() is not None
