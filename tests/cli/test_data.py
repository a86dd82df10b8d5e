"""``cactiviz data``, and pictures of data sets given to the other commands."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from cactiviz.cli import data, main
from cactiviz.cli import options as shared
from cactiviz.datasets import DATASETS, open_item
from cactiviz.datasets.download import Got
from cactiviz.datasets.inaturalist_api import Sighting
from cactiviz.errors import DataError, DownloadError, PictureError
from cactiviz.types import Picture


@pytest.fixture(autouse=True)
def empty_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CACTIVIZ_DATA", str(tmp_path / "data"))


def png(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (9, 8), (shade, shade, shade)).save(buffer, format="PNG")
    return buffer.getvalue()


@pytest.fixture
def bears(tmp_path: Path) -> Path:
    """Three bears and a broken one, an empty class, and an ostrich."""
    folder = tmp_path / "data" / "256_ObjectCategories"
    for category in ("009.bear", "038.chimp", "151.ostrich"):
        (folder / category).mkdir(parents=True)
    for number in (1, 2, 3):
        (folder / "009.bear" / f"009_000{number}.jpg").write_bytes(png(number))
    (folder / "009.bear" / "009_0004.jpg").write_bytes(png(4)[:30])
    (folder / "151.ostrich" / "151_0001.jpg").write_bytes(png(9))
    return folder.parent


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    capsys.readouterr()
    code = main.main([*map(str, arguments)])
    output, errors = capsys.readouterr()
    assert "Traceback" not in errors
    return code, output, errors


def test_list_says_what_is_on_disk_and_what_can_be_had(
    capsys: pytest.CaptureFixture[str], bears: Path
) -> None:
    code, output, errors = run(capsys, "data", "list")
    lines = output.splitlines()
    assert (code, errors) == (0, "")
    assert [line.split()[0] for line in lines[:-1]] == list(DATASETS)
    by_name = {line.split()[0]: line for line in lines[:-1]}
    assert by_name["samples"].endswith("comes along")
    assert by_name["caltech256"].endswith(f"on disk: {bears / '256_ObjectCategories'}")
    assert by_name["inaturalist"].endswith("to be downloaded, 3.8 GB")
    assert "data info cactus" in by_name["cactus"]
    assert lines[-1] == f"Data sets are looked for in {bears}."
    _, output, _ = run(capsys, "data", "list", "--dir", bears.parent / "elsewhere")
    assert "to be downloaded, 1.2 GB" in output and "elsewhere" in output


@pytest.mark.parametrize("name", list(DATASETS))
def test_info_says_what_it_is_and_how_to_get_it(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    code, output, errors = run(capsys, "data", "info", name)
    told = " ".join(output.split())
    row = DATASETS[name]
    assert (code, errors) == (0, "")
    for text in (row.title, row.terms, row.layout):
        assert "".join(text.split()) in told.replace(" ", "")  # lines may break after a hyphen
    assert ("It isn't in" in told) == (row.place != "installed")


def test_info_counts_what_is_there(capsys: pytest.CaptureFixture[str], bears: Path) -> None:
    code, output, _ = run(capsys, "data", "info", "caltech256")
    assert code == 0
    assert "5 pictures in 3 classes:\n       4 009.bear\n       0 038.chimp\n" in output
    assert output.endswith("The class “038.chimp” has no picture.\n")


def test_sample_writes_pictures_and_whom_to_thank(
    capsys: pytest.CaptureFixture[str], data_dir: Path, tmp_path: Path
) -> None:
    arguments = ("data", "sample", "caltech256", "--class", "190.snake", "--count", "3")
    arguments += ("--seed", "7", "--dir", str(data_dir), "--out")
    code, output, errors = run(capsys, *arguments, tmp_path / "one")
    assert (code, errors) == (0, "") and output.startswith("3 pictures and credits.txt")
    written = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(written) == 4 and written[-1] == "credits.txt"
    lines = (tmp_path / "one" / "credits.txt").read_text("utf-8").splitlines()
    assert len(lines) == 3
    for line in lines:
        name, address, source = line.split("\t")
        assert address.startswith("caltech256:190.snake/190_") and "Griffin" in source
        with Image.open(tmp_path / "one" / name) as image:
            assert np.array_equal(np.asarray(image), open_item(address, data_dir).rgb)
    run(capsys, *arguments, tmp_path / "two")
    assert (tmp_path / "two" / "credits.txt").read_text("utf-8").splitlines() == lines


def test_another_seed_draws_other_pictures(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    drawn = set()
    for seed in range(6):
        out = tmp_path / str(seed)
        run(capsys, "data", "sample", "samples", "--count", "1", "--seed", str(seed), "--out", out)
        drawn.add(next(out.glob("*.png")).name)
    assert len(drawn) > 1


def test_a_second_sample_adds_to_the_credits(
    capsys: pytest.CaptureFixture[str], bears: Path, tmp_path: Path
) -> None:
    for name, class_name in (("samples", "photographs"), ("caltech256", "151.ostrich")) * 2:
        arguments = ("data", "sample", name, "--class", class_name, "--count", "4")
        assert run(capsys, *arguments, "--out", tmp_path / "out")[0] == 0
    lines = (tmp_path / "out" / "credits.txt").read_text("utf-8").splitlines()
    names = [line.split("\t")[0] for line in lines]
    assert len(names) == 5
    assert sorted([*names, "credits.txt"]) == sorted(p.name for p in (tmp_path / "out").iterdir())
    assert all(line.split("\t")[2] for line in lines)


def test_broken_pictures_are_named_skipped_and_counted(
    capsys: pytest.CaptureFixture[str], bears: Path, tmp_path: Path
) -> None:
    arguments = ("data", "sample", "caltech256", "--count", "9", "--out", tmp_path / "out")
    code, output, errors = run(capsys, *arguments)
    assert code == 1
    assert output == f"4 pictures and credits.txt are in {tmp_path / 'out'}.\n"
    named, counted = errors.splitlines()
    assert named.startswith("caltech256:009.bear/009_0004.jpg is skipped: ")
    assert counted == "1 of 5 pictures were skipped."
    assert len(list((tmp_path / "out").glob("*.png"))) == 4
    assert "009_0004" not in (tmp_path / "out" / "credits.txt").read_text("utf-8")


def test_where_all_are_broken_no_credits_are_written(
    capsys: pytest.CaptureFixture[str], bears: Path, tmp_path: Path
) -> None:
    for file in (bears / "256_ObjectCategories" / "151.ostrich").iterdir():
        file.write_bytes(b"")
    arguments = ("data", "sample", "caltech256", "--class", "151.ostrich", "--out", tmp_path / "o")
    code, output, errors = run(capsys, *arguments)
    assert (code, output) == (1, "") and "1 of 1 pictures were skipped." in errors
    assert list((tmp_path / "o").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["sample", "caltech256", "--class", "010.beer"], "no class “010.beer”"),
        (["sample", "caltech256", "--class", "038.chimp"], "no picture to draw in 038.chimp"),
        (["sample", "cactus"], "isn't on this machine"),
        (["sample", "imagenet"], "There is no data set “imagenet”"),
        (["sample", "folder"], "please name one"),
        (["search", " "], "name of a species"),
        (["search", "saguaro", "--count", "1000"], "1 to 100"),
    ],
)
def test_what_can_not_be_is_a_sentence_and_makes_no_folder(
    capsys: pytest.CaptureFixture[str], bears: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    code, output, errors = run(capsys, "data", *arguments, "--out", tmp_path / "out")
    assert (code, output) == (1, "") and said in errors and errors.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_that_can_not_be_made_is_a_sentence(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    code, _, errors = run(capsys, "data", "sample", "samples", "--out", tmp_path / "file")
    assert code == 1 and "can't be made" in errors


@pytest.mark.parametrize(
    "arguments",
    [
        ["data"],
        ["data", "sample", "samples"],
        ["data", "sample", "samples", "--out", "x", "--count", "0"],
        ["data", "sample", "samples", "--out", "x", "--count", "-3"],
    ],
    ids=range(4),
)
def test_wrong_usage_is_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main.main(arguments)
    assert caught.value.code == 2


def test_get_says_where_it_is_and_whether_it_is_verified(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def get(name: str, folder: Path | None, **_: object) -> Got:
        asked.append((name, folder))
        return Got(tmp_path / "nature_12K.zip", "Not verified: none is published.")

    monkeypatch.setattr(data, "get", get)
    code, output, errors = run(capsys, "data", "get", "inaturalist", "--dir", tmp_path)
    assert (code, errors) == (0, "") and asked == [("inaturalist", tmp_path)]
    assert output.splitlines() == [
        str(tmp_path / "nature_12K.zip"),
        "Not verified: none is published.",
    ]


def test_search_writes_what_comes_with_its_credits(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        Sighting("Carnegiea gigantea", "saguaro", i, "", f"(c) Observer {i}", "cc-by", "https://x")
        for i in (5, 6, 7)
    ]

    def open_sighting(sighting: Sighting, **_: object) -> Picture:
        if sighting.photo_id == 6:
            raise DownloadError("It can't be reached.")
        return Picture(np.full((8, 9, 3), sighting.photo_id, np.uint8), source=sighting.source)

    monkeypatch.setattr(data, "search", lambda species, count: found[:count])
    monkeypatch.setattr(data, "open_sighting", open_sighting)
    arguments = ("data", "search", "saguaro", "--count", "3", "--out", tmp_path / "out")
    code, output, errors = run(capsys, *arguments)
    assert code == 1 and output.startswith("2 pictures")
    assert errors.startswith("Carnegiea gigantea 6 is skipped: It can't be reached.\n1 of 3")
    lines = (tmp_path / "out" / "credits.txt").read_text("utf-8").splitlines()
    assert lines[1].split("\t") == [
        "003_Carnegiea-gigantea-7.png",
        "Carnegiea gigantea 7",
        "(c) Observer 7, licence cc-by, https://x",
    ]
    assert (tmp_path / "out" / "003_Carnegiea-gigantea-7.png").is_file()


# --- as PICTURE -------------------------------------------------------------------------------


def read(picture: str, data_dir: Path | None = None) -> Picture:
    return shared.read_picture(
        SimpleNamespace(picture=picture, data_dir=data_dir, allow_private=False)
    )


def test_a_picture_of_a_data_set_is_given_by_its_address(bears: Path, tmp_path: Path) -> None:
    assert read("caltech256:009.bear/009_0002.jpg").rgb[0, 0, 0] == 2
    assert read("caltech256:009.bear/009_0003.jpg", bears).rgb[0, 0, 0] == 3
    assert read("samples:photographs/chelsea").sha256 == read("sample:chelsea").sha256
    folder = bears / "256_ObjectCategories"
    assert read("folder:151.ostrich/151_0001.jpg", folder).rgb[0, 0, 0] == 9
    with pytest.raises(DataError, match="no picture"):
        read("caltech256:009.bear/009_0099.jpg")
    with pytest.raises(DataError, match="isn't on this machine"):
        read("caltech256:009.bear/009_0002.jpg", tmp_path / "gone")


def test_files_with_a_colon_in_their_names_stay_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for shade, name in enumerate(("C:cat.png", "a:b/c.png", "folder:x.png", "cactus:cactus/x.jpg")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(png(shade))
        assert read(name).rgb[0, 0, 0] == shade
    for name in ("D:/cat.png", "D:\\cat.png", "nowhere:class/item.png"):
        with pytest.raises(PictureError, match="can't be found"):
            read(name)


@pytest.mark.parametrize("command", ["compare", "neurons", "filters"])
def test_each_command_takes_it(
    capsys: pytest.CaptureFixture[str], bears: Path, command: str
) -> None:
    address = "caltech256:009.bear/009_0009.jpg"
    network = ["--models", "cactinet"] if command == "compare" else ["--model", "cactinet"]
    code, _, errors = run(capsys, command, address, *network, "--data-dir", bears, "--untrained")
    assert code == 1
    assert errors == "The data set Caltech-256 has no picture “009.bear/009_0009.jpg”.\n"


def test_filters_of_a_tile(capsys: pytest.CaptureFixture[str], data_dir: Path) -> None:
    address = "cactus:cactus/e7d62ddc396e0841a69a4ef3ced176e6.jpg"
    arguments = ("filters", address, "--model", "cactinet", "--data-dir", data_dir, "--untrained")
    code, output, errors = run(capsys, *arguments)
    assert (code, errors) == (0, "") and "strongest response" in output
