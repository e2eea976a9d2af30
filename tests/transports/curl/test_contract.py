"""The curl transport passes the contract that every transport has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.transports.curl.transport import CurlTransport
from tests.contracts.transport_bodies import BodyContract
from tests.contracts.transport_connections import ConnectionContract
from tests.contracts.transport_failures import FailureContract, TlsContract
from tests.contracts.transport_limits import LimitContract
from tests.contracts.transport_proxies import ProxyContract

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.transports.base import NetworkSettings, Transport
    from anymatix_fetcher.transports.limiter import RateLimiter


class _Curl:
    @pytest.fixture
    def open_transport(self) -> Callable[[NetworkSettings], Transport]:
        return CurlTransport


class TestBodies(_Curl, BodyContract):
    pass


class TestFailures(_Curl, FailureContract):
    pass


class TestTls(_Curl, TlsContract):
    pass


class TestConnections(_Curl, ConnectionContract):
    pass


class TestProxies(_Curl, ProxyContract):
    pass


class TestLimits(LimitContract):
    @pytest.fixture
    def open_limited(self) -> Callable[[NetworkSettings, RateLimiter], Transport]:
        return CurlTransport
