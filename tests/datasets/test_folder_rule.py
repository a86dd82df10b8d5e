"""What a folder or zip of pictures holds: one rule for every command and page."""

from __future__ import annotations

import io
import os
import shutil
import signal
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from cactiviz.batch.collect import Collector
from cactiviz.batch.presets import of_source
from cactiviz.cli import main
from cactiviz.datasets import Dataset, Item, archive, open_dataset
from cactiviz.datasets.registry import open_anywhere
from cactiviz.datasets.tree import ENDINGS
from cactiviz.errors import CactivizError, DataError
from cactiviz.models import LoadedModel, load_model
from cactiviz.recipes.locate import Origins
from cactiviz.ui.session import state
from cactiviz.ui.sidebar import sidebar
from tests.fixtures.inside_pages import captions, open_page


def picture(shade: int = 0, kind: str = "PNG") -> bytes:
    """A small picture of one grey."""
    buffer = io.BytesIO()
    Image.new("RGB", (12, 10), (shade, shade, shade)).save(buffer, format=kind)
    return buffer.getvalue()


def put(folder: Path, *names: str) -> Path:
    """Pictures of these names, each of another grey, in a folder."""
    for shade, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(shade))
    return folder


def write(path: Path, content: bytes = b"no picture") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def pack(path: Path, *names: str, other: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for shade, name in enumerate(names):
            packed.writestr(name, b"" if name.endswith(("/", "\\")) else picture(shade))
        for name, content in (other or {}).items():
            packed.writestr(name, content)
    return path


def titles(source: Path, each: int = 5) -> list[str]:
    return [shot.title for shot in of_source(str(source), each)]


def said(source: Path) -> str:
    """What an animation of it says before it begins."""
    sentences: list[str] = []
    of_source(str(source), say=sentences.append)
    assert all(sentence.endswith(".") and "\n" not in sentence for sentence in sentences)
    return " ".join(sentences)


def refusal(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        open_anywhere(str(path))
    return str(caught.value)


TWELVE = tuple(f"{number:02}.jpg" for number in range(12))

# --- endings, and content in the end ----------------------------------------------------------


def test_every_ending_counts_everywhere_in_small_and_large_letters(tmp_path: Path) -> None:
    names = [f"{n:02}{e}" for n, e in enumerate((*ENDINGS, *(e.upper() for e in ENDINGS)))]
    flat = put(tmp_path / "flat", *names)
    assert titles(flat) == sorted(names)
    classes = put(tmp_path / "classes", *(f"a/{n}" for n in names), "b/1.png")
    assert open_anywhere(str(classes)).items["a"] == sorted(names)
    packed = pack(tmp_path / "x.zip", *(f"a/{n}" for n in names), "b/1.png")
    assert open_dataset("folder", packed).items["a"] == sorted(names)
    assert [f".{ending}" for ending in sidebar.TYPES] == list(ENDINGS)
    assert {".jfif", ".jpe", ".mpo", ".heif", ".jp2", ".ppm", ".pgm"} <= set(ENDINGS)


@pytest.mark.parametrize("name", ["IMG_0001", "photo.dat", "a.jpg~", "b.2024-05-01", "c.picture"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "PPM"])
def test_content_decides_where_the_ending_says_nothing(
    tmp_path: Path, name: str, kind: str
) -> None:
    put(tmp_path, "1.png")
    write(tmp_path / name, picture(9, kind))
    assert sorted(titles(tmp_path)) == sorted(["1.png", name])
    assert f"1 file is taken for a picture by its content, not by its ending: {name}." in said(
        tmp_path
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("README", b"Python, please"),  # as some PPM begins
        ("cars.txt", b"BMW is a make of car, and this a text about it that is long enough"),
        ("raw.nef", picture(1, "TIFF")),
        ("film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isomiso2"),
        ("labels.csv", b"id,label\n"),
        ("empty", b""),
    ],
)
def test_what_is_no_picture_is_left_out_and_counted(
    tmp_path: Path, name: str, content: bytes
) -> None:
    put(tmp_path, "1.png")
    write(tmp_path / name, content)
    assert titles(tmp_path) == ["1.png"]
    assert said(tmp_path) == f"1 file is no picture and was left out: {name}."


def test_a_text_called_a_picture_is_listed_and_said_when_it_is_opened(tmp_path: Path) -> None:
    put(tmp_path, "1.png")
    write(tmp_path / "2.jpg")
    shots = of_source(str(tmp_path), 5)
    assert [shot.title for shot in shots] == ["1.png", "2.jpg"]
    with pytest.raises(CactivizError, match=r"2\.jpg"):
        shots[1].open()


def test_pictures_come_in_natural_order(tmp_path: Path) -> None:
    names = ["1.jpg", "2.jpg", "10.jpg", "a9.jpg", "a010.jpg", "a" + "9" * 5000 + ".jpg"]
    put(tmp_path / "flat", *names[-2::-1])
    assert titles(tmp_path / "flat") == names[:-1]
    packed = pack(tmp_path / "flat.zip", *names[::-1])  # a zip's names may be that long
    assert [item.name for item in open_dataset("folder", packed)] == names


# --- what doesn't count -----------------------------------------------------------------------

HIDDEN = [".ipynb_checkpoints/00-checkpoint.jpg", ".git/x.jpg", ".a.jpg", ".cache/deep/b.png"]
SYSTEMS = [
    *("._00.jpg", "__MACOSX/._00.jpg", "Thumbs.db", "desktop.ini", ".DS_Store", "THUMBS.DB"),
    *("@eaDir/00.jpg/x.jpg", "$RECYCLE.BIN/x.jpg", ".AppleDouble/00.jpg", ".thumbnails/x.png"),
    *("System Volume Information/x.jpg", "ehthumbs.db", ".Trashes/x.jpg", "lost+found/x.jpg"),
]


@pytest.mark.parametrize("name", [*HIDDEN, *SYSTEMS])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_hidden_and_system_files_do_not_count(tmp_path: Path, name: str, kind: str) -> None:
    if kind == "zip":
        place = pack(tmp_path / "x.zip", *TWELVE, name)
    else:
        place = put(tmp_path / "x", *TWELVE, name)
    assert [title.removeprefix("pictures · ") for title in titles(place)] == list(TWELVE)
    part = name if name.startswith(".a") else name.partition("/")[0]
    expected = f"1 hidden file or folder was left out: {part}." if name in HIDDEN else ""
    assert said(place) == expected


@pytest.mark.parametrize("case", ["empty", "empty in empty", "texts", "hidden only", "many"])
def test_a_folder_without_pictures_leaves_a_flat_folder_flat(tmp_path: Path, case: str) -> None:
    place = put(tmp_path / "x", *TWELVE)
    names = {"empty": ["a"], "empty in empty": ["a/b/c"], "many": ["a", "b", "c", "d"]}
    for name in names.get(case, ["a"]):
        (place / name).mkdir(parents=True)
    if case == "texts":
        write(place / "a" / "notes.txt")
    if case == "hidden only":
        put(place, "a/.b.jpg")
    assert titles(place) == list(TWELVE)
    assert open_anywhere(str(place)).classes == ("pictures",)
    assert ("4 folders hold no picture" if case == "many" else "1 folder holds no") in said(place)


def test_loose_pictures_beside_classes_are_counted_and_said(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.jpg", "dog/1.jpg", "cover.jpg", "back.jpg")
    dataset = open_anywhere(str(tmp_path))
    assert {name: dataset.count(name) for name in dataset.classes} == {
        **{"cat": 1, "dog": 1, "pictures": 2}
    }
    assert "2 pictures lie in no folder of a class: back.jpg, cover.jpg." in dataset.notes


def test_the_number_of_each_class_is_said_with_how_many_there_are(tmp_path: Path) -> None:
    place = put(tmp_path, *(f"{kind}/{n}" for kind in ("cat", "dog") for n in TWELVE))
    assert len(titles(place, 3)) == 6 and len(of_source(str(place))) == 10
    assert said(place) == (
        "10 of 24 pictures are shown, at most 5 of each class; --each N shows more."
    )
    shutil.rmtree(place / "dog")
    assert len(of_source(str(place))) == 12  # one class shares with no other
    assert len(titles(place, 3)) == 3


def test_what_can_not_be_read_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path, "cat/1.jpg", "dog/1.jpg", "shut/1.jpg")
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("shut"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(archive.os, "scandir", refuse)
    dataset = open_anywhere(str(tmp_path))
    assert dataset.classes == ("cat", "dog")
    assert "1 file or folder can't be read and was left out: shut." in dataset.notes
    monkeypatch.setattr(archive.os, "scandir", lambda path: refuse("shut"))
    assert "can't be read: Permission denied" in refusal(tmp_path)


def test_pipes_do_not_keep_anybody_waiting(tmp_path: Path) -> None:
    put(tmp_path, "1.jpg")
    os.mkfifo(tmp_path / "2.jpg")
    os.mkfifo(tmp_path / "pipe")
    assert titles(tmp_path) == ["1.jpg"]
    assert "2 files are no pictures" in said(tmp_path)


def test_a_name_that_is_no_text_is_said(tmp_path: Path) -> None:
    put(tmp_path, "cat/1.jpg", "dog/1.jpg")
    for name in (b"cat/\xff.jpg", b"caf\xe9.jpg"):
        try:
            Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name)).write_bytes(picture())
        except OSError:
            pytest.skip("this system has no such names")
    dataset = open_anywhere(str(tmp_path))
    assert [item.address for item in dataset] == ["folder:cat/1.jpg", "folder:dog/1.jpg"]
    assert "2 files or folders have names that can't be shown" in " ".join(dataset.notes)


# --- links ------------------------------------------------------------------------------------


def test_links_are_followed_once_or_said(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside", "1.jpg", "deep/2.jpg")
    place = put(tmp_path / "x", "real/1.jpg")
    links = {
        "afar": outside,
        "again": outside,  # a second way to it
        "a_sibling": place / "real",
        "up": place,
        "higher": tmp_path,
        "gone": tmp_path / "nowhere",
        "real/round": place / "real",
    }
    for name, target in links.items():
        (place / name).symlink_to(target)
    (outside / "deep" / "back").symlink_to(outside)
    (place / "real" / "afile.jpg").symlink_to(outside / "1.jpg")
    (place / "itself.jpg").symlink_to(place / "itself.jpg")
    (place / "real" / "broken.jpg").symlink_to(tmp_path / "none.jpg")
    dataset = open_anywhere(str(place))
    assert dataset.items == {"afar": ["1.jpg", "deep/2.jpg"], "real": ["1.jpg", "afile.jpg"]}
    assert all(dataset.open(item).size == (10, 12) for item in dataset)
    notes = " ".join(dataset.notes)
    assert "6 links were left out, as they lead to folders that are listed already" in notes
    assert "3 links lead nowhere and were left out: gone, itself.jpg, real/broken.jpg." in notes


@pytest.mark.parametrize("target", [".", "..", "../../x", "../b/../a"])
def test_a_circle_ends(tmp_path: Path, target: str) -> None:
    place = put(tmp_path / "x", "a/1.jpg", "b/1.jpg")
    (place / "a" / "round").symlink_to(target)
    assert len(open_anywhere(str(place))) == 2
    assert "1 link was left out" in said(place)


def test_a_folder_reached_by_a_link_is_listed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(put(tmp_path / "x", *TWELVE))
    assert titles(tmp_path / "link") == list(TWELVE)
    stored = put(tmp_path / "y", ".store/v1/1.jpg", ".store/v1/2.jpg")
    (stored / "current").symlink_to(stored / ".store" / "v1")  # of a folder that isn't listed
    assert open_anywhere(str(stored)).items == {"current": ["1.jpg", "2.jpg"]}


# --- splits -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("train", "val"),
    [
        ("train", "val"),
        ("Train", "Test"),
        ("TRAIN", "VALID"),
        ("training", "validation"),
        ("training_set/training_set", "test_set/test_set"),
        ("wrapping/train", "wrapping/val"),
        ("set/images/train", "set/images/testing"),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "zip", "windows zip"])
def test_a_split_keeps_its_classes_and_its_parts(
    tmp_path: Path, train: str, val: str, kind: str
) -> None:
    names = [f"{train}/cat/1.jpg", f"{train}/dog/1.jpg", f"{val}/cat/1.jpg", f"{val}/cat/2.jpg"]
    if kind == "folder":
        place = put(tmp_path / "x", *names)
    else:
        mark = "\\" if kind == "windows zip" else "/"
        place = pack(tmp_path / "x.zip", *(name.replace("/", mark) for name in names))
    dataset = open_anywhere(str(place))
    assert dataset.classes == ("cat", "dog") and len(dataset) == 4
    shades = {item.address: int(dataset.open(item).rgb[0, 0, 0]) for item in dataset}
    assert sorted(shades.values()) == [0, 1, 2, 3]
    parts = {item.split for item in dataset}
    assert len(parts) == 2 and "train" in parts and "" not in parts
    assert {item.class_name for item in dataset if item.split == "train"} == {"cat", "dog"}
    assert all(dataset.find(item.address.partition(":")[2]) == item for item in dataset)


def test_other_folders_beside_a_split_stay_classes_and_texts_do_not(tmp_path: Path) -> None:
    put(tmp_path, "train/cat/1.jpg", "val/cat/1.jpg", "test/1.jpg", "docs/logo.png", "top.jpg")
    write(tmp_path / "annotations" / "1.xml")
    dataset = open_anywhere(str(tmp_path))
    assert dataset.items == {
        "cat": ["train/1.jpg", "val/1.jpg"],
        "docs": ["logo.png"],
        "pictures": ["test/1.jpg", "top.jpg"],
    }
    assert {int(dataset.open(item).rgb[0, 0, 0]) for item in dataset} == {0, 1, 2, 3, 4}
    assert "2 pictures lie in no folder of a class: test/1.jpg, top.jpg." in dataset.notes
    assert "1 folder holds no picture and was left out: annotations." in dataset.notes


def test_folders_called_as_parts_that_hold_no_classes_are_classes(tmp_path: Path) -> None:
    assert open_anywhere(str(put(tmp_path / "x", "train/1.jpg", "test/1.jpg"))).classes == (
        *("test", "train"),
    )
    vehicles = put(tmp_path / "y", "train/1.jpg", "plane/1.jpg", "car/1.jpg")
    assert open_anywhere(str(vehicles)).classes == ("car", "plane", "train")
    assert Item("folder", "train", "1.jpg").split == ""
    assert Item("folder", "train", "old/1.jpg").split == ""


# --- zips -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("cat/1.jpg", "cat/2.jpg", "dog/1.jpg"),
        ("cat\\1.jpg", "cat\\2.jpg", "dog\\1.jpg"),
        ("data\\", "data\\cat\\", "data\\cat\\1.jpg", "data\\cat\\2.jpg", "data\\dog\\1.jpg"),
        ("./", "./cat/", "./cat/1.jpg", "./cat/2.jpg", "./dog/1.jpg"),
        ("./cat/1.jpg", "cat\\2.jpg", ".\\dog\\1.jpg"),
        ("cat//1.jpg", "cat/./2.jpg", "dog/1.jpg"),
        ("w\\x/cat\\1.jpg", "w/x\\cat/2.jpg", "w/x/dog/1.jpg"),
    ],
)
def test_a_zip_lists_alike_however_its_names_are_written(
    tmp_path: Path, names: tuple[str, ...]
) -> None:
    dataset = open_anywhere(str(pack(tmp_path / "x.ZIP", *names)))
    assert dataset.items == {"cat": ["1.jpg", "2.jpg"], "dog": ["1.jpg"]}
    assert len({int(dataset.open(item).rgb[0, 0, 0]) for item in dataset}) == 3
    assert dataset.notes == ()


@pytest.mark.parametrize("name", ["Bär/Ü.jpg", "猫/1.jpg", "café/1.jpg"])
def test_a_zip_in_utf_8_that_does_not_say_so(tmp_path: Path, name: str) -> None:
    place = pack(tmp_path / "x.zip", name, "b/1.jpg")
    data = bytearray(place.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 7), (b"PK\x01\x02", 9)):  # the flag for UTF-8
        at = data.index(mark)
        assert data[at + offset] == 8
        data[at + offset] = 0
    place.write_bytes(data)
    dataset = open_anywhere(str(place))
    assert set(dataset.classes) == {name.partition("/")[0], "b"}
    assert all(dataset.open(item).size == (10, 12) for item in dataset)


def inner() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("train/1.jpg", picture())
    return buffer.getvalue()


def test_a_zip_of_zips_says_what_to_do(tmp_path: Path) -> None:
    one = pack(tmp_path / "one.zip", other={"train.zip": inner()})
    assert f"no pictures in {one}, but a zip (train.zip): please unpack one.zip" in refusal(one)
    two = pack(tmp_path / "two.zip", other={"d/a.zip": inner(), "d/b.ZIP": inner(), "c.csv": b""})
    assert "2 zips (d/a.zip, d/b.ZIP): please unpack two.zip" in refusal(two)
    tars = pack(tmp_path / "tars.zip", other={"a.tar": b"", "b.7z": b""})
    assert "2 packed files (a.tar, b.7z): please unpack" in refusal(tars)
    mixed = pack(tmp_path / "mixed.zip", "a/1.jpg", "b/1.jpg", other={"more.zip": inner()})
    assert "1 packed file wasn't looked into" in " ".join(open_anywhere(str(mixed)).notes)


def test_a_folder_of_zips_says_which_to_name(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", b"id,label\n1.jpg,cat\n")
    first = write(tmp_path / "train.zip", inner())
    assert f"a zip (train.zip): please name {first}." in refusal(tmp_path)
    write(tmp_path / "a" / "test.zip", inner())
    named = tmp_path / "a" / "test.zip"
    assert f"please name one of them, such as {named}." in refusal(tmp_path)
    put(tmp_path, "1.jpg")
    assert titles(tmp_path) == ["1.jpg"]
    assert "2 packed files weren't looked into" in said(tmp_path)


def test_kaggles_list_beside_its_zip_is_the_data_set_everywhere(tmp_path: Path) -> None:
    write(tmp_path / "train.csv", b"id,has_cactus\na.jpg,1\nb.jpg,0\n")
    pack(tmp_path / "train.zip", "train/a.jpg", "train/b.jpg")
    write(tmp_path / "test.zip", inner())
    assert len(of_source(str(tmp_path))) == 2
    assert open_anywhere(str(tmp_path)).name == "cactus"
    dataset = open_dataset("folder", tmp_path)
    assert dataset.items == {"no cactus": ("b.jpg",), "cactus": ("a.jpg",)}
    (item,) = dataset.page(0, 9, "cactus")
    assert dataset.open(item).name == item.address == "folder:cactus/a.jpg"


@pytest.mark.parametrize("header", ["id,label", "image_id,healthy,rust", "", "\xff"])
def test_another_list_beside_a_folder_of_pictures_is_no_cactus_list(
    tmp_path: Path, header: str
) -> None:
    put(tmp_path, "train/1.jpg", "test/1.jpg")
    write(tmp_path / "train.csv", f"{header}\n1.jpg,2,3\n".encode("latin-1"))
    dataset = open_anywhere(str(tmp_path))
    assert dataset.classes == ("test", "train")
    assert "1 file is no picture and was left out: train.csv." in dataset.notes


def test_pictures_that_all_need_a_password_are_a_sentence(tmp_path: Path) -> None:
    place = pack(tmp_path / "x.zip", "a/1.jpg", "a/2.jpg")
    data = bytearray(place.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(mark)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(mark, at + 1)
    place.write_bytes(data)
    assert refusal(place).startswith("The pictures in x.zip need a password; please unpack it")


def test_a_name_that_is_there_twice_is_said(tmp_path: Path) -> None:
    dataset = open_anywhere(str(pack(tmp_path / "x.zip", "a/1.jpg", "a\\1.jpg", "b/1.jpg")))
    assert dataset.items == {"a": ["1.jpg"], "b": ["1.jpg"]}
    assert int(dataset.open(dataset.find("a/1.jpg")).rgb[0, 0, 0]) == 1
    assert "1 file is there twice under one name" in " ".join(dataset.notes)


# --- a run's own output -----------------------------------------------------------------------


@pytest.fixture(scope="module")
def cactinet() -> LoadedModel:
    return load_model("cactinet")


@pytest.fixture
def loaded(cactinet: LoadedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """The network, read from its file once for all of these tests."""
    monkeypatch.setattr("cactiviz.batch.collect.load_model", lambda *_, **__: cactinet)
    monkeypatch.setattr("cactiviz.models.load_model", lambda *_, **__: cactinet)


def animate(out: Path, *sources: Path) -> int:
    return main.main(
        ["animate", *map(str, sources), "--out", str(out), "--models", "cactinet", "--panel", "64"]
    )


def frames(out: Path) -> int:
    if out.is_dir():
        return len(list(out.iterdir()))
    with Image.open(out) as image:
        return int(getattr(image, "n_frames", 1))


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("name", ["x.gif", "x.webp", "sub/x.gif"])
@pytest.mark.parametrize("kind", ["flat", "classes"])
def test_a_second_run_has_the_pictures_of_the_first(
    tmp_path: Path, name: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ["a.png", "b.png", "c.png"] if kind == "flat" else ["a/1.png", "b/1.png", "b/2.png"]
    place = put(tmp_path / "x", *names)
    (place / "sub").mkdir()
    out = place / name
    assert animate(out, place) == 0 and frames(out) == 3
    write(out.with_name(f"{out.name}.parts") / "left.png", picture())
    capsys.readouterr()
    assert animate(out, place) == 0 and frames(out) == 3
    assert "files or folders are what this command writes, and were left out" in (
        capsys.readouterr().err
    )


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("name", ["x.gif", "frames", "x.webp"])
def test_stopped_in_its_own_folder_it_goes_on_with_the_same_pictures(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = put(tmp_path / "x", *(f"{number}.png" for number in range(1, 8)))
    out, answer = place / name, Collector._answer
    asked: list[int] = []

    def stop_at_the_third(self: Collector, index: int, *rest: object) -> object:
        asked.append(index)
        if len(asked) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return answer(self, index, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(Collector, "_answer", stop_at_the_third)
    assert animate(out, place) != 0
    assert (place / f"{name}.parts").is_dir() and not out.exists()
    asked.extend([0, 0, 0])
    assert animate(out, place) == 0 and frames(out) == 7


@pytest.mark.usefixtures("loaded")
def test_an_earlier_output_that_is_named_as_a_picture_is_kept(tmp_path: Path) -> None:
    place = put(tmp_path, "a.png", "b.png")
    out = place / "x.gif"
    assert animate(out, *sorted(place.iterdir())) == 0 and frames(out) == 2
    before = out.read_bytes()
    assert animate(out, *sorted(place.iterdir())) == 2 and out.read_bytes() == before
    other = place / "y.gif"  # an earlier one under another name is a picture as any
    assert animate(other, place) == 0 and frames(other) == 3


@pytest.mark.parametrize("where", ["out", ""])
def test_pictures_are_not_drawn_into_the_folder_that_they_are_drawn_from(
    tmp_path: Path, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    place = put(tmp_path, *(f"{number}.png" for number in range(5)))
    before = {path: path.read_bytes() for path in place.iterdir()}
    command = ["data", "sample", "folder", "--dir", str(place), "--out", str(place / where)]
    assert main.main([*command, "--count", "9"]) == 2
    assert "lies in the data that are read here" in capsys.readouterr().err
    assert {path: path.read_bytes() for path in place.iterdir()} == before


@pytest.mark.usefixtures("loaded")
def test_what_is_left_out_is_said_by_data_and_evaluate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = put(tmp_path / "x", "cactus/1.png", "no cactus/1.png", ".hidden.png")
    write(place / "notes.txt")
    sample = ["data", "sample", "folder", "--dir", str(place), "--out", str(tmp_path / "out")]
    sheet = place / "sheet.png"
    for command in (
        sample,
        ["data", "info", "folder", "--dir", str(place)],
        ["evaluate", "cactinet", "--data", str(place), "--sheet", str(sheet)],
        ["evaluate", "cactinet", "--data", str(place), "--sheet", str(sheet)],
    ):
        assert main.main(command) == 0
        told = " ".join(capsys.readouterr())
        assert "1 file is no picture and was left out: notes.txt." in told
        assert "1 hidden file or folder was left out: .hidden.png." in told
    assert "2 pictures" in told or "of 2" in told


# --- the app ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["gallery", "animate"])
def test_the_app_says_what_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    place = put(tmp_path / "x", *(f"{part}/cat/{n}" for part in ("train", "val") for n in TWELVE))
    put(place, "val/dog/1.jpg", ".hidden/1.jpg", "Thumbs.db")
    write(place / "notes.txt")
    (place / "up").symlink_to(place)
    app = open_page(f"pages/{page}.py", monkeypatch, tmp_path)
    if page == "gallery":
        app.button_group(key=state.SHOWN).set_value("folder").run()
    else:
        app.selectbox(key=state.FILM_SET).set_value("folder").run()
    app.text_input(key=state.PLACE).set_value(str(place)).run()
    told = captions(app)
    for sentence in (
        "1 hidden file or folder was left out: .hidden.",
        "1 file is no picture and was left out: notes.txt.",
        "1 link was left out, as it leads to a folder that is listed already: up.",
    ):
        assert sentence in told
    if page == "gallery":
        kinds = app.button_group(key=state.KIND).options
        assert kinds == ["All", "cat · 24", "dog · 1"]
        return
    assert "9 of the 25 pictures of these classes are taken, 8 of each at most." in told
    app.session_state[state.FILM].close()


# --- replay -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names",
    [
        ("1.jpg", "2.jpg"),
        ("cat/1.jpg", "dog/1.jpg", "loose.jpg"),
        ("train/cat/1.jpg", "val/cat/1.jpg", "test/1.jpg"),
        ("w/training_set/training_set/cat/1.jpg", "w/test_set/test_set/dog/1.jpg"),
    ],
)
def test_a_recipe_finds_pictures_of_every_layout(tmp_path: Path, names: tuple[str, ...]) -> None:
    place = put(tmp_path / "x", *names)
    shots = of_source(str(place))
    assert len(shots) == len(names)
    assert all(Path(shot.origin).is_file() for shot in shots)
    for shot in shots:
        assert Origins(data=place).open(shot.origin).sha256 == shot.open().sha256
    packed = pack(tmp_path / "x.zip", *(name.replace("/", "\\") for name in names))
    for shot in of_source(str(packed)):
        assert Origins(data=packed).open(shot.origin).sha256 == shot.open().sha256


# --- the field's cases ------------------------------------------------------------------------


def test_field_cases(data_dir: Path) -> None:
    cases = data_dir / "field-cases"
    if not cases.is_dir():
        pytest.skip("the field cases aren't here")
    assert titles(cases / "flat12_with_hidden_folder") == list(TWELVE)
    assert titles(cases / "flat_mac") == ["a.jpg"]

    def listed(name: str) -> Dataset:
        return open_anywhere(str(cases / name))

    assert listed("split").items == {
        "cat": ["train/1.jpg", "val/1.jpg"],
        "dog": ["train/1.jpg", "val/1.jpg"],
    }
    assert listed("windows_backslash.zip").items == {"cat": ["1.jpg", "2.jpg"], "dog": ["1.jpg"]}
    told = refusal(cases / "kaggle_download_all.zip")
    assert "a zip (train.zip): please unpack kaggle_download_all.zip" in told
    assert told.count(". ") == 0
