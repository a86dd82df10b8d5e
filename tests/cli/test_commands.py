"""The commands that look inside, search and fetch, and the options of ``compare`` beside them."""

from __future__ import annotations

import http.server
import io
import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import cactiviz as cv
from cactiviz.cli import main
from cactiviz.comparison.exports import gif_of
from cactiviz.explanations.explain import convolutions, filters
from cactiviz.explanations.neurons import explain_neurons
from cactiviz.models import LoadedModel, load_model, search
from cactiviz.pictures.open import sample
from cactiviz.rendering import paint as render
from cactiviz.types import Box

CPU = ("--untrained", "--device", "cpu")
NEURONS = ("neurons", "sample:chelsea", "--model", "cactinet", *CPU)
FILTERS = ("filters", "sample:chelsea", "--model", "cactinet", *CPU)
COMPARE = ("compare", "sample:chelsea", "--models", "cactinet", *CPU)


@pytest.fixture(autouse=True)
def empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No weights are here."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.delenv("CACTIVIZ_WEIGHTS", raising=False)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


@pytest.fixture(scope="module")
def cactinet() -> LoadedModel:
    return load_model("cactinet", untrained=True, device="cpu")


@pytest.fixture(scope="module")
def alexnet() -> LoadedModel:
    return load_model("alexnet", untrained=True, device="cpu")


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """The exit code, standard output and standard error of one command."""
    capsys.readouterr()
    try:
        code = main.main([str(argument) for argument in arguments])
    except SystemExit as leaving:
        assert isinstance(leaving.code, int)
        code = leaving.code
    output, errors = capsys.readouterr()
    return code, output, errors


def assert_one_sentence(errors: str) -> None:
    assert re.fullmatch(r"[^\n]+\.\n", errors), f"not one sentence: {errors!r}"
    assert not re.search(r"Traceback|Errno|Error\b|line \d", errors)


def assert_usage(code: int, output: str, errors: str) -> None:
    assert code == 2 and output == ""
    assert errors.startswith("usage: cactiviz ") and "Traceback" not in errors


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as sheet:
        return np.asarray(sheet.convert("RGB"))


# --- neurons ----------------------------------------------------------------------------------


def test_neurons_writes_what_the_function_finds(
    capsys: pytest.CaptureFixture[str], out: Path, cactinet: LoadedModel
) -> None:
    files = ("--out", out / "n.png", "--npz", out / "n.npz")
    code, output, errors = run(
        capsys, *NEURONS, "--neuron", "3,1,2", "--at", "4,4", "--random", "2", "--seed", "5", *files
    )
    assert (code, errors) == (0, "")
    expected = explain_neurons(
        cactinet, sample("chelsea"), neurons=[(3, 1, 2)], most_active_at=(4, 4), random=2, seed=5
    )
    assert tuple(expected[0].neuron) == (3, 1, 2)
    with np.load(out / "n.npz") as arrays:
        assert list(arrays.files) == ["{}/{}/{}".format(*one.neuron) for one in expected]
        for one in expected:
            assert np.array_equal(arrays["{}/{}/{}".format(*one.neuron)], one.values)
    lines = output.splitlines()
    assert len(lines) == 4 + 2
    for line, one in zip(lines[:4], expected, strict=True):
        assert line.startswith("channel {}, row {}, column {}: ".format(*one.neuron))
        assert f"active at {one.value:.3g};" in line
        assert line.endswith("it sees the whole picture")
    assert lines[4].startswith("Of 3,072 neurons of stages.2, 3,072 answer to this picture")
    assert "--layer stem" in lines[5]
    assert os.path.getsize(out / "n.png") > 0
    assert pixels(out / "n.png").shape[1] > 4 * 240, "a column is missing"


def test_neurons_options_reach_the_function(
    capsys: pytest.CaptureFixture[str], out: Path, alexnet: LoadedModel
) -> None:
    code, _, errors = run(
        capsys,
        *("neurons", "sample:chelsea", "--model", "alexnet", *CPU, "--neuron", "9,5,6"),
        *("--layer", "features.6:activation", "--method", "saliency", "--resize", "squash"),
        *("--npz", out / "n.npz"),
    )
    assert (code, errors) == (0, "")
    (expected,) = explain_neurons(
        alexnet,
        sample("chelsea"),
        layer=cv.Layer("features.6", "activation"),
        neurons=[(9, 5, 6)],
        method="saliency",
        resize="squash",
    )
    with np.load(out / "n.npz") as arrays:
        assert np.array_equal(arrays["9/5/6"], expected.values)


def test_the_same_seed_draws_the_same_neurons_and_another_seed_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    one, again, other = (
        re.findall(
            r"^channel .*?:", run(capsys, *NEURONS, "--random", "3", "--seed", seed)[1], re.M
        )
        for seed in (1, 1, 2)
    )
    assert one == again != other
    assert len(set(one)) == 3


def test_each_neurons_receptive_field_is_outlined_on_the_sheet(
    capsys: pytest.CaptureFixture[str],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    alexnet: LoadedModel,
) -> None:
    boxes = []
    real = render.outline

    def outline(image: np.ndarray, box: Box, size: tuple[int, int]) -> np.ndarray:
        boxes.append((box, size))
        return real(image, box, size)

    monkeypatch.setattr(render, "outline", outline)
    neurons = ("--neuron", "0,0,0", "--neuron", "1,8,12")
    model = ("--model", "alexnet", "--layer", "features.3")
    code, _, _ = run(
        capsys, "neurons", "sample:coffee", *model, *CPU, *neurons, "--out", out / "n.png"
    )
    assert code == 0
    picture = sample("coffee")
    expected = explain_neurons(
        alexnet, picture, layer="features.3", neurons=[(0, 0, 0), (1, 8, 12)]
    )
    assert boxes == [(one.field, picture.size) for one in expected]
    assert boxes[0] != boxes[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "neurons"),
        (("--neuron", "48,0,0"), "48, 0, 0"),
        (("--neuron", "0,8,0"), "0, 8, 0"),
        (("--at", "8,0"), "8, 0"),
        (("--random", "100000"), "100000"),
        (("--random", "-1"), "-1"),
        (("--neuron", "0,0,0", "--layer", "nowhere"), "nowhere"),
        (("--neuron", "0,0,0", "--layer", "fc"), "fc"),
        (("--neuron", "0,0,0", "--out", "sheet.gif"), "sheet.gif"),
        (("--neuron", "0,0,0", "--npz", "no/such/folder.npz"), "folder"),
    ],
)
def test_neurons_that_are_not_there_are_refused_in_one_sentence(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output, errors = run(capsys, *NEURONS, *arguments)
    assert (code, output) == (1, "")
    assert words in errors
    assert_one_sentence(errors)


@pytest.mark.parametrize(
    "arguments",
    [
        *(("--neuron", "1,2"), ("--neuron", "a,b,c"), ("--neuron", "1,2,-3"), ("--at", "1,2,3")),
        *(("--random", "two"), ("--method", "grad_cam"), ("--resize", "stretch"), ("--seed", "x")),
    ],
)
def test_wrong_usage_of_neurons_is_exit_code_2(
    arguments: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert_usage(*run(capsys, *NEURONS, *arguments))


# --- filters ----------------------------------------------------------------------------------


def test_filters_writes_kernels_maps_and_a_sheet(
    capsys: pytest.CaptureFixture[str], out: Path, cactinet: LoadedModel
) -> None:
    code, output, errors = run(
        capsys, *FILTERS, "--npz", out / "f.npz", "--out", out / "f.jpg", "--resize", "crop"
    )
    assert (code, errors) == (0, "")
    expected = filters(cactinet, sample("chelsea"), resize="crop")
    with np.load(out / "f.npz") as arrays:
        assert sorted(arrays.files) == ["feature_maps", "kernels"]
        assert np.array_equal(arrays["kernels"], expected.kernels)
        assert np.array_equal(arrays["feature_maps"], expected.feature_maps)
    strongest = expected.by_response[0]
    assert (
        output == f"stem.0: 32 kernels of 3 x 3; the strongest response is kernel {strongest}'s\n"
    )
    with Image.open(out / "f.jpg") as sheet:
        assert sheet.format == "JPEG"
        assert 12 * 160 < sheet.width < 14 * 200  # twelve kernels, still to be read on a screen


def test_filters_of_another_convolution(
    capsys: pytest.CaptureFixture[str], out: Path, alexnet: LoadedModel
) -> None:
    model = ("--model", "alexnet", *CPU)
    code, _, _ = run(
        capsys, "filters", "sample:rocket", *model, "--layer", "features.8", "--npz", out / "f.npz"
    )
    assert code == 0
    expected = filters(alexnet, sample("rocket"), layer="features.8")
    with np.load(out / "f.npz") as arrays:
        assert arrays["kernels"].shape == (256, 384, 3, 3)
        assert np.array_equal(arrays["feature_maps"], expected.feature_maps)


def test_a_feature_map_is_painted_where_the_network_saw_the_picture(
    capsys: pytest.CaptureFixture[str], out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = []
    real = render.paint

    def paint(picture: cv.Picture, values: object, seen: Box, **more: object) -> np.ndarray:
        places.append(seen)
        return real(picture, values, seen, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(render, "paint", paint)
    for resize, seen in (("squash", Box(0, 0, 300, 451)), ("crop", Box(0, 75.5, 300, 300))):
        places.clear()
        arguments = (*FILTERS, "--resize", resize, "--out", out / "f.png")
        assert run(capsys, *arguments)[0] == 0
        assert len(places) == 12
        assert set(places) == {seen}, f"--resize {resize} is shown where it wasn't looked at"


def test_filters_lists_the_convolutions_the_first_one_first(
    capsys: pytest.CaptureFixture[str], cactinet: LoadedModel
) -> None:
    code, output, errors = run(capsys, *FILTERS, "--list")
    assert (code, errors) == (0, "")
    assert output.splitlines() == convolutions(cactinet)
    assert output.startswith("stem.0\n")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*FILTERS, "--layer", "fc"), "CactiNet (untrained) has no convolution called “fc”"),
        ((*FILTERS, "--out", "sheet.txt"), "must end in"),
        (("filters", "sample:nobody", "--model", "cactinet", *CPU), "not a sample"),
        (("filters", "sample:chelsea", "--model", "alexnett", *CPU), "no network “alexnett”"),
        (("filters", "sample:chelsea", *CPU), "--model"),
        (("filters", "sample:chelsea", "--model", "timm:vit_tiny_patch16_224"), "transformer"),
        (("filters", "nowhere.png", "--model", "cactinet", *CPU), "nowhere.png"),
    ],
)
def test_filters_that_cannot_be_shown_are_refused_in_one_sentence(
    arguments: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, output, errors = run(capsys, *arguments)
    assert (code, output) == (1, "")
    assert words in errors
    assert_one_sentence(errors)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("dance",),
        ("filters",),
        ("neurons",),
        ("compare",),
        (*FILTERS, "--device", "abacus"),
        (*FILTERS, "--checkpoint", "nothing"),
        ("models", "--all"),
        ("doctor", "--loud"),
        (*COMPARE, "--scale", "log"),
        (*COMPARE, "--palette", "jet"),
        (*COMPARE, "--contour", "1.5"),
        (*COMPARE, "--contour", "0"),
        (*COMPARE, "--contour", "half"),
        (*COMPARE, "--contour", "nan"),
        (*COMPARE, "--layers", ","),
        (*COMPARE, "--methods", ""),
    ],
)
def test_wrong_usage_is_exit_code_2(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert_usage(*run(capsys, *arguments))


# --- models --all -----------------------------------------------------------------------------


@pytest.mark.parametrize("pattern", ["convnext*", "ResNeXt50", "squeezenet1_?"])
def test_models_all_searches_both_zoos(pattern: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, output, errors = run(capsys, "models", "--all", pattern)
    assert (code, errors) == (0, "")
    assert output.splitlines() == search(pattern) != []


def test_models_all_without_a_hit_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    code, output, errors = run(capsys, "models", "--all", "nothing-like-this")
    assert (code, output) == (1, "")
    assert "“nothing-like-this”" in errors
    assert_one_sentence(errors)


# --- compare: layers, contrast, scales, contours ----------------------------------------------


def test_all_stages_follow_the_picture_from_edges_to_object(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    chosen = ("--methods", "grad_cam,saliency,filters", "--layers", "all-stages")
    code, _, errors = run(capsys, *COMPARE, *chosen, "--npz", out / "m.npz", "--out", out / "s.png")
    assert (code, errors) == (0, "")
    views = ("grad_cam", "saliency", "filters")
    expected = cv.compare(
        "sample:chelsea", ["cactinet"], views, layers="all-stages", untrained=True, device="cpu"
    )
    with np.load(out / "m.npz") as arrays:
        assert set(arrays.files) == set(expected.arrays())
        for key, values in expected.arrays().items():
            assert np.array_equal(arrays[key], values)
        cams = [arrays[key] for key in arrays.files if key.startswith("cactinet/grad_cam@")]
    sides = [cam.shape[0] for cam in cams]
    assert len(sides) >= 4
    assert sides == sorted(set(sides), reverse=True), "not from the finest to the coarsest"
    assert np.array_equal(pixels(out / "s.png"), np.asarray(expected.sheet()))


def test_layers_named_are_shown_in_their_order(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    chosen = ("--methods", "grad_cam", "--layers", "stages.2,stem.0:activation")
    assert run(capsys, *COMPARE, *chosen, "--npz", out / "m.npz")[0] == 0
    with np.load(out / "m.npz") as arrays:
        names = ["cactinet/grad_cam@stages.2", "cactinet/grad_cam@stem.0:activation"]
        assert list(arrays.files) == names
        assert [arrays[name].shape for name in names] == [(8, 8), (32, 32)]


@pytest.mark.parametrize("layers", ["all-stages", "stages.1,stages.2"])
def test_several_layers_of_two_networks_are_refused(
    layers: str, capsys: pytest.CaptureFixture[str]
) -> None:
    models = ("--models", "cactinet,alexnet", *CPU)
    code, output, errors = run(capsys, "compare", "sample:chelsea", *models, "--layers", layers)
    assert (code, output) == (1, "")
    assert "one network" in errors
    assert_one_sentence(errors)


def test_a_layer_that_is_not_there_is_told_and_the_others_are_shown(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    chosen = ("--methods", "grad_cam", "--layers", "stages.2,nowhere", "--npz", out / "m.npz")
    code, output, errors = run(capsys, *COMPARE, *chosen)
    assert code == 1
    assert output.startswith("CactiNet (untrained): ")
    assert "nowhere" in errors
    assert_one_sentence(errors)
    with np.load(out / "m.npz") as arrays:
        assert list(arrays.files) == ["cactinet/grad_cam@stages.2"]


def test_against_is_the_difference_of_two_classes_and_turns_with_them(
    capsys: pytest.CaptureFixture[str], out: Path
) -> None:
    model = ("compare", "sample:chelsea", "--models", "alexnet", *CPU)
    methods = ("--methods", "grad_cam,saliency")
    maps = []
    for index, (a, b) in enumerate((("Egyptian cat", "281"), ("tabby", "285"))):
        files = ("--npz", out / f"{index}.npz")
        code, _, errors = run(capsys, *model, *methods, "--class", a, "--against", b, *files)
        assert (code, errors) == (0, "")
        with np.load(out / f"{index}.npz") as arrays:
            maps.append({key: arrays[key] for key in arrays.files})
    expected = cv.compare(
        "sample:chelsea",
        ["alexnet"],
        ["grad_cam", "saliency"],
        target=cv.Target("Egyptian cat", "tabby"),
        untrained=True,
        device="cpu",
    )
    assert np.array_equal(maps[0]["alexnet/grad_cam"], expected.arrays()["alexnet/grad_cam"])
    for key, one in maps[0].items():
        assert one.min() < 0 < one.max(), "a contrast is signed"
        assert np.abs(one + maps[1][key]).max() <= 1e-5 * np.abs(one).max()


def test_against_an_unknown_class_or_itself_is_told_in_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for against, words in (("tulip", "tulip"), ("1", "itself"), ("2", "0 to 1")):
        chosen = ("--methods", "grad_cam", "--class", "cactus", "--against", against)
        code, _, errors = run(capsys, *COMPARE, *chosen)
        assert code == 1
        assert words in errors
        assert_one_sentence(errors)


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (("--scale", "rank"), {"scale": "rank"}),
        (("--scale", "evidence"), {"scale": "evidence"}),
        (("--contour", "0.5"), {"contour": 0.5}),
        (("--scale", "rank", "--contour", "0.1"), {"scale": "rank", "contour": 0.1}),
    ],
)
def test_scale_and_contour_reach_the_sheet(
    options: tuple[str, ...],
    wanted: dict[str, object],
    capsys: pytest.CaptureFixture[str],
    out: Path,
    cactinet: LoadedModel,
) -> None:
    code, _, errors = run(
        capsys, *COMPARE, "--methods", "grad_cam", *options, "--out", out / "s.png"
    )
    assert (code, errors) == (0, "")
    expected = cv.compare("sample:chelsea", [cactinet], ["grad_cam"])
    found = pixels(out / "s.png")
    assert np.array_equal(found, np.asarray(expected.sheet(**wanted)))  # type: ignore[arg-type]
    plain = np.asarray(expected.sheet())
    assert found.shape != plain.shape or not np.array_equal(found, plain)


def test_an_outline_reaches_the_report_and_the_gif(
    capsys: pytest.CaptureFixture[str], out: Path, cactinet: LoadedModel
) -> None:
    words = ("report", *COMPARE[1:], "--methods", "grad_cam", "--out", out / "r.html")
    pages = []
    for outline in ((), ("--contour", "0.5")):
        assert run(capsys, *words, *outline)[0] == 0
        pages.append((out / "r.html").read_text("utf-8"))
    expected = cv.compare("sample:chelsea", [cactinet], ["grad_cam"])
    plain, outlined = expected.html(follows=True), expected.html(contour=0.5, follows=True)
    assert plain != outlined
    assert plain in pages[0] and outlined in pages[1]
    assert gif_of(expected, "grad_cam") != gif_of(expected, "grad_cam", contour=0.5)


# --- a picture from the web -------------------------------------------------------------------


class Server(http.server.ThreadingHTTPServer):
    """Gives one picture to whoever asks, and counts."""

    daemon_threads = True

    def __init__(self) -> None:
        buffer = io.BytesIO()
        Image.fromarray(sample("coffee").rgb).save(buffer, "PNG")
        self.picture = buffer.getvalue()
        self.connections = 0
        self.paths: list[str] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.paths.append(self.path)
                found = self.path.startswith("/cup.png")
                body = server.picture if found else b"none"
                self.send_response(200 if found else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    def verify_request(self, *_: object) -> bool:
        self.connections += 1
        return True

    def address(self, host: str = "127.0.0.1", path: str = "/cup.png") -> str:
        return f"http://{host}:{self.server_address[1]}{path}"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
@pytest.mark.parametrize("command", ["compare", "neurons", "filters"])
def test_no_command_fetches_from_this_computer_unasked(
    command: str, host: str, server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    network = ("--models" if command == "compare" else "--model", "cactinet", *CPU)
    code, output, errors = run(capsys, command, server.address(host), *network)
    assert (code, output) == (1, "")
    assert "private" in errors or "not known" in errors
    assert_one_sentence(errors)
    assert (server.connections, server.paths) == (0, [])


@pytest.mark.parametrize(
    ("command", "network", "more"),
    [
        ("compare", "--models", ("--methods", "grad_cam", "--json", "r.json")),
        ("neurons", "--model", ("--random", "1")),
        ("filters", "--model", ()),
    ],
)
def test_with_leave_a_picture_comes_from_this_computer(
    command: str,
    network: str,
    more: tuple[str, ...],
    server: Server,
    capsys: pytest.CaptureFixture[str],
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(out)
    address = server.address(path="/cup.png?key=secret").replace("http", "HTTP")
    code, output, errors = run(
        capsys, command, address, "--allow-private", network, "cactinet", *CPU, *more
    )
    assert (code, errors) == (0, "")
    assert output
    assert server.paths == ["/cup.png?key=secret"]
    if command == "compare":
        told = json.loads((out / "r.json").read_text("utf-8"))["picture"]
        assert told["name"] == "cup.png"
        assert told["sha256"] == sample("coffee").sha256
        assert "127.0.0.1" in told["source"] and "secret" not in json.dumps(told)


def test_an_address_without_a_picture_is_told_in_one_sentence(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    network = ("--model", "cactinet", *CPU)
    arguments = ("filters", server.address(path="/none"), "--allow-private", *network)
    code, output, errors = run(capsys, *arguments)
    assert (code, output) == (1, "")
    assert "404" in errors
    assert_one_sentence(errors)
