"""How calls are admitted and answered: the secret, multicalls, and messages that aren't calls."""

from __future__ import annotations

import json

import pytest

from anymatix_fetcher.serve.aria2.interface import MOST_CALLS
from anymatix_fetcher.serve.aria2.messages import parse_request
from anymatix_fetcher.serve.aria2.methods import METHODS
from tests.mutations import NESTED, VALUES
from tests.serve.aria2.rpc import TOKEN, URL, Rpc

# Who may call ---------------------------------------------------------------------------------------------


def test_no_method_answers_without_the_secret(rpc: Rpc) -> None:
    for method in (*METHODS, "aria2.nonsense", "system.nonsense"):
        for token in (None, "token:", "token:wrong", "hush"):
            params = [] if token is None else [token]
            answer = rpc.send({"id": 1, "method": method, "params": params})
            assert answer["error"] == {"code": 1, "message": "Unauthorized"}, (method, token)
    assert rpc.bench.queue.jobs() == []
    assert rpc.stops == 0


def test_wrong_secrets_are_counted_and_missing_ones_arent(rpc: Rpc) -> None:
    def guesses(*tokens: str) -> int:
        calls = [{"id": 1, "method": "aria2.getVersion", "params": [token] if token else []} for token in tokens]
        return rpc.interface.answer(parse_request(json.dumps(calls))).guesses

    assert guesses(TOKEN, "", "x") == 0
    assert guesses("token:a", "token:a", "token:b", "token:") == 3
    entries = [{"methodName": "aria2.getVersion", "params": ["token:c"]}]
    request = json.dumps({"id": 1, "method": "system.multicall", "params": [entries]})
    assert rpc.interface.answer(parse_request(request)).guesses == 1


def test_list_methods_need_no_secret_but_accept_one(rpc: Rpc) -> None:
    for params in ([], [TOKEN], ["token:wrong"]):
        methods = rpc.send({"id": 1, "method": "system.listMethods", "params": params})["result"]
        assert {*METHODS, "system.multicall", "system.listMethods", "system.listNotifications"} == set(methods)
        assert "aria2.onDownloadStart" in rpc.send({"id": 1, "method": "system.listNotifications"})["result"]


def test_a_multicall_has_a_secret_and_an_outcome_for_each_entry(rpc: Rpc) -> None:
    entries = [
        {"methodName": "aria2.getSessionInfo", "params": [TOKEN]},
        {"methodName": "aria2.getSessionInfo", "params": ["token:x"]},
        {"methodName": "aria2.nonsense", "params": [TOKEN]},
        {"methodName": "system.multicall", "params": [[]]},
        {"methodName": "aria2.tellStatus", "params": [TOKEN, "zz"]},
        {"methodName": "aria2.pauseAll"},
        3,
        {},
    ]
    for params in ([entries], [TOKEN, entries]):
        found = rpc.send({"id": 1, "method": "system.multicall", "params": params})["result"]
        assert found == [
            [{"sessionId": rpc.desk.session_id}],
            {"code": 1, "message": "Unauthorized"},
            {"code": 1, "message": "No such method: aria2.nonsense"},
            {"code": 1, "message": "Recursive system.multicall forbidden."},
            {"code": 1, "message": "Invalid GID zz"},
            {"code": 1, "message": "Unauthorized"},
            {"code": 1, "message": "system.multicall expected struct."},
            {"code": 1, "message": "Missing methodName."},
        ]


def test_a_message_with_too_many_calls_is_refused(rpc: Rpc) -> None:
    call = {"id": 1, "method": "system.listMethods"}
    answers = rpc.send([call] * (MOST_CALLS + 1))
    assert all("error" in answer for answer in answers)
    entries = [{"methodName": "system.listMethods"}] * (MOST_CALLS // 2 + 1)
    batch = [{"id": 1, "method": "system.multicall", "params": [entries]}] * 2
    assert ["error" in answer for answer in rpc.send(batch)] == [False, True]


def test_a_planted_secret_is_in_no_answer(rpc: Rpc) -> None:
    options = {"header": "Authorization: hushhush", "all-proxy": "http://u:hushhush@p.example", "out": "x"}
    gid = rpc("addUri", ["https://u:hushhush@h.example/a?token=hushhush"], options)
    rpc.bench.turn()
    answers = [
        rpc.outcome(method, gid)
        for method in ("tellStatus", "getUris", "getFiles", "getServers", "getOption", "tellActive", "getGlobalOption")
    ]
    assert "hushhush" not in json.dumps(answers)


# The server itself ----------------------------------------------------------------------------------------


def test_version_session_and_shutdown(rpc: Rpc) -> None:
    version = rpc("getVersion")
    assert version["version"] == "1.37.0"
    assert any(feature.startswith("AnymatixFetcher ") for feature in version["enabledFeatures"])
    assert len(rpc("getSessionInfo")["sessionId"]) == 40
    assert rpc("saveSession") == "OK"
    assert (rpc("shutdown"), rpc("forceShutdown"), rpc.stops) == ("OK", "OK", 2)


@pytest.mark.parametrize("value", [*VALUES, NESTED], ids=lambda value: repr(value)[:20])
def test_no_message_causes_an_internal_error(rpc: Rpc, value: object, caplog: pytest.LogCaptureFixture) -> None:
    gid = rpc.add(pause="true")
    for method in METHODS:
        for params in ([value], [gid, value], [gid, value, value], [[URL], value], [value, value, value]):
            answer = rpc.send({"id": 1, "method": method, "params": [TOKEN, *params]})
            assert ("result" in answer) != ("error" in answer)
    rpc.send({"id": value, "method": "system.multicall", "params": [[value, {"methodName": value, "params": value}]]})
    assert [record for record in caplog.records if record.exc_info] == []
