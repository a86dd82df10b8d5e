"""Figures of an evaluation against scikit-learn's, on networks whose answers are known."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file
from sklearn import metrics
from torch import Tensor, nn

from cactiviz.cli import main
from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.datasets.registry import open_anywhere
from cactiviz.errors import Cancelled, DataError, PictureError
from cactiviz.models import Checkpoint, LoadedModel, get_spec, load_model
from cactiviz.models import registry as models_zoo
from cactiviz.training.evaluate import Evaluation, evaluate
from cactiviz.training.tiles import split
from cactiviz.types import Picture, Preprocessing
from tests.fixtures.sampling import long
from tests.fixtures.tiny_tiles import write_tiles

CARD = Path(models_zoo.__file__).parent / "weights" / "cactinet.json"
#: Colours as they are, in 0..1.
PLAIN = Preprocessing((4, 4), "squash", 1.0, "bilinear", (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))


class MeanColour(nn.Module):
    """Logits that are sums of the mean red, green and blue, each in 0..1."""

    def __init__(self, weights: Sequence[Sequence[float]], bias: Sequence[float]) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.tensor(weights))
        self.bias = nn.Parameter(torch.tensor(bias))

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3)) @ self.weights.T + self.bias


def network(
    names: Sequence[str], weights: Sequence[Sequence[float]], bias: Sequence[float] | None = None
) -> LoadedModel:
    spec = replace(
        get_spec("cactinet"),
        name="by_colour",
        title="By colour",
        preprocessing=PLAIN,
        class_names=tuple(names),
        logits=len(weights),
    )
    module = MeanColour(weights, bias or [0.0] * len(weights)).eval()
    return LoadedModel(spec, module, untrained=False, revision="made up")


#: Cactus where the red is above half; the other colours hardly count, but make ties rare.
RED = (("no cactus", "cactus"), ((8.0, 0.03, 0.0),), (-4.0,))
BIAS = (0.0, 0.003, 0.007, 1.2)  # no ties
THREE = ("bear", "chimp", "snake", "tapir")


def coloured(
    colours: NDArray[np.uint8], classes: Sequence[str], broken: Sequence[int] = ()
) -> Dataset:
    """One picture of each colour, called by its number; some can't be read."""

    def read(class_name: str, name: str) -> Picture:
        if int(name) in broken:
            raise PictureError(f"“{name}” is no picture.")
        colour = np.broadcast_to(colours[int(name)], (6, 6, 3))
        return Picture(colour, f"made_up:{class_name}/{name}")

    items = {
        name: tuple(str(n) for n, own in enumerate(classes) if own == name)
        for name in dict.fromkeys(classes)
    }
    return Dataset("made_up", "Made up", "nobody's", items, read)


def ask(model: LoadedModel, dataset: Dataset, **options: Any) -> Evaluation:
    items = sorted(dataset, key=lambda item: int(item.name))
    return evaluate(model, dataset, items, **options)


def red_logits(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    return colours @ np.array([8.0, 0.03, 0.0]) / 255 - 4


def two_classes(count: int = 300, seed: int = 0) -> tuple[NDArray[np.uint8], list[str]]:
    chance = np.random.default_rng(seed)
    truth = chance.random(count) < 0.6
    red = np.clip(chance.normal(np.where(truth, 160, 110), 45), 0, 255)
    colours = np.stack([red, chance.integers(0, 256, count), chance.integers(0, 256, count)], 1)
    return colours.astype(np.uint8), ["cactus" if one else "no cactus" for one in truth]


def several(count: int = 240, seed: int = 1) -> tuple[NDArray[np.uint8], list[str]]:
    """Of three classes: the network knows a fourth, and takes some for it."""
    chance = np.random.default_rng(seed)
    truth = chance.integers(0, 3, count)
    means = np.array([[170, 90, 90], [90, 170, 90], [100, 100, 150]])
    colours = np.clip(chance.normal(means[truth], 45), 0, 255).astype(np.uint8)
    return colours, [THREE[n] for n in truth]


def by_primary(names: Sequence[str] = THREE) -> LoadedModel:
    weights = ((6.0, 0.0, 0.0), (0.0, 6.0, 0.0), (0.0, 0.0, 6.0), (1.0, 1.0, 1.0))
    return network(names, weights, BIAS)


def is_sentence(text: str) -> bool:
    text = text.strip()
    return text.endswith(".") and "\n" not in text and "Error" not in text


# Two classes


def test_two_classes_as_scikit_learn_counts_them() -> None:
    colours, classes = two_classes()
    found = ask(network(*RED), coloured(colours, classes))
    truth = np.array([name == "cactus" for name in classes], int)
    logits = red_logits(colours)
    answers = (logits > 0).astype(int)
    assert found.n == len(truth)
    assert found.accuracy == pytest.approx(metrics.accuracy_score(truth, answers), abs=1e-12)
    assert 0.6 < found.accuracy < 0.9
    assert found.roc_auc == pytest.approx(metrics.roc_auc_score(truth, logits), abs=1e-6)
    assert found.classes == ("no cactus", "cactus")
    assert np.array_equal(found.confusion, metrics.confusion_matrix(truth, answers))
    assert found.confusion[0][1] != found.confusion[1][0]  # or a transposed one would pass
    precision, recall, f1, there = metrics.precision_recall_fscore_support(truth, answers)
    for index, name in enumerate(found.classes):
        assert found.per_class[name] == pytest.approx(
            {"n": there[index], "precision": precision[index]}
            | {"recall": recall[index], "f1": f1[index]}
        )
    assert found.macro_f1 is None
    assert found.pictures_per_second > 0
    assert found.skipped == ()


def test_ties_count_half() -> None:
    colours = np.array([[10] * 3, [10] * 3, [200] * 3, [200] * 3, [200] * 3], np.uint8)
    classes = ["no cactus", "cactus", "no cactus", "cactus", "cactus"]
    found = ask(network(*RED), coloured(colours, classes))
    truth = [name == "cactus" for name in classes]
    assert found.roc_auc == pytest.approx(metrics.roc_auc_score(truth, colours[:, 0]), abs=1e-6)


def test_two_logits_are_two_classes_too() -> None:
    colours, classes = two_classes()
    one = ask(network(*RED), coloured(colours, classes))
    pair = network(("no cactus", "cactus"), ((0.0,) * 3, (8.0, 0.03, 0.0)), (0.0, -4.0))
    two = ask(pair, coloured(colours, classes))
    assert two.confusion == one.confusion
    assert two.roc_auc == pytest.approx(one.roc_auc, abs=1e-6)
    assert two.macro_f1 is None


def test_interval_is_that_of_a_plain_bootstrap() -> None:
    colours, classes = two_classes()
    dataset = coloured(colours, classes)
    found = ask(network(*RED), dataset)
    truth = np.array([name == "cactus" for name in classes])
    chance, plain = np.random.default_rng(3), []
    for _ in range(600):
        rows = chance.integers(0, len(truth), len(truth))
        plain.append(metrics.roc_auc_score(truth[rows], red_logits(colours)[rows]))
    assert found.roc_auc is not None and found.roc_auc_interval is not None
    low, high = found.roc_auc_interval
    assert low < found.roc_auc < high
    assert (low, high) == pytest.approx(np.quantile(plain, [0.025, 0.975]).tolist(), abs=0.004)
    assert high - low > 0.04
    assert ask(network(*RED), dataset).roc_auc_interval == found.roc_auc_interval
    assert ask(network(*RED), dataset, seed=1).roc_auc_interval != found.roc_auc_interval


def test_interval_with_a_single_picture_of_one_class() -> None:
    colours, _ = two_classes(20)
    found = ask(network(*RED), coloured(colours, ["cactus", *["no cactus"] * 19]))
    assert found.roc_auc is not None and found.roc_auc_interval is not None
    low, high = found.roc_auc_interval
    assert 0 <= low <= found.roc_auc <= high <= 1


@pytest.mark.parametrize("only", ("cactus", "no cactus"))
def test_without_one_class_there_is_no_auc(only: str) -> None:
    colours, _ = two_classes(40)
    found = ask(network(*RED), coloured(colours, [only] * 40))
    answered = int((red_logits(colours) > 0).sum())
    right = answered if only == "cactus" else 40 - answered
    assert (found.roc_auc, found.roc_auc_interval) == (None, None)
    assert found.accuracy == right / 40
    row = [40 - answered, answered]
    expected = [[0, 0], row] if only == "cactus" else [row, [0, 0]]
    assert np.array_equal(found.confusion, expected)
    other = "cactus" if only == "no cactus" else "no cactus"
    assert found.per_class[other] == {"n": 0, "precision": 0.0, "recall": None, "f1": 0.0}


def test_precision_of_an_answer_never_given_is_not_a_number() -> None:
    never = network(("no cactus", "cactus"), ((0.0, 0.0, 0.0),), (-1.0,))
    colours, classes = two_classes(30)
    found = ask(never, coloured(colours, classes))
    assert found.per_class["cactus"]["precision"] is None
    assert found.per_class["cactus"]["recall"] == 0
    assert found.roc_auc == 0.5


# More classes


def test_many_classes_as_scikit_learn_counts_them() -> None:
    colours, classes = several()
    found = ask(by_primary(), coloured(colours, classes))
    truth = np.array([THREE.index(name) for name in classes])
    share = colours / 255
    logits = np.concatenate([6 * share, share.sum(1, keepdims=True)], 1) + BIAS
    answers = logits.argmax(1)
    assert set(answers) == {0, 1, 2, 3}
    assert found.accuracy == pytest.approx(metrics.accuracy_score(truth, answers), abs=1e-12)
    assert found.classes == THREE[:3]  # the network's order, whatever that of the data
    whole = metrics.confusion_matrix(truth, answers, labels=[0, 1, 2, 3])
    assert np.array_equal(found.confusion, whole[:3])  # the last column: other answers
    assert sum(row[-1] for row in found.confusion) == int((answers == 3).sum()) > 0
    options: dict[str, Any] = {"labels": [0, 1, 2], "zero_division": 0}
    precision, recall, f1, there = metrics.precision_recall_fscore_support(
        truth, answers, **options
    )
    for index, name in enumerate(found.classes):
        assert found.per_class[name] == pytest.approx(
            {"n": there[index], "precision": precision[index]}
            | {"recall": recall[index], "f1": f1[index]}
        )
    macro = metrics.f1_score(truth, answers, average="macro", **options)
    assert found.macro_f1 == pytest.approx(macro, abs=1e-6)
    assert (found.roc_auc, found.roc_auc_interval) == (None, None)


def test_classes_are_matched_by_name_not_by_order() -> None:
    colours, classes = several()
    names = ("snake", "tapir", "bear", "chimp")
    weights = ((0.0, 0.0, 6.0), (1.0, 1.0, 1.0), (6.0, 0.0, 0.0), (0.0, 6.0, 0.0))
    shuffled = network(names, weights, (BIAS[2], BIAS[3], BIAS[0], BIAS[1]))
    one = ask(by_primary(), coloured(colours, classes))
    upper = coloured(colours, [name.upper() for name in classes])
    two = ask(shuffled, upper)
    assert two.accuracy == one.accuracy
    assert two.classes == ("snake", "bear", "chimp")
    assert two.per_class == one.per_class
    assert two.macro_f1 == pytest.approx(one.macro_f1)


# As JSON

COMMON = {"model", "n", "accuracy", "roc_auc", "roc_auc_interval", "per_class", "confusion"}
COMMON |= {"pictures_per_second", "classes", "skipped"}


def test_json_of_two_classes() -> None:
    found = ask(network(*RED), coloured(*two_classes(40), broken=(3,)))
    plain = found.to_json()
    assert set(plain) == COMMON
    assert json.loads(json.dumps(plain, allow_nan=False)) == plain
    assert plain["model"] == "by_colour"
    assert plain["n"] == 39
    assert plain["roc_auc"] == found.roc_auc
    assert plain["roc_auc_interval"] == list(found.roc_auc_interval or ())
    assert set(plain["per_class"]) == {"no cactus", "cactus"}
    assert np.array(plain["confusion"]).shape == (2, 2)
    assert plain["skipped"] == ["“3” is no picture."]


def test_json_of_many_classes() -> None:
    plain = ask(by_primary(), coloured(*several(40))).to_json()
    assert set(plain) == COMMON | {"macro_f1"}
    assert plain["roc_auc"] is None
    assert plain["roc_auc_interval"] is None
    assert 0 < plain["macro_f1"] < 1
    assert np.array(plain["confusion"]).shape == (3, 4)


# Mistakes, and what may be wrong


def test_mistakes_are_the_surest_wrong_answers() -> None:
    colours, classes = two_classes()
    dataset = coloured(colours, classes)
    found = ask(network(*RED), dataset)
    logits = red_logits(colours)
    cactus = 1 / (1 + np.exp(-logits))
    wrong = [n for n, name in enumerate(classes) if (name == "cactus") != (logits[n] > 0)]
    sure = sorted((max(cactus[n], 1 - cactus[n]) for n in wrong), reverse=True)
    assert [mistake.probability for mistake in found.mistakes] == pytest.approx(sure[:24], abs=1e-5)
    for mistake in found.mistakes:
        number = int(mistake.item.name)
        assert number in wrong
        assert mistake.item.class_name == classes[number] != mistake.answer
        assert mistake.truth == pytest.approx(1 - mistake.probability)


def test_broken_pictures_among_good_ones() -> None:
    colours, classes = two_classes()
    broken = (0, 17, 255, 256, 299)
    found = ask(network(*RED), coloured(colours, classes, broken), batch_size=64)
    good = [n for n in range(300) if n not in broken]
    alone = ask(network(*RED), coloured(colours[good], [classes[n] for n in good]))
    assert found.n == 295
    assert found.skipped == tuple(f"“{n}” is no picture." for n in broken)
    assert (found.accuracy, found.confusion) == (alone.accuracy, alone.confusion)
    assert found.roc_auc == alone.roc_auc
    names = [(mistake.item.class_name, mistake.truth) for mistake in found.mistakes]
    assert names == [(mistake.item.class_name, mistake.truth) for mistake in alone.mistakes]


def test_batches_of_any_size_give_the_same() -> None:
    dataset = coloured(*two_classes(70), broken=(8, 9))
    found = [ask(network(*RED), dataset, batch_size=size) for size in (1, 3, 70, 1000, None)]
    for one in found[1:]:
        assert one.confusion == found[0].confusion
        assert one.roc_auc == found[0].roc_auc
        assert one.skipped == found[0].skipped


def test_large_pictures_come_in_small_batches() -> None:
    sizes: list[int] = []

    class Counted(MeanColour):
        def forward(self, x: Tensor) -> Tensor:
            sizes.append(len(x))
            return super().forward(x)

    model = network(*RED)
    spec = replace(model.spec, preprocessing=replace(PLAIN, input_size=(512, 512)))
    counted = LoadedModel(spec, Counted(*RED[1:]).eval(), untrained=False, revision="")
    ask(counted, coloured(*two_classes(9)))
    assert sizes == [4, 4, 1]


def test_all_broken_gives_a_sentence() -> None:
    colours, classes = two_classes(5)
    with pytest.raises(DataError, match="None of the 5 pictures") as caught:
        ask(network(*RED), coloured(colours, classes, range(5)))
    assert is_sentence(str(caught.value))


def test_labels_that_do_not_fit_give_a_sentence() -> None:
    colours, classes = several(10)
    with pytest.raises(DataError, match=r"“(bear|chimp|snake)”") as caught:
        ask(network(*RED), coloured(colours, classes))
    assert is_sentence(str(caught.value))
    with pytest.raises(DataError) as caught:
        evaluate(network(*RED), coloured(colours, classes), [])
    assert is_sentence(str(caught.value))


def test_progress_and_cancelling() -> None:
    told: list[tuple[int, int | None]] = []
    dataset = coloured(*two_classes(70))
    ask(network(*RED), dataset, batch_size=32, progress=lambda *now: told.append(now))
    assert told == [(32, 70), (64, 70), (70, 70)]
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        ask(network(*RED), dataset, cancel=cancel)


def test_random_state_and_network_stay_as_they_were() -> None:
    before, model = torch.get_rng_state(), network(*RED)
    weights = {name: p.clone() for name, p in model.module.named_parameters()}
    ask(model, coloured(*two_classes(30)))
    assert torch.equal(torch.get_rng_state(), before)
    for name, parameter in model.module.named_parameters():
        assert torch.equal(parameter, weights[name])
        assert parameter.grad is None


# The command


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main.main(["evaluate", *map(str, arguments)])
    return (code, *capsys.readouterr())


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiles(tmp_path_factory.mktemp("data") / "tiles")


@pytest.fixture
def by_red(monkeypatch: pytest.MonkeyPatch) -> LoadedModel:
    """What the command loads."""
    model = network(RED[0], ((8.0, 0.0, 0.0),), (-3.236,))
    monkeypatch.setattr("cactiviz.models.load_model", lambda *_, **__: model)
    return model


def test_command_in_words(
    by_red: LoadedModel, tiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "any", "--data", tiles)
    dataset = open_anywhere(str(tiles))
    expected = evaluate(by_red, dataset, list(dataset))
    assert code == 0
    assert f"{expected.accuracy:.2%} of 40 pictures right" in out
    assert f"ROC AUC {expected.roc_auc:.5f}" in out
    assert "no cactus: 20 pictures" in out


def test_command_as_json(
    by_red: LoadedModel, tiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "any", "--data", tiles, "--json")
    dataset = open_anywhere(str(tiles))
    expected = evaluate(by_red, dataset, list(dataset)).to_json()
    found = json.loads(out)
    for each in (found, expected):
        each.pop("pictures_per_second")
    assert code == 0
    assert found == expected


def test_command_on_a_part(
    by_red: LoadedModel, tiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = open_anywhere(str(tiles))
    for seed in (0, 3):
        kept, excluded = split(dataset, seed)
        for part, items in (("trained", kept), ("excluded", excluded)):
            options = ("--part", part, "--seed", seed, "--json")
            _, out, _ = run(capsys, "any", "--data", tiles, *options)
            expected = evaluate(by_red, dataset, items, seed=seed)
            found = json.loads(out)
            assert found["n"] == len(items)
            assert found["confusion"] == [list(row) for row in expected.confusion]
    assert split(dataset, 0) != split(dataset, 3)


def test_command_draws_the_mistakes(
    by_red: LoadedModel, tiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = open_anywhere(str(tiles))
    mistakes = evaluate(by_red, dataset, list(dataset)).mistakes
    assert mistakes
    sheet = tmp_path / "sheet.png"
    assert run(capsys, "any", "--data", tiles, "--sheet", sheet)[0] == 0
    with Image.open(sheet) as image:
        drawn = np.asarray(image.convert("RGB"))
    first = dataset.open(mistakes[0].item).rgb.repeat(5, 0).repeat(5, 1)  # 32 pixels as 160
    assert any(
        np.array_equal(drawn[y : y + 160, 32:192], first) for y in range(drawn.shape[0] - 159)
    )


def test_command_draws_no_mistakes_too(
    tiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    by_hue = network(("no cactus", "cactus"), ((100.0, 0.0, 0.0),), (-36.5,))
    monkeypatch.setattr("cactiviz.models.load_model", lambda *_, **__: by_hue)
    sheet = tmp_path / "sheet.jpg"
    code, out, _ = run(capsys, "any", "--data", tiles, "--sheet", sheet)
    assert code == 0
    assert "100.00%" in out
    with Image.open(sheet) as image:
        assert image.format == "JPEG"


def test_command_names_what_it_skips(
    by_red: LoadedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_tiles(tmp_path / "data", 10)
    (data / "train" / "t03.png").write_bytes(b"no picture")
    code, out, err = run(capsys, "any", "--data", data)
    assert code == 0
    assert "t03.png" in err
    assert "of 9 pictures" in out
    assert "1 picture couldn't be read and was left out." in out


def test_command_says_that_a_class_is_missing(
    by_red: LoadedModel, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data" / "cactus").mkdir(parents=True)
    Image.new("RGB", (8, 8)).save(tmp_path / "data" / "cactus" / "1.png")
    code, out, err = run(capsys, "any", "--data", tmp_path / "data")
    assert code == 0
    assert "ROC AUC can't be said: all pictures are of one class." in out
    code, out, err = run(capsys, "any", "--data", tmp_path / "data", "--json")
    assert json.loads(out)["roc_auc"] is None
    assert "of one class" in err


@pytest.mark.parametrize("which", ("no such folder", "labels", "sheet's ending", "sheet's folder"))
def test_command_gives_one_sentence(
    which: str,
    by_red: LoadedModel,
    tiles: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data, sheet = tiles, tmp_path / "sheet.png"
    if which == "no such folder":
        data = tmp_path / "nothing"
    elif which == "labels":
        data = tmp_path / "data"
        (data / "bear").mkdir(parents=True)
        Image.new("RGB", (8, 8)).save(data / "bear" / "1.png")
    elif which == "sheet's ending":
        sheet = tmp_path / "sheet.bmp"
    else:
        sheet = tmp_path / "nowhere" / "sheet.png"
    code, out, err = run(capsys, "any", "--data", data, "--sheet", sheet)
    assert (code, out) == (1, "")
    assert is_sentence(err)
    assert not sheet.exists()


@pytest.mark.parametrize(
    "option", ("--seed=-1", "--seed=x", f"--seed={10**30}", "--part=some", "--device=abacus")
)
def test_values_out_of_range_are_wrong_usage(option: str, tiles: Path) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(["evaluate", "cactinet", "--data", str(tiles), option])
    assert caught.value.code == 2


def test_untrained_network_through_the_whole_command(
    tiles: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(
        capsys, "cactinet", "--data", tiles, "--untrained", "--device", "cpu", "--json"
    )
    assert code == 0
    found = json.loads(out)
    assert (found["model"], found["n"]) == ("cactinet", 40)
    assert 0 <= found["roc_auc"] <= 1


def test_checkpoint_of_ones_own_is_asked_at_the_size_it_was_trained_at(
    tiles: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with torch.random.fork_rng(devices=[]):
        weights = get_spec("cactinet").build(1).state_dict()
    file = tmp_path / "mine.safetensors"
    save_file(weights, file, {"recipe": json.dumps({"input_size": 32})})
    own = ("--checkpoint", f"mine=cactinet:{file}", "--device", "cpu", "--json")
    code, out, _ = run(capsys, "mine", "--data", tiles, *own)
    dataset = open_anywhere(str(tiles))
    model = load_model(Checkpoint("mine", "cactinet", file), device="cpu")
    assert model.spec.preprocessing.input_size == (32, 32)
    assert code == 0
    assert json.loads(out)["model"] == "mine"
    assert json.loads(out)["roc_auc"] == evaluate(model, dataset, list(dataset)).roc_auc
    code, _, err = run(capsys, "yours", "--data", tiles, *own)
    assert code == 1
    assert is_sentence(err)


# The weights that come along


def test_a_part_of_the_tiles_gives_nearly_the_figures_of_the_card(data_dir: Path) -> None:
    card = json.loads(CARD.read_text("utf-8"))["evaluation"]
    assert card["accuracy"] >= 0.994
    assert card["roc_auc"] >= 0.9996
    dataset = open_anywhere(str(data_dir / "aerial-cactus-identification"))
    _, excluded = split(dataset, 0)
    found = evaluate(
        load_model("cactinet", device="cpu", may_download=False), dataset, excluded[::10]
    )
    wrong = (1 - card["accuracy"]) * found.n
    assert abs((1 - found.accuracy) * found.n - wrong) <= 4 * wrong**0.5
    assert found.roc_auc == pytest.approx(card["roc_auc"], abs=2e-3)


@long
def test_shipped_weights_give_the_figures_of_their_card(data_dir: Path) -> None:
    card = json.loads(CARD.read_text("utf-8"))["evaluation"]
    dataset = open_anywhere(str(data_dir / "aerial-cactus-identification"))
    _, excluded = split(dataset, 0)
    found = evaluate(load_model("cactinet", device="cpu", may_download=False), dataset, excluded)
    assert found.n == len(excluded) == card["n"]
    assert {item.class_name for item in excluded} == {"no cactus", "cactus"}
    assert found.accuracy == pytest.approx(card["accuracy"], abs=1e-6)
    assert found.roc_auc == pytest.approx(card["roc_auc"], abs=1e-6)
    assert isinstance(excluded[0], Item)
