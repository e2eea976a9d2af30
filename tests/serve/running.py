"""The server as a program of its own, for tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.serve.served import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

COMMAND = [sys.executable, "-m", "anymatix_fetcher", "serve"]
JOBS = "/api/v1/jobs"


class Server:
    """A server in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self._errors = folder / "errors.log"  # a file, since a pipe that nothing reads would hold the server up
        environment = {name: text for name, text in os.environ.items() if not name.startswith("ANYFETCH_")}
        places = ["--state", str(folder / "state"), "-d", str(folder / "files")]
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [*COMMAND, "--port", "0", "--json", *places, *options],
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**environment, "HOME": str(folder)},
                text=True,
            )
        assert self.process.stdout is not None
        self.first = json.loads(self.process.stdout.readline())
        made = folder / "state" / "secret"
        secret = made.read_text().strip() if made.exists() else None  # with --no-secret there is none
        self.client = Client(urlsplit(self.first["url"]).port or 0, secret)

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code and what it wrote to stderr."""
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode, self._errors.read_text()


@contextmanager
def serving(folder: Path, *options: str) -> Iterator[Server]:
    server = Server(folder, *options)
    try:
        yield server
    finally:
        server.process.kill()
        server.process.wait()
        if server.process.stdout is not None:
            server.process.stdout.close()
