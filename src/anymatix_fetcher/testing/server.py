"""The base class of servers: start, close, and the URLs of the listeners."""

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
    """The base of origins and stand-ins. All methods may be called from any thread.

    Args:
        service: Chooses faults and plans responses.
        address: The address to bind.
        ports: The port of each listener; 0 for a free one.
        tls: The server context of each listener; ``None`` for http.
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
        """Binds all listeners, starts serving, and starts the script's clock.

        Raises:
            OSError: If a port can't be bound.
            RuntimeError: If it was started before.
        """
        if self._listeners is not None:
            raise RuntimeError("the server was already started")
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
            raise RuntimeError("the server has no URL before it is started")
        host = f"[{self._address}]" if ":" in self._address else self._address
        scheme = "http" if self._tls[name] is None else "https"
        return f"{scheme}://{host}:{self._listeners.ports[name]}"

    def close(self) -> None:
        """Ends all connections and threads; idempotent."""
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
        """Adds rules: faults with the match ``when``, rules, or their texts.

        Raises:
            ValueError: If a text is not a rule, or the match doesn't fit a fault.
        """
        self._service.add_rules(as_rules(faults, when))
