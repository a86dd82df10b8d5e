"""MP4 writer with H.264, which browsers and slides play."""

from __future__ import annotations

import os
import struct
import subprocess
import uuid
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from cactiviz.errors import OutputError
from cactiviz.files import unfinished_folder, whole_file
from cactiviz.rendering.formats.metadata import xmp
from cactiviz.rendering.formats.quantize import Pixels

_RATE = 5  # pictures a second at least: players stumble over fewer
_XMP_BOX = uuid.UUID("be7acfcb-97a9-42e8-9c71-999491e3afac").bytes  # as Adobe's standard says
_COLOURS = ["-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709"]
# A fixed number of threads, no date and no version, so that equal frames make equal bytes.
_SETTINGS = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-tune", "stillimage"]
_SAME_BYTES = ["-threads", "2", "-fflags", "+bitexact", "-flags:v", "+bitexact"]


def write_mp4(
    path: str | os.PathLike[str],
    frames: Iterable[Pixels],
    *,
    seconds: float = 1.0,
    recipe: str = "",
) -> int:
    """Write frames of one size; return their number.

    A side of an odd number of pixels is made one longer, as the codec asks for. A frame that
    stays for longer than a fifth of a second is repeated.

    Args:
        path: The file.
        frames: uint8 (H, W, 3).
        seconds: Duration of each frame.
        recipe: Embedded in the file as XMP.

    Raises:
        OutputError: The file can't be written, or the encoder isn't here.
    """
    target = Path(os.path.realpath(path))
    with ExitStack() as cleared:
        try:
            inside = cleared.enter_context(unfinished_folder(target))
        except OSError as error:
            raise OutputError(f"The file {target} can't be written: {error.strerror}.") from error
        video = inside / "video.mp4"
        count = _encode(video, target, frames, seconds)
        with whole_file(target) as file, video.open("rb") as whole:
            while block := whole.read(1 << 20):
                file.write(block)
            if recipe:
                packet = xmp(recipe)
                file.write(struct.pack(">I", 24 + len(packet)) + b"uuid" + _XMP_BOX + packet)
    return count


def _encode(video: Path, target: Path, frames: Iterable[Pixels], seconds: float) -> int:
    repeats = max(1, round(_RATE * seconds))
    process: subprocess.Popen[bytes] | None = None
    count = 0
    try:
        for frame in frames:
            height, width = frame.shape[:2]
            even = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            if process is None:
                rate = repeats / seconds
                process = _start(video, even.shape[1], even.shape[0], rate)
                assert process.stdin is not None
            for _ in range(repeats):
                process.stdin.write(even.tobytes())  # type: ignore[union-attr]
            count += 1
        if process is not None:
            _, stderr = process.communicate()
            if process.returncode:
                raise OutputError(_why(target, stderr))
    except BrokenPipeError as error:
        stderr = process.stderr.read() if process and process.stderr else b""
        raise OutputError(_why(target, stderr)) from error
    finally:
        if process is not None:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stderr):
                if pipe is not None and not pipe.closed:
                    pipe.close()
    return count


def _start(video: Path, width: int, height: int, rate: float) -> subprocess.Popen[bytes]:
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{width}x{height}"]
    colours = ["-vf", "scale=out_color_matrix=bt709:out_range=tv", "-pix_fmt", "yuv420p"]
    return subprocess.Popen(
        [
            *(_program(), "-v", "error", "-nostdin", *source, "-r", f"{rate:.6f}", "-i", "-"),
            *(*colours, *_COLOURS, *_SETTINGS, *_SAME_BYTES, "-map_metadata", "-1"),
            *("-movflags", "+faststart", "-y", str(video)),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        # Not in this program's group, to which a terminal sends Ctrl+C: the encoder would end on
        # it before this program has stopped the work. It ends with its input, so at the latest
        # with this program.
        process_group=0 if os.name == "posix" else None,
    )


def _program() -> str:
    try:
        import imageio_ffmpeg  # only here: whoever writes no MP4 needs none

        program: str = imageio_ffmpeg.get_ffmpeg_exe()
        return program
    except (ImportError, RuntimeError) as error:
        raise OutputError(
            "An MP4 needs the package imageio-ffmpeg, which isn't here; a .webp or .gif doesn't."
        ) from error


def _why(target: Path, stderr: bytes) -> str:
    full = b"No space left" in stderr
    reason = "No space left on device" if full else "the encoder failed"
    return f"The file {target} can't be written: {reason}."
