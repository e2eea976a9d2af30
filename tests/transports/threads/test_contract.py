"""The threads transport passes the contract that every transport has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.transports.threads.transport import ThreadsTransport
from tests.contracts.transport_bodies import BodyContract
from tests.contracts.transport_connections import ConnectionContract
from tests.contracts.transport_failures import FailureContract, TlsContract
from tests.contracts.transport_limits import LimitContract
from tests.contracts.transport_proxies import ProxyContract

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.transports.base import NetworkSettings, Transport
    from anymatix_fetcher.transports.limiter import RateLimiter


class _Threads:
    @pytest.fixture
    def open_transport(self) -> Callable[[NetworkSettings], Transport]:
        return ThreadsTransport


class TestBodies(_Threads, BodyContract):
    pass


class TestFailures(_Threads, FailureContract):
    pass


class TestTls(_Threads, TlsContract):
    pass


class TestConnections(_Threads, ConnectionContract):
    pass


class TestProxies(_Threads, ProxyContract):
    pass


class TestLimits(LimitContract):
    @pytest.fixture
    def open_limited(self) -> Callable[[NetworkSettings, RateLimiter], Transport]:
        return ThreadsTransport
