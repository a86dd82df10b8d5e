"""Detects hidden files and operating systems' own files by name."""

from __future__ import annotations

from typing import Literal

# In small letters. Windows, macOS, and the storage devices and desktops of other makers.
_OF_SYSTEMS = {
    *("thumbs.db", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "$recycle.bin", "recycler"),
    *("system volume information", "zbthumbnail.info", "picasa.ini"),
    *("__macosx", "icon\r", ".ds_store", ".appledouble", ".appledb", ".appledesktop"),
    *(".spotlight-v100", ".fseventsd", ".trashes", ".temporaryitems", ".localized"),
    *(".documentrevisions-v100", "network trash folder", "temporary items"),
    *("@eadir", "#recycle", "#snapshot", "@tmp", "lost+found", ".thumbnails", ".directory"),
}


def why_hidden(name: str) -> Literal["system", "hidden", ""]:
    """Why a file or folder of this name is left out; empty if it isn't.

    Args:
        name: Its own name, without the folders above.

    >>> why_hidden("Thumbs.db"), why_hidden("._a.jpg"), why_hidden(".ipynb_checkpoints")
    ('system', 'system', 'hidden')
    >>> why_hidden("a.jpg")
    ''
    """
    if name.lower() in _OF_SYSTEMS or name.startswith("._"):
        return "system"
    return "hidden" if name.startswith(".") else ""
