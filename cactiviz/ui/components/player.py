"""The animation on the page: a frame of it, or the whole at play, with a button to hold it."""

from __future__ import annotations

from cactiviz.ui import texts
from cactiviz.ui.components.loader import small_component


def show(still: str, moving: str, size: tuple[int, int], alt: str) -> None:
    """Show it; whoever asks for less motion sees the still until they press Play.

    Args:
        still: One frame, as an address.
        moving: The animation, as an address; empty while there is none.
        size: (height, width) of a frame, so that its place is kept.
        alt: What is to be seen, in words.
    """
    data = {
        "still": still,
        "moving": moving,
        "height": size[0],
        "width": size[1],
        "alt": alt,
        "play": texts.FILM_PLAY,
        "hold": texts.FILM_HOLD,
    }
    small_component("components", "player")(data=data, key="stage")
