"""Data sets from a server of the test's own: what arrives, what is refused, what is left behind."""

from __future__ import annotations

import hashlib
import io
import sys
import tarfile
import threading
import types
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from cactiviz.datasets import DATASETS, download, open_dataset
from cactiviz.datasets.download import Got, get, unpack
from cactiviz.errors import CactivizError, Cancelled, DataError, DownloadError, OutputError
from tests.fixtures.file_server import Server, serving

TAR, FOLDER, ZIP = "256_ObjectCategories.tar", "256_ObjectCategories", "nature_12K.zip"


def noise(seed: int) -> bytes:
    """A picture that doesn't pack well, so that a few of them are several pieces of a download."""
    buffer = io.BytesIO()
    pixels = hashlib.shake_256(bytes([seed])).digest(3 * 160 * 120)
    Image.frombytes("RGB", (160, 120), pixels).save(buffer, format="PNG")
    return buffer.getvalue()


PICTURES = {
    f"{FOLDER}/{category}/{category[:3]}_{number:04}.jpg": noise(number)
    for category in ("009.bear", "257.clutter")
    for number in (1, 2)
}


def tar_of(contents: dict[str, bytes], *more: tarfile.TarInfo) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as packed:
        for name, content in contents.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o4777
            packed.addfile(member, io.BytesIO(content))
        for member in more:
            packed.addfile(member)
    return buffer.getvalue()


def zip_of(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in contents.items():
            packed.writestr(name, content)
    return buffer.getvalue()


BODY = tar_of(PICTURES)


def point(monkeypatch: pytest.MonkeyPatch, name: str, server: Server, **changes: object) -> None:
    row = DATASETS[name]
    assert row.archive is not None
    archive = replace(row.archive, url=server.url, **changes)  # type: ignore[arg-type]
    monkeypatch.setitem(DATASETS, name, replace(row, archive=archive))


@pytest.fixture(autouse=True)
def straight_and_without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("cactiviz.download._PAUSE_SECONDS", 0.0)
    monkeypatch.setitem(sys.modules, "kagglehub", None)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Serves Caltech-256, with a row that knows its hash."""
    with serving(BODY) as server:
        point(monkeypatch, "caltech256", server, md5=hashlib.md5(BODY).hexdigest())
        yield server


def seen_in(folder: Path) -> list[str]:
    return sorted(
        entry.name for entry in folder.iterdir() if not entry.name.endswith(".lock")
    )  # hidden ones too: nothing half-made may stay


def refusal(error: type[CactivizError], *arguments: object, **options: object) -> str:
    with pytest.raises(error) as caught:
        get(*arguments, **options)  # type: ignore[arg-type]
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and "Error" not in text
    return text


# --- a tar ------------------------------------------------------------------------------------


def test_a_tar_arrives_is_unpacked_and_goes(server: Server, tmp_path: Path) -> None:
    folder = tmp_path / "not" / "there"
    got = get("caltech256", folder)
    assert got.path == folder / FOLDER and "Verified" in got.note
    assert seen_in(folder) == [FOLDER]
    for name, content in PICTURES.items():
        assert (folder / name).read_bytes() == content
        assert (folder / name).stat().st_mode & 0o7000 == 0
    dataset = open_dataset("caltech256", folder)
    assert len(dataset) == 4 and dataset.opening == ("009.bear",)
    again = get("caltech256", folder)
    assert again.path == got.path and "already" in again.note
    assert len(server.seen) == 1


def test_it_goes_to_the_data_folder_if_none_is_named(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))
    assert get("caltech256").path == tmp_path / "data" / FOLDER


def test_progress_counts_the_download_then_the_unpacking(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    get("caltech256", tmp_path, progress=lambda done, total: seen.append((done, total)))
    half = seen.index((len(BODY), len(BODY)))
    second = next(i for i, (done, _) in enumerate(seen) if i > half and done < len(BODY))
    for phase in (seen[:second], seen[second:]):
        amounts = [done for done, _ in phase]
        assert amounts == sorted(amounts) and len(set(amounts)) > 3
        assert {total for _, total in phase} == {len(BODY)}
    assert seen[0] == (0, len(BODY)) and seen[-1][0] > len(BODY) * 0.8


def test_a_wrong_hash_leaves_nothing(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    point(monkeypatch, "caltech256", server, md5="0" * 32)
    assert "not the expected file" in refusal(DownloadError, "caltech256", tmp_path)
    assert seen_in(tmp_path) == []


def test_a_cut_connection_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    server.always_cut = 40_000
    assert "goes on from where" in refusal(DownloadError, "caltech256", tmp_path)
    assert seen_in(tmp_path) == [f"{TAR}.part"]
    have = (tmp_path / f"{TAR}.part").stat().st_size
    server.always_cut = None
    get("caltech256", tmp_path)
    assert server.seen[-1] == f"bytes={have}-" and have == 120_000
    assert seen_in(tmp_path) == [FOLDER]


def test_cancel_during_the_download_keeps_what_came(server: Server, tmp_path: Path) -> None:
    cancel = threading.Event()

    def stop(done: int, total: int | None) -> None:
        if done > len(BODY) // 2:
            cancel.set()

    with pytest.raises(Cancelled, match="is kept"):
        get("caltech256", tmp_path, progress=stop, cancel=cancel)
    assert seen_in(tmp_path) == [f"{TAR}.part"]
    get("caltech256", tmp_path, cancel=threading.Event())
    assert server.seen[1] is not None and seen_in(tmp_path) == [FOLDER]


def test_cancel_during_the_unpacking_leaves_the_tar_alone(server: Server, tmp_path: Path) -> None:
    cancel = threading.Event()
    seen: list[int] = []

    def stop(done: int, total: int | None) -> None:
        if seen and done < seen[-1]:
            cancel.set()
        seen.append(done)

    with pytest.raises(Cancelled, match="unpacking"):
        get("caltech256", tmp_path, progress=stop, cancel=cancel)
    assert seen_in(tmp_path) == [TAR]
    get("caltech256", tmp_path)
    assert len(server.seen) == 1 and seen_in(tmp_path) == [FOLDER]


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, to
    return member


@pytest.mark.parametrize(
    ("case", "contents", "more"),
    [
        ("climbs", {f"{FOLDER}/a/1.jpg": b"x", "../evil.jpg": b"x"}, []),
        ("climbs deep", {f"{FOLDER}/../../evil.jpg": b"x"}, []),
        ("link out", {f"{FOLDER}/a/1.jpg": b"x"}, [link(f"{FOLDER}/evil", "../../..")]),
        ("link to a root", {f"{FOLDER}/a/1.jpg": b"x"}, [link(f"{FOLDER}/evil", "/etc")]),
        ("hard link", {}, [link(f"{FOLDER}/evil", "../../x", tarfile.LNKTYPE)]),
        ("device", {}, [link(f"{FOLDER}/evil", "", tarfile.CHRTYPE)]),
        ("pipe", {}, [link(f"{FOLDER}/evil", "", tarfile.FIFOTYPE)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_hostile_tar_writes_nothing(
    tmp_path: Path, case: str, contents: dict[str, bytes], more: list[tarfile.TarInfo]
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / TAR).write_bytes(tar_of(contents, *more))
    with pytest.raises(DataError, match=r"would lie outside of it, or is no plain file\.$"):
        unpack(folder / TAR, FOLDER)
    assert seen_in(folder) == [TAR] and seen_in(tmp_path) == ["in"]


def test_an_absolute_name_stays_inside(tmp_path: Path) -> None:
    (tmp_path / TAR).write_bytes(tar_of({f"/{FOLDER}/a/1.jpg": b"x"}))
    unpack(tmp_path / TAR, FOLDER)
    assert (tmp_path / FOLDER / "a" / "1.jpg").read_bytes() == b"x"


def test_a_tar_that_holds_too_much_is_not_unpacked(tmp_path: Path) -> None:
    (tmp_path / TAR).write_bytes(BODY)
    total = sum(map(len, PICTURES.values()))
    for limits in ({"max_bytes": total - 1}, {"max_members": 3}):
        with pytest.raises(DataError, match="holds more than"):
            unpack(tmp_path / TAR, FOLDER, **limits)  # type: ignore[arg-type]
        assert seen_in(tmp_path) == [TAR]
    unpack(tmp_path / TAR, FOLDER, max_bytes=total, max_members=4)
    assert len(list((tmp_path / FOLDER).rglob("*.jpg"))) == 4


@pytest.mark.parametrize(
    ("case", "body", "said"),
    [
        ("cut", BODY[: len(BODY) // 2 + 100], "is damaged"),
        ("no tar", b"<html>" * 1000, "is damaged"),
        ("nothing", b"", "is damaged"),
        ("another folder", tar_of({"other/a/1.jpg": b"x"}), "holds no folder"),
        ("a file of that name", tar_of({FOLDER: b"x"}), "holds no folder"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 20 else "",
)
def test_a_damaged_tar_is_a_sentence(tmp_path: Path, case: str, body: bytes, said: str) -> None:
    (tmp_path / TAR).write_bytes(body)
    with pytest.raises(DataError, match=said):
        unpack(tmp_path / TAR, FOLDER)
    assert seen_in(tmp_path) == [TAR]


def test_a_folder_that_can_not_be_written_is_a_sentence(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert "choose another folder" in refusal(OutputError, "caltech256", tmp_path / "file")
    assert server.seen == []


# --- a zip ------------------------------------------------------------------------------------


def test_a_zip_is_kept_and_said_not_to_be_verified(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = zip_of({"inaturalist_12K/val/Fungi/1.jpg": noise(1)})
    with serving(body) as server:
        point(monkeypatch, "inaturalist", server)
        got = get("inaturalist", tmp_path)
    assert got == Got(tmp_path / ZIP, f"Not verified: no hash of {ZIP} is published.")
    assert seen_in(tmp_path) == [ZIP] and (tmp_path / ZIP).read_bytes() == body
    assert open_dataset("inaturalist", tmp_path).items == {"Fungi": ["val/1.jpg"]}


def test_what_is_no_zip_is_thrown_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(b"<html>please log in</html>") as server:
        point(monkeypatch, "inaturalist", server)
        assert "is no zip and was thrown away" in refusal(DownloadError, "inaturalist", tmp_path)
    assert seen_in(tmp_path) == []


# --- what can't be downloaded -----------------------------------------------------------------


def test_what_comes_along_needs_no_download() -> None:
    assert "already" in get("samples").note


def test_the_cactus_tiles_say_how_to_get_them(tmp_path: Path) -> None:
    text = refusal(DataError, "cactus", tmp_path / "data")
    assert "accept the rules" in text and "kaggle.com" in text and "train.csv" in text
    assert not (tmp_path / "data").exists()
    assert "can't be downloaded" in refusal(DataError, "folder", tmp_path / "gone")
    assert "There is no data set" in refusal(DataError, "imagenet", tmp_path)


def kaggle(monkeypatch: pytest.MonkeyPatch, answer: Path | Exception) -> list[str]:
    asked: list[str] = []

    def competition_download(name: str) -> str:
        asked.append(name)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    module = types.SimpleNamespace(competition_download=competition_download)
    monkeypatch.setitem(sys.modules, "kagglehub", module)
    return asked


def test_kagglehub_brings_the_tiles_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "train.csv").write_text("id,has_cactus\nx.jpg,1\n")
    (cache / "train.zip").write_bytes(zip_of({"train/x.jpg": noise(1)}))
    (cache / "test.zip").write_bytes(b"")
    asked = kaggle(monkeypatch, cache)
    got = get("cactus", tmp_path / "data")
    assert got.path == tmp_path / "data" / "aerial-cactus-identification"
    assert "Not verified" in got.note
    assert asked == ["aerial-cactus-identification"]
    assert seen_in(got.path) == ["train.csv", "train.zip"]
    assert open_dataset("cactus", tmp_path / "data").count("cactus") == 1
    assert "already" in get("cactus", tmp_path / "data").note and len(asked) == 1


def test_what_kaggle_says_is_not_shown_but_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kaggle(monkeypatch, RuntimeError("403 Client Error: You must accept this rules https://x"))
    text = refusal(DataError, "cactus", tmp_path / "data")
    assert "accepted the competition's rules" in text and "403" not in text
    (tmp_path / "empty").mkdir()
    kaggle(monkeypatch, tmp_path / "empty")
    assert "doesn't hold train.csv" in refusal(DataError, "cactus", tmp_path / "data")


def test_the_published_archive_is_within_the_limits() -> None:
    archive = DATASETS["caltech256"].archive
    assert archive is not None and 2 * archive.size_bytes < download.MAX_UNPACKED_BYTES
