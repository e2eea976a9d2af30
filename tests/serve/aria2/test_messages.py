"""What comes over the wire, read and answered as aria2 does."""

from __future__ import annotations

import base64
import json

import pytest

from anymatix_fetcher.serve.aria2.messages import (
    FaultCode,
    RpcFault,
    RpcRequest,
    parse_query,
    parse_request,
    write_answer,
    write_notification,
)
from tests.mutations import NESTED, VALUES


def encoded(value: object) -> str:
    return base64.b64encode(json.dumps(value).encode()).decode()


def outcome(request: RpcRequest) -> tuple[object, object, object]:
    (call,) = request.calls
    return (call.identity, call.method, call.fault.code if call.fault else call.params)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"jsonrpc": "2.0", "id": "q", "method": "m", "params": [1]}', ("q", "m", (1,))),
        ('{"jsonrpc": 2.0, "id": 7, "method": "m"}', (7, "m", ())),
        ('{"id": null, "method": "m", "params": []}', (None, "m", ())),
        ('{"method": "m", "params": []}', (None, "", FaultCode.INVALID_REQUEST)),
        ('{"id": 1, "method": 3}', (1, "", FaultCode.INVALID_REQUEST)),
        ('{"id": 1, "method": "m", "params": {"a": 1}}', (1, "", FaultCode.INVALID_PARAMS)),
        ("{}", (None, "", FaultCode.INVALID_REQUEST)),
        ("3", (None, "", FaultCode.PARSE_ERROR)),
        ("{nonsense", (None, "", FaultCode.PARSE_ERROR)),
        ("", (None, "", FaultCode.PARSE_ERROR)),
        ("[" * 100_000, (None, "", FaultCode.PARSE_ERROR)),
        ("\xff", (None, "", FaultCode.PARSE_ERROR)),
    ],
)
def test_a_message_is_a_call_or_says_what_is_wrong(text: str, expected: tuple[object, ...]) -> None:
    assert outcome(parse_request(text)) == expected
    assert outcome(parse_request(text.encode("latin-1"))) == expected


def test_a_list_is_a_batch_and_what_is_no_call_is_left_out() -> None:
    request = parse_request('[{"id": 1, "method": "a"}, 3, {"id": 2}]')
    assert request.is_batch
    assert [call.identity for call in request.calls] == [1, 2]
    assert parse_request("[]") == RpcRequest((), is_batch=True)


@pytest.mark.parametrize("value", [*VALUES, NESTED], ids=lambda value: repr(value)[:20])
def test_nothing_that_can_be_sent_is_too_much(value: object) -> None:
    for message in (
        value,
        [value],
        {"id": value, "method": value, "params": value},
        {"id": 1, "method": "m", "params": [value]},
    ):
        request = parse_request(json.dumps(message))
        answer = write_answer(request, [call.fault or "OK" for call in request.calls], 0)
        assert json.loads(answer.text) is not None


def test_a_query_holds_its_parameters_in_base64() -> None:
    query = {"method": "m", "id": "foo", "params": encoded(["token:s", 1])}
    assert outcome(parse_query(query)) == ("foo", "m", ("token:s", 1))
    batch = parse_query({"params": encoded([{"id": 1, "method": "a"}, {"id": 2, "method": "b"}])})
    assert batch.is_batch
    assert [call.method for call in batch.calls] == ["a", "b"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({}, FaultCode.INVALID_REQUEST),
        ({"method": "m"}, FaultCode.INVALID_REQUEST),
        ({"method": "m", "id": "1", "params": "xxx"}, FaultCode.INVALID_REQUEST),
        ({"method": "m", "id": "1", "params": encoded({})}, FaultCode.INVALID_PARAMS),
        ({"params": encoded({"id": 1, "method": "a"})}, FaultCode.INVALID_REQUEST),
    ],
)
def test_a_query_that_is_no_call_says_so(query: dict[str, str], code: FaultCode) -> None:
    (call,) = parse_query(query).calls
    assert call.fault is not None
    assert call.fault.code is code


@pytest.mark.parametrize(
    ("code", "status"),
    [
        (FaultCode.REFUSED, 400),
        (FaultCode.INVALID_REQUEST, 400),
        (FaultCode.INVALID_PARAMS, 500),
        (FaultCode.PARSE_ERROR, 500),
    ],
)
def test_an_error_has_a_status_and_a_batch_has_none(code: FaultCode, status: int) -> None:
    one, many = '{"id": "q", "method": "m"}', '[{"id": "q", "method": "m"}]'
    fault = RpcFault("Why", code)
    answer = write_answer(parse_request(one), [fault], 2)
    assert (answer.status, answer.guesses) == (status, 2)
    expected = {"id": "q", "jsonrpc": "2.0", "error": {"code": int(code), "message": "Why"}}
    assert json.loads(answer.text) == expected
    batch = write_answer(parse_request(many), [fault], 0)
    assert (batch.status, json.loads(batch.text)) == (200, [expected])


def test_results_and_notifications() -> None:
    answer = write_answer(parse_request('{"id": 0, "method": "m"}'), [["x"]], 0)
    assert (answer.status, json.loads(answer.text)) == (200, {"id": 0, "jsonrpc": "2.0", "result": ["x"]})
    assert json.loads(write_notification("aria2.onDownloadStart", "00000000000000aa")) == {
        "jsonrpc": "2.0",
        "method": "aria2.onDownloadStart",
        "params": [{"gid": "00000000000000aa"}],
    }
