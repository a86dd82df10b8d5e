"""``neurons`` and ``filters``: what is inside of one network."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cactiviz.cli import files
from cactiviz.cli import options as shared
from cactiviz.cli.command import PATH, Options, asked, command, number, output
from cactiviz.cli.files import Files
from cactiviz.files import whole_file
from cactiviz.methods import METHODS
from cactiviz.models import LoadedModel
from cactiviz.rendering import paint
from cactiviz.rendering.figures.sheet import Cell, Column, Row, draw_sheet
from cactiviz.rendering.formats.metadata import signature
from cactiviz.rendering.scales import Display, Scale
from cactiviz.types import Box, FilterGrid, Layer, Picture

if TYPE_CHECKING:
    from cactiviz.explanations.neurons import NeuronAttribution

#: As :data:`cactiviz.explanations.neurons.NEURON_METHODS`, which comes with torch.
NEURON_METHODS = ("guided_backprop", "saliency")
_MOST_FILTERS = 12
_CELL_WIDTH = 160  # pixels


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
    _write_npz(options.npz, {"{}/{}/{}".format(*one.neuron): one.values for one in attributions})
    if options.out:
        columns = [
            Column("channel {}, row {}, column {}".format(*one.neuron), (), " ".join(one.notes))
            for one in attributions
        ]
        about = f"of single neurons of {attributions[0].layer}"
        if all(one.sees_all for one in attributions):
            about += ", each of which sees the whole picture"
        rows = [Row(METHODS[options.method].title, about)]
        cells = {(0, index): _neuron_cell(picture, one) for index, one in enumerate(attributions)}
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
    from cactiviz.engine.receptive_field import layer_with_parts

    said = f"Neurons of {layer} see the whole picture, so no part of it is outlined"
    shape = (3, *model.spec.preprocessing.input_size)
    begin = layer_with_parts(model.module, shape, model.spec.target_layer)
    if begin == layer:
        return f"{said}."
    return f"{said}; those of {begin} see a part (--layer {begin})."


def _neuron_cell(picture: Picture, found: NeuronAttribution) -> Cell:
    display = METHODS[found.method].display
    vmax, field = paint.vmax_of([found.values], display), None if found.sees_all else found.field
    return _cell(picture, found.values, found.seen, display, "own", vmax, field)


def _cell(
    picture: Picture,
    values: NDArray[Any],
    seen: Box,
    display: Display,
    scale: Scale,
    vmax: float,
    outlined: Box | None = None,
) -> Cell:
    size = paint.cell_size(picture.size, _CELL_WIDTH)
    image = paint.paint(picture, values, seen, display=display, vmax=vmax, size=size)
    if outlined:
        image = paint.outline(image, outlined, picture.size)
    return Cell(image, paint.caption(values, scale, vmax, display))


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
            painted = paint.paint_filters(kernel, _CELL_WIDTH)
            cells[0, column] = Cell(painted, paint.filters_caption(kernel))
            cells[1, column] = _cell(picture, maps[index], seen, "magnitude", "shared", vmax)
        rows = [
            Row("Kernel", f"raw weights of {model.title}, {grid.layer}"),
            Row("Feature map", "how strongly it answers, the strongest of all first"),
        ]
        _write_sheet(options.out, picture, columns, rows, cells)
    return 0


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
        sheet.save(file, format=files.sheet_format(path), exif=signature())
