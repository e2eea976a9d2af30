from __future__ import annotations

from pathlib import Path

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.library.hugging_face_cache import cache_folder, cached_files

HEX = "ab" * 32


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({}, "/home/ann/.cache/huggingface/hub"),
        ({"XDG_CACHE_HOME": "/cache"}, "/cache/huggingface/hub"),
        ({"HF_HOME": "/hf"}, "/hf/hub"),
        ({"HF_HOME": "/hf", "HF_HUB_CACHE": "/hub"}, "/hub"),
        ({"HUGGINGFACE_HUB_CACHE": "/old"}, "/old"),
    ],
)
def test_the_cache_is_where_its_own_library_looks(environment: dict[str, str], folder: str) -> None:
    assert cache_folder(environment, Path("/home/ann")) == Path(folder)


def test_files_called_by_a_sha256_are_found_and_no_others(tmp_path: Path) -> None:
    blobs = tmp_path / "models--org--name" / "blobs"
    blobs.mkdir(parents=True)
    for name in (HEX, "cd" * 20, f"{HEX}.incomplete", f"{HEX}.lock"):
        (blobs / name).write_bytes(b"weights")
    (blobs / ("ef" * 32)).symlink_to(blobs / HEX)
    (blobs / ("01" * 32)).mkdir()
    (tmp_path / "models--org--empty").mkdir()
    stray = tmp_path / "other" / "blobs"
    stray.mkdir(parents=True)
    (stray / HEX).write_bytes(b"x")
    assert [(path, digest) for path, _, digest in cached_files(tmp_path)] == [(blobs / HEX, Digest("sha256", HEX))]


def test_where_there_is_no_cache_nothing_is_found(tmp_path: Path) -> None:
    assert list(cached_files(tmp_path / "nowhere")) == []
