"""Lists and Metalinks on the command line."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.testing import Origin


def test_a_list_says_what_each_file_is_called_and_has_to_be(origin: Origin, tmp_path: Path) -> None:
    first, second = origin.add("/a.bin", size=30_000), origin.add("/b.bin", size=40_000)
    lines = f"# two\n{first.url} sha256:{first.sha256()} -> one.bin\n\n{second.url}\n  dir=sub\n"
    (tmp_path / "list.txt").write_text(lines)
    assert main(["-q", "-d", str(tmp_path / "out"), "-i", str(tmp_path / "list.txt")]) == 0
    assert (tmp_path / "out" / "one.bin").read_bytes() == first.read()
    assert (tmp_path / "out" / "sub" / "b.bin").read_bytes() == second.read()


def test_standard_input_is_a_list_too(
    origin: Origin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = origin.add("/a.bin", size=30_000)
    stream = io.TextIOWrapper(io.BytesIO(f"{file.url}?token=SECRET-IN-LIST\n".encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    assert main(["-d", str(tmp_path), "-i", "-"]) == 0
    printed = capsys.readouterr()
    assert (tmp_path / "a.bin").read_bytes() == file.read()
    assert "SECRET-IN-LIST" not in printed.out + printed.err


def test_a_metalink_brings_digests_and_mirrors(origin: Origin, tmp_path: Path) -> None:
    file = origin.add("/m.bin", size=50_000)
    gone = origin.url("/gone.bin")
    metalink = f"""<?xml version="1.0"?><metalink xmlns="urn:ietf:params:xml:ns:metalink"><file name="named.bin">
    <size>50000</size><hash type="sha-256">{file.sha256()}</hash>
    <url priority="1">{gone}</url><url priority="2">{file.url}</url></file></metalink>"""
    path = tmp_path / "m.meta4"
    path.write_text(metalink)
    assert main(["-q", "-d", str(tmp_path), str(path)]) == 0
    assert (tmp_path / "named.bin").read_bytes() == file.read()


@pytest.mark.parametrize("options", [["-o", "x"], ["--sha256", "0" * 64], ["--mirror", "https://h.example/x"]])
def test_what_holds_for_one_file_isnt_said_of_a_list(
    options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "list.txt").write_text("https://h.example/a\n")
    assert main([*options, "-i", str(tmp_path / "list.txt")]) == 2
    assert "a list may hold many" in capsys.readouterr().err


def test_a_list_that_isnt_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-i", str(tmp_path / "none.txt")]) == 2
    assert "can't be read" in capsys.readouterr().err


def test_an_empty_list_asks_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("# nothing\n")
    assert main(["-i", str(tmp_path / "list.txt")]) == 0
