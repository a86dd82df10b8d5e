"""``app``: start the app, for this computer alone unless it is asked for more."""

from __future__ import annotations

import ipaddress
import os
import re
import signal
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from cactiviz.cli.command import Options, command, number, parameter
from cactiviz.errors import OutputError

_PORT = 8501
_LOOPBACK = "127.0.0.1"
#: As :data:`cactiviz.ui.server.names.ALLOWED_NAMES`; the command doesn't know the app.
ALLOWED_NAMES = "CACTIVIZ_ALLOWED_NAMES"
#: What others may upload at once; it stays in this computer's memory while their page is open.
_MEGABYTES_OF_OTHERS = 300
_PACKAGE = Path(__file__).resolve().parents[1]
# Holds app.py, its pages and Streamlit's settings: setup.py puts them into an installed package;
# else they are at the top of the repository.
_INSTALLED = _PACKAGE / "ui" / "script"
_FOLDER = _INSTALLED if _INSTALLED.is_dir() else _PACKAGE.parent


def command_line(host: str, port: int, browser: bool) -> list[str]:
    """How Streamlit is started.

    What keeps the app safe is said here once more, since a setting of the user's own or of the
    environment would otherwise go before the app's.

    Args:
        host: The address to listen at.
        port: The port to listen at.
        browser: Whether to open one.
    """
    options = {
        "server.address": host,
        "server.port": str(port),
        "server.headless": "false" if browser else "true",
        "server.enableXsrfProtection": "true",
        "server.enableCORS": "true",
        "client.showErrorDetails": "none",
        "client.allowedOrigins": "[]",  # of pages around it that may tell it what to do
        "browser.gatherUsageStats": "false",
        # Streamlit's own greeting lays an offer over the page where it finds a programming
        # assistant, and asks a server elsewhere for this computer's address if others are let in.
        "logger.hideWelcomeMessage": "true",
    }
    if not is_loopback(host):
        options["server.maxUploadSize"] = str(_MEGABYTES_OF_OTHERS)
        options["server.allowedHosts"] = "*"  # the app's own middleware knows which names are its
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    return [sys.executable, "-m", "cactiviz.ui.serve", "run", str(_FOLDER / "app.py"), *flags]


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def what_it_opens(host: str, port: int) -> str:
    """What is said in the terminal before others are let in."""
    return f"""\
The app listens at http://{_in_an_address(host)}:{port}, and not to this computer alone.

Whoever reaches that address
  - needs no password, and what they send and see isn't encrypted on its way,
  - can use this computer's time and memory, and give it pictures and networks of their own,
    of up to {_MEGABYTES_OF_OTHERS} MB each; they are deleted half an hour after they leave,
  - can have it fetch pictures from the public internet, and the published weights and data sets,
  - can look at the data sets that are on this computer.
They can't name folders of this computer, and see nobody else's pictures or networks.
SECURITY.md, beside the README, says what is promised and what is not.

Do this in a network that you trust. Press Ctrl+C to end it.
"""


def _name(text: str) -> str:
    if not re.fullmatch(r"[\w.-]{1,253}", text):
        raise ValueError("give a name such as cactus.example, without a port")
    return text


_where = partial(parameter, "Where it is")


@command(
    "app",
    _where("--port", f"default: {_PORT}", number(1, 65535), default=_PORT),
    _where(
        "--host=ADDRESS",
        "which of this computer's addresses others may reach it at; 0.0.0.0 for all. "
        "Default: this computer alone",
        default=_LOOPBACK,
    ),
    _where(
        "--allow-name=NAME",
        "with --host, a name under which others reach this computer, besides its addresses "
        "and its own names; may be repeated",
        _name,
        multiple=True,
    ),
    _where("--no-browser", "don't open a browser", bool),
)
def _app(options: Options) -> int:
    if not (_FOLDER / "app.py").is_file():
        raise OutputError(
            f"The app's own script is missing: {_FOLDER / 'app.py'}. Install cactiviz again."
        )
    if is_loopback(options.host):
        print(
            f"The app is at http://{_in_an_address(options.host)}:{options.port}; Ctrl+C ends it."
        )
        sys.stdout.flush()
    else:
        print(what_it_opens(options.host, options.port), file=sys.stderr, flush=True)
    command = command_line(options.host, options.port, not options.no_browser)
    environment = {**_environment(), ALLOWED_NAMES: ",".join(options.allow_name)}
    # Streamlit looks for its settings in the folder in which it is started.
    return _become(command, _FOLDER, environment)


def _become(command: list[str], folder: Path, environment: dict[str, str]) -> int:
    """Let the server take this process's place: what ends the command ends the server.

    Windows can't do so; there the server is waited for, and ended with the command.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.chdir(folder)
        # Kept back until the server's own code hears them: Python's start would answer them with
        # a traceback.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        os.execve(command[0], command, environment)
    server = subprocess.Popen(command, cwd=folder, env=environment)
    try:
        return server.wait()
    except KeyboardInterrupt:  # which the server has got as well
        return server.wait()
    finally:
        server.terminate()


def _environment() -> dict[str, str]:
    """This one, with relative folders in it as they are meant here."""
    environment = dict(os.environ)
    for name in ("CACTIVIZ_DATA", "CACTIVIZ_WEIGHTS", "TORCH_HOME"):
        if environment.get(name):
            environment[name] = os.path.abspath(os.path.expanduser(environment[name]))
    if not os.path.isdir(os.path.expanduser("~")):  # Streamlit can't do without
        environment["HOME"] = tempfile.gettempdir()
    return environment


def _in_an_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host
