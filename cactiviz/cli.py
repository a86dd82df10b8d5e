"""The command ``cactiviz``."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path

from cactiviz import __version__, render
from cactiviz.compare import Comparison, compare, describe
from cactiviz.errors import CactivizError, OutputError, WeightsError
from cactiviz.explain import VIEWS
from cactiviz.images import SAMPLES
from cactiviz.methods import METHODS
from cactiviz.models import MODELS, Checkpoint, find_weights, weights_folders
from cactiviz.output import whole_file
from cactiviz.types import Layer

_LONGEST_NAME = 240  # characters; a temporary name needs some of the usual 255
_DEFAULT_METHODS = "grad_cam,saliency,guided_backprop,filters"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0 if all went well, 1 with a sentence on standard error, 2 for wrong usage.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal may not know a class name's letters
        sys.stdout.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    try:
        return command(options)
    except CactivizError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cactiviz", description="See and compare what convolutional networks look at."
    )
    parser.add_argument("--version", action="version", version=f"cactiviz {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_compare(commands.add_parser("compare", help="put one picture before several networks"))
    models = commands.add_parser("models", help="list the networks and what is on disk")
    models.add_argument("--weights-dir", type=Path, help="a folder to look for weights in first")
    models.set_defaults(run=_models)
    methods = commands.add_parser("methods", help="list the methods")
    methods.set_defaults(run=_methods)
    return parser


def _add_compare(parser: argparse.ArgumentParser) -> None:
    option = parser.add_argument
    option("picture", metavar="PICTURE", help=f"a file, or sample: with {', '.join(SAMPLES)}")
    option("--models", type=_names, help="names with commas between; `cactiviz models` lists them")
    option(
        "--methods",
        type=_names,
        default=_names(_DEFAULT_METHODS),
        help=f"names with commas between; default {_DEFAULT_METHODS}",
    )
    option("--class", dest="target", metavar="NAME_OR_INDEX", help="default: each one's top class")
    option("--layer", type=Layer.parse, help="for class activation maps: NAME or NAME:activation")
    option(
        "--checkpoint",
        type=_checkpoint,
        action="append",
        default=[],
        metavar="NAME=ARCHITECTURE:FILE[:CLASSES.txt]",
        help="a network of your own; may be repeated",
    )
    option("--untrained", action="store_true", help="random weights instead of published ones")
    option("--weights-dir", type=Path, help="a folder to look for weights in first")
    option("--resize", choices=("crop", "squash"), help="default: as each network was evaluated")
    option("--scale", choices=render.SCALES, default="own")
    option("--palette", choices=tuple(render.PALETTES), default="inferno")
    option("--device", choices=("auto", "cpu", "cuda"), default="auto")
    option("--out", type=Path, metavar="SHEET.png", help="write the comparison as a picture")
    option("--json", type=Path, metavar="RESULTS.json", help="write the answers and ranges")
    option("--npz", type=Path, metavar="MAPS.npz", help="write the raw maps")
    parser.set_defaults(run=_compare)


def _names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise argparse.ArgumentTypeError("give at least one name")
    return names


def _checkpoint(text: str) -> Checkpoint:
    try:
        return Checkpoint.parse(text)
    except WeightsError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _compare(options: argparse.Namespace) -> int:
    _check_outputs(options.out, options.json, options.npz)
    own: list[Checkpoint] = options.checkpoint
    named = options.models or ([] if own else [n for n, s in MODELS.items() if s.weights])
    if len({checkpoint.name for checkpoint in own}) < len(own):
        raise WeightsError("Each --checkpoint needs a name of its own.")
    by_name: dict[str, Checkpoint] = {checkpoint.name: checkpoint for checkpoint in own}
    models = [by_name.pop(name, name) for name in named] + list(by_name.values())
    comparison = compare(
        options.picture,
        models,
        options.methods,
        target=options.target,
        layer=options.layer,
        resize=options.resize,
        untrained=options.untrained,
        weights_dir=options.weights_dir,
        device=options.device,
        report=_report if sys.stderr.isatty() else None,
    )
    if options.json:
        text = json.dumps(comparison.to_json(), indent=1, ensure_ascii=False)
        with whole_file(options.json) as file:
            file.write(text.encode("utf-8", "backslashreplace"))  # a name may be no UTF-8
    if options.npz:
        comparison.save_npz(options.npz)
    if options.out:
        sheet = comparison.sheet(scale=options.scale, palette=options.palette)
        with whole_file(options.out) as file:
            sheet.save(file, format=_image_format(options.out))
    _print_answers(comparison)
    failures = [failure["why"] for failure in comparison.to_json()["failures"]]
    for sentence in dict.fromkeys(failures):
        print(sentence, file=sys.stderr)
    return 1 if failures else 0


def _check_outputs(*paths: Path | None) -> None:
    """Refuse before the work what can't be written after it."""
    for path in paths:
        if path is None:
            continue
        folder = path.absolute().parent
        if os.path.isdir(path):
            raise OutputError(f"{path} is a folder; name a file in it.")
        if not os.path.isdir(folder):
            raise OutputError(f"The file {path} can't be written: there is no such folder.")
        if not os.access(folder, os.W_OK):
            raise OutputError(f"The file {path} can't be written: its folder is read-only.")
        if len(path.name) > _LONGEST_NAME:
            raise OutputError(f"The name {path.name[:20]}… is too long for a file.")
    if paths[0] is not None:
        _image_format(paths[0])


def _image_format(path: Path) -> str:
    formats = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WebP"}
    if path.suffix.lower() not in formats:
        raise OutputError(f"The sheet {path.name} must end in {', '.join(formats)}.")
    return formats[path.suffix.lower()]


def _report(what: str, done: int, total: int | None) -> None:
    """One line on the terminal, written over and over."""
    if total is not None and total > 10_000:
        amount = f"{done / 1e6:.1f} of {total / 1e6:.1f} MB"
    else:
        amount = f"{done} of {total}" if total is not None else f"{done / 1e6:.1f} MB"
    print(f"\r\x1b[K{what} ({amount})", end="" if what != "done" else "\n", file=sys.stderr)


def _print_answers(comparison: Comparison) -> None:
    for reading in comparison.readings.values():
        best = reading.answers[0]
        print(f"{reading.title}: {best.class_name} {best.probability:.1%}")


def _models(options: argparse.Namespace) -> int:
    for name, spec in MODELS.items():
        path = find_weights(spec, options.weights_dir)
        if path is not None:
            state = f"on disk: {path}"
        elif spec.weights is not None:
            state = f"to be downloaded, about {spec.download_megabytes} MB"
        else:
            state = "no trained weights yet, only --untrained"
        print(f"{name:16} {spec.title:12} {spec.parameters / 1e6:5.1f} M parameters  {state}")
    folders = ", then ".join(str(folder) for folder in weights_folders(options.weights_dir))
    print(f"Weights are looked for in {folders}.")
    return 0


def _methods(_: argparse.Namespace) -> int:
    for view in VIEWS:
        title, asks = describe(view)
        print(f"{view:16} {title}: {asks}")
        if view in METHODS:
            method = METHODS[view]
            for line in (method.limit, method.source):
                print(textwrap.indent(textwrap.fill(line, 80), " " * 17))
    return 0


if __name__ == "__main__":
    sys.exit(main())
