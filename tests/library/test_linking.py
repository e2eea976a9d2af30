from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.errors import DestinationExistsError, DigestMismatchError, DiskFullError, StorageError
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.linking import Method, NoLinkError, SourceUnusableError, bring
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.first_fetcher import hexed

if TYPE_CHECKING:
    from pathlib import Path

DISK = OsDisk()
CONTENT = b"weights" * 1000
DIGEST = Digest("sha256", hexed(CONTENT))


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "here" / "a.pt"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return path


def state(path: Path) -> FileState:
    return FileState.of(path.stat())


def no_clones(_source: Path, _destination: Path) -> bool:
    return False


def cloner(source: Path, destination: Path) -> bool:
    """What a file system with reflinks does, as far as anybody can see."""
    assert not destination.exists()
    shutil.copyfile(source, destination)
    return True


@pytest.mark.parametrize("method", Method)
def test_each_method_brings_the_content(tmp_path: Path, source: Path, method: Method) -> None:
    destination = tmp_path / "there" / "deep" / "b.pt"
    linked = bring(source, destination, DISK, state=state(source), digest=DIGEST, order=[method], cloner=cloner)
    assert destination.read_bytes() == CONTENT
    assert (linked.path, linked.source, linked.method) == (destination, source, method)
    assert linked.state == state(destination)
    assert linked.state.shares_with(state(source)) is (method is Method.HARD_LINK)
    assert list(destination.parent.iterdir()) == [destination]


def test_the_first_method_that_works_is_taken(tmp_path: Path, source: Path) -> None:
    def taken(name: str, *order: Method) -> Method:
        return bring(source, tmp_path / name, DISK, state=state(source), order=order, cloner=no_clones).method

    assert taken("a", Method.REFLINK, Method.HARD_LINK, Method.COPY) is Method.HARD_LINK
    assert taken("b", Method.REFLINK, Method.COPY) is Method.COPY
    with pytest.raises(NoLinkError):
        taken("c", Method.REFLINK)


def test_by_default_links_come_before_a_copy(tmp_path: Path, source: Path) -> None:
    assert bring(source, tmp_path / "b.pt", DISK, state=state(source)).method is not Method.COPY


@pytest.mark.parametrize("order", [[method] for method in Method])
def test_what_is_at_the_destination_stays_unless_it_may_be_replaced(
    tmp_path: Path, source: Path, order: list[Method]
) -> None:
    destination = tmp_path / "b.pt"
    destination.write_bytes(b"old")
    with pytest.raises(DestinationExistsError):
        bring(source, destination, DISK, state=state(source), order=order, cloner=cloner)
    assert destination.read_bytes() == b"old"
    bring(source, destination, DISK, state=state(source), order=order, overwrite=True, cloner=cloner)
    assert destination.read_bytes() == CONTENT
    assert sorted(tmp_path.iterdir()) == sorted([destination, source.parent])


class Racing(OsDisk):
    """Somebody else gives the destination its name just before we do."""

    def move(self, source: Path, destination: Path) -> None:
        destination.write_bytes(b"theirs")
        super().move(source, destination)


@pytest.mark.parametrize("order", [[method] for method in Method])
def test_somebody_who_is_quicker_is_not_overwritten(tmp_path: Path, source: Path, order: list[Method]) -> None:
    destination = tmp_path / "b.pt"
    with pytest.raises(DestinationExistsError):
        bring(source, destination, Racing(), state=state(source), order=order, cloner=cloner)
    assert destination.read_bytes() == b"theirs"
    assert sorted(tmp_path.iterdir()) == sorted([destination, source.parent])


def test_a_file_may_be_replaced_by_a_link_to_itself(tmp_path: Path, source: Path) -> None:
    destination = tmp_path / "b.pt"
    os.link(source, destination)
    bring(source, destination, DISK, state=state(source), order=[Method.HARD_LINK], overwrite=True)
    assert sorted(tmp_path.iterdir()) == sorted([destination, source.parent])


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_links_and_folders_are_never_replaced(tmp_path: Path, source: Path, kind: str) -> None:
    destination = tmp_path / "b.pt"
    if kind == "link":
        destination.symlink_to("somewhere")
    else:
        destination.mkdir()
    with pytest.raises(StorageError, match="isn't a regular file"):
        bring(source, destination, DISK, state=state(source), overwrite=True)


def test_a_source_behind_a_symbolic_link_is_itself_linked(tmp_path: Path, source: Path) -> None:
    link = tmp_path / "snapshot.pt"
    link.symlink_to(source)
    linked = bring(link, tmp_path / "b.pt", DISK, state=state(link), order=[Method.HARD_LINK])
    assert not linked.path.is_symlink()
    assert linked.state.shares_with(state(source))


def test_a_source_that_has_changed_is_not_used(tmp_path: Path, source: Path) -> None:
    before = state(source)
    source.write_bytes(b"other")
    with pytest.raises(SourceUnusableError):
        bring(source, tmp_path / "b.pt", DISK, state=before)
    source.unlink()
    with pytest.raises(SourceUnusableError):
        bring(source, tmp_path / "b.pt", DISK, state=before)
    assert not (tmp_path / "b.pt").exists()


def test_a_source_that_changes_meanwhile_is_not_published(tmp_path: Path, source: Path) -> None:
    def meddling(source: Path, destination: Path) -> bool:
        source.write_bytes(b"other")
        return cloner(source, destination)

    with pytest.raises(SourceUnusableError):
        bring(source, tmp_path / "b.pt", DISK, state=state(source), cloner=meddling)
    assert list(tmp_path.iterdir()) == [source.parent]


def test_a_copy_that_turns_out_other_than_its_digest_is_not_published(tmp_path: Path, source: Path) -> None:
    wrong = Digest("sha256", "0" * 64)
    with pytest.raises(DigestMismatchError):
        bring(source, tmp_path / "b.pt", DISK, state=state(source), digest=wrong, order=[Method.COPY])
    assert list(tmp_path.iterdir()) == [source.parent]


def test_a_copy_tells_its_progress_and_can_be_stopped(tmp_path: Path, source: Path) -> None:
    counted: list[int] = []
    bring(source, tmp_path / "b.pt", DISK, state=state(source), order=[Method.COPY], on_bytes=counted.append)
    assert sum(counted) == len(CONTENT)

    def stop(_: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        bring(source, tmp_path / "c.pt", DISK, state=state(source), order=[Method.COPY], on_bytes=stop)
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "b.pt", source.parent])


def test_a_source_that_shrinks_while_it_is_copied_is_not_published(tmp_path: Path, source: Path) -> None:
    source.write_bytes(b"w" * (9 << 20))

    def shrink(_: int) -> None:
        os.truncate(source, 5)

    with pytest.raises(SourceUnusableError):
        bring(source, tmp_path / "b.pt", DISK, state=state(source), order=[Method.COPY], on_bytes=shrink)
    assert list(tmp_path.iterdir()) == [source.parent]


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, source: Path) -> None:
    def full(_source: Path, destination: Path) -> bool:
        destination.write_bytes(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DiskFullError):
        bring(source, tmp_path / "b.pt", DISK, state=state(source), cloner=full)
    assert list(tmp_path.iterdir()) == [source.parent]


@pytest.mark.parametrize("code", [errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP])
def test_where_the_system_refuses_a_hard_link_a_copy_is_made(tmp_path: Path, source: Path, code: int) -> None:
    def refusing(_source: Path, _destination: Path) -> None:
        raise OSError(code, os.strerror(code))

    def taken(*order: Method) -> Method:
        destination = tmp_path / "b.pt"
        return bring(source, destination, DISK, state=state(source), order=order, linker=refusing).method

    with pytest.raises(NoLinkError):
        taken(Method.HARD_LINK)
    assert taken(Method.HARD_LINK, Method.COPY) is Method.COPY
