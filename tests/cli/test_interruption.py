from __future__ import annotations

import signal
import threading

import pytest

from anymatix_fetcher.cli.interruption import Interrupted, Interruption, interruptible
from anymatix_fetcher.engine.cancel import CancelToken
from anymatix_fetcher.errors import DownloadCancelled


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


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_a_signal_has_cancelled_is_no_error_but_an_interruption(number: int, code: int) -> None:
    def stop() -> None:
        signal.raise_signal(number)
        raise DownloadCancelled("no answer had come yet")

    with pytest.raises(Interrupted, match="no answer had come yet") as stopped, interruptible(CancelToken()):
        stop()
    assert stopped.value.exit_code == code


def test_what_the_library_itself_has_cancelled_stays_what_it_is() -> None:
    with pytest.raises(DownloadCancelled), interruptible(CancelToken()):
        raise DownloadCancelled("stopped")


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
