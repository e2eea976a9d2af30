"""Runs the server: binds its socket, announces its URL, and stops within two seconds after a signal."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from ipaddress import ip_address
from types import MappingProxyType
from typing import TYPE_CHECKING

from aiohttp import web

from anymatix_fetcher.errors import DestinationLockedError, ReferenceSyntaxError, StorageError
from anymatix_fetcher.serve.app import make_app
from anymatix_fetcher.serve.aria2.desk import Desk
from anymatix_fetcher.serve.aria2.routes import add_aria2
from anymatix_fetcher.serve.log import ACCESS_LOGGER, AccessLogger
from anymatix_fetcher.serve.pauses import give_threads
from anymatix_fetcher.wiring.state_folder import ADDRESS_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from anymatix_fetcher.queue.queue import Queue
    from anymatix_fetcher.serve.access import Access
    from anymatix_fetcher.serve.app import AddRoutes

SHUTDOWN_SECONDS = 0.5
"""The time for responses in progress to finish when the server stops."""
_BACKLOG = 512
NOTHING_SAID: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """The address of a running server.

    Args:
        url: The URL, with a slash at the end.
        pid: The process id.
    """

    url: str
    pid: int

    def as_json(self) -> str:
        """One line of JSON."""
        return json.dumps({"url": self.url, "pid": self.pid})


def is_loopback(host: str) -> bool:
    """Whether ``host`` is a loopback address, reachable from this machine only."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def bound(host: str, port: int) -> socket.socket:
    """A listening socket.

    Args:
        host: An address of this machine or its name.
        port: The port; 0 for any free one.

    Raises:
        DestinationLockedError: Another program listens there.
        StorageError: The system refuses to bind the address.
        ReferenceSyntaxError: ``host`` is not an address of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ReferenceSyntaxError(
            f"{host} is not an address: {error.strerror}", hint="Give an address of this machine with --host."
        ) from None
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name != "nt":  # on Windows it would let two servers share one port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
        listening.setblocking(False)  # noqa: FBT003 - socket's own signature
    except OSError as error:
        listening.close()
        raise _not_bound(host, port, error) from None
    return listening


def _not_bound(host: str, port: int, error: OSError) -> Exception:
    import errno  # noqa: PLC0415 - rarely needed

    if error.errno == errno.EADDRINUSE:
        hint = "It may be another `anyfetch serve`, or aria2. Choose another port with --port."
        return DestinationLockedError(f"another program listens at {host} port {port}", hint=hint)
    return StorageError(
        f"can't listen at {host} port {port}: {error.strerror}", hint="Choose another port with --port."
    )


def url_of(listening: socket.socket) -> str:
    """The URL by which this machine reaches the server."""
    address, port = listening.getsockname()[:2]
    if ip_address(address).is_unspecified:
        address = "::1" if ":" in address else "127.0.0.1"
    return f"http://{f'[{address}]' if ':' in address else address}:{port}/"


def serve(
    queue: Queue,
    access: Access,
    listening: socket.socket,
    announce: Callable[[ServerAddress], None],
    *,
    aria2_options: Mapping[str, str] = NOTHING_SAID,
    add_routes: Iterable[AddRoutes] = (),
    take_stop: Callable[[Callable[[], None]], None] = lambda _: None,
) -> None:
    """Runs the server until SIGTERM, SIGINT or a call of the stop function; then closes the queue.

    Args:
        queue: The queue, which is started and closed.
        access: The access rules.
        listening: The listening socket, which is closed.
        announce: Called when the server is ready.
        aria2_options: Options for all downloads added by aria2's protocol.
        add_routes: Functions that add further routes.
        take_stop: Called at the start with a function that stops the server; any thread may call that one.
    """
    asyncio.run(_serve(queue, access, listening, announce, aria2_options, add_routes, take_stop))


async def _serve(
    queue: Queue,
    access: Access,
    listening: socket.socket,
    announce: Callable[[ServerAddress], None],
    aria2_options: Mapping[str, str],
    add_routes: Iterable[AddRoutes],
    take_stop: Callable[[Callable[[], None]], None],
) -> None:
    ended, loop = asyncio.Event(), asyncio.get_running_loop()

    def stop() -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(ended.set)

    give_threads(loop)
    for number in _signals():
        _on_signal(number, ended)
    runner = web.AppRunner(
        make_app(queue, access, [partial(add_aria2, desk=Desk(queue, aria2_options, stop=stop)), *add_routes]),
        access_log=logging.getLogger(ACCESS_LOGGER),
        access_log_class=AccessLogger,
        shutdown_timeout=SHUTDOWN_SECONDS,
        handle_signals=False,
    )
    queue.start()
    take_stop(stop)
    try:
        await runner.setup()
        await web.SockSite(runner, listening, backlog=_BACKLOG).start()
        announce(ServerAddress(url_of(listening), os.getpid()))
        await ended.wait()
    finally:
        closing = loop.run_in_executor(None, queue.close)
        await runner.cleanup()
        await closing


def _signals() -> Iterator[signal.Signals]:
    yield signal.SIGINT
    yield signal.SIGTERM
    if hasattr(signal, "SIGBREAK"):
        yield signal.SIGBREAK


def _on_signal(number: signal.Signals, ended: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    try:
        loop.add_signal_handler(number, ended.set)
    except NotImplementedError:  # Windows
        signal.signal(number, lambda *_: loop.call_soon_threadsafe(ended.set))


def leave_address(state: Path, running: ServerAddress) -> None:
    """Writes the server's address into the state folder."""
    (state / ADDRESS_FILE).write_text(running.as_json() + "\n", encoding="utf-8")
