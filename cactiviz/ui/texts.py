"""All texts of the app, so that a language is one file."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cactiviz.captions import caption
from cactiviz.cover import How
from cactiviz.datasets import Item
from cactiviz.explain_neurons import NeuronExplanation
from cactiviz.kernels import Inputs, ShownWeights
from cactiviz.methods import METHODS
from cactiviz.models import ModelSpec
from cactiviz.regions import where_is_the_peak
from cactiviz.scales import Floats, Scale, full_value, number, percent
from cactiviz.types import Box, FilterGrid, Neuron, Picture

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


# --- Walls of small pictures with an enlarged view ---

WALL = {
    "previous": "Previous",
    "next": "Next",
    "close": "Close",
    "strength": "How strong the colours are",
}

# --- Filters and Neurons ---

LAYER_WAITS = "its first layer…"


def layer_of(title: str) -> str:
    """The label of the choice of a network's layer."""
    return f"Layer of {plain(title)}"


def shown_of(shown: int, total: int) -> str:
    """How many of how many are shown."""
    return f"{shown:,} of {total:,} are shown."


# --- Filters ---

FILTERS = "Filters"
FILTERS_TITLE = "What do the filters look for?"
FILTERS_WHAT = (
    "A filter is a small pattern that a network slides over the picture. Left is the pattern; "
    "right is where the picture fits it (orange) or fits its opposite (blue)."
)
FILTERS_LIMIT = (
    "Only in a network's first layer is the pattern made of colours that you could see. And a "
    "filter that finds much need not matter for the network's answer."
)
FILTER_ORDER = "Order"
FILTER_ORDERS: dict[Literal["response", "own"], str] = {
    "response": "Strongest first",
    "own": "The network’s own",
}
MAP_SCALE = "Brightness of the maps"
MAP_SCALES: dict[Literal["shared", "own"], str] = {
    "shared": "One scale a layer",
    "own": "Each its own",
}
MAP_SCALE_HELP = (
    "“One scale a layer” lets you compare the maps of a network, and weak ones stay pale. “Each "
    "its own” stretches every map to full colour, so a faint one looks as strong as a clear one. "
    "Scores of different networks are not in the same unit."
)
KERNEL_INPUTS = "Kernels of many inputs"
KERNEL_INPUT: dict[Inputs, str] = {"heaviest": "Heaviest input", "mean": "Mean of all"}
KERNEL_INPUTS_HELP = (
    "After the first layer a filter looks at all the maps of the layer before, with a pattern of "
    "its own for each. They don't fit on a screen: you see the one with the largest weights, or "
    "the mean of all, in which much cancels out. How much of the filter that is stands in the "
    "enlarged view."
)
SINGLE_WEIGHTS = (
    "These kernels are 1 × 1: one weight for each map of the layer before. There is no shape to "
    "see in them, so only what they find is shown."
)
MAP_OVER = "Where it answers, over the picture"


def convolution(name: str, count: int, rows: int, columns: int) -> str:
    """A convolution as a choice."""
    return f"{name} · {count} of {rows} × {columns}"


def filters_label(title: str, layer: str) -> str:
    """What a wall of filters is called to somebody who can't see it."""
    return f"Filters of {title}, {layer}; choose one to see it larger"


def kernel_name(index: int) -> str:
    """A filter's name, by the network's own number, counted from 0."""
    return f"Kernel {index}"


def kernel_title(rows: int, columns: int) -> str:
    """Above an enlarged kernel."""
    return f"The pattern, {rows} × {columns} weights"


def map_title(shape: tuple[int, ...]) -> str:
    """Above an enlarged feature map."""
    return f"Its feature map, {shape[0]} × {shape[1]}"


def show_more(count: int) -> str:
    """The button for more filters."""
    return f"Show {count} more"


def filters_said(grid: FilterGrid, weights: ShownWeights, full: float | None) -> str:
    """One line about a layer: how many kernels, and the scales of all that is painted."""
    count, channels, rows, columns = grid.kernels.shape
    said = [f"{count} kernels of {rows} × {columns}"]
    if (rows, columns) != (1, 1):
        said.append(_shown_part(weights, channels))
        said.append(f"black and white at ±{number(weights.full)}")
    maps = grid.feature_maps
    if maps is not None:
        low, high = number(float(maps.min())), number(float(maps.max()))
        scale = "each map on a scale of its own"
        if full is not None:
            scale = f"all maps full colour at ±{number(full)}"
        said.append(f"{scale}, 0 white, min {low} max {high}")
    return " · ".join(said)


def _shown_part(weights: ShownWeights, channels: int) -> str:
    if weights.in_colour:
        return "in colour, 0 is mid grey"
    if channels == 1:
        return "in grey, each looks at one map of the layer before"
    if weights.inputs[0] is None:
        return f"in grey, the mean over {channels} inputs"
    return f"in grey, the heaviest of {channels} inputs of each"


def filter_line(map_: Floats, full: float | None) -> str:
    """Under a small filter: its response, and its map's scale where that is its own."""
    response = f"response {number(float(np.abs(map_).mean()))}"
    return response if full is None else f"{response}, full at ±{number(full)}"


def filter_alt(title: str, grid: FilterGrid, index: int, rank: int) -> str:
    """What is to be seen of a filter, to somebody who can't see it."""
    assert grid.feature_maps is not None
    where = _extremes(grid.feature_maps[index])
    return f"Kernel {index} of {title}’s {grid.layer}, response rank {rank + 1}: {where}"


def filter_words(
    title: str,
    grid: FilterGrid,
    weights: ShownWeights,
    index: int,
    rank: int,
    full: float,
    untrained: bool,
) -> tuple[str, ...]:
    """Sentences under an enlarged filter."""
    maps = grid.feature_maps
    assert maps is not None
    map_ = maps[index]
    said = [
        f"{title}, {grid.layer}. Rank {rank + 1} of {len(maps)} by response: on average its map "
        f"is {number(float(np.abs(map_).mean()))} away from 0.",
        f"In this picture it {_extremes(map_)}.",
    ]
    if grid.kernels.shape[2:] != (1, 1):
        said.append(_part_of_kernel(weights, grid.kernels.shape[1], index))
        said.append(
            f"The pattern’s black and white are ±{number(weights.full)}, one scale for the "
            "whole layer; mid grey is 0."
        )
    low, high = number(float(map_.min())), number(float(map_.max()))
    said.append(f"The map’s full colours are ±{number(full)}, white is 0; min {low} max {high}.")
    if untrained:
        said.append("Untrained: the weights are random, so this pattern was never learnt.")
    return tuple(said)


def _part_of_kernel(weights: ShownWeights, channels: int, index: int) -> str:
    if weights.in_colour:
        return "The pattern is shown whole, in its colours."
    if channels == 1:
        return "The pattern is shown whole; it looks at one map of the layer before."
    share, chosen = percent(float(weights.shares[index])), weights.inputs[index]
    if chosen is None:
        return f"Shown is the mean over its {channels} inputs; it keeps {share} of the kernel."
    return f"Shown is input {chosen} of {channels}, its heaviest: {share} of the kernel."


def _extremes(map_: Floats) -> str:
    """Where a map is largest above and below 0."""
    low, high = float(map_.min()), float(map_.max())
    parts = []
    if high > 0:
        parts.append(f"answers most at the {where_is_the_peak(map_)} ({number(high)})")
    if low < 0:
        parts.append(f"most against its pattern at the {where_is_the_peak(-map_)} ({number(low)})")
    if low == high:
        return f"answers the same everywhere ({number(low)})"
    return " and ".join(parts)


# --- What if a part were covered ---

WHAT_IF = "What if a part were covered?"
WHAT_IF_HELP = "Hide a part of the picture and see which networks change their answer."
WHAT_IF_END = "Uncover and close"
COVER_ALT = "The picture, on which a box is drawn."
COVER_BOX = "box"
COVER_WHERE = (
    "Box: {left} from the left, {top} from the top, {width} wide, {height} high, in pixels."
)
COVER_KEYS = "Arrow keys move it, with Shift they make it larger or smaller, Delete takes it away."
COVER_NONE = "Nothing is covered."
COVER_HOW = "Cover it with"
COVER_HOWS: dict[How, str] = {"grey": "Grey", "blur": "A blur", "mean": "Mean colour"}
COVER_NUMBERS = "The box, in pixels"
COVER_SIDES = {"left": "Left", "top": "Top", "width": "Width", "height": "Height"}
COVER_MIDDLE = "Cover the middle"
UNCOVER = "Uncover"
COVER_START = [
    "Draw a box on the picture, with the mouse or a finger. What lies in it is hidden, and every "
    "network answers again.",
    "Guess first: what does each network need to see? Which of them will change its mind?",
]
COVER_TABLE = "What each network said first, and what it says now"
COVER_COLUMNS = ["Network", "First answer", "Now", "Change", "Top answer now"]
COVER_CAUTION = (
    "A cover is itself something to react to: networks know flat patches and sharp edges from "
    "other pictures. Before you trust a change, cover it in another way too, and cover a place "
    "that shouldn’t matter."
)
COVER_DONE = "All networks have answered."
COVER_UNSEEN = "It never saw this part."
COVER_UNCHANGED = "as before"


def points(change: float) -> str:
    """A change between two probabilities, each in per cent.

    >>> [points(change) for change in (-41.2, 0.1, 0.0)]
    ['−41.2 points', '+0.1 points', 'none']
    """
    return f"{change:+.1f} points".replace("-", "−") if abs(change) >= 0.05 else "none"


# --- Why A and not B ---

WHY_NOT_OWN = "its own first answer"
WHY_NOT_END = "Back to each network’s own answer"
WHY_NOT_REFUSED = "It doesn’t know both of these classes."
WHY_NOT_COLOURS = (
    "In the maps orange speaks for the first and blue for the second. The bar shows how the two "
    "share what the network gives to either of them."
)


def why_not(class_name: str, other: str) -> str:
    """What the button says that asks for the difference of two answers."""
    return f"Why “{class_name}” and not “{other}”?"


def why_not_title(class_name: str, other: str) -> str:
    """What the maps show then; the class may be empty, for each network's own."""
    first = f"“{class_name}”" if class_name else "each network’s own first answer"
    return f"What speaks for {first} and against “{other}”, in each network"


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
    return f"“{first if margin > 0 else second}” ahead by {margin_text}"


def one_score(title: str, first: str, second: str) -> str:
    """What a contrast means for a network with one score for two classes."""
    return (
        f"{title} has a single score for its two classes: what speaks for “{first}” speaks against "
        f"“{second}” just as much. So its map is the one for “{first}” alone, only twice as large, "
        "and with what speaks against it left in."
    )


# --- Neurons ---

NEURONS = "Neurons"
NEURONS_TITLE = "What drives a single neuron?"
NEURONS_WHAT = (
    "A neuron is one number inside a network. Left is the part of the picture that it can see; "
    "right are the pixels in it that would change this number the most."
)
NEURONS_LIMIT = (
    "One neuron alone seldom stands for one thing. And pictures like these look sharp even for a "
    "network that has learnt nothing: try one with random weights."
)
NEURON_METHOD = "Shown by"
NEURON_WAY = "Which neurons"
NEURON_WAYS = {"chance": "Ten by chance", "place": "Most active at a place", "number": "One"}
NEURON_PARTS = ("Channel", "Row", "Column")
FIELD_ON_PICTURE = "What it can see of the picture"
FIELD_CLOSE = "That part, enlarged"
GRADIENT_CLOSE = "What drives it, enlarged"
GRADIENT_FAR = "What drives it"
POINT_LABEL = "A place in the picture: {down} down, {across} across; arrow keys move it"
POINT_HELP = (
    "Click a place. Shown are the ten neurons over it that are the most active, "
    "the strongest first."
)


def seed_said(seed: int) -> str:
    """By which seed neurons were drawn."""
    return f"Seed {seed:,}"


def neurons_place(name: str, channels: int, rows: int, columns: int, is_target: bool) -> str:
    """A layer as a choice of neurons."""
    target = " · where Grad-CAM looks" if is_target else ""
    return f"{name} · {channels} × {rows} × {columns}{target}"


def neurons_label(title: str, layer: str) -> str:
    """What a wall of neurons is called to somebody who can't see it."""
    return f"Neurons of {title}, {layer}; choose one to see it larger"


def neurons_said(size: tuple[int, int, int], method: str) -> str:
    """One line about a layer: how many neurons, and how their gradients are painted."""
    channels, rows, columns = size
    zero = "mid grey is 0" if METHODS[method].display == "signed" else "black is 0"
    return (
        f"{channels * rows * columns:,} neurons in {channels} channels of {rows} × {columns} · "
        f"each on a scale of its own, {zero}"
    )


def neuron_number(neuron: Neuron) -> str:
    """A neuron by its numbers, counted from 0."""
    return f"{neuron.channel}, {neuron.row}, {neuron.column}"


def neuron_name(neuron: Neuron) -> str:
    """A neuron's name: channel, row and column, counted from 0."""
    return f"Neuron {neuron_number(neuron)}"


def neuron_line(found: NeuronExplanation) -> str:
    """Under a small picture of a neuron: how active it is, and its scale."""
    display = METHODS[found.method].display
    full = full_value([found.values], display)
    if full == 0:
        return f"active at {number(found.value)}; silent, all zero"
    ends = "±" if display == "signed" else "white "
    return f"active at {number(found.value)}; full at {ends}{number(full)}"


def neuron_alt(title: str, found: NeuronExplanation, size: tuple[int, int]) -> str:
    """What is to be seen of a neuron, to somebody who can't see it."""
    numbers = "channel {}, row {}, column {}".format(*found.neuron)
    where = _place_of(found.field, size)
    peak = "nothing drives it"
    if found.values.any():
        peak = f"driven most from the {where_is_the_peak(found.values)} of what the network saw"
    return (
        f"Neuron of {title}’s {found.layer}, {numbers}: active at {number(found.value)}, "
        f"sees {where}, {peak}"
    )


def neuron_words(title: str, found: NeuronExplanation) -> tuple[str, ...]:
    """Sentences under an enlarged neuron."""
    display = METHODS[found.method].display
    full = full_value([found.values], display)
    seen, field = found.seen, found.field
    part = field.height * field.width / (seen.height * seen.width)
    said = [
        f"{title}, {found.layer}: channel {found.neuron.channel}, row {found.neuron.row}, column "
        f"{found.neuron.column}. It is active at {number(found.value)}.",
        f"It can see {field.width:.0f} × {field.height:.0f} pixels, {percent(part)} of what the "
        "network saw; nothing outside can change it.",
        f"{METHODS[found.method].title}: {caption(found.values, 'own', full, display)}.",
    ]
    return (*said, *found.notes)


def place_not_seen(title: str) -> str:
    """For a place that lies outside of what a network saw."""
    return f"{title} didn't see that place of the picture; choose one nearer to the middle."


def _place_of(box: Box, size: tuple[int, int]) -> str:
    """A part of a picture of this (height, width), in words."""
    share = box.height * box.width / (size[0] * size[1])
    if share >= 0.995:
        return "the whole picture"
    middle = np.zeros((3, 3))
    down = min(2, int(3 * (box.top + box.height / 2) / size[0]))
    across = min(2, int(3 * (box.left + box.width / 2) / size[1]))
    middle[down, across] = 1
    return f"{percent(share)} of the picture around the {where_is_the_peak(middle)}"
