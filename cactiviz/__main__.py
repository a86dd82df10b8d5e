"""``python -m cactiviz`` is the command ``cactiviz``."""

import sys

from cactiviz.cli import main

if __name__ == "__main__":
    sys.exit(main())
