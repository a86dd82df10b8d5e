"""A network and a picture of one's own in Python: taken as they are, and left as they were."""

from __future__ import annotations

import copy
import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from torch import Tensor, nn

import cactiviz as cv
from cactiviz.comparison.compare import compare_as_asked
from cactiviz.comparison.exports import everything_zip, recipe_of, report_html
from cactiviz.errors import (
    CactivizError,
    LayerError,
    MethodError,
    ModelError,
    PictureError,
    WeightsError,
)
from cactiviz.models.preprocess import preprocess
from cactiviz.recipes.request import Request, Style
from cactiviz.recipes.snippets import as_command, as_python
from cactiviz.replay import remake_comparison

WAY = cv.Preprocessing((48, 48), "squash", 1.0)


def body(channels: int = 3, logits: int = 3) -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(channels, 8, 3),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(8, logits),
    )


class Keeps(nn.Module):
    """Remembers what it saw, and answers with a dict, as some do."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = body()
        self.last: Tensor | None = None

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        self.last = self.inner[0](x)
        return {"logits": self.inner(x)}


@pytest.fixture(scope="module")
def own() -> cv.LoadedModel:
    return cv.network(body(), name="mine", class_names=["ant", "bee", "cat"], preprocessing=WAY)


def test_it_answers_as_the_module_does_beside_others(own: cv.LoadedModel) -> None:
    found = cv.compare("sample:chelsea", [own, "cactinet"], ["grad_cam", "saliency"])
    assert not found.failures and not own.remarks
    x = preprocess(cv.open_picture("sample:chelsea"), WAY)
    expected = body().eval()(x)[0].detach()
    assert found.explanations["mine"].scores == pytest.approx(expected.numpy(), rel=1e-5)
    best = found.explanations["mine"].predictions[0]
    assert best.class_name == ["ant", "bee", "cat"][int(expected.argmax())]
    assert found["mine", "grad_cam"].values.shape == (46, 46)  # type: ignore[union-attr]


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_the_module_stays_as_it_was(dtype: torch.dtype) -> None:
    module = body().to(dtype).train()
    module[2].inplace = True
    calls: list[int] = []
    module[0].register_forward_hook(lambda *_: calls.append(1))
    module[0].register_full_backward_hook(lambda *_: calls.append(1))
    before = copy.deepcopy(module.state_dict())
    network = cv.network(module, preprocessing=WAY)
    explanation = cv.explain(network, "sample:chelsea", ["saliency", "guided_backprop"])
    assert set(explanation.attributions) == {"saliency", "guided_backprop"}
    assert network.dtype == (torch.float64 if dtype == torch.float64 else torch.float32)
    assert module.training and module[1].training and not network.module.training
    assert {p.dtype for p in module.parameters()} == {dtype}
    assert all(torch.equal(before[key], value) for key, value in module.state_dict().items())
    assert all(parameter.grad is None for parameter in module.parameters())
    assert len(module[0]._forward_hooks) == len(module[0]._backward_hooks) == 1
    with torch.no_grad():
        module[0].weight.zero_()
    again = cv.explain(network, "sample:chelsea", ["saliency"])
    assert np.array_equal(again.scores, explanation.scores), "its weights are shared"
    expected = body().to(dtype).to(network.dtype).eval()
    x = preprocess(cv.open_picture("sample:chelsea"), WAY).to(network.dtype)
    assert explanation.scores == pytest.approx(expected(x)[0].detach().numpy(), rel=1e-5)


def scripted() -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, but people have such networks
        made: nn.Module = torch.jit.script(body())
    return made


def weight_norm(module: nn.Sequential) -> nn.Sequential:
    nn.utils.parametrizations.weight_norm(module[0])
    return module


@pytest.mark.parametrize(
    "make",
    [
        lambda: nn.DataParallel(body()),
        lambda: torch.compile(body()),
        lambda: weight_norm(body()),
        Keeps,
        lambda: nn.Sequential(*body()[:5], nn.Unflatten(1, (8, 1, 1)), nn.Conv2d(8, 3, 1)),
    ],
    ids=["DataParallel", "compiled", "parametrised", "keeps its last run", "fully convolutional"],
)
def test_what_people_wrap_and_keep(make: Callable[[], nn.Module]) -> None:
    module = make()
    inner = getattr(module, "_orig_mod", getattr(module, "module", module)).eval()
    x = preprocess(cv.open_picture("sample:chelsea"), WAY)
    found = inner(x)
    expected = (found["logits"] if isinstance(found, dict) else found).detach().flatten()
    network = cv.network(module, preprocessing=WAY)
    explanation = cv.explain(network, "sample:chelsea", ["grad_cam"])
    assert explanation.scores == pytest.approx(expected.numpy(), rel=1e-4)
    assert "grad_cam" in explanation.attributions


def test_what_is_not_said_is_assumed_and_told() -> None:
    network = cv.network(body())
    assert network.name == "Sequential" and network.spec.class_names == ()
    assert network.spec.preprocessing == cv.Preprocessing((224, 224))
    (remark,) = network.remarks
    assert "assumed: 224 × 224 pixels, the middle of the picture, colours scaled as for" in remark
    assert cv.network(body(logits=1000)).spec.class_names == (), "ImageNet's names were lent"
    named = cv.network(body(logits=1000), class_names="imagenet", preprocessing=WAY)
    assert named.spec.class_names[285] == "Egyptian cat" and not named.remarks
    of_timm = cv.network(timm.create_model("inception_v4", num_classes=2).half())
    assert of_timm.spec.preprocessing.mean == (0.5, 0.5, 0.5)
    assert of_timm.spec.preprocessing.input_size == (299, 299)
    assert "299 × 299" in " ".join(of_timm.remarks) and of_timm.dtype == torch.float32


def test_names_by_index_and_from_a_list(tmp_path: Path) -> None:
    (tmp_path / "NAMES.CSV").write_text("name,index\nb,1\na,0\nc,2\n")
    for given in ({1: "b", 0: "a", 2: "c"}, ("a", "b", "c"), tmp_path / "NAMES.CSV"):
        network = cv.network(body(), class_names=given, preprocessing=WAY)  # type: ignore[arg-type]
        assert network.spec.class_names == ("a", "b", "c")


@pytest.mark.parametrize(
    ("make", "said", "error", "why"),
    [
        (lambda: "alexnet", {}, ModelError, "not str"),
        (lambda: nn.Linear(3, 4), {}, LayerError, "no convolution"),
        (lambda: nn.Sequential(), {}, ModelError, "no weights"),
        (lambda: body(1), {}, ModelError, "expects grey pictures"),
        (lambda: nn.Sequential(nn.Conv2d(3, 4, 3)), {}, ModelError, "answer to one picture"),
        (lambda: nn.LazyLinear(3), {}, ModelError, "aren't there yet"),
        (lambda: body().to("meta"), {}, ModelError, "aren't there yet"),
        (scripted, {}, ModelError, "TorchScript"),
        (body, {"class_names": ["a"]}, WeightsError, "1 class names, but the network has 3"),
        (body, {"class_names": [1, None, 2]}, WeightsError, "given as texts"),
        (body, {"class_names": 3}, WeightsError, "given as texts"),
        (body, {"class_names": "nowhere.txt"}, WeightsError, "can't be read"),
        (body, {"preprocessing": 224}, ModelError, "not int"),
        (body, {"preprocessing": "norm"}, ModelError, "“norm” is no preprocessing"),
        (body, {"layer": "nope"}, LayerError, "no layer called “nope”"),
        (body, {"name": "a/b"}, ModelError, "name"),
        (body, {"name": 5}, ModelError, "name"),
    ],
)
def test_what_is_no_network_is_told(
    make: Callable[[], Any], said: dict[str, Any], error: type[CactivizError], why: str
) -> None:
    with pytest.raises(error, match=re.escape(why)):
        cv.network(make(), **said)


def test_a_size_that_it_cannot_take_is_told() -> None:
    fixed = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 30 * 30, 2))
    with pytest.raises(ModelError, match="224 x 224 pixels; say another size"):
        cv.network(fixed)
    assert cv.network(fixed, preprocessing="size=32").spec.logits == 2


def test_probabilities_for_scores_are_told() -> None:
    (remark,) = cv.network(nn.Sequential(*body(), nn.Softmax(1)), preprocessing=WAY).remarks
    assert "without that step" in remark


def test_everything_that_leaves_of_it_and_its_recipe(
    own: cv.LoadedModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = Request(("sample:chelsea",), (own, "cactinet"), ("grad_cam",))
    found = compare_as_asked(asked, cv.open_picture("sample:chelsea"))
    recipe = json.loads(json.dumps(recipe_of(found, asked, Style())))
    assert "mine" in report_html(found, Style(), recipe) and everything_zip(found, Style(), recipe)
    with pytest.raises(CactivizError, match="“mine” was made in Python and is in no file"):
        remake_comparison(recipe)
    assert as_command(asked, Style()) == ""
    monkeypatch.chdir(tmp_path)
    exec(as_python(asked, Style()).replace("= ...", "= body()"), {"body": body})
    assert (tmp_path / "sheet.png").is_file()


@pytest.fixture(scope="module")
def grey() -> np.ndarray[Any, Any]:
    rows, columns = np.mgrid[0:40, 0:30]
    return (rows * 6 + columns).astype(np.uint8)


@pytest.mark.parametrize(
    "form",
    [
        lambda a: a,
        lambda a: a[..., None],
        lambda a: np.stack([a] * 3, -1),
        lambda a: np.stack([a] * 3),
        lambda a: np.stack([a] * 3, -1)[None],
        lambda a: np.stack([a] * 3 + [np.full_like(a, 255)], -1),
        lambda a: a.astype(np.int64),
        lambda a: a.astype(np.uint16) * 257,
        lambda a: a / 255,
        lambda a: (a / 255).astype(np.float32)[None],
        lambda a: torch.from_numpy(np.stack([a] * 3)),
        lambda a: (torch.from_numpy(np.stack([a] * 3)) / 255).requires_grad_(),
        lambda a: torch.from_numpy(np.stack([a] * 3))[None] / 255,
        lambda a: Image.fromarray(a),
        lambda a: np.asfortranarray(np.stack([a] * 3, -1))[::1],
    ],
)
def test_a_picture_may_be_an_array(form: Callable[[Any], Any], grey: Any) -> None:
    assert np.array_equal(cv.open_picture(form(grey)).rgb, np.stack([grey] * 3, -1))


@pytest.mark.parametrize(
    ("array", "why"),
    [
        (np.full((20, 20, 3), 255.0), "go up to 255"),
        (np.full((20, 20), np.nan), "aren't finite"),
        (np.full((20, 20), np.inf), "aren't finite"),
        (np.full((3, 20, 20), -1.8), "as after a network's preprocessing"),
        (np.full((20, 20), -1), "below 0"),
        (np.full((20, 20), 70_000), "end at 255"),
        (np.zeros((20, 20, 5)), "shape"),
        (np.zeros((2, 20, 20, 3)), "holds 2 pictures"),
        (np.zeros(20), "shape"),
        (np.zeros((0, 20, 3)), "empty"),
        (np.zeros((20, 20), object), "object"),
        (np.zeros((20, 20), complex), "complex"),
        (np.array([["a"]]), "no picture"),
        (torch.zeros(3, 20, 20, device="meta"), "can't be read"),
        (np.zeros((4, 4), np.uint8), "too small|at least"),
        (None, "NoneType"),
        (5, "int"),
        ([[0, 1]], "list"),
    ],
)
def test_what_is_no_picture_is_told(array: Any, why: str) -> None:
    with pytest.raises(PictureError, match=why):
        cv.compare(array, "cactinet", "saliency")


def test_an_array_wherever_a_picture_is_asked_for(own: cv.LoadedModel, grey: Any) -> None:
    expected = cv.explain(own, cv.open_picture(grey), "saliency")["saliency"]
    assert np.array_equal(cv.explain(own, grey, "saliency")["saliency"].values, expected.values)  # type: ignore[union-attr]
    assert np.array_equal(
        cv.compare(grey, own, "saliency")["mine", "saliency"].values,  # type: ignore[union-attr]
        expected.values,  # type: ignore[union-attr]
    )
    assert cv.filters(own, grey).feature_maps is not None
    assert cv.explain_neurons(own, grey, random=1)[0].values.shape == (3, 48, 48)


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda own: cv.compare("sample:chelsea", None), ModelError),
        (lambda own: cv.compare("sample:chelsea", [own, 5]), ModelError),
        (lambda own: cv.compare("sample:chelsea", body()), ModelError),
        (lambda own: cv.compare("sample:chelsea", own, None), MethodError),
        (lambda own: cv.compare("sample:chelsea", own, [3]), MethodError),
        (lambda own: cv.compare("sample:chelsea", own, []), MethodError),
        (lambda own: cv.compare("sample:chelsea", own, resize="stretch"), MethodError),
        (lambda own: cv.explain(own, "sample:chelsea", ["grad_cam"], layer=3), LayerError),
        (lambda own: cv.explain("cactinet", "sample:chelsea", ["grad_cam"]), ModelError),
        (lambda own: cv.explain(own, "sample:chelsea", 5), MethodError),
        (lambda own: cv.explain_neurons(body(), "sample:chelsea", random=1), ModelError),
        (lambda own: cv.filters("cactinet"), ModelError),
        (lambda own: cv.load_model(None), ModelError),
        (lambda own: cv.load_model(body()), ModelError),
        (lambda own: cv.load_model(own), ModelError),
        (lambda own: cv.load_model("cactinet", dtype=torch.float16), ModelError),
        (lambda own: cv.Checkpoint("m", "alexnet", 5), WeightsError),
    ],
)
def test_a_wrong_argument_gets_a_sentence(
    call: Callable[[Any], Any], error: type[CactivizError], own: cv.LoadedModel
) -> None:
    with pytest.raises(error, match=r"\.$"):
        call(own)


def test_one_network_and_one_method_need_no_list(own: cv.LoadedModel) -> None:
    assert list(cv.compare("sample:chelsea", own, "grad_cam").explanations) == ["mine"]
    bare = pytest.raises(ModelError, match=r"given as cactiviz.network\(module")
    with bare:
        cv.compare("sample:chelsea", [body()])
