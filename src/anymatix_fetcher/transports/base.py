"""The transport contract, which every implementation of HTTP fulfils. One contract suite tests them all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeAlias

from anymatix_fetcher.core.values.messages import BodyEnded, BodyStored, ExchangeFailed, HeadArrived

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.messages import ExchangeId
    from anymatix_fetcher.core.values.urls import Origin

TransportEvent: TypeAlias = HeadArrived | BodyStored | BodyEnded | ExchangeFailed

EXCERPT_BYTES = 4096
"""The size of the part of an error's body that is kept to explain the error."""

CONNECT_TIMEOUT_SECONDS = 10.0
"""The deadline for name resolution, TCP and TLS together."""

AHEAD_SECONDS = 5.0
"""The time for which a connection that was opened ahead waits for its first request."""

MAX_HEAD_BYTES = 65_536
"""A longer header section is an attack or an accident."""


class Sink(Protocol):
    """Takes the bytes of accepted bodies, at their offset in the file."""

    def write(self, offset: int, data: bytes | bytearray | memoryview) -> None:
        """Stores all of ``data`` at ``offset``, or raises. May keep no reference to ``data``."""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """How to reach the network; the same for every transport.

    Args:
        proxy: A proxy for everything (``http://``, ``https://``, ``socks5://`` or ``socks5h://``, with userinfo where
            it wants it); "" for none at all; ``None`` to follow the environment (``http_proxy``, ``HTTPS_PROXY``,
            ``ALL_PROXY``, ``NO_PROXY``).
        ca_file: Certificates to trust instead of the system's; ``None`` for ``SSL_CERT_FILE`` or else the system's.
        verify_tls: Whether certificates are checked at all.
        http3: Whether HTTP/3 is tried where the build has it.
        user_agent: The ``User-Agent`` of every request.
    """

    proxy: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    verify_tls: bool = True
    http3: bool = False
    user_agent: str = "AnymatixFetcher"


class Transport(Protocol):
    """Carries exchanges. One thread calls everything but :meth:`wake`.

    The life of an exchange: ``start``; one ``HeadArrived``; then either ``cancel`` or ``accept``, which lets the body
    flow into the sink: any number of ``BodyStored`` in order, without gaps, starting at the accepted offset; and at the
    end exactly one ``BodyEnded`` or ``ExchangeFailed``. ``ExchangeFailed`` may come at any point instead. Between head
    and ``accept`` no byte of the body reaches a sink, however long that takes. After ``cancel`` nothing more is
    reported, and the sink isn't called.

    Redirects aren't followed, cookies aren't kept (``core.values.cookies`` does), content codings aren't decoded,
    interim (1xx) responses are skipped. For a status of 400 or more, ``HeadArrived`` waits for the body's first piece
    (or its end), of which up to :data:`EXCERPT_BYTES` become its excerpt. A proxy's own refusal (407, or no tunnel) is
    no head but a failure.

    A transport may gather small pieces before it calls the sink, for a tenth of a second or so; what came before a
    failure is stored and reported first. ``BodyStored`` counts what the sink has taken.

    A body is cut at the accepted ``stop``: bytes beyond are dropped, a connection that would still bring them isn't
    used again (one of HTTP/2 can be told to stop), and the exchange ends with ``BodyEnded``. Where the head doesn't
    state the body's length, the body is read on for its end: ``BodyEnded`` says whether it goes on. A body that
    ends before its framing promised, or before ``stop`` while its framing promised nothing less, ends with
    ``BodyEnded`` where the framing was kept (a short body of a right length is the machine's to judge) and with
    ``ExchangeFailed(LOST)`` where it wasn't; a body delimited by the connection's close over TLS is complete only
    with close_notify.

    What the sink raises belongs to its exchange alone: an ``OSError`` fails it with ``STORAGE`` and the errno, anything
    else with ``BUG``, and is logged. Only what isn't an ``Exception``, as an interrupt of the thread that polls, comes
    out of ``poll`` besides. No method raises for what the network does, nor for a request that can't be made: that is a
    failure of kind ``UNUSABLE``.

    A transport is made with a :class:`~anymatix_fetcher.transports.limiter.RateLimiter` that it may share with others.
    Before a piece of an accepted body is taken, ``delay_seconds`` is called; while it isn't 0.0, the body waits that
    long and calls it again. Bytes wait in the socket, so that TCP's flow control slows the sender. At most about
    ``piece_bytes`` are taken at once, and reported by ``spend``. Waiting bodies get their turns fairly. They can still
    be narrowed, cancelled and closed at once. Heads and excerpts aren't limited.
    """

    name: str
    """The name in results: "curl" or "threads"."""

    @property
    def waited_seconds(self) -> float:
        """The total time in which no exchange had anything to read or to store."""

    def start(self, exchange: ExchangeId, request: Request) -> None:
        """Starts the exchange, on an idle connection to the request's origin if there is one, otherwise on a new one.

        Every exchange under way has a connection of its own, unless its request names a shared one: then it may be
        together with others of that number, in streams of HTTP/2, of which none holds up another one by waiting. A
        request that asks for a fresh connection gets a new one; an idle connection that turns out to be dead is
        replaced without a failure.
        """

    def open_ahead(self, origin: Origin, count: int) -> None:
        """Announces that ``count`` further connections to ``origin``, which sends bodies, are likely to be used soon.

        A transport may open them, or do nothing. They never cause events or failures of exchanges. A later request on a
        connection of its own uses one as a new connection, if it is ready and alive by then. At most ``count`` of them
        wait; unused ones are closed after :data:`AHEAD_SECONDS`, while ``poll`` is called.
        """

    def accept(self, exchange: ExchangeId, sink: Sink, start: int, stop: int | None) -> None:
        """Lets the body flow into ``sink`` from ``start`` on, at most up to ``stop``.

        For unknown or ended exchanges: nothing.
        """

    def narrow(self, exchange: ExchangeId, stop: int) -> None:
        """Lowers an accepted body's ``stop``. If bytes beyond it are stored already, the exchange ends at once."""

    def cancel(self, exchange: ExchangeId) -> None:
        """Drops the exchange and its connection. For unknown or ended exchanges: nothing."""

    def poll(self, timeout_seconds: float) -> Sequence[TransportEvent]:
        """The events since the last call; waits at most ``timeout_seconds`` for one.

        Returns early, perhaps empty, after :meth:`wake`. The progress of one body within one poll is one
        ``BodyStored``. While bytes arrive all the time, a poll returns after some 50 ms.
        """

    def wake(self) -> None:
        """Makes the current ``poll``, or the next one, return at once.

        May be called from any thread and from signal handlers.
        """

    def close(self) -> None:
        """Drops every exchange and connection. Nothing may be called afterwards but ``wake``, which does nothing."""
