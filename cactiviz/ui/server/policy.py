"""What every answer says to the browser: what it may load, and that no page may frame it."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources

#: Of everything: no guessing of types, no frame around it, nothing told to other sites.
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Of files of a session's own: they hold nothing that runs, and no cache keeps them.
OF_MEDIA = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "Cache-Control": "no-store",
}


@cache
def of_pages() -> dict[str, str]:
    """The policy of the app's own pages.

    Scripts are Streamlit's files, components (which it loads from blobs), and the few inline ones
    of its page, known by their hashes. Streamlit's widgets write their styles inline. Pictures and
    films are data or blobs as well.
    """
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(["'self'", "blob:", *_inline_scripts()]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data:",  # what the camera took is read from a data address
        "worker-src": "'self' blob:",
        "manifest-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    policy = "; ".join(f"{rule} {sources}" for rule, sources in rules.items())
    return {"Content-Security-Policy": policy}


def _inline_scripts() -> list[str]:
    """The hashes of the scripts that stand in Streamlit's page itself."""
    page = resources.files("streamlit").joinpath("static/index.html").read_text("utf-8")
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    digests = (hashlib.sha256(script.encode()).digest() for script in scripts)
    return [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
