"""Names looked up, addresses raced."""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack
from time import monotonic

import pytest

from anymatix_fetcher.core.values.failures import FailureKind
from anymatix_fetcher.transports.threads.addresses import HEAD_START_SECONDS, Address, Resolver, connect
from anymatix_fetcher.transports.threads.connection import AbandonedError
from anymatix_fetcher.transports.threads.failures import BrokenExchangeError


def _wanted() -> bool:
    return True


def _unwanted() -> bool:
    return False


def _soon() -> float:
    return monotonic() + 5


def _free_address() -> Address:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return socket.AF_INET, listener.getsockname()


def test_an_address_is_its_own_answer() -> None:
    assert Resolver().addresses("127.0.0.1", 80, _soon(), _wanted) == [(socket.AF_INET, ("127.0.0.1", 80))]


def test_the_address_that_answered_comes_first_until_none_does() -> None:
    resolver = Resolver()
    first, *others = resolver.addresses("localhost", 80, _soon(), _wanted)
    better: Address = (socket.AF_INET, ("127.0.0.9", 80))
    resolver.prefer("localhost", 80, better)
    assert resolver.addresses("localhost", 80, _soon(), _wanted) == [better, first, *others]
    resolver.forget("localhost", 80)
    assert resolver.addresses("localhost", 80, _soon(), _wanted) == [first, *others]


@pytest.mark.parametrize("host", ["no-such-host.invalid", f"{'a' * 64}.invalid"])
def test_a_name_without_an_address_is_not_resolved(host: str) -> None:
    with pytest.raises(BrokenExchangeError) as raised:
        Resolver().addresses(host, 80, _soon(), _wanted)
    assert raised.value.failure.kind is FailureKind.RESOLVE


def test_a_resolver_that_takes_too_long_is_given_up() -> None:
    with pytest.raises(BrokenExchangeError, match="within the time"):
        Resolver().addresses("no-such-host.invalid", 80, monotonic() - 1, _wanted)
    with pytest.raises(AbandonedError):
        Resolver().addresses("no-such-host.invalid", 80, _soon(), _unwanted)


def test_after_an_address_that_refuses_the_next_one_is_tried_at_once() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        good: Address = (socket.AF_INET, listener.getsockname())
        connected, address = connect([_free_address(), good], _soon(), _wanted)
        connected.close()
    assert address == good


def test_addresses_that_all_refuse_are_no_connection() -> None:
    with pytest.raises(BrokenExchangeError) as raised:
        connect([_free_address(), _free_address()], _soon(), _wanted)
    assert raised.value.failure.kind is FailureKind.CONNECT
    assert raised.value.failure.os_error


def test_nobody_connects_for_nobody() -> None:
    with pytest.raises(AbandonedError):
        connect([_free_address()], _soon(), _unwanted)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux drops what a full backlog can't take")
def test_a_silent_address_gets_a_head_start_and_no_more() -> None:
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(silent.getsockname())
        good = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        began = monotonic()
        connected, address = connect(
            [(socket.AF_INET, silent.getsockname()), (socket.AF_INET, good.getsockname())], _soon(), _wanted
        )
        connected.close()
        assert address[1] == good.getsockname()
        assert HEAD_START_SECONDS * 0.9 < monotonic() - began < 4
        with pytest.raises(BrokenExchangeError, match="within the time"):
            connect([(socket.AF_INET, silent.getsockname())], monotonic() + 0.05, _wanted)
