"""Hosts and shares of them, and what their tests have in common."""

from __future__ import annotations

from math import inf

from anymatix_fetcher.core.pace.controller import Pace
from anymatix_fetcher.core.pace.hosts import Host, Hosts, Share
from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.core.values.urls import Url

PLAIN = Url.parse("http://example.org/file")
TLS = Url.parse("https://example.org/file")
OTHER = Url.parse("https://cdn.example.net/file")


def host_of(url: Url = PLAIN, budget: int = 8) -> Host:
    return Host(url.origin, Pace(fixed=budget), Hosts(), budget)


def joined(host: Host, *demands: int) -> list[Share]:
    shares = [host.join() for _ in demands]
    for share, demand in zip(shares, demands, strict=True):
        share.want(0, demand)
    return shares


def speaks(share: Share, url: Url, version: str, *fields: tuple[str, str], now: float = 0.0) -> None:
    share.heed(Request(url), ResponseHead(200, Headers(fields), version), now)


class Seen(Pace):
    """A pace that keeps what it was told."""

    def __init__(self) -> None:
        super().__init__(8)
        self.observed: list[tuple[int, int]] = []
        self.rests: list[float] = []
        self.busy: list[float] = []
        self.refusals: list[int] = []

    def observe(self, total: int, flowing: int, now: float, *, rest: float = inf, busy: float = 0.0) -> None:
        self.observed.append((total, flowing))
        self.rests.append(rest)
        self.busy.append(busy)
        super().observe(total, flowing, now, rest=rest, busy=busy)

    def refused(self, others: int, now: float) -> None:
        self.refusals.append(others)
        super().refused(others, now)
