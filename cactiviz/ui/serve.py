"""Streamlit's own command, ended with one word and all cleared up: ``cactiviz app`` becomes it."""

from __future__ import annotations

import signal
import sys

from cactiviz.interrupts import SIGNALLED, Raising, ends_on_interrupt


def main() -> int:
    """Serve until a signal ends it; returns the exit code."""
    with ends_on_interrupt():
        if sys.platform != "win32":  # which `cactiviz app` kept back meanwhile
            signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT, signal.SIGTERM))
        import click
        from streamlit.web.cli import main as serve
    # What the server hears, and passes on once it has shut: with the usual end of a program, in
    # which the folders of what was brought and made go.
    heard = Raising()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, heard)
    try:
        serve(prog_name="streamlit", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        print("Stopped.", file=sys.stderr)
        return SIGNALLED + (heard.number or signal.SIGINT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
