"""A part file whose address is dead goes on from another one, where the content proves to be the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher import CancelToken, DownloadCancelled, fetch
from anymatix_fetcher.cli.main import main
from anymatix_fetcher.testing import Fault, Origin

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher import Progress

SIZE = 24_000_000


def begun(origin: Origin, directory: Path) -> Path:
    """The part of a download that was stopped halfway, from an address that is gone now."""
    file = origin.add("/m.bin", size=SIZE)
    origin.script(Fault.throttle(8_000_000))
    cancel = CancelToken()

    def stop(progress: Progress) -> None:
        if progress.bytes_stored > SIZE // 3:
            cancel.cancel()

    with pytest.raises(DownloadCancelled):
        fetch(f"{file.url}?sig=old", directory=directory, connections=2, on_progress=stop, cancel=cancel)
    return directory / "m.bin.part"


def test_it_goes_on_with_what_is_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Origin(seed=9) as origin:
        part = begun(origin, tmp_path)
        served = origin.ledger().bytes_sent
        content = origin.add("/other-name.bin", data=origin.add("/m.bin", size=SIZE).read()).read()
        assert main(["-q", "--resume-with", origin.url("/other-name.bin") + "?sig=NEW", str(part)]) == 0
        again = origin.ledger().bytes_sent - served
    assert (tmp_path / "m.bin").read_bytes() == content
    assert not part.exists()
    assert again < SIZE * 0.8, "what was there wasn't fetched again"
    printed = capsys.readouterr()
    assert printed.out == f"{tmp_path / 'm.bin'}\n"
    assert "NEW" not in printed.err


def test_other_content_is_refused_and_the_part_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Origin(seed=9) as origin:
        part = begun(origin, tmp_path)
        kept = part.read_bytes()
        other = origin.add("/other.bin", size=SIZE)
        assert main(["-q", "--resume-with", other.url, str(part)]) == 6
    assert part.read_bytes() == kept
    assert "other content" in capsys.readouterr().err


def test_without_a_part_file_it_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--resume-with", "https://h.example/x", str(tmp_path / "m.bin")]) == 2
    assert "there is no part file" in capsys.readouterr().err
