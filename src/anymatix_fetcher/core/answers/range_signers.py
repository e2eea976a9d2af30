"""Which requests carry a Range: a redirect may be good for the range that it was asked with, and for no other.

A host that signs addresses may copy the ``Range`` of the request that it redirects into the signature's policy, as the
Hugging Face hub does: every other range is then refused at the target. Such a host is asked without a Range, and what
its redirects lead to with one. A hub's addresses are known by their form; others are found out, and remembered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from anymatix_fetcher.core.answers.expiry import is_signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.core.values.urls import Origin, Url

_RESOLVER = re.compile(r"/resolve/[^/]+/.|/api/resolve-cache/")
"""The form of a hub's addresses, at mirrors and behind proxies as well (https://huggingface.co/docs/hub/api)."""


class RangeSigners:
    """The origins whose redirects are signed for one range.

    Args:
        remembered: Whether an origin was found to be one by an earlier run.
    """

    def __init__(self, remembered: Callable[[Origin], bool] = lambda _: False) -> None:
        self._remembered = remembered
        self._suspected: set[Origin] = set()
        self.proved: set[Origin] = set()
        """Those that this session has seen doing it: by the policy in the address, or because only the address that
        was given without a Range took other ranges."""

    def __contains__(self, origin: Origin) -> bool:
        return origin in self.proved or origin in self._suspected or self._remembered(origin)

    def suspect(self, origin: Origin) -> None:
        """What ``origin`` redirects to has refused another range: it is asked without a Range from now on."""
        self._suspected.add(origin)

    def is_suspected(self, led_by: Request | None) -> bool:
        """Whether an address was given by a suspect, asked without a range as ``led_by``: then it may take none."""
        if led_by is None or led_by.span is not None:
            return False
        return led_by.url.origin in self._suspected - self.proved

    def prove(self, origin: Origin) -> None:
        """``origin`` is one, for later runs as well."""
        self.proved.add(origin)

    def confirm(self, origin: Origin) -> None:
        """What ``origin`` redirects to takes any range, since it was asked without one: a suspicion was right."""
        if origin in self._suspected:
            self.prove(origin)

    def binds(self, url: Url) -> bool:
        """Whether a Range in a request for ``url`` may bind the redirect that answers it to that range."""
        return not is_signed(url) and (_RESOLVER.search(url.path) is not None or url.origin in self)
