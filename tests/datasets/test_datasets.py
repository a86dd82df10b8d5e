"""Data sets: what is listed, read and drawn, where they are found, and what hostile files do."""

from __future__ import annotations

import io
import os
import threading
import tracemalloc
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cactiviz.datasets import (
    DATASETS,
    Dataset,
    archive,
    data_folder,
    find_dataset,
    is_on_disk,
    open_dataset,
    open_item,
    register,
)
from cactiviz.datasets.aerial_cactus import CLASSES
from cactiviz.datasets.caltech256 import OPENING
from cactiviz.errors import CactivizError, DataError, PictureError
from cactiviz.recipes.recipe import read_recipe

SPECIES = "00007_Plantae_Tracheophyta_Magnoliopsida_Caryophyllales_Cactaceae_Carnegiea_gigantea"


def png(shade: int = 0) -> bytes:
    """A small picture of one grey."""
    buffer = io.BytesIO()
    Image.new("RGB", (9, 8), (shade, shade, shade)).save(buffer, format="PNG")
    return buffer.getvalue()


def put(folder: Path, contents: dict[str, bytes]) -> Path:
    for name, content in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def pack(path: Path, contents: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in contents.items():
            packed.writestr(name, content)
    return path


def shade(dataset: Dataset, address: str) -> int:
    """The grey of a picture; as different as the files are."""
    return int(dataset.open(dataset.find(address)).rgb[0, 0, 0])


def refusal(name: str, folder: Path | None) -> str:
    with pytest.raises(DataError) as caught:
        open_dataset(name, folder)
    text = str(caught.value)
    assert text.endswith(".") and "\n" not in text and "Error" not in text, text
    return text


# --- the table --------------------------------------------------------------------------------


def test_a_second_row_of_a_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cactiviz.datasets.registry.DATASETS", dict(DATASETS))
    with pytest.raises(ValueError, match="samples already"):
        register(DATASETS["samples"])
    register(replace(DATASETS["samples"], name="more_samples"))
    assert "more_samples" not in DATASETS


@pytest.mark.parametrize("name", list(DATASETS))
def test_every_row_says_what_a_person_asks(name: str) -> None:
    row = DATASETS[name]
    assert row.name == name == name.lower() and name.isidentifier() | (name == "caltech256")
    assert all((row.title, row.about, row.layout, row.how_to_get, row.terms))
    assert row.about.endswith(".") and row.how_to_get.endswith(".")
    if row.archive is not None:
        assert row.archive.url.startswith("https://")
        assert row.archive.md5 is None or len(row.archive.md5) == 32


def test_the_data_folder_is_named_or_at_home_and_is_not_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.delenv("CACTIVIZ_DATA", raising=False)
    assert data_folder() == tmp_path / "cactiviz-data"
    monkeypatch.setenv("CACTIVIZ_DATA", "~/other")
    assert data_folder() == tmp_path / "other"
    assert not is_on_disk("cactus")
    assert list(tmp_path.iterdir()) == []


def test_a_set_is_found_in_a_folder_and_two_below_but_not_deeper(tmp_path: Path) -> None:
    for depth in range(4):
        above = tmp_path / str(depth) / "/".join("abc"[:depth])
        put(above, {"train.csv": b"id,has_cactus\nx.jpg,1\n", "train/x.jpg": png(7)})
        found = find_dataset("cactus", tmp_path / str(depth))
        assert found == (above if depth < 3 else None)
        assert is_on_disk("cactus", tmp_path / str(depth)) == (depth < 3)


def test_looking_for_a_set_walks_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, {"256_ObjectCategories/009.bear/1/2/3/x.jpg": b""})
    looked: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "walk", None)
    monkeypatch.setattr(os, "scandir", lambda path: looked.append(str(path)) or scandir(path))
    assert is_on_disk("caltech256", tmp_path)
    assert looked == []
    assert not is_on_disk("cactus", tmp_path)
    assert len(looked) == 3, "the folder, and two below"


def test_what_is_not_there_is_told_with_where_and_how(tmp_path: Path) -> None:
    for name in ("caltech256", "inaturalist", "cactus"):
        text = refusal(name, tmp_path)
        assert str(tmp_path) in text and DATASETS[name].layout in text
        assert f"cactiviz data {'info' if name == 'cactus' else 'get'} {name}" in text
    assert f"there are {', '.join(DATASETS)}." in refusal("caltech", tmp_path)
    assert str(tmp_path / "gone") in refusal("folder", tmp_path / "gone")
    assert "please name one" in refusal("folder", None)


# --- one interface ----------------------------------------------------------------------------


def test_the_samples_are_one_class_with_their_own_credits() -> None:
    dataset = open_dataset("samples")
    assert dataset.classes == ("photographs",) and len(dataset) == 4
    picture = open_item("samples:photographs/rocket")
    assert picture.name == "samples:photographs/rocket" and "SpaceX" in picture.source
    assert picture.sha256 == open_item("samples:photographs/rocket").sha256


def test_counts_pages_draws_and_addresses_agree(tmp_path: Path) -> None:
    contents = {f"{kind}/{i}.png": png(i) for kind in ("a", "b/c") for i in range(5)}
    dataset = open_dataset("folder", put(tmp_path / "own", {**contents, "d/no.txt": b""}))
    assert dataset.classes == ("a", "b", "d") and len(dataset) == 10
    assert [dataset.count(name) for name in dataset.classes] == [5, 5, 0]
    everything = list(dataset)
    pages = [item for number in range(5) for item in dataset.page(number, 3)]
    assert pages == everything and len({item.address for item in everything}) == 10
    assert dataset.page(1, 2, "b") == tuple(everything[7:9])
    assert dataset.page(9, 3) == dataset.page(0, 3, "d") == ()
    for item in everything:
        picture = open_item(item.address, tmp_path / "own")
        assert picture.name == item.address == f"folder:{item.class_name}/{item.name}"
        assert picture.rgb[0, 0, 0] == int(item.name[-5])
    drawn = dataset.draw(4, seed=3)
    assert drawn == dataset.draw(4, seed=3) != dataset.draw(4, seed=4)
    assert len(set(drawn)) == 4
    assert {item.class_name for item in dataset.draw(99, 0, "b")} == {"b"}
    assert len(dataset.draw(99, 0)) == 10 and dataset.draw(3, 0, "d") == ()


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("folder:z/1.png", "has no class “z”; it has a, b"),
        ("folder:a/9.png", "has no picture “a/9.png”"),
        ("folder:", "has no class “”"),
        ("nowhere:a/1.png", "There is no data set “nowhere”"),
    ],
)
def test_an_address_of_nothing_is_a_sentence(tmp_path: Path, address: str, said: str) -> None:
    put(tmp_path, {"a/1.png": png(), "b/1.png": png()})
    with pytest.raises(DataError, match=said):
        open_item(address, tmp_path)


def test_the_scenes_come_along_and_are_drawn_the_same_again() -> None:
    dataset = open_dataset("scenes")
    (item,) = dataset.draw(1, seed=5, class_name="cactus")
    assert open_item(item.address).sha256 == dataset.open(item).sha256
    assert is_on_disk("scenes", Path("nowhere"))


# --- the layouts ------------------------------------------------------------------------------


def test_caltech_is_read_by_name_in_part(tmp_path: Path) -> None:
    folder = tmp_path / "x" / "256_ObjectCategories"
    put(
        folder,
        {
            "151.ostrich/151_0044.jpg": png(1),
            "009.bear/009_0102.jpg": png(2),
            "009.bear/forgotten/009_0102.jpg": png(3),
            "009.bear/notes.txt": b"",
            "001.ak47/001_0001.jpg": png(4),
            "leftovers/a.jpg": png(5),
            "readme.jpg": png(6),
        },
    )
    (folder / "038.chimp").mkdir()
    for place in (tmp_path, tmp_path / "x", folder):
        dataset = open_dataset("caltech256", place)
        assert dataset.items == {
            "001.ak47": ["001_0001.jpg"],
            "009.bear": ["009_0102.jpg"],
            "038.chimp": [],
            "151.ostrich": ["151_0044.jpg"],
        }
        assert dataset.opening == ("009.bear", "038.chimp", "151.ostrich")
        assert shade(dataset, "009.bear/009_0102.jpg") == 2
        assert dataset.notes == ("The class “038.chimp” has no picture.",)


def test_caltech_on_disk(data_dir: Path) -> None:
    dataset = open_dataset("caltech256", data_dir)
    assert len(dataset) == 19 and set(dataset.classes) == set(OPENING)
    assert dataset.opening == OPENING
    for item in dataset:
        assert dataset.open(item).size[0] > 100


@pytest.fixture(params=["folder", "zip", "zip without wrapping", "folder itself", "zip itself"])
def twelve(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    contents = {
        "train/Aves/a.jpg": png(1),
        "train/Fungi/a.jpg": png(2),
        "val/Aves/a.jpg": png(3),
        "train/stray.jpg": png(4),
        "val/Aves/.hidden.jpg": b"",
    }
    wrapped = {f"inaturalist_12K/{name}": content for name, content in contents.items()}
    if request.param.startswith("folder"):
        put(tmp_path, wrapped)
        return tmp_path / "inaturalist_12K" if "itself" in request.param else tmp_path
    path = pack(tmp_path / "nature_12K.zip", contents if "without" in request.param else wrapped)
    return path if "itself" in request.param else tmp_path


def test_the_12k_set_joins_its_parts(twelve: Path) -> None:
    dataset = open_dataset("inaturalist", twelve)
    assert dataset.items == {"Aves": ["train/a.jpg", "val/a.jpg"], "Fungi": ["train/a.jpg"]}
    assert shade(dataset, "Aves/train/a.jpg") == 1
    assert shade(dataset, "Aves/val/a.jpg") == 3
    assert open_item("inaturalist:Fungi/train/a.jpg", twelve).rgb[0, 0, 0] == 2


def test_the_12k_set_on_disk_is_read_in_its_place(data_dir: Path) -> None:
    folder = data_dir / "inaturalist12k-standin"
    before = sorted(folder.iterdir())
    dataset = open_dataset("inaturalist", data_dir)
    assert len(dataset) == 1920 and dataset.count("Aves") == 240 and len(dataset.classes) == 8
    for item in dataset.draw(8, seed=1):
        assert dataset.open(item).size == (64, 64)
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("version", "path", "class_name"),
    [
        ("2021_train", f"{SPECIES}/x.jpg", SPECIES),
        ("2021_train_mini", f"{SPECIES}/x.jpg", SPECIES),
        ("2021_valid", f"{SPECIES}/x.jpg", SPECIES),
        ("2017", "Aves/Corvus corax/x.jpg", "Aves/Corvus corax"),
        ("2018", "Bacteria/14/x.jpg", "Bacteria/14"),
        ("2019", "Birds/200/x.jpg", "Birds/200"),
    ],
)
def test_the_competitions_layouts(tmp_path: Path, version: str, path: str, class_name: str) -> None:
    put(tmp_path / version, {path: png(5), "loose.jpg": png(6)})
    for place in (tmp_path, tmp_path / version):
        dataset = open_dataset("inaturalist", place)
        assert dataset.items == {class_name: ["x.jpg"]}
        assert open_item(f"inaturalist:{class_name}/x.jpg", place).rgb[0, 0, 0] == 5


def test_a_folder_of_a_year_is_not_taken_for_a_competition(tmp_path: Path) -> None:
    put(tmp_path, {"2019/holiday/x.jpg": png(), "2021_train/station/x.jpg": png()})
    assert not is_on_disk("inaturalist", tmp_path)


def test_cactus_on_disk(data_dir: Path) -> None:
    dataset = open_dataset("cactus", data_dir)
    assert dataset.classes == CLASSES == ("no cactus", "cactus")
    assert (len(dataset), dataset.count("cactus")) == (15_047, 11_291)
    for item in dataset.draw(5, seed=0):
        assert dataset.open(item).size == (32, 32)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_any_folder_or_zip(tmp_path: Path, kind: str) -> None:
    contents = {
        "wrapping/a/1.png": png(1),
        "wrapping/a/deep/2.png": png(2),
        "wrapping/pictures/1.png": png(3),
        "wrapping/notes.txt": b"",
        "__MACOSX/wrapping/a/1.png": b"",
    }
    if kind == "zip":
        place = pack(tmp_path / "own.zip", contents)
    else:
        del contents["__MACOSX/wrapping/a/1.png"]
        place = put(tmp_path / "own", contents)
    dataset = open_dataset("folder", place)
    assert dataset.items == {"a": ["1.png", "deep/2.png"], "pictures": ["1.png"]}
    assert shade(dataset, "a/deep/2.png") == 2 and shade(dataset, "pictures/1.png") == 3


def test_pictures_in_no_folder_are_a_class_of_their_own(tmp_path: Path) -> None:
    put(tmp_path / "own", {"a/1.png": png(1), "1.png": png(2)})
    dataset = open_dataset("folder", tmp_path / "own")
    assert dataset.items == {"a": ["1.png"], "pictures": ["1.png"]}
    assert shade(dataset, "a/1.png") == 1 and shade(dataset, "pictures/1.png") == 2
    put(tmp_path / "own", {"pictures/1.png": png(3)})
    dataset = open_dataset("folder", tmp_path / "own")
    assert dataset.count("pictures") == dataset.count("pictures in no folder") == 1
    assert shade(dataset, "pictures/1.png") == 3
    assert shade(dataset, "pictures in no folder/1.png") == 2


def test_the_photographs_in_no_folder_are_one_class(data_dir: Path) -> None:
    dataset = open_dataset("folder", data_dir / "imagenet-photos")
    assert dataset.classes == ("pictures",) and len(dataset) == 43
    assert dataset.notes == ("All pictures are of one class, “pictures”.",)
    assert dataset.open(dataset.page(0, 1)[0]).size[0] > 100


def test_a_zip_is_read_by_many_threads_at_once(tmp_path: Path) -> None:
    place = pack(tmp_path / "own.zip", {f"a/{i}.png": png(i) for i in range(40)})
    dataset = open_dataset("folder", place)
    wrong: list[int] = []

    def read(number: int) -> None:
        wrong.extend(i for i in range(40) if shade(dataset, f"a/{i}.png") != i)

    threads = [threading.Thread(target=read, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- hostile data -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["../evil.png", "a/../../evil.png", "/tmp/evil.png", "C:/evil.png", "..\\evil.png"]
)
def test_a_zip_that_climbs_out_is_not_opened(tmp_path: Path, name: str) -> None:
    place = pack(tmp_path / "x.zip", {"a/1.png": png(), name: png()})
    text = refusal("folder", place)
    assert "would lie outside" in text and name in text
    assert list(tmp_path.iterdir()) == [place]


def test_a_zip_bomb_is_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = pack(tmp_path / "x.zip", {f"a/{i}.png": bytes(2_000_000) for i in range(6)})
    assert place.stat().st_size < 20_000
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 10_000_000)
    assert "isn't opened: it holds more than" in refusal("folder", place)
    monkeypatch.setattr(archive, "MAX_UNPACKED_BYTES", 13_000_000)
    assert len(open_dataset("folder", place)) == 6


def test_one_file_of_a_zip_that_swells_is_refused_before_it_fills_the_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = pack(tmp_path / "x.zip", {"a/1.png": bytes(60 * 1024**2), "a/2.png": png(9)})
    dataset = open_dataset("folder", place)
    with pytest.raises(DataError, match=r"a/1\.png is larger than 50 MB"):
        dataset.open(dataset.find("a/1.png"))
    assert shade(dataset, "a/2.png") == 9


def test_a_zip_that_lies_about_a_size_is_damaged(tmp_path: Path) -> None:
    place = pack(tmp_path / "x.zip", {"a/1.png": bytes(1_000_000)})
    said, lie = (size.to_bytes(4, "little") for size in (1_000_000, 1000))
    place.write_bytes(place.read_bytes().replace(said, lie))
    dataset = open_dataset("folder", place)
    with pytest.raises(DataError, match=r"a/1\.png in x\.zip is damaged"):
        dataset.open(dataset.find("a/1.png"))


def test_a_cut_or_locked_zip_is_a_sentence(tmp_path: Path) -> None:
    whole = pack(tmp_path / "x.zip", {"a/1.png": png(), "b/1.png": png()}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-30])
    assert "neither a folder nor a zip" in refusal("folder", tmp_path / "cut.zip")
    locked = bytearray(whole)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the bit that says "password"
        at = whole.index(mark)
        locked[at + offset] |= 1
    (tmp_path / "locked.zip").write_bytes(locked)
    dataset = open_dataset("folder", tmp_path / "locked.zip")
    with pytest.raises(DataError, match="can't be unpacked"):
        dataset.open(dataset.find("a/1.png"))


def test_a_broken_picture_among_good_ones_is_named_when_it_is_opened(tmp_path: Path) -> None:
    broken = {"a/2.png": png(2)[:40], "a/3.jpg": b""}
    put(tmp_path, {"a/1.png": png(1), "b/4.png": png(4)} | broken)
    dataset = open_dataset("folder", tmp_path)
    assert len(dataset) == 4
    for name in ("2.png", "3.jpg"):
        with pytest.raises(PictureError, match=f"folder:a/{name}"):
            dataset.open(dataset.find(f"a/{name}"))
    assert shade(dataset, "a/1.png") == 1 and shade(dataset, "b/4.png") == 4


def test_empty_classes_and_one_class_are_noted(tmp_path: Path) -> None:
    put(tmp_path, {"full/1.png": png()} | {f"empty{i}/no.txt": b"" for i in range(7)})
    notes = open_dataset("folder", tmp_path).notes
    assert notes[0] == "The class “empty0” has no picture."
    assert notes[-2:] == (
        "2 more classes have no picture.",
        "All pictures are of one class, “full”.",
    )
    assert len(notes) == 7


def test_folders_without_a_picture_are_a_sentence(tmp_path: Path) -> None:
    put(tmp_path, {"own/a/no.txt": b"", "256_ObjectCategories/009.bear/no.txt": b""})
    assert f"no pictures in {tmp_path / 'own'}" in refusal("folder", tmp_path / "own")
    assert "no pictures in" in refusal("caltech256", tmp_path)
    (tmp_path / "nature_12K.zip").write_bytes(b"<html>not found</html>")
    assert "neither a folder nor a zip" in refusal("inaturalist", tmp_path)


def test_a_circle_of_links_is_not_walked(tmp_path: Path) -> None:
    put(tmp_path, {"a/1.png": png(), "b/1.png": png()})
    (tmp_path / "a" / "again").symlink_to(tmp_path)
    assert len(open_dataset("folder", tmp_path)) == 2


def cactus_folder(folder: Path, table: str | bytes) -> Path:
    put(folder, {f"train/{name}.jpg": png(i) for i, name in enumerate(("p", "q"))})
    (folder / "train.csv").write_bytes(table.encode() if isinstance(table, str) else table)
    return folder


def test_a_table_that_names_missing_tiles_leaves_them_out_and_says_so(tmp_path: Path) -> None:
    folder = cactus_folder(tmp_path, "id,has_cactus\np.jpg,0\ngone.jpg,1\nq.jpg,1\nlost.jpg,1\n")
    dataset = open_dataset("cactus", folder)
    assert dataset.items == {"no cactus": ("p.jpg",), "cactus": ("q.jpg",)}
    (note,) = dataset.notes
    assert note.startswith("2 of the 4 files") and "gone.jpg" in note


@pytest.mark.parametrize(
    ("case", "table", "said"),
    [
        ("no column", "id,label\np.jpg,1\n", "no columns id and has_cactus"),
        ("no number", "id,has_cactus\np.jpg,yes\n", "Line 2"),
        ("too short", "id,has_cactus\np.jpg\n", "Line 2"),
        ("no tile", "id,has_cactus\n", "names no tile"),
        ("nothing", "", "no columns"),
        ("none there", "id,has_cactus\nx.jpg,1\n", "None of the 1 files"),
        ("no text", b"\xff\xfe\x00id", "can't be read"),
        ("long field", "id,has_cactus\n" + "x" * 200_000 + ",1\n", "isn't a table"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 12 else "",
)
def test_a_malformed_table_is_a_sentence(
    tmp_path: Path, case: str, table: str | bytes, said: str
) -> None:
    assert said in refusal("cactus", cactus_folder(tmp_path, table))


def test_pictures_of_a_data_set_are_read_only_arrays(tmp_path: Path) -> None:
    put(tmp_path, {"a/1.png": png(1)})
    picture = open_item("folder:a/1.png", tmp_path)
    assert picture.rgb.dtype == np.uint8 and not picture.rgb.flags.writeable


@pytest.mark.parametrize("packing", [zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_packing_that_python_reads_without_a_bound_is_refused(
    packing: int, tmp_path: Path
) -> None:
    """20 MB in a few kilobytes, of which only the first ten bytes are asked for."""
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", packing) as packed:
        packed.writestr("cat/a.png", bytes(20_000_000))
        packed.writestr("recipe.json", b'{"kind":"' + b" " * 20_000_000 + b'"}')
    opened = archive.open_files(path)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="pack it anew, as an ordinary zip"):
            opened.beginning("cat/a.png", 10)
        with pytest.raises(CactivizError, match="There is no recipe"):
            read_recipe(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2_000_000
