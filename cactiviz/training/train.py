"""Trains CactiNet in a run folder; can be stopped, killed and resumed at any time."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save
from torch import Tensor, nn

from cactiviz._version import __version__
from cactiviz.datasets.dataset import Dataset
from cactiviz.download import sha256_of
from cactiviz.engine.device import pick_device
from cactiviz.errors import DataError, WeightsError
from cactiviz.files import whole_file
from cactiviz.models import get_spec
from cactiviz.models.familiarity import KEY, Familiarity
from cactiviz.models.load import calibrate
from cactiviz.models.own_weights import own_weights
from cactiviz.models.spec import StateDict
from cactiviz.training.familiar import FEWEST, fit_familiarity, own_side
from cactiviz.training.fit import Classifier, Watch, fit
from cactiviz.training.run import CHECKPOINT, WEIGHTS, Recipe, alone_in, as_begun, digest
from cactiviz.training.tiles import Batches, Tiles, labels_for, load_tiles, split
from cactiviz.types import Cancel, Preprocessing, Report

_MODEL = "cactinet"


@dataclass(frozen=True)
class Outcome:
    """Result of a training run.

    Attributes:
        weights: File of the network's weights.
        finished: False if it was stopped before its last epoch; the same call resumes it.
        epochs: How far it came.
        trained_on: Pictures that it learnt from.
        excluded: Pictures that it never saw.
        skipped: A sentence for each picture that couldn't be read.
        pictures_per_second: Of this call's steps; 0 where there was none left to do.
        waiting: Share of that time spent waiting for pictures, 0..1.
    """

    weights: Path
    finished: bool
    epochs: float
    trained_on: int
    excluded: int
    skipped: tuple[str, ...]
    pictures_per_second: float
    waiting: float


def preprocessing_of(recipe: Recipe) -> Preprocessing:
    """CactiNet's preprocessing at the size that it is trained at."""
    size = (recipe.input_size, recipe.input_size)
    return replace(get_spec(_MODEL).preprocessing, input_size=size)


def train(
    dataset: Dataset,
    run: Path,
    recipe: Recipe,
    *,
    start: Path | None = None,
    device: str = "auto",
    report: Report | None = None,
    cancel: Cancel | None = None,
    checkpoint_every: int = 20,
) -> Outcome:
    """Train CactiNet on all of a data set but a tenth, or go on where an earlier call stopped.

    Args:
        dataset: Pictures of "no cactus" and of "cactus".
        run: The run's folder, made if needed; holds a checkpoint and the weights.
        recipe: A run that is gone on with must have the same.
        start: A file of CactiNet's weights to begin with; None for random ones.
        device: "auto", "cpu" or "cuda".
        report: Called with the epoch, the steps done and the total.
        cancel: Checked between steps; the weights are written all the same.
        checkpoint_every: Steps from one checkpoint to the next; what a kill may cost.

    Raises:
        DataError: The data don't fit, or the folder holds a run with other settings.
        OutputError: The folder can't be written, or another process trains in it.
        WeightsError: Its checkpoint is damaged, the loss became infinite, or ``start`` doesn't fit.
        Cancelled: ``cancel`` was set before the first step.
    """
    where, recipe = pick_device(device), as_begun(run, recipe)
    names, preprocessing = get_spec(_MODEL).class_names, preprocessing_of(recipe)
    kept, excluded = split(dataset, recipe.seed)
    if {item.class_name.casefold() for item in kept} != {name.casefold() for name in names}:
        raise DataError(f"Training needs pictures of “{names[0]}” and of “{names[1]}”.")
    settings = {"recipe": asdict(recipe), "data": dataset.name, "pictures": digest(dataset)}
    first = _weights(start) if start is not None else None
    if start is not None:
        settings["start"] = sha256_of(start)

    def reading(done: int, total: int | None) -> None:
        if report is not None:
            report("Reading the pictures", done, total)

    with alone_in(run, settings):
        labels = labels_for(names, kept, dataset.title)
        tiles = load_tiles(dataset, kept, labels, preprocessing, progress=reading, cancel=cancel)
        if len(set(tiles.labels.tolist())) < len(names):
            raise DataError(f"No picture of one of the classes of {dataset.title} can be read.")
        how = (preprocessing, recipe.batch_size, recipe.seed, recipe.augmentation)
        batches = Batches(tiles, *how)
        steps = recipe.epochs * len(batches)
        watch = Watch(steps, len(batches), report, cancel)
        with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
            torch.manual_seed(recipe.seed)
            # Twice as quick on a CPU as torch's own order of the numbers.
            network = get_spec(_MODEL).build(1).to(memory_format=torch.channels_last)
            if first is not None:
                network.load_state_dict(first)
            module = Classifier(network, recipe, steps)
            fit(module, batches, run / CHECKPOINT, where, watch, checkpoint_every)
            network.to(where)
            # The batch norms' statistics are those of batches of the epoch after the last.
            after = Batches(tiles, *how)
            after.load_state_dict({"epoch": recipe.epochs, "next": 0})
            several = itertools.islice(after, recipe.calibration_batches)
            calibrate(network, (pictures.to(where) for pictures, _ in several))
            known = None
            if watch.done >= steps:
                network.to("cpu").half().float()  # as the file keeps it
                known = _familiarity(network, dataset, tiles, preprocessing, recipe.seed, report)
        metadata = {
            "cactiviz": __version__,
            "architecture": _MODEL,
            "recipe": json.dumps(asdict(recipe)),
            "share_of_training": f"{watch.done / steps:.4f}",
        }
        if known is not None:
            metadata[KEY] = known.to_text()
        with whole_file(run / WEIGHTS) as file:
            file.write(save(half(network.state_dict()), metadata))
    return Outcome(
        weights=run / WEIGHTS,
        finished=watch.done >= steps,
        epochs=watch.done / len(batches),
        trained_on=len(tiles.items),
        excluded=len(excluded),
        skipped=tiles.skipped,
        pictures_per_second=_share(watch.steps_here * batches.size, watch.seconds),
        waiting=_share(watch.waited, watch.seconds),
    )


def _weights(file: Path) -> StateDict:
    """A file's weights, of a network with one logit.

    Raises:
        WeightsError: It can't be read, or holds others.
    """
    found = own_weights(get_spec(_MODEL), file)
    if found.logits != 1:
        raise WeightsError(f"The file {file.name} is of {found.logits} classes; two are needed.")
    return found.tensors


def _familiarity(
    network: nn.Module,
    dataset: Dataset,
    tiles: Tiles,
    preprocessing: Preprocessing,
    seed: int,
    report: Report | None,
) -> Familiarity | None:
    """What tells its tiles from strangers; None where there are too few."""

    def looking(done: int, total: int) -> None:
        if report is not None:
            report("Learning what is no tile", done, total)

    if len(tiles.items) < FEWEST:
        return None
    side = own_side(dataset, tiles.items)
    return fit_familiarity(network, tiles, preprocessing, side, seed=seed, progress=looking)


def _share(part: float, whole: float) -> float:
    """A part of a whole; 0 where there is no whole.

    >>> _share(1.0, 4.0), _share(0.0, 0.0)
    (0.25, 0.0)
    """
    return part / whole if whole > 0 else 0.0


def half(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights in half precision, on the CPU; whole numbers stay what they are."""
    return {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in weights.items()
    }
