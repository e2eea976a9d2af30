"""The stand-in for Zenodo says and does what the real one does."""

from __future__ import annotations

import hashlib

from anymatix_fetcher.testing.hosts import Hosts, ZenodoRecord, hosted, zenodo
from tests.testing.hosts.asking import Clock, ask

FILE = hosted("weights.bin", 5000)
RECORD = ZenodoRecord(77, "Weights", (FILE,))


def test_a_record_tells_names_sizes_and_md5() -> None:
    with Hosts(zenodo([RECORD])) as hosts:
        said = ask(f"{hosts.urls['zenodo']}/api/records/77").json()["files"][0]
        data = FILE.content.read(0, FILE.size)
        assert (said["key"], said["size"]) == ("weights.bin", 5000)
        assert said["checksum"] == "md5:" + hashlib.md5(data, usedforsecurity=False).hexdigest()
        assert ask(said["links"]["self"]).body == data
        assert ask(f"{hosts.urls['zenodo']}/records/77/files/weights.bin?download=1", Range="bytes=0-9").status == 206
        assert ask(f"{hosts.urls['zenodo']}/api/records/78").status == 404
        assert ask(f"{hosts.urls['zenodo']}/records/77/files/none").status == 404


def test_every_success_tells_of_limits_and_a_files_fields_are_odd() -> None:
    with Hosts(zenodo([RECORD])) as hosts:
        site = hosts.urls["zenodo"]
        for url in (f"{site}/api/records/77", f"{site}/records/77/files/weights.bin"):
            reply = ask(url)
            assert (reply.status, reply.headers["retry-after"], reply.headers["x-ratelimit-limit"]) == (200, "60", "60")
        part = ask(f"{site}/records/77/files/weights.bin", Range="bytes=5-9")
        assert (part.status, part.headers["accept-ranges"]) == (206, "none, bytes")
        assert part.headers["content-md5"] == FILE.md5


def test_aria2_is_refused() -> None:
    with Hosts(zenodo([RECORD])) as hosts:
        assert ask(f"{hosts.urls['zenodo']}/api/records/77", User_Agent="aria2/1.37.0").status == 403


def test_there_is_a_limit_for_each_minute() -> None:
    clock = Clock()
    with Hosts(zenodo([RECORD], requests_per_minute=1), clock=clock) as hosts:
        url = f"{hosts.urls['zenodo']}/records/77/files/weights.bin"
        assert ask(url).headers["x-ratelimit-remaining"] == "0"
        assert ask(url).status == 429
        assert (ask(url).status, ask(url).headers["retry-after"]) == (429, "60")
        clock.now += 60
        assert ask(url).status == 200
