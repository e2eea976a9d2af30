"""Commands that a transport carries out by itself, without the part file, and which exchanges are under way by them."""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING, TypeAlias, assert_never

from anymatix_fetcher.core.values import messages as m
from anymatix_fetcher.engine.beginning import Beginning
from anymatix_fetcher.engine.failing import let_go

if TYPE_CHECKING:
    from anymatix_fetcher.transports.base import Transport

log = logging.getLogger("anymatix_fetcher.engine")

Told: TypeAlias = m.StartExchange | m.PeekBody | m.NarrowBody | m.CancelExchange | m.OpenAhead


class Telling:
    """Tells the transport what one download wants, and can end all of that without asking the machine.

    Args:
        transport: Carries the exchanges.

    Attributes:
        beginning: Of the body that was peeked at last.
    """

    def __init__(self, transport: Transport) -> None:
        self.beginning = Beginning()
        self._transport = transport
        self._under_way: set[m.ExchangeId] = set()

    def tell(self, command: Told) -> None:
        """Has the transport do it."""
        match command:
            case m.StartExchange():
                log.debug("asking %s for %s", command.request.url, command.request.span or "the whole")
                self._under_way.add(command.exchange)
                self._transport.start(command.exchange, command.request)
            case m.PeekBody():
                self.beginning = Beginning()
                self._transport.accept(command.exchange, self.beginning, 0, command.stop)
            case m.NarrowBody():
                self._transport.narrow(command.exchange, command.stop)
            case m.CancelExchange():
                self._under_way.discard(command.exchange)
                self._transport.cancel(command.exchange)
            case m.OpenAhead():
                self._transport.open_ahead(command.origin, command.count)
            case _:
                assert_never(command)

    def ended(self, exchange: m.ExchangeId) -> None:
        """The transport says that it is over."""
        self._under_way.discard(exchange)

    def drop_all(self, subject: str) -> None:
        """Ends every exchange that is under way; after it, nothing is written any more."""
        let_go(subject, *(partial(self._transport.cancel, exchange) for exchange in self._under_way))
        self._under_way.clear()
