"""The attacks that the app has to withstand, against a server of its own. Run before a release.

    python benchmarks/attack.py [--only NAME] [--seconds 600] [--wait 180] [--pictures 300] ...

All of it takes about three quarters of an hour, on Linux. It ends with 1 if a limit is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]

from attacks.bombs import run_bombs  # noqa: E402
from attacks.crowd import run_crowd  # noqa: E402
from attacks.foreign import run_foreign  # noqa: E402
from attacks.left import run_left  # noqa: E402
from attacks.made_up import run_made_up  # noqa: E402
from attacks.mutants import run_mutants  # noqa: E402
from attacks.recipes import run_recipes  # noqa: E402
from attacks.table import Table  # noqa: E402

Given = argparse.Namespace
ATTACKS: dict[str, tuple[str, Callable[[Table, Given], None]]] = {
    "foreign": (
        "requests and sockets of other pages and under other names",
        lambda table, given: run_foreign(table),
    ),
    "uploads": (
        "uploads to made-up widgets, by one session and by many",
        lambda table, given: run_made_up(table, given.uploads, given.megabytes, given.wait),
    ),
    "bombs": (
        "files that ask for far more memory than they bring",
        lambda table, given: run_bombs(table),
    ),
    "recipes": (
        "mutated recipes and exports, replayed",
        lambda table, given: run_recipes(table, given.recipes, given.seed),
    ),
    "pictures": (
        "mutated pictures, uploaded",
        lambda table, given: run_mutants(table, "pictures", given.pictures, given.seed, given.wait),
    ),
    "checkpoints": (
        "mutated networks of one's own, by the form",
        lambda table, given: run_mutants(
            table, "checkpoints", given.checkpoints, given.seed, given.wait
        ),
    ),
    "left": (
        "what is left of ended sessions and of a server that was killed",
        lambda table, given: run_left(table),
    ),
    "crowd": (
        "sessions that open and are cut off, with few handles",
        lambda table, given: run_crowd(
            table, given.sessions, given.seconds, given.handles, given.seed
        ),
    ),
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    option = parser.add_argument
    option("--only", action="append", choices=ATTACKS, help="one of the attacks; may be repeated")
    option("--seed", type=int, default=1)
    option("--seconds", type=float, default=600, help="of the crowd")
    option("--sessions", type=int, default=30, help="of the crowd")
    option("--handles", type=int, default=512, help="that the crowd's server may have")
    option("--wait", type=float, default=180, help="seconds after the last session of a kind")
    option("--uploads", type=int, default=40)
    option("--megabytes", type=int, default=50, help="of each upload")
    option("--pictures", type=int, default=300)
    option("--checkpoints", type=int, default=100)
    option("--recipes", type=int, default=100)
    given = parser.parse_args()
    table = Table()
    for name in given.only or ATTACKS:
        what, attack = ATTACKS[name]
        print(f"{name}: {what}", flush=True)
        began = time.monotonic()
        attack(table, given)
        print(f"  took {time.monotonic() - began:.0f} s", flush=True)
    for failed in table.failed:
        print(f"Not as it should be: {failed}")
    return 1 if table.failed else 0


if __name__ == "__main__":
    sys.exit(main())
