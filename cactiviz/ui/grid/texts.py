"""What the grid of maps says."""

from __future__ import annotations

from cactiviz.explanations.results import Attribution
from cactiviz.rendering.scales import percent

#: Network -> what it knows, where that is so little that its answers mislead.
KNOWS_ONLY = {"cactinet": "only trained on desert from the air"}

# The grid of Compare. What stands in braces is filled in by the browser.
SAYS_OTHERWISE = "says otherwise"
SEEN_OF_IT = "what the networks saw of it"
EXPORTS = {
    "png": "Sheet, as a picture",
    "gif": "Animation (GIF)",
    "html": "Report (HTML)",
    "npz": "Raw maps (npz)",
    "zip": "Everything (ZIP)",
}
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
