"""``animate``: many pictures before several networks as a GIF, a WebP, an MP4 or PNGs."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path

from cactiviz.batch.animation import Animation
from cactiviz.batch.collect import Collector
from cactiviz.batch.presets import PRESETS, of_dataset, of_source, open_preset_data
from cactiviz.batch.sequence import PictureRef
from cactiviz.cli import files, outputs, stopping
from cactiviz.cli import options as shared
from cactiviz.cli.files import Files
from cactiviz.cli.progress import long_reporter
from cactiviz.errors import CactivizError, Cancelled, OutputError, WeightsError
from cactiviz.models import Checkpoint
from cactiviz.recipes.request import Request
from cactiviz.recipes.style import Style
from cactiviz.rendering import paint
from cactiviz.rendering.formats import check_ending, check_size
from cactiviz.types import Target

_DEFAULT_MODELS = ("alexnet", "densenet121", "resnet152", "efficientnet_b0", "efficientnet_b3")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser(
        "animate", help="many pictures before several networks, as a GIF, WebP, MP4 or PNGs"
    )
    option = parser.add_argument
    option(
        "sources",
        nargs="*",
        metavar="SOURCE",
        help="pictures: files, folders, a data set by name or folder, sample:NAME",
    )
    option("--preset", choices=tuple(PRESETS), help="pictures and networks by one word")
    option("--data", metavar="FOLDER", help="where the preset's data set is")
    option("--each", type=shared.positive, metavar="N", help="pictures of each class; default 5")
    option("--most", type=shared.positive, metavar="N", help="pictures in all")
    option("--models", type=shared.names, help="networks, names with commas between")
    option("--method", "--methods", dest="methods", type=shared.names, help="default: grad_cam")
    option("--class", dest="target", metavar="NAME_OR_INDEX", help="default: each one's top class")
    option("--against", metavar="NAME_OR_INDEX", help="why the class, and not this one")
    places = parser.add_mutually_exclusive_group()
    shared.add_layer(places)
    places.add_argument("--layers", type=shared.names, help="a frame for each layer, or all-stages")
    option("--top", type=shared.positive, metavar="N", help="a frame for each likely class")
    option("--resize", choices=("crop", "squash"), help="default: as each network was evaluated")
    shared.add_loading(parser)
    option("--scale", choices=paint.SCALES, help="shared: one over all networks and frames")
    option("--palette", choices=tuple(paint.PALETTES))
    option("--strength", type=shared.share, help="of heat maps over the picture, default 0.5")
    option("--panel", type=shared.positive, metavar="PIXELS", help="each panel's side, default 248")
    option("--columns", type=shared.positive, metavar="N", help="panels in a row")
    option("--title", metavar="TEXT", help="a line at the top, above the methods' names")
    option("--no-captions", action="store_true", help="without scale and range below each panel")
    option("--dark", action="store_true", help="light letters on a dark ground")
    option("--seconds", type=_seconds, metavar="S", help="a frame; default 1")
    option("--loop", type=_rounds, metavar="N", help="times all is shown; default 0, for ever")
    option("--keep", action="store_true", help="keep what was computed, for the next time")
    option(
        "--out", type=shared.path, required=True, help=".gif, .webp, .mp4; else a folder of PNGs"
    )
    parser.set_defaults(run=_animate, files=_files)


def _files(options: argparse.Namespace) -> Files:
    preset = PRESETS.get(options.preset)
    reads = [files.of_source(source) for source in options.sources]
    if preset and not options.sources:
        folder = shared.path(options.data) if options.data else None
        reads.append(files.of_dataset(preset.dataset, folder))
    networks = files.of_networks(options, _named(options))
    return Files(chain(*reads, networks), (options.out, *kept_in(options.out)), replaces=True)


def kept_in(out: Path | None) -> list[Path]:
    """The folder in which answers are kept until the animation is whole."""
    return [out.with_name(f"{out.name}.parts")] if out is not None else []


def check_out(out: Path) -> None:
    """Refuse before the work what can't be written after it.

    Raises:
        OutputError: The ending is unknown, or something is in the way.
    """
    if check_ending(out):
        outputs.check_outputs(out)
    elif os.path.lexists(out) and not (os.path.isdir(out) and not os.listdir(out)):
        raise OutputError(f"{out} is there already; name a new folder.")
    else:
        outputs.check_outputs(out / "0001.png" if os.path.isdir(out) else out)
    for parts in kept_in(out):
        if os.path.lexists(parts) and not os.path.isdir(parts):
            raise OutputError(f"{parts} is in the way of what is kept meanwhile; move it.")


def _animate(options: argparse.Namespace) -> int:
    check_out(options.out)
    shots, hoped = _shots(options)
    if options.most:
        shots = shots[: options.most]
    preset = PRESETS.get(options.preset)
    own: list[Checkpoint] = options.checkpoint
    if len({checkpoint.name for checkpoint in own}) < len(own):
        raise WeightsError("Each --checkpoint needs a name of its own.")
    by_name = {checkpoint.name: checkpoint for checkpoint in own}
    networks = [by_name.pop(name, name) for name in _named(options)] + list(by_name.values())
    (folder,) = kept_in(options.out)
    request = replace(
        _question(options, preset.question if preset else Request()),
        networks=tuple(networks),
        untrained=options.untrained,
        device=options.device,
    )
    answers = Collector(shots, request, folder, weights_dir=options.weights_dir)
    style = _look(options, preset.style if preset else Style())
    frames = make(answers, style, options.out, keep=options.keep)
    skipped = answers.reel.skipped
    told = (*answers.remarks, *answers.failures.values(), *skipped.values())
    for sentence in dict.fromkeys(told):
        print(sentence, file=sys.stderr)
    if hoped > len(shots) and not options.most:
        print(f"{len(shots)} of {hoped} pictures are here.", file=sys.stderr)
    print(f"{options.out}: {_counted(frames)}, {_size(options.out) / 1e6:.1f} MB")
    return 1 if answers.failures or skipped else 0


def make(answers: Collector, style: Style, out: Path, *, keep: bool = False) -> int:
    """Compute and write an animation, and stop well when Ctrl+C or a request to end asks for it.

    Raises:
        CactivizError: It can't be written, or was stopped; what was computed is kept then.
    """
    animation = Animation(answers, style)
    check_size(animation.size(), check_ending(out))
    report = long_reporter()
    (parts,) = kept_in(out)
    with stopping.asking() as stop:
        try:
            answers.compute(report=report, cancel=stop)
            if len(answers.failures) == len(answers.names):
                raise WeightsError(" ".join(dict.fromkeys(answers.failures.values())))
            frames = animation.write(out, report=report, cancel=stop)
        except Cancelled as error:
            sentence = (
                f"Stopped. What was computed is in {parts}; the same command goes on from there."
                if parts.exists()
                else "Stopped."
            )
            raise stopping.Stopped(sentence, stop.number) from error
    if not keep and not answers.failures:
        answers.forget()
    return frames


def _shots(options: argparse.Namespace) -> tuple[list[PictureRef], int]:
    if options.sources:
        own = (options.out, options.out.with_name(f"{options.out.name}.parts"))
        found = [
            shot
            for source in options.sources
            for shot in of_source(source, options.each, without=own, say=_say)
        ]
        return found, 0
    if not options.preset:
        raise CactivizError("Name pictures to animate, or a --preset.")
    preset = PRESETS[options.preset]
    dataset = open_preset_data(preset, options.data)
    return of_dataset(dataset, preset.classes, options.each or preset.each)


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)


def _named(options: argparse.Namespace) -> list[str]:
    """The networks by name; those of the preset, or the usual ones, where nothing is asked for."""
    if options.models is not None:
        return list(options.models)
    if options.preset:
        return list(PRESETS[options.preset].networks)
    return [] if options.checkpoint else list(_DEFAULT_MODELS)


def _question(options: argparse.Namespace, default: Request) -> Request:
    chosen = {
        "methods": tuple(options.methods) if options.methods else None,
        "target": Target(options.target, options.against)
        if options.target or options.against
        else None,
        "layer": options.layer,
        "layers": tuple(options.layers) if options.layers else None,
        "top": options.top,
        "resize": options.resize,
    }
    return replace(default, **{key: value for key, value in chosen.items() if value is not None})


def _look(options: argparse.Namespace, default: Style) -> Style:
    chosen = {
        "scale": options.scale,
        "palette": options.palette,
        "strength": options.strength,
        "panel": (options.panel, options.panel) if options.panel else None,
        "columns": options.columns,
        "heading": options.title,
        "captions": False if options.no_captions else None,
        "dark": True if options.dark else None,
        "seconds": options.seconds,
        "loop": options.loop,
    }
    return replace(default, **{key: value for key, value in chosen.items() if value is not None})


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.02 <= value <= 60:
        raise argparse.ArgumentTypeError("give seconds from 0.02 to 60")
    return value


def _rounds(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError("give a whole number from 0")
    return int(text)


def _counted(frames: int) -> str:
    return "1 frame" if frames == 1 else f"{frames} frames"


def _size(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)
