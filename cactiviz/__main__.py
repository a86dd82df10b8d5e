"""``python -m cactiviz`` is the command ``cactiviz``."""

import signal
import sys

from cactiviz.interrupts import ends_on_interrupt


def main() -> int:
    """Run the command line; Ctrl+C ends it with one word from its first moment to its last."""
    with ends_on_interrupt():
        from cactiviz.cli.main import main as run
    code = run()
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # all is done; what is left needs no words
    return code


if __name__ == "__main__":
    sys.exit(main())
