"""Hostile picture files by seed: how many open, how the rest is refused, time and memory.

    python benchmarks/hostile.py [--seed 1] [--count 2000] [--slowest 5]

Each file is a sound one of ten formats with bits flipped, numbers changed, pieces missing, doubled
or taken from another. Anything but a picture or a refusal stops the run.
"""

from __future__ import annotations

import argparse
import platform
import re
import sys
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT)]

from tests.fixtures.hostile_files import measure, mutants  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--slowest", type=int, default=5)
    arguments = parser.parse_args()
    begin = time.perf_counter()
    outcomes = list(measure(mutants(arguments.seed, arguments.count)))
    seconds = time.perf_counter() - begin
    kinds = Counter(
        "a picture" if outcome.is_picture else re.sub(r"\d+(\.\d+)?", "N", outcome.text)
        for outcome in outcomes
    )
    system = f"Python {platform.python_version()} on {platform.system()}"
    print(f"{len(outcomes)} files of seed {arguments.seed} in {seconds:.1f} s, {system}")
    for kind, number in kinds.most_common():
        print(f"{number:6}  {kind}")
    by_time = sorted(outcomes, key=lambda outcome: outcome.cpu_seconds, reverse=True)
    by_memory = sorted(outcomes, key=lambda outcome: outcome.megabytes, reverse=True)
    print(
        f"median {by_time[len(by_time) // 2].cpu_seconds * 1e3:.1f} ms of processor time; slowest"
    )
    for outcome in by_time[: arguments.slowest]:
        print(f"{outcome.cpu_seconds * 1e3:8.0f} ms  {outcome.name}")
    print("most memory")
    for outcome in by_memory[: arguments.slowest]:
        print(f"{outcome.megabytes:8.0f} MB  {outcome.name}")


if __name__ == "__main__":
    main()
