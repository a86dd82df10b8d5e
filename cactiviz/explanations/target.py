"""The explained class: found by name or index, and named beside the maps.

A text is a class's exact name first (then in other letters, large or small); only what is nobody's
name is an index. ``index:2`` and ``name:2`` ask for one of them. A number of Python is an index.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence

from cactiviz.errors import TargetError, near
from cactiviz.explanations.results import Explanation
from cactiviz.models import ModelSpec
from cactiviz.rendering.scales import percent
from cactiviz.types import Prediction, Target

_LONGEST_NUMBER = 20  # digits; more are no index, and slow to read
_FORCED = re.compile(r"\s*(index|name)\s*:(.*)", re.IGNORECASE | re.DOTALL)


def find_target(
    spec: ModelSpec, target: Target | int | str | None
) -> tuple[int | None, int | None]:
    """Indices of the target class (None for the top class) and of its contrast class.

    Raises:
        TargetError: The network has no such class, or both are the same.
    """
    if not isinstance(target, Target):
        return find_class(spec, target), None
    index, against = find_class(spec, target.class_), find_class(spec, target.contrast)
    if against is not None and index is not None:
        check_contrast(spec, index, against)
    return index, against


def notes_on_target(spec: ModelSpec, target: Target | int | str | None) -> tuple[str, ...]:
    """Notes for a text that is one class's name and another one's index.

    Raises:
        TargetError: As for :func:`find_target`.
    """
    wanted = (target.class_, target.contrast) if isinstance(target, Target) else (target,)
    notes = (_note(spec, text) for text in wanted if isinstance(text, str))
    return tuple(dict.fromkeys(filter(None, notes)))


def check_contrast(spec: ModelSpec, index: int, against: int) -> None:
    """Check that a class isn't contrasted with itself: its map would be 0 everywhere.

    Raises:
        TargetError: Both are the same.
    """
    if index == against:
        raise TargetError(f"“{spec.class_name(against)}” can't be held against itself.")


def find_class(spec: ModelSpec, wanted: int | str | None) -> int | None:
    """Index of a class given by name or index; None for the top class.

    Args:
        spec: The network's row.
        wanted: An index, or a text: a class's name, else an index in digits, else a part of a
            name between commas; ``index:N`` and ``name:NAME`` are one of them alone.

    Raises:
        TargetError: The network has no such class, or several of that name.
    """
    if wanted is None:
        return None
    if not isinstance(wanted, str):
        return _checked(spec, _whole(wanted))
    names = _names(spec)
    named = _named(spec, names, wanted)
    if named is not None:
        return named
    forced = _FORCED.fullmatch(wanted)
    if forced and forced[1].casefold() == "index":
        plain = _plain(forced[2])
        if not plain.isdecimal() or len(plain) >= _LONGEST_NUMBER:
            raise TargetError(
                f"{spec.title} has no class of the index “{forced[2].strip()[:40]}”; it has 0 to "
                f"{max(spec.logits, 2) - 1}."
            )
        return _checked(spec, int(plain))
    if forced:
        named = _named(spec, names, forced[2])
        if named is not None:
            return named
        raise _no_class(spec, names, forced[2])
    text = _plain(wanted)
    if text.isdecimal() and len(text) < _LONGEST_NUMBER:
        alike = [name for name in names if name.isdecimal() and int(name[:20]) == int(text)]
        if alike and text != str(int(text)):  # "02", where a class is called "2"
            raise TargetError(
                f"{spec.title} has no class “{wanted.strip()}”; write name:{alike[0]} for the "
                f"class “{alike[0]}”, or index:{int(text)} for an index."
            )
        return _checked(spec, int(text))
    parts = [_plain(part) for part in names]
    within = [i for i, name in enumerate(parts) if text in re.split(r",\s*", name)]
    if text and len(within) == 1:
        return within[0]
    raise _no_class(spec, names, wanted)


def _note(spec: ModelSpec, wanted: str) -> str:
    names = _names(spec)
    named = _named(spec, names, wanted)
    text = _plain(wanted)
    forced = _FORCED.fullmatch(wanted)
    if named is None:
        index = find_class(spec, wanted)
        numbers = any(_plain(name).isdecimal() for name in names)
        if forced or index is None or not numbers or not text.isdecimal():
            return ""
        return (
            f"No class is called “{wanted.strip()}”; it is taken for the index of “{names[index]}”."
        )
    alike = [i for i, name in enumerate(names) if i != named and _plain(name) == text]
    if alike:  # ImageNet's dog is called "Cardigan", its jacket "cardigan"
        return (
            f"“{names[named]}” is the class of that name, letter by letter; “{names[alike[0]]}” is "
            f"another one: write index:{alike[0]} for it."
        )
    number = _plain(forced[2]) if forced and forced[1].casefold() == "index" else text
    if not number.isdecimal() or len(number) >= _LONGEST_NUMBER:
        return ""
    index = int(number)
    if index == named or index >= len(names):
        return ""
    called = names[named]
    if number != text:
        return f"“{called}” is the class of that name; the class of index {index} is another one."
    return (
        f"“{called}” is the class of that name; the class of index {index} is “{names[index]}”: "
        f"write index:{index} for it."
    )


def _names(spec: ModelSpec) -> list[str]:
    return [spec.class_name(index) for index in range(max(spec.logits, 2))]


def _named(spec: ModelSpec, names: Sequence[str], wanted: str) -> int | None:
    """The one class of this name: letter by letter, else without regard to large and small.

    Raises:
        TargetError: There are several.
    """
    readings: tuple[Callable[[str], str], ...] = (str, str.strip, _plain)
    for read in readings:
        text = read(wanted)
        indices = [index for index, name in enumerate(names) if read(name) == text]
        if len(indices) == 1:
            return indices[0]
        if indices:
            numbers = " and ".join(map(str, indices))
            raise TargetError(
                f"{spec.title} calls several classes “{wanted.strip()}”: {numbers}; "
                f"write index:{indices[0]}, say."
            )
    return None


def _plain(text: str) -> str:
    """In small letters and one spelling of each sign; full-width digits are digits."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _whole(wanted: object) -> int:
    """Also of NumPy's integers.

    Raises:
        TargetError: It is no whole number.
    """
    try:
        if isinstance(wanted, bool):
            raise TypeError
        return int(operator.index(wanted))  # type: ignore[arg-type]
    except TypeError as error:
        raise TargetError(
            f"A class is asked for by its name or its index, not by {str(wanted)[:40]!r}."
        ) from error


def _checked(spec: ModelSpec, index: int) -> int:
    count = max(spec.logits, 2)
    if not 0 <= index < count:
        raise TargetError(f"{spec.title} has no class {index}; it has 0 to {count - 1}.")
    return index


def _no_class(spec: ModelSpec, names: Sequence[str], wanted: str) -> TargetError:
    return TargetError(f"{spec.title} has no class “{wanted}”{near(wanted, names, _plain)}.")


EXPLAINED = "Explained: "
_ANSWERS = 3  # at the head of a column
_MOST_NAMED = 3  # networks whose probabilities a line has room for


def line(explanations: Sequence[Explanation], titles: Mapping[str, str] | None = None) -> str:
    """The line above the maps that names the explained class; empty if it is the top class.

    Args:
        explanations: One per network, in the order of their columns.
        titles: Network name -> display name; its own title where missing.

    Returns:
        For instance "Explained: coffee mug (3 %)", for several networks
        "Explained: coffee mug (3 % in AlexNet, 12 % in ResNet152)", and with a contrast
        "Explained: coffee mug (3 %), not espresso (81 %)".
    """
    shown = [explanation for explanation in explanations if explanation.explained is not None]
    some_refused = len(shown) < len(explanations)  # then the others don't explain it by themselves
    if not shown or not (some_refused or any(map(asked, shown))):
        return ""
    names = titles or {}
    several = len(explanations) > 1
    class_ = _shared_class([(names.get(r.model, r.title), r.explained) for r in shown], several)
    against = _shared_class([(names.get(r.model, r.title), r.against) for r in shown], several)
    words = EXPLAINED + (class_ or "the answer of each network")
    return f"{words}, not {against}" if against else words


def asked(explanation: Explanation) -> bool:
    """Whether the maps explain anything but the top class alone; a contrast counts."""
    explained = explanation.explained
    if explained is None:
        return False
    own = explained.class_index == explanation.predictions[0].class_index
    return not own or explanation.against is not None


def answers_beside(explanation: Explanation) -> tuple[Prediction, ...]:
    """At most three predictions for display: the top ones, the explained class, its contrast.

    The explained class and its contrast replace less likely classes.
    """
    if not asked(explanation):
        return explanation.predictions[:_ANSWERS]
    wanted = {a.class_index: a for a in (explanation.explained, explanation.against) if a}
    others = [a for a in explanation.predictions if a.class_index not in wanted]
    room = max(0, _ANSWERS - len(wanted))
    return tuple(sorted([*wanted.values(), *others[:room]], key=lambda a: -a.logit))


def marks(explanation: Explanation) -> Mapping[int, str]:
    """Class index -> "explained" or "against", for the predictions in a column's heading."""
    if not asked(explanation):
        return {}
    marked = {}
    if explanation.against is not None:
        marked[explanation.against.class_index] = "against"
    if explanation.explained is not None:
        marked[explanation.explained.class_index] = "explained"
    return marked


def own_answer(name: str, share: float, is_explained: bool) -> str:
    r"""The line beside a map of a requested class that names the network's top class.

    >>> own_answer("espresso", 0.81, False), own_answer("cactus", 0.9, True)
    ('Its answer: espresso, 81\xa0%', 'This is its own answer')
    """
    if is_explained:
        return "This is its own answer"
    return f"Its answer: {name}, {percent(share).replace(' ', chr(160))}"


def _shared_class(titled: Sequence[tuple[str, Prediction | None]], several: bool) -> str:
    """One class with its probabilities; empty for none, or if the networks' classes differ."""
    answers = [(title, answer) for title, answer in titled if answer is not None]
    names = {answer.class_name.casefold() for _, answer in answers}
    if len(names) != 1:
        return ""
    name = answers[0][1].class_name
    shares = [answer.probability for _, answer in answers]
    if not several:
        return f"{name} ({percent(shares[0])})"
    if len(answers) <= _MOST_NAMED:
        each = (f"{percent(answer.probability)} in {title}" for title, answer in answers)
        return f"{name} ({', '.join(each)})"
    low, high = percent(min(shares)), percent(max(shares))
    return f"{name} ({low})" if low == high else f"{name} ({low} to {high})"
