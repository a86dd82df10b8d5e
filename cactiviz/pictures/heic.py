"""HEIC: the main picture of a file, turned upright as the file says."""

from __future__ import annotations

import pillow_heif
from PIL import Image

from cactiviz.pictures.containers import OtherKind


class Heic:
    """What is needed of Pillow's images: size, info and rows.

    Not Pillow's plugin, which would be registered for the whole process.
    """

    def __init__(self, data: bytes) -> None:
        """Read the header; ``info`` has the colour profile, if there is one."""
        try:
            file = pillow_heif.open_heif(data)
            self._image = file[file.primary_index]
        except (IndexError, ValueError) as error:
            # The container is sound, but of its pictures none is packed in a way known here.
            if isinstance(error, IndexError) or "unsupported" in str(error):
                raise OtherKind("an unusual kind of HEIF picture", "save it as JPEG") from error
            raise
        self.n_frames = len(file)
        # EXIF's own turn doesn't count in this format; it's often there all the same.
        self.info: dict[str | tuple[int, int], object] = {
            "icc_profile": self._image.info.get("icc_profile")
        }
        plain = not self._image.has_alpha and self._image.info["bit_depth"] == 8
        self.bytes_per_pixel = 5 if plain else 10  # measured

    @property
    def size(self) -> tuple[int, int]:
        """(width, height), as Pillow counts."""
        return self._image.size

    def load(self) -> None:
        """Decode it."""
        self._image.load()

    def crop(self, box: tuple[int, int, int, int], /) -> Image.Image:
        """Some whole rows."""
        stride, mode = self._image.stride, self._image.mode
        rows = self._image.data[box[1] * stride : box[3] * stride]
        return Image.frombytes(mode, (box[2], box[3] - box[1]), rows, "raw", mode, stride)
