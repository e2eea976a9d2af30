"""Commands that a transport carries out by itself, without the part file."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeAlias, assert_never

from anymatix_fetcher.core import messages as m

if TYPE_CHECKING:
    from anymatix_fetcher.transports.base import Transport

log = logging.getLogger("anymatix_fetcher.engine")

Told: TypeAlias = m.StartExchange | m.NarrowBody | m.CancelExchange | m.OpenAhead


def tell(transport: Transport, command: Told) -> None:
    """Has the transport do it."""
    match command:
        case m.StartExchange():
            log.debug("asking %s for %s", command.request.url, command.request.span or "the whole")
            transport.start(command.exchange, command.request)
        case m.NarrowBody():
            transport.narrow(command.exchange, command.stop)
        case m.CancelExchange():
            transport.cancel(command.exchange)
        case m.OpenAhead():
            transport.open_ahead(command.origin, command.count)
        case _:
            assert_never(command)
