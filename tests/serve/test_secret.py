from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.errors import ReferenceSyntaxError, StorageError
from anymatix_fetcher.serve.secret import own_secret, read_secret

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_made_once_for_its_user_alone(tmp_path: Path) -> None:
    state = tmp_path / "state"
    secret = own_secret(state)
    assert len(secret) >= 40
    assert own_secret(state) == secret
    assert [path.name for path in state.iterdir()] == ["secret"]
    if os.name != "nt":
        assert stat.S_IMODE((state / "secret").stat().st_mode) == 0o600
        assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_two_that_start_at_once_agree(tmp_path: Path) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(own_secret(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


@pytest.mark.parametrize("content", [b"", b"\n \n", b"two words\n"])
def test_a_file_without_a_secret_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ReferenceSyntaxError):
        read_secret(tmp_path / "file")


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(StorageError):
        read_secret(tmp_path / "file")
