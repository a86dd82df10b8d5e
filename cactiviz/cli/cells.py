"""Cells of a table that a spreadsheet may open: text stays text, and a line stays one line."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_CALCULATES = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(text: str) -> str:
    r"""A text as a cell of a file with tabs between, which no spreadsheet takes for more.

    A cell that begins as a formula does gets an apostrophe before it, spreadsheets' own sign for
    text; signs that would end the cell or its line become spaces.

    >>> cell("=HYPERLINK(1)"), cell("-3.5"), cell("-a"), cell("two\tcells")
    ("'=HYPERLINK(1)", '-3.5', "'-a", 'two cells')
    """
    is_formula = text.startswith(_CALCULATES) and not _NUMBER.fullmatch(text)
    return re.sub(r"[\x00-\x1f\x7f\x85\u2028\u2029]+", " ", f"'{text}" if is_formula else text)
