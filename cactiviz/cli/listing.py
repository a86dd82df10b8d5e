"""``models`` and ``methods``: what there is."""

from __future__ import annotations

import textwrap

from cactiviz.cli.command import WEIGHTS_DIR, Options, asked, command
from cactiviz.cli.terminal import table
from cactiviz.errors import ModelError
from cactiviz.methods import METHODS, VIEWS, describe
from cactiviz.models import MODELS, find_weights, search, weights_folders


@command(
    "models",
    WEIGHTS_DIR,
    asked("--all=PATTERN", "search torchvision and timm, e.g. resnet or 'convnext*'"),
)
def _models(options: Options) -> int:
    if options.all is not None:
        matches = search(options.all)
        if not matches:
            raise ModelError(f"Neither torchvision nor timm has a network like “{options.all}”.")
        print("\n".join(matches))
        return 0
    rows = []
    for name, spec in MODELS.items():
        file = find_weights(spec, options.weights_dir)
        if file is not None:
            state = f"on disk: {file}"
        elif spec.weights is not None:
            state = f"to be downloaded, about {spec.download_megabytes} MB"
        else:
            state = "no trained weights yet, only --untrained"
        rows.append((name, spec.title, f"{spec.parameters / 1e6:.1f} M", state))
    titles = ("Name", "Network", "Parameters", "Weights")
    table(titles, rows, lambda *row: "{:20} {:18} {:>7} parameters  {}".format(*row))
    folders = ", then ".join(str(folder) for folder in weights_folders(options.weights_dir))
    print(f"Weights are looked for in {folders}.")
    print("Any other classifier: torchvision:NAME or timm:NAME; `cactiviz models --all resnet`.")
    return 0


@command("methods")
def _methods(_: Options) -> int:
    rows = []
    for view in VIEWS:
        more = (METHODS[view].limit, METHODS[view].source) if view in METHODS else ("", "")
        rows.append((view, *describe(view), *more))
    table(("Name", "Method", "What it asks", "What it can't say", "Source"), rows, _in_lines)
    return 0


def _in_lines(view: str, title: str, asks: str, *more: str) -> str:
    below = (textwrap.indent(textwrap.fill(text, 80), " " * 19) for text in more if text)
    return "\n".join((f"{view:18} {title}: {asks}", *below))
