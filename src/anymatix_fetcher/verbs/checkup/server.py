"""Whether `anyfetch serve` runs on this machine."""

from __future__ import annotations

from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anymatix_fetcher.verbs.checkup.finding import note, ok
from anymatix_fetcher.wiring.state_folder import server_address

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.verbs.checkup.finding import Finding

PORT = 6800
"""The default port of `anyfetch serve` and of aria2."""
_TIMEOUT_SECONDS = 1.0


def examine_server(state: Path, port: int = PORT) -> Finding:
    """Checks whether a server runs.

    Args:
        state: The state folder, where a server notes its address.
        port: The port of a server without such a note.
    """
    address = server_address(state)
    if address is not None and _health(*_host_and_port(address)) == 200:  # noqa: PLR2004 - RFC 9110: it is well
        return ok("server", f"running at {address}")
    status = _health("127.0.0.1", port)
    if status == 200:  # noqa: PLR2004 - RFC 9110: it is well
        return ok("server", f"running at http://127.0.0.1:{port}/")
    if status is not None:
        return note(
            "server", f"another program listens on port {port}", "Use another port: `anyfetch serve --port PORT`."
        )
    if not state.is_dir():
        return note("server", f"not running, and it has never run here ({state} doesn't exist)")
    return note("server", f"not running on port {port}; its queue is stored in {state}")


def _host_and_port(address: str) -> tuple[str, int]:
    """The host and port of a URL; port 0, on which nothing listens, if it can't be parsed."""
    with suppress(ValueError):
        parts = urlsplit(address)
        return parts.hostname or "", parts.port or 0
    return "", 0


def _health(host: str, port: int) -> int | None:
    """The status that a server reports on its health page; 0 for another program, ``None`` if nothing listens."""
    connection = HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
    try:
        connection.connect()
    except OSError:
        return None
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status
    except (OSError, HTTPException):
        return 0
    finally:
        connection.close()
