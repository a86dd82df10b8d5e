"""What Compare says around its grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cactiviz.pictures.occlusion import How
from cactiviz.types import Picture
from cactiviz.ui.texts import counted, short

GIF_NEEDS_A_MAP = "A GIF shows one map of each network; choose a view that is one."
STOPPED = "Stopped before it was computed."
KEEP_IN_MIND = "Keep in mind"
PHONE_BAR = "Choose"
PHONE_PARTS = {"picture": "Picture", "networks": "Networks", "views": "Views"}


def subtitle(methods: Sequence[str], disagree: bool) -> str:
    """One line under the title: how to read what is compared."""
    bright = f"{BRIGHT_PLACES} " if list(methods) != ["filters"] else ""
    return (f"{DISAGREE} " if disagree else "") + bright + PRESS_A_MAP


def computed(seconds: float, device: str) -> str:
    """Where a comparison was computed, and how long it took."""
    taken = "under 0.1 s" if seconds < 0.1 else f"{seconds:.1f} s"
    return f"Computed {device}, in {taken}."


DISAGREE = "They disagree."
BRIGHT_PLACES = "Bright places spoke for the answer."
PRESS_A_MAP = "Press a map to look closer."
#: Sample -> what stands in the title for its picture.
NOUNS = {"chelsea": "cat", "coffee": "cup", "rocket": "rocket", "astronaut": "astronaut"}


def compare_title(models: int, picture: Picture) -> str:
    """The heading of a comparison."""
    name = short(picture.name).rpartition("/")[2]
    noun = NOUNS.get(name, "picture")
    asks = "What did it look at?" if models == 1 else "What did each look at?"
    return f"{counted(models, 'network').capitalize()}, one {noun}. {asks}"


AGAIN = "Make this again"
AGAIN_COMMAND = "As a command:"
AGAIN_PYTHON = "In Python:"
AGAIN_FILE = (
    "The picture here is not in a data set: its file must lie where the command or Python looks."
)
AGAIN_RECIPE = (
    "Every report, ZIP and picture from Download holds its recipe: `cactiviz replay FILE` makes it "
    "again and says what differs."
)
MORE_VIEWS = "More views"
BEST_VIEW = "Show {network}’s best map: {view} at {layer}"
EXPLAIN_OWN = "Explain each one's own answer"


def nobody_knows(sentences: Sequence[str]) -> str:
    """Where no network can explain the class that is asked for: why, and what follows."""
    return " ".join([*dict.fromkeys(sentences), "So there is nothing to explain here."])


# --- What if a part were covered ---
ASK_TILES = "Ask tile by tile"
ASK_TILES_HELP = (
    "{network} learnt from small tiles. It can look at this picture piece by piece, at full size, "
    "and count."
)
ASK_TILES_TITLE = "{network}, tile by tile"
ASK_TILES_SIDE = "How large is one tile in this picture?"
ASK_TILES_SIDES = "{} pixels"
ASK_TILES_SIDE_HELP = (
    "One plant with some sand around it should fill a tile. From higher up plants are smaller: "
    "choose smaller tiles."
)
ASK_TILES_LEGEND = (
    "Bright: surely {class_name}. Dark: surely not. Inside of a white line: more likely than not. "
    "Hatched: not a desert tile, so no answer."
)
ASK_TILES_ODD = (
    "Most tiles look strange to it. Is this desert from the air? If so, try another size of tile."
)
ASK_TILES_NOBODY = "None of these networks learnt from tiles. Choose CactiNet to ask tile by tile."
ASK_TILES_PNG = "Map as a picture"
ASK_TILES_JSON = "All answers as JSON"
ASK_TILES_END = "Close the tiles"


def tiles_done(done: int, total: int) -> str:
    """How far asking has come."""
    return f"Asking… {done:,} of {total:,} tiles" if total else "Waiting for its turn…"


WHAT_IF = "Cover a part"
WHAT_IF_HELP = "Hide a part of the picture and see which networks change their answer."
WHAT_IF_END = "Uncover and close"
COVER_HOWS: dict[How, str] = {"grey": "Grey", "blur": "A blur", "mean": "Mean colour"}
#: What the panel says; what stands in braces is filled in by the browser.
COVER: dict[str, Any] = {
    "alt": "The picture, on which a box is drawn.",
    "box": "box",
    "where": "Box: {left} from the left, {top} from the top, {width} wide, {height} high, in "
    "pixels.",
    "keys": "Arrow keys move it, with Shift they make it larger or smaller, Delete takes it away.",
    "none": "Nothing is covered.",
    "draw": "Draw a box on the picture.",
    "given": "This is the picture that the networks are given now.",
    # Not "nothing": where a picture is made smaller, pixels beside an edge are mixed into it.
    "edges": "No network sees the dark edges, so covering them changes next to nothing.",
    "outside": "Only a dark edge is covered. No network sees it, so next to nothing changes.",
    "moving": "The networks answer as soon as the box stays where it is.",
    "how": "Cover it with",
    "hows": COVER_HOWS,
    "numbers": "The box, in pixels",
    "sides": {"left": "Left", "top": "Top", "width": "Width", "height": "Height"},
    "middle": "Cover the middle",
    "uncover": "Uncover",
    "start": [
        "Draw a box on the picture, with the mouse or a finger. What lies in it is hidden, and "
        "every network answers again.",
        "Guess first: what does each network need to see? Which of them will change its mind?",
    ],
    "table": "What each network said first, and what it says now",
    "columns": ["Network", "First answer", "Now", "Change in points", "Top answer now"],
    "caution": "A cover is itself something to react to: networks know flat patches and sharp "
    "edges from other pictures. Before you trust a change, cover it in another way too, and cover "
    "a place that shouldn’t matter.",
    "done": "All networks have answered.",
}
COVER_UNSEEN = "It never saw this part."
COVER_UNCHANGED = "as before"


def points(change: float) -> str:
    """A change between two probabilities, each in per cent.

    >>> [points(change) for change in (-41.2, 0.1, 0.0)]
    ['−41.2', '+0.1', 'none']
    """
    return f"{change:+.1f}".replace("-", "−") if abs(change) >= 0.05 else "none"


def percent_finely(probability: float) -> str:
    """A probability in per cent with one decimal, not rounded to impossible or certain.

    >>> [percent_finely(p) for p in (0.0, 0.0004, 0.1234, 0.9996, 1.0)]
    ['0.0 %', '<0.1 %', '12.3 %', '>99.9 %', '100.0 %']
    """
    if 0 < probability < 0.0005:
        return "<0.1 %"
    return ">99.9 %" if 0.9995 <= probability < 1 else f"{100 * probability:.1f} %"


# --- Why A and not B ---
WHY_NOT_END = "Own answers again"
WHY_NOT_END_HELP = "Back to what speaks for each network’s own first answer."
WHY_NOT_REFUSED = "It doesn’t know both of these classes."
WHY_NOT_COLOURS = (
    "In the maps orange speaks for the first class and blue for the second. The bar shows how the "
    "two share what a network gives to either of them, so bars compare. The number counts in the "
    "network’s own score, before it becomes a probability, so these numbers don’t."
)
WHY_NOT = "Why not “{other}”?"
WHY_NOT_HELP = "What speaks for “{class_name}” and against “{other}”, in each network?"
ONE_SCORE = (
    "{title} has a single score for its two classes: what speaks for “{first}” speaks against "
    "“{second}” just as much. So its map is the one for “{first}” alone, only twice as large, and "
    "with what speaks against it left in."
)


def why_not_title(class_name: str, other: str) -> str:
    """What the maps show then; the class may be empty, for each network's own."""
    first = f"“{class_name}”" if class_name else "each network’s own first answer"
    return f"What speaks for {first} and against “{other}”, in each network"
