from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import (
    CancelToken,
    Condition,
    DigestMismatchError,
    IntegrityError,
    NotAModelError,
    NotFoundError,
    verify,
)
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.library.recording import Arrival, record
from anymatix_fetcher.library.sidecars import sidecars_in
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.testing import Origin
from anymatix_fetcher.wiring.composition import open_index
from tests.formats.files import header_bytes
from tests.library.first_fetcher import leave
from tests.verbs.models import MEBIBYTE, arrived, civitai_at, content, digest, flip, know, model

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.verbs.progress import CareProgress

URL = "https://example.org/x.safetensors"
DATA = content()


def test_a_file_as_it_arrived_is_intact(tmp_path: Path) -> None:
    path = arrived(tmp_path / "loras" / "x.safetensors", DATA, URL)
    (found,) = verify(models=tmp_path)
    assert (found.path, found.condition, found.verified, found.by) == (path, Condition.INTACT, "sha256", "sidecar")
    assert (found.size, found.sha256, found.error) == (len(DATA), digest(DATA).hex, None)


def test_a_single_flipped_bit_is_found_and_its_block_named(tmp_path: Path) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, URL)
    verify([path])
    flip(path, 3 * MEBIBYTE + 17)
    (found,) = verify([path])
    assert found.condition is Condition.DAMAGED
    assert found.bad == SpanSet.of(Span(3 * MEBIBYTE, 4 * MEBIBYTE))
    assert found.is_touched is False
    assert isinstance(found.error, DigestMismatchError)
    assert "nothing has written to it" in found.error.message
    assert "example.org" in found.error.hint


def test_whoever_hasnt_verified_before_isnt_told_which_block(tmp_path: Path) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, URL)
    flip(path, 17)
    (found,) = verify([path])
    assert (found.condition, found.bad) == (Condition.DAMAGED, None)


def test_damage_stays_damage_however_often_it_is_looked_at_and_is_offered_to_nobody(tmp_path: Path) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, URL)
    verify([path])
    flip(path, 17)
    assert [verify([path])[0].condition for _ in range(2)] == [Condition.DAMAGED] * 2
    with open_index() as index:
        assert index.wanted(digest(DATA)) == ()
    flip(path, 17)
    assert verify([path])[0].condition is Condition.INTACT
    with open_index() as index:
        assert len(index.wanted(digest(DATA))) == 1


def test_what_nobody_knows_is_recorded_and_checked_the_next_time(tmp_path: Path) -> None:
    path = model(tmp_path / "x.safetensors", DATA)
    assert [verify([path])[0].condition for _ in range(2)] == [Condition.RECORDED, Condition.INTACT]
    flip(path, 2 * MEBIBYTE, quietly=False)
    (found,) = verify([path])
    assert (found.condition, found.by, found.is_touched) == (Condition.DAMAGED, "index", True)
    assert found.bad == SpanSet.of(Span(2 * MEBIBYTE, 3 * MEBIBYTE))
    assert found.error is not None
    assert "--accept" in found.error.hint


def test_a_change_on_purpose_is_accepted_with_and_without_a_sidecar(tmp_path: Path) -> None:
    mine = model(tmp_path / "mine.safetensors", DATA)
    fetched = arrived(tmp_path / "fetched.safetensors", DATA, URL)
    first, sidecar = leave(tmp_path / "first")
    verify([tmp_path])
    for path in (mine, fetched, first):
        flip(path, path.stat().st_size - 1, quietly=False)
    assert {one.condition for one in verify([tmp_path])} == {Condition.DAMAGED}
    accepted = verify([tmp_path], accept=True)
    assert [(one.condition, one.error) for one in accepted] == [(Condition.RECORDED, None)] * 3
    assert {one.condition for one in verify([tmp_path])} == {Condition.INTACT}
    assert not sidecar.exists()
    for path in (fetched, first):
        (told,) = sidecars_in(path.parent, OsDisk())
        assert (told.record.file_name, told.record.file_size) == (path.name, path.stat().st_size)
        assert told.record.digests == (digest(path.read_bytes()),)
        assert told.record.url is None, "it isn't what that address gave any longer"
        assert not told.says(URL)
    with open_index() as index:
        assert index.wanted(digest(DATA)) == ()


def test_files_that_are_the_same_now_each_keep_a_sidecar(tmp_path: Path) -> None:
    for name in "ab":
        arrived(tmp_path / f"{name}.pt", DATA + name.encode(), f"{URL}/{name}").write_bytes(b"the same now")
    assert [one.error for one in verify([tmp_path], accept=True)] == [None, None]
    assert {told.record.file_name for told in sidecars_in(tmp_path, OsDisk())} == {"a.pt", "b.pt"}


def test_what_the_disk_has_changed_is_not_accepted(tmp_path: Path) -> None:
    path = arrived(tmp_path / "x.pt", DATA, URL)
    flip(path, 5)
    (found,) = verify([path], accept=True)
    assert found.condition is Condition.DAMAGED
    assert found.error is not None
    assert "touch" in found.error.hint
    path.touch()
    assert verify([path], accept=True)[0].condition is Condition.RECORDED
    assert verify([path])[0].condition is Condition.INTACT


def test_a_change_counts_as_one_whatever_has_read_the_file_since(tmp_path: Path) -> None:
    path = arrived(tmp_path / "x.pt", DATA, URL)
    model(path, content(seed=3))
    with open_index() as index:
        index.add(path, [digest(path.read_bytes())])
    assert verify([path])[0].is_touched is True


def test_a_weak_digest_that_a_sidecar_states_counts_too(tmp_path: Path) -> None:
    path = model(tmp_path / "x.pt", DATA)
    wrong = Digest("md5", "0" * 32)
    with open_index() as index:
        record(Arrival(path, URL, URL, (digest(DATA), wrong), "sha256", path.name), index, OsDisk(), 0)
    (found,) = verify([path])
    assert (found.condition, found.verified) == (Condition.DAMAGED, "none")
    assert found.error is not None
    assert "its md5 is another one" in found.error.message


@pytest.mark.skipif(sys.platform != "linux", reason="there, a process's memory is a file that can't be read at 0")
def test_what_the_disk_gives_up_on_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    path.symlink_to("/proc/self/mem")
    for repair in (False, True):
        (found,) = verify([path], repair=repair)
        assert (found.condition, found.sha256, found.verified) == (Condition.DAMAGED, None, "none")
        assert isinstance(found.error, IntegrityError)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "is a web page"),
        (b"\xff" * 8 + bytes(92), "x.safetensors"),
        (header_bytes(b'{"w": nothing}') + bytes(50), "can't be loaded"),
        (DATA[: 2 * MEBIBYTE], "x.safetensors is a safetensors file that can't be loaded"),
        (b"", "is an empty file"),
    ],
)
def test_what_cant_be_what_its_name_says_is_no_model_and_isnt_recorded(tmp_path: Path, data: bytes, words: str) -> None:
    path = model(tmp_path / "x.safetensors", data)
    for _ in range(2):
        (found,) = verify([path])
        assert (found.condition, found.sha256, found.verified) == (Condition.NO_MODEL, None, "none")
        assert isinstance(found.error, NotAModelError)
        assert words in found.error.message
    with open_index() as index:
        assert index.digests(path) == ()
        index.add(path, (digest(data),))  # as another verb does that has read it
    assert [one.condition for one in verify([path])] == [Condition.NO_MODEL]
    assert path.read_bytes() == data


def test_what_is_merely_unknown_is_recorded(tmp_path: Path) -> None:
    path = model(tmp_path / "x.bin", os.urandom(3000))
    assert [one.condition for one in verify([path])] == [Condition.RECORDED]


def test_a_recorded_file_whose_header_rots_is_damaged(tmp_path: Path) -> None:
    path = model(tmp_path / "x.safetensors", DATA)
    verify([path])
    flip(path, 5)
    (found,) = verify([path])
    assert (found.condition, found.bad) == (Condition.DAMAGED, SpanSet.of(Span(0, MEBIBYTE)))


def test_a_file_that_was_cut_or_lengthened_is_damaged(tmp_path: Path) -> None:
    path = arrived(tmp_path / "x.safetensors", DATA, URL)
    verify([path])
    os.truncate(path, 4 * MEBIBYTE + 5)
    assert verify([path])[0].bad == SpanSet.of(Span(4 * MEBIBYTE, len(DATA)))
    path.write_bytes(DATA + b"!")
    assert verify([path])[0].bad == SpanSet.of(Span(5 * MEBIBYTE, len(DATA)))


def test_the_first_fetchers_sidecar_tells_by_its_digest_and_without_one_by_the_length(tmp_path: Path) -> None:
    model_path, _ = leave(tmp_path / "a")
    cut, _ = leave(tmp_path / "b", by_content=False, content=b"too short", file_size=100)
    model_path.write_bytes(b"other")
    found = verify([tmp_path])
    assert [(one.condition, one.verified, one.is_touched) for one in found] == [
        (Condition.DAMAGED, "none", None),
        (Condition.DAMAGED, "none", None),
    ]
    assert found[1].path == cut
    assert found[1].error is not None
    assert "has 9 bytes, and its sidecar says 100" in found[1].error.message


def test_a_blob_of_the_hugging_face_cache_is_held_to_its_name(tmp_path: Path, cache_folder: Path) -> None:
    blobs = cache_folder / "huggingface" / "hub" / "models--org--name" / "blobs"
    good, bad = model(blobs / digest(b"good").hex, b"good"), model(blobs / digest(b"bad").hex, b"worse")
    (tmp_path / "models").mkdir()
    found = verify(models=tmp_path / "models", cache=True)
    assert {one.path: (one.condition, one.by) for one in found} == {
        good: (Condition.INTACT, "name"),
        bad: (Condition.DAMAGED, "name"),
    }
    (_, refused) = sorted(verify([good, bad], accept=True), key=lambda one: one.path == bad)
    assert refused.condition is Condition.DAMAGED
    assert refused.error is not None
    assert "names in the Hugging Face cache are digests" in refused.error.hint


def test_two_names_of_one_file_are_read_once(tmp_path: Path) -> None:
    path = arrived(tmp_path / "a.safetensors", DATA, URL)
    os.link(path, tmp_path / "b.safetensors")
    (tmp_path / "c.safetensors").symlink_to(path)
    seen: list[CareProgress] = []
    (found,) = verify([tmp_path], on_progress=seen.append)
    assert (found.path, found.others) == (path, (tmp_path / "b.safetensors", tmp_path / "c.safetensors"))
    assert (seen[-1].bytes_done, seen[-1].bytes_to_do, seen[-1].files_done) == (len(DATA), len(DATA), 1)


def test_a_path_that_leads_nowhere_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="there is no file"):
        verify([tmp_path / "x.safetensors"])


def test_a_link_that_leads_nowhere_is_passed_over_unless_it_is_named(tmp_path: Path) -> None:
    path = arrived(tmp_path / "b.safetensors", DATA, URL)
    link = tmp_path / "a.safetensors"
    link.symlink_to(tmp_path / "nowhere")
    assert [one.path for one in verify([tmp_path])] == [path]
    with pytest.raises(NotFoundError):
        verify([link])


def test_when_it_is_stopped_what_was_finished_is_told(tmp_path: Path) -> None:
    for name in "abcdef":
        model(tmp_path / f"{name}.safetensors", content(seed=ord(name)))
    cancel = CancelToken()
    found = verify([tmp_path], cancel=cancel, on_checked=lambda _: cancel.cancel())
    assert 0 < len(found) < 6


def test_each_file_is_told_as_soon_as_it_is_finished(tmp_path: Path) -> None:
    for name in "abc":
        model(tmp_path / f"{name}.safetensors", b"x")
    told: list[Path] = []
    verify([tmp_path], on_checked=lambda one: told.append(one.path))
    assert sorted(told) == [tmp_path / f"{name}.safetensors" for name in "abc"]


def test_civitai_is_asked_once_what_a_file_is_that_nobody_knows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, unknown = model(tmp_path / "a.safetensors", DATA), model(tmp_path / "b.safetensors", content(seed=2))
    with Origin() as origin, civitai_at(origin, monkeypatch):
        know(origin, DATA, 143906)
        first, second = verify([tmp_path], identify=True)
        assert (first.path, second.path) == (known, unknown)
        assert first.identified is not None
        assert (first.identified.reference, first.identified.title) == ("civitai:143906?fileId=1439060", "Dream v1.0")
        assert (second.condition, second.identified) == (Condition.RECORDED, None)
        assert origin.ledger().requests == 2
        again = verify([tmp_path], identify=True)
        assert [one.condition for one in again] == [Condition.INTACT] * 2
        assert [one.identified for one in again] == [first.identified, None]
        assert origin.ledger().requests == 2


def test_what_was_only_recorded_is_asked_about_later_and_what_came_from_somewhere_never(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model(tmp_path / "a.safetensors", DATA)
    arrived(tmp_path / "b.safetensors", content(seed=2), URL)
    verify([tmp_path])
    with Origin() as origin, civitai_at(origin, monkeypatch):
        know(origin, DATA, 143906)
        first, second = verify([tmp_path], identify=True)
        assert first.identified is not None
        assert (second.identified, origin.ledger().requests) == (None, 1)
