"""``python -m cactiviz`` is the command ``cactiviz``."""

import signal
import sys

from cactiviz.interrupts import ends_early, ends_on_interrupt


def main() -> int:
    """Run the command line; Ctrl+C ends it with one word from its first moment to its last."""
    with ends_on_interrupt():
        from cactiviz.cli.main import main as run

        code = run()
        for name in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(name) is ends_early:
                signal.signal(name, signal.SIG_DFL)  # all is done; what is left needs no words
    return code


if __name__ == "__main__":
    sys.exit(main())
