"""The questions of sources: their redirects, and whom their fields are sent to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.errors import FetchError, UnexpectedAnswerError
from anymatix_fetcher.sources.base import MAX_HOPS, ask
from tests.core.machine.hostile import HOME, SECRET, SECRET_FIELDS, heads, keeps_secrets_at_home
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from anymatix_fetcher.core.values.http import ResponseHead

QUESTION = Request(HOME, headers=Headers((*SECRET_FIELDS, ("Accept", "application/json"))))


def redirect(location: str) -> Reply:
    return Reply(b"", 302, {"Location": location})


def test_fields_go_along_within_the_origin_and_no_further() -> None:
    replies = {
        HOME.reveal(): redirect("/moved"),
        "https://h.example/moved": redirect("https://other.example/x"),
        "https://other.example/x": redirect("https://h.example/back"),
        "https://h.example/back": Reply(b"{}"),
    }
    asked: list[Request] = []
    assert talk(ask(QUESTION), replies, asked).status == 200
    assert [len(request.headers.fields) > 1 for request in asked] == [True, True, False, False]
    assert {request.headers.get("Accept") for request in asked} == {"application/json"}, "which is nobody's secret"


@pytest.mark.parametrize("location", ["http://h.example/x", "ftp://h.example/x", "file:///etc/passwd", "https://\\@h/"])
def test_a_question_is_led_nowhere_unsafe(location: str) -> None:
    asked: list[Request] = []
    with pytest.raises(UnexpectedAnswerError) as refusal:
        talk(ask(QUESTION), {HOME.reveal(): redirect(location)}, asked)
    assert len(asked) == 1
    assert SECRET not in str(refusal.value)


@given(heads)
def test_whatever_is_answered_a_question_ends_and_its_secrets_stay_at_home(answers: list[ResponseHead]) -> None:
    asked: list[Request] = []

    def reply(_: Request) -> Reply:
        head = answers[len(asked) % len(answers)]
        made = Reply(b"x" * 10, head.status)
        made.head = head
        return made

    said = ""
    try:
        said = str(talk(ask(QUESTION), reply, asked).url)
    except FetchError as error:
        said = f"{error!r} {error.hint}"
    assert SECRET not in said
    assert len(asked) <= MAX_HOPS + 1
    keeps_secrets_at_home(asked)
