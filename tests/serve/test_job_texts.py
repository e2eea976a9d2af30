from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.errors import NotFoundError
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.jobs import JobWanted
from anymatix_fetcher.serve.job_texts import MOST_GONE, JobTexts

if TYPE_CHECKING:
    from anymatix_fetcher.queue.jobs import QueuedJob
    from tests.queue.fakes import Bench


def add(bench: Bench, name: object) -> QueuedJob:
    return bench.queue.add([JobRequest(JobWanted(reference=f"https://example.org/{name}.bin"))])[0][0]


def test_a_text_is_what_the_job_looks_like_now_in_every_state(bench: Bench) -> None:
    texts, queue = JobTexts(bench.queue), bench.queue
    identity = add(bench, "a").id

    def check() -> str:
        job = queue.get(identity)
        text = texts.of(job)
        assert json.loads(text) == queue.view(job)
        assert texts.of(job) == text
        return text

    queued = check()
    queue.change_settings(replace(queue.settings, max_downloads=2))
    assert check() != queued  # it waits for its turn, and says at how many a time
    bench.turn()
    bench.runner.started[0].store(100)
    assert json.loads(check())["bytes_per_second"] == 100
    bench.runner.started[0].store(200)
    assert json.loads(check())["state"] == "active"
    bench.runner.started[0].fail(NotFoundError("it is gone"))
    bench.turn()
    assert json.loads(check())["error"]["message"] == "it is gone"


def test_what_doesnt_change_is_written_once_and_what_is_gone_isnt_kept(bench: Bench) -> None:
    texts = JobTexts(bench.queue)
    job = add(bench, "a")
    assert texts.of(job) is texts.of(job)
    assert json.loads(texts.list_of([job, job])) == {"jobs": [bench.queue.view(job)] * 2}
    for number in range(MOST_GONE + 5):
        texts.of(replace(job, id=f"{number:016x}"))  # type: ignore[arg-type] # an id, of a job that the queue hasn't
    assert len(texts._written) <= MOST_GONE + 2
