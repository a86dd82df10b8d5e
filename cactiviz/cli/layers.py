"""``neurons`` and ``filters``: what is inside of one network."""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cactiviz.cli import files, outputs
from cactiviz.cli import options as shared
from cactiviz.cli.files import Files
from cactiviz.engine.receptive_field import layer_with_parts
from cactiviz.explanations.explain import convolutions, filters
from cactiviz.explanations.neurons import NEURON_METHODS, NeuronAttribution, explain_neurons
from cactiviz.files import whole_file
from cactiviz.methods import METHODS
from cactiviz.models import LoadedModel
from cactiviz.rendering import paint
from cactiviz.rendering.figures.sheet import Cell, Column, Row, draw_sheet
from cactiviz.rendering.formats.metadata import signature
from cactiviz.types import FilterGrid, Layer, Picture

_MOST_FILTERS = 12
_CELL_WIDTH = 160  # pixels


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add both commands to the command line."""
    neurons = commands.add_parser("neurons", help="what drives single neurons of a network")
    shared.add_picture(neurons)
    shared.add_network(neurons)
    option = neurons.add_argument
    option("--layer", type=Layer.parse, help="NAME or NAME:activation; default: the target layer")
    option(
        "--neuron",
        type=shared.whole_numbers(3),
        action="append",
        default=[],
        metavar="CHANNEL,ROW,COLUMN",
        help="may be repeated",
    )
    option("--at", type=shared.whole_numbers(2), metavar="ROW,COLUMN", help="the most active there")
    option(
        "--random",
        type=int,
        default=0,
        metavar="N",
        help="so many by --seed, among those that answer to the picture",
    )
    option("--seed", type=int, default=0)
    option("--method", choices=tuple(NEURON_METHODS), default="guided_backprop")
    _add_outputs(neurons)
    neurons.set_defaults(run=_neurons, files=_files)

    kernels = commands.add_parser("filters", help="kernels and feature maps of a convolution")
    shared.add_picture(kernels)
    shared.add_network(kernels)
    kernels.add_argument("--layer", metavar="NAME", help="a convolution; default: the first one")
    kernels.add_argument("--list", action="store_true", help="list the network's convolutions")
    _add_outputs(kernels)
    kernels.set_defaults(run=_filters, files=_files)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--out", type=shared.path, metavar="SHEET.png", help="write them as a picture"
    )
    parser.add_argument("--npz", type=shared.path, metavar="MAPS.npz", help="write the raw arrays")


def _files(options: argparse.Namespace) -> Files:
    named = [options.model] if options.model else []
    reads = chain(files.of_picture(options), files.of_networks(options, named))
    return Files(reads, (options.out, options.npz), replaces=True)


def _neurons(options: argparse.Namespace) -> int:
    _check(options)
    picture = shared.read_picture(options)
    model = shared.load_network(options)
    found = explain_neurons(
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
    for one in found:
        channel, row, column = one.neuron
        print(f"channel {channel}, row {row}, column {column}: {_activity(one)}; {_sees(one)}")
    if options.random:
        first = found[0]
        print(
            f"Of {first.layer_neurons:,} neurons of {first.layer}, {first.answering:,} answer to "
            f"this picture; those by chance are drawn among these."
        )
    if all(one.sees_all for one in found):
        print(_all_see_all(model, found[0].layer))
    _write_npz(options.npz, {"{}/{}/{}".format(*one.neuron): one.values for one in found})
    if options.out:
        columns = [
            Column("channel {}, row {}, column {}".format(*one.neuron), (), " ".join(one.notes))
            for one in found
        ]
        about = f"of single neurons of {found[0].layer}"
        if all(one.sees_all for one in found):
            about += ", each of which sees the whole picture"
        rows = [Row(METHODS[options.method].title, about)]
        cells = {(0, index): _neuron_cell(picture, one) for index, one in enumerate(found)}
        _write_sheet(options.out, picture, columns, rows, cells)
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
    said = f"Neurons of {layer} see the whole picture, so no part of it is outlined"
    shape = (3, *model.spec.preprocessing.input_size)
    begin = layer_with_parts(model.module, shape, model.spec.target_layer)
    if begin == layer:
        return f"{said}."
    return f"{said}; those of {begin} see a part (--layer {begin})."


def _neuron_cell(picture: Picture, found: NeuronAttribution) -> Cell:
    display = METHODS[found.method].display
    vmax = paint.vmax_of([found.values], display)
    size = paint.cell_size(picture.size, _CELL_WIDTH)
    image = paint.paint(picture, found.values, found.seen, display=display, vmax=vmax, size=size)
    if not found.sees_all:
        image = paint.outline(image, found.field, picture.size)
    return Cell(image, paint.caption(found.values, "own", vmax, display))


def _filters(options: argparse.Namespace) -> int:
    _check(options)
    model = shared.load_network(options)
    if options.list:
        print("\n".join(convolutions(model)))
        return 0
    picture = shared.read_picture(options)
    grid = filters(model, picture, layer=options.layer, resize=options.resize)
    maps = grid.feature_maps
    assert maps is not None
    strongest = grid.by_response[0]
    print(
        f"{grid.layer}: {len(grid.kernels)} kernels of {grid.kernels.shape[2]} x "
        f"{grid.kernels.shape[3]}; the strongest response is kernel {strongest}'s"
    )
    _write_npz(options.npz, {"kernels": grid.kernels, "feature_maps": maps})
    if options.out:
        shown = grid.by_response[:_MOST_FILTERS]
        preprocessing = model.spec.preprocessing
        if options.resize:
            preprocessing = replace(preprocessing, resize=options.resize)
        seen = preprocessing.seen(*picture.size)
        columns = [Column(f"kernel {index}", ()) for index in shown]
        vmax = paint.vmax_of([maps[index] for index in shown], "magnitude")
        cells = {}
        for column, index in enumerate(shown):
            kernel = FilterGrid(grid.layer, grid.kernels[index : index + 1]).kernels
            cells[0, column] = Cell(
                paint.paint_filters(kernel, _CELL_WIDTH), paint.filters_caption(kernel)
            )
            image = paint.paint(
                picture,
                maps[index],
                seen,
                display="magnitude",
                vmax=vmax,
                size=paint.cell_size(picture.size, _CELL_WIDTH),
            )
            cells[1, column] = Cell(image, paint.caption(maps[index], "shared", vmax, "magnitude"))
        rows = [
            Row("Kernel", f"raw weights of {model.title}, {grid.layer}"),
            Row("Feature map", "how strongly it answers, the strongest of all first"),
        ]
        _write_sheet(options.out, picture, columns, rows, cells)
    return 0


def _check(options: argparse.Namespace) -> None:
    outputs.check_outputs(options.out, options.npz)
    outputs.check_results(options.npz, ".npz")
    if options.out:
        outputs.sheet_format(options.out)


def _write_npz(path: Path | None, arrays: dict[str, NDArray[Any]]) -> None:
    if path is not None:
        with whole_file(path) as file:
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _write_sheet(
    path: Path,
    picture: Picture,
    columns: list[Column],
    rows: list[Row],
    cells: dict[tuple[int, int], Cell],
) -> None:
    sheet = draw_sheet(picture, columns, rows, cells, cell_width=_CELL_WIDTH)
    with whole_file(path) as file:
        sheet.save(file, format=outputs.sheet_format(path), exif=signature())
