"""All texts of the app, so that a language is one file."""

from __future__ import annotations

from cactiviz.datasets import Item
from cactiviz.models import ModelSpec
from cactiviz.scales import Scale
from cactiviz.types import Picture

APP = "cactiviz"
COMPARE = "Compare"
COMPARE_TITLE = "What did each network look at?"

UPLOAD = "A picture of your own"
UPLOAD_HELP = "It stays on this computer and goes with this session."
ADDRESS = "A web address"
ADDRESS_HELP = "Fetched once you press Enter, and only from the public internet."
FETCHING = "Fetching the picture…"
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
PICK_A_NETWORK = "Choose at least one network at the side."
WAITING = "waiting…"
STOPPED = "Stopped before it was computed."
GO_ON = "Go on"
QUEUE_FULL = "Too much is being computed at once. This goes on by itself as soon as there is room."
DEVICES = {"cpu": "on the CPU", "cuda": "on the GPU"}
ORIGINAL = "The picture"
UNTRAINED_NOTE = "random weights"
HATCHED = "A hatched part of the picture was never seen by that network."
DOWNLOADING = "Downloading"
DOWNLOADED = "is here now."

GALLERY = "Gallery"
GALLERY_TITLE = "Pictures to pick from"
DATASET = "Data set"
NOT_HERE = "not here yet"
LIVE = "iNaturalist, live search"
LIVE_TERMS = "Each photograph is its author's, under the licence named with it"
LIVE_ABOUT = (
    "Photographs of a species that people gave to iNaturalist, of research grade and free to use "
    "(CC0, CC BY or CC BY-SA). Nothing is asked of inaturalist.org until you press Search; then "
    "it is sent the name of the species."
)
SPECIES = "Species"
SPECIES_HINT = "A scientific or a common name, such as Carnegiea gigantea"
SEARCH = "Search"
SEARCHING = "Asking iNaturalist…"
PLACE = "A folder or zip on this computer"
PLACE_HINT = "/home/you/pictures"
PLACE_HELP = "Its sub-folders are the classes. It is read where it lies; nothing is copied."
PLACE_ASK = "Name a folder or a zip of pictures. Each of its sub-folders becomes a class."
PLACE_SHUT = "Folders can be named only where the app is open to this computer alone."
OPENING = "Looking at what is there…"
CLASSES = "Class"
ALL_CLASSES = "All"
EVERY = "Show every class"
WORDS = "Search the classes"
ORDER = "Order"
ORDERS = {"chance": "By chance", "list": "In order"}
DRAW_AGAIN = "Draw again"
PREVIOUS = "Previous"
NEXT = "Next"
NO_CLASS = "No class is called like that."
NO_PICTURES = "There is no picture in this class."
BROKEN = "This file can't be shown."
THUMBNAILS = "Pictures; choose one to see it larger"
COMPARE_THIS = "Compare this one"
COMPARE_THIS_HELP = "Opens Compare with this picture."
DOWNLOAD_SET = "Download"
UNPACKING = "Unpacking"
STOP = "Stop"
TERMS = "Terms"
LAYOUT = "Files"
LOOKED_IN = "Looked for in"
SIZE = "Size"
SOURCE = "Picture"
SOURCES = {"set": "Pick one", "upload": "Your own", "camera": "Camera", "web": "Web"}
PICK_CLASS = "Class"
PICK_ITEM = "Which"
DRAW_ONE = "Draw one"
TO_GALLERY = "Gallery"


def subtitle(picture: Picture, models: int, methods: int) -> str:
    """One line under the title: what is being compared."""
    networks = f"{models} network" + ("s" if models != 1 else "")
    views = f"{methods} view" + ("s" if methods != 1 else "")
    credit = f" · {picture.source}" if picture.source else ""
    return plain(f"{picture.name} · {networks} × {views}{credit}")


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
    return f"{plain(waiting[0])} looks at the picture, {number} of {total}, {device}…"


def computed(seconds: float, device: str) -> str:
    """Where a comparison was computed, and how long it took."""
    taken = "less than 0.1 s" if seconds < 0.1 else f"{seconds:.1f} s"
    return f"Computed {device}, in {taken}."


def download(spec: ModelSpec) -> str:
    """What the button says that fetches a network's weights."""
    return f"Download {spec.title} (about {spec.download_megabytes} MB)"


def download_terms(spec: ModelSpec) -> str:
    """Where the weights come from and under which terms."""
    if spec.weights is None or not spec.weights.url:
        return f"{spec.license}."
    return f"From {spec.weights.url.split('/')[2]}. {spec.license}."


def dataset_label(title: str, here: bool) -> str:
    """A data set's name as a choice, which tells what is not here."""
    return plain(title) if here else f"{plain(title)} · {NOT_HERE}"


def about_dataset(about: str, terms: str) -> str:
    """What a data set is and whose pictures it holds."""
    return plain(" ".join(filter(None, (about, terms.rstrip(".") + "."))))


def class_label(name: str, count: int) -> str:
    """A class as a choice, with the number of its pictures."""
    return f"{plain(name)} · {count:,}"


def words_hint(count: int) -> str:
    """What stands in the empty field for a search among the classes."""
    return f"Search {count:,} classes"


def more_classes(count: int) -> str:
    """For classes that aren't shown."""
    return f"{count:,} more; type to find them."


def place_in_list(start: int, stop: int, total: int) -> str:
    """Which pictures are shown, counted from 1."""
    return f"{start:,}–{stop:,} of {total:,}"


def drawn(count: int, total: int, seed: int) -> str:
    """How many were drawn, and by which seed."""
    return f"{count:,} of {total:,} · seed {seed:,}"


def page_of(page: int, last: int) -> str:
    """Which page is shown, counted from 1."""
    return f"Page {page:,} of {last:,}"


def pick_number(first: int, last: int) -> str:
    """The label of the field for a picture's number in its class."""
    return f"Which, {first:,} to {last:,}"


def no_place(named: str) -> str:
    """For a folder that isn't there."""
    return f"There is no folder or zip {named}."


def alt(item: Item) -> str:
    """What a picture is, to somebody who can't see it."""
    return f"{item.class_name}: {item.name}"


def size_of(picture: Picture) -> str:
    """A picture's size in pixels, wide by high."""
    return f"{picture.size[1]:,} × {picture.size[0]:,} pixels"


def how_large(size_bytes: int, verified: bool) -> str:
    """The size of a download, and whether it can be checked."""
    checked = (
        "checked against its published hash" if verified else "not verified: no hash is published"
    )
    return f"about {size_bytes / 1e9:.1f} GB, {checked}"


def download_set(size_bytes: int) -> str:
    """What the button says that fetches a data set."""
    return f"{DOWNLOAD_SET} about {size_bytes / 1e9:.1f} GB"


def downloading(title: str, done: int, total: int, unpacking: bool) -> str:
    """What the bar says while a data set comes."""
    what = UNPACKING if unpacking else DOWNLOADING
    return plain(f"{what} {title}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")


# The grid of Compare. What stands in braces is filled in by the browser.
GRID = {
    "label": COMPARE_TITLE,
    "strength": "Overlay",
    "strength_help": "How strongly heat maps cover the picture",
    "palette": "Palette",
    "unsafe": "hard to read for colour-blind eyes",
    "scale": SCALE,
    "scale_help": SCALE_HELP,
    "what_is_this": "What is this?",
    "copy": "Copy link",
    "copied": "Copied.",
    "copy_by_hand": "Copy this address yourself:",
    "download": "Download",
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
    "dialog_help": "Arrow keys: other maps. Plus and minus: zoom. Drag to move.",
    "own": "each its own",
    "shared": "one scale a row",
    "rank": "rank",
    "evidence": "share of the evidence",
    "own_ends": "nothing|this map’s most",
    "shared_ends": "nothing|the row’s most",
    "rank_ends": "lowest|highest value",
    "evidence_ends": "no share|largest share",
    "diverging_ends": "against it|for it",
}
EXPORTS = {"png": "Sheet, as a picture", "gif": "Animation (GIF)", "npz": "Raw maps (npz)"}
WHOLE_PICTURE = "the picture"
PART_SEEN = "what it saw"


def alt_of_map(method: str, network: str, class_name: str, contrast: str, words: str) -> str:
    """What is to be seen on a map.

    >>> alt_of_map("Grad-CAM", "EB0", "tabby", "", "peak centre")
    'Grad-CAM of EB0 for “tabby”: peak centre'
    """
    against = f" and not “{contrast}”" if contrast else ""
    return f"{method} of {network} for “{class_name}”{against}: {words}"


def alt_of_filters(view: str, network: str) -> str:
    """What is to be seen on a grid of kernels."""
    return f"{view} of {network}"


def changed(before: str, now: str) -> str:
    """How a probability changed."""
    return f"{before} → {now}"


# --- Address ---
LINK_NETWORK = "a network"
LINK_VIEW = "a view"
LINK_LAYER = "The link names a layer, which is possible with one network only."
LINK_PARTS = {
    "picture": "picture",
    "web": "web address",
    "place": "folder",
    "class": "class",
    "against": "class held against",
    "layer": "layer",
    "whole": "choice of the whole picture",
    "untrained": "choice of random weights",
    "scale": "scale",
    "palette": "palette",
    "strength": "strength of the maps",
}
LINK_FETCH = "Fetch it"
LINK_OPEN = "Open it"
LINK_PLACE_SHUT = (
    "The link names a folder, which can be opened only where the app is open to this computer "
    "alone."
)
STAYS_PICTURE = "The link leaves out your picture, which stays on this computer."
STAYS_SEARCHED = "The link leaves out the picture, which a live search found."
STAYS_NETWORK = "The link leaves out your own network, which stays on this computer."

EXPLAINED = "What is explained"
EXPLAIN_CLASS = "Class"
EXPLAIN_TOP = "Each network's own top answer"
EXPLAIN_CLASS_HELP = (
    "The maps show what speaks for this class. A network that doesn't know the class says so."
)
EXPLAIN_AGAINST = "Against"
EXPLAIN_NONE = "No other class"
EXPLAIN_AGAINST_HELP = (
    "The maps then show what speaks for the first class rather than for this one."
)
EXPLAIN_SAME = "A class can't be held against itself."
EXPLAIN_LAYER = "Layer of the class activation maps"
EXPLAIN_LAYER_OWN = "The network's own choice"
EXPLAIN_LAYER_HELP = (
    "Early layers see edges in fine detail, late ones whole objects on a coarse grid."
)
EXPLAIN_LAYER_ONE = "With one network alone, you can also choose the layer that is looked at."
EXPLAIN_LAYER_LATER = "Its layers can be chosen once the network has answered."
MORE_NETWORKS = "More networks"
MORE_VIEWS = "More views"
FEWER = "Fewer"
MORE = "More choices"
NOT_HERE_HELP = "↓ marks networks whose weights aren't here yet; the size is that of the download."


def what_is_explained(class_: str, against: str, layer: str) -> str:
    """What is explained, where it isn't each network's own top answer."""
    said = f"“{class_}”" if class_ else ("the top answer" if against else "")
    if against:
        said += f" rather than “{against}”"
    return " · ".join(filter(None, (said, f"layer {layer}" if layer else "")))


def explain_layer(layer: str) -> str:
    """The layer in use, while others can't be named yet."""
    return f"Layer {plain(layer)}. {EXPLAIN_LAYER_LATER}"


def not_here(title: str, megabytes: int) -> str:
    """A network as a choice, whose weights aren't here."""
    return f"{plain(title)} :gray[↓ {megabytes} MB]"


def link_unreadable(part: str) -> str:
    """For a part of a link that is too long or no text."""
    return f"The link's {LINK_PARTS[part]} can't be read, so it was ignored."


def link_wrong(part: str, said: str) -> str:
    """For a part of a link that makes no sense."""
    return f"The link's {LINK_PARTS[part]} “{said}” is none, so it was ignored."


def link_unknown(kind: str, name: str, more: int) -> str:
    """For names in a link that aren't in the table."""
    others = f" and {more} more" if more else ""
    return f"The link names “{name}”{others} as {kind}, which is not known here."


def link_picture(why: str) -> str:
    """For a picture in a link that isn't here."""
    return f"The link's picture isn't here. {why}"


def link_dataset(name: str) -> str:
    """For a data set in a link that isn't here."""
    return f"The link's picture is of the data set “{name}”, which isn't on this computer."


def link_fetches(host: str) -> str:
    """The question before a picture is fetched that a link names."""
    return f"This link wants to fetch a picture from {host}."


def link_opens(place: str) -> str:
    """The question before a folder is read that a link names."""
    return f"This link wants to read pictures in the folder {place} on this computer."


# --- Networks of one's own, camera, downloads ---
CAMERA = "Take a picture"
CAMERA_NAME = "your photo"
CAMERA_HELP = "It stays on this computer and goes with this session. Your browser asks you first."
OWN_ADD = "Add a network of your own"
OWN_CHANGE = "Your own networks"
OWN_TITLE = "A network of your own"
OWN_FILE = "Its file of weights"
OWN_ARCHITECTURE = "Its architecture"
OWN_ARCHITECTURE_HINT = "Choose, or type a part of the name"
OWN_ARCHITECTURE_HELP = (
    "The plan that the weights were trained in, as torchvision or timm call it. The file holds "
    "the numbers only; they fit one plan."
)
OWN_NAME = "What to call it"
OWN_NAME_HINT = "as the file is called"
OWN_CLASSES = "Names of its classes (optional)"
OWN_CLASSES_TYPED = "One name a line, in the network’s order"
OWN_CLASSES_FILE = "Or a text file"
OWN_CLASSES_HELP = "Without names, a network with 1,000 classes is taken to know ImageNet’s."
OWN_SUBMIT = "Add it"
OWN_REMOVE = "Remove"
OWN_NO_FILE = "Please choose the file of weights first."
OWN_NO_ARCHITECTURE = "Please choose the architecture that the weights belong to."
OWN_NO_NAME = "Please give it a name."
OWN_SLASH = "A name can’t hold / or \\."
OWN_READING = "Reading the weights and trying them on a picture…"
OWN_LIST = "Your list"
OWN_NOT_NUMBERS = "The network’s answers are no numbers; something is wrong with its weights."
ADD = "Add"
TRY_AGAIN = "Try again"
NOT_NOW = "Not now"


def too_large_a_picture(megabytes: int) -> str:
    """For a picture beyond the limit."""
    return f"This picture is too large; up to {megabytes} MB can be shown."


def own_limit(megabytes: int) -> str:
    """Under the field for a file of weights."""
    return (
        f"A .safetensors, .pth or .pt file of up to {megabytes} MB. Only its numbers are read; "
        "code in it is never run. It is deleted when you close this page."
    )


def own_full(most: int) -> str:
    """For a session that has all the networks of its own that it may."""
    return f"You have {most} networks of your own here. Remove one to add another."


def own_taken(name: str) -> str:
    """For a name that another network has."""
    return f"Another network is called {name} already."


def download_size(spec: ModelSpec) -> str:
    """What one press does for a network whose weights aren't here."""
    return f"Download {spec.download_megabytes} MB"


def go_on(here_bytes: int, spec: ModelSpec) -> str:
    """The same, where a part of them is here."""
    return f"Go on, {here_bytes / 1e6:,.0f} of {spec.download_megabytes} MB are here"


def download_failed(title: str) -> str:
    """For a fault that nobody thought of."""
    return f"The weights of {title} couldn't be fetched; the terminal says why."


def weights_missing(count: int) -> str:
    """Before the buttons that fetch them."""
    return "Weights that aren’t here yet:" if count > 1 else "Its weights aren’t here yet:"


def own_waits(ahead: int | None) -> str:
    """What is said while a network's turn is to come."""
    if ahead is None:
        return QUEUE_FULL
    if not ahead:
        return OWN_READING
    return f"{ahead} other computation{'s' if ahead > 1 else ''} first…"
