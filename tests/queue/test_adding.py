"""Adding jobs: which request is the same job, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.errors import (
    ReferenceSyntaxError,
)
from anymatix_fetcher.queue.adding import JobRequest
from anymatix_fetcher.queue.jobs import (
    ConflictingJobError,
    JobWanted,
    OutsideError,
    QueuedJob,
)
from tests.queue.jobs_of_tests import ACTIVE, DONE, PAUSED, QUEUED, add, states, url

if TYPE_CHECKING:
    from pathlib import Path

    from tests.queue.fakes import Bench

# Adding ---------------------------------------------------------------------------------------------------


def test_the_same_reference_to_the_same_destination_is_the_same_job(bench: Bench) -> None:
    folder = bench.folder / "files"
    spellings = ["", ".", "x/..", str(folder)]
    wishes = [JobRequest(JobWanted(reference=url("a"), directory=directory)) for directory in spellings]
    found = bench.queue.add(wishes)
    assert len({job.id for job, _ in found}) == 1
    assert [is_new for _, is_new in found] == [True, False, False, False]
    others = bench.queue.add(
        [
            JobRequest(JobWanted(reference=url("a"), directory="other")),
            JobRequest(JobWanted(reference=url("a"), output="other.bin")),
            JobRequest(JobWanted(reference=url("a"), type="lora")),
        ]
    )
    assert len({job.id for job, _ in [*found, *others]}) == 4


def test_a_request_with_the_found_destination_is_the_same_job(bench: Bench) -> None:
    (job,) = add(bench, "a")
    named = JobRequest(JobWanted(reference=url("a"), output="a.bin"))
    bench.turn()
    bench.runner.of(url("a")).store(1)
    bench.turn()
    assert [(found.id, is_new) for found, is_new in bench.queue.add([named])] == [(job.id, False)]
    bench.runner.of(url("a")).finish()
    bench.turn()
    assert [(found.id, found.state) for found, _ in bench.queue.add([named])] == [(job.id, DONE)]
    (bench.folder / "files" / "a.bin").unlink()
    ((again, _),) = bench.queue.add([named])
    assert (again.id, again.state, again.path) == (job.id, QUEUED, str(bench.folder / "files" / "a.bin"))


def test_a_destination_held_by_a_job_is_refused_to_other_references(bench: Bench) -> None:
    bench.queue.add([JobRequest(JobWanted(reference=url("a"), output="same.bin"))])
    with pytest.raises(ConflictingJobError) as caught:
        bench.queue.add(
            [JobRequest(JobWanted(reference=url("x"))), JobRequest(JobWanted(reference=url("b"), output="same.bin"))]
        )
    assert caught.value.hint
    assert "query" not in caught.value.message
    with pytest.raises(ConflictingJobError, match="which differs in its query only"):
        bench.queue.add([JobRequest(JobWanted(reference=f"{url('a')}?v=2", output="same.bin"))])
    assert states(bench) == {"a": QUEUED}
    bench.turn()
    bench.runner.of(url("a")).finish()
    bench.turn()
    bench.queue.add([JobRequest(JobWanted(reference=url("b"), output="same.bin"))])


def test_a_different_digest_is_a_conflict_and_an_additional_one_is_checked(bench: Bench) -> None:
    sha256, md5 = "sha256:" + "a" * 64, "md5:" + "b" * 32

    def added(*digests: str) -> QueuedJob:
        ((job, _),) = bench.queue.add([JobRequest(JobWanted(reference=url("a"), digests=digests))])
        return job

    added("SHA-256:" + "A" * 64)
    bench.turn()
    assert added(sha256).state is ACTIVE
    assert added(md5).wanted.digests == (sha256, md5)
    bench.turn()
    bench.turn()
    assert [str(digest) for digest in bench.runner.of(url("a")).job.settings.digests] == [sha256, md5]
    with pytest.raises(ConflictingJobError):
        added("sha256:" + "c" * 64)


def test_an_ended_job_runs_again_unless_its_file_exists(bench: Bench) -> None:
    (done,) = add(bench, "a")
    bench.turn()
    bench.runner.of(url("a")).finish()
    bench.turn()
    assert add(bench, "a")[0].state is DONE
    (bench.folder / "files" / "a.bin").unlink()
    (again,) = add(bench, "a")
    assert (again.id, again.state, again.result) == (done.id, QUEUED, None)
    bench.queue.cancel(again.id)
    assert add(bench, "a")[0].state is QUEUED
    bench.queue.cancel(again.id)
    (paused,) = add(bench, "a", priority=3, paused=True)
    assert (paused.id, paused.state, paused.priority) == (done.id, PAUSED, 3)


def test_a_done_job_runs_again_for_an_unchecked_digest(bench: Bench) -> None:
    def added(*digests: str) -> QueuedJob:
        ((job, _),) = bench.queue.add([JobRequest(JobWanted(reference=url("a"), digests=digests))])
        return job

    def run() -> None:
        bench.turn()
        bench.runner.started[-1].finish()
        bench.turn()

    sha256 = "sha256:" + "a" * 64
    job = added()
    run()
    assert (added(sha256).id, added(sha256).state) == (job.id, QUEUED)
    run()
    assert [str(digest) for digest in bench.runner.started[-1].job.settings.digests] == [sha256]
    assert [added(sha256).state, added().state] == [DONE, DONE]
    assert added("sha256:" + "b" * 64).state is QUEUED


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (JobWanted(reference="nonsense"), ReferenceSyntaxError),
        (JobWanted(reference=""), ReferenceSyntaxError),
        (JobWanted(reference=url("a"), type="no such type"), ReferenceSyntaxError),
        (JobWanted(reference=url("a"), type="lora", directory="x"), ReferenceSyntaxError),
        (JobWanted(reference=url("a"), digests=("sha256:12",)), ReferenceSyntaxError),
        (JobWanted(reference=url("a"), naming="odd"), ReferenceSyntaxError),
        (JobWanted(reference=url("a"), connections=0), ReferenceSyntaxError),
        (JobWanted(reference=url("a"), output="."), ReferenceSyntaxError),
        (JobWanted(reference=url("a"), directory="/etc"), OutsideError),
        (JobWanted(reference=url("a"), directory=".."), OutsideError),
        (JobWanted(reference=url("a"), directory="../models-of-others"), OutsideError),
        (JobWanted(reference=url("a"), directory="custom_nodes"), OutsideError),
        (JobWanted(reference=url("a"), directory="x/configs"), OutsideError),
        (JobWanted(reference=url("a"), output="../../x.bin"), OutsideError),
        (JobWanted(reference=url("a"), output="/etc/passwd"), OutsideError),
        (JobWanted(reference=url("a"), type="lora", output="../../../x.bin"), OutsideError),
    ],
)
def test_an_invalid_request_is_refused_and_no_job_is_added(
    bench: Bench, wanted: JobWanted, error: type[Exception]
) -> None:
    with pytest.raises(error):
        bench.queue.add([JobRequest(JobWanted(reference=url("fine"))), JobRequest(wanted)])
    assert bench.queue.jobs() == []


def test_a_link_out_of_the_folders_is_not_followed(bench: Bench, tmp_path: Path) -> None:
    (bench.folder / "files").mkdir()
    (tmp_path / "outside").mkdir()
    (bench.folder / "files" / "link").symlink_to(tmp_path / "outside")
    with pytest.raises(OutsideError):
        bench.queue.add([JobRequest(JobWanted(reference=url("a"), directory="link"))])


def test_models_go_to_their_types_folder_and_the_alias_means_the_models_root(bench: Bench) -> None:
    models = bench.folder / "models"
    wishes = [
        JobWanted(reference=url("a"), type="lora", output="a.safetensors"),
        JobWanted(reference=url("b"), directory="/models/vae/sub", output="b.safetensors"),
        JobWanted(reference=url("c"), directory=str(models / "loras"), output="c.safetensors"),
    ]
    bench.queue.add([JobRequest(wanted) for wanted in wishes])
    bench.turn()
    assert [one.job.settings.output for one in bench.runner.started] == [
        models / "loras" / "a.safetensors",
        models / "vae" / "sub" / "b.safetensors",
        models / "loras" / "c.safetensors",
    ]
