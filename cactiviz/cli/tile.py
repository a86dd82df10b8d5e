"""``tile``: a large picture, answered tile by tile."""

from __future__ import annotations

import json
from functools import partial
from itertools import chain

from cactiviz.cli import files
from cactiviz.cli import options as shared
from cactiviz.cli.command import PATH, Options, asked, command, number, output
from cactiviz.cli.ending import Stopped, asking
from cactiviz.cli.files import Files
from cactiviz.cli.terminal import progress
from cactiviz.errors import Cancelled
from cactiviz.files import whole_file
from cactiviz.pictures.open import MAX_MEGAPIXELS
from cactiviz.rendering.formats.metadata import signature


def _files(options: Options) -> Files:
    named = [options.model] if options.model else []
    reads = chain(
        files.of_origin(options.picture, options.data_dir), files.of_networks(options, named)
    )
    return Files(reads, (options.out,), replaces=True)


@command(
    "tile",
    *(param for param in shared.PICTURE if param.name != "resize"),
    *shared.NETWORK,
    asked(
        "--side=PIXELS",
        "a tile's side in the picture; default: that of the pictures it learnt from",
        number(8),
    ),
    asked("--stride=PIXELS", "from one tile to the next; default: the side", number(1)),
    asked("--target=CLASS", "the class to look for; default: the second of two"),
    output("--out=MAP.png", "write the map over the picture", PATH),
    output("--json", "print all answers as JSON", bool),
    before=(shared.give_preprocessing, files.Kept(_files)),
    loads=("cactiviz.explanations.tile",),
)
def _tile(options: Options) -> int:
    from cactiviz.explanations.tile import tile

    files.check_results(options.out)
    picture = shared.read_picture(options, keep_megapixels=MAX_MEGAPIXELS)
    if options.model is None and not options.checkpoint:
        options.model = "cactinet"
    model = shared.load_network(options)
    with progress(lambda _: "tiles") as report, asking("Stopping after this batch…") as cancel:
        try:
            found = tile(
                picture,
                model,
                side=options.side,
                stride=options.stride,
                target=options.target,
                progress=partial(report, "Asking"),
                cancel=cancel,
            )
        except Cancelled as error:
            raise Stopped(str(error), cancel.number) from error
    if options.out:
        image_format = files.sheet_format(options.out)
        with whole_file(options.out) as file:
            found.figure().save(file, format=image_format, exif=signature())
    if options.json:
        print(json.dumps(found.to_json(), indent=1, ensure_ascii=False))
        return 0
    for note in found.notes:
        print(note)
    height, width = found.picture.size
    print(f"{width} x {height} pixels, tiles of {found.side} x {found.side}, {found.stride} apart.")
    print(f"{found.title}: {found.summary}")
    return 0
