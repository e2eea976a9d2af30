from __future__ import annotations

import errno
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.library.cloning import clone

if TYPE_CHECKING:
    from pathlib import Path


def test_a_reflink_has_the_content_and_where_there_are_none_nothing_is_left(tmp_path: Path) -> None:
    source, destination = tmp_path / "a", tmp_path / "b"
    source.write_bytes(b"weights" * 10_000)
    if clone(source, destination):
        assert destination.read_bytes() == source.read_bytes()
        assert destination.stat().st_ino != source.stat().st_ino
        destination.write_bytes(b"other")
        assert source.read_bytes() == b"weights" * 10_000
    else:
        assert not destination.exists()


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"new")
    (tmp_path / "b").write_bytes(b"old")
    with pytest.raises(OSError, match="exists") as caught:
        clone(tmp_path / "a", tmp_path / "b")
    assert caught.value.errno == errno.EEXIST
    assert (tmp_path / "b").read_bytes() == b"old"


def test_a_source_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        clone(tmp_path / "a", tmp_path / "b")
    assert list(tmp_path.iterdir()) == []
