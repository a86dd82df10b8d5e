"""What Animate says."""

from __future__ import annotations

from cactiviz.comparison.caveats import NUMBERS
from cactiviz.rendering.scales import Scale
from cactiviz.ui.texts import SCALE_HELP, SCALES, counted, listed, plain

STAND_INS = "Until there are some, the pictures from before stay."
CHANGE_ALL = "Choose pictures, networks and views"


def link_classes(names: list[str], dataset: str) -> str:
    """For classes in a link that a data set doesn't have."""
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"The link names the class “{names[0]}”{others}, which “{dataset}” doesn't have."


FILM_PAGE_TITLE = "Many pictures, one animation"
FILM_PRESET = "Begin with"
FILM_PRESET_HELP = "Sets everything on this page; change whatever you like afterwards."
FILM_PRESETS = {
    "photographs": "Three networks, four photographs",
    "cactinet": "CactiNet from the air",
    "efficientnet_blog": "Five networks, seven categories",
    "inaturalist": "Living things",
}
FILM_KIND = "What changes from frame to frame"
FILM_SOURCE = "Pictures"
FILM_SOURCES = {"set": "A data set", "upload": "Your own"}
FILM_EACH = "Pictures of each class"
FILM_NETWORK = "Network"
FILM_TOP = "Answers, the likeliest first"
FILM_PICK = f"Choose pictures, at least one network and one view under “{CHANGE_ALL}”."
FILM_SILENT = "There is nothing to animate yet: none of these networks can answer."
FILM_NONE = "There is no frame to show: none of the pictures can be opened."
FILM_FIRST = "The first frame comes as soon as the networks have answered."
FILM_NO_ROOM = "There is no room for more answers; take fewer pictures, networks or views."
FILM_WENT_WRONG = "Something went wrong; the terminal says what."
FILM_NOT_WRITTEN = "The file could not be written; the terminal says why."
FILM_PLAY, FILM_HOLD = "Play", "Pause"
FILM_COLOURS, FILM_FRAME, FILM_TIME = "Colours", "Frame", "Time"
FILM_SCALE = "Brightness of the maps"
FILM_SCALES: dict[Scale, str] = {**SCALES, "shared": "one scale for all"}
_FILM_SCALE_HELP: dict[Scale, str] = {
    **SCALE_HELP,
    "shared": "Shared scale: a colour means the same number in all networks and all frames. But "
    "the scores of different networks are not in the same unit.",
}
FILM_SCALE_HELP = "\n\n".join(
    [
        *(f"**{name}**: {_FILM_SCALE_HELP[scale]}" for scale, name in FILM_SCALES.items()),
        f"**{NUMBERS.about}**: {' '.join(NUMBERS.says)}",
    ]
)
FILM_PALETTE = "Palette"
FILM_STRENGTH = "Strength of the colours"
FILM_DARK = "Dark ground"
FILM_TITLE = "Title"
FILM_PANEL = "Size of each picture"
FILM_COLUMNS = "Pictures in a row"
FILM_COLUMN_NAMES = {0: "as it fits"}
FILM_CAPTIONS = "Scale and range below each picture"
FILM_SECONDS = "Seconds a frame"
FILM_LOOP = "Played"
FILM_LOOP_HELP = "An MP4 leaves this to its player."
FILM_FORMAT = "Take it home as"
FILM_FORMATS = {"gif": "GIF", "webp": "WebP", "mp4": "MP4", "zip": "PNGs in a ZIP"}
FILM_FEWER = "{found} of {hoped} pictures are here; some classes have fewer than asked for."
FILM_SOME = "{shown} of the {total} pictures of these classes are taken, {each} of each at most."
FILM_TOO_MANY = (
    "The first {most} of {count} pictures are taken; the command `cactiviz animate` has no such "
    "limit."
)
FILM_STOPPED = "Stopped; {done} of {total} answers are kept."
FILM_WHICH = "Which, and why"


def film_lacks(networks: int, pictures: int) -> str:
    """What of an animation couldn't be had, two things at least.

    >>> film_lacks(2, 1), film_lacks(0, 12)
    ('Two networks and one picture are missing here.', '12 pictures are missing here.')
    """
    parts = [(networks, "network"), (pictures, "picture")]
    what = listed([counted(number, noun) for number, noun in parts if number])
    return f"{what[0].upper()}{what[1:]} are missing here."


def film_progress(
    picture: int, pictures: int, network: str, number: int, models: int, ahead: int, device: str
) -> str:
    """What is said while networks are asked."""
    first = ""
    if ahead > 1:
        first = f" · {ahead - 1} other computation{'s' if ahead > 2 else ''} first"
    which = plain(network) + (f", {number} of {models} networks" if models > 1 else "")
    return f"Picture {picture} of {pictures} · {which} · {device}{first}"


def film_writing(done: int, total: int) -> str:
    """While a file is written."""
    return f"Painting frame {min(done + 1, total)} of {total}…" if total else "Painting…"


def film_summary(frames: int, seconds: float, shortened: bool) -> str:
    """What plays on the page."""
    text = f"{frames} frame{'s' if frames != 1 else ''} · {seconds * frames:g} s"
    return f"{text} · the first 60 play here, the file holds all" if shortened else text


def film_alt(pictures: int, names: list[str]) -> str:
    """What the animation shows, for whoever can't see it."""
    many = f"{pictures} pictures" if pictures > 1 else "one picture"
    return f"Animation of {many} before {', '.join(names)}: the original, then what each looked at."


def film_make(ending: str) -> str:
    """The button that makes a file."""
    return f"Make the {FILM_FORMATS[ending]}" if ending != "zip" else "Make the ZIP"


def film_download(ending: str, size_bytes: int) -> str:
    """The button that hands it out."""
    kind = "ZIP" if ending == "zip" else FILM_FORMATS[ending]
    size = f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e5 else f"{size_bytes / 1e3:.0f} kB"
    return f"Download the {kind} · {size}"
