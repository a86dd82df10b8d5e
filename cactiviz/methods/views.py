"""Names of views: a method, a method at a layer (``METHOD@LAYER``), or the filters."""

from __future__ import annotations

from cactiviz.methods import METHODS

#: The view that shows the first layer's kernels; no method, since it depends on no picture.
FILTERS = "filters"
VIEWS = (*METHODS, FILTERS)


def method_of(view: str) -> str:
    """The method's name in a view's name.

    >>> method_of("grad_cam@layer2")
    'grad_cam'
    """
    return view.partition("@")[0]


def describe(view: str) -> tuple[str, str]:
    """Title of a view, and the question that it answers."""
    if view == FILTERS:
        return "First-layer filters", "What does the network look for first, in any picture?"
    method, _, layer = view.partition("@")
    title = METHODS[method].title
    return f"{title} at {layer}" if layer else title, METHODS[method].asks
