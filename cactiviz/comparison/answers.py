"""What several networks answer for one picture: who says otherwise than the others."""

from __future__ import annotations

from collections import Counter

from cactiviz.comparison.comparison import Comparison


def top_answers(comparison: Comparison) -> dict[str, str]:
    """Network -> its likeliest class, for trained networks that could have answered the same.

    Only networks with the same number of classes are held against each other, and of these groups
    only the largest: one that knows cacti alone doesn't contradict one that knows cats. A network
    to which the picture is a stranger gives no answer.
    """
    groups: dict[int, dict[str, str]] = {}
    for name in comparison.models:
        explanation = comparison.explanations.get(name)
        if explanation is None or explanation.untrained or explanation.stranger:
            continue
        if explanation.predictions:
            group = groups.setdefault(len(explanation.scores), {})
            group[name] = explanation.predictions[0].class_name
    return max(groups.values(), key=len, default={})


def says_otherwise(comparison: Comparison) -> frozenset[str]:
    """Networks whose likeliest class isn't that of the most others.

    None where all agree, or where no class has more networks than every other one.
    """
    answers = top_answers(comparison)
    most = Counter(answers.values()).most_common(2)
    if len(most) < 2 or most[0][1] == most[1][1]:
        return frozenset()
    return frozenset(name for name, answer in answers.items() if answer != most[0][0])


def disagree(comparison: Comparison) -> bool:
    """Whether trained networks that could have answered the same don't."""
    return len(set(top_answers(comparison).values())) > 1
