"""Commands as click knows them: options in titled groups, near misses named, completed by Tab."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import click
from click.shell_completion import CompletionItem

from cactiviz.errors import CactivizError, near
from cactiviz.interrupts import ends_on_interrupt

#: What was typed, an attribute for each option and argument.
Options = SimpleNamespace
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Value(click.ParamType):  # type: ignore[type-arg]  # older versions have none
    """The value of an option or argument, read from one word.

    Args:
        read: Raises ValueError or CactivizError with a sentence that says what would be right.
        known: Gives words that Tab completes, also behind a comma.
        is_path: Whether Tab completes the names of files.
    """

    name = "value"

    def __init__(
        self,
        read: Callable[[str], Any] = str,
        known: Callable[[], Iterable[str]] = tuple,
        is_path: bool = False,
    ) -> None:
        self.read, self.known, self.is_path = read, known, is_path

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read a word; a default stays as it is."""
        try:
            return self.read(value) if isinstance(value, str) else value
        except (ValueError, CactivizError) as error:
            spelled = param and param.opts[0 if isinstance(param, click.Option) else -1]
            raise click.UsageError(f"{spelled}: {str(error).removesuffix('.')}.", ctx) from error

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """The known words that begin so, or a request to the shell for files."""
        before, comma, begun = incomplete.rpartition(",")
        words = [word for word in self.known() if word.startswith(begun)]
        if self.is_path and not (words and begun):
            return [CompletionItem(incomplete, type="file")]
        return [CompletionItem(f"{before}{comma}{word}") for word in words]


def as_path(text: str) -> Path:
    """A path of which a leading ``~`` or ``~USER`` is written out, where there is such a home.

    >>> as_path("results/a.png").as_posix(), as_path("~no such user/a.png").as_posix()
    ('results/a.png', '~no such user/a.png')
    """
    return Path(os.path.expanduser(text))


def number(
    low: float | None = None, high: float | None = None, kind: Any = int
) -> Callable[[str], Any]:
    """A reader of a number from ``low`` to ``high``.

    >>> number(1)("3"), number(0, 1, float)("0.5")
    (3, 0.5)
    """
    bounds = "" if low is None else f" from {low:g}"
    bounds += "" if high is None else f" to {high:.10g}"

    def read(text: str) -> Any:
        with suppress(ValueError):
            value = kind(text)
            if (low is None or low <= value) and (high is None or value <= high):
                return value
        raise ValueError(f"give a {'whole ' if kind is int else ''}number{bounds}")

    return read


def _choice(choices: Sequence[str]) -> Value:
    def read(text: str) -> str:
        if text not in choices:
            hint = near(text, choices) or f"; there are {', '.join(choices)}"
            raise ValueError(f"there is no “{text}”{hint}")
        return text

    return Value(read, lambda: choices)


_WORD = Value()


def parameter(
    group: str,
    spelled: str,
    help: str,
    kind: Any = _WORD,
    **more: Any,
) -> click.Parameter:
    """An option or argument of a command.

    Args:
        group: The title above it in the help.
        spelled: What is typed, with what stands for its value in the help: ``--out=SHEET.png``; the
            name of an argument.
        help: What it is for.
        kind: A :class:`Value`, a reader of one, a tuple of words, or bool for a switch.
        more: ``name``, its attribute of :data:`Options`; else as for click.
    """
    name = more.pop("name", "")
    spelled, _, metavar = spelled.partition("=")
    if kind is bool:
        more["is_flag"] = True
    else:
        if isinstance(kind, tuple):
            kind, metavar = _choice(kind), metavar or f"{{{','.join(kind)}}}"
        more["type"] = kind if isinstance(kind, Value) else Value(kind)
        more["metavar"] = metavar or spelled.split()[-1].strip("-").replace("-", "_").upper()
    if spelled.startswith("-"):
        made: click.Parameter = click.Option(spelled.split(), help=help, **more)
    else:
        made = click.Argument([spelled], **more)
        made.help = help  # which older versions of click have no argument for
    made.name, made.group = name or made.name or "", group  # type: ignore[attr-defined]
    return made


# One for each group of the help, in its order; each gives back what `parameter` gives.
_TITLES = ("What is asked", "How it is painted", "Where networks come from", "What is written")
asked, painted, networks, output = (partial(parameter, title) for title in _TITLES)
#: A path, of which Tab completes the parts.
PATH = Value(as_path, is_path=True)
WEIGHTS_DIR = networks("--weights-dir", "a folder to look for weights in first", PATH)


class _Spoken(click.Command):
    """Prints usage in this house's form; an option may be cut short as far as it is clear."""

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        first, *pieces = self.collect_usage_pieces(ctx)
        options = [p for p in self.params if isinstance(p, click.Option) and p.required]
        needed = [f"{option.opts[0]} {option.metavar}" for option in options]
        formatter.write_usage(ctx.command_path, " ".join((first, *needed, *pieces)), "usage: ")

    def format_arguments(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Nothing: they stand among the options of their group."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, args if ctx.resilient_parsing else [*self._whole(ctx, args)])

    def _whole(self, ctx: click.Context, args: list[str]) -> Iterator[str]:
        """The words, with each option written out."""
        every = [param for param in self.get_params(ctx) if isinstance(param, click.Option)]
        options = {spelled: param for param in every for spelled in param.opts}
        words: Iterator[Any] = iter(args)
        for word in words:
            typed, sign, value = word.partition("=")
            if word == "--" or (isinstance(self, click.Group) and not word.startswith("-")):
                yield from (word, *words)
                return
            if len(typed) > 1 and typed.startswith("-") and typed not in options:
                begun = [name for name in options if name.startswith(typed) and typed[:2] == "--"]
                if not begun:
                    hint = near(typed, options)
                    raise click.UsageError(f"There is no option {typed}{hint}.", ctx)
                if len({options[name].name for name in begun}) > 1:
                    raise click.UsageError(f"{typed} could be {' or '.join(begun)}.", ctx)
                typed = begun[0]
            yield f"{typed}{sign}{value}"
            if typed in options and not options[typed].is_flag and not sign:
                value = next(words, None)
                if value is None or value.partition("=")[0] in options:
                    raise click.UsageError(f"{typed} needs a value.", ctx)
                yield value


class _Command(_Spoken):
    def __init__(
        self,
        name: str,
        params: Sequence[click.Parameter],
        run: Callable[[Options], int],
        before: Sequence[Callable[[Options], None]],
        loads: Sequence[str],
    ) -> None:
        super().__init__(name, _SETTINGS, params=list(params))
        self.run, self.before, self.loads = run, before, loads

    def invoke(self, ctx: click.Context) -> int:
        options = Options(**ctx.params)
        for step in self.before:
            step(options)
        with ends_on_interrupt():
            for module in self.loads:
                import_module(module)
        return self.run(options)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        groups: dict[str, list[tuple[str, str]]] = {title: [] for title in _TITLES}
        for param in self.get_params(ctx):
            groups.setdefault(getattr(param, "group", "Help"), []).append(_help_line(ctx, param))
        for title, lines in groups.items():
            if lines:
                with formatter.section(title):
                    formatter.write_dl(lines, col_max=26)


def _help_line(ctx: click.Context, param: click.Parameter) -> tuple[str, str]:
    if isinstance(param, click.Argument):
        return param.metavar or "", param.help or ""
    return param.get_help_record(ctx) or ("", "")


def command(
    name: str,
    *params: click.Parameter,
    before: Sequence[Callable[[Options], None]] = (),
    loads: Sequence[str] = (),
) -> Callable[[Callable[[Options], int]], click.Command]:
    """Make a function from :data:`Options` to an exit code a command.

    Args:
        name: What is typed.
        params: Its options and arguments.
        before: What is done with the options before the work, such as refusing it.
        loads: Modules that take seconds to load; Ctrl+C meanwhile ends the command at once.
    """
    return lambda run: _Command(name, params, run, before, loads)


class Commands(_Spoken, click.Group):
    """Commands in titled groups, of which only the one that is called is loaded.

    Args:
        name: What is typed.
        groups: Title -> name of a command -> its module in this package, and its line of help.
        more: As for click.
    """

    def __init__(
        self, name: str, groups: Mapping[str, Mapping[str, tuple[str, str]]], **more: Any
    ) -> None:
        super().__init__(name, context_settings=_SETTINGS, **more)
        self.groups = groups
        self.rows = {name: row for group in groups.values() for name, row in group.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Their names."""
        return list(self.rows)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of a name, with its module loaded; None if there is none."""
        if cmd_name not in self.rows:
            return None
        module, line = self.rows[cmd_name]
        with ends_on_interrupt():
            members = vars(import_module(f"cactiviz.cli.{module}")).values()
        command = next(m for m in members if isinstance(m, click.Command) and m.name == cmd_name)
        command.help = f"{line[:1].upper()}{line[1:]}."
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse words, of which there has to be one."""
        if not args and not ctx.resilient_parsing:
            raise _NoCommand("Name a command.", ctx)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """The command of the first word."""
        if args[0] not in self.rows and not ctx.resilient_parsing:
            hint = near(args[0], self.rows) or f"; there are {', '.join(self.rows)}"
            raise click.UsageError(f"There is no command “{args[0]}”{hint}.", ctx)
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands in their groups, then the few options."""
        for title, rows in self.groups.items():
            with formatter.section(title):
                formatter.write_dl([(name, line) for name, (_, line) in rows.items()])
        with formatter.section("Options"):
            formatter.write_dl([_help_line(ctx, param) for param in self.get_params(ctx)])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands, of which none is loaded."""
        named = [name for name in self.rows if name.startswith(incomplete)]
        items = [CompletionItem(name, help=self.rows[name][1]) for name in named]
        return items + click.Command.shell_complete(self, ctx, incomplete)


class _NoCommand(click.UsageError):
    """Nothing was typed where a command belongs; the whole help answers."""


def wrong_usage(error: click.UsageError) -> NoReturn:
    """Say what was typed wrongly, below the usage.

    Raises:
        SystemExit: Always, with the exit code 2.
    """
    ctx, is_bare = error.ctx, isinstance(error, _NoCommand)
    if ctx is not None:
        above = f"{ctx.get_help()}\n" if is_bare else ctx.get_usage()
        click.echo(f"{above}\n{ctx.command_path}: error: {error.format_message()}", err=True)
    raise SystemExit(2) from error
