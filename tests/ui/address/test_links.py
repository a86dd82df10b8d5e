"""What the addresses of Filters, Neurons and Animate say, and what a session follows."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis.strategies import randoms
from PIL import Image
from streamlit.testing.v1 import AppTest

from cactiviz.batch.presets import PRESETS
from cactiviz.datasets import DATASETS
from cactiviz.models import MODELS
from cactiviz.recipes.request import Style
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import Scale
from cactiviz.ui import texts
from cactiviz.ui.address import binding
from cactiviz.ui.address import texts as address_texts
from cactiviz.ui.address.animate import KINDS, LOOPS, MOST_METHODS, PANELS, FilmLink, methods_of
from cactiviz.ui.address.layers import STRONGEST, FiltersLink, NeuronsLink
from cactiviz.ui.layers import texts as layers_texts
from cactiviz.ui.session import state
from tests.fixtures.browsing import HOSTILE
from tests.fixtures.inside_pages import CACTINET, captions, open_page, settled

Read = Callable[[Mapping[str, str]], tuple[object, list[str]]]
READ: dict[str, Read] = {
    "filters": FiltersLink.read,
    "neurons": NeuronsLink.read,
    "animate": FilmLink.read,
}


def any_film(chance: random.Random) -> FilmLink:
    """What a session could animate, by chance."""
    kind = chance.choice(KINDS)
    first = FilmLink.of(chance.choice(list(PRESETS)), kind)
    pictures = kind == "pictures"
    side = chance.choice(PANELS)
    style = Style(
        scale=chance.choice(get_args(Scale)),
        palette=chance.choice(list(PALETTES)),
        strength=chance.randint(0, 20) / 20,
        panel=(side, side),
        columns=chance.randint(0, 14),
        heading=chance.choice(["", HOSTILE, "ä & b+c=d", first.style.heading]),
        captions=chance.random() < 0.5,
        seconds=chance.randint(1, 50) / 10,
        loop=chance.choice(LOOPS),
    )
    models = tuple(chance.sample(list(MODELS), chance.randint(1, 4)))
    methods = methods_of(kind)
    classes = chance.choice([(), ("no cactus", "cactus"), (HOSTILE,), ("Carnegiea gigantea",)])
    return replace(
        first,
        dataset=chance.choice(list(DATASETS)) if pictures else first.dataset,
        classes=classes if pictures else (),
        each=chance.randint(1, 100) if pictures else first.each,
        models=models[:1] if kind == "layers" else models,
        methods=tuple(chance.sample(methods, chance.randint(1, MOST_METHODS))),
        whole=chance.random() < 0.5,
        top=chance.randint(2, 5) if kind == "answers" else first.top,
        style=style,
        ground=chance.choice(["", "light", "dark"]),
    )


@given(randoms(use_true_random=False))
@settings(deadline=None, max_examples=200)
def test_films_come_back_from_their_parameters_without_a_complaint(chance: random.Random) -> None:
    film = any_film(chance)
    query = film.query()
    assert FilmLink.read(query) == (film, [])
    assert set(query) <= set(binding.PARAMETERS["animate"]) and all(query.values())


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_a_preset_says_is_not_said_again(preset: str, kind: str) -> None:
    film = FilmLink.of(preset, kind)
    assert set(film.query()) <= {"preset", "frames"}
    assert FilmLink.read(film.query()) == (film, [])


@pytest.mark.parametrize(
    "link",
    [
        FiltersLink(
            layers=(("alexnet", "features.3"), ("densenet121", "features.denseblock1.conv1"))
        ),
        FiltersLink(order="own", scale="own", inputs="mean", count=96),
    ],
)
def test_filters_come_back_from_their_parameters(link: FiltersLink) -> None:
    assert FiltersLink.read(link.query()) == (link, [])


@pytest.mark.parametrize(
    "link",
    [
        NeuronsLink(layers=(("densenet121", "features.norm5:activation"),), seed=7),
        NeuronsLink(method="saliency", at=(0.3333, 0.0)),
        NeuronsLink(neuron=(1023, 0, 12)),
        NeuronsLink(
            layers=(("alexnet", "features.11"), ("cactinet", "stages.2")), neuron=STRONGEST
        ),
    ],
)
def test_neurons_come_back_from_their_parameters(link: NeuronsLink) -> None:
    assert NeuronsLink.read(link.query()) == (link, [])


@pytest.mark.parametrize(
    ("page", "query", "said"),
    [
        ("filters", {"convolutions": f"alexnet:{HOSTILE}"}, "convolution"),
        ("filters", {"convolutions": "alexnet"}, "convolution"),
        ("filters", {"order": "own2"}, "order"),
        ("filters", {"count": "9" * 5000}, "number of filters"),
        ("filters", {"count": "100000"}, "number of filters"),
        ("neurons", {"seed": "-1"}, "seed"),
        ("neurons", {"seed": "٣"}, "seed"),
        ("neurons", {"at": "0.5 1.5"}, "place"),
        ("neurons", {"at": "nan nan"}, "place"),
        ("neurons", {"neuron": "1 2 3 4"}, "neuron"),
        ("neurons", {"neuron": "1.5 0 0"}, "neuron"),
        ("neurons", {"layers": "nobody:layer4"}, "layer"),
        ("animate", {"preset": "x"}, "animation to begin with"),
        ("animate", {"set": "live"}, "data set"),
        ("animate", {"each": "0"}, "number of pictures"),
        ("animate", {"classes": "a||b"}, "classes"),
        ("animate", {"title": "a\u202eb"}, "title"),
        ("animate", {"frames": "layers", "views": "saliency"}, "view"),
        ("animate", {"views": "grad_cam layer_cam hires_cam x_grad_cam"}, "more than 3 views"),
        ("animate", {"seconds": "1e9"}, "time of a frame"),
        ("animate", {"captions": "yes"}, "captions"),
    ],
)
def test_what_makes_no_sense_is_one_short_sentence_and_left_out(
    page: str, query: dict[str, str], said: str
) -> None:
    _, (sentence,) = READ[page](query)
    assert said in sentence and len(sentence) < 160 and sentence.isprintable()


def test_no_parameter_raises_whatever_it_says() -> None:
    chance = random.Random(5)
    pieces = ["", " ", "|", ":", "\n", "\ud800", "٣", "9" * 30, "-", ".", "0.5", "1", "alexnet:"]
    for _ in range(3000):
        page = chance.choice(list(READ))
        keys = chance.sample(binding.PARAMETERS[page], 4)
        link, _ = READ[page]({key: "".join(chance.choices(pieces, k=4)) for key in keys})
        assert READ[page](link.query()) == (link, [])  # type: ignore[attr-defined]


# --- A session ----------------------------------------------------------------------------------

Visit = Callable[[str, dict[str, str]], AppTest]


@pytest.fixture
def visit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Visit]:
    """Opens a page by a link, in a session of its own."""
    opened: list[AppTest] = []

    def visit_one(page: str, query: dict[str, str]) -> AppTest:
        opened.append(open_page(f"pages/{page}.py", monkeypatch, tmp_path, query))
        return opened[-1]

    yield visit_one
    for app in opened:
        if state.FILM in app.session_state:
            app.session_state[state.FILM].close()


def address(app: AppTest) -> dict[str, str]:
    """What the address is to say, as ``history.js`` completes it."""
    at: dict[str, str] = app.session_state[state.TRAIL].at
    return at


def test_a_link_restores_filters(visit: Visit) -> None:
    query = {"convolutions": "cactinet:head.0", "order": "own", "maps": "own", "count": "64"}
    query = {**CACTINET, **query}
    app = visit("filters", query)
    assert app.selectbox(key=f"{state.FILTER_LAYER}cactinet").value == "head.0"
    assert app.button_group(key=state.FILTER_ORDER).value == "own"
    assert app.button_group(key=state.MAP_SCALE).value == "own"
    assert any(said.startswith("64 of") for said in captions(app))
    assert address(app) == query and not app.warning


def test_what_is_chosen_in_a_part_of_the_page_is_written(visit: Visit) -> None:
    app = visit("filters", CACTINET)
    app.selectbox(key=f"{state.FILTER_LAYER}cactinet").set_value("head.0")
    settled(app)
    assert address(app) == {**CACTINET, "convolutions": "cactinet:head.0"}
    assert app.session_state[state.TRAIL].written == 1  # one press, one entry


@pytest.mark.parametrize(
    ("query", "way"),
    [
        ({"layers": "cactinet:stages.1", "seed": "5"}, "chance"),
        ({"method": "saliency", "at": "0.25 0.75"}, "place"),
        ({"neuron": "3 1 2"}, "number"),
        ({"layers": "cactinet:stages.2", "neuron": "strongest"}, "number"),
    ],
)
def test_a_link_restores_neurons(visit: Visit, query: dict[str, str], way: str) -> None:
    app = visit("neurons", query)  # which is CactiNet's, as all were that named no network
    assert app.button_group(key=state.NEURON_WAY).value == way
    assert address(app) == {**CACTINET, **query} and not app.warning and not app.error
    if way == "chance":
        assert layers_texts.SEED_SAID.format(seed=5) in captions(app)
        assert app.selectbox(key=f"{state.NEURON_LAYER}cactinet").value == "stages.1"
    elif query.get("neuron") == "strongest":
        assert all(app.number_input(key=key).value < 48 for key in state.NEURON_PARTS)
        assert app.selectbox(key=f"{state.NEURON_LAYER}cactinet").value == "stages.2"
    elif way == "number":
        assert [app.number_input(key=key).value for key in state.NEURON_PARTS] == [3, 1, 2]
    else:
        assert app.session_state[state.NEURON_AT] == (0.25, 0.75)


def test_a_link_restores_animate(visit: Visit) -> None:
    film = replace(FilmLink.of("cactinet"), each=1, classes=("no cactus",), methods=("layer_cam",))
    style = replace(film.style, palette="viridis", heading="", columns=2, seconds=0.5, loop=3)
    query = replace(film, style=style, ground="dark").query()
    app = visit("animate", query)
    assert address(app) == query and not app.warning
    plan = app.session_state[state.FILM].work.plan
    assert [ref.origin.partition("/")[0] for ref in plan.pictures] == ["scenes:no cactus"]
    assert plan.question.methods == ("layer_cam",)
    assert app.toggle(key=f"{state.FILM_LOOK}dark").value
    assert app.text_input(key=f"{state.FILM_LOOK}heading").value == ""


def test_a_film_of_one_picture_holds_that_picture(visit: Visit) -> None:
    query = {"frames": "answers", "picture": "samples:photographs/coffee", "answers": "2"}
    app = visit("animate", query)
    plan = app.session_state[state.FILM].work.plan
    assert address(app) == query and plan.question.top == 2
    assert [ref.title for ref in plan.pictures] == [query["picture"]]


def test_a_link_to_a_film_of_a_folder_asks_before_it_opens_it(visit: Visit, tmp_path: Path) -> None:
    for name in ("cats", HOSTILE):
        (tmp_path / "mine" / name).mkdir(parents=True)
        Image.new("RGB", (40, 30)).save(tmp_path / "mine" / name / "a.png")
    query = {"set": "folder", "place": str(tmp_path / "mine"), "each": "2"}
    app = visit("animate", query)
    assert state.FILM not in app.session_state and address(app) == query  # nothing is opened
    next(one for one in app.button if one.label == address_texts.LINK_OPEN).click()
    settled(app)
    assert not app.warning
    link = address(app)
    assert set(link) == {"each", "without"} and link["without"].startswith("pictures ")
    assert str(tmp_path) not in str(link)
    pictures = app.session_state[state.FILM].work.plan.pictures
    assert {ref.origin for ref in pictures} == {"folder:cats/a.png", f"folder:{HOSTILE}/a.png"}


def test_what_a_link_names_and_isn_t_there_is_said_and_something_else_shown(visit: Visit) -> None:
    app = visit("filters", {**CACTINET, "convolutions": "cactinet:nonsense.7", "maps": "own"})
    sentence = layers_texts.LINK_NO_LAYER.format(name="nonsense.7", network="CactiNet")
    assert [one.value for one in app.warning] == [texts.plain(sentence)]
    assert address(app) == {**CACTINET, "maps": "own"}
    trail = app.session_state[state.TRAIL]
    assert trail.written == 0  # the entry is mended, not left
    app.button_group(key=state.FILTER_ORDER).set_value("own")
    settled(app)
    assert not app.warning and trail.written == 1
    app = visit("animate", {"classes": f"{HOSTILE}|cactus", "each": "1"})
    (warning,) = app.warning
    assert texts.plain(HOSTILE) in warning.value and address(app) == {
        "classes": "cactus",
        "each": "1",
    }


def test_a_page_takes_nothing_from_parameters_of_another(visit: Visit) -> None:
    foreign = {"views": "layer_cam", "class": "cactus", "layers": "cactinet:stages.0", "seed": "9"}
    app = visit("filters", {**CACTINET, **foreign, "palette": "viridis"})
    assert address(app) == CACTINET and not app.warning
    for key in (state.METHODS, state.TARGET, state.NEURON_SEED):
        assert key not in app.session_state
