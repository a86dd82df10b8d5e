"""The style sheets of the pages."""

from __future__ import annotations

from cactiviz.ui.components.loader import text


def sheets(page: str = "") -> str:
    """HTML with the style sheet of all pages and that of one page, for a page to send once.

    Args:
        page: Name of the page's package under ``cactiviz.ui``, in which ``PAGE.css`` lies.

    >>> sheets("gallery").startswith("<style>")
    True
    """
    css = text("components", ["page.css"])
    if page:
        css += text(page, [f"{page}.css"])
    return f"<style>{css}</style>"
