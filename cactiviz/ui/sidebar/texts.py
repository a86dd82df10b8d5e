"""What the side panel says."""

from __future__ import annotations

from collections.abc import Sequence

from cactiviz.ui.texts import plain

ADDRESS = "A web address"
ADDRESS_HELP = "Fetched once you press Enter, and only from the public internet."
NETWORKS = "Networks"

PICK_A_VIEW = "Choose at least one view."
PICK_A_NETWORK = "Choose at least one network under “Change networks”."
STAND_IN = "Until there is one, the picture from before stays."
SOURCE = "Picture"
SOURCES = {"set": "A data set", "web": "Web address", "upload": "Your own", "camera": "Camera"}
BEGINNINGS = {
    "photographs": "Photographs",
    "cacti": "Cacti from the air",
    "blog": "The blog’s five networks",
    "inaturalist": "iNaturalist",
    "own": "My own",
}

EXPLAINED = "Explain another answer"
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
FEWER = "Fewer"

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
