"""What an animation costs: 35 frames of six panels, 1600 pixels wide, in each format.

Against matplotlib's FuncAnimation with its Pillow writer, in one run, on the same pictures. Heat
maps are drawn by seed over crops of the sample photographs, so that nothing has to be computed or
downloaded; with a folder of photographs as the argument its pictures are taken instead.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cactiviz.pictures.open import open_picture, samples
from cactiviz.rendering import paint
from cactiviz.rendering.figures.frame import Layout, Panel, draw_frame
from cactiviz.rendering.formats import write_animation
from cactiviz.types import Box, Picture

FRAMES, SIDE = 35, 248
TITLES = ("Original", "AlexNet", "DenseNet121", "ResNet152", "EB0", "EB3")
Pixels = NDArray[np.uint8]


def pictures(folder: str | None) -> list[Picture]:
    if folder:
        files = sorted(Path(folder).rglob("*.jpg"))[:FRAMES]
        found = [open_picture(file) for file in files]
        return [found[index % len(found)] for index in range(FRAMES)]
    random = np.random.default_rng(0)
    photographs = [picture.rgb for picture in samples().values()]
    crops = []
    for index in range(FRAMES):
        rgb = photographs[index % len(photographs)]
        side = int(random.integers(min(rgb.shape[:2]) // 2, min(rgb.shape[:2])))
        top, left = (int(random.integers(0, size - side)) for size in rgb.shape[:2])
        crops.append(Picture(rgb[top : top + side, left : left + side], f"crop {index}"))
    return crops


def panels_of(picture: Picture, seed: int) -> list[Pixels]:
    random = np.random.default_rng(seed)
    height, width = picture.size
    images = [paint.resized(picture, (SIDE, SIDE))]
    for grid in (13, 7, 7, 7, 10):
        values = random.random((grid, grid), np.float32)
        values = np.maximum(cv2.GaussianBlur(values, (0, 0), 1.2) - 0.45, 0)
        vmax = paint.vmax_of([values], "overlay")
        seen = Box(0, 0, height, width)
        images.append(
            paint.paint(picture, values, seen, display="overlay", vmax=vmax, size=(SIDE, SIDE))
        )
    return images


def frame_of(images: list[Pixels]) -> Pixels:
    panels = [
        Panel(title, image, "Egyptian cat", 0.71, "own scale, full colour at 0.385 · min 0 max 0.4")
        for title, image in zip(TITLES, images, strict=True)
    ]
    return draw_frame(panels, Layout())


def matplotlib_gif(path: Path, panels: list[list[Pixels]]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.animation import FuncAnimation, PillowWriter

    figure, axes = pyplot.subplots(1, 6, figsize=(16, 3.8), dpi=100)
    shown = [axis.imshow(image) for axis, image in zip(axes, panels[0], strict=True)]
    for axis, title in zip(axes, TITLES, strict=True):
        axis.set_title(title)
        axis.axis("off")

    def update(index: int) -> list[object]:
        for artist, image in zip(shown, panels[index], strict=True):
            artist.set_data(image)
        return list(shown)

    FuncAnimation(figure, update, frames=len(panels), blit=False).save(
        path, writer=PillowWriter(fps=1)
    )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def worst_and_mean(path: Path, panels: list[list[Pixels]], frames: list[Pixels]) -> str:
    """Peak signal to noise of the heat maps against the frames as they were painted."""
    found = []
    with Image.open(path) as image:
        for index, (frame, images) in enumerate(zip(frames, panels, strict=True)):
            image.seek(index)
            back = np.asarray(image.convert("RGB"))
            top = next(
                y
                for y in range(200)
                if np.array_equal(frame[y : y + SIDE, 16 : 16 + SIDE], images[0])
            )
            for place, original in enumerate(images[1:], 1):
                left = 16 + place * (SIDE + 16)
                shown = back[top : top + SIDE, left : left + SIDE].astype(float)
                found.append(10 * np.log10(255**2 / np.mean((shown - original) ** 2)))
    return f"heat maps {min(found):.1f} dB at least, {np.mean(found):.1f} on average"


def main() -> None:
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    panels = [panels_of(picture, seed) for seed, picture in enumerate(pictures(folder))]
    frames: list[Pixels] = []
    seconds, _ = timed(lambda: frames.extend(map(frame_of, panels)))
    height, width = frames[0].shape[:2]
    print("Seconds here are of this process's processor time; MP4 is made by another.")
    print(f"{FRAMES} frames of {width} x {height} on {os.cpu_count()} processors")
    print(f"drawing the frames           {seconds:6.2f} s")
    with tempfile.TemporaryDirectory() as folder_name:
        place = Path(folder_name)
        for ending in (".gif", ".webp", ".mp4", ""):
            path = place / f"out{ending}"

            def work(path: Path = path) -> None:
                write_animation(path, frames)

            wall, processor = timed(work)
            files = path.iterdir() if path.is_dir() else [path]
            size = sum(file.stat().st_size for file in files) / 1e6
            name = {"": "PNGs"}.get(ending, ending[1:])
            more = worst_and_mean(path, panels, frames) if ending in (".gif", ".webp") else ""
            print(f"{name:12} {wall:6.2f} s, {processor:5.2f} s here, {size:6.2f} MB {more}")
        path = place / "matplotlib.gif"
        wall, processor = timed(lambda: matplotlib_gif(path, panels))
        size = path.stat().st_size / 1e6
        print(f"{'matplotlib':12} {wall:6.2f} s, {processor:5.2f} s here, {size:6.2f} MB")


if __name__ == "__main__":
    main()
