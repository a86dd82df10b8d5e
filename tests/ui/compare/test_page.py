"""The pages' logic, without a browser."""

from __future__ import annotations

import json
import re
import socket
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Button

from cactiviz.datasets import DATASETS, Item, download, open_dataset
from cactiviz.datasets import inaturalist_api as live
from cactiviz.errors import DownloadError
from cactiviz.explanations.explain import explain
from cactiviz.models import MODELS, find_weights, load_model
from cactiviz.pictures.open import SAMPLES, sample
from cactiviz.types import Picture, Progress
from cactiviz.ui import texts
from cactiviz.ui.compare import texts as compare_texts
from cactiviz.ui.grid import texts as grid_texts
from cactiviz.ui.grid.component import unpacked
from cactiviz.ui.networks import texts as networks_texts
from cactiviz.ui.pictures import library
from tests.fixtures.inside_pages import CACTINET, ask_for

ROOT = Path(__file__).resolve().parents[3]
SAMPLE_SIZE = sample("chelsea").size
HOSTILE = "<img src=x onerror=alert(1)>"
needs_weights = pytest.mark.skipif(
    find_weights(MODELS["cactinet"]) is None,
    reason="the trained weights are not in this checkout",
)


@pytest.fixture
def empty(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """The app on a machine without data sets, and with no weights but those that come along."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    monkeypatch.chdir(ROOT)
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)


@pytest.fixture
def app(empty: AppTest) -> AppTest:
    """Compare with CactiNet, a drawn scene and four views; it hasn't run yet."""
    empty.query_params.update(CACTINET)
    return empty


@pytest.fixture
def gallery(empty: AppTest) -> AppTest:
    """The page Gallery with the drawn scenes."""
    empty.switch_page("pages/gallery.py").run()
    empty.button_group(key="shown").set_value("scenes").run()
    assert not empty.exception
    return empty


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with many classes, one of a hostile name, and a file that is no picture."""
    folder = tmp_path / "my pictures"
    for index in range(30):
        (folder / f"kind {index:02}").mkdir(parents=True)
        Image.new("RGB", (40, 30), (8 * index, 90, 60)).save(folder / f"kind {index:02}/one.png")
    (folder / HOSTILE).mkdir()
    Image.new("RGB", (40, 30)).save(folder / HOSTILE / "<b>.png")
    (folder / "kind 00" / "broken.jpg").write_bytes(b"no picture")
    return folder


def grid(app: AppTest) -> dict[str, Any]:
    """What the browser is told of the comparison, once every network has answered."""
    for _ in range(100):
        shown = [one.proto for one in app.get("bidi_component")]
        found = unpacked(next(one for one in shown if one.component_name == "cactiviz_grid").bytes)
        if not any(column["waiting"] for column in found["columns"]):
            return found
        app.run()
        assert not app.exception
    raise AssertionError("a network never answered")


def painted(table: dict[str, Any]) -> int:
    """How many cells show something."""
    return sum("why" not in cell for row in table["cells"] for cell in row)


def button(app: AppTest, label: str) -> Button:
    """The button that says this."""
    return next(one for one in app.button if one.label == label)


def test_a_first_visit_shows_three_trained_networks_that_disagree(empty: AppTest) -> None:
    empty.run()
    assert not empty.exception and not empty.error
    table = grid(empty)
    assert table["picture"]["name"] == "samples:photographs/chelsea"
    assert [column["title"] for column in table["columns"]] == ["Lite0", "Lite1", "Lite2"]
    assert "untrained" not in json.dumps(table["columns"])
    assert [row["title"] for row in table["rows"]] == ["Grad-CAM"] and painted(table) == 3
    assert not table["offers"]  # there is no room for more
    (odd,) = [column for column in table["columns"] if column["badge"]]
    answers = [column["answers"][0]["name"] for column in table["columns"]]
    assert answers.count(odd["answers"][0]["name"]) == 1 and len(set(answers)) == 2
    assert empty.title[0].value == "Three networks, one cat. What did each look at?"
    assert empty.caption[0].value == compare_texts.subtitle(["grad_cam"], disagree=True)
    assert table["picture"]["part"] == grid_texts.SEEN_OF_IT  # none saw its left and right edges
    height, width = table["picture"]["size"]
    assert (height, width) < SAMPLE_SIZE and 0 < width / height < 1.1


def test_one_network_is_shown_by_all_that_an_address_leaves_unsaid(app: AppTest) -> None:
    """And what each map and network says of itself."""
    app.run()
    assert not app.exception and not app.error
    table = grid(app)
    (column,) = table["columns"]
    trained = find_weights(MODELS["cactinet"]) is not None
    assert ("random weights" in column["note"]) != trained
    assert table["picture"]["name"] == "scenes:cactus/178"
    assert painted(table) == 4  # three methods and the filters
    assert table["rows"][0]["title"] == "Grad-CAM"
    assert [offer["name"] for offer in table["offers"]] == [
        *("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3")
    ]
    assert table["offers"][0]["text"] == "Download 244 MB"
    for row in table["cells"][:3]:
        (cell,) = row
        said = {scale: cell["captions"][scale].split(",")[0] for scale in cell["captions"]}
        assert said == {
            "own": "own scale",
            "shared": "shared scale",
            "rank": "percentile rank",
            "evidence": "share of the evidence",
        }
    if not trained:
        return
    (listed,) = [one.value for one in app.get("html") if compare_texts.KEEP_IN_MIND in one.value]
    assert re.findall("<dt>(.*?)</dt>", listed) == [
        *("Grad-CAM", "Saliency", "Guided backprop"),
        "CactiNet",
    ]
    assert "For a better map, choose HiResCAM and the layer stages.1.</dd>" in listed
    app.button(key="best view of cactinet").click().run()  # what it advises is one press away
    assert "hires_cam" in [row["id"] for row in grid(app)["rows"]]
    assert "".join(grid(app)["cells"][0][0]["place"][:2]).startswith("stages.1 ")
    assert not [one for one in app.button if one.key == "best view of cactinet"]


@needs_weights
def test_the_picture_of_an_address_that_names_none_is_one_that_cactinet_is_sure_of() -> None:
    item = library.UNNAMED_ITEM
    explanation = explain(load_model("cactinet"), open_dataset("scenes").open(item), [])
    assert item.class_name == "cactus" == explanation.predictions[0].class_name
    assert explanation.predictions[0].probability >= 0.9


def test_a_network_without_weights_says_so_in_its_cells_and_offers_them(app: AppTest) -> None:
    app.run()
    app.button_group(key="models").set_value(["alexnet", "cactinet"]).run()
    assert not app.exception
    table = grid(app)
    missing = table["columns"][0]
    assert "aren't on this computer" in missing["why"]
    said = [(one["kind"], one["text"]) for one in missing["does"]]  # one without the internet, too
    assert said == [("add", "Download 244 MB"), ("untrained", networks_texts.UNTRAINED_FOR_NOW)]
    trained = find_weights(MODELS["cactinet"]) is not None
    known = grid_texts.KNOWS_ONLY["cactinet"] if trained else ""
    assert table["columns"][1]["knows"] == known  # it says cactus to a cat, too
    assert painted(table) == 4  # CactiNet's are there all the same


@pytest.mark.parametrize("page", ["compare", "filters", "neurons"])
def test_with_nothing_chosen_a_page_keeps_its_title_and_style(app: AppTest, page: str) -> None:
    app.switch_page(f"pages/{page}.py").run()
    app.button_group(key="models").set_value([]).run()
    assert not app.exception and len(app.info) == len(app.title) == 1
    assert app.info[0].value == "Choose at least one network under “Change networks”."
    assert "<style>" in next(one.proto.body for one in app.get("html"))
    if page == "compare":
        app.button_group(key="models").set_value(["cactinet"]).run()
        app.button_group(key="methods").set_value([]).run()
        assert not app.exception and app.info[0].value == "Choose at least one view."
        app.button_group(key="methods").set_value(["saliency"]).run()  # which is offered still
        assert painted(grid(app)) == 1 and not app.info


def test_untrained_networks_are_shown_only_on_request_and_labelled(app: AppTest) -> None:
    app.query_params.update({"networks": "alexnet", "views": "grad_cam"})
    app.run()
    assert painted(grid(app)) == 0
    app.toggle(key="untrained").set_value(True).run()
    table = grid(app)
    (column,) = table["columns"]
    assert (column["title"], column["note"]) == ("AlexNet", texts.UNTRAINED_NOTE)
    assert painted(table) == 1


def test_another_sample_gives_another_picture(app: AppTest) -> None:
    app.run()
    shown = [json.dumps(grid(app)["cells"])]
    ask_for(app, "more").selectbox(key="dataset").set_value("samples").run()
    assert list(SAMPLES) == app.selectbox(key="picked 0").options
    shown.append(json.dumps(grid(app)["cells"]))
    app.selectbox(key="picked 0").set_value("coffee").run()
    shown.append(json.dumps(grid(app)["cells"]))
    assert len(set(shown)) == 3 and not app.exception
    assert grid(app)["picture"]["name"] == "samples:photographs/coffee"
    app.selectbox(key="dataset").set_value("scenes").run()  # which has no picture of that name
    assert not app.error and not app.exception
    assert grid(app)["picture"]["name"].startswith("scenes:")


def test_names_and_labels_never_become_html(app: AppTest) -> None:
    app.run()
    data = BytesIO()
    Image.fromarray(sample("chelsea").rgb).save(data, "PNG")
    hostile = "<img src=x onerror=alert(1)>.png"
    ask_for(app, "upload")
    app.file_uploader(key="upload").set_value((hostile, data.getvalue(), "image/png")).run()
    assert not app.exception
    assert grid(app)["picture"]["name"] == hostile  # which the browser sets as text
    assert not [one for one in app.get("html") if "<img src=x" in one.value]


def test_a_file_that_is_no_picture_is_one_sentence_and_the_page_lives_on(app: AppTest) -> None:
    app.run()
    ask_for(app, "upload")
    app.file_uploader(key="upload").set_value(("cat.png", b"no picture", "image/png")).run()
    assert not app.exception
    assert len(app.error) == 1 and "Traceback" not in app.error[0].value
    assert painted(grid(app)) == 4


def test_an_address_on_this_computer_is_refused_and_the_page_lives_on(
    app: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the app connected to a private address")

    monkeypatch.setattr(socket.socket, "connect", never)
    app.run()
    ask_for(app, "more").button_group(key="source").set_value("web").run()
    for address in ("http://127.0.0.1:1/cat.jpg", "http://localhost/", "file:///x"):
        app.text_input(key="address").set_value(address).run()
        assert not app.exception and len(app.error) == 1
        assert painted(grid(app)) == 4


def test_every_network_of_the_table_can_be_chosen(app: AppTest) -> None:
    app.run()
    button(app, "More networks").click().run()
    options = app.button_group(key="models").options
    assert sorted(option.split(" ")[0] for option in options) == sorted(
        spec.title for spec in MODELS.values()
    )
    assert torch.is_grad_enabled()


def test_the_gallery_opens_on_what_is_here_and_tells_what_is_not(empty: AppTest) -> None:
    gallery = empty.switch_page("pages/gallery.py").run()
    assert not gallery.exception and gallery.button_group(key="shown").value == "samples"
    assert "4 of 4 · seed 1" in [caption.value for caption in gallery.caption]
    labels = gallery.button_group(key="shown").options
    assert len(labels) == len(DATASETS) + 2  # a live search, and the user's own
    assert [label for label in labels if "not here yet" in label] == [
        "Aerial cactus · not here yet",
        "Caltech\\-256 · not here yet",
        "iNaturalist · not here yet",
    ]
    gallery.button_group(key="shown").set_value("scenes").run()
    assert gallery.button_group(key="kind").options == [
        "All",
        "no cactus · 1,000",
        "cactus · 1,000",
    ]
    assert "24 of 2,000 · seed 1" in [caption.value for caption in gallery.caption]


def test_drawing_again_takes_the_next_seed_and_a_list_has_pages(gallery: AppTest) -> None:
    button(gallery, "Draw again").click().run()
    assert "24 of 2,000 · seed 2" in [caption.value for caption in gallery.caption]
    gallery.button_group(key="kind").set_value("cactus").run()
    gallery.button_group(key="order").set_value("list").run()
    assert "1–24 of 1,000" in [caption.value for caption in gallery.caption]
    assert button(gallery, "Previous").disabled
    for _ in range(2):
        button(gallery, "Next").click().run()
    assert "49–72 of 1,000" in [caption.value for caption in gallery.caption]
    gallery.button_group(key="kind").set_value("no cactus").run()  # begins anew
    assert "1–24 of 1,000" in [caption.value for caption in gallery.caption]


@pytest.mark.parametrize(
    ("name", "size", "check"),
    [
        ("caltech256", "about 1.2 GB", "checked against its published hash"),
        ("inaturalist", "about 3.8 GB", "not verified: no hash is published"),
    ],
)
def test_what_is_not_here_is_offered_with_its_size_and_terms(
    gallery: AppTest, name: str, size: str, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.button_group(key="shown").set_value(name).run()
    panel = next(one.value for one in gallery.get("html") if "<dl" in one.value)
    assert size in panel and check in panel
    assert DATASETS[name].terms.split(";")[0] in panel.replace("&#x27;", "'")

    def fail(*_: object, **__: object) -> None:
        raise DownloadError("The address can't be reached; please check the connection.")

    monkeypatch.setattr("cactiviz.ui.pictures.obtain.get", fail)
    button(gallery, f"Download {size}").click().run()
    assert not gallery.exception
    assert [error.value for error in gallery.error] == [
        "The address can't be reached; please check the connection\\."
    ]


def test_a_download_shows_its_progress_and_then_the_pictures(
    gallery: AppTest, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def get(name: str, progress: Progress) -> download.Got:
        progress(1, None)
        progress(1_200_000_000, 1_200_000_000)
        place = tmp_path / "data" / "256_ObjectCategories" / "009.bear"
        place.mkdir(parents=True)
        (pictures / "kind 01/one.png").rename(place / "009_0001.png")
        return download.Got(place.parent, "Verified: it is what was published.")

    monkeypatch.setattr("cactiviz.ui.pictures.obtain.get", get)
    gallery.button_group(key="shown").set_value("caltech256").run()
    button(gallery, "Download about 1.2 GB").click().run()
    assert not gallery.exception and not gallery.error
    assert gallery.success[0].value == "Verified\\: it is what was published\\."
    assert "1 of 1 · seed 1" in [caption.value for caption in gallery.caption]


def test_what_needs_an_account_says_how_to_get_it(gallery: AppTest) -> None:
    gallery.button_group(key="shown").set_value("cactus").run()
    assert any("accept the rules" in text.value for text in gallery.markdown)
    assert not [one for one in gallery.button if one.label.startswith("Download")]


def test_typing_narrows_the_classes_and_all_are_a_click_away(
    gallery: AppTest, pictures: Path
) -> None:
    gallery.button_group(key="shown").set_value("folder").run()
    gallery.text_input(key="place").set_value(str(pictures)).run()
    assert not gallery.exception and not gallery.error
    assert len(gallery.button_group(key="kind").options) == 1 + 12
    gallery.toggle(key="every").set_value(True).run()
    assert len(gallery.button_group(key="kind").options) == 1 + 31
    gallery.text_input(key="words").set_value("KIND 1").run()
    kinds = gallery.button_group(key="kind").options
    assert kinds == ["All", *(f"kind {index} · 1" for index in range(10, 20))]
    assert "10 of 10 · seed 1" in [caption.value for caption in gallery.caption]
    gallery.text_input(key="words").set_value("nothing").run()
    assert gallery.info[0].value == "No class is called like that."
    gallery.text_input(key="words").set_value("onerror").run()
    assert gallery.button_group(key="kind").options[1] == (
        "\\<img src=x onerror=alert\\(1\\)\\> · 1"
    )


def test_a_broken_file_is_a_cell_that_says_so(pictures: Path, gallery: AppTest) -> None:
    gallery.button_group(key="shown").set_value("folder").run()
    gallery.text_input(key="place").set_value(str(pictures)).run()
    gallery.button_group(key="kind").set_value("kind 00").run()
    assert not gallery.exception and not gallery.error
    dataset = open_dataset("folder", pictures)
    found = library.thumbnails(dataset, dataset.page(0, 9, "kind 00"))
    assert [bool(one.why) for one in found] == [True, False]
    assert "broken.jpg" in found[0].hint and found[1].src.startswith("data:image/jpeg;base64,")


def test_a_folder_that_is_not_there_is_a_sentence(gallery: AppTest) -> None:
    gallery.button_group(key="shown").set_value("folder").run()
    gallery.text_input(key="place").set_value("/no/such/folder").run()
    assert gallery.error[0].value == "There is no folder or zip /no/such/folder\\."


def test_folders_are_named_only_where_the_app_is_open_to_this_computer_alone(
    gallery: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    for address, may in (("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False), ("", False)):
        monkeypatch.setattr(st, "get_option", lambda _, address=address: address)
        assert library.folders_may_be_named() == may
    gallery.button_group(key="shown").set_value("folder").run()
    assert not gallery.exception
    assert "this computer alone" in gallery.info[0].value


def test_iNaturalist_is_asked_only_on_request_and_credits_are_kept(
    gallery: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    page = "https://www.inaturalist.org/observations/1"
    sighting = live.Sighting("Aa bb", "", 7, "https://x/square.jpg", "(c) Ann", "cc-by", page)

    def search(species: str, count: int) -> tuple[live.Sighting, ...]:
        asked.append(species)
        return (sighting,)

    def fetch(one: live.Sighting) -> Picture:
        return Picture(sample("coffee").rgb, "Aa bb 7", one.source)

    monkeypatch.setattr("cactiviz.ui.pictures.obtain.search", search)
    monkeypatch.setattr("cactiviz.ui.pictures.library.open_sighting", fetch)
    gallery.button_group(key="shown").set_value("live").run()
    assert not asked and "Nothing is asked" in gallery.caption[0].value
    gallery.text_input[0].set_value("Aa bb")
    button(gallery, "Search").click().run()
    assert asked == ["Aa bb"] and not gallery.exception and not gallery.error
    gallery.switch_page("pages/compare.py").run()
    ask_for(gallery, "more").selectbox(key="dataset").set_value("live").run()
    assert not gallery.exception
    assert any("Ann" in one.value and "cc\\-by" in one.value for one in gallery.caption)


def test_what_the_gallery_chose_is_what_compare_shows(gallery: AppTest, pictures: Path) -> None:
    gallery.button_group(key="shown").set_value("folder").run()
    gallery.text_input(key="place").set_value(str(pictures)).run()
    item = Item("folder", HOSTILE, "<b>.png")
    picked = {"dataset": "folder", "class": item.class_name, "item": item.name}
    for key, value in {"source": "set", **picked}.items():
        gallery.session_state[key] = value  # as state.choose does
    gallery.switch_page("pages/compare.py").run()
    assert not gallery.exception and not gallery.error
    assert grid(gallery)["picture"]["name"] == f"folder:{HOSTILE}/<b>.png"


def test_compare_draws_by_chance_and_counts_through_a_large_class(app: AppTest) -> None:
    app.run()
    names = [grid(app)["picture"]["name"]]
    ask_for(app, "more")
    button(app, "Draw one").click().run()
    names.append(grid(app)["picture"]["name"])
    app.number_input(key="picked 1").set_value(0).run()
    assert grid(app)["picture"]["name"] == "scenes:cactus/0"
    app.selectbox(key="class").set_value("no cactus").run()
    assert grid(app)["picture"]["name"] == "scenes:no cactus/0"
    assert len(set(names)) == 2 and not app.exception


def test_choices_outlive_a_visit_to_another_page(app: AppTest) -> None:
    app.run()
    app.button_group(key="methods").set_value(["saliency"]).run()
    ask_for(app, "more").selectbox(key="class").set_value("no cactus").run()
    app.number_input(key="picked 0").set_value(7).run()
    app.session_state["picking"] = None  # the fields for pictures go, what they chose stays
    for page in ("compare", "gallery", "compare", "filters", "compare"):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception and not app.error
        if page == "compare":
            assert not app.selectbox
            assert app.button_group(key="methods").value == ["saliency"]
            assert grid(app)["picture"]["name"] == "scenes:no cactus/7"


def test_terms_of_weights_that_come_along_need_no_address() -> None:
    spec = MODELS["cactinet"]
    assert networks_texts.download_terms(spec) == f"{spec.license}."
    assert "From download.pytorch.org." in networks_texts.download_terms(MODELS["alexnet"])
