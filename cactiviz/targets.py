"""Which class is meant by what a person wrote."""

from __future__ import annotations

import difflib
import operator

from cactiviz.errors import TargetError
from cactiviz.models import ModelSpec
from cactiviz.types import Target

_LONGEST_NUMBER = 20  # digits; more are no index, and slow to read
_NEAR = 0.8  # a slip of the pen; below it abacus is near cactus


def find_target(
    spec: ModelSpec, target: Target | int | str | None
) -> tuple[int | None, int | None]:
    """The index of the class meant (None: the top one), and of the one it is held against.

    Raises:
        TargetError: The network has no such class, or both are the same.
    """
    if not isinstance(target, Target):
        return find_class(spec, target), None
    index, against = find_class(spec, target.class_), find_class(spec, target.contrast)
    if against is not None and index is not None:
        check_contrast(spec, index, against)
    return index, against


def check_contrast(spec: ModelSpec, index: int, against: int) -> None:
    """Refuse a class that is held against itself: its map would be 0 everywhere.

    Raises:
        TargetError: Both are the same.
    """
    if index == against:
        raise TargetError(f"“{spec.class_name(against)}” can't be held against itself.")


def find_class(spec: ModelSpec, wanted: int | str | None) -> int | None:
    """The index of the class meant; None for the top class.

    Raises:
        TargetError: The network has no such class, or several of that name.
    """
    count = max(spec.logits, 2)
    if wanted is None:
        return None
    if isinstance(wanted, str) and wanted.strip().isdecimal() and len(wanted) < _LONGEST_NUMBER:
        wanted = int(wanted)
    if not isinstance(wanted, str):
        wanted = int(operator.index(wanted))  # numpy's integers too
        if not 0 <= wanted < count:
            raise TargetError(f"{spec.title} has no class {wanted}; it has 0 to {count - 1}.")
        return wanted
    names = [spec.class_name(index).casefold() for index in range(count)]
    name = wanted.strip().casefold()
    found = [index for index, known in enumerate(names) if known == name]
    if len(found) == 1:
        return found[0]
    if found:
        numbers = " and ".join(map(str, found))
        raise TargetError(f"{spec.title} calls several classes “{wanted}”: {numbers}; give one.")
    near = difflib.get_close_matches(name, names, n=3, cutoff=_NEAR)
    verb = "is" if len(near) == 1 else "are"
    hint = f"; near it {verb} {' and '.join(spec.class_name(names.index(n)) for n in near)}"
    raise TargetError(f"{spec.title} has no class “{wanted}”{hint if near else ''}.")
