"""Files as training programs leave them: what of them is the network, and what is refused."""

from __future__ import annotations

import argparse
import collections
import datetime
import fractions
import json
import os
import pathlib
import pickle
import re
import tarfile
import types
import zipfile
from collections.abc import Callable, Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from cactiviz.cli import main
from cactiviz.comparison.caveats import limits
from cactiviz.errors import WeightsError
from cactiviz.explanations.explain import explain
from cactiviz.models import MODELS, Checkpoint, LoadedModel, load_model
from cactiviz.models.preprocess import preprocess
from cactiviz.models.skeleton import build_empty
from cactiviz.models.state_dict import SAFE, read_content
from cactiviz.pictures.open import sample
from tests.fixtures.sampling import some

SQUEEZENET = "torchvision:squeezenet1_0"
State = dict[str, Tensor]


@pytest.fixture(scope="module")
def trained(data_dir: Path) -> State:
    """A real network's weights, for which chelsea is an Egyptian cat."""
    file = data_dir / "weights" / "squeezenet1_0_deepcompression.pth"
    weights: State = dict(torch.load(file, map_location="cpu", weights_only=True))
    return weights


@pytest.fixture(scope="module")
def plain(trained: State, tmp_path_factory: pytest.TempPathFactory) -> Tensor:
    """What the network answers when its plain file is read."""
    path = tmp_path_factory.mktemp("plain") / "x.pth"
    torch.save(trained, path)
    model = load(path)
    found = logits(model)
    assert model.spec.class_name(int(found.argmax())) == "Egyptian cat"
    assert of_file(model.remarks) == ()
    return found


def load(path: Path, architecture: str = SQUEEZENET) -> LoadedModel:
    return load_model(Checkpoint("mine", architecture, path), device="cpu")


def of_file(remarks: Sequence[str]) -> tuple[str, ...]:
    """Those on how the file was read, without those on what else had to be assumed."""
    assumed = ("It was given no class names", "How it is to be given pictures")
    return tuple(remark for remark in remarks if not remark.startswith(assumed))


def saved(path: Path, content: object, **how: Any) -> Path:
    torch.save(content, path, **how)
    return path


def logits(model: LoadedModel) -> Tensor:
    with torch.no_grad():
        found: Tensor = model.module(preprocess(sample("chelsea"), model.spec.preprocessing))
    return found


def refusal(path: Path, architecture: str = SQUEEZENET) -> str:
    with pytest.raises(WeightsError) as caught:
        load(path, architecture)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and len(text) < 500, text
    assert path.name in text
    assert not re.search(r"Traceback|Errno|0x[0-9a-f]{6}|object at", text), text
    return text


def spoilt(weights: State) -> State:
    """The same network with other answers."""
    return {key: value.flip(0) for key, value in weights.items()}


def prefixed(weights: State, prefix: str) -> State:
    return {f"{prefix}{key}": value for key, value in weights.items()}


# --- wrappings and prefixes -------------------------------------------------------------------

BESIDE: dict[str, Any] = {
    "epoch": 7,
    "arch": "squeezenet1_0",
    "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1}]},
    "best_acc1": torch.tensor(57.5),
    "args": argparse.Namespace(lr=0.1, gpu=None),
}
WRAPPINGS: dict[str, Callable[[State], object]] = {
    "state_dict": lambda w: {"state_dict": w, **BESIDE},
    "model": lambda w: {"model": w, "opt": BESIDE["optimizer"]},
    "net": lambda w: {"net": w, "acc": 93.1, "epoch": 3},
    "weights": lambda w: {"weights": w, **BESIDE},
    "params": lambda w: {"params": w},
    "model_state": lambda w: {"model_state": w, **BESIDE},
    "model_state_dict": lambda w: {"model_state_dict": w, "loss": torch.tensor(0.1)},
    "state_dict_ema": lambda w: {"state_dict": spoilt(w), "state_dict_ema": w, **BESIDE},
    "model_ema": lambda w: {"model": spoilt(w), "model_ema": w, **BESIDE},
    "ema with its decay": lambda w: {"model": spoilt(w), "ema": {"module": w, "decay": 0.99}},
    "nested": lambda w: {"checkpoint": {"model": w, "epoch": 3}, "version": "1.0"},
    "camel case": lambda w: {"netStateDict": w, "Epoch": 1},
    "best": lambda w: {"last_model": spoilt(w), "best_model": w},
    "tuple": lambda w: (w, {"lr": 0.1}),
    "plain": lambda w: {**w, "epoch": 3, "note": "mine"},
    "network": lambda w: {"network": w},
}
PREFIXES = ("", "module.", "model.net.", "_orig_mod.module.backbone.")


@pytest.mark.parametrize(("wrapping", "prefix"), some(list(product(WRAPPINGS, PREFIXES)), 24))
def test_wrapped_weights_give_the_answer_of_the_plain_file(
    wrapping: str, prefix: str, trained: State, plain: Tensor, tmp_path: Path
) -> None:
    path = saved(tmp_path / "x.pth", WRAPPINGS[wrapping](prefixed(trained, prefix)))
    model = load(path)
    assert torch.equal(logits(model), plain)
    several = {"state_dict_ema", "model_ema", "ema with its decay", "best"}
    assert bool(of_file(model.remarks)) == (wrapping in several)


@pytest.mark.parametrize("name", ["payload", "discriminator", "old"])
def test_an_unknown_wrapping_is_told_with_a_tensor_of_each_side(
    name: str, trained: State, tmp_path: Path
) -> None:
    text = refusal(saved(tmp_path / "x.pth", {name: trained, **BESIDE}))
    assert "missing is “features.0.weight”" in text
    assert f"unknown is “{name}.features.0.weight”" in text
    assert SQUEEZENET in text and "colour" in text and f"“{name}”" in text


PREFIXED: dict[str, Callable[[State], State]] = {
    "a part on several GPUs": lambda w: {
        key.replace("features.", "features.module."): value for key, value in w.items()
    },
    "compiled inside": lambda w: {f"model.{k.replace('.', '._orig_mod.', 1)}": w[k] for k in w},
    "the head apart": lambda w: {
        (f"head.{key}" if key.startswith("classifier") else f"backbone.{key}"): value
        for key, value in w.items()
    },
    "a name of one's own": lambda w: prefixed(w, "my_squeezenet."),
    "fully sharded": lambda w: prefixed(w, "_fsdp_wrapped_module._checkpoint_wrapped_module."),
    "operations counted": lambda w: {
        **w,
        **{f"{key.rpartition('.')[0]}.total_ops": torch.zeros(1) for key in w},
        "total_params": torch.zeros(1),
        "n_averaged": torch.tensor(5),
    },
    "a loss with weights": lambda w: {
        **prefixed(w, "model."),
        "criterion.weight": torch.ones(1000),
        "train_acc.correct": torch.tensor(3),
    },
    "head in a Sequential": lambda w: {
        key.replace("classifier.1.", "classifier.1.0."): value for key, value in w.items()
    },
    "head under another name": lambda w: {
        key.replace("classifier.1.", "output."): value for key, value in w.items()
    },
}


@pytest.mark.parametrize("how", PREFIXED)
def test_names_that_programs_change_are_found_again(
    how: str, trained: State, plain: Tensor, tmp_path: Path
) -> None:
    model = load(saved(tmp_path / "x.ckpt", {"state_dict": PREFIXED[how](trained)}))
    assert torch.equal(logits(model), plain)
    if how.startswith("head "):
        (remark,) = of_file(model.remarks)
        assert "“classifier.1”" in remark and "last layer" in remark


def test_what_a_network_has_besides_is_never_left_out_in_silence(
    trained: State, tmp_path: Path
) -> None:
    """A layer after the network, or a second head: its answers would be others."""
    for extra in ("model.attention.weight", "head.weight", "features.13.weight"):
        state = {**prefixed(trained, "model."), extra: torch.ones(5, 1000)}
        assert f"“{extra}”" in refusal(saved(tmp_path / "x.pth", state))


@pytest.mark.parametrize("names", [("student", "teacher"), ("model", "net")])
def test_two_networks_that_fit_are_not_chosen_between(
    names: tuple[str, str], trained: State, plain: Tensor, tmp_path: Path
) -> None:
    one, other = names
    for content in (
        {one: trained, other: spoilt(trained)},
        {"state_dict": {**prefixed(trained, f"{one}."), **prefixed(spoilt(trained), f"{other}.")}},
    ):
        text = refusal(saved(tmp_path / "x.pth", content))
        assert f"{one}”" in text and f"{other}”" in text
    same = {one: trained, other: {key: value.clone() for key, value in trained.items()}}
    assert torch.equal(logits(load(saved(tmp_path / "x.pth", same))), plain)


# --- averages ---------------------------------------------------------------------------------


def averaged_model(weights: State) -> State:
    network = torchvision.models.squeezenet1_0(weights=None)
    network.load_state_dict(weights)
    return dict(AveragedModel(network).state_dict())


AVERAGES: dict[str, tuple[Callable[[State], object], str]] = {
    "timm": (lambda w: {"state_dict": spoilt(w), "state_dict_ema": w}, "“state_dict_ema”"),
    "torch's own, alone": (lambda w: {"swa_model": averaged_model(w)}, "“swa_model.module”"),
    "torch's own, beside": (
        lambda w: {"model_state_dict": spoilt(w), "avg_model": averaged_model(w)},
        "“avg_model",
    ),
    "in one state dict": (
        lambda w: {"state_dict": {**prefixed(spoilt(w), "net."), **prefixed(w, "net_ema.")}},
        "“state_dict.net_ema”",
    ),
    "torch's own, in a module": (
        lambda w: {"state_dict": {**spoilt(w), **prefixed(averaged_model(w), "swa.")}},
        "“state_dict.swa”",
    ),
    "ema_model": (
        lambda w: {**prefixed(spoilt(w), "online_model."), **prefixed(w, "ema_model.module.")},
        "“ema_model”",
    ),
    "Lightning's callback": (
        lambda w: {
            "state_dict": prefixed(w, "model."),
            "current_model_state": prefixed(spoilt(w), "model."),
            "averaging_state": {"n_averaged": torch.tensor(3)},
        },
        "“state_dict.model”",
    ),
}


@pytest.mark.parametrize("how", AVERAGES)
def test_averaged_weights_are_taken_and_that_is_said(
    how: str, trained: State, plain: Tensor, tmp_path: Path
) -> None:
    make, label = AVERAGES[how]
    model = load(saved(tmp_path / "x.pth", make(trained)))
    assert torch.equal(logits(model), plain)
    (remark,) = of_file(model.remarks)
    assert "average" in remark
    assert label.removesuffix("”").removesuffix(".module") in remark


@pytest.fixture(scope="module")
def cactinet() -> State:
    return dict(load_model("cactinet", untrained=True, device="cpu").module.state_dict())


def test_averages_of_what_is_learnt_alone_keep_the_measured_statistics(
    cactinet: State, tmp_path: Path
) -> None:
    learnt = {name for name, _ in MODELS["cactinet"].build(1).named_parameters()}
    raw = {key: value * 2 if key in learnt else value for key, value in cactinet.items()}
    shadow = {key: value for key, value in cactinet.items() if key in learnt}
    model = load(saved(tmp_path / "x.pth", {"model": raw, "ema": shadow}), "cactinet")
    for key, value in model.module.state_dict().items():
        assert torch.equal(value, cactinet[key]), key
    assert "averaged ones are used" in of_file(model.remarks)[0]


def test_averages_that_do_not_fit_are_said_to_be_left(
    trained: State, plain: Tensor, tmp_path: Path
) -> None:
    half = {key: trained[key] for key in list(trained)[:20]}
    model = load(saved(tmp_path / "x.pth", {"model": trained, "ema": half}))
    assert torch.equal(logits(model), plain)
    assert (
        "“ema”" in of_file(model.remarks)[0] and "plain ones are used" in of_file(model.remarks)[0]
    )


def test_what_was_taken_is_said_in_the_output_the_json_and_beside_the_maps(
    trained: State, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = saved(tmp_path / "x.pth", {"model": spoilt(trained), "model_ema": trained})
    results = tmp_path / "x.json"
    given = ["compare", "sample:chelsea", "--methods", "grad_cam", "--json", str(results)]
    assert main.main([*given, "--checkpoint", f"mine={SQUEEZENET}:{file}"]) == 0
    assert "mine: Its file holds averaged weights (“model_ema”)" in capsys.readouterr().out
    (said,) = of_file(json.loads(results.read_text("utf-8"))["predictions"]["mine"]["remarks"])
    explanation = explain(load(file), sample("chelsea"), ["grad_cam"])
    assert of_file(explanation.remarks) == (said,)
    (of_network,) = [
        r for r in limits(sample("chelsea"), ["grad_cam"], [explanation]) if said in r.says
    ]
    assert of_network.about == "mine"


# --- numbers of other kinds -------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("ending", [".pth", ".safetensors"])
def test_other_precisions_are_computed_in_single(
    dtype: torch.dtype, ending: str, cactinet: State, tmp_path: Path
) -> None:
    """All is converted, batch norms' counters too, which ``model.half()`` leaves as they are."""
    converted = {key: value.to(dtype).clone() for key, value in cactinet.items()}
    path = tmp_path / f"x{ending}"
    save_file(converted, path) if ending == ".safetensors" else torch.save(converted, path)
    model = load(path, "cactinet")
    assert model.dtype == logits(model).dtype == torch.float32
    for key, value in model.module.state_dict().items():
        if key.endswith("num_batches_tracked"):
            assert value.dtype == torch.long
        else:
            assert torch.equal(value, converted[key].float()), key


def test_parameters_and_old_files_and_metadata_are_read(
    trained: State, plain: Tensor, tmp_path: Path
) -> None:
    network = torchvision.models.squeezenet1_0(weights=None)
    network.load_state_dict(trained)
    with_metadata = network.state_dict()
    assert with_metadata._metadata
    parameters = {key: nn.Parameter(value) for key, value in trained.items()}
    for content in (with_metadata, parameters):
        for is_new in (True, False):
            path = saved(tmp_path / "x", content, _use_new_zipfile_serialization=is_new)
            assert torch.equal(logits(load(path)), plain)


@pytest.mark.filterwarnings("ignore")  # torch's own, of what it will give up
def test_quantised_weights_are_refused(trained: State, tmp_path: Path) -> None:
    quantised = {
        key: torch.quantize_per_tensor(value, 0.1, 0, torch.qint8) for key, value in trained.items()
    }
    assert "no plain numbers" in refusal(saved(tmp_path / "x.pth", quantised))


# --- the content decides, not the ending ------------------------------------------------------


@pytest.mark.parametrize(
    "ending", some(("pth.tar", "bin", "ckpt", "PT", "PTH", "weights", "0", "h5"), 3)
)
def test_any_ending_will_do(ending: str, trained: State, plain: Tensor, tmp_path: Path) -> None:
    path = saved(tmp_path / f"x.{ending}", {"state_dict": trained})
    assert torch.equal(logits(load(path)), plain)
    save_file(trained, path)
    assert torch.equal(logits(load(path)), plain)


def _torchscript(path: Path) -> None:
    traced = torch.jit.trace(nn.Sequential(nn.Linear(2, 2)).eval(), torch.zeros(1, 2))
    torch.jit.save(traced, str(path))


def _tar(path: Path) -> None:
    (path.parent / "inside.pth").write_bytes(b"abc")
    with tarfile.open(path, "w") as archive:
        archive.add(path.parent / "inside.pth")


def _zip(*names: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "{}")

    return make


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


def _cut(path: Path) -> None:
    torch.save({"a": torch.zeros(10_000)}, path)
    path.write_bytes(path.read_bytes()[:20_000])


def _cut_safetensors(path: Path) -> None:
    save_file({f"tensor {i}": torch.zeros(2) for i in range(100)}, path)
    path.write_bytes(path.read_bytes()[:500])


_LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 5\n"
_PAGE = b"\n<!DOCTYPE html><html><body>Quota exceeded</body></html>"
_ONNX = b"\x08\x08\x12\x07pytorch\x1a\x052.0.0:\x80\x01" + bytes(200)
OTHER_KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "TorchScript": (_torchscript, "TorchScript"),
    "tar": (_tar, "unpack"),
    "gzip": (_bytes(b"\x1f\x8b\x08" + bytes(50)), "unpack"),
    "zip of weights": (_zip("a/model.pth", "a/readme.txt"), "unpack"),
    "zip of texts": (_zip("a.txt"), "ZIP"),
    "keras": (_zip("config.json", "model.weights.h5"), "Keras"),
    "npz": (_zip("a.npy"), "NumPy"),
    "hdf5": (_bytes(b"\x89HDF\r\n\x1a\n" + bytes(50)), "Keras"),
    "onnx": (_bytes(_ONNX), "ONNX"),
    "tflite": (_bytes(b"\x1c\x00\x00\x00TFL3" + bytes(50)), "TensorFlow Lite"),
    "lfs": (_bytes(_LFS), "git lfs pull"),
    "page": (_bytes(_PAGE), "web page"),
    "text": (_bytes(b"epoch 1\nloss 2\n"), "text"),
    "empty": (_bytes(b""), "empty"),
    "picture": (_bytes(b"\x89PNG\r\n\x1a\n" + bytes(30)), "picture"),
    "folder": (lambda path: path.mkdir(), "folder"),
    "cut": (_cut, "cut off"),
    "cut safetensors": (_cut_safetensors, "cut off"),
    "optimiser": (lambda p: torch.save({"optimizer": BESIDE["optimizer"]}, p), "no weights"),
    "numbers": (lambda p: torch.save({"model": {"a": 1.5}}, p), "no weights"),
}


@pytest.mark.filterwarnings(
    "ignore:.torch.jit:FutureWarning", "ignore:.torch.jit:DeprecationWarning"
)
@pytest.mark.parametrize("kind", OTHER_KINDS)
def test_another_kind_of_file_is_called_by_its_name(kind: str, tmp_path: Path) -> None:
    make, says = OTHER_KINDS[kind]
    make(tmp_path / "x.pth")
    assert says in refusal(tmp_path / "x.pth")


# --- what may stand beside the weights, and what may not --------------------------------------


class Harmless(argparse.Namespace):
    """Of a class that isn't on the list, however like it."""


def test_what_programs_keep_beside_weights_is_read_as_nothing(
    trained: State, plain: Tensor, tmp_path: Path
) -> None:
    counts: collections.defaultdict[str, list[int]] = collections.defaultdict(list)
    counts["a"].append(1)
    beside = {
        "args": argparse.Namespace(lr=np.float32(0.1), out=pathlib.Path("a"), deep=[np.int64(3)]),
        "best": np.float64(0.9),
        "flag": np.bool_(True),
        "history": np.arange(6.0).reshape(2, 3),
        "when": datetime.datetime(2024, 1, 2, tzinfo=datetime.UTC),
        "took": datetime.timedelta(seconds=3),
        "share": fractions.Fraction(1, 3),
        "counts": counts,
        "counter": collections.Counter("aab"),
        "device": torch.device("cpu"),
        "size": torch.Size([1, 2]),
        "dtype": torch.float16,
        "more": types.SimpleNamespace(a=1),
        "version": torch.__version__,
        "kinds": (int, frozenset({1}), range(3)),
    }
    path = saved(tmp_path / "x.pth", {"state_dict": trained, **beside})
    assert torch.equal(logits(load(path)), plain)
    saved(path, {"state_dict": trained, **beside}, _use_new_zipfile_serialization=False)
    assert torch.equal(logits(load(path)), plain)
    content = read_content(path)
    assert not isinstance(content["args"], argparse.Namespace)
    assert not isinstance(content["history"], np.ndarray), "NumPy was called"


def test_every_name_on_the_list_stands_for_something_that_does_nothing() -> None:
    for stand_in, name in SAFE:
        assert stand_in.__module__ == "cactiviz.models.state_dict", name
        assert not name.startswith(("os.", "sys.", "posix.", "subprocess.", "torch.load"))


def test_the_list_is_gone_after_the_file(trained: State, tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pth", {"model": trained, "args": argparse.Namespace(a=1)})
    before = set(torch.serialization.get_safe_globals())
    load(path)
    assert set(torch.serialization.get_safe_globals()) == before
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)


def test_what_others_put_on_torchs_list_is_not_loaded_either(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pth", {"features.0.weight": torch.zeros(2), "a": Harmless(a=1)})
    with torch.serialization.safe_globals([Harmless]):
        assert torch.load(path, weights_only=True)["a"].a == 1
        assert "holds code" in refusal(path)


class Call:
    """Unpickled, it calls a function."""

    def __init__(self, function: Callable[..., object], *given: object) -> None:
        self.function, self.given = function, given

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.function, self.given


class Built(argparse.Namespace):
    """Unpickled, it is given a state by code of its own."""

    def __setstate__(self, state: dict[str, str]) -> None:
        os.mkdir(state["mark"])


def _in_namespace(trap: object) -> object:
    return {"args": argparse.Namespace(deep={"deeper": [trap]})}


TRAPS: dict[str, Callable[[str], object]] = {
    "os.system": lambda mark: Call(os.system, f"mkdir {mark}"),
    "os.mkdir": lambda mark: Call(os.mkdir, mark),
    "eval": lambda mark: Call(eval, f"__import__('os').mkdir({mark!r})"),
    "exec": lambda mark: Call(exec, f"import os; os.mkdir({mark!r})"),
    "a method": lambda mark: Call(pathlib.Path.mkdir, pathlib.Path(mark)),
    "getattr": lambda mark: Call(getattr, pathlib.Path, "mkdir"),
    "a state": lambda mark: Built(mark=mark),
    "map": lambda mark: Call(list, Call(map, os.mkdir, [mark])),
    "torch.load": lambda mark: Call(torch.load, mark),
    "another class": lambda mark: Harmless(a=1),
}
PLACES: dict[str, Callable[[State, object], object]] = {
    "alone": lambda weights, trap: trap,
    "beside": lambda weights, trap: {"state_dict": weights, "extra": trap},
    "deep": lambda weights, trap: {"state_dict": weights, "a": {"b": [({"c": trap},)]}},
    "in options": lambda weights, trap: {"model": weights, **_in_namespace(trap)},  # type: ignore[dict-item]
    "as a tensor": lambda weights, trap: {**weights, "features.0.weight": trap},
}


@pytest.mark.parametrize("is_new", [True, False], ids=["zip", "old"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("trap", TRAPS)
def test_a_file_with_code_is_refused_and_none_of_it_runs(
    trap: str, place: str, is_new: bool, tmp_path: Path
) -> None:
    mark, path = tmp_path / "mark", tmp_path / "x.pth"
    few = {"features.0.weight": torch.zeros(2)}
    content = PLACES[place](few, TRAPS[trap](str(mark)))
    saved(path, content, _use_new_zipfile_serialization=is_new)
    text = refusal(path)
    assert "holds code" in text and "state_dict()" in text
    assert not mark.exists(), "the code ran"


def test_a_whole_network_and_a_plain_pickle_are_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "x.pth", torchvision.models.squeezenet1_0(weights=None))
    assert "holds code (torchvision.models.squeezenet.SqueezeNet)" in refusal(path)
    path.write_bytes(pickle.dumps({"a": Call(os.mkdir, str(tmp_path / "mark"))}, protocol=2))
    refusal(path)
    assert not (tmp_path / "mark").exists()


# --- parts that don't run, other inputs, and what doesn't fit ---------------------------------


def light_state(architecture: str, classes: int) -> State:
    """A network's tensors that take no room: all zeros, with so many classes."""
    module = build_empty(MODELS[architecture].build, classes)
    return {
        key: torch.zeros(()).to(value.dtype).expand(value.shape)
        for key, value in module.state_dict().items()
    }


INCEPTIONS: dict[str, Callable[[State], State]] = {
    "without it": lambda w: {key: w[key] for key in w if not key.startswith("AuxLogits.")},
    "of another size": lambda w: {**w, **_aux(7)},
    "not refitted": lambda w: {**w, **_aux(1000)},
}


def _aux(classes: int) -> State:
    shapes = {"AuxLogits.fc.weight": (classes, 768), "AuxLogits.fc.bias": (classes,)}
    return {key: torch.zeros(()).expand(shape) for key, shape in shapes.items()}


@pytest.mark.parametrize("aux", some(tuple(INCEPTIONS), 1))
def test_an_auxiliary_head_is_neither_demanded_nor_taken_for_the_head(
    aux: str, tmp_path: Path
) -> None:
    state = INCEPTIONS[aux](light_state("inception_v3", 10))
    state["fc.bias"] = torch.arange(10.0)
    model = load(saved(tmp_path / "x.pth", prefixed(state, "module.")), "inception_v3")
    assert model.spec.logits == 10
    assert torch.equal(logits(model)[0], torch.arange(10.0))
    del state["Mixed_7c.branch_pool.conv.weight"]
    text = refusal(saved(tmp_path / "x.pth", state), "inception_v3")
    assert "missing is “Mixed_7c.branch_pool.conv.weight”" in text


def test_googlenets_two_auxiliary_heads_are_as_little_needed(tmp_path: Path) -> None:
    network = torchvision.models.googlenet(weights=None, num_classes=4, init_weights=False)
    state = {k: v for k, v in network.state_dict().items() if not k.startswith("aux")}
    model = load(saved(tmp_path / "x.pth", state), "torchvision:googlenet")
    assert model.spec.logits == 4
    assert logits(model).shape == (1, 4)


@pytest.mark.parametrize(("channels", "says"), [(1, "grey pictures"), (4, "of 4 channels")])
def test_a_network_for_other_pictures_is_told_what_was_expected(
    channels: int, says: str, trained: State, tmp_path: Path
) -> None:
    first = torch.zeros(96, channels, 7, 7)
    text = refusal(saved(tmp_path / "x.pth", {**trained, "features.0.weight": first}))
    assert says in text and "colour pictures are expected" in text
    text = refusal(saved(tmp_path / "x.pth", {**trained, "features.0.weight": first}), "alexnet")
    assert SQUEEZENET in text and says in text and "colour pictures are expected" in text


def test_another_architectures_weights_are_called_by_its_name(
    trained: State, cactinet: State, tmp_path: Path
) -> None:
    text = refusal(saved(tmp_path / "x.pth", {"state_dict": prefixed(trained, "m.")}), "alexnet")
    assert f"its tensors are those of {SQUEEZENET}" in text
    assert "missing is “" in text and "unknown is “" in text
    assert "those of cactinet" in refusal(saved(tmp_path / "x.pth", cactinet))
    text = refusal(saved(tmp_path / "x.pth", {"a.weight": torch.zeros(3, 3)}))
    assert "no network of torchvision or timm" in text


def test_an_error_names_the_architecture_that_the_file_does_fit(
    trained: State, cactinet: State, tmp_path: Path
) -> None:
    def fits(content: object, architecture: str = "alexnet") -> str:
        with pytest.raises(WeightsError) as caught:
            load(saved(tmp_path / "x.pth", content), architecture)
        name = caught.value.fits
        assert (f"it does fit {name}: use it as that." in str(caught.value)) == bool(name)
        if name:
            assert load(tmp_path / "x.pth", name).spec.name == "mine"
        return name

    assert fits({"state_dict": prefixed(trained, "module.")}) == SQUEEZENET
    assert fits(cactinet) == "cactinet"
    assert fits(light_state("resnet50", 3)) == "resnet50"  # the table's own before the zoos'
    assert fits(light_state("efficientnet_lite1", 3), "efficientnet_lite2") == "efficientnet_lite1"
    broken = light_state("resnet50", 3)
    del broken["layer1.0.conv1.weight"]
    assert fits(broken) == ""  # what nearly fits doesn't
    assert fits({"a.weight": torch.zeros(3, 3)}) == ""


# --- the field cases --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("ok.pth", "timm_ema.pth", "compiled.pth", "ddp_compiled.pth", "lightning.pth"),
        *("timm_args.pth", "model_best.pth.tar"),
    ],
)
def test_a_file_from_the_field_says_egyptian_cat(name: str, data_dir: Path) -> None:
    model = load(data_dir / "field-cases" / name)
    answer = explain(model, sample("chelsea"), []).predictions[0]
    assert answer.class_name == "Egyptian cat"
    assert any("“state_dict_ema”" in remark for remark in model.remarks) == (name == "timm_ema.pth")


def test_files_from_the_field_of_ten_classes_load(data_dir: Path) -> None:
    cases = data_dir / "field-cases"
    for name, architecture in (
        ("ten.pth", SQUEEZENET),
        ("sequential_head.pth", SQUEEZENET),
        ("inception_no_aux.pth", "inception_v3"),
        ("inception_fc_only.pth", "inception_v3"),
    ):
        assert load(cases / name, architecture).spec.logits == 10
