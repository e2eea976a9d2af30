from __future__ import annotations

import errno
import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.answers.explain import failure_error, refusal_error, storage_error
from anymatix_fetcher.core.answers.judge import Known, judge
from anymatix_fetcher.core.values.failures import Failure, FailureKind
from anymatix_fetcher.core.values.http import Headers, Refused, Request, ResponseHead
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import (
    AccessDeniedError,
    DiskFullError,
    FetchError,
    InternalError,
    NetworkError,
    NotAModelError,
    NotFoundError,
    RepresentationChangedError,
    RetriesExhaustedError,
    StorageError,
    UnexpectedAnswerError,
)

URL = Url.parse("https://h.example/m?x=1")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (Refusal.UNAUTHORIZED, AccessDeniedError),
        (Refusal.FORBIDDEN, AccessDeniedError),
        (Refusal.NOT_FOUND, NotFoundError),
        (Refusal.GONE, NotFoundError),
        (Refusal.BAD_REQUEST, UnexpectedAnswerError),
        (Refusal.THROTTLED, RetriesExhaustedError),
        (Refusal.UNAVAILABLE, RetriesExhaustedError),
        (Refusal.UNSATISFIABLE, UnexpectedAnswerError),
        (Refusal.RANGE_IGNORED, UnexpectedAnswerError),
        (Refusal.MISLABELLED, UnexpectedAnswerError),
        (Refusal.ENCODED, UnexpectedAnswerError),
        (Refusal.CHANGED, RepresentationChangedError),
        (Refusal.NOT_A_MODEL, NotAModelError),
        (Refusal.UNSAFE_REDIRECT, UnexpectedAnswerError),
        (Refusal.UNEXPECTED, UnexpectedAnswerError),
    ],
)
def test_every_refusal_ends_in_the_error_of_whose_turn_it_is(kind: Refusal, error: type[FetchError]) -> None:
    raised = refusal_error(Refused(kind, "h.example answered so", 400), URL)
    assert type(raised) is error
    assert raised.message == "h.example answered so (https://h.example/m?...)"
    assert raised.hint.endswith(".")


def test_no_refusal_is_left_out_of_the_table() -> None:
    table = test_every_refusal_ends_in_the_error_of_whose_turn_it_is.pytestmark[0].args[1]  # type: ignore[attr-defined]
    assert {kind for kind, _ in table} == set(Refusal)


@pytest.mark.parametrize(
    "query", ["X-Amz-Signature=1", "Expires=1&Signature=2", "sig=1", "X-Goog-Signature=1", "token=1&expires=1700000000"]
)
def test_a_forbidden_signed_link_has_probably_expired(query: str) -> None:
    refused = Refused(Refusal.FORBIDDEN, "no", 403)
    assert "expired" in refusal_error(refused, Url.parse(f"https://h.example/m?{query}")).hint
    assert "licence" in refusal_error(refused, Url.parse("https://h.example/m?download=true")).hint


def test_a_bug_is_said_to_be_one_and_how_to_report_it() -> None:
    raised = failure_error(Failure(FailureKind.BUG, "ValueError"), URL)
    assert type(raised) is InternalError
    assert raised.message == "ValueError: this is a bug in anyfetch"
    assert "report" in raised.hint


OF_OTHERS = {FailureKind.STORAGE, FailureKind.BUG, FailureKind.INSIDE}


def test_an_address_that_may_not_be_asked_is_no_trouble_of_the_network() -> None:
    raised = failure_error(Failure(FailureKind.INSIDE, "its name leads to 10.0.0.1"), URL)
    assert type(raised) is AccessDeniedError
    assert raised.message == "h.example: its name leads to 10.0.0.1"
    assert "ANYFETCH_ALLOW_PRIVATE" in raised.hint


@pytest.mark.parametrize("kind", [kind for kind in FailureKind if kind not in OF_OTHERS])
def test_every_failure_is_the_networks_turn_and_has_a_hint(kind: FailureKind) -> None:
    raised = failure_error(Failure(kind, "it broke"), URL)
    once = kind in {FailureKind.TLS, FailureKind.UNUSABLE}
    assert type(raised) is (UnexpectedAnswerError if once else RetriesExhaustedError)
    assert isinstance(raised, NetworkError)
    assert raised.message == f"h.example: {Failure(kind, 'it broke')}"
    assert "it broke" in raised.message
    assert raised.hint


@pytest.mark.parametrize(
    ("kind", "code", "hint"),
    [
        (FailureKind.CONNECT, errno.EMFILE, "ulimit -n"),
        (FailureKind.CONNECT, errno.EAGAIN, "ulimit -u"),
        (FailureKind.RESOLVE, errno.EAGAIN, "ulimit -u"),
    ],
)
def test_what_this_machine_lacks_isnt_the_servers_fault(kind: FailureKind, code: int, hint: str) -> None:
    raised = failure_error(Failure(kind, "no connection was made", code), URL)
    assert type(raised) is StorageError
    assert hint in raised.hint
    assert "server" not in raised.hint


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_from_a_broken_one(code: int) -> None:
    full = failure_error(Failure(FailureKind.STORAGE, "no space", code), URL)
    assert type(full) is DiskFullError
    broken = storage_error(Failure(FailureKind.STORAGE, "input/output error", errno.EIO))
    assert type(broken) is StorageError
    assert "input/output error" in broken.message


secrets = st.text(alphabet=string.ascii_letters + string.digits, max_size=30).map("s3cr3t{}".format)
bodies = st.sampled_from(
    [
        "{}",
        "token {} is wrong",
        "<Error><Code>InvalidToken</Code><Message>{}</Message><Token-0>{}</Token-0></Error>",
        "<html><body>{}</body></html>",
        "GET https://me:{}@h.example/m?sig={}",
    ]
)


@given(secrets, bodies, st.sampled_from([200, 206, 302, 400, 401, 403, 404, 416, 429, 500, 503]))
def test_no_secret_of_a_request_reaches_a_message_a_hint_or_a_repr(secret: str, body: str, status: int) -> None:
    url = Url.parse(f"https://user{secret}:{secret}@h.example/m.safetensors?X-Amz-Signature={secret}&e=1#{secret}")
    request = Request(url, headers=Headers.of(authorization=f"Bearer {secret}", x_api_key=secret))
    location = f"ftp://{secret}:{secret}@o.example/?{secret}"
    head = ResponseHead(
        status,
        Headers.of(location=location, set_cookie=secret, content_encoding=f"gzip, {secret}", content_range=secret),
    )
    shown = [repr(url), str(url), repr(request), repr(head), str(head.headers)]
    for excerpt in (body.replace("{}", secret), json.dumps({"error": body.replace("{}", secret)})):
        verdict = judge(request, head, Known(), excerpt)
        assert isinstance(verdict, Refused)
        error = refusal_error(verdict, url)
        shown += [repr(verdict), verdict.sentence, repr(error), str(error), error.hint]
    failed = failure_error(Failure(FailureKind.LOST, "reset"), url)
    shown += [repr(failed), str(failed), failed.hint]
    assert not [text for text in shown if secret.lower() in text.lower()]
