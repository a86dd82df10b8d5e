"""A machine with nothing on it but the package: no data sets, no downloaded weights."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest import mock

ROOT = Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def bare(folder: Path) -> Iterator[Path]:
    """Work in this folder on such a machine, by the CPU alone."""
    folder.mkdir(parents=True, exist_ok=True)
    said = {
        "TORCH_HOME": str(folder / "no weights"),
        "CACTIVIZ_DATA": str(folder / "no data"),
        "CUDA_VISIBLE_DEVICES": "",
        "COLUMNS": "200",  # so that no table is cut
        "NO_COLOR": "1",
    }
    # Streamlit reads its settings once, where it is asked first: here, not in that folder.
    with _opened_to_others(), mock.patch.dict(os.environ, said), contextlib.chdir(folder):
        os.environ.pop("CACTIVIZ_WEIGHTS", None)
        yield folder


@contextlib.contextmanager
def _opened_to_others() -> Iterator[None]:
    """As a server without an address of its own, whatever ran in this process before."""
    from streamlit import config

    before = config.get_option("server.address")
    config.set_option("server.address", None)
    try:
        yield
    finally:
        config.set_option("server.address", before)


def call(words: Sequence[str]) -> tuple[int, str, str]:
    """``cactiviz WORDS``, in this process: its exit code, what it printed, and its complaints."""
    from cactiviz.__main__ import main

    out, err = io.StringIO(), io.StringIO()
    interrupt = signal.getsignal(signal.SIGINT)
    try:
        with (
            mock.patch.object(sys, "argv", ["cactiviz", *words]),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = main()
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    finally:
        signal.signal(signal.SIGINT, interrupt)
    return code, out.getvalue(), err.getvalue()
