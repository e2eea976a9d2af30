"""What is at the destination already, and whether it has to be read."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    DestinationExistsError,
    Status,
    fetch,
)
from anymatix_fetcher.core.values.digests import Digest
from tests.engine.shelved import CONTENT, SHA256, index_of

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import Origin


def set_back(path: Path) -> None:
    """Changes one byte, and sets the time of the last writing back."""
    status = path.stat()
    with path.open("r+b") as changed:
        changed.write(b"!")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_a_file_that_the_index_knows_is_present_without_being_read(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/big.bin", size="60MB")
    brought = fetch(file.url, directory=tmp_path)
    result = fetch(file.url, output=tmp_path / "big.bin", digests=[f"sha256:{file.sha256()}"])
    assert (result.status, result.verified, result.sha256) == (Status.PRESENT, "sha256", file.sha256())
    assert (result.requests, result.verified_at) == (0, brought.verified_at)


def test_a_file_that_was_changed_is_not_taken_for_what_it_was_though_its_time_was_set_back(
    origin: Origin, tmp_path: Path
) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, directory=tmp_path)
    set_back(tmp_path / "a.bin")
    with pytest.raises(DestinationExistsError):
        fetch(url, directory=tmp_path)
    with pytest.raises(DestinationExistsError):
        fetch(url, output=tmp_path / "a.bin", digests=[f"sha256:{SHA256}"])
    result = fetch(url, output=tmp_path / "b.bin", digests=[f"sha256:{SHA256}"])
    assert result.status is Status.DOWNLOADED
    assert (tmp_path / "b.bin").read_bytes() == CONTENT


def test_the_same_content_in_another_state_is_read_again_and_present(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    brought = fetch(url, directory=tmp_path)
    (tmp_path / "a.bin").chmod(0o600)
    result = fetch(url, directory=tmp_path)
    assert (result.status, result.verified, result.bytes_downloaded) == (Status.PRESENT, "length", 0)
    assert brought.verified_at is not None
    assert result.verified_at is not None
    assert result.verified_at > brought.verified_at


def test_a_file_that_was_read_once_is_not_read_again(origin: Origin, tmp_path: Path, data_folder: Path) -> None:
    (tmp_path / "a.bin").write_bytes(CONTENT)
    url = origin.add("/a.bin", data=CONTENT).url
    assert fetch(url, output=tmp_path / "a.bin", digests=[f"sha256:{SHA256}"]).status is Status.PRESENT
    with index_of(data_folder) as index:
        assert index.digests(tmp_path / "a.bin") == (Digest("sha256", SHA256),)


def test_a_result_says_when_the_bytes_were_read(origin: Origin, tmp_path: Path) -> None:
    url, before = origin.add("/a.bin", data=CONTENT).url, datetime.now(UTC)
    brought = fetch(url, output=tmp_path / "a.bin")
    (tmp_path / "b.bin").write_bytes(CONTENT)
    read = fetch(url, output=tmp_path / "b.bin", digests=[f"sha256:{SHA256}"])
    for result in (brought, read):
        assert result.verified_at is not None
        assert before <= result.verified_at <= datetime.now(UTC)


def test_what_nothing_proves_has_no_moment_of_proof(origin: Origin, tmp_path: Path) -> None:
    origin.script("chunked", "ignore-range")
    result = fetch(origin.add("/a.bin", data=CONTENT).url, output=tmp_path / "a.bin")
    assert (result.verified, result.verified_at) == ("none", None)


def test_the_same_url_again_finds_what_it_brought(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, directory=tmp_path)
    result = fetch(url, directory=tmp_path)
    assert (result.status, result.sha256, result.verified) == (Status.PRESENT, SHA256, "length")


def test_the_same_url_with_another_length_is_another_file(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", data=CONTENT).url
    fetch(url, directory=tmp_path)
    origin.add("/a.bin", data=CONTENT + b"more")
    with pytest.raises(DestinationExistsError):
        fetch(url, directory=tmp_path, length=len(CONTENT) + 4)


def test_another_url_does_not_take_what_is_there_for_its_own(origin: Origin, tmp_path: Path) -> None:
    fetch(origin.add("/1/a.bin", data=CONTENT).url, directory=tmp_path)
    with pytest.raises(DestinationExistsError):
        fetch(origin.add("/2/a.bin", data=CONTENT).url, directory=tmp_path)
