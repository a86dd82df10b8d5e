"""What a file says of itself, where its format has a place for that: a recipe as text."""

from __future__ import annotations

import re
from html import escape, unescape

_BEGIN, _END = b"<dc:description>", b"</dc:description>"


def xmp(recipe: str) -> bytes:
    """A recipe as an XMP packet, which WebP and MP4 carry.

    >>> recipe_in(xmp('{"title": "<b>"}'))
    '{"title": "<b>"}'
    """
    return b"".join(
        [
            b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/'
            b'22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
            b'xmlns:dc="http://purl.org/dc/elements/1.1/">',
            _BEGIN + escape(recipe, quote=False).encode("ascii", "xmlcharrefreplace") + _END,
            b"</rdf:Description></rdf:RDF></x:xmpmeta>",
        ]
    )


def recipe_in(packet: bytes) -> str:
    """The recipe of a packet that :func:`xmp` made, anywhere in the bytes; "" if there is none."""
    found = re.search(re.escape(_BEGIN) + b"(.*?)" + re.escape(_END), packet, re.DOTALL)
    return unescape(found[1].decode("ascii", "replace")) if found else ""
