from __future__ import annotations

import signal
import threading

import pytest

from anymatix_fetcher.cli.interruption import Interruption, interruptible
from anymatix_fetcher.engine.cancel import CancelToken


def test_the_first_signal_cancels_and_the_second_leaves() -> None:
    cancel, left = CancelToken(), list[int]()
    interruption = Interruption(cancel, left.append)
    assert interruption.exit_code is None
    interruption.receive(signal.SIGTERM)
    assert cancel.cancelled
    assert left == []
    interruption.receive(signal.SIGINT)
    assert left == [130]
    assert interruption.exit_code == 143


def test_signals_do_afterwards_what_they_did_before() -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    cancel = CancelToken()
    with interruptible(cancel) as interruption:
        signal.raise_signal(signal.SIGINT)
        assert cancel.cancelled
        assert interruption.exit_code == 130
    assert {number: signal.getsignal(number) for number in before} == before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no hang-ups")
def test_a_hang_up_that_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        cancel = CancelToken()
        with interruptible(cancel):
            signal.raise_signal(signal.SIGHUP)
        assert not cancel.cancelled
    finally:
        signal.signal(signal.SIGHUP, before)


def test_outside_the_main_thread_nothing_is_changed() -> None:
    seen = []

    def elsewhere() -> None:
        with interruptible(CancelToken()) as interruption:
            seen.append((signal.getsignal(signal.SIGINT), interruption.exit_code))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert seen == [(signal.getsignal(signal.SIGINT), None)]
