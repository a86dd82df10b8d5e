"""What the app's address says and how a session follows it, without a browser."""

from __future__ import annotations

import random
import socket
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

import pytest
import streamlit as st
from hypothesis import given, settings
from hypothesis.strategies import randoms
from PIL import Image
from streamlit.testing.v1 import AppTest

from cactiviz.methods import VIEWS
from cactiviz.models import MODELS
from cactiviz.pictures.open import sample
from cactiviz.pictures.web import Fetched
from cactiviz.recipes.request import Style
from cactiviz.rendering.colormaps import PALETTES
from cactiviz.rendering.scales import Scale
from cactiviz.types import Target
from cactiviz.ui import texts
from cactiviz.ui.address import binding, history
from cactiviz.ui.address import link as address
from cactiviz.ui.address import texts as address_texts
from cactiviz.ui.address.link import FIRST_NETWORKS, Covered, Link
from cactiviz.ui.grid.component import unpacked
from cactiviz.ui.pictures import library
from cactiviz.ui.session import state
from tests.fixtures.inside_pages import CACTINET, ask_for

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = "<img src=x onerror=alert(1)>"
WEB = "https://pictures.example/a%20cat.jpg?size=2"


def some_of(names: tuple[str, ...], chance: random.Random) -> tuple[str, ...]:
    some = chance.sample(names, chance.randint(1, len(names)))
    return tuple(name for name in names if name in some)


def any_link(chance: random.Random) -> Link:
    """A link by chance that a session could have."""
    pictures = [
        *("", "scenes:cactus/7", "samples:photographs/coffee"),
        *("caltech256:009.bear/009_0001.jpg", f"folder:{HOSTILE}/ä & b+c=d.png"),
    ]
    picture = chance.choice(pictures)
    web = chance.choice(["", "", WEB])
    models = some_of(tuple(MODELS), chance)
    return Link(
        picture="" if web else picture,
        web=web,
        models=models,
        methods=some_of(VIEWS, chance),
        class_=chance.choice(["", "tabby", HOSTILE, "7", "ä & b+c=d%20", "0", "name:7"]),
        against=chance.choice(["", "tiger cat", "no cactus"]),
        layers=tuple(
            (name, chance.choice(["features.3", "layer4.0:activation"]))
            for name in models
            if chance.random() < 0.3
        ),
        cover=chance.choice([None, Covered("", (0.25, 0.3333, 0.5, 0.0125), "blur")]),
        tiles=chance.choice([0, 8, 32, 4096]),
        whole=chance.random() < 0.5,
        untrained=chance.random() < 0.5,
        style=Style(
            scale=chance.choice(get_args(Scale)),
            palette=chance.choice(list(PALETTES)),
            strength=chance.randint(0, 100) / 100,
        ),
    )


@given(randoms(use_true_random=False))
@settings(deadline=None, max_examples=200)
def test_links_come_back_from_their_parameters_without_a_complaint(chance: random.Random) -> None:
    link = any_link(chance)
    query = link.query()
    assert Link.read(query) == (link, [])
    assert set(query) <= {*binding.PARAMETERS["compare"], *address.LOOK} and all(query.values())


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"networks": f"alexnet {HOSTILE}"}, "network"),
        ({"networks": "a" * 10_000}, "network"),
        ({"views": "grad_cam x y z"}, "and 2 more"),
        ({"picture": "no address"}, "picture"),
        ({"picture": "x" * 501 + ":a/b"}, "picture"),
        ({"class": "a\x00b"}, "class"),
        ({"against": "a\u202eb"}, "class held against"),
        ({"layer": "__import__('os')"}, "layer"),
        ({"layer": "features.3", "networks": "alexnet cactinet"}, "one network only"),
        ({"layers": "alexnet:features.3", "networks": "cactinet densenet121"}, "of AlexNet"),
        ({"layers": "cactinet:a;b", "networks": "alexnet cactinet"}, "layer"),
        ({"whole": "yes"}, "whole"),
        ({"strength": "nan"}, "strength"),
        ({"strength": "1e400"}, "strength"),
        ({"strength": "-0.1"}, "strength"),
        ({"scale": "shared;"}, "scale"),
        ({"palette": "jet"}, "palette"),
        ({"web": "file:///etc/passwd"}, "web address"),
        ({"web": "javascript:alert(1)"}, "web address"),
        ({"web": "http://user:secret@host/x"}, "web address"),
        ({"web": "http://[::1"}, "web address"),
    ],
)
def test_what_makes_no_sense_is_one_short_sentence_and_left_out(
    query: dict[str, str], said: str
) -> None:
    link, wrong = Link.read(query)
    (sentence,) = wrong
    assert said in sentence and len(sentence) < 160 and sentence.isprintable()
    kept = {key: value for key, value in link.query().items() if value == query.get(key)}
    assert set(kept) <= {"networks"}


def test_no_parameter_raises_whatever_it_says() -> None:
    chance = random.Random(5)
    pieces = [
        "",
        " ",
        "+",
        ":",
        "/",
        "\n",
        "\ud800",
        "é",
        "9" * 30,
        "-",
        ".",
        "%",
        HOSTILE,
        "grad_cam",
    ]
    for _ in range(3000):
        query = {
            key: "".join(chance.choices(pieces, k=chance.randint(0, 6)))
            for key in chance.sample([*binding.EVERY_PARAMETER, "other"], 4)
        }
        link, _ = Link.read(query)
        assert set(link.models) <= set(MODELS) and link.models
        assert set(link.methods) <= set(VIEWS) and link.methods
        assert 0 <= link.style.strength <= 1 and link.style.palette in PALETTES


TOLD: list[dict[str, str]] = []


def hear_of_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a run begin with what ``history.js`` tells of another entry: AppTest has no browser."""
    real = history.enter

    def enter(page: str) -> None:
        if TOLD and state.TRAIL in st.session_state:
            history._move(dict(TOLD[-1]))
        TOLD.clear()
        real(page)

    TOLD.clear()
    monkeypatch.setattr(history, "enter", enter)


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """The app, which may connect to nothing."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("the app connected somewhere")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(socket.socket, "connect", never)
    hear_of_back(monkeypatch)
    st.cache_data.clear()
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)


def said(app: AppTest) -> dict[str, str]:
    """The address; AppTest keeps lists."""
    return {
        key: value if isinstance(value, str) else value[-1]
        for key, value in dict(app.query_params).items()
    }


def go(app: AppTest, query: dict[str, str]) -> AppTest:
    """What Back does, and a link: a run with the parameters of another entry, and word of it."""
    TOLD.append(query)
    app.query_params.clear()
    app.query_params.update(query)
    app.run()
    assert not app.exception
    return app


def told(app: AppTest) -> dict[str, Any]:
    """What the grid is told."""
    (grid,) = [
        unpacked(one.proto.bytes)
        for one in app.get("bidi_component")
        if one.proto.component_name == "cactiviz_grid"
    ]
    return grid


def picked(app: AppTest) -> str:
    keys = ("dataset", "class", "item")
    return "{}:{}/{}".format(*(app.session_state[key] for key in keys))


def test_a_link_restores_a_fresh_session(app: AppTest) -> None:
    link = Link(
        picture="samples:photographs/coffee",
        methods=("grad_cam", "layer_cam"),
        class_="no cactus",
        against="cactus",
        layers=(("cactinet", "stages.1"),),
        whole=True,
        untrained=True,
    )
    go(app, {**link.query(), "palette": "viridis", "strength": "0.8"})
    assert not app.warning and not app.error
    assert picked(app) == link.picture
    assert app.button_group(key="methods").value == ["grad_cam", "layer_cam"]
    assert app.toggle(key="whole").value and app.toggle(key="untrained").value
    assert any("rather than “cactus”" in one.value for one in app.caption)
    assert app.session_state["trail"].style.palette == "viridis"
    assert app.session_state["trail"].style.strength == 0.8
    assert said(app) == {**link.query(), "palette": "viridis", "strength": "0.8"}  # not touched


def test_what_a_link_says_of_class_and_layer_is_what_networks_are_asked(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []
    monkeypatch.setattr("cactiviz.ui.compare.page.show", lambda choice: asked.append(choice))
    go(app, {"class": "cactus", "against": "no cactus", "layer": "stages.1", "whole": "1"})
    (choice,) = asked
    assert choice.target == Target("cactus", "no cactus")  # type: ignore[attr-defined]
    assert choice.resize == "squash"  # type: ignore[attr-defined]
    assert choice.layers == (("cactinet", "stages.1"),)  # type: ignore[attr-defined]


def test_a_link_with_nonsense_is_followed_as_far_as_it_makes_sense(app: AppTest) -> None:
    go(app, {"networks": f"alexnet {HOSTILE}", "picture": "caltech256:bear/1", "class": "tabby"})
    assert app.button_group(key="models").value == ["alexnet"]
    assert picked(app) == library.first_item().address
    sentences = " ".join(one.value for one in app.warning)
    assert len(app.warning) == 2 and "Caltech" in sentences and "\\<img" in sentences
    app.run()
    assert len(app.warning) == 2  # until something is chosen
    app.button_group(key="models").set_value(["cactinet"]).run()
    (warning,) = app.warning  # those of the link are gone; CactiNet knows no tabby
    assert warning.value == texts.plain(address_texts.class_unknown("tabby", several=False))
    assert not app.session_state["target"]
    app.toggle(key="whole").set_value(True).run()
    assert not app.warning


def test_each_choice_is_written_and_back_restores_the_one_before(app: AppTest) -> None:
    app.run()
    assert said(app) == {}
    app.button_group(key="models").set_value(["alexnet", "cactinet"]).run()
    first = said(app)
    unsaid = {"picture": library.first_item().address, "views": "grad_cam"}
    assert first == {"networks": "alexnet cactinet", **unsaid}
    ask_for(app, "more")
    assert said(app) == first  # to ask is no choice
    app.selectbox(key="picked 0").set_value("coffee").run()
    second = said(app)
    assert second == {**first, "picture": "samples:photographs/coffee"}
    go(app, first)
    assert picked(app) == library.first_item().address
    assert app.button_group(key="models").value == ["alexnet", "cactinet"]
    go(app, {})
    assert app.button_group(key="models").value == list(FIRST_NETWORKS)
    go(app, CACTINET)
    assert app.button_group(key="models").value == ["cactinet"]
    assert picked(app) == library.UNNAMED_ITEM.address
    go(app, second)
    assert picked(app) == "samples:photographs/coffee" and said(app) == second


def test_an_old_address_that_nobody_went_back_to_changes_nothing(app: AppTest) -> None:
    app.run()
    app.button_group(key="models").set_value(["alexnet", "cactinet"]).run()
    app.query_params.clear()  # the browser hasn't heard of the write
    app.button_group(key="models").set_value(["alexnet", "densenet121", "cactinet"]).run()
    unsaid = {"picture": library.first_item().address, "views": "grad_cam"}
    last = {"networks": "alexnet densenet121 cactinet", **unsaid}
    assert said(app) == last
    for old in (
        {},
        {**last, "networks": "alexnet cactinet"},
    ):  # a press on something else, before or after
        app.query_params.clear()
        app.query_params.update(old)
        app.run()
        assert app.button_group(key="models").value == ["alexnet", "densenet121", "cactinet"]
    assert app.session_state[state.TRAIL].at == last  # what history.js completes


def test_what_was_chosen_outlives_a_visit_to_another_page(app: AppTest) -> None:
    app.run()
    app.button_group(key="models").set_value(["alexnet"]).run()
    app.switch_page("pages/gallery.py").run()
    app.query_params.clear()  # the menu's links have no parameters
    app.session_state["trail"].arrived = True  # AppTest runs a page without app.py
    app.switch_page("pages/compare.py").run()
    assert app.button_group(key="models").value == ["alexnet"]
    go(app, {"networks": "alexnet"})  # as history.js has written
    assert app.button_group(key="models").value == ["alexnet"]


def test_a_link_asks_before_it_fetches_and_what_is_typed_needs_no_question(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[str] = []

    def fetch(web: str) -> Fetched:
        fetched.append(web)
        data = BytesIO()
        Image.fromarray(sample("coffee").rgb).save(data, "PNG")
        return Fetched(data.getvalue(), "a cat", web)

    monkeypatch.setattr("cactiviz.ui.sidebar.sidebar.fetch_picture", fetch)
    go(app, {"web": WEB})
    assert not fetched and said(app) == {"web": WEB}
    question = "This link wants to fetch a picture from pictures.example."
    assert texts.plain(question) in [one.value for one in app.markdown]
    next(one for one in app.button if one.label == address_texts.LINK_FETCH).click().run()
    assert fetched == [WEB] and not app.exception and not app.error
    assert not [one for one in app.button if one.label == address_texts.LINK_FETCH]
    assert not app.text_input  # as little as any other picture's
    app.session_state[state.PICKING] = "more"
    app.run().text_input(key="address").set_value("https://other.example/b.png").run()
    assert fetched == [WEB, "https://other.example/b.png"]
    assert said(app) == {**CACTINET, "web": "https://other.example/b.png"}
    go(app, {"web": WEB})  # back to what was agreed to
    assert not [one for one in app.button if one.label == address_texts.LINK_FETCH]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine" / HOSTILE).mkdir(parents=True)
    Image.new("RGB", (40, 30)).save(tmp_path / "mine" / HOSTILE / "a.png")
    return tmp_path / "mine"


def test_a_link_asks_before_it_opens_a_folder_of_this_computer(app: AppTest, folder: Path) -> None:
    query = {"picture": f"folder:{HOSTILE}/a.png", "place": str(folder)}
    go(app, query)
    assert picked(app) == library.UNNAMED_ITEM.address and said(app) == query
    next(one for one in app.button if one.label == address_texts.LINK_OPEN).click().run()
    assert not app.exception and not app.warning
    assert picked(app) == query["picture"]
    link = said(app)
    assert set(link) == {"networks", "without"} and str(folder) not in str(link)  # any more
    assert (
        "cats" not in str(link) and told(app)["cannotTravel"] == address_texts.STAYS_ONE["folder"]
    )
    go(app, CACTINET)
    assert picked(app) == library.UNNAMED_ITEM.address
    go(app, query)  # once more: what was agreed to needs no question
    assert picked(app) == query["picture"]
    assert app.session_state[state.TRAIL].at == link  # which is written in its stead
    go(app, link)
    assert picked(app) == query["picture"] and said(app) == link


def test_no_link_has_a_place_but_older_ones_that_do_are_read() -> None:
    query = {"picture": "folder:cats/a.png", "place": "/home/you/my pictures"}
    link, wrong = Link.read(query)
    assert not wrong and link.place == query["place"] and "place" not in link.query()
    assert Link.read({"picture": "scenes:cactus/7", "place": "/home"})[0].place == ""


def test_another_picture_ends_the_question_about_a_folder(app: AppTest, folder: Path) -> None:
    go(app, {"picture": f"folder:{HOSTILE}/a.png", "place": str(folder)})
    ask_for(app, "more")
    assert [one for one in app.button if one.label == address_texts.LINK_OPEN]
    app.number_input(key="picked 0").set_value(3).run()
    assert not [one for one in app.button if one.label == address_texts.LINK_OPEN]
    assert said(app) == {**CACTINET, "picture": "scenes:cactus/3"}


def test_where_others_may_come_in_a_link_opens_no_folder(
    app: AppTest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "folders_may_be_named", lambda: False)
    go(app, {"picture": f"folder:{HOSTILE}/a.png", "place": str(folder)})
    assert [one.value for one in app.warning] == [texts.plain(address_texts.LINK_PLACE_SHUT)]
    assert not [one for one in app.button if one.label == address_texts.LINK_OPEN]


def test_a_picture_of_ones_own_stays_and_is_said_to(app: AppTest) -> None:
    app.run()
    ask_for(app, "upload")
    assert said(app) == {}  # nothing is chosen yet
    picture = BytesIO()
    Image.fromarray(sample("coffee").rgb).save(picture, "PNG")
    app.file_uploader(key="upload").set_value(("my cup.png", picture.getvalue(), "image/png"))
    app.run()
    assert said(app)["without"].startswith("picture ") and "cup" not in said(app)["without"]
    assert told(app)["cannotTravel"] == address_texts.STAYS_PICTURE
    assert not app.get("file_uploader")  # which has made room for the maps


def test_what_is_explained_is_chosen_by_name_and_written(app: AppTest) -> None:
    go(app, CACTINET)
    app.session_state["target"] = "no cactus"
    app.session_state["layer"] = {"cactinet": "stages.0"}
    app.run()
    assert not app.exception and said(app) == {
        **CACTINET,
        "class": "no cactus",
        "layer": "stages.0",
    }
    app.button_group(key="models").set_value(["alexnet", "cactinet"]).run()
    several = {"class": "no cactus", "networks": "alexnet cactinet", "layers": "cactinet:stages.0"}
    assert said(app) == several
    app.button_group(key="models").set_value(["alexnet"]).run()
    assert said(app) == {"networks": "alexnet"}  # it knows neither, which is said
    assert any("no cactus" in one.value for one in (*app.warning, *app.info, *app.caption))
    go(app, several)
    assert app.session_state["layer"] == {"cactinet": "stages.0"}


def test_a_link_covers_a_part_of_its_own_picture(app: AppTest) -> None:
    go(app, {"cover": "0.25 0.25 0.5 0.5 blur", "picture": "samples:photographs/coffee"})
    covered = app.session_state[state.COVERED]
    assert covered == Covered(sample("coffee").key, (0.25, 0.25, 0.5, 0.5), "blur")
    assert said(app)["cover"] == "0.25 0.25 0.5 0.5 blur"
    ask_for(app, "more").selectbox(key="picked 0").set_value("rocket").run()
    assert "cover" not in said(app)  # the box was drawn on another
    app.selectbox(key="picked 0").set_value("coffee").run()
    app.button(key="what if button").click().run()
    assert said(app) == {**CACTINET, "picture": "samples:photographs/coffee"}


def test_what_is_covered_waits_for_a_picture_that_is_asked_for(app: AppTest) -> None:
    query = {"web": WEB, "cover": "0.25 0.25 0.5 0.5"}
    go(app, query)
    assert not app.session_state[state.COVERED].picture  # not the picture that stands in for it
    assert said(app) == query
