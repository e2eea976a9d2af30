"""Starts, finds and stops the server process. All functions block."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anymatix_fetcher.wiring.state_folder import ADDRESS_FILE, SECRET_FILE, SECRET_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Sequence

_logger = logging.getLogger("anymatix_fetcher.comfy")

PACKAGES = Path(__file__).parents[2]
"""The folder that this package was imported from, so that the child imports the same code."""
_START = """\
import os, sys
getattr(os, "nice", int)(5)
sys.path.insert(0, sys.argv.pop(1))
from anymatix_fetcher.cli.main import main
sys.exit(main())
"""
"""The child lowers its priority, so that downloads don't slow down a generation."""
_WINDOWS_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
_HELD_ELSEWHERE = 8
_STOP_SECONDS = 2.5
_START_SECONDS = 60.0
_ASK_SECONDS = 5.0
_LINES_KEPT = 20
_LONGEST_LINE = 2000


class ServerUnavailableError(Exception):
    """The server can't be started; the message says why and what to do."""


class HeldElsewhereError(Exception):
    """Another server has opened the state folder."""


@dataclass(frozen=True, slots=True)
class ServerPlace:
    """The address of a server.

    Args:
        url: The URL, with a slash at the end.
        secret: The server's secret.
    """

    url: str
    secret: str = field(repr=False)


class ServerProcess:
    """A server process that ends with this process.

    Args:
        state: The server's state folder.
        arguments: Further command-line arguments.

    Raises:
        ServerUnavailableError: The server doesn't start.
        HeldElsewhereError: Another server has opened the state folder.
    """

    def __init__(self, state: Path, arguments: Sequence[str]) -> None:
        self._said: deque[str] = deque(maxlen=_LINES_KEPT)
        # Keeps Python from writing bytecode into the pack's folder.
        command = [sys.executable, "-X", f"pycache_prefix={state / 'bytecode'}", "-c", _START, str(PACKAGES), "serve"]
        command += ["--port", "0", "--json", "--stop-with-stdin", "--state", str(state), *arguments]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - runs this interpreter with fixed arguments
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                creationflags=_WINDOWS_FLAGS,
            )
        except OSError as error:
            raise ServerUnavailableError(f"the server can't be started: {error}") from error
        self._listening = threading.Thread(target=self._listen, name="anymatix-child-log", daemon=True)
        self._listening.start()
        url = self._announced()
        if url is None:
            self.stop()
            if self._process.returncode == _HELD_ELSEWHERE:
                raise HeldElsewhereError
            said = self._said[-1] if self._said else "no output"
            raise ServerUnavailableError(f"the server exited with code {self._process.returncode} at its start: {said}")
        self.url = url

    @property
    def is_alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> None:
        """Stops the server; partial files are kept."""
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._listening.join(_STOP_SECONDS)

    def _announced(self) -> str | None:
        """Waits for the server and returns its URL; ``None`` if it ended before it was ready."""
        late = threading.Timer(_START_SECONDS, self._process.kill)
        late.daemon = True
        late.start()
        try:
            line = self._process.stdout.readline() if self._process.stdout is not None else b""
        finally:
            late.cancel()
        try:
            return str(json.loads(line)["url"])
        except (ValueError, KeyError, TypeError):
            return None

    def _listen(self) -> None:
        """Copies the server's log to ComfyUI's, without its requests."""
        if self._process.stderr is None:
            return
        with self._process.stderr as lines:
            for line in lines:
                said = _said(line.decode(errors="replace").strip()[:_LONGEST_LINE])
                if said:
                    self._said.append(said)
                    _logger.info("AnymatixFetcher: %s", said)


def _said(line: str) -> str:
    """The message in a line of the server's log; empty for a request."""
    try:
        told = json.loads(line)
    except ValueError:
        return line
    return str(told.get("message", "")) if isinstance(told, dict) else line


def folders_file(state: Path, text: str) -> Path:
    """The path of a file in the state folder that contains ``text`` and is named after its hash."""
    path = state / f"folders-{hashlib.sha256(text.encode()).hexdigest()[:16]}.json"
    if not path.exists():
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    return path


def secret_of(state: Path) -> str:
    """The secret in the state folder; empty if there is none yet."""
    return os.environ.get(SECRET_VARIABLE, "").strip() or _text(state / SECRET_FILE)


def running_server(state: Path) -> ServerPlace | None:
    """The server that has opened the state folder; ``None`` if it doesn't answer."""
    try:
        url = json.loads(_text(state / ADDRESS_FILE))["url"]
    except (ValueError, KeyError, TypeError):
        return None
    if not isinstance(url, str) or urlsplit(url).hostname is None:
        return None
    address = ServerPlace(url, secret_of(state))
    return address if roots_of(address) is not None else None


def roots_of(address: ServerPlace) -> tuple[Path, ...] | None:
    """The folders that a server writes to; ``None`` if it doesn't answer."""
    parts = urlsplit(address.url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_ASK_SECONDS)
    try:
        connection.request("GET", "/api/v1/status", headers={"Authorization": f"Bearer {address.secret}"})
        found = json.loads(connection.getresponse().read())
        return tuple(Path(space["root"]) for space in found["space"])
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return None
    finally:
        connection.close()


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
