"""``replay``: make an export again from its recipe, and say what differs."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cactiviz.cli import animate as films
from cactiviz.cli import compare, files
from cactiviz.cli.command import PATH, WEIGHTS_DIR, Options, asked, command, number, output
from cactiviz.cli.files import Files
from cactiviz.cli.terminal import MEGABYTES, progress, say, unit_of_loading
from cactiviz.errors import CactivizError
from cactiviz.files import unfinished_folder
from cactiviz.models import find_weights, get_spec
from cactiviz.recipes.locate import Origins, host_of
from cactiviz.recipes.recipe import paths_of, read_recipe


def _files(options: Options) -> Files:
    # Read once, as a pipe can be; what is wrong with it is said before where it would be written.
    options.read = read_recipe(options.recipe)
    reads = files.of_recipe(options.recipe, options.read, options.data, options.weights_dir)
    return Files(reads, (options.out, *films.kept_in(options.out)), replaces=True)


@command(
    "replay",
    asked("recipe", "recipe.json, or an export that holds one", PATH),
    asked(
        "--data=FOLDER",
        "where the data set, the pictures and the checkpoints are, if not beside RECIPE",
        PATH,
    ),
    asked("--fetch", "let it ask for pictures by their address and for published weights", bool),
    WEIGHTS_DIR,
    output("--out", "write it; without this only say whether it comes out alike", PATH),
    output("--dpi", "of a PNG; default 300", number(1), default=300),
    before=(files.Kept(_files),),
    loads=("cactiviz.replay",),
)
def _replay(options: Options) -> int:
    recipe = options.read
    origins = Origins.of(options.recipe, options.data, fetch=options.fetch)
    if options.fetch and (hosts := _hosts(recipe, options.weights_dir)):
        say([f"This asks {', '.join(hosts)}."])
    if recipe["makes"] == "comparison":
        found = _comparison(options, recipe, origins)
    else:
        found = _animation(options, recipe, origins)
    say(found)
    if not found:
        print("Made again: all is as the recipe says.")
    return 1 if found else 0


def _hosts(recipe: dict[str, Any], weights_dir: Path | None) -> list[str]:
    """Whom a recipe would have asked: for its pictures, and for weights that aren't here."""
    found = []
    for shown in recipe.get("pictures") or ():
        with suppress(CactivizError, AttributeError):
            found.append(host_of(str(shown.get("from", ""))))
    for network in recipe.get("networks") or ():
        with suppress(CactivizError, AttributeError, TypeError):
            if not (network.get("checkpoint") or network.get("untrained")):
                spec = get_spec(network["name"])
                if spec.weights is not None and find_weights(spec, weights_dir) is None:
                    found.append(urlsplit(spec.weights.url).hostname or "")
    return list(filter(None, dict.fromkeys(found)))


def _comparison(options: Options, recipe: dict[str, Any], origins: Origins) -> list[str]:
    from cactiviz.comparison.exports import recipe_of, told
    from cactiviz.replay import differences, remake_comparison

    if options.out:
        compare.check_ending(options.out)
    with progress(unit_of_loading, only=MEGABYTES) as report:
        comparison, asked, paint = remake_comparison(
            recipe, origins=origins, weights_dir=options.weights_dir, report=report
        )
    new = recipe_of(comparison, asked, paint)
    if options.out:
        shown = told(comparison, paths_of(asked.networks))
        compare.write(options.out, shown, paint, new, options.dpi)
    return differences(recipe, new)


def _animation(options: Options, recipe: dict[str, Any], origins: Origins) -> list[str]:
    from cactiviz.batch.animation import Animation
    from cactiviz.replay import differences, remake_animation

    with unfinished_folder(Path(tempfile.gettempdir(), "cactiviz-replay")) as folder:
        parts = folder / "parts"
        if options.out:
            films.check_out(options.out)
            (parts,) = films.kept_in(options.out)
        answers, style = remake_animation(
            recipe, parts, origins=origins, weights_dir=options.weights_dir
        )
        if options.out:
            # Kept until the recipe is read from it.
            films.make(answers, style, options.out, keep=True)
        else:
            answers.compute()
        new = Animation(answers, style).recipe()
        answers.forget()
    return differences(recipe, new, answers.sequence.skipped)
