"""All texts of the app, so that a language is one file."""

from __future__ import annotations

from cactiviz.models import MODELS, ModelSpec
from cactiviz.scales import Scale
from cactiviz.types import Picture

APP = "cactiviz"
COMPARE = "Compare"
COMPARE_TITLE = "What did each network look at?"

PICTURE = "Picture"
UPLOAD = "A picture of your own"
UPLOAD_HELP = "It stays on this computer and goes with this session."
ADDRESS = "or a web address"
ADDRESS_HELP = "Fetched once you press Enter, and only from the public internet."
FETCHING = "Fetching the picture…"
SAMPLE = "or one of these photographs"
NETWORKS = "Networks"
VIEWS = "Views"
SCALE = "Brightness of the maps"
SCALES: dict[Scale, str] = {
    "own": "each its own",
    "shared": "one scale a row",
    "rank": "rank",
    "evidence": "share of the evidence",
}
SCALE_HELP = (
    "“Each its own” stretches every map to full colour, so a faint map looks as strong as a "
    "clear one. “One scale a row” lets you compare; but the scores of different networks are "
    "not in the same unit. “Rank” shows only the order of the values. “Share of the evidence” "
    "shows how much of the whole lies in each place."
)
WHOLE = "Show the whole picture to every network"
WHOLE_HELP = (
    "Networks are tested on the middle of a picture. This squashes the whole picture instead, "
    "which they are less used to."
)
UNTRAINED = "Use random weights where none are here"
UNTRAINED_HELP = "Such a network has learnt nothing. It is labelled “untrained” everywhere."

PICK_SOMETHING = "Choose at least one network and one view at the side."
WAITING = "waiting…"
ORIGINAL = "The picture"
UNTRAINED_NOTE = "random weights"
HATCHED = "A hatched part of the picture was never seen by that network."
DOWNLOADING = "Downloading"
DOWNLOADED = "is here now."


def subtitle(picture: Picture, models: int, methods: int) -> str:
    """One line under the title: what is being compared."""
    networks = f"{models} network" + ("s" if models != 1 else "")
    views = f"{methods} view" + ("s" if methods != 1 else "")
    credit = f" · {picture.source}" if picture.source else ""
    return plain(f"{picture.name} · {networks} × {views}{credit}")


def plain(text: str) -> str:
    """Text that Markdown leaves as it is, for names that come from outside."""
    return "".join(f"\\{sign}" if sign in "\\`*_{}[]()<>#+-.!|$~:&" else sign for sign in text)


def working_on(name: str) -> str:
    """What the progress bar says while a network computes."""
    return f"{title(name)} is looking at the picture…"


def title(name: str) -> str:
    """How a network is called on a page."""
    return MODELS[name].title


def download(spec: ModelSpec) -> str:
    """What the button says that fetches a network's weights."""
    return f"Download {spec.title} (about {spec.download_megabytes} MB)"


def download_terms(spec: ModelSpec) -> str:
    """Where the weights come from and under which terms."""
    host = spec.weights.url.split("/")[2] if spec.weights else ""
    return f"From {host}. {spec.license}."
