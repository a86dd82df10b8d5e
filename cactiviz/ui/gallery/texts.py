"""What the Gallery says."""

from __future__ import annotations

from cactiviz.ui.texts import counted, plain

OWN_PICTURES = "Your own pictures"
OWN_PICTURES_DROP = "Drop pictures here, as many as you like"
OWN_PICTURES_HELP = "They stay on this computer, and go half an hour after you have left."
REFUSED_WHICH = "Which, and why"
ALL_CLASSES = "All"
EVERY = "Show every class"
WORDS = "Search the classes"
ORDER = "Order"
ORDERS = {"chance": "By chance", "list": "In order"}
PREVIOUS = "Previous"
NEXT = "Next"
NO_CLASS = "No class is called like that."
THUMBNAILS = "Pictures; choose one to see it larger"
COMPARE_THIS = "Compare this one"
WORDS_HINT = "Search {count:,} classes"
MORE_CLASSES = "{count:,} more; type to find them."
PLACE_IN_LIST = "{start:,}–{stop:,} of {total:,}"
DRAWN = "{count:,} of {total:,} · seed {seed:,}"
PAGE_OF = "Page {page:,} of {last:,}"


def about_dataset(about: str, terms: str) -> str:
    """What a data set is and whose pictures it holds."""
    return plain(" ".join(filter(None, (about, terms.rstrip(".") + "."))))


CLASS_LABEL = "{name} · {count:,}"

SIZE_OF = "{width:,} × {height:,} pixels"


def too_large(name: str, megabytes: int) -> str:
    """Of one picture among several."""
    return f"The picture {name} is too large; up to {megabytes} MB can be shown."


def no_room_for(name: str) -> str:
    """Of one picture among several."""
    return f"There is no room to keep {name}."


def refused(count: int) -> str:
    """Of several files among those that were brought."""
    return f"{counted(count, 'file').capitalize()} couldn’t be taken; all others are here."
