"""Searches iNaturalist for photographs of a species, only on request.

Only observations of research grade are asked for, and of their photographs only those that are
licensed as CC0, CC BY or CC BY-SA: a photograph has a licence of its own, which may be stricter
than its observation's.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, cast

from cactiviz.errors import DataError, DownloadError
from cactiviz.pictures.open import open_picture
from cactiviz.pictures.web import Fetched, fetch_picture
from cactiviz.types import Cancel, Picture

#: The licences that a photograph may have.
LICENCES = ("cc0", "cc-by", "cc-by-sa")
#: The most photographs of one search.
MOST = 100
_PAUSE_SECONDS = 1.0
_LONGEST_TEXT = 300

#: From a species' name and a number of observations to the answer of the API, version 1.
Ask = Callable[[str, int], Mapping[str, Any]]
#: From a photograph's address to its bytes.
Fetch = Callable[[str], Fetched]


@dataclass(frozen=True)
class Sighting:
    """A photograph on iNaturalist, not yet downloaded.

    Attributes:
        species: Its scientific name.
        common_name: What people call it; may be empty.
        photo_id: The photograph's number.
        url: Its address in the smallest size.
        credit: Whom to thank, in iNaturalist's words.
        licence: One of :data:`LICENCES`.
        page: The observation's address, for people.
    """

    species: str
    common_name: str
    photo_id: int
    url: str
    credit: str
    licence: str
    page: str

    @property
    def source(self) -> str:
        """Credit, licence and page in one line, as it is carried into exports."""
        return ", ".join(filter(None, (self.credit, f"licence {self.licence}", self.page)))


def search(species: str, count: int, *, ask: Ask | None = None) -> tuple[Sighting, ...]:
    """Search photographs of a species, at most one per observation.

    Args:
        species: A scientific or a common name.
        count: How many at most, up to :data:`MOST`.
        ask: Who is asked; iNaturalist itself if not given.

    Raises:
        DownloadError: iNaturalist can't be reached.
        DataError: It has no photograph like that, or the question makes no sense.
    """
    species = " ".join(species.split())
    if not species or len(species) > _LONGEST_TEXT:
        raise DataError("Give the name of a species, such as Carnegiea gigantea.")
    if not 1 <= count <= MOST:
        raise DataError(f"Ask for 1 to {MOST} photographs.")
    answer = (ask or _ask)(species, min(2 * count, 2 * MOST))
    sightings = tuple(islice(_sightings(answer), count))
    if not sightings:
        raise DataError(
            f"iNaturalist has no photograph of “{species}” of research grade that is free to use; "
            "please check the name."
        )
    return sightings


def open_sighting(
    sighting: Sighting,
    *,
    size: Literal["medium", "large"] = "medium",
    fetch: Fetch | None = None,
    cancel: Cancel | None = None,
) -> Picture:
    """Download a photograph, at most one per second, with credit and licence as its source.

    Args:
        sighting: Which.
        size: "medium" is at most 500 pixels long, "large" 1024.
        fetch: Who fetches it; the web itself if not given.
        cancel: Asked while it is fetched.

    Raises:
        DownloadError: It can't be fetched.
        PictureError: It is no picture.
        Cancelled: ``cancel`` was set.
    """
    url = sighting.url.replace("/square.", f"/{size}.")
    if fetch is None:
        _PACE.wait()
        fetched = fetch_picture(url, cancel=cancel)
    else:
        fetched = fetch(url)
    name = f"{sighting.species} {sighting.photo_id}"
    return open_picture(fetched.data, name=name, credit=sighting.source)


def _sightings(answer: Mapping[str, Any]) -> Iterator[Sighting]:
    for observation in _list(answer.get("results")):
        if observation.get("quality_grade", "research") != "research":
            continue
        for photo in _list(observation.get("photos")):
            sighting = _sighting(observation, photo)
            if sighting is not None:
                yield sighting
                break


def _sighting(observation: Mapping[str, Any], photo: Mapping[str, Any]) -> Sighting | None:
    licence, url, number = photo.get("license_code"), photo.get("url"), photo.get("id")
    if licence not in LICENCES or not isinstance(url, str) or not isinstance(number, int):
        return None
    taxon = observation.get("taxon")
    taxon = taxon if isinstance(taxon, Mapping) else {}
    return Sighting(
        _line(taxon.get("name")) or "unknown species",
        _line(taxon.get("preferred_common_name")),
        number,
        url,
        _line(photo.get("attribution")),
        licence,
        _line(observation.get("uri")),
    )


def _list(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list that came from outside."""
    return [x for x in value if isinstance(x, Mapping)] if isinstance(value, list) else []


def _line(value: object) -> str:
    """A text that came from outside, as one line of letters that can be shown."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    return "".join(sign for sign in text if sign.isprintable())[:_LONGEST_TEXT]


def _ask(species: str, observations: int) -> Mapping[str, Any]:
    from pyinaturalist.v1.observations import get_observations  # slow to import, and rarely needed

    _PACE.wait()
    try:
        with _session() as session:
            answer = get_observations(
                taxon_name=species,
                quality_grade="research",
                photos=True,
                photo_license=[licence.upper() for licence in LICENCES],
                order_by="votes",
                per_page=observations,
                session=session,
            )
    except OSError as error:  # all that requests raises
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status is not None:
            raise DownloadError(
                f"iNaturalist didn't answer the question, but with status {status}; please try "
                "again later."
            ) from error
        raise DownloadError(
            "iNaturalist can't be reached; please check the connection to the internet and try "
            "again."
        ) from error
    return cast(Mapping[str, Any], answer)


def _session() -> Any:
    """A session of pyinaturalist that keeps nothing on disk."""
    from pyinaturalist.session import ClientSession
    from requests_ratelimiter import MemoryQueueBucket

    return ClientSession(
        use_memory=True,
        bucket_class=MemoryQueueBucket,
        ratelimit_path=None,
        lock_path=None,
        per_second=1,
        burst=1,
        max_retries=1,
        user_agent="cactiviz",
    )


class _Pace:
    """Lets one through each second, however many threads come."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + _PAUSE_SECONDS
        time.sleep(turn - now)


_PACE = _Pace()
