from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import CancelToken, Condition, DigestMismatchError, NotFoundError, verify
from anymatix_fetcher.composition import open_index
from anymatix_fetcher.core.spans import Span, SpanSet
from anymatix_fetcher.testing import Origin
from tests.care.models import MEBIBYTE, arrived, civitai_at, content, digest, flip, know, model
from tests.library.first_fetcher import leave

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.care.progress import CareProgress

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
    assert "nobody has written to it" in found.error.message
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


def test_a_change_on_purpose_is_accepted_where_only_the_index_knew_better(tmp_path: Path) -> None:
    mine = model(tmp_path / "mine.safetensors", DATA)
    theirs = arrived(tmp_path / "theirs.safetensors", DATA, URL)
    verify([tmp_path])
    for path in (mine, theirs):
        flip(path, 5, quietly=False)
    found = verify([tmp_path], accept=True)
    assert [one.condition for one in found] == [Condition.RECORDED, Condition.DAMAGED]
    assert verify([mine])[0].condition is Condition.INTACT


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
        (Condition.DAMAGED, "sha256", None),
        (Condition.DAMAGED, "length", None),
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
        verify([tmp_path], identify=True, accept=True)
        assert origin.ledger().requests == 2
