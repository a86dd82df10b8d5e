"""The command ``cactiviz``."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from cactiviz._version import __version__
from cactiviz.cli.command import Commands, wrong_usage
from cactiviz.cli.ending import ended_well

#: Set by the shell where Tab is pressed.
_COMPLETE = "_CACTIVIZ_COMPLETE"


def _print_version(ctx: click.Context, _: click.Parameter, typed: bool) -> None:
    if typed and not ctx.resilient_parsing:
        click.echo(f"cactiviz {__version__}")
        ctx.exit()


CACTIVIZ = Commands(
    "cactiviz",
    {
        "See and compare": {
            "compare": ("compare", "put one picture before several networks"),
            "report": ("compare", "a comparison as an HTML report, a sheet for print, or a ZIP"),
            "animate": (
                "animate",
                "many pictures before several networks, as a GIF, WebP, MP4 or PNGs",
            ),
            "tile": ("tile", "a large picture from the air, answered tile by tile"),
            "replay": ("replay", "make an export again from its recipe"),
            "neurons": ("layers", "what drives single neurons of a network"),
            "filters": ("layers", "kernels and feature maps of a convolution"),
            "app": ("app", "start the app in the browser"),
        },
        "Data and training": {
            "data": ("data", "data sets: list, describe, download, take pictures"),
            "train": ("train", "train CactiNet on aerial tiles"),
            "evaluate": ("evaluate", "how good a network is on a whole data set"),
        },
        "What there is": {
            "models": ("listing", "list the networks and what is on disk"),
            "methods": ("listing", "list the methods"),
            "doctor": ("doctor", "what this machine has and lacks, and what to do"),
        },
    },
    help="See and compare what convolutional networks look at.",
    params=[
        click.Option(
            ["--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_print_version,
            help="Show the version and exit.",
        )
    ],
    epilog=f'Tab completes after: eval "$({_COMPLETE}=bash_source cactiviz)"; also zsh_source, '
    "fish_source.",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    Args:
        arguments: What was typed; None for this program's own arguments.

    Returns:
        0 if all went well, 1 with a sentence on standard error, 2 for inputs that would be lost.

    Raises:
        SystemExit: After a help text, or wrong usage, with the exit code 2.
    """
    return ended_well(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int:
    if arguments is None and _COMPLETE in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(CACTIVIZ, {}, "cactiviz", _COMPLETE, os.environ[_COMPLETE])
    typed = list(sys.argv[1:] if arguments is None else arguments)
    try:
        with CACTIVIZ.make_context("cactiviz", typed) as context:
            code: int = CACTIVIZ.invoke(context)
            return code
    except click.exceptions.Exit as ended:  # of --help and --version
        raise SystemExit(ended.exit_code) from ended
    except click.UsageError as error:
        wrong_usage(error)


if __name__ == "__main__":
    sys.exit(main())
