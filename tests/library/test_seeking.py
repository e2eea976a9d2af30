from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.errors import DownloadCancelled
from anymatix_fetcher.library.catalog import Catalog
from anymatix_fetcher.library.entries import HowKnown, IndexEntry
from anymatix_fetcher.library.file_state import FileState
from anymatix_fetcher.library.identity import identity
from anymatix_fetcher.library.index import Index
from anymatix_fetcher.library.linking import Method
from anymatix_fetcher.library.names import Naming
from anymatix_fetcher.library.placing import Placement
from anymatix_fetcher.library.recording import Arrival, record
from anymatix_fetcher.library.seeking import Seeker
from anymatix_fetcher.library.wanted import Wanted
from anymatix_fetcher.storage.os_disk import OsDisk
from tests.library.first_fetcher import BASE, CONTENT, TOKEN, hexed, leave

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DISK = OsDisk()
SHA256 = Digest("sha256", hexed(CONTENT))
NAME = SafeName("dream.safetensors")
OTHER = Digest("sha256", "00" * 32)


@pytest.fixture
def index() -> Iterator[Index]:
    with Index() as index:
        yield index


def wanted(place: Placement, *digests: Digest, **changes: object) -> Wanted:
    said: dict[str, object] = {"references": (BASE,), "digests": digests, "working": place.working(NAME), **changes}
    return Wanted(place=place, name=NAME, **said)  # type: ignore[arg-type] # the fields of Wanted


def put(path: Path, content: bytes = CONTENT) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


# At the destination -----------------------------------------------------------------------------------------


def test_what_the_index_knows_at_the_destination_is_there(tmp_path: Path, index: Index) -> None:
    path = put(tmp_path / NAME)
    index.add(path, [SHA256])
    found = Seeker(index, DISK, Catalog(index, DISK)).find(wanted(Placement(tmp_path), SHA256))
    assert found is not None
    assert (found.path, found.verified, found.method, found.size) == (path, "sha256", None, len(CONTENT))


def test_nobody_reads_what_the_index_does_not_know(tmp_path: Path, index: Index) -> None:
    put(tmp_path / NAME)
    assert Seeker(index, DISK, Catalog(index, DISK)).find(wanted(Placement(tmp_path), SHA256)) is None
    assert index.paths() == []


def test_another_digest_a_weak_one_or_another_length_is_left_to_whoever_reads(tmp_path: Path, index: Index) -> None:
    index.add(put(tmp_path / NAME), [SHA256])
    seeker, place = Seeker(index, DISK, Catalog(index, DISK)), Placement(tmp_path)
    assert seeker.find(wanted(place, OTHER)) is None
    assert seeker.find(wanted(place, Digest("crc32", "00000000"))) is None
    assert seeker.find(wanted(place, length=1)) is None
    assert seeker.find(wanted(place, SHA256, overwrite=True, links=False)) is None


def test_without_a_digest_the_reference_has_to_be_the_one_that_led_there(tmp_path: Path, index: Index) -> None:
    path = put(tmp_path / NAME)
    entry = IndexEntry(path, FileState.of(path.stat()), (SHA256,), HowKnown.HASHED, (identity(BASE),))
    index.add_many([entry])
    seeker, place = Seeker(index, DISK, Catalog(index, DISK)), Placement(tmp_path)
    assert seeker.find(wanted(place, references=(f"{BASE}?{TOKEN}",))) is not None
    assert seeker.find(wanted(place, references=(f"{BASE}1",))) is None
    put(path, CONTENT + b"!")
    assert seeker.find(wanted(place)) is None


def test_a_name_by_content_is_read_before_it_is_believed(tmp_path: Path, index: Index) -> None:
    place = Placement(tmp_path, naming=Naming.ANYMATIX, mark="m")
    path = put(tmp_path / f"dream_{SHA256.hex}.safetensors")
    found = Seeker(index, DISK, Catalog(index, DISK)).find(wanted(place, SHA256))
    assert found is not None
    assert found.path == path
    assert index.digests(path) == (SHA256,)
    put(path, b"something else")
    assert Seeker(index, DISK, Catalog(index, DISK)).find(wanted(place, SHA256, links=False)) is None


def test_a_run_that_was_killed_between_both_names_is_finished(tmp_path: Path, index: Index) -> None:
    place = Placement(tmp_path, naming=Naming.ANYMATIX, mark="m")
    part = put(tmp_path / "dream-m.safetensors.part")
    os.link(part, tmp_path / f"dream_{SHA256.hex}.safetensors")
    found = Seeker(index, DISK, Catalog(index, DISK)).find(wanted(place))
    assert found is not None
    assert found.digests == (SHA256,)
    assert not part.exists()


# By sidecars ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth", ["", TOKEN])
@pytest.mark.parametrize("by_content", [True, False])
def test_what_the_first_fetcher_left_is_found(tmp_path: Path, index: Index, auth: str, *, by_content: bool) -> None:
    model, _ = leave(tmp_path, auth=auth, by_content=by_content)
    found = Seeker(index, DISK, Catalog(index, DISK)).find(wanted(Placement(tmp_path, has_sidecar=True)))
    assert found is not None
    assert (found.path, found.digests) == (model, (SHA256,))
    assert found.verified == ("sha256" if by_content else "length")
    assert not found.is_recorded


def test_what_we_have_recorded_is_not_read_again(tmp_path: Path, index: Index) -> None:
    model = put(tmp_path / "mine.safetensors")
    arrival = Arrival(model, reference="civitai:1", url=BASE, digests=(SHA256,), verified="crc32", name=model.name)
    record(arrival, index, DISK, 1.0)

    def read(_: int) -> None:
        raise AssertionError("nothing is read")

    asked = wanted(Placement(tmp_path, has_sidecar=True), references=("civitai:1",))
    found = Seeker(index, DISK, Catalog(index, DISK), on_bytes=read).find(asked)
    assert found is not None
    assert (found.path, found.verified, found.is_recorded, found.verified_at) == (model, "crc32", True, 1.0)


@pytest.mark.parametrize(("stated", "verified"), [("sha256", "sha256"), ("crc32", "sha256"), ("length", "length")])
def test_what_a_sidecar_says_of_a_file_is_read_where_the_index_does_not_know_it(
    tmp_path: Path, index: Index, stated: str, verified: str
) -> None:
    model = put(tmp_path / "mine.safetensors")
    arrival = Arrival(model, reference="civitai:1", url=BASE, digests=(SHA256,), verified=stated, name=model.name)
    with Index() as lost:
        record(arrival, lost, DISK, 1.0)
    read: list[int] = []
    asked = wanted(Placement(tmp_path, has_sidecar=True), references=("civitai:1",))
    found = Seeker(index, DISK, Catalog(index, DISK), on_bytes=read.append).find(asked)
    assert found is not None
    assert (found.path, found.verified, sum(read)) == (model, verified, len(CONTENT))
    status = model.stat()
    put(model, CONTENT[::-1])
    os.utime(model, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert Seeker(index, DISK, Catalog(index, DISK)).find(asked) is None


def test_what_this_reference_brought_is_read_again_where_its_state_has_changed(tmp_path: Path, index: Index) -> None:
    path = put(tmp_path / NAME)
    entry = IndexEntry(path, FileState.of(path.stat()), (SHA256,), HowKnown.HASHED, (identity(BASE),), "length")
    index.add_many([entry])
    path.chmod(0o600)
    found = Seeker(index, DISK, Catalog(index, DISK)).find(wanted(Placement(tmp_path)))
    assert found is not None
    assert found.verified == "length"
    put(path, CONTENT[::-1])
    assert Seeker(index, DISK, Catalog(index, DISK)).find(wanted(Placement(tmp_path))) is None


def test_a_stated_length_does_not_speak_against_what_a_digest_settles(tmp_path: Path, index: Index) -> None:
    leave(tmp_path / "models", file_size=5)
    index.add(put(tmp_path / "x.pt"), [SHA256])
    seeker = Seeker(index, DISK, Catalog(index, DISK))
    assert seeker.find(wanted(Placement(tmp_path / "d"), SHA256, length=5)) is not None
    assert seeker.find(wanted(Placement(tmp_path / "models", has_sidecar=True), SHA256)) is not None
    assert seeker.find(wanted(Placement(tmp_path / "models", has_sidecar=True))) is not None


def test_a_sidecar_counts_only_among_models_and_for_its_own_destination(tmp_path: Path, index: Index) -> None:
    leave(tmp_path)
    seeker = Seeker(index, DISK, Catalog(index, DISK))
    assert seeker.find(wanted(Placement(tmp_path))) is None
    assert seeker.find(wanted(Placement(tmp_path, exact=tmp_path / "x", has_sidecar=True))) is None
    assert seeker.find(wanted(Placement(tmp_path, has_sidecar=True), OTHER)) is None


def test_a_model_that_is_not_what_its_sidecar_says_is_not_used(tmp_path: Path, index: Index) -> None:
    model, _ = leave(tmp_path)
    put(model, CONTENT[:-1] + b"!")
    assert Seeker(index, DISK, Catalog(index, DISK)).find(wanted(Placement(tmp_path, has_sidecar=True))) is None


# Elsewhere --------------------------------------------------------------------------------------------------


def test_between_models_hard_links_are_made_and_elsewhere_none(tmp_path: Path, index: Index) -> None:
    root = tmp_path / "models"
    source = put(root / "vae" / "x.pt")
    index.add(source, [SHA256])
    seeker = Seeker(index, DISK, Catalog(index, DISK), roots=(root,))
    inside = seeker.find(wanted(Placement(root / "loras"), SHA256))
    outside = seeker.find(wanted(Placement(tmp_path / "d"), SHA256))
    assert inside is not None
    assert outside is not None
    assert inside.method in {Method.REFLINK, Method.HARD_LINK}
    assert outside.method in {Method.REFLINK, Method.COPY}
    assert not outside.path.samefile(source)
    assert index.digests(outside.path) == index.digests(inside.path) == (SHA256,)


def test_a_source_outside_of_the_roots_is_never_hard_linked_into_them(tmp_path: Path, index: Index) -> None:
    source = put(tmp_path / "cache" / "x.pt")
    index.add(source, [SHA256])
    found = Seeker(index, DISK, Catalog(index, DISK), roots=(tmp_path / "models",)).find(
        wanted(Placement(tmp_path / "models"), SHA256)
    )
    assert found is not None
    assert not found.path.samefile(source)


def test_what_can_be_learned_is_learned_once_when_nothing_is_known(tmp_path: Path, index: Index) -> None:
    source = put(tmp_path / "x.pt")
    calls = 0

    def learn() -> bool:
        nonlocal calls
        calls += 1
        index.add(source, [SHA256])
        return calls == 1

    seeker = Seeker(index, DISK, Catalog(index, DISK), learn=learn)
    assert seeker.find(wanted(Placement(tmp_path / "d"), SHA256)) is not None
    assert seeker.find(wanted(Placement(tmp_path / "e"), OTHER)) is None
    assert calls == 2


def test_nothing_is_made_before_the_destination_is_leased(tmp_path: Path, index: Index) -> None:
    index.add(put(tmp_path / "x.pt"), [SHA256])
    seeker = Seeker(index, DISK, Catalog(index, DISK))
    asked = wanted(Placement(tmp_path / "d"), SHA256, is_leased=False)
    assert seeker.find(asked) is None
    assert seeker.may_link(asked)
    assert not seeker.may_link(wanted(Placement(tmp_path / "d"), OTHER, is_leased=False))
    assert not seeker.may_link(wanted(Placement(tmp_path / "d"), SHA256, is_leased=False, links=False))
    assert not (tmp_path / "d").exists()


def test_a_copy_that_cant_be_made_is_no_error(tmp_path: Path, index: Index) -> None:
    index.add(put(tmp_path / "x.pt"), [SHA256])
    put(tmp_path / "file")
    assert Seeker(index, DISK, Catalog(index, DISK)).find(wanted(Placement(tmp_path / "file"), SHA256)) is None


def test_whoever_is_told_of_bytes_may_end_it(tmp_path: Path, index: Index) -> None:
    index.add(put(tmp_path / "x.pt"), [SHA256])

    def stop(_: int) -> None:
        raise DownloadCancelled("stopped")

    with pytest.raises(DownloadCancelled):
        Seeker(index, DISK, Catalog(index, DISK), on_bytes=stop).digests(put(tmp_path / "y.pt"))
    assert index.digests(tmp_path / "y.pt") == ()
