"""Downloads against a real server on this machine, whose faults can be switched on."""

from __future__ import annotations

import hashlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from cactiviz import download as fetch
from cactiviz.download import download, hash_prefix, sha256_of
from cactiviz.errors import Cancelled, DownloadError, OutputError
from tests.fixtures.file_server import Server, serving

BODY = bytes(range(256)) * 2000  # 512,000 bytes, about eight pieces
SHA256 = hashlib.sha256(BODY).hexdigest()
MD5 = hashlib.md5(BODY).hexdigest()
HALF = len(BODY) // 2


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(BODY) as server:
        yield server


@pytest.fixture(autouse=True)
def straight_and_without_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("cactiviz.download._PAUSE_SECONDS", 0.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "weights.pth"


def part_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def seen_in(folder: Path) -> list[str]:
    """What a person sees in a folder."""
    return sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))


def is_sentence(error: Exception) -> bool:
    text = str(error)
    return (
        text.endswith(".") and "\n" not in text and "Error" not in text and "HTTPConn" not in text
    )


def test_file_arrives_whole_in_a_folder_that_was_not_there(server: Server, tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "weights.pth"
    assert download(server.url, path, sha256_prefix=SHA256[:8]) == path
    assert path.read_bytes() == BODY
    assert seen_in(path.parent) == ["weights.pth"]
    assert server.seen == [None]


def test_progress_never_falls_and_ends_at_the_total(server: Server, path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    download(server.url, path, progress=lambda done, total: seen.append((done, total)))
    done = [amount for amount, _ in seen]
    assert done == sorted(done) and done[0] == 0 and len(set(done)) > 4
    assert seen[-1] == (len(BODY), len(BODY))
    assert {total for _, total in seen} == {len(BODY)}


def test_progress_does_not_fall_where_the_server_starts_over(server: Server, path: Path) -> None:
    server.ranges_work = False
    server.cuts = [HALF]
    seen: list[int] = []
    download(server.url, path, progress=lambda done, _: seen.append(done))
    assert seen == sorted(seen) and seen[-1] == len(BODY)
    assert path.read_bytes() == BODY


def test_length_that_the_server_does_not_say_is_none_until_the_end(
    server: Server, path: Path
) -> None:
    server.says_length = False
    seen: list[tuple[int, int | None]] = []
    download(server.url, path, progress=lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == BODY
    assert seen[0] == (0, None) and seen[-1] == (len(BODY), len(BODY))


def test_a_finished_file_is_not_fetched_again(server: Server, path: Path) -> None:
    path.write_bytes(BODY)
    seen: list[tuple[int, int | None]] = []
    got = download(
        server.url,
        path,
        sha256_prefix=SHA256,
        progress=lambda done, total: seen.append((done, total)),
    )
    assert got == path and server.seen == [] and seen == [(len(BODY), len(BODY))]


def test_a_file_with_another_hash_is_replaced(server: Server, path: Path) -> None:
    path.write_bytes(b"old")
    download(server.url, path, sha256_prefix=SHA256[:8].upper())
    assert path.read_bytes() == BODY


def test_resume_asks_only_for_the_rest_and_keeps_what_was_there(server: Server, path: Path) -> None:
    marked = b"X" * HALF  # not what the server would send, so that its staying can be seen
    part_of(path).write_bytes(marked)
    seen: list[int] = []
    download(server.url, path, progress=lambda done, _: seen.append(done))
    assert server.seen == [f"bytes={HALF}-"]
    assert path.read_bytes() == marked + BODY[HALF:]
    assert seen[0] == HALF and seen[-1] == len(BODY)
    assert server.sent == len(BODY) - HALF


def test_server_that_ignores_range_does_not_double_the_beginning(
    server: Server, path: Path
) -> None:
    server.ranges_work = False
    part_of(path).write_bytes(BODY[:HALF])
    download(server.url, path, sha256_prefix=SHA256[:8])
    assert server.seen == [f"bytes={HALF}-"]
    assert path.read_bytes() == BODY


def test_answer_with_another_range_than_asked_is_not_appended(server: Server, path: Path) -> None:
    server.lies_about_range = True
    part_of(path).write_bytes(BODY[:HALF])
    download(server.url, path)
    assert server.seen == [f"bytes={HALF}-", None]
    assert path.read_bytes() == BODY


def test_answer_shorter_than_asked_for_is_not_taken_for_the_whole(
    server: Server, path: Path
) -> None:
    server.longest_range = 200_000
    part_of(path).write_bytes(BODY[:HALF])
    download(server.url, path)
    assert server.seen == [f"bytes={HALF}-", f"bytes={HALF + 200_000}-"]
    assert path.read_bytes() == BODY


def test_a_whole_part_only_takes_its_name(server: Server, path: Path) -> None:
    part_of(path).write_bytes(BODY)
    download(server.url, path, sha256_prefix=SHA256[:8])
    assert path.read_bytes() == BODY
    assert server.sent == 0 and seen_in(path.parent) == ["weights.pth"]


def test_a_part_longer_than_the_file_is_started_over(server: Server, path: Path) -> None:
    part_of(path).write_bytes(BODY + b"more")
    download(server.url, path, attempts=1)
    assert server.seen == [f"bytes={len(BODY) + 4}-", None]
    assert path.read_bytes() == BODY


def test_wrong_hash_leaves_nothing_behind(server: Server, path: Path) -> None:
    with pytest.raises(DownloadError, match="not the expected file") as caught:
        download(server.url, path, sha256_prefix="0" * 8)
    assert is_sentence(caught.value)
    assert seen_in(path.parent) == []


def test_md5_is_checked_where_it_is_given(server: Server, path: Path) -> None:
    with pytest.raises(DownloadError, match="not the expected file") as caught:
        download(server.url, path, md5="0" * 32)
    assert is_sentence(caught.value)
    assert seen_in(path.parent) == []
    path.write_bytes(b"old")
    download(server.url, path, md5=MD5.upper())
    assert path.read_bytes() == BODY and len(server.seen) == 2
    download(server.url, path, md5=MD5)
    assert len(server.seen) == 2, "it is there already"
    with pytest.raises(DownloadError):
        download(server.url, path, md5=MD5, sha256_prefix="0" * 8)


def test_cut_connection_goes_on_where_it_stopped(server: Server, path: Path) -> None:
    server.cuts = [100_001, 50_000]
    download(server.url, path, sha256_prefix=SHA256[:8])
    assert path.read_bytes() == BODY
    assert server.seen == [None, "bytes=100001-", "bytes=150001-"]  # not a byte is lost


def test_cut_in_an_answer_of_unsaid_length_is_noticed(server: Server, path: Path) -> None:
    server.chunked = True
    server.cuts = [100_001]
    download(server.url, path)
    assert path.read_bytes() == BODY
    assert server.seen == [None, "bytes=100001-"]


def test_connection_that_is_always_cut_says_that_the_rest_can_follow(
    server: Server, path: Path
) -> None:
    server.always_cut = 30_000
    with pytest.raises(DownloadError, match=r"127\.0\.0\.1 broke off.*goes on from") as caught:
        download(server.url, path, attempts=2)
    assert is_sentence(caught.value)
    assert part_of(path).read_bytes() == BODY[:60_000]
    assert seen_in(path.parent) == ["weights.pth.part"]
    server.always_cut = None
    download(server.url, path, sha256_prefix=SHA256[:8])
    assert path.read_bytes() == BODY
    assert server.seen[-1] == "bytes=60000-"


@pytest.mark.parametrize("status", [404, 403, 500, 204])
def test_status_is_named_and_nothing_is_kept(server: Server, path: Path, status: int) -> None:
    server.status = status
    with pytest.raises(DownloadError, match=rf"127\.0\.0\.1 .*status {status}") as caught:
        download(server.url, path)
    assert is_sentence(caught.value)
    assert seen_in(path.parent) == [] and len(server.seen) == 1


def test_refused_connection_names_the_host(path: Path) -> None:
    with socket.socket() as taken:  # bound, but nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/x"
        with pytest.raises(DownloadError, match=r"^127\.0\.0\.1 can't be reached") as caught:
            download(url, path, timeout_seconds=5)
    assert is_sentence(caught.value)
    assert seen_in(path.parent) == []


def test_unknown_host_is_named(path: Path) -> None:
    with pytest.raises(DownloadError, match=r"^nowhere\.invalid can't be reached") as caught:
        download("http://nowhere.invalid/x", path, attempts=1, timeout_seconds=5)
    assert is_sentence(caught.value)


def test_silent_server_is_not_waited_for_longer_than_asked(server: Server, path: Path) -> None:
    server.gate = threading.Event()
    try:
        with pytest.raises(DownloadError, match="broke off"):
            download(server.url, path, attempts=1, timeout_seconds=0.2)
    finally:
        server.gate.set()
    assert part_of(path).read_bytes() == BODY[: part_of(path).stat().st_size] != b""
    assert not path.exists()


@pytest.mark.parametrize(
    "url", ["ftp://host/x", "file:///etc/passwd", "weights.pth", "http://[x", ""]
)
def test_only_web_addresses_are_fetched(path: Path, url: str) -> None:
    with pytest.raises(DownloadError, match="http:// or https://") as caught:
        download(url, path)
    assert is_sentence(caught.value)


def test_cancel_midway_keeps_the_part_and_the_next_call_resumes(server: Server, path: Path) -> None:
    cancel = threading.Event()

    def stop_halfway(done: int, total: int | None) -> None:
        assert not path.exists()
        if done >= HALF:
            cancel.set()

    with pytest.raises(Cancelled) as caught:
        download(server.url, path, progress=stop_halfway, cancel=cancel)
    assert is_sentence(caught.value)
    kept = part_of(path).read_bytes()
    assert HALF <= len(kept) < len(BODY) and kept == BODY[: len(kept)]
    assert seen_in(path.parent) == ["weights.pth.part"]
    download(server.url, path, cancel=threading.Event(), sha256_prefix=SHA256[:8])
    assert server.seen == [None, f"bytes={len(kept)}-"]
    assert path.read_bytes() == BODY


def test_cancel_before_the_start_asks_nobody(server: Server, path: Path) -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Cancelled):
        download(server.url, path, cancel=cancel)
    assert server.seen == []


def test_two_at_once_fetch_one_body_and_one_can_stop_waiting(server: Server, path: Path) -> None:
    server.gate = threading.Event()  # holds the first one at half
    got: list[object] = []
    stop = threading.Event()

    def fetch_it(cancel: threading.Event | None) -> None:
        try:
            got.append(download(server.url, path, sha256_prefix=SHA256[:8], cancel=cancel))
        except Cancelled as error:
            got.append(error)

    threads = [threading.Thread(target=fetch_it, args=(None,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    while not part_of(path).exists():
        time.sleep(0.005)
    waiting = threading.Thread(target=fetch_it, args=(stop,))
    waiting.start()
    stop.set()
    waiting.join(5)
    assert len(got) == 1 and isinstance(got[0], Cancelled)
    assert not path.exists()
    server.gate.set()
    for thread in threads:
        thread.join(10)
    assert got[1:] == [path, path]
    assert path.read_bytes() == BODY
    assert len(server.seen) == 1 and server.sent == len(BODY)
    assert seen_in(path.parent) == ["weights.pth"]


def test_folder_that_is_a_file_is_a_sentence(server: Server, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"weights\.pth can't be written") as caught:
        download(server.url, tmp_path / "file" / "weights.pth")
    assert is_sentence(caught.value)
    assert server.seen == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_full_disk_is_a_sentence(server: Server, path: Path) -> None:
    part_of(path).symlink_to("/dev/full")
    with pytest.raises(OutputError, match="no room left") as caught:
        download(server.url, path)
    assert is_sentence(caught.value)
    assert not path.exists()


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        ("densenet121-a639ec97.pth", "a639ec97"),
        ("efficientnet-b0-355c32eb.pth", "355c32eb"),
        ("xception-43020ad28.pth", "43020ad28"),
        ("model-a639ec97.pth.tar", "a639ec97"),
        ("densenet121.pth", None),
        ("densenet-121.pth", None),
        ("cat-deadbee.pth", None),
        ("a639ec97.pth", None),
        ("x-a639ec97", None),
    ],
)
def test_hash_prefix_is_only_found_where_it_is(name: str, prefix: str | None) -> None:
    assert hash_prefix(name) == prefix


def test_sha256_of_a_file_longer_than_one_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(BODY * 5)
    assert sha256_of(file) == hashlib.sha256(BODY * 5).hexdigest()


def test_a_server_that_lies_about_the_length_never_makes_more_than_all(
    server: Server, path: Path
) -> None:
    server.claims = HALF + 1000
    part_of(path).write_bytes(BODY[:HALF])
    told: list[tuple[int, int | None]] = []
    with pytest.raises(DownloadError):
        download(server.url, path, progress=lambda *said: told.append(said), attempts=1)
    assert told[-1][0] == len(BODY)
    assert all(total is None or 0 <= done <= total for done, total in told)


@pytest.mark.parametrize("claim", ["9" * 5000, "-5", "1e9", "\u0663"])
def test_a_length_that_is_none_counts_as_unknown(claim: str) -> None:
    answer = requests.Response()
    answer.status_code, answer.headers["Content-Length"] = 200, claim
    assert fetch._extent(answer) == (0, None)
    answer.status_code = 206
    answer.headers["Content-Range"] = f"bytes {claim}-5/{claim}"
    assert fetch._extent(answer) == (-1, None)
    part = "bytes 3-5/" + "9" * 5000
    answer.headers["Content-Range"] = part
    assert fetch._extent(answer) in ((3, None), (-1, None))
