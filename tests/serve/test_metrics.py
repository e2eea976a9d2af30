from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from anymatix_fetcher.errors import NotFoundError, RetriesExhaustedError
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.jobs import JobWanted
from anymatix_fetcher.queue.queue import QueueSettings
from anymatix_fetcher.testing import Fault, Origin
from tests.queue.fakes import SIZE, until
from tests.queue.test_real_engine import opened
from tests.serve.served import served

if TYPE_CHECKING:
    from pathlib import Path

    from tests.queue.fakes import Bench
    from tests.serve.served import Client


def url(name: object) -> str:
    return f"https://example.org/{name}.bin"


def metrics(client: Client) -> dict[str, float]:
    """The samples by name, with what their labels say."""
    text = client.get("/metrics").content.decode()
    return {
        " ".join([sample.name, *sample.labels.values()]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_jobs_bytes_failures_and_retries_are_counted(client: Client, bench: Bench) -> None:
    bench.queue.add([JobRequest(JobWanted(reference=url(name))) for name in ("a", "b", "c")])
    assert metrics(client)["anyfetch_jobs queued"] == 3
    bench.turn()
    bench.runner.of(url("a")).store(300)
    bench.turn()
    found = metrics(client)
    assert (found["anyfetch_bytes_total"], found["anyfetch_bytes_per_second"]) == (300, 100)
    assert found["anyfetch_jobs active"] == 3
    bench.runner.of(url("a")).finish()
    bench.runner.of(url("b")).fail(NotFoundError("gone"))
    bench.runner.of(url("c")).fail(RetriesExhaustedError("no answer"))
    bench.turn()
    bench.turn(100.0)
    found = metrics(client)
    assert found["anyfetch_jobs_ended_total done"] == 1
    assert found["anyfetch_jobs_ended_total failed"] == 1
    assert found["anyfetch_failures_total NotFoundError"] == 1
    assert found["anyfetch_failures_total RetriesExhaustedError"] == 1
    assert found["anyfetch_retries_total"] == 1
    assert (found["anyfetch_jobs done"], found["anyfetch_jobs failed"], found["anyfetch_jobs active"]) == (1, 1, 1)


def test_what_an_earlier_run_has_left_has_not_arrived(client: Client, bench: Bench) -> None:
    bench.queue.add([JobRequest(JobWanted(reference=url("a")))])
    bench.turn()
    running = bench.runner.of(url("a"))
    running.progress = replace(running.progress, bytes_stored=800, bytes_resumed=600)
    bench.turn()
    bench.queue.pause(bench.queue.jobs()[0].id)
    bench.turn()
    bench.queue.resume(bench.queue.jobs()[0].id)
    bench.turn()
    running = bench.runner.of(url("a"))
    running.progress = replace(running.progress, bytes_stored=SIZE, bytes_resumed=800)
    bench.turn()
    assert metrics(client)["anyfetch_bytes_total"] == 400


def test_the_rest_is_told_as_it_is(client: Client, bench: Bench) -> None:
    bench.queue.change_settings(QueueSettings(limit_rate=5e6))
    (bench.folder / "files").mkdir()
    client.get("/healthz")
    found = metrics(client)
    assert found["anyfetch_limit_bytes_per_second"] == 5e6
    assert found["anyfetch_paused_hosts"] == 0
    assert found[f"anyfetch_free_bytes {bench.folder / 'files'}"] > 0
    assert found["anyfetch_http_seconds_count 200"] >= 1


def test_nothing_that_jobs_name_is_in_a_label(client: Client, bench: Bench) -> None:
    bench.queue.add([JobRequest(JobWanted(reference=url("planted"), output="planted.bin"))])
    bench.turn()
    bench.runner.started[0].finish()
    bench.turn()
    assert not re.search("planted|example", client.get("/metrics").content.decode())


def test_a_host_that_wants_to_be_left_alone_is_counted(tmp_path: Path) -> None:
    with Origin(seed=2) as origin:
        file = origin.add("/a.bin", size=5000)
        origin.script(Fault.status(429, retry_after="60"))
        queue = opened(tmp_path)
        try:
            with served(queue) as client:
                queue.add([JobRequest(JobWanted(reference=file.url))])
                until(lambda: metrics(client)["anyfetch_paused_hosts"] == 1)
                (job,) = client.get("/api/v1/jobs").jobs
                until(lambda: bool(client.get("/api/v1/jobs").jobs[0]["waits_for"]))
                assert job["state"] == "active"
        finally:
            queue.close()


def test_the_metrics_need_the_secret(client: Client) -> None:
    assert replace(client, secret=None).get("/metrics").status == 401
