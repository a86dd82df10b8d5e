"""``evaluate``: how good a network is on pictures whose classes are known."""

from __future__ import annotations

import json
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from PIL import Image

from cactiviz.cli import files
from cactiviz.cli import options as shared
from cactiviz.cli.command import PATH, Options, Value, asked, command, number, output
from cactiviz.cli.files import Files
from cactiviz.cli.terminal import progress, say
from cactiviz.datasets.dataset import Dataset, Item
from cactiviz.datasets.registry import open_anywhere
from cactiviz.files import whole_file
from cactiviz.models import MODELS, Checkpoint
from cactiviz.rendering.figures.sheet import Cell, draw_contact_sheet
from cactiviz.rendering.formats.metadata import signature
from cactiviz.rendering.paint import percent
from cactiviz.training.run import LIMITS

if TYPE_CHECKING:
    from cactiviz.training.evaluate import Evaluation


def _files(options: Options) -> Files:
    networks = files.of_networks(options, [options.model])
    return Files(chain(files.of_source(options.data), networks), (options.sheet,), replaces=True)


@command(
    "evaluate",
    asked("model", "a network's name, or that of a --checkpoint", Value(str, lambda: MODELS)),
    asked("--data", "the pictures: a folder, or a data set's name", required=True),
    asked(
        "--part",
        "all, or only what `train` excluded, or learnt from, with the same seed",
        ("all", "excluded", "trained"),
        default="all",
    ),
    asked(
        "--seed=N", "of that part and the bootstrap; default 0", number(*LIMITS["seed"]), default=0
    ),
    *shared.LOADING,
    output("--json", "as JSON", bool),
    output("--sheet=SHEET.png", "the worst mistakes as a picture", PATH),
    before=(shared.give_preprocessing, files.Kept(_files)),
    loads=("cactiviz.training.evaluate",),
)
def _evaluate(options: Options) -> int:
    from cactiviz.training.evaluate import evaluate as ask

    files.check_results(options.sheet)
    dataset = open_anywhere(options.data, [options.sheet] if options.sheet else ())
    items: list[Item] = list(dataset)
    if options.part != "all":
        from cactiviz.training.tiles import split

        items = split(items, options.seed)[options.part == "excluded"]
    own: dict[str, Checkpoint] = {checkpoint.name: checkpoint for checkpoint in options.checkpoint}
    model = shared.load(options, own.get(options.model, options.model))

    with progress(lambda _: "pictures") as report:
        found = ask(model, dataset, items, seed=options.seed, progress=partial(report, "Asking"))
    say((*dataset.notes, *found.skipped))
    if options.sheet:
        image_format = files.sheet_format(options.sheet)
        with whole_file(options.sheet) as file:
            _mistakes_sheet(found, dataset).save(file, format=image_format, exif=signature())
    print(json.dumps(found.to_json(), indent=1) if options.json else _in_words(found, model.title))
    return 0


def _mistakes_sheet(found: Evaluation, dataset: Dataset) -> Image.Image:
    cells = [
        Cell(
            dataset.open(mistake.item).rgb,
            f"{mistake.item.class_name}, taken for {mistake.answer} with "
            f"{percent(mistake.probability)} · {mistake.item.name}",
        )
        for mistake in found.mistakes
    ]
    return draw_contact_sheet(cells, heading=f"{found.model}: its surest mistakes of {found.n}")


def _in_words(found: Evaluation, title: str) -> str:
    lines = [f"{title}: {found.accuracy:.2%} of {found.n} pictures right"]
    if found.roc_auc is not None and found.roc_auc_interval is not None:
        low, high = found.roc_auc_interval
        lines.append(f"ROC AUC {found.roc_auc:.5f} (95 % interval {low:.5f} to {high:.5f})")
    elif found.macro_f1 is None:
        lines.append("ROC AUC can't be said: all pictures are of one class.")
    if found.macro_f1 is not None:
        lines.append(f"Macro F1 {found.macro_f1:.4f}")
    for name, figures in found.per_class.items():
        parts = (
            f"{key} {value:.4f}"
            for key, value in figures.items()
            if value is not None and key != "n"
        )
        lines.append(f"  {name}: {figures['n']:.0f} pictures, {', '.join(parts)}")
    lines.append(f"{found.pictures_per_second:.0f} pictures a second")
    if found.skipped:
        one, many = "picture couldn't be read and was", "pictures couldn't be read and were"
        number = len(found.skipped)
        lines.append(f"{number} {one if number == 1 else many} left out.")
    return "\n".join(lines)
