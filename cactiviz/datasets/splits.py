"""Parts of a data set that a folder's name tells: to train with, to validate, to test."""

from __future__ import annotations

import re

_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}
_OF_A_SET = re.compile(r"[ _-]?(set|data|images|imgs)$")


def split_of(folder: str) -> str:
    """The part, "train", "val" or "test", that a folder is called by; empty for any other.

    >>> split_of("Train"), split_of("validation"), split_of("test_set"), split_of("cat")
    ('train', 'val', 'test', '')
    """
    return _NAMES.get(_OF_A_SET.sub("", folder.lower()), "")
