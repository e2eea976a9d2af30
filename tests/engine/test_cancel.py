from __future__ import annotations

import threading

from anymatix_fetcher import CancelToken


def test_cancelling_tells_every_listener() -> None:
    token, told = CancelToken(), list[str]()
    token.add_listener(lambda: told.append("one"))
    token.add_listener(lambda: told.append("two"))
    assert not told
    token.cancel()
    assert told == ["one", "two"]


def test_whoever_comes_late_is_told_at_once() -> None:
    token, told = CancelToken(), list[str]()
    token.cancel()
    token.add_listener(lambda: told.append("late"))
    assert token.cancelled
    assert told == ["late"]


def test_a_new_token_isnt_cancelled() -> None:
    assert not CancelToken().cancelled


def test_one_that_was_removed_is_told_nothing_and_removing_strangers_is_no_error() -> None:
    token, told = CancelToken(), list[str]()

    def listener() -> None:
        told.append("removed")

    token.remove_listener(listener)
    token.add_listener(listener)
    token.remove_listener(listener)
    token.cancel()
    assert not told


def test_a_listener_may_remove_itself_while_it_is_told() -> None:
    token, told = CancelToken(), list[str]()

    def once() -> None:
        token.remove_listener(once)
        told.append("once")

    token.add_listener(once)
    token.add_listener(lambda: told.append("other"))
    token.cancel()
    token.cancel()
    assert told == ["once", "other", "other"]


def test_another_thread_may_cancel() -> None:
    token, told = CancelToken(), threading.Event()
    token.add_listener(told.set)
    thread = threading.Thread(target=token.cancel)
    thread.start()
    assert told.wait(10)
    thread.join()
    assert token.cancelled


def test_nobody_is_missed_who_listens_while_another_thread_cancels() -> None:
    for _ in range(200):
        token, told = CancelToken(), threading.Event()
        thread = threading.Thread(target=token.cancel)
        thread.start()
        token.add_listener(told.set)
        thread.join()
        assert told.is_set()
