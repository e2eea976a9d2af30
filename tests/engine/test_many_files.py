"""Many files in one call: quick, fair, and none in another one's way."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    DestinationExistsError,
    DownloadCancelled,
    Job,
    Progress,
    Settings,
    Status,
    fetch,
    fetch_many,
)
from anymatix_fetcher.testing import Fault, Match, Origin

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.nginx import Nginx
    from tests.servers.tls_material import TlsMaterial

CONTENTS = {f"one-of-many-{number:03}.bin": random.Random(number).randbytes(30_000 + number) for number in range(200)}


@pytest.fixture
def root(nginx: Nginx) -> Nginx:
    for name, content in CONTENTS.items():
        if not (nginx.root / name).exists():
            (nginx.root / name).write_bytes(content)
    return nginx


@pytest.mark.parametrize(("scheme", "version"), [("plain", "1.1"), ("http2", "2")])
def test_two_hundred_small_files_arrive_whole(
    root: Nginx, tls_material: TlsMaterial, tmp_path: Path, scheme: str, version: str
) -> None:
    settings = Settings(directory=tmp_path, ca_file=tls_material.authority)
    results = fetch_many([Job(f"{getattr(root, scheme)}/{name}", settings) for name in CONTENTS])
    assert {result.status for result in results} == {Status.DOWNLOADED}
    assert {result.http_version for result in results} == {version}
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == CONTENTS
    assert [result.path.name for result in results if result.path] == list(CONTENTS)


def test_a_large_file_among_small_ones_over_http2_comes_by_segments_of_its_own(
    root: Nginx, tls_material: TlsMaterial, tmp_path: Path
) -> None:
    large = random.Random(1).randbytes(60_000_000)
    (root.root / "large-among-small.bin").write_bytes(large)
    names = [*list(CONTENTS)[:20], "large-among-small.bin", *list(CONTENTS)[20:40]]
    settings = Settings(directory=tmp_path, ca_file=tls_material.authority, connections=4)
    results = fetch_many([Job(f"{root.http2}/{name}", settings) for name in names])
    assert {result.status for result in results} == {Status.DOWNLOADED}
    assert (tmp_path / "large-among-small.bin").read_bytes() == large
    assert all((tmp_path / name).read_bytes() == CONTENTS[name] for name in names if name in CONTENTS)
    assert results[20].connections_peak > 1


def test_the_same_job_twice_is_downloaded_once(root: Nginx, tmp_path: Path) -> None:
    job = Job(f"{root.plain}/one-of-many-007.bin", Settings(directory=tmp_path))
    first, second = fetch_many([job, job])
    assert (first.status, second.status) == (Status.DOWNLOADED, Status.PRESENT)
    assert first.path == second.path
    assert (second.requests, second.bytes_downloaded) == (0, 0)


def test_two_jobs_for_one_destination_are_never_mixed(root: Nginx, tmp_path: Path) -> None:
    settings = Settings(output=tmp_path / "same.bin")
    names = ["one-of-many-001.bin", "one-of-many-002.bin"]
    first, second = fetch_many([Job(f"{root.plain}/{name}", settings) for name in names])
    assert first.status is Status.DOWNLOADED
    assert isinstance(second.error, DestinationExistsError)
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [CONTENTS[names[0]]]


def test_jobs_that_are_cancelled_end_whether_they_have_begun_or_not(tmp_path: Path) -> None:
    with Origin(seed=1) as origin:
        origin.script(Fault.throttle(200_000))
        urls = [origin.add(f"/{number}.bin", size="20MB").url for number in range(40)]
        jobs = [Job(url, Settings(directory=tmp_path)) for url in urls]
        cancel = CancelToken()

        def stop(progress: tuple[Progress, ...]) -> None:
            if any(one.bytes_stored for one in progress):
                cancel.cancel()

        results = fetch_many([*jobs, *jobs], cancel=cancel, on_progress=stop)
    assert all(isinstance(result.error, DownloadCancelled) for result in results)


def test_a_file_that_fails_twice_fails_for_each_who_asked(root: Nginx, tmp_path: Path) -> None:
    missing, there = (
        Job(f"{root.plain}/{name}", Settings(directory=tmp_path)) for name in ("no-such.bin", "one-of-many-003.bin")
    )
    results = fetch_many([missing, there, missing])
    assert [result.status for result in results] == [Status.FAILED, Status.DOWNLOADED, Status.FAILED]


def test_a_host_that_asks_to_wait_is_left_alone_by_all_its_downloads_while_others_go_on(tmp_path: Path) -> None:
    with Origin(seed=1) as paused, Origin(seed=2) as other:
        waits = [paused.add(f"/{number}.bin", size="50KB").url for number in range(12)]
        goes_on = [other.add(f"/other-{number}.bin", size="50KB").url for number in range(12)]
        paused.script(Fault.status(429, retry_after="1"), when=Match(request="1-3"))
        seen: dict[str, int] = {}
        notes: dict[str, set[str]] = {}

        def watch(progress: tuple[Progress, ...]) -> None:
            for one in progress:
                notes.setdefault(one.reference, set()).add(re.sub(r"\d+", "N", one.note))
            if not seen and other.ledger().requests >= len(goes_on):
                seen["paused"], seen["other"] = paused.ledger().requests, other.ledger().requests

        settings = Settings(directory=tmp_path)
        results = fetch_many([Job(url, settings) for url in (*waits, *goes_on)], on_progress=watch)
        assert {result.status for result in results} == {Status.DOWNLOADED}
        assert seen["other"] == len(goes_on)
        assert seen["paused"] <= 3, "nobody asks while the host wants to be left alone"
        said = {note.partition(":")[0] for url in waits[4:] for note in notes[url]}
        assert "the server asks to wait" in said, "those in line say why"


def test_what_was_learned_of_a_host_is_remembered_without_its_paths(
    root: Nginx, tls_material: TlsMaterial, tmp_path: Path, cache_folder: Path
) -> None:
    url = f"{root.http2}/one-of-many-000.bin?token=planted-secret"
    fetch(url.replace("://", "://planted-user:planted-password@"), directory=tmp_path, ca_file=tls_material.authority)
    (memory,) = cache_folder.rglob("hosts.json")
    text = memory.read_text()
    assert f'"{root.http2}"' in text
    assert '"http2": true' in text
    assert not [secret for secret in ("planted", "token", "one-of-many") if secret in text]
