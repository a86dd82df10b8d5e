"""``train``: make a network of one's own, and go on where it stopped."""

from __future__ import annotations

import argparse
import sys
from dataclasses import fields
from typing import Any

from cactiviz.cli import stopping
from cactiviz.cli.files import Files, of_source
from cactiviz.cli.options import path, positive
from cactiviz.cli.progress import long_reporter
from cactiviz.datasets.registry import open_anywhere
from cactiviz.errors import Cancelled
from cactiviz.interrupts import ends_on_interrupt
from cactiviz.training.run import LIMITS, Recipe

_HELP = {
    "input_size": "side of a tile in pixels",
    "epochs": "how often each tile is seen",
    "batch_size": "tiles in a step",
    "learning_rate": "the highest of its cycle",
    "weight_decay": "of convolutions and classifier",
    "calibration_batches": "batches for the batch norms' statistics, at the end",
    "seed": "of everything left to chance, and of what is excluded from training",
}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("train", help="train CactiNet on aerial tiles")
    parser.add_argument("architecture", choices=("cactinet",), metavar="cactinet")
    parser.add_argument("--data", required=True, help="the tiles: a folder, or a data set's name")
    parser.add_argument(
        "--out",
        type=path,
        required=True,
        metavar="RUN",
        help="the run's folder; if it holds a stopped run, that goes on",
    )
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--checkpoint-every",
        type=positive,
        default=20,
        metavar="STEPS",
        help="how much a run that is killed may lose; default 20 steps",
    )
    for field in fields(Recipe):
        parser.add_argument(
            f"--{field.name.replace('_', '-')}",
            type=_number(field.name, type(field.default)),
            default=field.default,
            metavar="N" if isinstance(field.default, int) else "X",
            help=f"{_HELP[field.name]}; default {field.default}",
        )
    parser.set_defaults(run=_train, files=_files)


def _files(options: argparse.Namespace) -> Files:
    return Files(of_source(options.data), (options.out,))


def _train(options: argparse.Namespace) -> int:
    with ends_on_interrupt():
        from cactiviz.training.train import train  # Lightning takes seconds to import

    recipe = Recipe(**{field.name: getattr(options, field.name) for field in fields(Recipe)})
    dataset = open_anywhere(options.data, [options.out])
    for note in dataset.notes:
        print(note)
    with stopping.asking("Stopping after this step…") as cancel:
        try:
            outcome = train(
                dataset,
                options.out,
                recipe,
                device=options.device,
                checkpoint_every=options.checkpoint_every,
                report=long_reporter(),
                cancel=cancel,
            )
        except Cancelled as error:  # before its first step
            raise stopping.Stopped(f"Stopped. {error}", cancel.number) from error
    for sentence in outcome.skipped:
        print(sentence, file=sys.stderr)
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


def _number(name: str, kind: type) -> Any:
    low, high = LIMITS[name]

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            whole = "whole " if kind is int else ""
            raise argparse.ArgumentTypeError(f"give a {whole}number from {low:g} to {high:.10g}")
        return value

    return read
