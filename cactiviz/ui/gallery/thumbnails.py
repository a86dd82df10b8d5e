"""The Gallery's wall of small pictures, so that a page comes in one piece."""

from __future__ import annotations

from cactiviz.datasets import Item
from cactiviz.ui import texts
from cactiviz.ui.components import wall
from cactiviz.ui.pictures.library import Thumbnail


def show(thumbnails: list[Thumbnail], label: str, *, with_class: bool) -> Item | None:
    """Show them, and return the item whose picture was pressed in this run.

    Args:
        thumbnails: In the order of reading.
        label: What the wall is called to somebody who can't see it.
        with_class: Whether the class stands under each picture, and not its name.
    """
    cells = [
        wall.Cell(
            key=one.item.address,
            alt=texts.alt(one.item),
            title=one.item.class_name if with_class and not one.why else one.item.name,
            hint=one.why or one.item.address,
            src=one.jpeg,
            why=texts.BROKEN if one.why else "",
        )
        for one in thumbnails
    ]
    pressed = wall.show(cells, label, "thumbnails")
    known = {one.item.address: one.item for one in thumbnails if not one.why}
    return None if pressed is None else known.get(pressed)
