"""All stand-ins together: one port for each site, one ledger for all."""

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
    """The sites as a shelf: each request is looked up at the site that it came to."""

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
    """What all hosts were asked for up to now; the bytes are exact once the hosts are closed.

    Attributes:
        all: The counts of all sites together. Files stand in ``paths`` by their account, such as
            ``civitai:143906/model.safetensors``, wherever they are stored; everything else as ``site:/path``.
        signed: How many signed URLs each site has given out.
    """

    all: Ledger
    signed: Mapping[str, int]

    def file(self, account: str) -> PathLedger:
        """What was asked for and sent of a file.

        Raises:
            KeyError: If nothing was.
        """
        return self.all.paths[account]

    def requests(self, site: str) -> int:
        """How many requests came to a site."""
        return self.all.origins.get(site, 0)


class Hosts(Server):
    """Stand-ins for model hosts on this machine, each site on a port of its own.

    Use it as a context manager, or call `start` and `close`. All methods may be called from any thread, and rules
    may be added while it runs: ``at=origin`` means web sites and APIs, ``at=target`` the stores.

    Args:
        *hosts: Which ones.
        seed: What rules that apply by chance depend on.
        address: The address to bind, mostly loopback.
        first_port: The first site's port, the others' follow; 0 takes free ones.
        tls: Makes all sites speak https with this server context.
        clock: The seconds since 1970, by which signatures expire and limits are counted.
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

    # ---- What is known of it ----

    @property
    def urls(self) -> Mapping[str, str]:
        """``scheme://host:port`` of every site by its name; empty before the start."""
        return self._sites.urls

    @property
    def variables(self) -> dict[str, str]:
        """The environment that leads tools here: ``CIVITAI_ENDPOINT`` and the like, with their values."""
        return {variable: self.urls[site] for variable, site in self._variables.items()}

    def ledger(self) -> HostsLedger:
        """What was asked for and served up to now."""
        return HostsLedger(self._service.book.snapshot(), dict(self._sites.signed))

    def seen(self, site: str | None = None) -> tuple[SeenRequest, ...]:
        """The last 10,000 requests with their headers, oldest first; those to one site, or all."""
        return tuple(one for one in self._service.book.seen() if site in (None, one.listener))
