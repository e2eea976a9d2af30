"""The queue on the real engine, against a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from anymatix_fetcher.library.folders import comfyui_folders
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.destinations import Destinations
from anymatix_fetcher.queue.jobs import JobState, JobWanted, PartChoice
from anymatix_fetcher.queue.opening import open_queue
from anymatix_fetcher.queue.queue import Queue, QueueSettings
from anymatix_fetcher.testing import Fault, Match
from tests.queue.fakes import until

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import Origin

BYTES = 6 << 20
SLOWLY = 1_500_000.0


def opened(tmp_path: Path) -> Queue:
    queue = open_queue(tmp_path / "state", Destinations(tmp_path / "files", comfyui_folders(tmp_path / "models")))
    queue.start()
    return queue


def test_pause_resume_and_restart_fetch_no_byte_twice(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/model.bin", size=BYTES)
    queue = opened(tmp_path)
    queue.change_settings(QueueSettings(limit_rate=SLOWLY))
    ((job, _),) = queue.add([JobRequest(JobWanted(reference=file.url))])
    until(lambda: queue.get(job.id).bytes_stored > BYTES // 4)
    assert queue.get(job.id).path == str(tmp_path / "files" / "model.bin")
    queue.pause(job.id)
    until(lambda: not queue.is_busy(job.id))
    assert queue.blocks(job.id).blocks.count(2) >= 1
    queue.resume(job.id)
    until(lambda: queue.get(job.id).bytes_stored > BYTES // 2)
    queue.close()

    queue = opened(tmp_path)
    queue.change_settings(QueueSettings())
    until(lambda: queue.get(job.id).state is JobState.DONE)
    result = queue.get(job.id).result
    assert result is not None
    assert result["status"] == "resumed"
    assert (tmp_path / "files" / "model.bin").read_bytes() == file.content.read(0, BYTES)
    kept = result["bytes_resumed"]
    assert isinstance(kept, int)
    assert kept > BYTES // 4
    assert result["bytes_downloaded"] == BYTES - kept
    assert set(queue.blocks(job.id).blocks) == {3}
    queue.close()


def test_a_cancelled_download_leaves_nothing_where_that_is_wanted(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/model.bin", size=BYTES)
    queue = opened(tmp_path)
    queue.change_settings(QueueSettings(limit_rate=SLOWLY))
    ((job, _),) = queue.add([JobRequest(JobWanted(reference=file.url))])
    until(lambda: queue.get(job.id).bytes_stored > 0)
    queue.cancel(job.id, part=PartChoice.REMOVE)
    until(lambda: not queue.is_busy(job.id))
    assert list((tmp_path / "files").iterdir()) == []
    queue.close()


def test_a_session_keeps_nothing_of_what_is_over(origin: Origin, tmp_path: Path) -> None:
    urls = [origin.add(f"/{number}.bin", size=2000).url for number in range(60)]
    queue = opened(tmp_path)
    queue.add([JobRequest(JobWanted(reference=url)) for url in urls])
    until(lambda: queue.counts()[JobState.DONE] == len(urls))
    until(lambda: not queue._execution.all_running())
    (session,) = queue._execution._runner._sessions.values()  # type: ignore[attr-defined]
    assert (len(session._tickets), session._active, session._launcher._shares, session._turns._first) == (0, {}, {}, {})
    queue.close()


def test_jobs_at_one_host_share_a_limit(origin: Origin, tmp_path: Path) -> None:
    files = [origin.add(f"/{number}.bin", size=BYTES) for number in range(3)]
    queue = opened(tmp_path)
    try:
        queue.change_settings(QueueSettings(limit_rate=SLOWLY))
        queue.add([JobRequest(JobWanted(reference=file.url)) for file in files])
        until(lambda: all(job.bytes_stored > BYTES // 20 for job in queue.jobs()))
        assert {job.state for job in queue.jobs()} == {JobState.ACTIVE}
        queue.change_settings(QueueSettings())
        until(lambda: {job.state for job in queue.jobs()} == {JobState.DONE})
    finally:
        queue.close()
    assert [(tmp_path / "files" / f"{number}.bin").read_bytes() for number in range(3)] == [one.read() for one in files]


def test_an_address_that_never_answers_keeps_no_other_job_waiting(origin: Origin, tmp_path: Path) -> None:
    silent, file = origin.add("/silent.bin", size=BYTES), origin.add("/model.bin", size=BYTES)
    origin.script(Fault.delay(600.0), when=Match(path="/silent.bin"))
    queue = opened(tmp_path)
    try:
        (waiting, _), (other, _) = queue.add([JobRequest(JobWanted(reference=one.url)) for one in (silent, file)])
        until(lambda: queue.get(other.id).state is JobState.DONE)
        assert queue.get(waiting.id).state is JobState.ACTIVE
        asked = [request.target for request in origin.seen()]
        assert asked.count("/silent.bin") <= 1  # long before that one is given up, and asked again
    finally:
        queue.close()
    assert (tmp_path / "files" / "model.bin").read_bytes() == file.read()
