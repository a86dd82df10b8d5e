"""Metadata of exported files: an EXIF signature, and recipes as XMP."""

from __future__ import annotations

import os
import re
from html import escape, unescape

from PIL import Image

#: What a picture says it was made by, in EXIF's own place for that.
SOFTWARE = "cactiviz"
_SOFTWARE_TAG = 0x0131
_BEGIN, _END = b"<dc:description>", b"</dc:description>"


def signature() -> Image.Exif:
    """EXIF data that marks a picture as exported by this package.

    >>> signature()[0x0131]
    'cactiviz'
    """
    exif = Image.Exif()
    exif[_SOFTWARE_TAG] = SOFTWARE
    return exif


def is_signed(path: str | os.PathLike[str]) -> bool:
    """Whether a picture file carries that signature."""
    try:
        with Image.open(path) as image:
            return bool(image.getexif().get(_SOFTWARE_TAG) == SOFTWARE)
    except Exception:  # a damaged file can raise anything in a reader
        return False


def xmp(recipe: str) -> bytes:
    """A recipe as an XMP packet, for WebP and MP4.

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
    """The recipe in an XMP packet of :func:`xmp` anywhere in the bytes; "" if there is none."""
    match = re.search(re.escape(_BEGIN) + b"(.*?)" + re.escape(_END), packet, re.DOTALL)
    return unescape(match[1].decode("ascii", "replace")) if match else ""
