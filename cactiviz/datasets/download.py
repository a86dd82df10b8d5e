"""Downloads data sets on request; unpacks tars safely, keeps zips as they are."""

from __future__ import annotations

import importlib
import shutil
import tarfile
import zipfile
from pathlib import Path
from typing import Any, NamedTuple

from cactiviz.datasets.registry import (
    Archive,
    DatasetSpec,
    data_folder,
    find_dataset,
    get_dataset_spec,
)
from cactiviz.download import download
from cactiviz.errors import Cancelled, DataError, DownloadError, OutputError
from cactiviz.files import unfinished_folder
from cactiviz.types import Cancel, Progress

#: The most that an archive may unpack to.
MAX_UNPACKED_BYTES = 4 * 1024**3
_MOST_MEMBERS = 200_000
_COMPETITION = "aerial-cactus-identification"


class Got(NamedTuple):
    """Result of a download.

    Attributes:
        path: Folder or zip of the data set.
        note: A sentence on whether it is what was published.
    """

    path: Path
    note: str


def get(
    name: str,
    folder: Path | None = None,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
) -> Got:
    """Download a data set unless it is on disk; interrupted downloads resume.

    Args:
        name: Name of the data set.
        folder: Target folder, created if needed; the data folder if not given.
        progress: Called with the bytes done and the total of the download, then of the unpacking.
        cancel: Checked between chunks. Downloaded bytes are kept, unpacked files aren't.

    Raises:
        DataError: There is no such data set, or it can't be downloaded, or isn't to be trusted.
        DownloadError: The address can't be reached, or the file isn't the expected one.
        OutputError: A file can't be written.
        Cancelled: ``cancel`` was set.
    """
    spec = get_dataset_spec(name)
    folder = folder or data_folder()
    place = find_dataset(name, folder)
    if place is not None:
        return Got(place, "It was there already; nothing was downloaded.")
    if name == "cactus":
        _get_from_kaggle(spec, folder)
        note = "Not verified: no hash of these files is published."
    elif spec.archive is None:
        raise DataError(f"{spec.title} can't be downloaded. {spec.how_to_get}")
    else:
        note = _get_archive(spec.archive, folder, progress, cancel)
    place = find_dataset(name, folder)
    if place is None:
        raise DataError(f"What was downloaded to {folder} doesn't hold {spec.layout}.")
    return Got(place, note)


def _get_archive(
    archive: Archive, folder: Path, progress: Progress | None, cancel: Cancel | None
) -> str:
    path = folder / archive.file_name
    download(archive.url, path, md5=archive.md5, progress=progress, cancel=cancel)
    if archive.unpacked:
        unpack(path, archive.unpacked, progress=progress, cancel=cancel)
        path.unlink()
    elif not zipfile.is_zipfile(path):
        path.unlink()
        raise DownloadError(
            f"What came for {path.name} is no zip and was thrown away; please try again later."
        )
    if archive.md5 is None:
        return f"Not verified: no hash of {archive.file_name} is published."
    return f"Verified: the MD5 of {archive.file_name} is the published one."


def unpack(
    path: Path,
    wanted: str,
    *,
    progress: Progress | None = None,
    cancel: Cancel | None = None,
    max_bytes: int = MAX_UNPACKED_BYTES,
    max_members: int = _MOST_MEMBERS,
) -> Path:
    """Take one folder out of a tar and put it beside it, whole or not at all.

    Args:
        path: The tar, not compressed.
        wanted: The folder's name in it; whatever else is in it is left out.
        progress: Called with the bytes of the tar that were read, and its size.
        cancel: Asked between the files.
        max_bytes: The most that all files together may hold.
        max_members: The most files and folders.

    Raises:
        DataError: It is damaged, would write outside, or holds too much or nothing.
        OutputError: The files can't be written.
        Cancelled: ``cancel`` was set.
    """
    if not hasattr(tarfile, "data_filter"):
        raise DataError("Python 3.11.4 or newer is needed to unpack an archive safely.")
    target = path.with_name(wanted)
    size, unpacked = path.stat().st_size, 0
    try:
        with unfinished_folder(target) as temporary, tarfile.open(path, "r:") as packed:
            for number, member in enumerate(packed, 1):
                if cancel is not None and cancel.is_set():
                    raise Cancelled(f"The unpacking of {path.name} was stopped.")
                unpacked += member.size
                if unpacked > max_bytes or number > max_members:
                    raise DataError(
                        f"The archive {path.name} isn't unpacked: it holds more than "
                        f"{max_bytes / 1024**3:g} GB or {max_members} files."
                    )
                packed.extract(member, temporary, set_attrs=False, filter="data")
                if progress is not None:
                    progress(min(packed.offset, size), size)
            inside = temporary / wanted
            if not inside.is_dir():
                raise DataError(f"The archive {path.name} holds no folder {wanted}.")
            inside.replace(target)
    except tarfile.FilterError as error:
        raise DataError(
            f"The archive {path.name} isn't unpacked: a file in it would lie outside of it, or is "
            "no plain file."
        ) from error
    except (tarfile.TarError, EOFError) as error:
        raise DataError(f"The archive {path.name} is damaged.") from error
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise OutputError(f"{path.name} can't be unpacked in {path.parent}: {reason}.") from error
    return target


def _get_from_kaggle(spec: DatasetSpec, folder: Path) -> None:
    """Fetch the competition's two files with kagglehub, if that is installed."""
    try:
        kagglehub: Any = importlib.import_module("kagglehub")
    except ImportError as error:
        raise DataError(
            f"{spec.title} can't be downloaded without an account. {spec.how_to_get}"
        ) from error
    try:
        fetched = Path(kagglehub.competition_download(_COMPETITION))
    except Exception as error:  # whatever several packages say of a missing key or no network
        raise DataError(
            f"Kaggle didn't give {spec.title}; please check the connection, your key of Kaggle's, "
            "and that you accepted the competition's rules on its page."
        ) from error
    target = folder / _COMPETITION
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in ("train.csv", "train.zip", "train"):
            source, part = fetched / name, target / f".{name}.part"
            if source.is_dir():
                shutil.copytree(source, part, dirs_exist_ok=True)
            elif source.exists():
                shutil.copyfile(source, part)
            else:
                continue
            part.replace(target / name)
    except OSError as error:
        reason = error.strerror or "unknown reason"
        raise OutputError(f"{spec.title} can't be written to {target}: {reason}.") from error
