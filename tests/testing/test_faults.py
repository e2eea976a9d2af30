"""Every fault as it looks on the wire."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing import Fault, File, Match, Origin
from tests.testing.wire import Client, Reply, fetch, is_reset

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = 3_000_000
# What a busy machine may add; that a limit is kept is what the lower bounds say.
SLACK_SECONDS = 0.4


@pytest.fixture
def origin() -> Iterator[Origin]:
    with Origin(seed=7) as running:
        running.add("/m.bin", size=SIZE)
        yield running


@pytest.fixture
def file(origin: Origin) -> File:
    return origin.add("/m.bin", size=SIZE)


# ---- How bodies and connections end ----


@pytest.mark.parametrize(("rule", "end"), [("reset", "rst"), ("truncate", "fin"), ("silence", "silence")])
def test_a_body_breaks_off_exactly_there(origin: Origin, file: File, rule: str, end: str) -> None:
    origin.script(f"{rule}:after=1500001,request=1", f"{rule}:offset=2000000,request=2")
    reply = fetch(file.url, silence_seconds=0.2)
    assert (reply.end, reply.body) == (end, file.read(0, 1_500_001))
    reply = fetch(file.url, span=(1_900_000, 2_500_000), silence_seconds=0.2)
    assert (reply.end, reply.body) == (end, file.read(1_900_000, 2_000_000))
    assert fetch(file.url).body == file.read()


@pytest.mark.parametrize(("rule", "end"), [("reset", "rst"), ("truncate", "fin"), ("silence", "silence")])
def test_a_response_never_comes(origin: Origin, file: File, rule: str, end: str) -> None:
    origin.script(f"{rule}:request=1", f"{rule}:after=0,request=2")
    assert fetch(file.url, silence_seconds=0.1) == Reply(0, {}, b"", end)
    reply = fetch(file.url, silence_seconds=0.1)
    assert (reply.status, reply.body, reply.end) == (200, b"", end)


def test_an_ending_beyond_the_body_or_out_of_its_span_changes_nothing(origin: Origin, file: File) -> None:
    origin.script("reset:after=100", "truncate:offset=500000")
    assert fetch(file.url, span=(0, 50)).body == file.read(0, 50)
    assert fetch(file.url, span=(0, 100)).end == "whole"


def test_head_hangs_and_get_works(origin: Origin, file: File) -> None:
    origin.script("silence:method=HEAD")
    assert fetch(file.url, method="HEAD", silence_seconds=0.1).end == "silence"
    assert fetch(file.url, span=(0, 5)).body == file.read(0, 5)


def test_connections_are_refused_deaf_or_greet_strangely(origin: Origin, file: File) -> None:
    origin.script("refuse:connection=1", "deaf:connection=2", "banner:connection=3")
    assert is_reset(file.url)
    assert fetch(file.url, silence_seconds=0.1).end == "silence"
    with Client(file.url) as client:
        assert client.rest()[0] == b"SSH-2.0-OpenSSH_9.6\r\n"
    assert fetch(file.url, span=(0, 5)).body == file.read(0, 5)
    assert origin.ledger().refused_connections == 1


def test_connections_beyond_a_limit_are_refused(origin: Origin, file: File) -> None:
    origin.script("refuse:connections_above=2")
    with Client(file.url) as one, Client(file.url) as two:
        assert one.ask("/m.bin", span=(0, 5)).status == two.ask("/m.bin", span=(0, 5)).status == 206
        assert is_reset(file.url)
        one.sock.close()
        assert fetch(file.url, span=(0, 5)).status == 206
    assert origin.ledger().peak_connections >= 2


def test_requests_over_connections_beyond_a_limit_are_answered_429(origin: Origin, file: File) -> None:
    origin.script("status:code=429,retry_after=7,connections_above=1")
    with Client(file.url) as one, Client(file.url) as two:
        assert one.ask("/m.bin", span=(0, 5)).status == 206
        reply = two.ask("/m.bin", span=(0, 5))
        assert (reply.status, reply.headers["retry-after"]) == (429, "7")
        assert one.ask("/m.bin", span=(0, 5)).status == 206


def test_concurrent_requests_beyond_a_limit_are_answered_503(origin: Origin, file: File) -> None:
    origin.script("status:code=503,requests_above=1", "trickle:rate=100,request=1")
    with Client(file.url) as slow:
        slow.sock.sendall(b"GET /m.bin HTTP/1.1\r\n\r\n")
        slow.sock.recv(1)
        assert [fetch(file.url).status for _ in range(3)] == [503, 503, 503]
    assert origin.ledger().peak_requests == 1


def test_a_connection_closes_announced_or_not(origin: Origin, file: File) -> None:
    origin.script("close:request=1", "close:announced=no,request=2")
    for announced in (True, False):
        with Client(file.url) as client:
            reply = client.ask("/m.bin", span=(0, 5))
            assert reply.body == file.read(0, 5)
            assert (reply.headers.get("connection") == "close") == announced
            assert client.rest() == (b"", "fin")


# ---- Rates ----


def timed(url: str, count: int = 1) -> float:
    started = time.monotonic()
    threads = [threading.Thread(target=fetch, args=(url,)) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - started


def test_a_connection_is_throttled_exactly(origin: Origin, file: File) -> None:
    origin.script("throttle:rate=6M")
    assert 0.475 < timed(file.url) < 0.5 + SLACK_SECONDS
    assert 0.475 < timed(file.url, 2) < 0.5 + SLACK_SECONDS


def test_all_connections_share_a_total(origin: Origin, file: File) -> None:
    origin.script(Fault.throttle(rate=12_000_000, scope="total"))
    assert 0.475 < timed(file.url, 2) < 0.5 + SLACK_SECONDS


def test_the_sum_collapses_beyond_a_number_of_transfers(origin: Origin) -> None:
    origin.script("collapse:rate=10M,above=1,share=0.2")
    origin.add("/c.bin", size="500KB")
    assert 0.04 < timed(origin.url("/c.bin")) < 0.05 + SLACK_SECONDS
    # Both at 2 MB/s in all, until one of them has ended.
    assert 0.35 < timed(origin.url("/c.bin"), 2) < 0.5 + SLACK_SECONDS


def test_throttling_is_smooth(origin: Origin, file: File) -> None:
    origin.script("throttle:rate=5M")
    gaps = []
    with Client(file.url) as client:
        client.sock.sendall(b"GET /m.bin HTTP/1.1\r\nRange: bytes=0-999999\r\n\r\n")
        last, received = time.monotonic(), 0
        while received < 1_000_000:
            received += len(client.sock.recv(1 << 20))
            gaps.append(time.monotonic() - last)
            last = time.monotonic()
    assert len(gaps) >= 8


def test_a_body_trickles_from_some_point_on(origin: Origin, file: File) -> None:
    origin.script("trickle:rate=1000,after=100000,request=1", "trickle:rate=1000,offset=200000,request=2")
    for start, fast in ((0, 100_000), (150_000, 50_000)):
        stop = start + fast + 100
        started = time.monotonic()
        assert fetch(file.url, span=(start, stop)).body == file.read(start, stop)
        assert 0.095 < time.monotonic() - started < 0.1 + SLACK_SECONDS


def test_the_head_comes_late_or_in_drops(origin: Origin, file: File) -> None:
    origin.script("delay:seconds=0.1,request=1", "slow-head:rate=2000,request=2")
    for _ in range(2):
        started = time.monotonic()
        assert fetch(file.url, span=(0, 5)).body == file.read(0, 5)
        assert time.monotonic() - started >= 0.1


# ---- Wrong ranges ----


def test_ranges_are_ignored_from_some_request_on(origin: Origin, file: File) -> None:
    origin.script("ignore-range:request=2-")
    assert fetch(file.url, span=(5, 9)).status == 206
    reply = fetch(file.url, span=(5, 9))
    assert (reply.status, reply.body) == (200, file.read())
    assert "content-range" not in reply.headers


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("content-range:start=1", f"bytes 11-19/{SIZE}"),
        ("content-range:stop=5", f"bytes 10-24/{SIZE}"),
        ("content-range:total=-1", f"bytes 10-19/{SIZE - 1}"),
        ("content-range:unknown_total=yes", "bytes 10-19/*"),
        ("content-range:unit=items", f"items 10-19/{SIZE}"),
        ("content-range:text=nonsense", "nonsense"),
    ],
)
def test_a_content_range_lies(origin: Origin, file: File, rule: str, value: str) -> None:
    origin.script(rule)
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers["content-range"], reply.body) == (206, value, file.read(10, 20))


def test_a_content_range_is_missing(origin: Origin, file: File) -> None:
    origin.script("no-content-range")
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.body) == (206, file.read(10, 20))
    assert "content-range" not in reply.headers


def test_labels_are_right_and_bytes_shifted(origin: Origin, file: File) -> None:
    origin.script("shift:by=3")
    reply = fetch(file.url, span=(10, 20))
    assert (reply.headers["content-range"], reply.body) == (f"bytes 10-19/{SIZE}", file.read(13, 23))
    tail = fetch(file.url, span=(SIZE - 10, SIZE))
    assert len(tail.body) == 10


@pytest.mark.parametrize(
    ("rule", "label", "stop"),
    [
        ("shorter:limit=4", "10-13", 14),
        ("shorter:limit=4,labels=false", "10-19", 14),
        ("longer:by=5", "10-24", 25),
        ("longer:by=5,labels=false", "10-19", 25),
    ],
)
def test_a_part_has_another_length(origin: Origin, file: File, rule: str, label: str, stop: int) -> None:
    origin.script(rule)
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers["content-range"]) == (206, f"bytes {label}/{SIZE}")
    assert reply.body == file.read(10, stop)
    assert int(reply.headers["content-length"]) == stop - 10


def test_a_slice_with_200_and_the_whole_file_with_206(origin: Origin, file: File) -> None:
    origin.script("slice-200:request=1", "whole-206:request=2")
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers["content-range"]) == (200, f"bytes 10-19/{SIZE}")
    assert reply.body == file.read(10, 20)
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers["content-range"]) == (206, f"bytes 0-{SIZE - 1}/{SIZE}")
    assert reply.body == file.read()


def test_one_range_comes_as_multipart(origin: Origin, file: File) -> None:
    origin.script("multipart")
    reply = fetch(file.url, span=(10, 20))
    assert reply.status == 206
    assert reply.headers["content-type"].startswith("multipart/byteranges")
    assert "content-range" not in reply.headers
    assert file.read(10, 20) in reply.body
    assert f"Content-Range: bytes 10-19/{SIZE}".encode() in reply.body


@pytest.mark.parametrize(("total", "value"), [("known", f"bytes */{SIZE}"), ("absent", None), ("1234", "bytes */1234")])
def test_ranges_are_unsatisfiable(origin: Origin, file: File, total: str, value: str | None) -> None:
    origin.script(f"unsatisfiable:total={total}")
    reply = fetch(file.url, span=(10, 20))
    assert (reply.status, reply.headers.get("content-range")) == (416, value)
    assert fetch(file.url).status == 200


def test_one_span_fails_and_all_others_work(origin: Origin, file: File) -> None:
    origin.script("status:code=500,touches=1M-2M", "status:code=502,starts=2M-3M")
    assert fetch(file.url, span=(0, 1_000_000)).status == 206
    assert fetch(file.url, span=(999_999, 1_000_001)).status == 500
    assert fetch(file.url, span=(2_000_000, 2_000_001)).status == 502


# ---- Framing ----


@pytest.mark.parametrize(
    ("rule", "length"),
    [("content-length:by=10", "20"), ("content-length:text=+10", "+10"), ("content-length:text=10, 10", "10, 10")],
)
def test_a_content_length_lies(origin: Origin, file: File, rule: str, length: str) -> None:
    origin.script(rule)
    reply = fetch(file.url, span=(10, 20))
    assert (reply.headers["content-length"], reply.body, reply.end) == (length, file.read(10, 20), reply.end)
    assert (reply.end == "fin") or length != "20"


def test_a_content_length_is_too_small(origin: Origin, file: File) -> None:
    origin.script("content-length:by=-4")
    with Client(file.url) as client:
        assert client.ask("/m.bin", span=(10, 20)).body == file.read(10, 16)
        assert client.rest() == (file.read(16, 20), "fin")


def test_chunks_have_no_length(origin: Origin, file: File) -> None:
    origin.script("chunked:size=1000")
    with Client(file.url) as client:
        for _ in range(2):
            reply = client.ask("/m.bin", span=(0, 10_500))
            assert (reply.status, reply.body, reply.end) == (206, file.read(0, 10_500), "whole")
            assert "content-length" not in reply.headers


def test_chunks_break_off(origin: Origin, file: File) -> None:
    origin.script(
        "chunked:end=missing,request=1",
        "chunked:end=broken,request=2",
        "chunked:length=present,request=3-",
        "truncate:after=5000,request=4",
    )
    assert fetch(file.url, span=(0, 9000)).end == "fin"
    assert fetch(file.url, span=(0, 9000)).end == "broken"
    assert fetch(file.url, span=(0, 9000)).headers["content-length"] == "9000"
    reply = fetch(file.url, span=(0, 9000))
    assert (reply.body, reply.end) == (file.read(0, 5000), "fin")


def test_the_end_of_the_connection_ends_the_body(origin: Origin, file: File) -> None:
    origin.script("close-delimited:request=1", "close-delimited:version=1.1,request=2", "chunked:request=3")
    for version in ("HTTP/1.0", "HTTP/1.1"):
        reply = fetch(file.url)
        assert (reply.version, reply.body, reply.end) == (version, file.read(), "fin")
        assert "content-length" not in reply.headers
    reply = fetch(file.url, version="HTTP/1.0")
    assert (reply.body, reply.end) == (file.read(), "fin")


def test_bytes_follow_after_the_body(origin: Origin, file: File) -> None:
    origin.script("extra:size=7,request=1", "extra:looks=response,request=2")
    with Client(file.url) as client:
        assert client.ask("/m.bin", span=(0, 5)).body == file.read(0, 5)
        while len(client.unread) < 7:
            client._more()
        assert client.unread == b"XXXXXXX"
    with Client(file.url) as client:
        assert client.ask("/m.bin", span=(0, 5)).body == file.read(0, 5)
        assert client.read().body == b"wrong"


def test_compression_is_forced(origin: Origin, file: File) -> None:
    origin.script("gzip")
    whole, part = fetch(file.url), fetch(file.url, span=(10, 5000))
    assert whole.headers["content-encoding"] == part.headers["content-encoding"] == "gzip"
    assert gzip.decompress(whole.body) == file.read()
    assert (part.status, gzip.decompress(part.body)) == (206, file.read(10, 5000))


# ---- Answers that aren't the file ----


def test_head_is_forbidden(origin: Origin, file: File) -> None:
    origin.script("status:code=403,method=HEAD")
    assert fetch(file.url, method="HEAD").status == 403
    assert fetch(file.url).status == 200


def test_404_and_then_fine(origin: Origin, file: File) -> None:
    origin.script(Fault.status(code=404, text="gone fishing"), when=Match(path="/m.bin", times=2))
    assert [fetch(file.url).status for _ in range(3)] == [404, 404, 200]
    assert origin.ledger().faults == {"status": 2}


def test_retry_after_is_seconds_a_date_or_nonsense(origin: Origin, file: File) -> None:
    for index, value in enumerate(("3", "date+60", "soon")):
        origin.script(f"status:code=429,retry_after={value},request={index + 1}")
    found = [fetch(file.url).headers["retry-after"] for _ in range(3)]
    assert (found[0], found[2]) == ("3", "soon")
    assert 50 < parsedate_to_datetime(found[1]).timestamp() - time.time() <= 61


def test_faults_begin_and_end_by_the_clock(origin: Origin, file: File) -> None:
    origin.script("status:code=503,until=0.4", "status:code=500,since=3600")
    assert fetch(file.url).status == 503
    time.sleep(0.4)
    assert fetch(file.url).status == 200


def test_a_204_has_no_body(origin: Origin, file: File) -> None:
    origin.script("status:code=204")
    with Client(file.url) as client:
        assert [client.ask("/m.bin").status for _ in range(2)] == [204, 204]


@pytest.mark.parametrize(
    ("of", "content_type", "begin"),
    [
        ("html", "text/html", b"<!DOCTYPE html>"),
        ("json", "application/json", b'{"error"'),
        ("xml", "application/xml", b"<?xml"),
        ("lfs", "text/plain", b"version https://git-lfs"),
    ],
)
def test_a_page_comes_instead(origin: Origin, file: File, of: str, content_type: str, begin: bytes) -> None:
    origin.script(f"page:of={of}")
    reply = fetch(file.url, span=(0, 10))
    assert reply.status == 200
    assert reply.headers["content-type"].startswith(content_type)
    assert reply.body.startswith(begin)


def test_a_token_is_required(origin: Origin, file: File) -> None:
    origin.script("token:value=secret")
    signed = origin.sign("/s.bin", size=10, ttl_seconds=60)
    assert fetch(file.url).status == 401
    assert fetch(file.url, Authorization="Bearer wrong").status == 401
    assert fetch(file.url, Authorization="Bearer secret").status == 200
    assert "www-authenticate" in fetch(signed.url).headers
    location = fetch(signed.url, Authorization="Bearer secret").headers["location"]
    assert fetch(location).body == signed.read()


def test_some_clients_are_not_liked(origin: Origin, file: File) -> None:
    origin.script("status:code=403,header=User-Agent: *Python*")
    assert fetch(file.url, User_Agent="A Python thing").status == 403
    assert fetch(file.url, User_Agent="A browser").status == 200


def hops(url: str, base: str, limit: int = 8) -> tuple[list[str], Reply]:
    """The Location of each hop, and the last reply."""
    found: list[str] = []
    reply = fetch(url)
    while 300 <= reply.status < 400 and len(found) < limit:
        location = reply.headers["location"]
        found.append(location)
        if location.startswith("?"):
            url = base + "/m.bin" + location
        elif location.startswith("//"):
            url = "http:" + location
        else:
            url = base + location if location.startswith("/") else location
        reply = fetch(url)
    return found, reply


@pytest.mark.parametrize(
    ("form", "begin"), [("absolute", "http://"), ("path", "/m.bin?"), ("relative", "?hop"), ("network", "//127")]
)
def test_redirects_lead_to_the_file(origin: Origin, file: File, form: str, begin: str) -> None:
    origin.script(f"redirect:hops=3,code=307,form={form}")
    found, reply = hops(file.url, origin.url(""))
    assert len(found) == 3
    assert all(location.startswith(begin) for location in found)
    assert reply.body == file.read()


def test_redirects_lead_to_the_second_origin_in_circles_or_anywhere(origin: Origin, file: File) -> None:
    origin.script(
        "redirect:form=target,times=1,request=1",
        "redirect:loop=same,path=/same",
        "redirect:loop=growing,path=/growing",
        "redirect:location=ftp://{host}{path},path=/ftp",
        "redirect:location={target}/x?{origin},path=/other",
    )
    found, reply = hops(file.url, origin.url(""))
    assert found[0].startswith(origin.target_url("/m.bin"))
    assert reply.body == file.read()
    assert len(set(hops(origin.url("/same"), origin.url(""))[0])) == 1
    assert len(set(hops(origin.url("/growing"), origin.url(""))[0])) == 8
    host = origin.url("").removeprefix("http://")
    assert fetch(origin.url("/ftp")).headers["location"] == f"ftp://{host}/ftp"
    other = fetch(origin.url("/other")).headers["location"]
    assert other == f"{origin.target_url('/x')}?{origin.url('')}"


# ---- Other representations ----


def test_a_file_changes_and_if_range_is_honoured(origin: Origin, file: File) -> None:
    assert file.etag is not None
    origin.script("changed:request=2-")
    assert fetch(file.url, span=(0, 100), If_Range=file.etag).status == 206
    reply = fetch(file.url, span=(0, 100), If_Range=file.etag)
    assert (reply.status, len(reply.body)) == (200, SIZE)
    assert reply.headers["etag"] != file.etag
    assert reply.body != file.read()
    assert fetch(file.url, span=(0, 100), If_Range=reply.headers["etag"]).body == reply.body[:100]


def test_a_file_changes_and_if_range_is_ignored(origin: Origin, file: File) -> None:
    assert file.etag is not None
    origin.script("changed:if_range=ignored")
    reply = fetch(file.url, span=(0, 100), If_Range=file.etag)
    assert reply.status == 206
    assert reply.headers["etag"] != file.etag
    assert reply.body != file.read(0, 100)


def test_only_the_tag_or_only_the_bytes_change(origin: Origin, file: File) -> None:
    origin.script("changed:content=same,request=1", "changed:etag=same,request=2")
    reply = fetch(file.url)
    assert reply.body == file.read()
    assert reply.headers["etag"] != file.etag
    reply = fetch(file.url)
    assert reply.body != file.read()
    assert reply.headers["etag"] == file.etag


def test_a_file_grows_or_shrinks(origin: Origin, file: File) -> None:
    origin.script("grow:by=1000,request=1", "grow:by=-1000,request=2")
    longer, shorter = fetch(file.url), fetch(file.url)
    assert (len(longer.body), longer.body[:SIZE]) == (SIZE + 1000, file.read())
    assert shorter.body == file.read(0, SIZE - 1000)
    assert longer.headers["etag"] == file.etag


def test_validators_are_weak_malformed_or_missing(origin: Origin, file: File) -> None:
    for index, rule in enumerate(
        ("etag=weak", "etag=malformed", "etag=none", 'etag="mine"', "last_modified=none", "last_modified=now")
    ):
        origin.script(f"validators:{rule},request={index + 1}")
    weak, malformed, none, mine, dateless, now = (fetch(file.url, span=(0, 1)).headers for _ in range(6))
    assert weak["etag"].startswith('W/"')
    assert '"' not in malformed["etag"]
    assert "etag" not in none
    assert "last-modified" in none
    assert mine["etag"] == '"mine"'
    assert "last-modified" not in dateless
    assert dateless["etag"] == file.etag
    assert now["last-modified"] == now["date"]


def test_bits_are_turned_in_every_response_or_in_the_first_ones(origin: Origin, file: File) -> None:
    origin.script("flip:offsets=5000+2500000,times=2")
    expected = bytearray(file.read())
    expected[5000] ^= 1
    expected[2_500_000] ^= 1
    assert fetch(file.url, span=(0, 10)).body == file.read(0, 10)
    assert fetch(file.url).body == bytes(expected)
    assert fetch(file.url, span=(4990, 5010)).body == bytes(expected[4990:5010])
    assert fetch(file.url).body == file.read()


# ---- Heads ----


def test_headers_are_added_and_left_out(origin: Origin) -> None:
    file = origin.add("/h.bin", size=100, headers={"X-Size": "{size}"})
    origin.script(
        "header:name=X-Linked-Etag,value={sha256}",
        "header:name=Repr-Digest,value=sha-256=:{sha256_base64}:",
        "header:name=X-Tag,value={etag}",
        "no-header:name=Accept-Ranges",
        "no-header:name=Date",
    )
    headers = fetch(file.url).headers
    assert headers["x-size"] == "100"
    assert headers["x-linked-etag"] == file.sha256()
    assert headers["repr-digest"].startswith("sha-256=:")
    assert headers["x-tag"] == file.etag
    assert "accept-ranges" not in headers
    assert "date" not in headers


@pytest.mark.parametrize(
    ("rule", "value"),
    [
        ("filename=../../evil.sh", 'attachment; filename="../../evil.sh"'),
        ("filename=a é,form=extended", "attachment; filename*=UTF-8''a%20%C3%A9"),
        ("filename=a b,form=both", "attachment; filename=\"a b\"; filename*=UTF-8''a%20b"),
    ],
)
def test_a_disposition_names_the_file(origin: Origin, file: File, rule: str, value: str) -> None:
    origin.script(f"disposition:{rule}")
    assert fetch(file.url, span=(0, 1)).headers["content-disposition"] == value


def test_rate_limits_are_told(origin: Origin, file: File) -> None:
    for index, form in enumerate(("structured", "separate", "x")):
        origin.script(f"rate-limit:remaining=3,reset=30,form={form},request={index + 1}")
    structured, separate, x = (fetch(file.url, span=(0, 1)).headers for _ in range(3))
    assert structured["ratelimit"] == '"default";r=3;t=30'
    assert structured["ratelimit-policy"] == '"default";q=100;w=60'
    assert (separate["ratelimit-remaining"], separate["ratelimit-reset"]) == ("3", "30")
    assert int(x["x-ratelimit-reset"]) > time.time()


def test_a_head_is_huge(origin: Origin, file: File) -> None:
    origin.script("big-head:size=1M,fields=10")
    headers = fetch(file.url, span=(0, 1)).headers
    assert sum(len(value) for name, value in headers.items() if name.startswith("x-padding")) == 1_000_000


def test_interim_responses_come_first(origin: Origin, file: File) -> None:
    origin.script("interim:count=3", "interim:code=100")
    reply = fetch(file.url, span=(0, 5))
    assert (reply.interim, reply.status, reply.body) == ((103, 103, 103, 100), 206, file.read(0, 5))


def test_faults_add_up(origin: Origin, file: File) -> None:
    origin.script(
        "delay:seconds=0.01", "chunked", "validators:etag=none", "truncate:after=3", "status:code=500,request=2"
    )
    reply = fetch(file.url)
    assert (reply.body, reply.end) == (file.read(0, 3), "fin")
    assert fetch(file.url).status == 500


def test_a_client_that_leaves_ends_its_thread(origin: Origin, file: File) -> None:
    origin.script("silence:after=10")
    with Client(file.url) as client:
        client.sock.sendall(b"GET /m.bin HTTP/1.1\r\n\r\n")
        client.sock.recv(1)
        client.sock.shutdown(socket.SHUT_RDWR)
    deadline = time.monotonic() + 5
    while origin.ledger().open_connections and time.monotonic() < deadline:
        time.sleep(0.005)
    assert origin.ledger().open_connections == 0
