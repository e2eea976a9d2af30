"""Reads a body within the rate limit."""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING

from anymatix_fetcher.transports.threads.connection import AbandonedError

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.transports.limiter import RateLimiter
    from anymatix_fetcher.transports.threads.bodies import Body


class LimitedBody:
    """Reads ``body`` in pieces, as the rate limit allows.

    Args:
        body: The body.
        limiter: The rate limiter.
        is_over: Whether the exchange was abandoned.
    """

    def __init__(self, body: Body, limiter: RateLimiter, is_over: Callable[[], bool]) -> None:
        self._body = body
        self._limiter = limiter
        self._is_over = is_over

    @property
    def ends_connection(self) -> bool:
        """Implements ``Body``."""
        return self._body.ends_connection

    @property
    def is_whole(self) -> bool:
        """Implements ``Body``."""
        return self._body.is_whole

    @property
    def states_length(self) -> bool:
        """Implements ``Body``."""
        return self._body.states_length

    def read_into(self, view: memoryview) -> int:
        """Implements ``Body``.

        Raises:
            AbandonedError: The exchange was abandoned.
        """
        delay = self._limiter.delay_seconds()
        if delay:
            sleep(delay)
            if self._is_over():
                raise AbandonedError
            raise TimeoutError  # so that gathered bytes are stored
        count = self._body.read_into(view[: self._limiter.piece_bytes])
        self._limiter.spend(count)
        return count
