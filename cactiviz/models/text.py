"""Decodes text files of unknown encoding."""

from __future__ import annotations

import codecs
import re

from cactiviz.errors import WeightsError

# UTF-32's mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html|head|\?xml|svg)\b", re.IGNORECASE)
WESTERN = "The list isn’t saved as UTF-8; it was read with Windows’s letters of Western Europe."


def text_of(data: bytes, called: str) -> tuple[str, tuple[str, ...]]:
    """Decode a text, and return it with remarks on how it was read.

    Args:
        data: In UTF-8, UTF-16, UTF-32, or Windows's letters of Western Europe.
        called: Name of the file at the beginning of a sentence.

    Raises:
        WeightsError: It isn't text, or is a web page.

    >>> text_of("ça".encode("utf-16"), "It")[0]
    'ça'
    """
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "") or _guessed(data)
    remarks: tuple[str, ...] = ()
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise WeightsError(f"{called} isn't text.") from error
        text, remarks = data.decode("cp1252", "replace"), (WESTERN,)
    text = text.removeprefix("\ufeff")
    if _NOT_TEXT.search(text):
        raise WeightsError(f"{called} isn't text.")
    if _WEB_PAGE.match(text):
        raise WeightsError(f"{called} is a web page, not a list of class names; save its raw text.")
    return text, remarks


def _guessed(data: bytes) -> str:
    """UTF-16 without a mark has a zero in every other byte, where it is in Latin letters."""
    some = data[:2000]
    pairs = len(some) // 2
    if pairs and len(data) % 2 == 0:
        if some[1::2].count(0) > 0.6 * pairs:
            return "utf-16-le"
        if some[::2].count(0) > 0.6 * pairs:
            return "utf-16-be"
    return "utf-8"
