"""What a transport is: the seam that every way to speak HTTP implements and one contract suite tests."""

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
"""How much of an error's body is kept to tell what it means."""

CONNECT_TIMEOUT_SECONDS = 10.0
"""For name, TCP and TLS together."""

AHEAD_SECONDS = 5.0
"""How long a connection that was opened ahead waits for its first request."""

MAX_HEAD_BYTES = 65_536
"""A longer header section is no answer but an attack or an accident."""


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

    Redirects aren't followed, cookies aren't kept (``core.cookies`` does), content codings aren't decoded, interim
    (1xx) responses are skipped. For a status of 400 or more, ``HeadArrived`` waits for the body's first piece (or its
    end), of which up to :data:`EXCERPT_BYTES` become its excerpt. A proxy's own refusal (407, or no tunnel) is no head
    but a failure.

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
    Before a piece of an accepted body is taken, ``delay_seconds`` is asked, and while that isn't 0.0 the body waits so
    long and asks again; nobody holds the socket's bytes back but TCP's flow control. At most about ``piece_bytes`` are
    taken at once, and what was taken is told by ``spend``. No body that waits is passed over for long. What waits can
    still be narrowed, cancelled and closed at once. Heads and excerpts aren't limited.
    """

    name: str
    """What results call this transport: "curl" or "threads"."""

    @property
    def waited_seconds(self) -> float:
        """For how long so far there was nothing to read or to store, of all exchanges together."""

    def start(self, exchange: ExchangeId, request: Request) -> None:
        """Begins the exchange, on an idle connection to the request's origin where there is one, else on a new one.

        Every exchange under way has a connection of its own, unless its request names a shared one: then it may be
        together with others of that number, in streams of HTTP/2, of which none holds up another one by waiting. A
        request that asks for a fresh connection gets a new one; an idle connection that turns out to be dead is
        replaced without a failure.
        """

    def open_ahead(self, origin: Origin, count: int) -> None:
        """Tells that ``count`` further connections to ``origin``, from which bodies flow, are likely wanted soon.

        A transport may open them, or do nothing. What becomes of them is never an event, nor a failure of an exchange:
        they are new connections to whatever starts next on a connection of its own, and one that isn't ready by then,
        or is no longer alive, isn't used. No more than ``count`` of them wait; those that weren't used are closed
        after :data:`AHEAD_SECONDS`, while ``poll`` is called.
        """

    def accept(self, exchange: ExchangeId, sink: Sink, start: int, stop: int | None) -> None:
        """Lets the body flow into ``sink`` from ``start`` on, at most up to ``stop``.

        For unknown or ended exchanges: nothing.
        """

    def narrow(self, exchange: ExchangeId, stop: int) -> None:
        """Lowers an accepted body's ``stop``. Where bytes beyond it are already stored, the exchange ends at once."""

    def cancel(self, exchange: ExchangeId) -> None:
        """Drops the exchange and its connection. For unknown or ended exchanges: nothing."""

    def poll(self, timeout_seconds: float) -> Sequence[TransportEvent]:
        """What has happened; waits at most ``timeout_seconds`` for something to.

        Returns early, perhaps empty, after :meth:`wake`. Progress of one body within one poll is one ``BodyStored``;
        where bytes flow all the time, a poll returns after some 50 ms.
        """

    def wake(self) -> None:
        """Makes a ``poll`` that waits, or the next one, return at once.

        May be called from any thread and from signal handlers.
        """

    def close(self) -> None:
        """Drops every exchange and connection. Nothing may be called afterwards but ``wake``, which does nothing."""
