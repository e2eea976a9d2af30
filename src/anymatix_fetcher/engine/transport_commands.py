"""Executes the commands that need only the transport, and tracks the exchanges in flight."""

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

TransportCommand: TypeAlias = m.StartExchange | m.PeekBody | m.NarrowBody | m.CancelExchange | m.OpenAhead


class TransportCommands:
    """Passes one download's commands to the transport, and can cancel all its exchanges without the machine.

    Args:
        transport: Carries the exchanges.

    Attributes:
        beginning: The beginning of the body that was last peeked at.
    """

    def __init__(self, transport: Transport) -> None:
        self.beginning = Beginning()
        self._transport = transport
        self._under_way: set[m.ExchangeId] = set()

    def carry_out(self, command: TransportCommand) -> None:
        """Executes the command."""
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
        """Takes the transport's report that the exchange is over."""
        self._under_way.discard(exchange)

    def drop_all(self, subject: str) -> None:
        """Cancels every exchange in flight; nothing is written afterwards."""
        let_go(subject, *(partial(self._transport.cancel, exchange) for exchange in self._under_way))
        self._under_way.clear()
