"""``animate``: many pictures before several networks as a GIF, a WebP, an MP4 or PNGs."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from itertools import chain
from pathlib import Path

from cactiviz.batch.animation import Animation
from cactiviz.batch.collect import Collector, PictureRef
from cactiviz.batch.presets import PRESETS, of_dataset, of_source, open_preset_data
from cactiviz.cli import files, outputs, stopping
from cactiviz.cli import options as shared
from cactiviz.cli.files import Files
from cactiviz.cli.progress import long_reporter
from cactiviz.errors import CactivizError, Cancelled, OutputError, WeightsError
from cactiviz.recipes.fields import REQUEST, STYLE, of_export
from cactiviz.recipes.request import Request, Style
from cactiviz.rendering.formats import check_ending, check_size

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
    shared.add_loading(parser)
    shared.add_fields(parser, of_export((*REQUEST, *STYLE), "animation"), {})
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
    pictures, hoped = _pictures(options)
    if options.most:
        pictures = pictures[: options.most]
    preset = PRESETS.get(options.preset)
    (folder,) = kept_in(options.out)
    request = replace(
        preset.question if preset else Request(),
        networks=shared.networks(options, _named(options)),
        device=options.device,
        **shared.chosen_fields(options, REQUEST),
    )
    answers = Collector(pictures, request, folder, weights_dir=options.weights_dir)
    usual = preset.style if preset else Style()
    style = replace(usual, **shared.chosen_fields(options, STYLE))
    frames = make(answers, style, options.out, keep=options.keep)
    skipped = answers.sequence.skipped
    told = (*answers.remarks, *answers.failures.values(), *skipped.values())
    for sentence in dict.fromkeys(told):
        print(sentence, file=sys.stderr)
    if hoped > len(pictures) and not options.most:
        print(f"{len(pictures)} of {hoped} pictures are here.", file=sys.stderr)
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


def _pictures(options: argparse.Namespace) -> tuple[list[PictureRef], int]:
    if options.sources:
        own = (options.out, options.out.with_name(f"{options.out.name}.parts"))
        found = [
            ref
            for source in options.sources
            for ref in of_source(source, options.each, without=own, say=_say)
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


def _counted(frames: int) -> str:
    return "1 frame" if frames == 1 else f"{frames} frames"


def _size(path: Path) -> int:
    files = path.iterdir() if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files)
