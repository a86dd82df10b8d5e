"""The keys of what a session remembers, and how the Gallery hands a picture to Compare.

All are kept from page to page; each page reads and writes them by these names only.
"""

from __future__ import annotations

import streamlit as st

from cactiviz.datasets import Item
from cactiviz.datasets.inaturalist_api import Sighting
from cactiviz.ui import texts

COMPARE_PAGE = "pages/compare.py"
GALLERY_PAGE = "pages/gallery.py"
FILTERS_PAGE = "pages/filters.py"
NEURONS_PAGE = "pages/neurons.py"
LEARN_PAGE = "pages/learn.py"
ANIMATE_PAGE = "pages/animate.py"

#: Compare: where its picture comes from, and which of a data set.
SOURCE, DATASET, CLASS, ITEM, PICKED = "source", "dataset", "class", "item", "picked"
#: Which choice of pictures is open: "upload", "camera", "more", or None; whose field was changed.
PICKING, CAME = "picking", "came"
#: The page that opens in the next run.
GO_TO = "go to"
#: A web address; the networks and views chosen; what is explained, and how.
WEB, MODELS, METHODS, WHOLE, UNTRAINED = "address", "models", "methods", "whole", "untrained"
TARGET, AGAINST = "target", "against"
#: What was typed there that no network here knows, and in which field.
TYPED = "typed"
#: Network -> its layer, where one is chosen; what was dropped of it, and with which choice.
LAYER, DROPPED = "layer", "dropped layers"
#: The names that are shown beside the usual ones.
MORE_MODELS, MORE_METHODS = "more models", "more methods"
#: What is known of the page's address, and which page was shown last.
TRAIL, SHOWN_PAGE = "trail", "shown page"
#: The folder or zip of the user's own, for the data set "folder".
PLACE = "place"
#: Before a data set's name: the folder in which the user says that it is.
PLACE_OF = "place of "
#: What the last search of iNaturalist found.
SIGHTINGS = "sightings"
#: Gallery: data set, words to look for, class, every class or the opening ones, order, page, seed.
SHOWN, WORDS, KIND, EVERY = "shown", "words", "kind", "every"
ORDER, PAGE, SEED = "order", "page", "seed"
#: Why files of the last ones that were brought there couldn't be taken, a sentence each.
GALLERY_REFUSED = "gallery refused"
#: Filters: before a network's name, its layer; order, scale of the maps, which inputs, how many.
FILTER_LAYER, FILTER_ORDER, MAP_SCALE = "filter layer ", "filter order", "map scale"
KERNEL_INPUTS, FILTER_COUNT = "kernel inputs", "filter count"
#: Neurons: before a network's name, its layer, and the layer that it begins with.
NEURON_LAYER, NEURON_BEGINS = "neuron layer ", "neuron begins "
#: Method, way of choosing, seed, place; numbers of one, whether they are the strongest's or the
#: user's own, and those of the strongest.
NEURON_METHOD, NEURON_WAY = "neuron method", "neuron way"
NEURON_SEED, NEURON_AT = "neuron seed", "neuron at"
NEURON_PARTS = ("neuron channel", "neuron row", "neuron column")
NEURON_OWN, NEURON_STRONGEST = "neuron own", "neuron strongest"
#: What this session waits for.
TICKETS = "tickets"
#: What was being compared when Stop was pressed.
STOPPED = "stopped"
#: What the last look at it waited for.
WAITED = "waited"
#: How many files were made, the last one and since when, and why one couldn't be made.
EXPORTED, TO_HAND_OUT, PROBLEM = "exported", "to hand out", "problem"
#: The session's own networks; whether their form is open, and how often it was opened.
OWN, OWN_FORM, OWN_OPENED = "own", "own form", "own opened"
#: The word by which its browser is known; since when it was waited for, whom it was told to, and
#: whether it changed what is here.
WORD, WORD_AWAITED, WORD_SESSION = "word", "word awaited", "word session"
WORD_NEWS = "word news"
#: What that form waits for, what it said, and the architecture that the file does fit.
OWN_CHECK, OWN_SAID, OWN_FITS = "own check", "own said", "own fits"
#: Networks to choose besides those that are chosen, in the next run; whether random weights will do
#: from then on.
JOINING, LETTING = "joining", "letting"
#: The networks whose weights this session fetches.
FETCHING = "fetching"
#: What if a part were covered: whether the panel is open, the part, the picture with it covered,
#: the picture that the box is drawn on, with what it is covered, and the last change's number.
COVERING, COVERED, COVERED_PICTURE = "covering", "covered", "covered picture"
COVERED_OF, COVERED_HOW, COVERED_SERIAL = "covered of", "covered how", "covered serial"
#: A large picture asked tile by tile: a tile's side in pixels, or 0; which network; the tiles done.
TILES, TILES_OF, TILES_DONE = "tiles", "tiles of", "tiles done"
#: Learn: its part, the round of its first lesson; before a lesson's name, guess and answer.
LESSON, ROUND, GUESS, REVEALED = "lesson", "round", "guess", "revealed"
#: Animate: what the choices began from, what changes from frame to frame, where pictures come from.
FILM_PRESET, FILM_KIND, FILM_SOURCE = "film preset", "film kind", "film source"
#: Its data set, classes, pictures of each; networks, methods, whole pictures, how many answers.
FILM_SET, FILM_CLASSES, FILM_EACH = "film set", "film classes", "film each"
FILM_MODELS, FILM_METHODS, FILM_ONE = "film models", "film methods", "film one"
FILM_WHOLE, FILM_TOP = "film whole", "film top"
#: What the page has begun with by itself; None once something was chosen there.
FILM_BEGUN = "film begun"
#: Before the name of a field of its look; the kind of file; what is computed and made.
FILM_LOOK, FILM_FORMAT, FILM = "film look ", "film format", "film"
#: Whether this session came in through ``app.py``.
INSIDE = "inside"
#: A sentence to say once, after what led to it.
SAID = "said"
#: How often Compare has drawn a picture.
DRAWS = "draws"
#: Before where they come from: the number of a picture of the user's own, and its field's file.
BROUGHT, TAKEN = "brought ", "taken "
#: Before it: how often another field for files was needed.
FIELDS = "fields "
#: Where the picture that is shown came from, and itself; it stays until there is another.
SHOWN_SOURCE, SHOWN_PICTURE = "shown source", "shown picture"
#: Animate: the numbers of the user's own pictures, and what was animated last.
FILM_BROUGHT, FILM_SHOWN = "film brought", "film shown"
#: What was chosen on the page before.
CHOSEN_BEFORE = "chosen before"

_CHOICES = (
    *(SOURCE, DATASET, CLASS, WEB, MODELS, METHODS, WHOLE, UNTRAINED),
    *(SHOWN, WORDS, KIND, EVERY, FILTER_ORDER, MAP_SCALE, KERNEL_INPUTS, FILTER_COUNT),
    *(NEURON_METHOD, NEURON_WAY, NEURON_AT, *NEURON_PARTS, NEURON_OWN),
    *(FILM_PRESET, FILM_KIND, FILM_SOURCE, FILM_SET, FILM_CLASSES, FILM_EACH),
    *(FILM_MODELS, FILM_METHODS, FILM_ONE, FILM_WHOLE, FILM_TOP, FILM_FORMAT),
)
_CHOICES_OF_EACH = (PLACE_OF, FILTER_LAYER, NEURON_LAYER, FILM_LOOK)


def choose(item: Item) -> None:
    """Let Compare show this picture; only before Compare's widgets are made in a run."""
    st.session_state[SOURCE] = "set"
    st.session_state[DATASET] = item.dataset
    st.session_state[CLASS] = item.class_name
    st.session_state[ITEM] = item.name


def keep_choices() -> None:
    """Note what is chosen, at the end of a run.

    ``persist_state`` should do; but Streamlit 1.67 lets go of what a page chose by itself and
    showed in a single run, unless it is written again on the next page.
    """
    held = {str(key): value for key, value in st.session_state.items() if _is_choice(str(key))}
    st.session_state[CHOSEN_BEFORE] = {**st.session_state.get(CHOSEN_BEFORE, {}), **held}


def bring_choices() -> None:
    """Choose again what was chosen on the page before; before any widget is made in a run."""
    for key, value in st.session_state.get(CHOSEN_BEFORE, {}).items():
        st.session_state[key] = st.session_state.get(key, value)  # written, so that it stays


def _is_choice(key: str) -> bool:
    return key in _CHOICES or key.startswith(_CHOICES_OF_EACH)


def place() -> str:
    """The folder or zip that the user named, or nothing."""
    return str(st.session_state.get(PLACE, "")).strip()


def place_of(dataset: str) -> str:
    """The folder in which the user says that a data set is, or nothing."""
    return str(st.session_state.get(f"{PLACE_OF}{dataset}", "")).strip()


def sightings() -> tuple[Sighting, ...]:
    """What the last search of iNaturalist found."""
    sightings_found: tuple[Sighting, ...] = st.session_state.get(SIGHTINGS, ())
    return sightings_found


def count_up(key: str) -> None:
    """Raise a number by one."""
    st.session_state[key] = int(st.session_state.get(key, 0)) + 1


def back_to_the_first_page() -> None:
    """For when something else is to be shown than before."""
    st.session_state[PAGE] = 0


def say_once() -> None:
    """Say what was kept to be said after a rerun."""
    if sentence := st.session_state.pop(SAID, ""):
        st.success(texts.plain(str(sentence)))
