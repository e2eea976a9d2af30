"""Decides which requests have a Range: a redirect may be valid only for the range of its request.

A host that signs URLs may copy the request's ``Range`` into the signature's policy, as the Hugging Face hub does; the
target then refuses every other range. Such a host is asked without a Range, and its target with one. URLs of hubs are
recognized by their form; other such hosts are detected and remembered.
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
"""The form of a hub's URLs, also at mirrors and behind proxies (https://huggingface.co/docs/hub/api)."""


class RangeSigners:
    """The origins that sign their redirects for one range.

    Args:
        remembered: Whether an earlier run has detected an origin.
    """

    def __init__(self, remembered: Callable[[Origin], bool] = lambda _: False) -> None:
        self._remembered = remembered
        self._suspected: set[Origin] = set()
        self.proved: set[Origin] = set()
        """The origins that this session has detected, by the policy in the URL, or because only a URL that was
        requested without a Range served other ranges."""

    def __contains__(self, origin: Origin) -> bool:
        return origin in self.proved or origin in self._suspected or self._remembered(origin)

    def suspect(self, origin: Origin) -> None:
        """Marks ``origin`` as suspected after its target refused another range; it is now asked without a Range."""
        self._suspected.add(origin)

    def is_suspected(self, led_by: Request | None) -> bool:
        """Whether a URL came from a suspected origin asked without a range, and therefore may refuse ranges."""
        if led_by is None or led_by.span is not None:
            return False
        return led_by.url.origin in self._suspected - self.proved

    def prove(self, origin: Origin) -> None:
        """Marks ``origin`` as proved, for later runs as well."""
        self.proved.add(origin)

    def confirm(self, origin: Origin) -> None:
        """Confirms a suspicion: the target serves any range, because ``origin`` was asked without one."""
        if origin in self._suspected:
            self.prove(origin)

    def binds(self, url: Url) -> bool:
        """Whether a Range in a request for ``url`` may limit the resulting redirect to that range."""
        return not is_signed(url) and (_RESOLVER.search(url.path) is not None or url.origin in self)
