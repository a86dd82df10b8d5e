"""``cactiviz app``: for this computer alone, unless it is asked for more, which it then says."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cactiviz.cli import app, main
from cactiviz.ui.server import names


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have been started."""
    seen: list[list[str]] = []

    def become(command: list[str], folder: Path, environment: dict[str, str]) -> int:
        seen.append(command)
        assert (folder / ".streamlit" / "config.toml").is_file(), "its settings aren't found there"
        assert Path(command[4]).is_file()
        data = environment.get("CACTIVIZ_DATA", "")
        assert not data or Path(data).is_absolute()
        allowed.append(environment[names.ALLOWED_NAMES])
        return 0

    allowed: list[str] = []
    monkeypatch.setattr(app, "_become", become)
    monkeypatch.setattr(app, "allowed", allowed, raising=False)
    return seen


def flags(command: list[str]) -> dict[str, str]:
    return dict(zip(command[5::2], command[6::2], strict=True))


def test_it_listens_to_this_computer_alone_and_says_nothing_of_others(
    started: list[list[str]],
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CACTIVIZ_DATA", "a/relative/folder")
    assert main.main(["app"]) == 0
    assert started[0][:4] == [sys.executable, "-m", "cactiviz.ui.serve", "run"]
    said = flags(started[0])
    assert said["--server.address"] == "127.0.0.1" and said["--server.port"] == "8501"
    assert said["--server.enableXsrfProtection"] == said["--server.enableCORS"] == "true"
    assert said["--browser.gatherUsageStats"] == "false"
    assert said["--client.showErrorDetails"] == "none"
    # The names of this computer stay those of the settings.
    assert "--server.allowedHosts" not in said and "--server.maxUploadSize" not in said
    assert capfd.readouterr() == ("The app is at http://127.0.0.1:8501; Ctrl+C ends it.\n", "")
    assert said["--logger.hideWelcomeMessage"] == "true"  # or Streamlit's offer lies over the page


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.7", "my-computer"])
def test_before_it_lets_others_in_it_says_what_that_opens(
    host: str, started: list[list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["app", "--host", host, "--port", "8600", "--no-browser"]) == 0
    said = flags(started[0])
    assert said["--server.address"] == host and said["--server.port"] == "8600"
    assert said["--server.headless"] == "true"
    warning = capfd.readouterr().err
    assert "not to this computer alone" in warning and "no password" in warning
    assert "can't name folders" in warning and "isn't encrypted" in warning
    assert f"{said['--server.maxUploadSize']} MB" in warning


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "127.8.8.8"])
def test_this_computers_own_names_are_no_reason_for_a_warning(
    host: str, started: list[list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    assert main.main(["app", "--host", host]) == 0
    assert capfd.readouterr().err == ""


def test_names_that_are_allowed_reach_the_server(
    started: list[list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    named = ["--allow-name", "cactus.example", "--allow-name", "desert.local"]
    assert main.main(["app", "--host", "0.0.0.0", *named]) == 0
    assert app.allowed == ["cactus.example,desert.local"]  # type: ignore[attr-defined]
    assert app.ALLOWED_NAMES == names.ALLOWED_NAMES
    with pytest.raises(SystemExit):
        main.main(["app", "--allow-name", "http://cactus.example"])
    assert "without a port" in capfd.readouterr().err


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http", "1e3"])
def test_a_port_that_is_none_is_wrong_usage(
    port: str, started: list[list[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main.main(["app", f"--port={port}"])
    assert ended.value.code == 2 and not started
    assert "from 1 to 65535" in capfd.readouterr().err


def test_an_installation_without_the_apps_script_says_so(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    started: list[list[str]],
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(app, "_FOLDER", tmp_path)
    assert main.main(["app"]) == 1 and not started
    assert "Install cactiviz again" in capfd.readouterr().err
