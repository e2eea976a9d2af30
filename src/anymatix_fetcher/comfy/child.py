"""The child process: the queue's server, in its own process so that downloads don't slow down ComfyUI.

It starts when it is first needed and is restarted after a crash; its jobs then continue. If another server of this user
has opened the queue and writes to the same folders, that server is used instead.
"""

from __future__ import annotations

import asyncio
import atexit
import json as json_format
import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.comfy import requirements
from anymatix_fetcher.comfy.process import (
    HeldElsewhereError,
    ServerPlace,
    ServerProcess,
    ServerUnavailableError,
    folders_file,
    roots_of,
    running_server,
    secret_of,
)
from anymatix_fetcher.wiring.state_folder import state_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

_logger = logging.getLogger("anymatix_fetcher.comfy")

BASE = "/api/v1"
_TRIES = 4
_PAUSE_SECONDS = 0.25
_OTHERS_WAIT_SECONDS = 0.5
_MOST_SILENT_SECONDS = 60.0
_MOST_WAITED_SECONDS = 600.0
_RUN = frozenset({"custom_nodes", "configs"})


@dataclass(frozen=True, slots=True)
class ComfyFolders:
    """ComfyUI's model folders.

    Args:
        models: ComfyUI's ``models_dir``.
        by_name: ComfyUI's ``folder_names_and_paths``, without extensions.
    """

    models: str
    by_name: Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """A response of the server.

    Args:
        status: The HTTP status.
        body: The parsed JSON body; ``None`` for no body.
    """

    status: int
    body: Any = None

    @property
    def is_good(self) -> bool:
        """Whether the request succeeded."""
        return self.status < 400  # noqa: PLR2004 - HTTP's

    @property
    def error(self) -> dict[str, str]:
        """The ``kind``, ``message`` and ``hint`` of an error response."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        told = error if isinstance(error, dict) else {"message": f"the server responded with status {self.status}"}
        return {name: str(told.get(name) or "") for name in ("kind", "message", "hint")}


class Child:
    """The server, started on demand; usable from any thread and event loop.

    Args:
        folders: Returns the model folders; called at each start.
        state: The state folder; ``None`` for the user's.
    """

    def __init__(self, folders: Callable[[], ComfyFolders], state: Path | None = None) -> None:
        self._folders = folders
        self._named_state = state
        self._lock = threading.Lock()
        self._process: ServerProcess | None = None
        self._address: ServerPlace | None = None
        atexit.register(self.stop)

    # Life -------------------------------------------------------------------------------------------------

    @property
    def url(self) -> str | None:
        """The server's URL, with a slash at the end; ``None`` before the first start."""
        address = self._address
        return None if address is None else address.url

    @property
    def pid(self) -> int | None:
        """The id of the running child process; ``None`` if there is none."""
        process = self._process
        return process.pid if process is not None and process.is_alive else None

    async def start(self) -> str:
        """Starts the server if necessary, and returns its URL.

        Raises:
            ServerUnavailableError: The server can't be started.
        """
        return (await self._reached(None)).url

    def stop(self) -> None:
        """Stops the child process within seconds; the next request starts it again."""
        with self._lock:
            process, self._process, self._address = self._process, None, None
        if process is not None:
            process.stop()

    async def _reached(self, silent: ServerPlace | None) -> ServerPlace:
        """The server's address; ``silent`` is an address that just failed to answer."""
        address, process = self._address, self._process
        if address is not None and address != silent and (process is None or process.is_alive):
            return address
        return await asyncio.to_thread(self._ensure, silent)

    def _ensure(self, silent: ServerPlace | None) -> ServerPlace:
        with self._lock:
            process = self._process
            is_gone = process is not None and not process.is_alive
            if self._address is not None and not is_gone and (self._address != silent or process is not None):
                return self._address
            if process is not None:
                _logger.warning("AnymatixFetcher: the download process has ended and is restarted")
                process.stop()
            self._process, self._address = None, None
            self._address = self._started()
            return self._address

    def _started(self) -> ServerPlace:
        """Starts a server, or finds the running one; starts a separate queue if that one uses other folders."""
        from anymatix_fetcher.library.folders_file import folders_text  # noqa: PLC0415 - not when ComfyUI starts

        missing = requirements.missing()
        if missing:
            raise ServerUnavailableError(requirements.how_to_mend(missing))
        folders = self._folders()
        state = self._named_state or state_folder()
        text = folders_text(folders.models, folders.by_name)
        try:
            return self._launched(state, text, folders)
        except HeldElsewhereError:
            other = self._other(state)
        if other is not None and _holds(other, folders):
            return other
        own = state / folders_file(state, text).stem
        _logger.info("AnymatixFetcher: another server uses the queue for other folders; this one uses %s", own)
        try:
            return self._launched(own, text, folders)
        except HeldElsewhereError:
            other = self._other(own)
        if other is None:
            raise ServerUnavailableError(f"another server has opened the queue in {own} and doesn't answer")
        return other

    def _launched(self, state: Path, text: str, folders: ComfyFolders) -> ServerPlace:
        listed = folders_file(state, text)
        process = ServerProcess(state, ["--models", str(listed), "--directory", folders.models])
        self._process = process
        return ServerPlace(process.url, secret_of(state))

    def _other(self, state: Path) -> ServerPlace | None:
        """The server that has opened the state folder; waits a moment, since it may be starting."""
        never = threading.Event()
        for _ in range(_TRIES):
            found = running_server(state)
            if found is not None:
                return found
            never.wait(_OTHERS_WAIT_SECONDS)
        return None

    # Asking -----------------------------------------------------------------------------------------------

    async def request(self, method: str, path: str, json: object = None) -> ServerAnswer:
        """Sends a request and returns the response. It is repeated if the server dies, which is safe for the whole API.

        Args:
            method: GET, POST, ...
            path: The path below ``/api/v1``, with its query.
            json: The body; ``None`` for no body.

        Raises:
            ServerUnavailableError: The server can't be started or doesn't answer.
        """
        import aiohttp  # noqa: PLC0415 - ComfyUI has already imported it

        silent, last = None, ""
        timeout = aiohttp.ClientTimeout(total=_MOST_WAITED_SECONDS)
        for attempt in range(_TRIES):
            if attempt:
                await asyncio.sleep(_PAUSE_SECONDS * attempt)
            address = await self._reached(silent)
            url = address.url.rstrip("/") + BASE + path
            try:
                async with (
                    aiohttp.ClientSession(headers=_authorized(address), timeout=timeout) as session,
                    session.request(method, url, json=json) as response,
                ):
                    return ServerAnswer(response.status, _parsed(await response.text()))
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError) as error:
                silent, last = address, type(error).__name__
        raise ServerUnavailableError(f"the download process doesn't answer: {last}")

    async def events(self) -> AsyncIterator[dict[str, Any]]:
        """Yields all jobs, then every change, endlessly and across restarts of the server.

        Raises:
            ServerUnavailableError: The server can't be started.
        """
        import aiohttp  # noqa: PLC0415 - as above

        last, silent = "", None
        timeout = aiohttp.ClientTimeout(total=None, sock_read=_MOST_SILENT_SECONDS)
        while True:
            address = await self._reached(silent)
            headers = {**_authorized(address), **({"Last-Event-ID": last} if last else {})}
            try:
                async with (
                    aiohttp.ClientSession(headers=headers, timeout=timeout, read_bufsize=1 << 20) as session,
                    session.get(address.url.rstrip("/") + BASE + "/events") as response,
                ):
                    async for raw in response.content:
                        name, _, value = raw.decode().rstrip("\n").partition(": ")
                        if name == "id":
                            last = value
                        elif name == "data":
                            yield json_format.loads(value)
                silent = None
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError, TimeoutError):
                silent = address
            await asyncio.sleep(_PAUSE_SECONDS)


def _authorized(address: ServerPlace) -> dict[str, str]:
    return {"Authorization": f"Bearer {address.secret}"} if address.secret else {}


def _parsed(text: str) -> object:
    try:
        return json_format.loads(text) if text else None
    except ValueError:
        return None


def _holds(other: ServerPlace, folders: ComfyFolders) -> bool:
    """Whether a server writes to all these folders."""
    roots = roots_of(other) or ()
    wanted = [folders.models, *(path for name, paths in folders.by_name.items() if name not in _RUN for path in paths)]
    return all(any(Path(path).is_relative_to(root) for root in roots) for path in wanted)
