"""The comparison as one table in the browser: networks as columns, views as rows.

Python sends what there is to see; scaling, painting and looking closer happen in the browser, so
that none of it needs a run of the page.
"""

from __future__ import annotations

from cactiviz.ui.grid.component import Event, show, style_from, unpacked
from cactiviz.ui.grid.payload import EXPORTS, Download, Export, payload

__all__ = ["EXPORTS", "Download", "Event", "Export", "payload", "show", "style_from", "unpacked"]
