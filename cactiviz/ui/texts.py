"""All texts of the app, so that a language is one file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from cactiviz.comparison.caveats import NUMBERS
from cactiviz.datasets import DATASETS
from cactiviz.rendering.kernels import Inputs
from cactiviz.rendering.scales import Scale

APP = "cactiviz"
COMPARE = "Compare"
COMPARE_TITLE = "What did each network look at?"
FETCHING = "Fetching the picture…"
VIEWS = "Views"
SCALE = "Brightness of the maps"
SCALES: dict[Scale, str] = {
    "own": "Compare shapes",
    "shared": "Compare strengths",
    "rank": "Order only",
    "evidence": "Shares",
}
#: What each scale does; its name below a map comes first, where it has another there.
SCALE_HELP: dict[Scale, str] = {
    "own": "Own scale: every map is stretched to full colour, so a faint map looks as strong as a "
    "clear one.",
    "shared": "Shared scale: a colour means the same number in the whole row, so faint maps stay "
    "faint. But the scores of different networks are not in the same unit.",
    "rank": "Percentile rank: only the order of the numbers shows, from the lowest to the highest.",
    "evidence": "How much of the whole lies in each place.",
}
WHOLE = "Show the whole picture to every network"
WHOLE_HELP = (
    "Networks are tested on the middle of a picture. This squashes the whole picture instead, "
    "which they are less used to."
)
UNTRAINED = "Use random weights where none are here"
UNTRAINED_HELP = "Such a network has learnt nothing. It is labelled “untrained” everywhere."
WAITING = "waiting…"
GO_ON = "Go on"
QUEUE_FULL = "Too much is being computed at once. This goes on by itself as soon as there is room."
DEVICES = {"cpu": "on the CPU", "cuda": "on the GPU"}
ORIGINAL = "The picture"
UNTRAINED_NOTE = "untrained: random weights"
DOWNLOADING = "Downloading"

GALLERY = "Gallery"
GALLERY_TITLE = "Pictures to pick from"
DATASET = "Data set"
OPENING = "Looking at what is there…"
CLASSES = "Class"
DRAW_AGAIN = "Draw again"
NO_PICTURES = "There is no picture in this class."
BROKEN = "This file can't be shown."
UNPACKING = "Unpacking"
STOP = "Stop"


def short(name: str) -> str:
    """A picture's name without that of its data set, which stands beside it at the side.

    >>> short("scenes:cactus/178"), short("my: cat.jpg")
    ('cactus/178', 'my: cat.jpg')
    """
    dataset, _, item = name.partition(":")
    return item if dataset in DATASETS else name


def plain(text: str) -> str:
    """Text that Markdown leaves as it is, for names that come from outside."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|$~:&" else sign for sign in text)


def working_on(waiting: list[str], total: int, ahead: int | None, device: str) -> str:
    """What is said while networks compute."""
    if ahead is None:
        return QUEUE_FULL
    if ahead > 0:
        others = "1 other computation comes" if ahead == 1 else f"{ahead} other computations come"
        return f"{others} first, then {plain(waiting[0])}."
    number = total - len(waiting) + 1
    return f"Computing {plain(waiting[0])}, {number} of {total}, {device}…"


ALT = "{item.class_name}: {item.name}"


def downloading(title: str, done: int, total: int, unpacking: bool) -> str:
    """What the bar says while a data set comes."""
    what = UNPACKING if unpacking else DOWNLOADING
    return plain(f"{what} {title}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")


COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def counted(number: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(3, "network"), counted(1, "view"), counted(12, "view")
    ('three networks', 'one view', '12 views')
    """
    number_word = COUNTS[number] if number < len(COUNTS) else str(number)
    return f"{number_word} {noun}{'' if number == 1 else 's'}"


GRID = {
    "label": COMPARE_TITLE,
    "sure": "{share} sure",
    "then": "then {name}, {share}",
    "picture": "The picture",
    "where": "A map shows where, not why.",
    "trust": "How far can I trust it?",
    "numbers": "Numbers",
    "little": "little",
    "much": "much",
    "strength": "Overlay",
    "strength_help": "How strongly heat maps cover the picture",
    "palette": "Palette",
    "unsafe": "hard to read for colour-blind eyes",
    "scale": SCALE,
    "scale_help": [
        *([name, SCALE_HELP[scale]] for scale, name in SCALES.items()),
        [NUMBERS.about, " ".join(NUMBERS.says)],
    ],
    "what_is_this": "What is this?",
    "copy": "Copy link",
    "copied": "Copied.",
    "copy_by_hand": "Copy this address yourself:",
    "download": "Take home",
    "making": "Making it…",
    "hint": "Point at a map to read its value, or press it to look closer.",
    "value": "{network}, {method}: {value} here, {share} of this map’s most; "
    "stronger than {rank} of the map",
    "value_zero": "{network}, {method}: nothing here",
    "unseen": "{network} never saw this part",
    "more": "More networks",
    "close": "Close",
    "closer": "Zoom in",
    "farther": "Zoom out",
    "fit": "Whole picture",
    "divider": "How much of the map is shown",
    "original": ORIGINAL,
    "limit": "Its limit",
    "others": "The other networks, at the same place",
    "views": "The other maps of this network",
    "dialog_help": "Arrow keys: other maps. Plus and minus: zoom. Drag to move, or drag the line "
    "to uncover the picture.",
    "own": "Compare shapes",
    "shared": "Compare strengths",
    "rank": "Order only",
    "evidence": "Shares",
    "own_ends": "nothing|this map’s most",
    "shared_ends": "nothing|the row’s most",
    "rank_ends": "lowest|highest value",
    "evidence_ends": "no share|largest share",
    "range_shared": "{most}, full at {full}",
    "range_evidence": "full at {share}",
    "diverging_ends": "against it|for it",
}
MORE = "Settings"
OWN_FULL = "You have {most} networks of your own here. Remove one to add another."
WEIGHTS_COME = "The weights of {title} are on their way. The bar above says how far they are."


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["EB0"]), listed(["AlexNet", "EB0", "EB3"])
    ('EB0', 'AlexNet, EB0 and EB3')
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


# --- Walls of small pictures with an enlarged view ---
WALL = {
    "previous": "Previous",
    "next": "Next",
    "close": "Close",
    "strength": "How strong the colours are",
}

# --- Filters ---
FILTERS = "Filters"
FILTER_ORDERS: dict[Literal["response", "own"], str] = {
    "response": "Strongest first",
    "own": "The network’s own",
}
MAP_SCALES: dict[Literal["shared", "own"], str] = {
    "shared": "One scale a layer",
    "own": "Each its own",
}
KERNEL_INPUT: dict[Inputs, str] = {"heaviest": "Heaviest input", "mean": "Mean of all"}


_SOME, _MUCH = 1.0, 3.0  # of a score: e and 20 times as likely


def ahead(first: str, second: str, margin: float, margin_text: str) -> str:
    """Which of two classes has the higher score, and by how much.

    Args:
        first: The class asked for.
        second: The class it is held against.
        margin: The first's score less the second's.
        margin_text: The size of it in digits.
    """
    if margin == 0:
        return f"“{first}” and “{second}” have the same score"
    more, less = (first, second) if margin > 0 else (second, first)
    how = (
        "Much surer" if abs(margin) >= _MUCH else "Surer" if abs(margin) >= _SOME else "A bit surer"
    )
    return f"{how} of “{more}” than of “{less}” ({margin_text})"


# --- Neurons ---
NEURONS = "Neurons"

# --- Learn ---
LEARN = "Learn"

# --- Animate ---
ANIMATE = "Animate"
FILM_KINDS = {"pictures": "Picture", "layers": "Layer", "answers": "Answer"}
FILM_PIXELS = {side: f"{side} pixels" for side in (120, 160, 200, 248, 320, 400, 512)}
FILM_LOOPS = {0: "again and again", 1: "once", **{n: f"{n} times" for n in (2, 3, 5, 10)}}

# Networks of one's own: what is wrong with a file
OWN_PICTURE_GONE = "This picture of yours isn’t kept any more. Please choose it once more."
OWN_NO_ROOM = "The computer that runs the app has no room for this file now."
OWN_DAMAGED = "This is no file of weights, or it is damaged."
OWN_PACKED = "This file is packed; weights are saved without packing."

OWN_TOO_LARGE = "This file has {megabytes:,.0f} MB; up to {most:,} MB can be given."
