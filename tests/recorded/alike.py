"""Whether what is made now is what was recorded, and where it is not.

The same package versions on another CPU, or with another number of threads, add up in another
order. So numbers and maps may differ by little, and colours and printed decimals by one step.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from .measured import unpacked

RELATIVE = 1e-3  #: Of a number.
OF_LARGEST = 2e-4  #: Of an array's largest value: what each of its numbers may be off.
NEAR_ZERO = 1e-7  #: What any number may be off.
LEVELS = 3  #: Of 255: what a cell's mean grey or colour may be off.
_DECIMAL = re.compile(r"\d+[.]\d+")


def differences(was: Any, now: Any, at: str = "") -> Iterator[str]:
    """A line for each thing that isn't as recorded."""
    if isinstance(was, Mapping) and isinstance(now, Mapping):
        if "packed" in was and "packed" in now:
            yield from _of_arrays(was, now, at)
            return
        for key in dict.fromkeys([*was, *now]):
            if key not in now:
                yield f"{at}/{key}: gone, was {was[key]!r:.200}"
            elif key not in was:
                yield f"{at}/{key}: new, {now[key]!r:.200}"
            elif key == "figures":
                yield from _of_figures(was[key], now[key], f"{at}/{key}")
            else:
                yield from differences(was[key], now[key], f"{at}/{key}")
    elif isinstance(was, list) and isinstance(now, list):
        if len(was) != len(now):
            yield f"{at}: {len(was)} parts became {len(now)}: {_what_changed(was, now)}"
            return
        for index, (before, after) in enumerate(zip(was, now, strict=True)):
            yield from differences(before, after, f"{at}/{index}")
    elif not _is_alike(was, now):
        yield f"{at}: {was!r:.300} became {now!r:.300}"


def _what_changed(was: list[Any], now: list[Any]) -> str:
    before, after = [str(one) for one in was], [str(one) for one in now]
    gone = [one for one in before if one not in after]
    new = [one for one in after if one not in before]
    return f"gone {gone!r:.300}, new {new!r:.300}"


def _is_alike(was: Any, now: Any) -> bool:
    if isinstance(was, bool) or isinstance(now, bool) or was is None or now is None:
        return bool(was is now)
    if isinstance(was, int | float) and isinstance(now, int | float):
        if isinstance(was, int) and isinstance(now, int):
            return was == now
        return math.isclose(was, now, rel_tol=RELATIVE, abs_tol=NEAR_ZERO)
    if isinstance(was, str) and isinstance(now, str):
        return _says_alike(was, now)
    return bool(was == now)


def _says_alike(was: str, now: str) -> bool:
    """Texts are the same but for a step in the last place of a number with decimals.

    >>> _says_alike("max 0.29 of 3", "max 0.30 of 3"), _says_alike("max 0.29", "max 0.31")
    (True, False)
    """
    if was == now:
        return True
    if _DECIMAL.sub("#", was) != _DECIMAL.sub("#", now):
        return False
    for before, after in zip(_DECIMAL.findall(was), _DECIMAL.findall(now), strict=True):
        step = 10.0 ** -len(before.partition(".")[2])
        if abs(float(before) - float(after)) > 1.01 * step:
            return False
    return True


def _of_figures(was: list[float], now: list[float], at: str) -> Iterator[str]:
    """Lowest, highest, mean and mean size of an array: off by a part of its largest value."""
    most = OF_LARGEST * max(map(abs, was[:2])) + NEAR_ZERO
    if not np.allclose(was, now, rtol=RELATIVE, atol=most):
        yield f"{at}: {was} became {now}"


def _of_arrays(was: Mapping[str, Any], now: Mapping[str, Any], at: str) -> Iterator[str]:
    before, after = unpacked(was), unpacked(now)
    if before.shape != after.shape or before.dtype != after.dtype:
        yield f"{at}: {before.dtype} {before.shape} became {after.dtype} {after.shape}"
    elif before.dtype == np.uint8:
        off = np.abs(before.astype(int) - after).max(initial=0)
        if off > LEVELS:
            many = int((np.abs(before.astype(int) - after) > LEVELS).sum())
            yield f"{at}: {many} of {before.size} colours are off, the worst by {off} of 255"
    else:
        most = OF_LARGEST * np.abs(before).max(initial=0) + NEAR_ZERO
        off = np.abs(before - after)
        if not np.all(off <= most + RELATIVE * np.abs(before)):
            yield f"{at}: numbers are off by up to {off.max():.3g} of {np.abs(before).max():.3g}"
