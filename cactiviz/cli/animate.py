"""``animate``: many pictures before several networks as a GIF, a WebP, an MP4 or PNGs."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from cactiviz.batch.presets import PRESETS, PictureRef, of_dataset, of_source, open_preset_data
from cactiviz.cli import files
from cactiviz.cli import options as shared
from cactiviz.cli.command import PATH, Options, Value, as_path, asked, command, number, output
from cactiviz.cli.ending import Stopped, asking
from cactiviz.cli.files import Files
from cactiviz.cli.terminal import progress, say
from cactiviz.datasets import DATASETS
from cactiviz.errors import CactivizError, Cancelled, OutputError, WeightsError
from cactiviz.pictures.open import SAMPLES
from cactiviz.recipes.fields import REQUEST, STYLE, of_export
from cactiviz.recipes.request import Request, Style
from cactiviz.rendering.formats import check_ending, check_size

if TYPE_CHECKING:
    from cactiviz.batch.collect import Collector


def _files(options: Options) -> Files:
    preset = PRESETS.get(options.preset)
    reads = [files.of_source(source) for source in options.sources]
    if preset and not options.sources:
        folder = as_path(options.data) if options.data else None
        reads.append(files.of_dataset(preset.dataset, folder))
    networks = files.of_networks(options, _named(options))
    return Files(chain(*reads, networks), (options.out, *kept_in(options.out)), replaces=True)


@command(
    "animate",
    asked(
        "sources=[SOURCE]...",
        "pictures: files, folders, a data set by name or folder, sample:NAME",
        Value(str, lambda: (*DATASETS, *map("sample:{}".format, SAMPLES)), is_path=True),
        nargs=-1,
    ),
    asked("--preset", "pictures and networks by one word", tuple(PRESETS)),
    asked("--data=FOLDER", "where the preset's data set is"),
    asked("--each=N", "pictures of each class; default 5", number(1)),
    asked("--most=N", "pictures in all", number(1)),
    asked("--models", "networks, names with commas between", shared.MODEL_NAMES),
    asked("--method --methods", "default: grad_cam", shared.METHOD_NAMES, name="methods"),
    *shared.of_fields(of_export((*REQUEST, *STYLE), "animation"), without=("methods",)),
    *shared.LOADING,
    output("--keep", "keep what was computed, for the next time", bool),
    output("--out", ".gif, .webp, .mp4; else a folder of PNGs", PATH, required=True),
    before=(shared.give_preprocessing, files.Kept(_files)),
    loads=("cactiviz.batch.animation",),
)
def _animate(options: Options) -> int:
    from cactiviz.batch.collect import Collector

    check_out(options.out)
    pictures, hoped = _pictures(options)
    if options.most:
        pictures = pictures[: options.most]
    preset = PRESETS.get(options.preset)
    (folder,) = kept_in(options.out)
    request = replace(
        preset.question if preset else Request(),
        networks=shared.chosen_networks(options, _named(options)),
        device=options.device,
        **shared.chosen_fields(options, REQUEST),
    )
    answers = Collector(pictures, request, folder, weights_dir=options.weights_dir)
    usual = preset.style if preset else Style()
    style = replace(usual, **shared.chosen_fields(options, STYLE))
    frames = make(answers, style, options.out, keep=options.keep)
    skipped = answers.sequence.skipped
    say((*answers.remarks, *answers.failures.values(), *skipped.values()))
    if hoped > len(pictures) and not options.most:
        say([f"{len(pictures)} of {hoped} pictures are here."])
    written = options.out.iterdir() if options.out.is_dir() else [options.out]
    megabytes = sum(file.stat().st_size for file in written) / 1e6
    print(f"{options.out}: {frames} frame{'s' if frames > 1 else ''}, {megabytes:.1f} MB")
    return 1 if answers.failures or skipped else 0


def kept_in(out: Path | None) -> list[Path]:
    """The folder in which answers are kept until the animation is whole."""
    return [out.with_name(f"{out.name}.parts")] if out is not None else []


def check_out(out: Path) -> None:
    """Refuse before the work what can't be written after it.

    Raises:
        OutputError: The ending is unknown, or something is in the way.
    """
    if check_ending(out):
        files.check_outputs(out)
    elif os.path.lexists(out) and not (os.path.isdir(out) and not os.listdir(out)):
        raise OutputError(f"{out} is there already; name a new folder.")
    else:
        files.check_outputs(out / "0001.png" if os.path.isdir(out) else out)
    for parts in kept_in(out):
        if os.path.lexists(parts) and not os.path.isdir(parts):
            raise OutputError(f"{parts} is in the way of what is kept meanwhile; move it.")


def make(answers: Collector, style: Style, out: Path, *, keep: bool = False) -> int:
    """Compute and write an animation, and stop well when Ctrl+C or a request to end asks for it.

    Raises:
        CactivizError: It can't be written, or was stopped; what was computed is kept then.
    """
    from cactiviz.batch.animation import Animation

    animation = Animation(answers, style)
    check_size(animation.size(), check_ending(out))
    (parts,) = kept_in(out)
    with (
        progress(lambda what: "frames" if what == "writing" else "pictures") as report,
        asking() as stop,
    ):
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
            raise Stopped(sentence, stop.number) from error
    if not keep and not answers.failures:
        answers.forget()
    return frames


def _pictures(options: Options) -> tuple[list[PictureRef], int]:
    if options.sources:
        own = (options.out, *kept_in(options.out))
        found = [
            ref
            for source in options.sources
            for ref in of_source(
                source, options.each, without=own, say=lambda sentence: say([sentence])
            )
        ]
        return found, 0
    if not options.preset:
        raise CactivizError("Name pictures to animate, or a --preset.")
    preset = PRESETS[options.preset]
    dataset = open_preset_data(preset, options.data)
    return of_dataset(dataset, preset.classes, options.each or preset.each)


def _named(options: Options) -> list[str]:
    """The networks by name; those of the preset, or the usual ones, where nothing is asked for."""
    if options.preset and options.models is None:
        return list(PRESETS[options.preset].networks)
    return shared.named(options)
