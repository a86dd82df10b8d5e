"""``neurons`` and ``filters``: what is inside of one network."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.cli import files
from cactiviz.cli import options as shared
from cactiviz.cli.command import PATH, Options, asked, command, number, output
from cactiviz.cli.files import Files
from cactiviz.explanations import layer_sheets
from cactiviz.files import whole_file
from cactiviz.models import LoadedModel
from cactiviz.rendering.formats.metadata import signature
from cactiviz.types import Layer

if TYPE_CHECKING:
    from cactiviz.explanations.neurons import NeuronAttribution

#: As :data:`cactiviz.explanations.neurons.NEURON_METHODS`, which comes with torch.
NEURON_METHODS = ("guided_backprop", "saliency")
_OUTPUTS = (
    output("--out=SHEET.png", "write them as a picture", PATH),
    output("--npz=MAPS.npz", "write the raw arrays", PATH),
)


def _files(options: Options) -> Files:
    named = [options.model] if options.model else []
    reads = chain(
        files.of_origin(options.picture, options.data_dir), files.of_networks(options, named)
    )
    return Files(reads, (options.out, options.npz), replaces=True)


@command(
    "neurons",
    *shared.PICTURE,
    *shared.NETWORK,
    asked("--layer", "NAME or NAME:activation; default: the target layer", Layer.parse),
    asked("--neuron=CHANNEL,ROW,COLUMN", "may be repeated", shared.whole_numbers(3), multiple=True),
    asked("--at=ROW,COLUMN", "the most active there", shared.whole_numbers(2)),
    asked(
        "--random=N",
        "so many by --seed, among those that answer to the picture",
        number(),
        default=0,
    ),
    asked("--seed", "of those by chance; default 0", number(), default=0),
    asked("--method", "default: guided_backprop", NEURON_METHODS, default="guided_backprop"),
    *_OUTPUTS,
    before=(shared.give_preprocessing, files.Kept(_files)),
    loads=("cactiviz.explanations.neurons",),
)
def _neurons(options: Options) -> int:
    from cactiviz.explanations.neurons import explain_neurons

    files.check_results(options.out, npz=options.npz)
    picture = shared.read_picture(options)
    model = shared.load_network(options)
    attributions = explain_neurons(
        model,
        picture,
        layer=options.layer,
        neurons=options.neuron,
        most_active_at=options.at,
        random=options.random,
        seed=options.seed,
        method=options.method,
        resize=options.resize,
    )
    for one in attributions:
        channel, row, column = one.neuron
        print(f"channel {channel}, row {row}, column {column}: {_activity(one)}; {_sees(one)}")
    if options.random:
        first = attributions[0]
        print(
            f"Of {first.layer_neurons:,} neurons of {first.layer}, {first.answering:,} answer to "
            f"this picture; those by chance are drawn among these."
        )
    if all(one.sees_all for one in attributions):
        print(_all_see_all(model, attributions[0].layer))
    _write_npz(options.npz, layer_sheets.neurons_arrays(attributions))
    if options.out:
        _write_sheet(options.out, layer_sheets.neurons_sheet(picture, attributions))
    return 0


def _activity(found: NeuronAttribution) -> str:
    said = f"active at {found.value:.3g}"
    if found.before_ceiling is not None:
        end = "ceiling" if found.before_ceiling >= found.value else "floor"
        said += f", at its {end} (explained is the value before it, {found.before_ceiling:.3g})"
    return f"{said}, silent" if found.silent else said


def _sees(found: NeuronAttribution) -> str:
    if found.sees_all:
        return "it sees the whole picture"
    return f"it sees {found.field.width:.0f} x {found.field.height:.0f} pixels of the picture"


def _all_see_all(model: LoadedModel, layer: Layer) -> str:
    from cactiviz.engine.receptive_field import layer_with_parts

    said = f"Neurons of {layer} see the whole picture, so no part of it is outlined"
    shape = (3, *model.spec.preprocessing.input_size)
    begin = layer_with_parts(model.module, shape, model.spec.target_layer)
    if begin == layer:
        return f"{said}."
    return f"{said}; those of {begin} see a part (--layer {begin})."


@command(
    "filters",
    *shared.PICTURE,
    *shared.NETWORK,
    asked("--layer=NAME", "a convolution; default: the first one"),
    asked("--list", "list the network's convolutions", bool),
    *_OUTPUTS,
    before=(shared.give_preprocessing, files.Kept(_files)),
    loads=("cactiviz.explanations.explain",),
)
def _filters(options: Options) -> int:
    from cactiviz.explanations.explain import convolutions, filters

    files.check_results(options.out, npz=options.npz)
    model = shared.load_network(options)
    if options.list:
        print("\n".join(convolutions(model)))
        return 0
    picture = shared.read_picture(options)
    grid = filters(model, picture, layer=options.layer, resize=options.resize)
    strongest = grid.by_response[0]
    print(
        f"{grid.layer}: {len(grid.kernels)} kernels of {grid.kernels.shape[2]} x "
        f"{grid.kernels.shape[3]}; the strongest response is kernel {strongest}'s"
    )
    _write_npz(options.npz, layer_sheets.filters_arrays(grid))
    if options.out:
        preprocessing = model.spec.preprocessing
        if options.resize:
            preprocessing = replace(preprocessing, resize=options.resize)
        seen = preprocessing.seen(*picture.size)
        shown = grid.by_response[: layer_sheets.FILTERS_BESIDE]
        sheet = layer_sheets.filters_sheet(picture, model.title, grid, seen, shown)
        _write_sheet(options.out, sheet)
    return 0


def _write_npz(path: Path | None, arrays: dict[str, NDArray[Any]]) -> None:
    if path is not None:
        with whole_file(path) as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _write_sheet(path: Path, sheet: Image.Image) -> None:
    with whole_file(path) as file:
        sheet.save(file, format=files.sheet_format(path), exif=signature())
