from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from cactiviz.errors import Cancelled, OutputError
from cactiviz.rendering.formats import quantise, write_animation
from cactiviz.rendering.formats.metadata import recipe_in

ENDINGS = [".gif", ".webp", ".mp4", ""]
RECIPE = '{"title": "<script>&amp; \\u017d</script>"}'
Pixels = NDArray[np.uint8]


def overlay(height: int = 120, width: int = 160, seed: int = 0) -> Pixels:
    """Texture on the left, a smooth heat map over all, as overlays are."""
    noise = np.random.default_rng(seed).normal(0, 25, (height, width // 2, 3))
    rows, columns = np.mgrid[:height, :width] / (height, width, 1)[0]
    map_ = np.exp(-((rows - 0.5) ** 2 + (columns - 0.3 - seed / 10) ** 2) * 4)
    heat = cv2.applyColorMap((255 * map_).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    below = np.full((height, width, 3), 120.0)
    below[:, : width // 2] += noise
    return np.clip(np.rint(0.5 * heat + 0.5 * below), 0, 255).astype(np.uint8)


def framed(seed: int) -> Pixels:
    """An overlay on a white page, with a mark at a place of its own."""
    page = np.full((150, 200, 3), 255, np.uint8)
    page[20:140, 20:180] = overlay(seed=seed)
    page[4:10, 20 * seed + 8 : 20 * seed + 16] = 0
    return page


def psnr(one: Pixels, other: Pixels) -> float:
    return float(10 * np.log10(255**2 / max(np.mean((one.astype(float) - other) ** 2), 1e-9)))


def opened(path: Path) -> list[Pixels]:
    if path.is_dir():
        return [np.asarray(Image.open(file)) for file in sorted(path.iterdir())]
    if path.suffix == ".mp4":
        return list(mp4_frames(path))[::5]
    with Image.open(path) as image:
        return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]


def mp4_frames(path: Path) -> Iterator[Pixels]:
    video = cv2.VideoCapture(str(path))
    while True:
        read, frame = video.read()
        if not read:
            return
        yield np.asarray(frame[..., ::-1], np.uint8)


@pytest.mark.parametrize("ending", ENDINGS)
def test_each_format_keeps_count_order_and_look(tmp_path: Path, ending: str) -> None:
    frames = [framed(seed) for seed in range(4)]
    path = tmp_path / f"out{ending}"
    assert write_animation(path, iter(frames), recipe=RECIPE) == 4
    back = opened(path)
    assert len(back) == 4
    for index, frame in enumerate(frames):
        others = [psnr(frame, other) for other in back]
        assert others[index] == max(others) > 30
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("ending", ENDINGS)
def test_the_same_frames_make_the_same_bytes(tmp_path: Path, ending: str) -> None:
    made = []
    for name in ("a", "b"):
        path = tmp_path / f"{name}{ending}"
        write_animation(path, map(framed, range(3)), recipe=RECIPE)
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        made.append([file.read_bytes() for file in files])
    assert made[0] == made[1]


@pytest.mark.parametrize("ending", [".gif", ".webp"])
def test_times_and_rounds(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"out{ending}"
    for loop in (0, 1, 3):
        write_animation(path, map(framed, range(3)), seconds=0.25, loop=loop)
        with Image.open(path) as image:
            said = image.info.get("loop")
            times = []
            for index in range(3):
                image.seek(index)
                image.load()
                times.append(image.info["duration"])
        assert times == [250, 250, 250]
        # A GIF's number counts the repetitions, and without it all is shown once.
        assert said == ({0: 0, 1: None, 3: 2}[loop] if ending == ".gif" else loop)


def test_a_video_lasts_as_long_as_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "out.mp4"
    odd = np.full((75, 101, 3), 200, np.uint8)
    write_animation(path, [odd] * 3, seconds=2)
    video = cv2.VideoCapture(str(path))
    frames, rate = video.get(cv2.CAP_PROP_FRAME_COUNT), video.get(cv2.CAP_PROP_FPS)
    assert frames / rate == pytest.approx(6)
    assert rate >= 5
    assert next(mp4_frames(path)).shape == (76, 102, 3)
    assert path.read_bytes().index(b"moov") < 100  # at the front, so that it plays at once
    assert b"avc1" in path.read_bytes()


def test_each_file_carries_its_recipe(tmp_path: Path) -> None:
    for ending in ENDINGS:
        write_animation(tmp_path / f"out{ending}", [framed(0)], recipe=RECIPE)
    with Image.open(tmp_path / "out.gif") as image:
        assert image.info["comment"].decode() == RECIPE
    with Image.open(tmp_path / "out.webp") as image:
        assert recipe_in(image.info["xmp"]) == RECIPE
    with Image.open(tmp_path / "out" / "0001.png") as image:
        assert image.info["recipe"] == RECIPE
    assert recipe_in((tmp_path / "out.mp4").read_bytes()) == RECIPE


def test_a_long_recipe_fits_into_a_gif(tmp_path: Path) -> None:
    write_animation(tmp_path / "out.gif", [framed(0)], recipe="long " * 5000)
    with Image.open(tmp_path / "out.gif") as image:
        assert image.info["comment"] == b"long " * 5000
        assert np.asarray(image.convert("RGB")).shape == (150, 200, 3)


def test_a_gif_holds_only_what_changes(tmp_path: Path) -> None:
    first, second = framed(0), framed(0)
    second[60:70, 100:130] = (200, 30, 30)
    sizes = []
    for frames in ([first], [first, second], [first, second, second]):
        write_animation(tmp_path / "out.gif", frames)
        sizes.append((tmp_path / "out.gif").stat().st_size)
    assert sizes[1] - sizes[0] < 1500  # a palette and a small rectangle
    assert sizes[2] - sizes[1] < 1000
    third = opened(tmp_path / "out.gif")[2]
    assert np.abs(third[60:70, 100:130].astype(int) - (200, 30, 30)).max() <= 8
    assert psnr(third[:50], first[:50]) > 32


def test_256_colours_are_near_enough() -> None:
    for seed in range(3):
        rgb = framed(seed)
        indices, palette = quantise(rgb)
        panel = (slice(20, 140), slice(20, 180))
        assert psnr(rgb[panel], palette[indices][panel]) > 32


def test_what_is_smooth_shows_no_bands() -> None:
    """The mean over a few pixels stays what it was; without a dither bands are off by more."""
    off = []
    for seed in range(4):
        rgb = overlay(240, 320, seed)
        noise = np.random.default_rng(seed).normal(128, 80, (240, 100, 3))
        rgb[:, :100] = np.clip(cv2.blur(noise, (2, 2)), 0, 255)  # it takes most of the palette
        indices, palette = quantise(rgb)
        smooth = (slice(0, 240), slice(168, 320))
        means = [
            cv2.blur(image[smooth].astype(np.float32), (8, 8)) for image in (rgb, palette[indices])
        ]
        off.append(np.abs(means[0] - means[1]).max())
    assert np.mean(off) < 5.5


def test_a_common_colour_is_kept_to_the_digit() -> None:
    for page in ((255, 255, 255), (14, 17, 23), (250, 251, 249)):
        rgb = framed(1)
        rgb[(rgb == 255).all(axis=2)] = page
        indices, palette = quantise(rgb)
        assert (palette[indices][:3] == page).all()
        assert (palette[indices][145:] == page).all()


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (3, 2), (5, 301)])
def test_any_size_can_be_quantised(size: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    indices, palette = quantise(rgb)
    assert indices.shape == size
    assert palette.shape == (256, 3)


def stopping() -> Iterator[Pixels]:
    yield framed(0)
    yield framed(1)
    raise Cancelled("Stopped.")


@pytest.mark.parametrize("ending", ENDINGS)
def test_stopped_work_leaves_nothing_and_an_old_file_as_it_was(tmp_path: Path, ending: str) -> None:
    with pytest.raises(Cancelled):
        write_animation(tmp_path / f"out{ending}", stopping())
    assert os.listdir(tmp_path) == []
    if ending:
        (tmp_path / f"out{ending}").write_bytes(b"old")
        with pytest.raises(Cancelled):
            write_animation(tmp_path / f"out{ending}", stopping())
        assert (tmp_path / f"out{ending}").read_bytes() == b"old"
        assert os.listdir(tmp_path) == [f"out{ending}"]


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_full_disk_is_told_in_one_sentence(tmp_path: Path, ending: str) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32k", "none", str(disk)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("No small disk can be made here.")
    try:
        with pytest.raises(OutputError, match=r"^The (file|folder) .* No space left on device\.$"):
            write_animation(disk / f"out{ending}", map(framed, [*range(5)] * 8))
        assert os.listdir(disk) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_what_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"must end in \.gif"):
        write_animation(tmp_path / "out.avi", [framed(0)])
    with pytest.raises(OutputError, match="not one frame"):
        write_animation(tmp_path / "out.gif", [])
    with pytest.raises(OutputError, match="too large"):
        write_animation(tmp_path / "out.webp", [np.zeros((1, 16384, 3), np.uint8)])
    with pytest.raises(OutputError, match="No such file"):
        write_animation(tmp_path / "nowhere" / "out.mp4", [framed(0)])
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="there already"):
        write_animation(tmp_path / "full", [framed(0)])
    with pytest.raises(ValueError, match="one animation"):
        write_animation(tmp_path / "out.gif", [framed(0), framed(0)[1:]])
    with pytest.raises(ValueError, match="no animation"):
        write_animation(tmp_path / "out.gif", [framed(0)], seconds=0)
    assert sorted(os.listdir(tmp_path)) == ["full"]


def test_a_webps_container_is_whole(tmp_path: Path) -> None:
    write_animation(tmp_path / "out.webp", map(framed, range(3)), recipe=RECIPE)
    data = io.BytesIO((tmp_path / "out.webp").read_bytes())
    assert data.read(4) == b"RIFF"
    assert struct.unpack("<I", data.read(4))[0] == len(data.getvalue()) - 8
    assert data.read(4) == b"WEBP"
    names = []
    while name := data.read(4):
        length = struct.unpack("<I", data.read(4))[0]
        data.seek(length + length % 2, io.SEEK_CUR)
        names.append(name)
    assert names == [b"VP8X", b"ANIM", b"ANMF", b"ANMF", b"ANMF", b"XMP "]
