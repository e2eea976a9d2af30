from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import FindingState
from anymatix_fetcher.library.roots import find_models
from anymatix_fetcher.storage.os_disk import OsDisk
from anymatix_fetcher.storage.probing import Abilities, abilities_of, file_system_of, trial_folder
from anymatix_fetcher.verbs.checkup.folders import examine_abilities, examine_folder, examine_folders, may_be_written

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.values.ports import RandomFile

ABLE = Abilities(
    file_system="xfs",
    free_bytes=400_000_000_000,
    longest_name_bytes=255,
    largest_file_bytes=None,
    locks=True,
    hard_links=True,
    sparse_files=True,
)
POOR = Abilities(
    file_system="vfat",
    free_bytes=5_000_000_000,
    longest_name_bytes=143,
    largest_file_bytes=4_294_967_295,
    locks=False,
    hard_links=False,
    sparse_files=False,
)


class FullDisk(OsDisk):
    """A real disk on which files can be made and nothing can be written."""

    def open(self, path: Path, mode: int = 0o666) -> RandomFile:
        super().open(path, mode).close()
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_what_a_folder_can_do_is_tried_and_nothing_is_left(tmp_path: Path) -> None:
    abilities = abilities_of(tmp_path)
    assert (abilities.trouble, abilities.locks, abilities.hard_links) == (None, True, True)
    assert abilities.longest_name_bytes >= 143
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_found_by_writing_and_nothing_is_left(tmp_path: Path) -> None:
    abilities = abilities_of(tmp_path, FullDisk())
    assert abilities.trouble is not None
    assert list(tmp_path.iterdir()) == []
    found = examine_folder("here", tmp_path, "by default", abilities, is_there=True, mend="-d DIR")
    assert found.state is FindingState.PROBLEM
    assert found.text == f"{tmp_path} can't be written to: No space left on device (by default)"
    assert found.hint == "Free some space, or use another disk."


def test_a_trial_that_is_interrupted_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileExistsError), trial_folder(tmp_path) as place:
        place.mkdir()
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_is_called_as_the_system_calls_it(tmp_path: Path) -> None:
    device = tmp_path.stat().st_dev
    mounts = tmp_path / "mountinfo"
    mounts.write_text(
        f"22 1 0:21 / /proc rw,nosuid - proc proc rw\n"
        f"23 1 {os.major(device)}:{os.minor(device)} / / rw,relatime shared:1 - xfs /dev/vda rw\n"
    )
    assert file_system_of(tmp_path, mounts) == "xfs"
    assert file_system_of(tmp_path, tmp_path / "none") == ""
    assert file_system_of(tmp_path / "none", mounts) == ""


def test_a_good_file_system_is_all_well() -> None:
    found = list(examine_abilities("models", ABLE, reflinks=True))
    assert {one.state for one in found} == {FindingState.OK}
    assert found[0].text == "400.00 GB free (xfs)"


def test_a_poor_file_system_is_said_to_be_so() -> None:
    found = {one.name: one for one in examine_abilities("models", POOR, reflinks=False)}
    assert {name for name, one in found.items() if one.state is FindingState.PROBLEM} == {
        "models: locks",
        "models: file size",
    }
    assert {one.state for name, one in found.items() if name != "models: locks"} == {
        FindingState.NOTE,
        FindingState.PROBLEM,
    }
    assert found["models: file size"].text == "files can have at most 4.29 GB"


def folders_found(tmp_path: Path, models: Path | None = None) -> dict[str, tuple[FindingState, str]]:
    root = find_models(models, environment={}, current=tmp_path, home=tmp_path)
    return {one.name: (one.state, one.text) for one in examine_folders(tmp_path, root, root.folders())}


def test_no_models_root_is_a_note(tmp_path: Path) -> None:
    state, text = folders_found(tmp_path)["models"]
    assert state is FindingState.NOTE
    assert text == (f"{tmp_path}/models doesn't exist yet (no ComfyUI was found); it is created for the first model")
    assert list(tmp_path.iterdir()) == []


def test_a_file_where_a_folder_should_be_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "models").touch()
    state, text = folders_found(tmp_path, tmp_path / "models" / "mine")["models"]
    assert state is FindingState.PROBLEM
    assert text.startswith(f"{tmp_path}/models isn't a folder")
    assert not may_be_written(tmp_path / "models" / "mine")


def test_what_a_file_system_can_do_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "models").mkdir()
    found = folders_found(tmp_path)
    assert "here: locks" in found
    assert "models: locks" not in found
    assert found["models"][0] is FindingState.OK
