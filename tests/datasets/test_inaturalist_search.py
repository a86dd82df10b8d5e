"""The search for a species, against answers of the shape that iNaturalist's API v1 documents."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from cactiviz.datasets import inaturalist_api
from cactiviz.datasets.inaturalist_api import LICENCES, MOST, Sighting, open_sighting, search
from cactiviz.errors import CactivizError, DataError, DownloadError, PictureError
from cactiviz.pictures.web import Fetched

PHOTO = "https://inaturalist-open-data.s3.amazonaws.com/photos/{}/square.jpeg"


def photo(number: int, licence: str | None) -> dict[str, Any]:
    return {
        "id": number,
        "license_code": licence,
        "original_dimensions": {"width": 1536, "height": 2048},
        "url": PHOTO.format(number),
        "attribution": f"(c) Observer {number}, some rights reserved ({licence})",
        "flags": [],
    }


def observation(number: int, *photos: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """One of the answer's results; of its many keys those that matter, and a few that don't."""
    return {
        "id": number,
        "quality_grade": "research",
        "license_code": "cc-by",
        "uri": f"https://www.inaturalist.org/observations/{number}",
        "taxon": {
            "id": 54449,
            "rank": "species",
            "name": "Carnegiea gigantea",
            "preferred_common_name": "saguaro",
            "iconic_taxon_name": "Plantae",
        },
        "place_guess": "Pima County, AZ, USA",
        "photos": list(photos),
    } | changes


class Api:
    """Stands in for iNaturalist; remembers what it was asked."""

    def __init__(self, *results: Any) -> None:
        self.answer: Mapping[str, Any] = {
            "total_results": len(results), "page": 1, "per_page": 30, "results": list(results)
        }  # fmt: skip
        self.asked: list[tuple[str, int]] = []

    def __call__(self, species: str, observations: int) -> Mapping[str, Any]:
        self.asked.append((species, observations))
        return self.answer


def jpeg() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (90, 140, 60)).save(buffer, format="JPEG")
    return buffer.getvalue()


def refusal(error: type[CactivizError], *arguments: Any, **options: Any) -> str:
    with pytest.raises(error) as caught:
        search(*arguments, **options)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and "Error" not in text
    return text


def test_a_sighting_says_what_it_is_and_whose() -> None:
    api = Api(observation(11, photo(101, "cc-by")))
    assert search("  Carnegiea   gigantea ", 5, ask=api) == (
        Sighting(
            "Carnegiea gigantea",
            "saguaro",
            101,
            PHOTO.format(101),
            "(c) Observer 101, some rights reserved (cc-by)",
            "cc-by",
            "https://www.inaturalist.org/observations/11",
        ),
    )
    ((species, observations),) = api.asked
    assert species == "Carnegiea gigantea" and observations >= 5


def test_the_photographs_own_licence_decides_not_the_observations() -> None:
    closed = [None, "cc-by-nc", "cc-by-nd", "cc-by-nc-sa", "cc-by-nc-nd", "CC-BY", "", "gfdl", 7]
    api = Api(
        *(observation(i, photo(i, licence)) for i, licence in enumerate(closed)),
        observation(20, photo(201, "cc-by-nc"), photo(202, "cc0"), license_code=None),
        observation(21, photo(211, "cc-by-sa"), photo(212, "cc-by")),
    )
    found = search("saguaro", 50, ask=api)
    assert [(one.photo_id, one.licence) for one in found] == [(202, "cc0"), (211, "cc-by-sa")]
    assert {one.licence for one in found} <= set(LICENCES) == {"cc0", "cc-by", "cc-by-sa"}


def test_only_research_grade_is_taken() -> None:
    grades = ("needs_id", "casual", "research")
    api = Api(*(observation(i, photo(i, "cc0"), quality_grade=g) for i, g in enumerate(grades)))
    assert [one.photo_id for one in search("saguaro", 9, ask=api)] == [2]


def test_no_more_come_than_were_asked_for() -> None:
    api = Api(*(observation(i, photo(i, "cc0")) for i in range(30)))
    assert [one.photo_id for one in search("saguaro", 3, ask=api)] == [0, 1, 2]
    for count in (0, -1, MOST + 1):
        assert str(MOST) in refusal(DataError, "saguaro", count, ask=api)
    for species in ("", "  ", "x" * 1000):
        assert "name of a species" in refusal(DataError, species, 1, ask=api)
    assert len(api.asked) == 1, "a question that makes no sense isn't passed on"


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"results": None},
        {"results": []},
        {"results": "none"},
        {"results": [None, 3, "x", {}]},
        {"results": [{"photos": [None, {}, {"id": 1}]}]},
        {
            "results": [
                {"photos": [{"id": "1", "license_code": "cc0", "url": "https://x/square.j"}]}
            ]
        },
        {"results": [{"photos": [{"id": 1, "license_code": "cc0", "url": None}]}]},
    ],
    ids=range(8),
)
def test_an_answer_without_photographs_is_a_sentence(answer: Mapping[str, Any]) -> None:
    text = refusal(DataError, "Carnegia gigantea", 3, ask=lambda *_: answer)
    assert "no photograph of “Carnegia gigantea”" in text


def test_texts_from_outside_become_one_line() -> None:
    odd = photo(1, "cc0") | {"attribution": "no rights\nreserved\x1b[31m\u202e " + "x" * 999}
    (found,) = search("x", 1, ask=Api(observation(1, odd, taxon=None, uri=["x"])))
    assert found.species == "unknown species" and found.page == ""
    assert found.source.isprintable() and found.source.startswith("no rights reserved[31m x")
    assert len(found.source) < 400


def test_credit_and_licence_travel_with_the_picture() -> None:
    (sighting,) = search("saguaro", 1, ask=Api(observation(11, photo(101, "cc-by"))))
    asked: list[str] = []

    def fetch(url: str) -> Fetched:
        asked.append(url)
        return Fetched(jpeg(), "medium.jpeg", url)

    picture = open_sighting(sighting, fetch=fetch)
    assert picture.size == (30, 40) and picture.name == "Carnegiea gigantea 101"
    assert picture.source == (
        "(c) Observer 101, some rights reserved (cc-by), licence cc-by, "
        "https://www.inaturalist.org/observations/11"
    )
    open_sighting(sighting, size="large", fetch=fetch)
    assert asked == [PHOTO.format(101).replace("square", size) for size in ("medium", "large")]
    with pytest.raises(PictureError):
        open_sighting(sighting, fetch=lambda url: Fetched(b"<html>", "x", url))


def test_photographs_are_fetched_by_the_door_for_public_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(inaturalist_api, "_PACE", inaturalist_api._Pace())
    private = Sighting("x", "", 1, "http://127.0.0.1:1/square.jpeg", "", "cc0", "")
    with pytest.raises(DownloadError, match="private or local network"):
        open_sighting(private)


def test_no_more_than_one_question_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    monkeypatch.setattr(time, "sleep", slept.append)
    pace = inaturalist_api._Pace()
    for at in (100.0, 100.25, 100.5, 110.0):
        clock[0] = at
        pace.wait()
    assert slept == [0.0, 0.75, 1.5, 0.0]


# --- what pyinaturalist is asked to do, with its last step to the network taken over ------------


class Wire(requests.adapters.BaseAdapter):
    """Takes each request that would leave this machine."""

    def __init__(self, answer: bytes | Exception, status: int = 200) -> None:
        super().__init__()
        self.answer, self.status = answer, status
        self.seen: list[requests.PreparedRequest] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.seen.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        from urllib3 import HTTPResponse

        answer = requests.Response()
        answer.status_code, answer.request, answer.url = self.status, request, request.url or ""
        answer.raw = HTTPResponse(
            io.BytesIO(self.answer), {"Content-Type": "application/json"}, self.status,
            preload_content=False,
        )  # fmt: skip
        return answer

    def close(self) -> None:
        pass


def wired(monkeypatch: pytest.MonkeyPatch, wire: Wire) -> Wire:
    make = inaturalist_api._session

    def session() -> Any:
        made = make()
        made.mount("https://", wire)
        return made

    monkeypatch.setattr(inaturalist_api, "_session", session)
    monkeypatch.setattr(inaturalist_api, "_PACE", inaturalist_api._Pace())
    return wire


def test_the_question_is_for_research_grade_and_free_licences(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    answer = (
        b'{"total_results": 1, "results": [{"id": 1, "quality_grade": "research", "photos": [{"id":'
        b' 2, "license_code": "cc0", "url": "https://x/2/square.jpg", "attribution": "no rights"}],'
        b' "uri": "https://x/1", "taxon": {"name": "Carnegiea gigantea"}, "observed_on":'
        b' "2020-01-02", "location": "32.1,-110.9", "created_at": "2020-01-02T03:04:05+00:00"}]}'
    )
    wire = wired(monkeypatch, Wire(answer))
    (found,) = search("Carnegiea gigantea", 4)
    assert (found.photo_id, found.licence, found.page) == (2, "cc0", "https://x/1")
    (request,) = wire.seen
    assert request.url is not None
    address, _, query = request.url.partition("?")
    assert address == "https://api.inaturalist.org/v1/observations"
    asked = {key: value.lower() for key, value in (part.split("=") for part in query.split("&"))}
    assert asked["taxon_name"] == "carnegiea+gigantea"
    assert asked["quality_grade"] == "research" and asked["photos"] == "true"
    assert asked["photo_license"].split("%2c") == list(LICENCES)
    assert int(asked["per_page"]) == 8
    assert "cactiviz" in request.headers["User-Agent"]


@pytest.mark.parametrize(
    ("wire", "said"),
    [
        (Wire(requests.ConnectionError("[Errno 101]")), "can't be reached"),
        (Wire(requests.Timeout("slow")), "can't be reached"),
        (Wire(b"{}", 429), "status 429"),
        (Wire(b"{}", 503), "status 503"),
        (Wire(b"<html>"), "can't be reached"),
    ],
    ids=["offline", "slow", "too often", "down", "no json"],
)
def test_offline_is_a_sentence(monkeypatch: pytest.MonkeyPatch, wire: Wire, said: str) -> None:
    wired(monkeypatch, wire)
    assert said in refusal(DownloadError, "saguaro", 1)


def test_nothing_is_loaded_or_asked_before_a_search_and_nothing_written_by_one(
    tmp_path: Path,
) -> None:
    program = (
        "import socket, sys\n"
        "def asked(*_, **__): raise OSError('the network was asked')\n"
        "socket.getaddrinfo = socket.socket.connect = asked\n"
        "import cactiviz.datasets.inaturalist_api as s\n"
        "from cactiviz.errors import DownloadError\n"
        "assert 'pyinaturalist' not in sys.modules\n"
        "import pyinaturalist\n"  # asks nobody: that would have raised
        "try: s.search('saguaro', 1)\n"
        "except DownloadError as error: print(error)\n"
    )
    homes = {name: str(tmp_path) for name in ("HOME", "USERPROFILE", "XDG_DATA_HOME", "TMPDIR")}
    told = subprocess.run(
        [sys.executable, "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | homes | {"NO_PROXY": "*", "no_proxy": "*"},
    )
    assert told.stdout.startswith("iNaturalist can't be reached")
    assert list(tmp_path.rglob("*")) == []
