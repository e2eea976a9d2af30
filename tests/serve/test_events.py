from __future__ import annotations

import json
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.jobs import JobWanted
from tests.serve.served import SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

    from tests.queue.fakes import Bench
    from tests.serve.served import Client


def url(name: object) -> str:
    return f"https://example.org/{name}.bin"


def add(bench: Bench, *names: object) -> list[str]:
    return [job.id for job, _ in bench.queue.add([JobRequest(JobWanted(reference=url(name))) for name in names])]


class Stream:
    """A page's connection, read event by event."""

    def __init__(self, response: HTTPResponse) -> None:
        self.response = response

    def next(self) -> tuple[int, dict[str, object]]:
        """The next event's number and data."""
        number, data = -1, None
        while True:
            line = self.response.readline().decode().rstrip("\n")
            if line.startswith("id: "):
                number = int(line[4:])
            elif line.startswith("data: "):
                data = json.loads(line[6:])
            elif not line and data is not None:
                return number, data

    def take(self, count: int) -> list[tuple[int, dict[str, object]]]:
        return [self.next() for _ in range(count)]


@contextmanager
def stream(client: Client, last: object = None) -> Iterator[Stream]:
    connection = HTTPConnection("127.0.0.1", client.port, timeout=30)
    headers = {"Authorization": f"Bearer {SECRET}"}
    if last is not None:
        headers["Last-Event-ID"] = str(last)
    connection.request("GET", "/api/v1/events", headers=headers)
    response = connection.getresponse()
    assert (response.status, response.headers["Content-Type"]) == (200, "text/event-stream")
    try:
        yield Stream(response)
    finally:
        response.close()
        connection.close()


def test_a_page_gets_all_jobs_and_then_what_happens(client: Client, bench: Bench) -> None:
    first, second = add(bench, "a", "b")
    with stream(client) as page:
        present = page.take(2)
        assert [(data["event"], data["id"], data["state"]) for _, data in present] == [
            ("present", first, "queued"),
            ("present", second, "queued"),
        ]
        bench.queue.pause(second)
        number, data = page.next()
        assert (data["event"], data["id"], data["state"]) == ("changed", second, "paused")
        assert present[0][0] < present[1][0] < number
        bench.queue.cancel(second)
        bench.queue.remove(second)
        assert [(data["event"], data["id"]) for _, data in page.take(2)] == [("changed", second), ("removed", second)]


def test_a_page_that_comes_back_is_told_what_it_has_missed(client: Client, bench: Bench) -> None:
    (first,) = add(bench, "a")
    with stream(client) as page:
        number, _ = page.next()
    (second,) = add(bench, "b")
    bench.queue.pause(first)
    with stream(client, number) as page:
        missed = page.take(2)
        assert [(data["event"], data["id"]) for _, data in missed] == [("added", second), ("changed", first)]
        assert number < missed[0][0] < missed[1][0]
        bench.queue.resume(first)
        assert page.next()[1]["state"] == "queued"


def test_an_unknown_number_begins_with_all_jobs(client: Client, bench: Bench) -> None:
    add(bench, "a")
    for last in ("0", "99999999999999999999", "nonsense", "-1", "\u0661"):
        with stream(client, last.encode().decode("latin-1")) as page:
            assert page.next()[1]["event"] == "present"


def test_progress_is_told_with_its_rate(client: Client, bench: Bench) -> None:
    add(bench, "a")
    bench.turn()
    bench.turn()
    with stream(client) as page:
        assert page.next()[1]["state"] == "active"
        bench.runner.started[0].store(500)
        bench.turn()
        _, data = page.next()
        assert (data["event"], data["bytes_stored"], data["bytes_per_second"]) == ("progress", 500, 100)


def test_many_pages_see_the_same_in_the_same_order(client: Client, bench: Bench) -> None:
    (first,) = add(bench, "a")
    with stream(client) as one, stream(client) as other:
        one.next()
        other.next()
        for _ in range(5):
            bench.queue.pause(first)
            bench.queue.resume(first)
        assert one.take(10) == other.take(10)


def test_the_server_ends_while_pages_listen(client: Client, bench: Bench) -> None:
    add(bench, "a")
    with stream(client) as page:
        page.next()
        # The fixture ends the server within its time; the page's connection isn't waited for.
