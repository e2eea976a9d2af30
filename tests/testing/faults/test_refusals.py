"""Answers that aren't the file."""

from __future__ import annotations

import time
from email.utils import parsedate_to_datetime

import pytest

from anymatix_fetcher.testing import Fault, File, Match, Origin
from tests.testing.wire import Client, Reply, fetch


def test_one_span_fails_and_all_others_work(origin: Origin, file: File) -> None:
    origin.script("status:code=500,touches=1M-2M", "status:code=502,starts=2M-3M")
    assert fetch(file.url, span=(0, 1_000_000)).status == 206
    assert fetch(file.url, span=(999_999, 1_000_001)).status == 500
    assert fetch(file.url, span=(2_000_000, 2_000_001)).status == 502


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
    time.sleep(0.01)
    origin.script("status:code=500,until=0.01", "status:code=503,until=3600,times=1", "status:code=500,since=3600")
    assert [fetch(file.url).status for _ in range(2)] == [503, 200]


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
