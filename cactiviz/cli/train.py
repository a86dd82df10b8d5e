"""``train``: make a network of one's own, and go on where it stopped."""

from __future__ import annotations

from dataclasses import Field, fields
from typing import Any

import click

from cactiviz.cli.command import PATH, Options, asked, command, number, output, parameter
from cactiviz.cli.ending import Stopped, asking
from cactiviz.cli.files import Files, Kept, of_source
from cactiviz.cli.options import DEVICE
from cactiviz.cli.terminal import progress, say
from cactiviz.datasets.registry import open_anywhere
from cactiviz.errors import Cancelled
from cactiviz.training.run import LIMITS, Recipe

_HELP = {
    "input_size": "side of a tile in pixels",
    "epochs": "how often each tile is seen",
    "batch_size": "tiles in a step",
    "learning_rate": "the highest of its cycle",
    "weight_decay": "of convolutions and classifier",
    "calibration_batches": "batches for the batch norms' statistics, at the end",
    "augmentation": "how strongly tiles are shifted, lit, blurred, grained, compressed; 0: not",
    "seed": "of everything left to chance, and of what is excluded from training",
}


def _setting(field: Field[Any]) -> click.Parameter:
    """An option of the training's recipe."""
    return parameter(
        "How it learns",
        f"--{field.name.replace('_', '-')}={'N' if isinstance(field.default, int) else 'X'}",
        f"{_HELP[field.name]}; default {field.default}",
        number(*LIMITS[field.name], type(field.default)),
        default=field.default,
    )


def _files(options: Options) -> Files:
    return Files(of_source(options.data), (options.out,))


@command(
    "train",
    asked("architecture=cactinet", "the network", ("cactinet",)),
    asked("--data", "the tiles: a folder, or a data set's name", required=True),
    DEVICE,
    parameter(
        "How it learns",
        "--from=WEIGHTS",
        "a file of CactiNet's weights to begin with, as an earlier run wrote it; default: random",
        PATH,
        name="start",
    ),
    *map(_setting, fields(Recipe)),
    output(
        "--out=RUN",
        "the run's folder; if it holds a stopped run, that goes on",
        PATH,
        required=True,
    ),
    output(
        "--checkpoint-every=STEPS",
        "how much a run that is killed may lose; default 20 steps",
        number(1),
        default=20,
    ),
    before=(Kept(_files),),
    loads=("cactiviz.training.train",),
)
def _train(options: Options) -> int:
    from cactiviz.training import train as training

    recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    dataset = open_anywhere(options.data, [options.out])
    for note in dataset.notes:
        print(note)
    with (
        progress(lambda what: "steps" if what.startswith("Epoch") else "pictures") as report,
        asking("Stopping after this step…") as cancel,
    ):
        try:
            outcome = training.train(
                dataset,
                options.out,
                recipe,
                start=options.start,
                device=options.device,
                checkpoint_every=options.checkpoint_every,
                report=report,
                cancel=cancel,
            )
        except Cancelled as error:  # before its first step
            raise Stopped(f"Stopped. {error}", cancel.number) from error
    say(outcome.skipped)
    rate = (
        f"; {outcome.pictures_per_second:.0f} pictures a second, "
        f"{outcome.waiting:.1%} of the time spent waiting for them."
        if outcome.pictures_per_second
        else "; there was nothing left to learn."
    )
    print(
        f"{outcome.epochs:.2f} epochs on {outcome.trained_on} pictures, {outcome.excluded} "
        f"excluded{rate}"
    )
    if not outcome.finished:
        print("Stopped; the same command goes on from here.")
    print(f"The weights are in {outcome.weights}.")
    return 0
