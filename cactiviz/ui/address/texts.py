"""What is said of links."""

from __future__ import annotations

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
LINK_VIEWS = "The link names more than {most} views, so the others were left out."
LINK_LAYER_OF = "The link names a layer of {network}, which it doesn't show, so it was ignored."
LINK_PICTURE = "The link's picture isn't here. {why}"
LINK_DATASET = "It belongs to “{title}”, which isn't on this computer yet."
LINK_FETCHES = "This link wants to fetch a picture from {host}."
LINK_OPENS = "This link wants to read pictures in the folder {place} on this computer."

LINK_UNREADABLE = "The link's {part} can't be read, so it was ignored."

LINK_WRONG = "The link's {part} “{value}” is none, so it was ignored."


def link_unknown(kind: str, name: str, more: int) -> str:
    """For names in a link that aren't in the table."""
    others = f" and {more} more" if more else ""
    return f"The link names “{name}”{others} as {kind}, which is not known here."


def class_unknown(name: str, several: bool) -> str:
    """For a class that was explained, once no network is left that knows it."""
    whose = "None of these networks" if several else "This network"
    verb = "knows" if several else "doesn’t know"
    return f"{whose} {verb} the class “{name}”, so it isn’t what is explained any more."
