"""``data``: the data sets, what is in them, and pictures of them as files."""

from __future__ import annotations

import argparse
import re
import sys
import textwrap
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from PIL import Image

from cactiviz.cli import options as shared
from cactiviz.cli.cells import cell
from cactiviz.cli.files import Files, of_dataset
from cactiviz.datasets import (
    DATASETS,
    data_folder,
    find_dataset,
    get_dataset_spec,
    open_dataset,
)
from cactiviz.datasets.download import get
from cactiviz.datasets.inaturalist_api import open_sighting, search
from cactiviz.errors import CactivizError, Cancelled, DataError, OutputError
from cactiviz.files import whole_file
from cactiviz.types import Picture

CREDITS = "credits.txt"
_LONGEST_STEM = 160  # bytes; a temporary name needs some of the usual 255


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its own commands to the command line."""
    data = commands.add_parser("data", help="data sets: list, describe, download, take pictures")
    parts = data.add_subparsers(required=True, metavar="COMMAND")

    one = parts.add_parser("list", help="list the data sets and what is on disk")
    _add_dir(one)
    one.set_defaults(run=_list)

    one = parts.add_parser("info", help="what is in a data set, its terms, how to get it")
    _add_name(one)
    one.set_defaults(run=_info)

    one = parts.add_parser("get", help="download a data set; a download that was cut goes on")
    _add_name(one)
    one.set_defaults(run=_get)

    one = parts.add_parser("sample", help="write pictures drawn by chance as files")
    _add_name(one)
    one.add_argument("--class", dest="class_name", metavar="CLASS", help="default: any")
    one.add_argument("--seed", type=int, default=0, help="the same seed draws the same pictures")
    _add_output(one)
    one.set_defaults(run=_sample, files=_files)

    one = parts.add_parser("search", help="ask iNaturalist for photographs of a species")
    one.add_argument("species", metavar="SPECIES", help="such as 'Carnegiea gigantea'")
    _add_output(one)
    one.set_defaults(run=_search)


def _add_dir(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dir",
        dest="folder",
        type=shared.path,
        help="where it is or is to be; default: the folder that CACTIVIZ_DATA names",
    )


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help=f"one of {', '.join(DATASETS)}")
    _add_dir(parser)


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--count", type=shared.positive, default=10, help="how many; default 10")
    parser.add_argument(
        "--out", type=shared.path, required=True, metavar="DIR", help="made if need be"
    )


def _files(options: argparse.Namespace) -> Files:
    if options.name not in DATASETS:
        return Files()
    return Files(of_dataset(options.name, options.folder), folders=(options.out,))


def _list(options: argparse.Namespace) -> int:
    for name, spec in DATASETS.items():
        if spec.place == "installed":
            state = "comes along"
        elif spec.place == "named":
            state = "with --dir"
        elif (found := find_dataset(name, options.folder)) is not None:
            state = f"on disk: {found}"
        elif spec.archive is not None:
            state = f"to be downloaded, {spec.archive.size_bytes / 1e9:.1f} GB"
        else:
            state = f"not here: `cactiviz data info {name}`"
        print(f"{name:12} {spec.title}; {state}")
    print(f"Data sets are looked for in {options.folder or data_folder()}.")
    return 0


def _info(options: argparse.Namespace) -> int:
    spec = get_dataset_spec(options.name)
    for title, text in (
        (spec.title, spec.about),
        ("Terms", spec.terms),
        ("Layout", spec.layout),
        ("How to get it", spec.how_to_get),
    ):
        print(textwrap.fill(f"{title}: {text}", 88, subsequent_indent="  "))
    found = find_dataset(options.name, options.folder)
    if found is None:
        print(f"It isn't in {options.folder or data_folder()}.")
        return 0
    if spec.place != "installed":
        print(f"It is in {found}.")
    dataset = open_dataset(options.name, options.folder)
    print(f"{len(dataset)} pictures in {len(dataset.classes)} classes:")
    for class_name in dataset.classes:
        print(f"{dataset.count(class_name):8} {class_name}")
    for note in dataset.notes:
        print(note)
    return 0


def _get(options: argparse.Namespace) -> int:
    got = get(
        options.name,
        options.folder,
        progress=partial(shared.report, options.name) if sys.stderr.isatty() else None,
    )
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(f"{got.path}\n{got.note}")
    return 0


def _sample(options: argparse.Namespace) -> int:
    dataset = open_dataset(options.name, options.folder, _written(options.out))
    for note in dataset.notes if dataset.name == "folder" else ():  # of others `info` tells
        print(note, file=sys.stderr)
    items = dataset.draw(options.count, options.seed, options.class_name)
    if not items:
        raise DataError(f"There is no picture to draw in {options.class_name or dataset.title}.")
    return _write(((item.address, partial(dataset.open, item)) for item in items), options)


def _search(options: argparse.Namespace) -> int:
    found = search(options.species, options.count)
    return _write(
        (
            (f"{one.species} {one.photo_id}", partial(open_sighting, one, size="large"))
            for one in found
        ),
        options,
    )


def _write(
    pictures: Iterable[tuple[str, Callable[[], Picture]]], options: argparse.Namespace
) -> int:
    """Write pictures as PNG beside a list of credits; what can't be read is named and skipped."""
    folder: Path = options.out
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} can't be made.") from error
    credits: dict[str, str] = {}
    skipped = 0
    try:
        for number, (address, read) in enumerate(pictures, 1):
            try:
                picture = read()
            except (Cancelled, OutputError):
                raise
            except CactivizError as error:
                print(f"{address} is skipped: {error}", file=sys.stderr)
                skipped += 1
                continue
            file_name = f"{number:03}_{_stem(address)}.png"
            with whole_file(folder / file_name) as file:
                Image.fromarray(picture.rgb).save(file, format="PNG")
            credits[file_name] = "\t".join(map(cell, (file_name, address, picture.source)))
    finally:
        if credits:
            _write_credits(folder / CREDITS, credits)
    if credits:
        print(f"{len(credits)} pictures and {CREDITS} are in {folder}.")
    if skipped:
        print(f"{skipped} of {skipped + len(credits)} pictures were skipped.", file=sys.stderr)
    return 1 if skipped else 0


def _written(folder: Path) -> list[Path]:
    """The folder of pictures, and those that were written into it before, by its list of credits.

    They are no pictures to draw from, not even where both folders are one.
    """
    try:
        lines = (folder / CREDITS).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return [folder]
    return [folder, *(folder / name for line in lines if (name := line.partition("\t")[0]))]


def _write_credits(path: Path, credits: dict[str, str]) -> None:
    """Add to the list of credits; what it says of other files stays."""
    before: list[str] = []
    with suppress(OSError, UnicodeDecodeError):
        before = path.read_text("utf-8").splitlines()
    kept = [line for line in before if line.partition("\t")[0] not in credits]
    with whole_file(path) as file:
        text = "\n".join([*kept, *credits.values(), ""])
        file.write(text.encode("utf-8", "backslashreplace"))


def _stem(address: str) -> str:
    """A file's name that is fit for every system.

    >>> _stem("caltech256:009.bear/009_0001.jpg")
    'caltech256-009.bear-009_0001'
    >>> _stem("folder:../../a b/c?.png")
    'folder-a-b-c'
    """
    without_ending = re.sub(r"\.\w{1,5}$", "", address)
    parts = (part.strip("._-") for part in re.split(r"[^\w.-]+", without_ending))
    stem = "-".join(filter(None, parts)).encode("utf-8", "replace")[:_LONGEST_STEM]
    return stem.decode("utf-8", "ignore") or "picture"
