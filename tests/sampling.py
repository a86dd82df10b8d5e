"""Some of many cases for the suite; all of them for ``benchmarks/every_case.py``."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from typing import TypeVar

#: Set to run every case, which takes far longer than a suite may.
EVERY = "CACTIVIZ_EVERY_CASE"

Case = TypeVar("Case")


def some(cases: Sequence[Case], count: int, always: Sequence[Case] = ()) -> list[Case]:
    """Draw cases in their own order, the same ones in each run.

    Args:
        cases: All there are.
        count: How many the suite runs.
        always: Those that the suite runs in any case; they count.
    """
    if os.environ.get(EVERY) or count >= len(cases):
        return list(cases)
    others = [case for case in cases if case not in always]
    drawn = random.Random(len(cases)).sample(others, max(0, count - len(always)))
    return [case for case in cases if case in always or case in drawn]
