"""The pages' logic, without a browser."""

from __future__ import annotations

import socket
from io import BytesIO
from pathlib import Path

import pytest
import torch
from PIL import Image
from streamlit.testing.v1 import AppTest

from cactiviz.images import SAMPLES, sample
from cactiviz.models import MODELS

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AppTest:
    """The app on a machine without any weights."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)
    monkeypatch.chdir(ROOT)
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)


def grid(app: AppTest) -> str:
    """The last state of the table."""
    return [h.value for h in app.get("html") if "cv-grid" in h.value and "<table" in h.value][-1]


def test_a_first_visit_shows_a_labelled_result_without_a_click(app: AppTest) -> None:
    app.run()
    assert not app.exception and not app.error
    table = grid(app)
    assert "CactiNet (untrained)" in table
    assert table.count("<img") == 1 + 4  # the picture, three methods and the filters
    assert "Grad-CAM" in table and "own scale" in table
    assert 'class="cv-waiting"' not in table


def test_a_network_without_weights_says_so_in_its_cells_and_offers_them(app: AppTest) -> None:
    app.run()
    app.button_group(key="models").set_value(["alexnet", "cactinet"]).run()
    assert not app.exception
    table = grid(app)
    assert table.count("aren't on this machine") + table.count("aren&#x27;t on this machine") == 4
    assert table.count("<img") == 1 + 4  # CactiNet's are there all the same
    assert "Download AlexNet (about 244 MB)" in [button.label for button in app.button]


def test_untrained_networks_are_shown_only_on_request_and_labelled(app: AppTest) -> None:
    app.run()
    app.button_group(key="models").set_value(["alexnet"]).run()
    assert "<img" in grid(app) and grid(app).count("<img") == 1
    app.toggle(key="untrained").set_value(True).run()
    table = grid(app)
    assert "AlexNet (untrained)" in table and "random weights" in table
    assert table.count("<img") == 1 + 4


def test_the_scale_in_use_is_said_at_every_map(app: AppTest) -> None:
    app.run()
    assert grid(app).count(">own scale") == 3
    app.radio(key="scale").set_value("shared").run()
    assert grid(app).count(">shared scale") == 3 and "own scale" not in grid(app)


def test_nothing_chosen_is_a_sentence_and_not_an_empty_page(app: AppTest) -> None:
    app.run()
    app.button_group(key="models").set_value([]).run()
    assert not app.exception
    assert app.info[0].value == "Choose at least one network and one view at the side."


def test_another_sample_gives_another_picture(app: AppTest) -> None:
    app.run()
    first = grid(app)
    app.selectbox(key="sample").set_value("coffee").run()
    assert grid(app) != first and not app.exception
    assert list(SAMPLES) == app.selectbox(key="sample").options


def test_names_and_labels_never_become_html(app: AppTest) -> None:
    app.run()
    data = BytesIO()
    Image.fromarray(sample("chelsea").rgb).save(data, "PNG")
    hostile = "<img src=x onerror=alert(1)>.png"
    app.file_uploader(key="upload").set_value((hostile, data.getvalue(), "image/png")).run()
    assert not app.exception
    assert "<img src=x" not in grid(app)
    assert "&lt;img src=x onerror=alert(1)&gt;.png" in grid(app)


def test_a_file_that_is_no_picture_is_one_sentence_and_the_page_lives_on(app: AppTest) -> None:
    app.run()
    app.file_uploader(key="upload").set_value(("cat.png", b"no picture", "image/png")).run()
    assert not app.exception
    assert len(app.error) == 1 and "Traceback" not in app.error[0].value
    assert grid(app).count("<img") == 1 + 4


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:1/cat.jpg", "http://localhost/", "file:///x"]
)
def test_an_address_on_this_computer_is_refused_and_the_page_lives_on(
    app: AppTest, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("the app connected to a private address")

    monkeypatch.setattr(socket.socket, "connect", never)
    app.run()
    app.text_input(key="address").set_value(address).run()
    assert not app.exception and len(app.error) == 1
    assert grid(app).count("<img") == 1 + 4


def test_every_network_of_the_table_can_be_chosen(app: AppTest) -> None:
    app.run()
    assert app.button_group(key="models").options == [spec.title for spec in MODELS.values()]
    assert torch.is_grad_enabled()
