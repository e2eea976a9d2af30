from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.storage.lock_file import DestinationLock
from tests.verbs.models import begun, model

if TYPE_CHECKING:
    from pathlib import Path

Streams = pytest.CaptureFixture[str]


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = begun(tmp_path / "old.pt.part", b"x" * 8192)
    for one in (path, tmp_path / "old.pt.part.journal"):
        os.utime(one, (1e9, 1e9))
    return path


def test_old_parts_are_told_and_go(tmp_path: Path, capsys: Streams, old: Path) -> None:
    young = begun(tmp_path / "young.pt.part", b"half")
    assert main(["prune", "--yes", "--models", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"  8.20 kB  {tmp_path / 'old.pt'}: untouched for ")
    assert err == "8.20 kB freed.\n"
    assert (old.exists(), young.exists()) == (False, True)


def test_how_old_is_the_users_to_say(tmp_path: Path, capsys: Streams, old: Path) -> None:
    assert main(["prune", "--dry-run", "--older-than", "1000000", "--models", str(tmp_path)]) == 0
    assert capsys.readouterr() == ("", "There are no interrupted downloads.\n")
    assert main(["prune", "--models", str(tmp_path)]) == 2
    assert main(["prune", "--older-than", "-1", "--models", str(tmp_path)]) == 2
    assert main(["prune", "--dry-run", "--older-than", "0.5d", "--models", str(tmp_path)]) == 0
    capsys.readouterr()
    assert main(["prune", "--older-than", "2h", "--models", str(tmp_path)]) == 2
    assert "not a number of days: '2h'; expected one such as 7, 0.5 or 0" in capsys.readouterr().err
    assert old.exists()


def test_what_a_running_download_holds_stays(tmp_path: Path, capsys: Streams, old: Path) -> None:
    lock = DestinationLock(tmp_path / "old.pt")
    assert lock.try_acquire()
    os.utime(lock.path, (1e9, 1e9))
    assert main(["prune", "--yes", "--models", str(tmp_path)]) == 0
    lock.release()
    assert "a running download holds it" in capsys.readouterr().err
    assert old.exists()


def test_programs_get_an_object_for_each_download(tmp_path: Path, capsys: Streams, old: Path) -> None:
    assert main(["prune", "--yes", "--json", "--models", str(tmp_path)]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "destination": str(tmp_path / "old.pt"),
        "files": [str(old), f"{old}.journal"],
        "written_at": 1e9,
        "bytes": 8200,
        "ours": True,
        "changed": False,
        "removed": True,
        "held": False,
    }


def test_what_another_program_may_be_at_is_told_and_stays(tmp_path: Path, capsys: Streams) -> None:
    part = model(tmp_path / "big.safetensors.part", b"x" * 8192)
    os.utime(part, (1e9, 1e9))
    assert main(["prune", "--yes", "--models", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"  8.19 kB  {part}: untouched for ")
    assert "possibly a browser's, wget's or curl's" in out
    assert err == ""
    assert main(["prune", "--yes", "--json", "--models", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ours"], told["removed"], part.exists()) == (False, False, True)


def test_a_changed_model_is_told_and_goes_where_that_is_asked(tmp_path: Path, capsys: Streams) -> None:
    kept = model(tmp_path / "a.safetensors.changed", b"x" * 8192)
    os.utime(kept, (1e9, 1e9))
    assert main(["prune", "--yes", "--models", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"  8.19 kB  {kept}: untouched for ")
    assert out.endswith("set aside by a repair: kept, --changed removes it\n")
    assert err == ""
    assert kept.exists()
    assert main(["prune", "--yes", "--changed", "--json", "--models", str(tmp_path)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ours"], told["changed"], told["removed"]) == (False, True, True)
    assert not kept.exists()
