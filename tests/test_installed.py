"""The wheel, installed into an environment of its own and used from an empty folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ["app.py", "LICENSE", "pyproject.toml", "README.md", "requirements.txt", "setup.py"]


@pytest.fixture(scope="module")
def bin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment that has cactiviz from its wheel, and what it needs."""
    folder = tmp_path_factory.mktemp("installed")
    source = folder / "source"
    leave_out = shutil.ignore_patterns("__pycache__")
    for name in ("cactiviz", "pages", ".streamlit"):
        shutil.copytree(ROOT / name, source / name, ignore=leave_out)
    for name in SOURCES:
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    wheel = [*pip, "wheel", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*wheel, "--wheel-dir", folder, source], check=True)
    shutil.rmtree(source)
    environment = folder / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    (file,) = folder.glob("*.whl")
    install = [*pip, "--python", python, "install", "--no-deps", "--no-index", "--no-compile"]
    subprocess.run([*install, file], check=True)
    # A folder that is named this way is searched for packages, but its own *.pth files are not
    # read: a cactiviz that is installed there as editable stays unknown.
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "of_the_tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin"


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Variables without those that lead to this repository."""
    own = {"HOME": str(tmp_path), "TORCH_HOME": str(tmp_path), "CACTIVIZ_DATA": str(tmp_path)}
    return {key: value for key, value in os.environ.items() if key != "PYTHONPATH"} | own


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_commands_work_from_an_empty_folder(
    bin_folder: Path, environment: dict[str, str], empty: Path
) -> None:
    # One process for all, since loading torch takes most of the time of each.
    script = """if True:
        import sys
        import cactiviz
        from cactiviz.cli.main import main
        print(cactiviz.__file__)
        network = ["--models", "cactinet", "--device", "cpu", "--methods", "grad_cam"]
        scene = "scenes:cactus/178"
        assert main(["compare", scene, *network, "--out", "sheet.png"]) == 0
        films = ["sample:coffee", "sample:rocket", *network, "--panel", "64", "--out", "film.gif"]
        assert main(["animate", *films]) == 0

        from streamlit.testing.v1 import AppTest
        from cactiviz.cli import app
        opened = AppTest.from_file(str(app._FOLDER / "app.py"), default_timeout=60)
        for page in ("compare", "filters", "neurons", "animate", "gallery", "learn"):
            opened.switch_page(f"pages/{page}.py").run()
            assert not opened.exception, page
            assert opened.main.children, page

        main(["train", "--help"])
    """
    result = subprocess.run(
        [bin_folder / "python", "-c", script],
        cwd=empty,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    package = Path(result.stdout.splitlines()[0]).parent
    assert package.is_relative_to(bin_folder.parent), "another cactiviz was imported"
    assert (empty / "sheet.png").read_bytes()[:4] == b"\x89PNG"
    assert (empty / "film.gif").read_bytes()[:3] == b"GIF"
    assert "--epochs" in result.stdout
    fonts = package / "rendering" / "figures" / "fonts"
    assert sorted(font.name for font in fonts.glob("*.ttf")) == sorted(
        font.name for font in ROOT.glob("cactiviz/rendering/figures/fonts/*.ttf")
    )


def test_the_app_opens_from_an_empty_folder(
    bin_folder: Path, environment: dict[str, str], empty: Path
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    app = subprocess.Popen(
        [bin_folder / "cactiviz", "app", "--no-browser", "--port", str(port)],
        cwd=empty,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        until = time.monotonic() + 120
        while (health := answer(port, "_stcore/health")) is None:
            assert app.poll() is None, app.communicate()[0]
            assert time.monotonic() < until, "it doesn't answer"
            time.sleep(0.1)
        assert health == "ok"
        assert "<title>" in (answer(port, "") or "")
    finally:
        app.send_signal(signal.SIGTERM)
        said = app.communicate(timeout=60)[0]
    assert "Traceback" not in said
    assert list(empty.iterdir()) == []


def answer(port: int, path: str) -> str | None:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/{path}", timeout=10) as response:
            return str(response.read().decode())
    except OSError:
        return None
