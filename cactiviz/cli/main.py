"""The command ``cactiviz``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from cactiviz._version import __version__
from cactiviz.cli.ending import ended_well
from cactiviz.interrupts import ends_on_interrupt

#: Command -> the module that adds it to the command line, and its line in the help.
_COMMANDS = {
    "compare": ("compare", "put one picture before several networks"),
    "app": ("app", "start the app in the browser"),
    "animate": ("animate", "many pictures before several networks, as a GIF, WebP, MP4 or PNGs"),
    "report": ("compare", "a comparison as an HTML report, a sheet for print, or a ZIP"),
    "replay": ("replay", "make an export again from its recipe"),
    "neurons": ("layers", "what drives single neurons of a network"),
    "filters": ("layers", "kernels and feature maps of a convolution"),
    "models": ("listing", "list the networks and what is on disk"),
    "methods": ("listing", "list the methods"),
    "doctor": ("listing", "what this machine has and lacks, and what to do"),
    "data": ("data", "data sets: list, describe, download, take pictures"),
    "train": ("train", "train CactiNet on aerial tiles"),
    "evaluate": ("evaluate", "how good a network is on a whole data set"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0 if all went well, 1 with a sentence on standard error, 2 for wrong usage.
    """
    return ended_well(lambda: _run(sys.argv[1:] if arguments is None else arguments))


def _run(arguments: Sequence[str]) -> int:
    with ends_on_interrupt():
        parser = _parser(arguments)
    options = parser.parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.run
    if "checkpoint" in options:
        from cactiviz.cli.options import give_preprocessing

        give_preprocessing(options)
    if "files" in options:
        from cactiviz.cli.files import check_files

        check_files(options)
    return command(options)


def _parser(arguments: Sequence[str] | None = None) -> argparse.ArgumentParser:
    """The command line, with the options of the one command that is called.

    Loading every command would take seconds, of which most are torch's.

    Args:
        arguments: What was typed; None for the options of all commands.
    """
    parser = argparse.ArgumentParser(
        prog="cactiviz", description="See and compare what convolutional networks look at."
    )
    parser.add_argument("--version", action="version", version=f"cactiviz {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    typed = next((word for word in arguments or () if not word.startswith("-")), "")
    wanted = _COMMANDS[typed][0] if typed in _COMMANDS else ""
    for name, (module, line) in _COMMANDS.items():
        if module != wanted and arguments is not None:
            commands.add_parser(name, help=line)
        elif name not in commands.choices:  # one module may add several
            import_module(f"cactiviz.cli.{module}").add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
