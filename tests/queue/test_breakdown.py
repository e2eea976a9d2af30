"""A loop of the engine that ends before its time: jobs go on in another one, and not for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.errors import InternalError
from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.destinations import Destinations
from anymatix_fetcher.queue.jobs import JobState, JobWanted
from anymatix_fetcher.queue.opening import open_queue
from anymatix_fetcher.queue.queue import QueueSettings
from anymatix_fetcher.testing import Origin
from tests.queue.fakes import Bench, until

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from anymatix_fetcher.engine.session import Session
    from anymatix_fetcher.queue.queue import Queue

BYTES = 6 << 20
URL = "https://example.org/model.bin"


def sessions_of(queue: Queue) -> list[Session]:
    """The session of the queue's jobs; none while a broken one is being replaced."""
    return list(queue._execution._runner._sessions.values())  # type: ignore[attr-defined]


def test_jobs_go_on_in_another_loop(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Origin(seed=12) as origin:
        files = [origin.add(f"/{number}.bin", size=BYTES) for number in range(2)]
        queue = open_queue(tmp_path / "state", Destinations(tmp_path / "files", comfyui_folders(tmp_path / "models")))
        queue.start()
        queue.change_settings(QueueSettings(limit_rate=2_000_000.0, max_downloads=1))
        jobs = [
            job for job, _ in queue.add([JobRequest(JobWanted(reference=file.url, connections=1)) for file in files])
        ]
        until(lambda: queue.get(jobs[0].id).bytes_stored > 5 << 19)
        (broken,) = sessions_of(queue)
        broken._inbox.append(None)  # type: ignore[arg-type] # not an event, so the loop fails
        until(lambda: broken.failure is not None)
        until(lambda: sessions_of(queue) not in ([], [broken]))
        queue.change_settings(QueueSettings())
        until(lambda: all(queue.get(job.id).state is JobState.DONE for job in jobs))
        results = [queue.get(job.id).result or {} for job in jobs]
        assert [result["status"] for result in results] == ["resumed", "downloaded"]
        for file in files:
            assert (tmp_path / "files" / file.path[1:]).read_bytes() == file.read()
        queue.close()
    assert "the engine failed and is restarted" in caplog.text


def test_what_is_submitted_to_a_loop_that_has_ended_ends_too(tmp_path: Path) -> None:
    with Origin(seed=12) as origin:
        file = origin.add("/model.bin", size=1000)
        queue = open_queue(tmp_path / "state", Destinations(tmp_path / "files", comfyui_folders(tmp_path / "models")))
        queue.start()
        ((job, _),) = queue.add([JobRequest(JobWanted(reference=file.url))])
        until(lambda: queue.get(job.id).state is JobState.DONE)
        (broken,) = sessions_of(queue)
        broken._inbox.append(None)  # type: ignore[arg-type] # as above
        until(lambda: broken.failure is not None)
        assert broken.submit(Job(file.url)).result is not None
        queue.close()


def test_a_job_that_is_under_way_at_every_breakdown_fails_in_the_end(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    ((job, _),) = bench.queue.add([JobRequest(JobWanted(reference=URL))])
    for _ in range(6):
        bench.turn(4000.0)
        assert bench.queue.get(job.id).state is JobState.ACTIVE
        running = bench.runner.of(URL)
        running.was_lost = True
        running.fail(InternalError("the engine ended"))
        bench.turn(0.0)
    assert bench.queue.get(job.id).state is JobState.FAILED
    assert len(bench.runner.started) == 6
    bench.queue.close()
