"""The life of what listens: bound and begun once, closed once, with a URL for each of its listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from anymatix_fetcher.testing.connections import Connections
from anymatix_fetcher.testing.listeners import Listeners
from anymatix_fetcher.testing.rules import as_rules
from anymatix_fetcher.testing.script import ALWAYS, Match

if TYPE_CHECKING:
    import socket
    import ssl
    from collections.abc import Mapping
    from types import TracebackType

    from anymatix_fetcher.testing.faults import AnyFault
    from anymatix_fetcher.testing.script import Rule
    from anymatix_fetcher.testing.service import Service


class Server:
    """What origins and stand-ins have in common. All methods may be called from any thread.

    Args:
        service: What answers.
        address: The address to bind.
        ports: The port of each listener; 0 takes a free one.
        tls: The server context of each listener that speaks https, ``None`` for the others.
    """

    def __init__(
        self,
        service: Service,
        address: str,
        ports: Mapping[str, int],
        tls: Mapping[str, ssl.SSLContext | None],
    ) -> None:
        self._service = service
        self._address = address
        self._ports = ports
        self._tls = tls
        self._connections = Connections(service)
        self._listeners: Listeners | None = None

    def start(self) -> Self:
        """Binds all listeners and begins to serve; the clock of the script starts.

        Raises:
            OSError: If a port can't be bound.
            RuntimeError: If it was started before.
        """
        if self._listeners is not None:
            raise RuntimeError("a server starts only once")
        self._listeners = Listeners(self._address, self._ports, self._accept)
        self._begin({name: self._base(name) for name in self._ports})
        self._listeners.start()
        return self

    def _begin(self, urls: Mapping[str, str]) -> None:
        self._service.begin(urls)

    def _accept(self, name: str, sock: socket.socket) -> None:
        self._connections.accept(name, sock, self._tls[name])

    def _base(self, name: str) -> str:
        """``scheme://host:port`` of a listener."""
        if self._listeners is None:
            raise RuntimeError("a server has no URL before it was started")
        host = f"[{self._address}]" if ":" in self._address else self._address
        scheme = "http" if self._tls[name] is None else "https"
        return f"{scheme}://{host}:{self._listeners.ports[name]}"

    def close(self) -> None:
        """Ends all connections and threads; may be called twice."""
        if self._listeners is None or self._service.closing.is_set():
            return
        self._service.closing.set()
        self._listeners.close()
        self._connections.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def script(self, *faults: AnyFault | Rule | str, when: Match = ALWAYS) -> None:
        """Adds rules: faults that happen when ``when`` matches, whole rules, or their text.

        Raises:
            ValueError: If a text is no rule, or a match doesn't fit to a fault.
        """
        self._service.add_rules(as_rules(faults, when))
