"""``data``: the data sets, what is in them, and pictures of them as files."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from pathlib import Path

from PIL import Image

from cactiviz.cli.command import PATH, Commands, Options, Value, asked, command, number, output
from cactiviz.cli.files import Files, Kept, of_dataset
from cactiviz.cli.terminal import MEGABYTES, progress, say, table
from cactiviz.datasets import DATASETS, data_folder, find_dataset, get_dataset_spec, open_dataset
from cactiviz.datasets.download import get
from cactiviz.datasets.inaturalist_api import open_sighting, search
from cactiviz.errors import CactivizError, Cancelled, DataError, OutputError
from cactiviz.files import whole_file
from cactiviz.types import Picture

CREDITS = "credits.txt"
_LONGEST_STEM = 160  # bytes; a temporary name needs some of the usual 255
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_CALCULATES = ("=", "+", "-", "@", "\t", "\r", "\n")


_NAME = asked("name", f"one of {', '.join(DATASETS)}", Value(str, lambda: DATASETS))
_FOLDER = asked(
    "--dir=FOLDER",
    "where it is or is to be; default: the folder that CACTIVIZ_DATA names",
    PATH,
    name="folder",
)
_COUNT = asked("--count", "how many; default 10", number(1), default=10)
_OUT = output("--out=DIR", "made if need be", PATH, required=True)
data = Commands(
    "data",
    {
        "Commands": {
            "list": ("data", "list the data sets and what is on disk"),
            "info": ("data", "what is in a data set, its terms, how to get it"),
            "get": ("data", "download a data set; a download that was cut goes on"),
            "sample": ("data", "write pictures drawn by chance as files"),
            "search": ("data", "ask iNaturalist for photographs of a species"),
        }
    },
)


def _files(options: Options) -> Files:
    if options.name not in DATASETS:
        return Files()
    return Files(of_dataset(options.name, options.folder), folders=(options.out,))


@command("list", _FOLDER)
def _list(options: Options) -> int:
    rows = []
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
        rows.append((name, spec.title, state))
    table(("Name", "Data set", "Where"), rows, "{:12} {}; {}")
    print(f"Data sets are looked for in {options.folder or data_folder()}.")
    return 0


@command("info", _NAME, _FOLDER)
def _info(options: Options) -> int:
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


@command("get", _NAME, _FOLDER)
def _get(options: Options) -> int:
    with progress(lambda _: MEGABYTES) as report:
        got = get(options.name, options.folder, progress=partial(report, options.name))
    print(f"{got.path}\n{got.note}")
    return 0


@command(
    "sample",
    _NAME,
    _FOLDER,
    asked("--class=CLASS", "default: any", name="class_name"),
    asked("--seed", "the same seed draws the same pictures", number(), default=0),
    _COUNT,
    _OUT,
    before=(Kept(_files),),
)
def _sample(options: Options) -> int:
    dataset = open_dataset(options.name, options.folder, _written(options.out))
    say(dataset.notes if dataset.name == "folder" else ())  # of others `info` tells
    items = dataset.draw(options.count, options.seed, options.class_name)
    if not items:
        raise DataError(f"There is no picture to draw in {options.class_name or dataset.title}.")
    return _write(((item.address, partial(dataset.open, item)) for item in items), options)


@command("search", asked("species", "such as 'Carnegiea gigantea'"), _COUNT, _OUT)
def _search(options: Options) -> int:
    found = search(options.species, options.count)
    return _write(
        (
            (f"{one.species} {one.photo_id}", partial(open_sighting, one, size="large"))
            for one in found
        ),
        options,
    )


def _write(pictures: Iterable[tuple[str, Callable[[], Picture]]], options: Options) -> int:
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
                say([f"{address} is skipped: {error}"])
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
        say([f"{skipped} of {skipped + len(credits)} pictures were skipped."])
    return 1 if skipped else 0


def _written(folder: Path) -> list[Path]:
    """The folder of pictures, and those that were written into it before, by its list of credits.

    They are no pictures to draw from, not even where both folders are one.
    """
    return [folder, *(folder / name for name, _ in _credits(folder / CREDITS) if name)]


def _credits(path: Path) -> list[tuple[str, str]]:
    """The names and lines in a list of credits; none where it can't be read."""
    with suppress(OSError, UnicodeDecodeError):
        lines = path.read_text("utf-8").splitlines()
        return [(line.partition("\t")[0], line) for line in lines]
    return []


def _write_credits(path: Path, credits: dict[str, str]) -> None:
    """Add to the list of credits; what it says of other files stays."""
    kept = [line for name, line in _credits(path) if name not in credits]
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


def cell(text: str) -> str:
    r"""A text as a cell of a file with tabs between, which no spreadsheet takes for more.

    A cell that begins as a formula does gets an apostrophe before it, spreadsheets' own sign for
    text; signs that would end the cell or its line become spaces.

    >>> cell("=HYPERLINK(1)"), cell("-3.5"), cell("-a"), cell("two\tcells")
    ("'=HYPERLINK(1)", '-3.5', "'-a", 'two cells')
    """
    is_formula = text.startswith(_CALCULATES) and not _NUMBER.fullmatch(text)
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", f"'{text}" if is_formula else text)
