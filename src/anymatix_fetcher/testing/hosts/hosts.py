"""Runs stand-ins: one port for each site, one ledger for all."""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.testing.hosts.site import Moment, Serving
from anymatix_fetcher.testing.server import Server
from anymatix_fetcher.testing.service import Service
from anymatix_fetcher.testing.shelf import Found

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    from anymatix_fetcher.testing.hosts.site import Host, Site
    from anymatix_fetcher.testing.ledger import Ledger, PathLedger, SeenRequest
    from anymatix_fetcher.testing.messages import Request
    from anymatix_fetcher.testing.script import ListenerName


class _Sites:
    """The sites as a shelf: each request is answered by the site that received it."""

    def __init__(self, sites: Mapping[str, Site]) -> None:
        self._lock = threading.Lock()
        self._sites = sites
        self.urls: Mapping[str, str] = {}
        self.signed: Counter[str] = Counter()

    def role(self, listener: str) -> ListenerName:
        """Implements ``Shelf.role``."""
        return "target" if self._sites[listener].stores else "origin"

    def find(self, request: Request, listener: str, now: float) -> Found:
        """Implements ``Shelf.find``."""
        with self._lock:
            said = self._sites[listener].answer(request, Moment(now, self.urls))
            if isinstance(said, Serving):
                return Found(said.account, said.resource, bytes_per_second=said.bytes_per_second)
            if said.signed_url:
                self.signed[listener] += 1
            return Found(f"{listener}:{request.path}", said=said)


@dataclass(frozen=True, slots=True)
class HostsLedger:
    """The requests to all hosts so far; the bytes are exact after the hosts are closed.

    Attributes:
        all: The counts of all sites together. ``paths`` lists files by their account, such as
                ``civitai:143906/model.safetensors``, wherever they are stored, and everything else as ``site:/path``.
        signed: The number of signed URLs that each site has issued.
    """

    all: Ledger
    signed: Mapping[str, int]

    def file(self, account: str) -> PathLedger:
        """The requests for a file.

        Raises:
            KeyError: If there were none.
        """
        return self.all.paths[account]

    def requests(self, site: str) -> int:
        """The number of requests to a site."""
        return self.all.origins.get(site, 0)


class Hosts(Server):
    """Stand-ins for model hosts on this machine, each site on its own port.

    Use it as a context manager, or call `start` and `close`. All methods may be called from any thread, and rules
    may be added while it runs: ``at=origin`` means web sites and APIs, ``at=target`` the stores.

    Args:
        *hosts: The hosts.
        seed: The seed of rules that apply by chance.
        address: The address to bind, usually loopback.
        first_port: The first site's port, followed by the others; 0 for free ones.
        tls: The server context for https; none for http.
        clock: The time in seconds since 1970, for signatures and limits.
    """

    def __init__(
        self,
        *hosts: Host,
        seed: int = 0,
        address: str = "127.0.0.1",
        first_port: int = 0,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        sites = {name: site for host in hosts for name, site in host.sites.items()}
        self._variables = {variable: site for host in hosts for variable, site in host.variables.items()}
        ports = {name: first_port and first_port + index for index, name in enumerate(sites)}
        self._sites = _Sites(sites)
        super().__init__(Service(seed, self._sites, clock), address, ports, dict.fromkeys(sites, tls))

    def _begin(self, urls: Mapping[str, str]) -> None:
        self._sites.urls = urls
        super()._begin(urls)

    # ---- URLs and records ----

    @property
    def urls(self) -> Mapping[str, str]:
        """``scheme://host:port`` of every site by its name; empty before the start."""
        return self._sites.urls

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that direct tools to the stand-ins: ``CIVITAI_ENDPOINT`` and the like."""
        return {variable: self.urls[site] for variable, site in self._variables.items()}

    def ledger(self) -> HostsLedger:
        """The requests and bytes served so far."""
        return HostsLedger(self._service.book.snapshot(), dict(self._sites.signed))

    def seen(self, site: str | None = None) -> tuple[SeenRequest, ...]:
        """The last 10,000 requests with their headers, oldest first; those to one site, or all."""
        return tuple(one for one in self._service.book.seen() if site in (None, one.listener))
