"""Arguments that stand in a file or come from standard input."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.cli.main import main
from anymatix_fetcher.cli.options.parameters import parse_headers, parse_proxy, parse_url
from anymatix_fetcher.cli.outside_arguments import MOST_BYTES, given_line, given_lines
from anymatix_fetcher.testing import Origin
from tests.cli.fakes import ScriptedFetch, downloaded

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "planted-secret-1"


def at(folder: Path, text: str | bytes) -> str:
    path = folder / "arguments.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return f"@{path}"


def test_an_argument_without_the_mark_is_itself() -> None:
    assert given_line("https://h/a@b") == "https://h/a@b"
    assert given_lines("X-A: @b") == ["X-A: @b"]


def test_a_file_says_it_line_by_line(tmp_path: Path) -> None:
    given = at(tmp_path, "\ufeff# mine\n\n X-A: 1 \r\nX-B: 2\n")
    assert given_lines(given) == ["X-A: 1", "X-B: 2"]
    assert parse_headers(given) == (("X-A", "1"), ("X-B", "2"))
    assert given_line(at(tmp_path, "https://h/a?token=b\n")) == "https://h/a?token=b"
    assert parse_url(at(tmp_path, "https://h/a?token=b\n")) == "https://h/a?token=b"
    assert parse_proxy(at(tmp_path, "http://me:pw@proxy:1")) == "http://me:pw@proxy:1"


def test_standard_input_is_one_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"https://h/a\n")))
    assert given_line("@-") == "https://h/a"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"https://h/{SECRET}\nhttps://h/b\n", "2 lines"),
        ("# nothing\n", "0 lines"),
        (b"\xff" + SECRET.encode(), "isn't text"),
        (SECRET.encode() * MOST_BYTES, "longer than"),
    ],
)
def test_what_isnt_one_line_is_refused_without_its_text(tmp_path: Path, text: str | bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as refusal:
        given_line(at(tmp_path, text))
    assert SECRET not in str(refusal.value)


def test_a_file_that_isnt_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-H", f"@{tmp_path}/none", "https://h.example/m"]) == 2
    assert "can't be read: No such file" in capsys.readouterr().err
    with pytest.raises(ValueError, match="is empty"):
        given_lines(at(tmp_path, ""))


def test_a_header_that_cant_be_sent_is_refused_without_its_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["-H", at(tmp_path, f"Range: {SECRET}\n"), "https://h.example/m"]) == 2
    printed = capsys.readouterr()
    assert "can't be set: anyfetch sets it" in printed.err
    assert SECRET not in printed.err + printed.out


def test_references_headers_and_a_fresh_address_may_stand_in_files(tmp_path: Path) -> None:
    fetch = ScriptedFetch([downloaded()])
    headers, part = tmp_path / "headers", tmp_path / "m.safetensors.part"
    headers.write_text(f"X-Key: {SECRET}\nX-Other: 1\n")
    part.touch()
    address = at(tmp_path, f"https://h.example/m?sig={SECRET}")
    assert main(["-H", f"@{headers}", "-H", "X-Own: 2", address], fetch_many=fetch) == 0
    (job,) = fetch.jobs
    assert job.reference == f"https://h.example/m?sig={SECRET}"
    assert job.settings.headers == (("X-Key", SECRET), ("X-Other", "1"), ("X-Own", "2"))
    assert main(["--resume-with", address, str(part)], fetch_many=fetch) == 0
    (job,) = fetch.jobs
    assert (job.reference, job.settings.output) == (f"https://h.example/m?sig={SECRET}", tmp_path / "m.safetensors")


def test_other_verbs_take_them_too_and_nothing_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Origin() as origin:
        origin.add("/m.bin", size=100)
        address = at(tmp_path, f"{origin.url('/m.bin')}?sig={SECRET}")
        for as_json in ([], ["--json"]):
            assert main(["resolve", "-v", "-v", *as_json, address]) == 0
        assert any(SECRET in one.target for one in origin.seen())
    printed = capsys.readouterr()
    assert "m.bin" in printed.out
    assert SECRET not in printed.out + printed.err
