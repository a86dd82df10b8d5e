"""Run the tests of which the suite draws a sample with all of their cases; takes about an hour.

More arguments go to pytest, such as ``-k captum`` or ``-n 4``.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Return pytest's exit code."""
    using = [
        str(path.relative_to(ROOT))
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if re.search("fixtures.sampling import|SCREENS", path.read_text("utf-8"))
    ]
    command = [sys.executable, "-m", "pytest", "-q", *using, *sys.argv[1:]]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, "CACTIVIZ_EVERY_CASE": "1"}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
