"""The origin when nothing goes wrong: ranges, validators, connections, counts, and its end."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time

import pytest

from anymatix_fetcher.testing import Fault, Match, Origin
from anymatix_fetcher.testing.messages import parse_request, requested_span
from tests.testing.wire import Client, fetch


def test_ranges_are_half_open_spans() -> None:
    assert requested_span(None, 100) == "whole"
    assert requested_span("bytes=0-9", 100) == (0, 10)
    assert requested_span("bytes=90-", 100) == (90, 100)
    assert requested_span("bytes=-10", 100) == (90, 100)
    assert requested_span("bytes=-1000", 100) == (0, 100)
    assert requested_span("bytes=50-1000", 100) == (50, 100)
    assert requested_span("bytes=100-", 100) == "unsatisfiable"
    assert requested_span("bytes=-0", 100) == "unsatisfiable"
    assert requested_span("bytes=0-0", 0) == "unsatisfiable"
    for odd in ("bytes=9-3", "bytes=0-1,5-6", "items=0-1", "bytes=-", "nonsense"):
        assert requested_span(odd, 100) == "whole"


def test_requests_are_parsed() -> None:
    request = parse_request(b"GET http://h:1/a%20b?c=d HTTP/1.1\r\nHost: h\r\nX-A: 1\r\nx-a: 2")
    assert (request.path, request.query, request.headers["x-a"]) == ("/a%20b", "c=d", "1, 2")
    for wrong in (b"GET /", b"GET / HTTP/2", b"GET / HTTP/1.1\r\nnonsense"):
        with pytest.raises(ValueError, match="not a"):
            parse_request(wrong)


def test_a_file_is_served_whole_and_in_parts_over_one_connection() -> None:
    with Origin(seed=7) as origin:
        file = origin.add("/m.safetensors", size="3MB")
        with Client(file.url) as client:
            whole = client.ask("/m.safetensors")
            part = client.ask("/m.safetensors", span=(1_000_000, 2_100_000))
            tail = client.ask("/m.safetensors", Range="bytes=-5")
            head = client.ask("/m.safetensors", method="HEAD", span=(0, 5))
        assert whole.status == 200
        assert whole.body == file.read()
        assert hashlib.sha256(whole.body).hexdigest() == file.sha256()
        assert whole.headers["accept-ranges"] == "bytes"
        assert whole.headers["content-type"] == "application/octet-stream"
        assert whole.headers["last-modified"] == "Wed, 01 Jan 2025 00:00:00 GMT"
        assert whole.headers["etag"] == file.etag
        assert "date" in whole.headers
        assert part.status == 206
        assert part.headers["content-range"] == "bytes 1000000-2099999/3000000"
        assert part.body == file.read(1_000_000, 2_100_000)
        assert tail.body == file.read(file.size - 5)
        assert (head.status, head.headers["content-length"], head.body) == (200, "3000000", b"")
        ledger = origin.ledger()
        assert ledger.connections == 1
        assert ledger.requests == 4
        assert ledger.methods == {"GET": 3, "HEAD": 1}
        assert ledger.statuses == {200: 2, 206: 2}
        account = ledger.paths["/m.safetensors"]
        assert account.bytes_sent == ledger.bytes_sent == 3_000_000 + 1_100_000 + 5
        assert account.ranges[:2] == ((0, 3_000_000), (1_000_000, 2_100_000))


def test_the_standard_librarys_client_gets_on_with_it() -> None:
    with Origin() as origin:
        file = origin.add("/a file.bin", data=b"hello")
        connection = http.client.HTTPConnection(origin.url().removeprefix("http://").rstrip("/"))
        for _ in range(2):
            connection.request("GET", "/a%20file.bin")
            assert connection.getresponse().read() == b"hello"
        connection.close()
        assert file.url.endswith("/a%20file.bin")
        assert origin.ledger().connections == 1


def test_conditions_are_evaluated() -> None:
    with Origin() as origin:
        file = origin.add("/a", size=1000)
        weak = origin.add("/weak", size=1000, etag="weak")
        date = "Wed, 01 Jan 2025 00:00:00 GMT"
        assert file.etag is not None
        assert weak.etag is not None
        assert fetch(file.url, span=(0, 5), If_Range=file.etag).status == 206
        assert fetch(file.url, span=(0, 5), If_Range=date).status == 206
        assert fetch(file.url, span=(0, 5), If_Range='"other"').status == 200
        assert fetch(weak.url, span=(0, 5), If_Range=weak.etag).status == 200
        assert fetch(file.url, If_None_Match=file.etag).status == 304
        assert fetch(file.url, If_None_Match='"other"').status == 200
        assert fetch(file.url, If_Match='"other"').status == 412
        assert fetch(file.url, If_Match=file.etag).status == 200


def test_unsatisfiable_empty_missing_and_other_methods() -> None:
    with Origin() as origin:
        empty = origin.add("/empty", size=0)
        file = origin.add("/a", size=10)
        assert fetch(empty.url).body == b""
        reply = fetch(empty.url, span=(0, 1))
        assert (reply.status, reply.headers["content-range"]) == (416, "bytes */0")
        assert fetch(file.url, span=(10, 20)).headers["content-range"] == "bytes */10"
        assert fetch(origin.url("/none")).status == 404
        assert fetch(file.url, method="PUT").status == 405


def test_http_1_0_is_borne() -> None:
    with Origin() as origin:
        file = origin.add("/a", size=10)
        reply = fetch(file.url, version="HTTP/1.0")
        assert (reply.body, reply.headers["connection"]) == (file.read(), "close")
        with Client(file.url) as client:
            assert client.ask("/a", version="HTTP/1.0", Connection="keep-alive").headers["connection"] == "keep-alive"
            assert client.ask("/a", Connection="close").body == file.read()
            assert client.rest() == (b"", "fin")


def test_nonsense_is_answered() -> None:
    with Origin() as origin:
        origin.add("/a", size=10)
        with Client(origin.url()) as client:
            assert client.ask("nonsense and more").status == 400
        with Client(origin.url()) as client:
            assert client.ask("/" + "x" * 70_000).status in (431, 0)


def test_the_second_origin_serves_the_same_files_elsewhere() -> None:
    with Origin() as origin:
        file = origin.add("/a", size=10)
        assert fetch(origin.target_url("/a")).body == file.read()
        assert origin.target_url("/a") != origin.url("/a")
        assert origin.ledger().origins == {"target": 1}


def test_ledger_and_digests_are_served_and_not_counted() -> None:
    with Origin(seed=3) as origin:
        file = origin.add("/dir/m.bin", size=5000)
        origin.script("status:code=500")
        assert fetch(origin.url("/_sha256/dir/m.bin")).body.decode() == file.sha256()
        assert fetch(origin.url("/_sha256/none")).status == 404
        assert fetch(file.url).status == 500
        ledger = json.loads(fetch(origin.url("/_ledger")).body)
        assert ledger["requests"] == 1
        assert ledger["statuses"] == {"500": 1}
        assert ledger["faults"] == {"status": 1}


def test_requests_are_remembered_with_their_headers() -> None:
    with Origin() as origin:
        file = origin.add("/a", size=10)
        fetch(file.url + "?q=1", X_Secret="s")
        (seen,) = origin.seen()
        assert (seen.listener, seen.target, seen.headers["x-secret"], seen.status) == ("origin", "/a?q=1", "s", 200)
        assert "x-secret" not in repr(seen)


def test_rules_may_be_cleared_and_files_replaced() -> None:
    with Origin() as origin:
        origin.add("/a", data=b"one")
        origin.script(Fault.status(code=500))
        assert fetch(origin.url("/a")).status == 500
        origin.clear_script()
        assert fetch(origin.url("/a")).body == b"one"
        origin.add("/a", data=b"two")
        assert fetch(origin.url("/a")).body == b"two"


def test_closing_ends_silent_slow_and_deaf_connections_at_once() -> None:
    origin = Origin().start()
    origin.add("/a", size="1GB")
    origin.script("silence:path=/silent", "trickle:rate=1,path=/a", "deaf:connection=4")
    clients = [Client(origin.url()) for _ in range(4)]
    requests = (b"GET /silent", b"GET /a", b"GET /a?x", b"GET /a")
    for client, line in zip(clients, requests, strict=True):
        client.sock.sendall(line + b" HTTP/1.1\r\nHost: test\r\n\r\n")
    while origin.ledger().requests < 3:
        time.sleep(0.005)
    started = time.monotonic()
    origin.close()
    origin.close()
    assert time.monotonic() - started < 10.0, "each of them would last for hours"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("origin-")]
    for client in clients:
        client.sock.close()


def test_an_origin_starts_once_and_has_no_url_before() -> None:
    origin = Origin()
    file = origin.add("/a", size=1)
    origin.close()
    with pytest.raises(RuntimeError, match="before it is started"):
        _ = file.url
    with origin, pytest.raises(RuntimeError, match="already started"):
        origin.start()


def test_a_port_that_is_taken_is_an_error() -> None:
    with Origin() as origin:
        port = int(origin.url("").rpartition(":")[2])
        with pytest.raises(OSError, match="in use"):
            Origin(port=port).start()


@pytest.mark.parametrize("arguments", [{}, {"size": 1, "data": b"x"}])
def test_a_file_has_a_size_or_data(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="size: exactly one"):
        Origin().add("/a", **arguments)  # type: ignore[arg-type]  # the point


def test_a_path_that_makes_no_sense_is_refused() -> None:
    for path in ("a", "/_ledger"):
        with pytest.raises(ValueError, match="path: "):
            Origin().add(path, size=1)


def test_many_connections_are_counted() -> None:
    with Origin() as origin:
        origin.add("/a", size="1MB")
        origin.script(Fault.throttle(rate=5_000_000), when=Match(path="/a"))
        threads = [threading.Thread(target=fetch, args=(origin.url("/a"),)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        ledger = origin.ledger()
        assert ledger.connections == ledger.peak_connections == ledger.peak_requests == 4
        assert ledger.paths["/a"].bytes_sent == 4_000_000


def test_a_question_with_a_body_is_read_whole_before_it_is_answered() -> None:
    with Origin() as origin:
        file = origin.add("/a.bin", data=b"hello")
        connection = http.client.HTTPConnection(origin.url().removeprefix("http://").rstrip("/"))
        connection.request("POST", "/a.bin", body=b"x" * 200_000)
        response = connection.getresponse()
        assert (response.status, response.getheader("allow")) == (405, "GET, HEAD")
        response.read()
        connection.close()
        assert fetch(file.url).body == b"hello"
