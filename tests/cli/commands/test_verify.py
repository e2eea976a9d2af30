from __future__ import annotations

import json
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.testing import Origin
from tests.verbs.models import MEBIBYTE, arrived, civitai_at, content, digest, flip, know, model

if TYPE_CHECKING:
    from pathlib import Path

Streams = pytest.CaptureFixture[str]
DATA = content()
URL = "https://example.org/x"


def test_each_file_has_a_line_and_all_have_a_sum(
    tmp_path: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    arrived(tmp_path / "a.pt", DATA, URL)
    model(tmp_path / "b.pt", b"b")
    assert main(["verify", "."]) == 0
    out, err = capsys.readouterr()
    assert sorted(out.splitlines()) == [
        "intact      a.pt: 5.24 MB, sha256 as its sidecar says",
        "recorded    b.pt: 1 B, no digest was recorded until now",
    ]
    assert err.startswith("2 files, 5.24 MB in ")
    assert "1 intact" in err
    assert "1 recorded" in err


def test_damage_is_exit_code_6_with_its_place_and_what_mends_it(tmp_path: Path, capsys: Streams) -> None:
    path = arrived(tmp_path / "a.pt", DATA, URL)
    assert main(["verify", "-q", str(path)]) == 0
    assert capsys.readouterr() == ("", "")
    flip(path, MEBIBYTE, 3 * MEBIBYTE)
    assert main(["verify", "-q", str(path)]) == 6
    out, err = capsys.readouterr()
    assert out == (f"damaged     {path}: 5.24 MB, 2.10 MB are bad: bytes 1,048,576-2,097,151, 3,145,728-4,194,303\n")
    error, hint = err.splitlines()
    assert error == (
        f"error: {path} isn't what its sidecar says: its sha256 is another one; nothing has written to it since, "
        "so the disk or the memory has changed it"
    )
    assert hint == f"hint: `anyfetch verify --repair {path}` fetches the damaged parts from example.org."


def test_many_bad_places_are_counted_and_unknown_ones_are_said_to_be(tmp_path: Path, capsys: Streams) -> None:
    path = arrived(tmp_path / "a.pt", content(12 * MEBIBYTE), URL)
    flip(path, 1)
    assert main(["verify", str(path)]) == 6
    assert "which bytes are damaged isn't known" in capsys.readouterr().out
    flip(path, 1)
    assert main(["verify", str(path)]) == 0
    flip(path, *(2 * number * MEBIBYTE for number in range(6)))
    assert main(["verify", str(path)]) == 6
    assert capsys.readouterr().out.splitlines()[-1].endswith("6,291,456-7,340,031 and 2 more")


def test_programs_get_an_object_for_each_file(tmp_path: Path, capsys: Streams) -> None:
    path = arrived(tmp_path / "a.pt", DATA, URL)
    main(["verify", "-q", str(path)])
    flip(path, 5)
    assert main(["verify", "--json", str(path)]) == 6
    told = json.loads(capsys.readouterr().out)
    assert (told["path"], told["condition"], told["size"]) == (str(path), "damaged", len(DATA))
    assert (told["bad"], told["touched"], told["recorded_by"]) == ([[0, MEBIBYTE]], False, "sidecar")
    assert (told["error"]["kind"], told["error"]["exit_code"]) == ("DigestMismatchError", 6)
    assert told["sha256"] != digest(DATA).hex


def test_what_is_wrong_is_mended_when_that_is_asked_for(tmp_path: Path, capsys: Streams) -> None:
    with Origin() as origin:
        file = origin.add("/x.pt", data=DATA)
        path = arrived(tmp_path / "a.pt", DATA, file.url)
        flip(path, 5)
        assert main(["verify", "--repair", str(path)]) == 0
    assert path.read_bytes() == DATA
    out, err = capsys.readouterr()
    assert out == f"repaired    {path}: 5.24 MB, 5.24 MB were fetched, sha256 as its sidecar says\n"
    assert err.endswith("1 repaired\n")


def test_civitai_tells_what_a_file_is(tmp_path: Path, capsys: Streams, monkeypatch: pytest.MonkeyPatch) -> None:
    path = model(tmp_path / "a.pt", DATA)
    with Origin() as origin, civitai_at(origin, monkeypatch):
        know(origin, DATA, 9)
        assert main(["verify", "--identify", str(path)]) == 0
    assert capsys.readouterr().out.endswith("no digest was recorded until now, it is civitai:9?fileId=90, Dream v1.0\n")


def test_a_damaged_file_is_exit_code_6_with_and_without_a_repair(tmp_path: Path, capsys: Streams) -> None:
    with Origin() as origin:
        path = arrived(tmp_path / "a.pt", DATA, origin.url("/gone.pt"))
        flip(path, 5)
        assert [main(["verify", "-q", *options, str(path)]) for options in ((), ("--repair",))] == [6, 6]
    assert "is damaged, and can't be repaired" in capsys.readouterr().err


def test_a_file_that_was_changed_is_kept_unless_nothing_is_to_be_kept(tmp_path: Path, capsys: Streams) -> None:
    with Origin() as origin:
        file = origin.add("/x.pt", data=DATA)
        path = arrived(tmp_path / "a.pt", DATA, file.url)
        kept = path.with_name("a.pt.changed")
        flip(path, 5, quietly=False)
        mine = path.read_bytes()
        assert main(["verify", "--repair", "--json", str(path)]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["condition"], told["kept_as"], told["touched"]) == ("repaired", str(kept), True)
        assert told["verified_at"].endswith("Z")
        assert (path.read_bytes(), kept.read_bytes()) == (DATA, mine)
        kept.unlink()
        flip(path, 5, quietly=False)
        assert main(["verify", "--repair", "--yes", str(path)]) == 0
    assert (path.read_bytes(), kept.exists()) == (DATA, False)


def test_wrong_usage_and_missing_paths_are_said(tmp_path: Path, capsys: Streams) -> None:
    assert main(["verify", "--repair", "--accept", str(tmp_path)]) == 2
    assert main(["verify", "--yes", str(tmp_path)]) == 2
    assert main(["verify", str(tmp_path / "missing")]) == 3
    assert main(["verify", "--models", str(tmp_path)]) == 0
    assert capsys.readouterr().err.splitlines()[-1] == "No files were verified."


def test_ctrl_c_ends_it_with_what_is_known(tmp_path: Path, capsys: Streams) -> None:
    small, large = model(tmp_path / "a.pt", b"a"), model(tmp_path / "b.pt", content(1000))
    with large.open("r+b") as file:
        file.truncate(64 << 30)  # a hole: takes no space, and a minute to read
    timer = threading.Timer(0.5, signal.raise_signal, [signal.SIGINT])
    timer.start()
    assert main(["verify", str(tmp_path)]) == 130
    timer.join()
    out, err = capsys.readouterr()
    assert out == f"recorded    {small}: 1 B, no digest was recorded until now\n"
    assert err.endswith("Interrupted. The files that were finished are listed.\n")
