"""Keeps one transfer to public addresses: looked at where a socket is opened, and again before the request is sent.

What a name leads to when it is looked up is no proof of where libcurl goes a moment later, and a connection that
waits idle was opened for another request. See https://curl.se/libcurl/c/CURLOPT_PREREQFUNCTION.html.
"""

from __future__ import annotations

from typing import Any

import pycurl

from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.ip_addresses import inside_detail, is_public


class PublicGuard:
    """The guard of one transfer.

    Args:
        handle: The transfer's; it goes through no proxy.
    """

    def __init__(self, handle: Any) -> None:  # noqa: ANN401 - pycurl is untyped
        self._refused = ""
        handle.setopt(pycurl.PREREQFUNCTION, self._look)

    @property
    def failure(self) -> Failure | None:
        """Why the transfer was refused; ``None`` where it wasn't."""
        return Failure(FailureKind.INSIDE, inside_detail(self._refused)) if self._refused else None

    def lets(self, address: str | bytes) -> bool:
        """Whether a connection to ``address`` may be opened."""
        text = address if isinstance(address, str) else address.decode("ascii", "replace")
        if is_public(text):
            return True
        self._refused = text
        return False

    def _look(self, peer: str, _own: str, _peer_port: int, _own_port: int) -> int:
        return int(pycurl.PREREQFUNC_OK if self.lets(peer) else pycurl.PREREQFUNC_ABORT)
