"""The data sets as the app sees them: what is here, opened once; a picture; a thumbnail."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2
import streamlit as st

from cactiviz.datasets import DATASETS, Dataset, Item, data_folder, find_dataset, open_dataset
from cactiviz.datasets.inaturalist_api import Sighting, open_sighting
from cactiviz.datasets.scenes.scene import open_scenes
from cactiviz.errors import CactivizError, DataError
from cactiviz.types import Picture
from cactiviz.ui import texts as shared
from cactiviz.ui.components import data_url, wall
from cactiviz.ui.pictures import texts
from cactiviz.ui.server.names import is_loopback
from cactiviz.ui.session import state

FOLDER = "folder"
#: What a search of iNaturalist found, as a data set of this session.
LIVE = "live"
#: With more classes than this, a page opens on some of them.
_MANY_CLASSES = 24
_SOME_CLASSES = 12
#: The shorter side of a picture that is looked at, in pixels; and
LARGE = 640
THUMBNAIL = 176  #: of a small one.
_LONGEST = 2  # times the shorter side; what is beyond is not shown in a square anyway
_SCENE = 128  # pixels; a drawing takes longer the larger it is
_QUALITY = 82
_THREADS = 4
_FIRST = Item("samples", "photographs", "chelsea")  # the networks that come along differ on it
#: The picture of an address that names none; CactiNet is sure of it.
UNNAMED_ITEM = Item("scenes", "cactus", "178")


def title(name: str) -> str:
    """What a data set is called."""
    return texts.LIVE if name == LIVE else DATASETS[name].title


def label(name: str) -> str:
    """A data set as a choice, which tells what is not here; some are, once something is named."""
    here = name in (LIVE, FOLDER) or is_here(name)
    return title(name) if here else f"{title(name)} · {texts.NOT_HERE}"


def is_here(name: str) -> bool:
    """Whether a data set can be opened now, without a question or a download."""
    if name == LIVE:
        return bool(state.sightings())
    return _found(name) is not None


def here() -> list[str]:
    """All that can be opened now, in the table's order."""
    return [name for name in (*DATASETS, LIVE) if is_here(name)]


def first() -> str:
    """The data set to begin with."""
    return _FIRST.dataset if _FIRST.dataset in DATASETS else next(iter(DATASETS))


def first_item() -> Item:
    """The picture of a first visit."""
    if _FIRST.dataset in DATASETS:
        return _FIRST
    return next(iter(opened(first())))


def forget_places() -> None:
    """For when a data set has come that was not here a moment ago."""
    _found_in.clear()


def opened(name: str) -> Dataset:
    """A data set, listed once and kept.

    Raises:
        DataError: It isn't here, or can't be read.
    """
    if name == LIVE:
        return _live(state.sightings())
    place = _found(name)
    if place is None:
        raise DataError(f"{title(name)} isn't here any more.")
    changed = place.stat().st_mtime_ns if place.exists() else 0
    return _opened(name, str(place), changed)


def folders_may_be_named() -> bool:
    """Only a person at this computer may name its folders."""
    return is_loopback(str(st.get_option("server.address") or ""))


def opening(dataset: Dataset) -> tuple[str, ...]:
    """The classes to begin with: all, if they are not too many."""
    few = len(dataset.classes) <= _MANY_CLASSES
    return dataset.opening or (dataset.classes if few else dataset.classes[:_SOME_CLASSES])


def opening_first(dataset: Dataset) -> list[str]:
    """The classes to begin with that have pictures, before others that which all begins with."""
    item = UNNAMED_ITEM
    names = [name for name in opening(dataset) if dataset.count(name)]
    return sorted(names, key=lambda name: (dataset.name, name) != (item.dataset, item.class_name))


def ordered(dataset: Dataset) -> list[str]:
    """All classes, the opening ones first."""
    return [*dataset.opening, *(c for c in dataset.classes if c not in set(dataset.opening))]


def only(dataset: Dataset, classes: tuple[str, ...]) -> Dataset:
    """The data set with these classes alone."""
    return replace(dataset, items={name: dataset.items[name] for name in classes})


def picture(dataset: Dataset, item: Item) -> Picture:
    """One picture at its full size, kept for a while.

    Raises:
        CactivizError: It can't be read.
    """
    return _picture(place_of(dataset.name), item.address, dataset, item)


def thumbnails(dataset: Dataset, items: tuple[Item, ...]) -> list[wall.Cell]:
    """A small picture of each item, in order; a broken one says so, and why as a hint."""
    place, several = place_of(dataset.name), len(dataset.classes) > 1
    if dataset.name == LIVE:  # it comes from afar, one a second
        cells = []
        bar = st.progress(0.0, shared.FETCHING)
        for number, item in enumerate(items, 1):
            cells.append(_cell(place, dataset, item, several))
            bar.progress(number / len(items), shared.FETCHING)
        bar.empty()
        return cells
    if dataset.name == "scenes":  # the same places, drawn smaller; threads don't help it
        small = open_scenes(_SCENE)
        return [_cell(place, small, item, several) for item in items]
    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(lambda item: _cell(place, dataset, item, several), items))


def data_address(picture: Picture, side: int | None = None) -> str:
    """A picture as a JPEG in a data address, its shorter side at most ``side`` pixels long."""
    rgb = picture.rgb
    if side is not None:
        height, width = picture.size
        shorter = min(height, width)
        top, left = (max(0, (n - _LONGEST * shorter) // 2) for n in (height, width))
        rgb = rgb[top : height - top, left : width - left]
        scale = min(1.0, side / shorter)
        size = [max(1, round(n * scale)) for n in rgb.shape[1::-1]]
        rgb = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return data_url.jpeg(rgb, _QUALITY)


def _found(name: str) -> Path | None:
    if name == FOLDER:
        place = state.place()
        if not place or not folders_may_be_named():
            return None
        return find_dataset(name, Path(os.path.expanduser(place)))
    if (named := state.place_of(name)) and folders_may_be_named():
        own = find_dataset(name, Path(os.path.expanduser(named)))
        if own is not None:
            return own
    return _found_in(name, str(data_folder()))


@st.cache_resource(ttl=5, max_entries=64, show_spinner=False)
def _found_in(name: str, folder: str) -> Path | None:
    return find_dataset(name, Path(folder))


@st.cache_resource(max_entries=8, show_spinner=shared.OPENING)
def _opened(name: str, place: str, changed: int) -> Dataset:
    if DATASETS[name].place == "searched":
        return DATASETS[name].open(Path(place))
    return open_dataset(name, Path(place) if name == FOLDER else None)


def place_of(name: str) -> str:
    """What tells apart data sets of the same name; addresses name only the data set."""
    return "" if name == LIVE else str(_found(name))


def _cell(place: str, dataset: Dataset, item: Item, several: bool) -> wall.Cell:
    cell = wall.Cell(item.address, shared.ALT.format(item=item), item.name, hint=item.address)
    try:
        small = _thumbnail(place, item.address, dataset, item)
    except CactivizError as error:  # never kept, so that what was mended is seen
        return replace(cell, hint=str(error), why=shared.BROKEN)
    return replace(cell, src=small, title=item.class_name if several else item.name)


@st.cache_data(max_entries=1000, show_spinner=False)
def _thumbnail(place: str, address: str, _dataset: Dataset, _item: Item) -> str:
    return data_address(_dataset.open(_item), THUMBNAIL)


# The very object, not a copy of it in each run.
@st.cache_resource(max_entries=16, show_spinner=False)
def _picture(place: str, address: str, _dataset: Dataset, _item: Item) -> Picture:
    return _dataset.open(_item)


def _live(sightings: tuple[Sighting, ...]) -> Dataset:
    """What a search found as a data set: species as classes, photographs by their numbers."""
    by_number = {(sighting.species, str(sighting.photo_id)): sighting for sighting in sightings}
    items: dict[str, list[str]] = {}
    for species, number in by_number:
        items.setdefault(species, []).append(number)

    def read(species: str, number: str) -> Picture:
        return open_sighting(by_number[species, number])

    return Dataset(LIVE, texts.LIVE, texts.LIVE_TERMS, items, read)
