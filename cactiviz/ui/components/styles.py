"""The style sheets of the pages."""

from __future__ import annotations

from importlib import resources


def sheets(*names: str) -> str:
    """HTML of style sheets, for a page to send once.

    >>> sheets("gallery").startswith("<style>")
    True
    """
    folder = resources.files("cactiviz.ui")
    css = (folder.joinpath(f"{name}.css").read_text("utf-8") for name in ("page", *names))
    return f"<style>{''.join(css)}</style>"
