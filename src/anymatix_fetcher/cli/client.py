"""A client of `anyfetch serve`, built on the standard library's HTTP client."""

from __future__ import annotations

import json
import os
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from anymatix_fetcher.errors import (
    AccessDeniedError,
    FetchError,
    InternalError,
    NetworkError,
    NotFoundError,
    ReferenceSyntaxError,
    StorageError,
)
from anymatix_fetcher.wiring.state_folder import SECRET_FILE, SECRET_VARIABLE, server_address

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_URL = "http://127.0.0.1:6800/"
SERVER_VARIABLE = "ANYFETCH_SERVER"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_TIMEOUT_SECONDS = 30.0
_KINDS: dict[int, type[FetchError]] = {
    400: ReferenceSyntaxError,
    401: AccessDeniedError,
    403: StorageError,
    404: NotFoundError,
    409: ReferenceSyntaxError,
    413: ReferenceSyntaxError,
    429: AccessDeniedError,
    507: StorageError,
}


class QueueClient:
    """Sends requests to a running server.

    Args:
        url: The server's URL.
        secret: The server's secret; empty for none.

    Raises:
        ReferenceSyntaxError: ``url`` is not an http or https URL.
    """

    def __init__(self, url: str, secret: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ReferenceSyntaxError(f"{url!r} is not a server's URL", hint=f"Expected a URL such as {DEFAULT_URL}.")
        self._url = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        self._base = parts.path.rstrip("/")
        self._secret = secret

    def ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        """The JSON object in the response; an empty one if the response has no body.

        Args:
            method: GET, POST, ...
            path: The path below ``/api/v1``, with its query.
            body: The JSON value to send; ``None`` for no body.

        Raises:
            NetworkError: No server of this program answers.
            FetchError: The error that the server reported.
        """
        connection = self._connection()
        headers = {"Authorization": f"Bearer {self._secret}"} if self._secret else {}
        try:
            data = None if body is None else json.dumps(body).encode()
            connection.request(method, f"{self._base}/api/v1{path}", body=data, headers=headers)
            response = connection.getresponse()
            status, text = response.status, response.read()
        except (OSError, HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise NetworkError(
                f"no server answers at {self._url}: {reason}",
                hint="Start one with `anyfetch serve`, or name another by --server URL.",
            ) from None
        finally:
            connection.close()
        return _understood(status, text, self._url)

    def _connection(self) -> HTTPConnection:
        parts = urlsplit(self._url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=_TIMEOUT_SECONDS)


def _understood(status: int, text: bytes, url: str) -> dict[str, object]:
    try:
        answer = json.loads(text) if text else {}
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise NetworkError(
            f"{url} is not a server started by `anyfetch serve`", hint="Name another one by --server URL."
        )
    error = answer.get("error")
    if status < HTTPStatus.BAD_REQUEST:
        return answer
    said = error if isinstance(error, dict) else {}
    message, hint = (
        str(said.get("message") or f"the server responded with status {status}"),
        str(said.get("hint") or ""),
    )
    if status == HTTPStatus.UNAUTHORIZED:
        hint = (
            f"Set ${SECRET_VARIABLE}, or name the server's secret by --secret-file FILE or its state folder "
            "by --state DIR."
        )
    raise _KINDS.get(status, InternalError)(message, hint=hint)


def client_for(server: str | None, state: Path, secret_file: Path | None) -> QueueClient:
    """A client of the server that the options select.

    Args:
        server: Its URL; ``None`` for the server that has the state folder open.
        state: The state folder. Its secret is sent only to servers on this machine.
        secret_file: Another file that holds the secret.
    """
    url = server or os.environ.get(SERVER_VARIABLE) or server_address(state) or DEFAULT_URL
    secret = os.environ.get(SECRET_VARIABLE, "").strip()
    if secret_file is not None:
        secret = _text(secret_file)
        if not secret:
            raise ReferenceSyntaxError(
                f"{secret_file} holds no secret", hint="Write the secret into the file, on one line."
            )
    elif not secret and urlsplit(url).hostname in _LOOPBACK:
        secret = _text(state / SECRET_FILE)
    return QueueClient(url, secret)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
