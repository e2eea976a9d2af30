"""The same asked for once more: what an earlier run has brought is known again, and nothing else passes for it."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    DestinationExistsError,
    Phase,
    Status,
    fetch,
)
from anymatix_fetcher.core.values.messages import Identity, Published
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.library.identity import identity
from anymatix_fetcher.storage.lock_file import DestinationLock
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.store import Store
from anymatix_fetcher.wiring.library_shelf import MARK_CHARACTERS
from tests.storage.doubles import ManualWorkers

if TYPE_CHECKING:
    from anymatix_fetcher import Progress
    from anymatix_fetcher.core.values.messages import Event
    from anymatix_fetcher.testing import Origin
    from anymatix_fetcher.testing.origin import File

SIZE = 3_000_000


@pytest.fixture
def served(origin: Origin) -> File:
    return origin.add("/a.bin", size=SIZE)


def test_the_last_progress_of_a_file_that_is_here_states_its_size(served: File, tmp_path: Path) -> None:
    seen: list[Progress] = []
    fetch(served.url, directory=tmp_path, sha256=served.sha256())
    result = fetch(served.url, directory=tmp_path, sha256=served.sha256(), on_progress=seen.append)
    assert result.status is Status.PRESENT
    assert (seen[-1].phase, seen[-1].length, seen[-1].bytes_stored) == (Phase.DONE, SIZE, SIZE)
    assert seen[-1].bytes_verified == SIZE


def begin(destination: Path, url: str, content: bytes) -> None:
    """What a run leaves that is killed when all has arrived."""
    store = Store.open(destination, reference=url, disk=OsDisk(), workers=ManualWorkers(), report=lambda _: None)
    store.set_identity(Identity(len(content), Validator()))
    store.sink.write(0, content)
    store.close()


def publish_and_die(destination: Path, url: str, content: bytes, *, linked: bool = False) -> None:
    """What a run leaves that is killed just after it has given the file its name, or while it does."""
    events: list[Event] = []
    workers = ManualWorkers()
    store = Store.open(destination, reference=url, disk=OsDisk(), workers=workers, report=events.append)
    store.set_identity(Identity(len(content), Validator()))
    store.sink.write(0, content)
    if linked:
        store.close()
        os.link(f"{destination}.part", destination)
        return
    store.verify(len(content))
    workers.run()
    store.publish()
    workers.run()
    assert events[-1] == Published()
    store.close()
    assert sorted(path.name for path in destination.parent.iterdir()) == ["a.bin", "a.bin.part.journal"]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["a.bin", "of the server.bin"])
def test_what_the_same_reference_has_brought_is_present_without_a_request(
    origin: Origin, tmp_path: Path, name: str
) -> None:
    url = origin.add("/a.bin", size=SIZE, headers={"Content-Disposition": f'attachment; filename="{name}"'}).url
    first = fetch(url, directory=tmp_path)
    again = fetch(url, directory=tmp_path)
    assert (first.status, again.status, again.requests) == (Status.DOWNLOADED, Status.PRESENT, 0)
    assert again.path == first.path == tmp_path / name
    assert again.verified == "length"
    other = fetch(url, directory=tmp_path / "other")
    assert (other.status, other.path) == (Status.DOWNLOADED, tmp_path / "other" / name)


def test_what_was_touched_since_is_something_else(served: File, tmp_path: Path) -> None:
    fetch(served.url, directory=tmp_path)
    (tmp_path / "a.bin").write_bytes(served.read()[:-1] + b"?")
    with pytest.raises(DestinationExistsError):
        fetch(served.url, directory=tmp_path)
    with pytest.raises(DestinationExistsError):
        fetch(served.url, output=tmp_path / "a.bin")
    assert fetch(served.url, directory=tmp_path, overwrite=True).status is Status.DOWNLOADED
    assert (tmp_path / "a.bin").read_bytes() == served.read()


def test_what_was_given_another_name_by_the_user_isnt_what_the_server_would_name(served: File, tmp_path: Path) -> None:
    fetch(served.url, output=tmp_path / "mine.bin")
    result = fetch(served.url, directory=tmp_path)
    assert (result.status, result.path) == (Status.DOWNLOADED, tmp_path / "a.bin")


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("where", ["output", "directory"])
def test_a_run_that_is_killed_after_the_rename_has_succeeded(
    served: File, tmp_path: Path, where: str, *, linked: bool
) -> None:
    destination = tmp_path / "a.bin"
    publish_and_die(destination, served.url, served.read(), linked=linked)
    inode = destination.stat().st_ino
    result = fetch(served.url, output=destination) if where == "output" else fetch(served.url, directory=tmp_path)
    assert (result.status, result.path, result.requests) == (Status.PRESENT, destination, 0)
    assert (result.verified, result.size) == ("length", SIZE)
    assert names(tmp_path) == ["a.bin"]
    assert destination.stat().st_ino == inode
    assert served.origin.seen() == ()
    assert fetch(served.url, directory=tmp_path).status is Status.PRESENT


@pytest.mark.parametrize("is_there", [True, False], ids=["part", "journal"])
def test_a_run_that_is_killed_after_the_rename_to_a_name_by_content_has_succeeded(
    served: File, tmp_path: Path, *, is_there: bool
) -> None:
    sha256 = hashlib.sha256(served.read()).hexdigest()
    working = tmp_path / f"a-{identity(served.url)[:MARK_CHARACTERS]}.bin"
    final = tmp_path / f"a_{sha256}.bin"
    (tmp_path / f"b_{'0' * 64}.bin").write_bytes(bytes(SIZE))
    begin(working, served.url, served.read())
    if is_there:
        os.link(f"{working}.part", final)
    else:
        Path(f"{working}.part").rename(final)
    inode = final.stat().st_ino
    result = fetch(served.url, directory=tmp_path, naming="anymatix")
    assert (result.status, result.path, result.bytes_downloaded) == (Status.PRESENT, final, 0)
    assert final.stat().st_ino == inode
    assert len(served.origin.seen()) == 1, "which tells the name"
    assert not list(tmp_path.glob("*.part*"))


def test_a_name_by_content_whose_blocks_arent_the_recorded_ones_is_another_file(served: File, tmp_path: Path) -> None:
    working = tmp_path / f"a-{identity(served.url)[:MARK_CHARACTERS]}.bin"
    begin(working, served.url, served.read())
    Path(f"{working}.part").unlink()
    other = tmp_path / f"a_{hashlib.sha256(bytes(SIZE)).hexdigest()}.bin"
    other.write_bytes(bytes(SIZE))
    result = fetch(served.url, directory=tmp_path, naming="anymatix")
    assert result.status is Status.DOWNLOADED
    assert result.path is not None
    assert result.path.read_bytes() == served.read()
    assert other.read_bytes() == bytes(SIZE)


def test_the_lock_of_a_process_that_is_gone_goes_with_the_next_run(served: File, tmp_path: Path) -> None:
    fetch(served.url, directory=tmp_path)
    (tmp_path / "a.bin.part.lock").touch()
    assert fetch(served.url, directory=tmp_path).requests == 0
    assert names(tmp_path) == ["a.bin"]
    (tmp_path / "a.bin.part").hardlink_to(tmp_path / "a.bin")
    assert fetch(served.url, output=tmp_path / "a.bin").requests == 0
    assert names(tmp_path) == ["a.bin"]
    lock = DestinationLock(tmp_path / "a.bin")
    assert lock.try_acquire()
    assert fetch(served.url, directory=tmp_path).status is Status.PRESENT
    assert lock.is_held(), "a living one's stays"
    lock.release()


def test_a_digest_is_compared_with_what_a_killed_run_has_published(served: File, tmp_path: Path) -> None:
    publish_and_die(tmp_path / "a.bin", served.url, served.read())
    with pytest.raises(DestinationExistsError):
        fetch(served.url, directory=tmp_path, digests=[f"sha256:{'00' * 32}"])
    assert names(tmp_path) == ["a.bin", "a.bin.part.journal"]
    result = fetch(served.url, directory=tmp_path, digests=[f"sha256:{served.sha256()}"])
    assert (result.status, result.verified, names(tmp_path)) == (Status.PRESENT, "sha256", ["a.bin"])


@pytest.mark.parametrize("whose", ["/a.bin", "/other/a.bin"])
def test_what_an_earlier_run_has_begun_goes_when_the_file_is_there(
    origin: Origin, served: File, tmp_path: Path, whose: str
) -> None:
    store = Store.open(
        tmp_path / "a.bin", reference=origin.url(whose), disk=OsDisk(), workers=ManualWorkers(), report=print
    )
    store.set_identity(Identity(SIZE, Validator()))
    store.sink.write(0, served.read(0, SIZE // 2))
    store.close()
    (tmp_path / "a.bin").write_bytes(served.read())
    result = fetch(served.url, output=tmp_path / "a.bin", digests=[f"sha256:{served.sha256()}"])
    assert (result.status, result.requests) == (Status.PRESENT, 0)
    left = [] if whose == "/a.bin" else ["a.bin.part", "a.bin.part.journal"]
    assert names(tmp_path) == ["a.bin", *left]


def test_what_was_changed_after_a_killed_run_isnt_its_work(served: File, tmp_path: Path) -> None:
    publish_and_die(tmp_path / "a.bin", served.url, served.read())
    (tmp_path / "a.bin").write_bytes(served.read()[:-1] + b"?")
    with pytest.raises(DestinationExistsError, match="changed since"):
        fetch(served.url, directory=tmp_path)
    (tmp_path / "a.bin").write_bytes(served.read() + b"?")
    with pytest.raises(DestinationExistsError, match="changed since"):
        fetch(served.url, directory=tmp_path)


def test_another_reference_has_nothing_to_do_with_a_killed_run(origin: Origin, served: File, tmp_path: Path) -> None:
    publish_and_die(tmp_path / "a.bin", served.url, served.read())
    other = origin.add("/other/a.bin", size=SIZE)
    with pytest.raises(DestinationExistsError):
        fetch(other.url, directory=tmp_path)
    assert (tmp_path / "a.bin").read_bytes() == served.read()


def test_stopping_comes_too_late_when_the_file_has_its_name(served: File, tmp_path: Path) -> None:
    token = CancelToken()

    def stop(_: object) -> None:
        if (tmp_path / "a.bin").exists():
            token.cancel()

    result = fetch(served.url, directory=tmp_path, cancel=token, on_progress=stop)
    assert result.status is Status.DOWNLOADED
    assert names(tmp_path) == ["a.bin"]


def test_while_another_process_has_the_destination_no_response_is_kept_open(origin: Origin, tmp_path: Path) -> None:
    disposition = {"Content-Disposition": 'attachment; filename="a.bin"'}
    file = origin.add("/get", size=30_000_000, headers=disposition)
    lock, looks = DestinationLock(tmp_path / "a.bin"), 0
    assert lock.try_acquire()

    def look(_: Progress) -> None:
        nonlocal looks
        looks += 1
        assert looks < 60, "the response is kept open"
        ledger = origin.ledger()
        if ledger.bytes_sent and not ledger.open_connections and lock.is_held():
            lock.release()

    result = fetch(file.url, directory=tmp_path, on_progress=look)

    assert result.path == tmp_path / "a.bin"
    assert result.path.read_bytes() == file.read()
