"""Names as long as the file system takes them, and names that can't be given here at all."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import Status, StorageError, fetch
from anymatix_fetcher.core.values.messages import Identity
from anymatix_fetcher.core.values.validators import Validator
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.places import name_limit
from anymatix_fetcher.storage.store import Store
from tests.storage.doubles import ManualWorkers

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import Origin

SIZE = 3_000_000


def test_a_name_that_just_fits_is_downloaded_and_resumed(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/a.bin", size=SIZE)
    name = "x" * (name_limit(tmp_path) - 4) + ".bin"
    store = Store.open(tmp_path / name, reference=file.url, disk=OsDisk(), workers=ManualWorkers(), report=print)
    store.set_identity(Identity(SIZE, Validator()))
    store.sink.write(0, file.read(0, 2 << 20))
    store.close()
    # The journal doesn't tell the file's own name: nothing else takes it for one.
    assert fetch(file.url, directory=tmp_path).status is Status.DOWNLOADED
    result = fetch(file.url, output=tmp_path / name)
    assert (result.status, result.bytes_resumed) == (Status.RESUMED, 2 << 20)
    assert (tmp_path / name).read_bytes() == file.read()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.bin", name]


def test_a_name_that_is_too_long_is_said_to_be(origin: Origin, tmp_path: Path) -> None:
    url = origin.add("/a.bin", size=1000).url
    with pytest.raises(StorageError, match="too long") as caught:
        fetch(url, output=tmp_path / ("x" * (name_limit(tmp_path) + 1)))
    assert "shorter" in caught.value.hint
    command = [sys.executable, "-m", "anymatix_fetcher", "-o", "y" * (name_limit(tmp_path) + 1), url]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 7
    assert "too long" in ended.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, names are always Unicode")
@pytest.mark.parametrize("options", [[], ["-t", "lora"], ["-d", "sub"]])
def test_a_name_beyond_the_locales_encoding_is_said_to_be(origin: Origin, tmp_path: Path, options: list[str]) -> None:
    url = origin.add("/\u65e5.bin", size=1000).url
    # Python takes the C locale for UTF-8 unless it is told not to.
    ascii_alone = {**os.environ, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "LC_ALL": "C"}
    command = [sys.executable, "-m", "anymatix_fetcher", *options, url]
    ended = subprocess.run(command, cwd=tmp_path, env=ascii_alone, capture_output=True, text=True, check=False)
    assert ended.returncode == 7, ended.stderr
    assert "can't be written in this locale's encoding" in ended.stderr
    assert "LC_ALL=C.UTF-8" in ended.stderr
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    command = [sys.executable, "-m", "anymatix_fetcher", "-o", "x.bin", url]
    assert subprocess.run(command, cwd=tmp_path, env=ascii_alone, capture_output=True, check=False).returncode == 0
