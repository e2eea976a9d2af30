from __future__ import annotations

from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.engine.answer_cache import GOOD_FOR_SECONDS, MOST_REMEMBERED, RecentAnswers
from anymatix_fetcher.sources.base import Answer


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def request(number: int = 0) -> Request:
    return Request(Url.parse(f"https://api.example.org/{number}"))


def answer(body: bytes) -> Answer:
    return Answer(Url.parse("https://api.example.org/"), ResponseHead(200, Headers()), body)


def test_an_answer_is_good_for_some_minutes_and_kept_no_longer() -> None:
    clock = Clock()
    answers = RecentAnswers(clock)
    answers[request()] = answer(b"one")
    clock.now = GOOD_FOR_SECONDS - 1.0
    assert answers.get(request()) == answer(b"one")
    assert answers.get(request(1)) is None
    clock.now = GOOD_FOR_SECONDS
    assert answers.get(request()) is None
    answers.forget_old()
    assert len(answers) == 0


def test_a_newer_answer_takes_the_older_ones_place_and_is_good_for_longer() -> None:
    clock = Clock()
    answers = RecentAnswers(clock)
    answers[request()] = answer(b"old")
    answers[request(1)] = answer(b"other")
    clock.now = GOOD_FOR_SECONDS - 1.0
    answers[request()] = answer(b"new")
    clock.now = GOOD_FOR_SECONDS
    answers.forget_old()
    assert (answers.get(request()), answers.get(request(1)), len(answers)) == (answer(b"new"), None, 1)


def test_only_so_many_are_kept() -> None:
    answers = RecentAnswers(Clock())
    for number in range(MOST_REMEMBERED + 3):
        answers[request(number)] = answer(b"")
    assert len(answers) == MOST_REMEMBERED
    assert answers.get(request(2)) is None
    assert answers.get(request(3)) is not None
