from __future__ import annotations

import io
from dataclasses import replace

from anymatix_fetcher.care.progress import CareProgress
from anymatix_fetcher.cli.care_display import CareDisplay, care_picture
from anymatix_fetcher.cli.glyphs import ASCII
from anymatix_fetcher.cli.picture import Screen
from anymatix_fetcher.cli.session import Session, fetch_by_api
from anymatix_fetcher.cli.streams import PatientStream
from tests.cli.fakes import flowing

HALF = CareProgress("verifying", "loras/x.safetensors", 1, 3, 5_000_000_000, 10_000_000_000, 1.25e9, 4.0)


def drawn(progress: CareProgress, width: int = 60) -> list[str]:
    return ["".join(text for text, _ in line) for line in care_picture(progress, Screen(width, 24, ASCII))]


def test_it_shows_the_file_the_count_the_bytes_the_rate_and_the_time_left() -> None:
    assert drawn(HALF) == [
        "loras/x.safetensors                  verifying, 1 of 3 files",
        "#########.........   50 %  1.25 GB/s  about 4 s left",
        "5.00 of 10.0 GB read",
    ]


def test_no_time_is_promised_where_nobody_knows_it_and_one_file_isnt_counted() -> None:
    lines = drawn(replace(HALF, files=1, files_done=0, eta_seconds=None))
    assert lines[0].endswith("  verifying")
    assert "left" not in lines[1]


def test_no_line_is_wider_than_the_screen() -> None:
    for width in range(1, 130):
        assert all(len(line) <= width for line in drawn(HALF, width))


def test_nothing_is_drawn_where_nobody_looks() -> None:
    for silent in (True, False):
        err = io.StringIO()
        session = Session(fetch_by_api, PatientStream(io.StringIO()), PatientStream(err))
        with CareDisplay(session, silent=silent) as display:
            display.care(HALF)
            display.download(flowing(10))
            assert not display.is_drawn
        assert err.getvalue() == ""
