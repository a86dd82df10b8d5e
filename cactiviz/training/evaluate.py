"""Evaluates a network on labelled pictures."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torchmetrics.functional.classification import (
    binary_auroc,
    multiclass_confusion_matrix,
    multiclass_f1_score,
)

from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.engine.class_pass import probabilities
from cactiviz.engine.device import exact_float32
from cactiviz.errors import DataError
from cactiviz.models import LoadedModel
from cactiviz.models.preprocess import normalise
from cactiviz.training.tiles import labels_for, load_tiles
from cactiviz.types import Cancel, Progress

_PIXELS = 2**20  # of a batch: 256 tiles of CactiNet's, 20 pictures of 224 x 224
_RESAMPLES = 1000
_MISTAKES = 24


@dataclass(frozen=True)
class Mistake:
    """A misclassified picture.

    Attributes:
        item: The picture.
        answer: The predicted class.
        probability: Probability of the predicted class, 0..1.
        truth: Probability of the true class, 0..1.
    """

    item: Item
    answer: str
    probability: float
    truth: float


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Result of :func:`evaluate`.

    Attributes:
        model: Name of the network.
        n: Number of pictures that were read.
        accuracy: Share of correct predictions, 0..1.
        roc_auc: For networks of two classes: the chance that a picture of the second class gets a
            higher score than one of the first; None for others, or where one class is missing.
        roc_auc_interval: The middle 95 % of the same over bootstrap resamples, or None.
        macro_f1: For networks of more classes: the mean over the data's classes; else None.
        per_class: Class -> "n", "precision", "recall", "f1"; None where undefined.
        classes: The data's classes, in the network's order.
        confusion: Rows: true classes; columns: answers, with a last one for all others if over two.
        pictures_per_second: Reading and resizing included.
        skipped: A sentence for each picture that couldn't be read.
        mistakes: The most confident wrong predictions, in order of confidence.
    """

    model: str
    n: int
    accuracy: float
    roc_auc: float | None
    roc_auc_interval: tuple[float, float] | None
    macro_f1: float | None
    per_class: Mapping[str, Mapping[str, float | None]]
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]
    pictures_per_second: float
    skipped: tuple[str, ...] = ()
    mistakes: tuple[Mistake, ...] = field(default=(), repr=False)

    def to_json(self) -> dict[str, Any]:
        """As plain values, without the mistakes; "macro_f1" only for more than two classes."""
        plain = {name: value for name, value in vars(self).items() if name != "mistakes"}
        if self.macro_f1 is None:
            del plain["macro_f1"]
        lists = {name: list(value) for name, value in plain.items() if isinstance(value, tuple)}
        per_class = {name: dict(figures) for name, figures in self.per_class.items()}
        confusion = [list(row) for row in self.confusion]
        return {**plain, **lists, "per_class": per_class, "confusion": confusion}


def evaluate(
    model: LoadedModel,
    dataset: Dataset,
    items: Sequence[Item],
    *,
    batch_size: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Evaluation:
    """Evaluate a network on pictures of known classes.

    Args:
        model: The data's classes must be among its own, by name.
        dataset: The data set.
        items: The pictures to evaluate on.
        batch_size: Pictures in a batch; None chooses it by the input size.
        seed: Seed of the bootstrap.
        progress: Called with the pictures done and the total.
        cancel: Checked between batches.

    Raises:
        DataError: The classes don't fit, or no picture can be read.
        Cancelled: ``cancel`` was set.
    """
    spec, started = model.spec, time.perf_counter()
    names = spec.class_names
    labels = labels_for(names, items, dataset.title)
    if batch_size is None:
        batch_size = max(1, _PIXELS // math.prod(spec.preprocessing.input_size))
    shares: list[Tensor] = []
    truths: list[Tensor] = []
    read: list[Item] = []
    skipped: list[str] = []
    for start in range(0, len(items), batch_size):
        part = items[start : start + batch_size]
        tiles = load_tiles(dataset, part, labels, spec.preprocessing, cancel=cancel)
        skipped += tiles.skipped
        read += tiles.items
        if tiles.items:
            pixels = normalise(tiles.pixels, spec.preprocessing)
            with torch.no_grad(), exact_float32(model.device):
                logits = model.module(pixels.to(device=model.device, dtype=model.dtype))
            shares.append(probabilities(logits.double().cpu()))
            truths.append(tiles.labels)
        if progress is not None:
            progress(min(start + batch_size, len(items)), len(items))
    if not read:
        raise DataError(f"None of the {len(items)} pictures of {dataset.title} can be read.")
    seconds = time.perf_counter() - started
    share, truth = torch.cat(shares), torch.cat(truths)
    answers = share.argmax(dim=1)
    two = share.shape[1] == 2
    present = [0, 1] if two else sorted(set(labels.values()))
    matrix = multiclass_confusion_matrix(answers, truth, num_classes=share.shape[1])[present]
    auc, interval = _auc(share[:, 1], truth, seed) if two else (None, None)
    matrix, others = matrix[:, present], matrix.sum(dim=1) - matrix[:, present].sum(dim=1)
    macro_f1 = None
    if not two:
        matrix = torch.cat([matrix, others[:, None]], dim=1)
        f1 = multiclass_f1_score(answers, truth, num_classes=share.shape[1], average="none")
        macro_f1 = float(f1[present].mean())
    return Evaluation(
        model=model.name,
        n=len(read),
        accuracy=float((answers == truth).double().mean()),
        roc_auc=auc,
        roc_auc_interval=interval,
        macro_f1=macro_f1,
        per_class={spec.class_name(index): _figures(answers, truth, index) for index in present},
        classes=tuple(spec.class_name(index) for index in present),
        confusion=tuple(tuple(row) for row in matrix.tolist()),
        pictures_per_second=len(read) / max(seconds, 1e-6),
        skipped=tuple(skipped),
        mistakes=_mistakes(share, answers, truth, read, names),
    )


def _auc(
    scores: Tensor, truth: Tensor, seed: int
) -> tuple[float | None, tuple[float, float] | None]:
    if not _both(truth):
        return None, None
    generator = torch.Generator().manual_seed(seed)
    resampled: list[Tensor] = []
    while len(resampled) < _RESAMPLES:
        rows = torch.randint(len(truth), (len(truth),), generator=generator)
        if _both(truth[rows]):
            resampled.append(binary_auroc(scores[rows], truth[rows]))
    low, high = torch.stack(resampled).quantile(torch.tensor([0.025, 0.975])).tolist()
    return float(binary_auroc(scores, truth)), (low, high)


def _both(truth: Tensor) -> bool:
    return bool(truth.min() != truth.max())


def _figures(answers: Tensor, truth: Tensor, index: int) -> dict[str, float | None]:
    right = int(((answers == index) & (truth == index)).sum())
    answered, there = int((answers == index).sum()), int((truth == index).sum())
    return {
        "n": there,
        "precision": right / answered if answered else None,
        "recall": right / there if there else None,
        "f1": 2 * right / (answered + there) if answered + there else None,
    }


def _mistakes(
    share: Tensor, answers: Tensor, truth: Tensor, items: Sequence[Item], names: Sequence[str]
) -> tuple[Mistake, ...]:
    wrong = (answers != truth).nonzero()[:, 0].tolist()
    mistakes = [
        Mistake(
            items[row],
            names[int(answers[row])],
            float(share[row, answers[row]]),
            float(share[row, truth[row]]),
        )
        for row in wrong
    ]
    return tuple(sorted(mistakes, key=lambda mistake: -mistake.probability)[:_MISTAKES])
