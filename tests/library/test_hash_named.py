from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.library.hash_named import find_hash_named, parse_hash_reference
from anymatix_fetcher.storage.os_disk import OsDisk

if TYPE_CHECKING:
    from pathlib import Path

HEX = "ab" * 32
DISK = OsDisk()


@pytest.mark.parametrize("reference", [f"sha256://{HEX}", f"sha256://{HEX.upper()}", f"sha256:// {HEX} "])
def test_a_hash_reference_is_read(reference: str) -> None:
    assert parse_hash_reference(reference) == HEX


@pytest.mark.parametrize("reference", ["", "sha256://", f"sha256:{HEX}", f"sha256://{HEX}0", f"sha256://{'g' * 64}"])
def test_others_are_none(reference: str) -> None:
    assert parse_hash_reference(reference) is None


def test_the_first_folder_that_holds_it_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "unet", tmp_path / "diffusion_models"
    second.mkdir()
    (second / f"{HEX.upper()}.GGUF").touch()
    assert find_hash_named([first, second], HEX, DISK) == second / f"{HEX.upper()}.GGUF"
    first.mkdir()
    (first / f"{HEX}.safetensors").touch()
    assert find_hash_named([first, second], HEX, DISK) == first / f"{HEX}.safetensors"


def test_a_name_that_ends_in_it_comes_after_one_that_is_it(tmp_path: Path) -> None:
    first, second = tmp_path / "unet", tmp_path / "diffusion_models"
    first.mkdir()
    second.mkdir()
    (first / f"flux_{HEX}.safetensors").touch()
    assert find_hash_named([first, second], HEX, DISK) == first / f"flux_{HEX}.safetensors"
    assert find_hash_named([first, second], HEX, DISK, {".gguf"}) is None
    (second / f"{HEX}.gguf").touch()
    assert find_hash_named([first, second], HEX, DISK) == second / f"{HEX}.gguf"


def test_sidecars_folders_and_other_files_are_not_it(tmp_path: Path) -> None:
    (tmp_path / f"{HEX}.json").touch()
    (tmp_path / f"{HEX}.pt").mkdir()
    (tmp_path / f"x{HEX}.pt").touch()
    (tmp_path / HEX).touch()
    assert find_hash_named([tmp_path], HEX, DISK) is None
