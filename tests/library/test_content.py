from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.content import READ_BYTES, digest_of, same_bytes
from anymatix_fetcher.library.file_state import FileState
from tests.library.first_fetcher import hexed

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("size", [0, 1, READ_BYTES, READ_BYTES + 1])
def test_a_digest_is_of_all_the_content(tmp_path: Path, size: int) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"z" * size)
    counted: list[int] = []
    digest, state = digest_of(path, on_bytes=counted.append)
    assert digest == Digest("sha256", hexed(b"z" * size))
    assert state == FileState.of(path.stat())
    assert sum(counted) == size


def test_reading_ends_when_somebody_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"z")

    def stop(_: int) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        digest_of(path, on_bytes=stop)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (b"", b""),
        (b"a", b"a"),
        (b"a", b"b"),
        (b"a", b""),
        (b"", b"a"),
        (b"a" * (READ_BYTES + 1), b"a" * (READ_BYTES + 1)),
        (b"a" * (READ_BYTES + 1), b"a" * READ_BYTES + b"b"),
        (b"a" * READ_BYTES, b"a" * (READ_BYTES + 1)),
    ],
)
def test_files_are_the_same_when_all_their_bytes_are(tmp_path: Path, first: bytes, second: bytes) -> None:
    (tmp_path / "a").write_bytes(first)
    (tmp_path / "b").write_bytes(second)
    assert same_bytes(tmp_path / "a", tmp_path / "b") is (first == second)
