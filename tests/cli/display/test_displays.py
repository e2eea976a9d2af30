from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.cli.display.displays import JsonDisplay, NoDisplay, PlainDisplay
from anymatix_fetcher.cli.display.streams import PatientStream
from anymatix_fetcher.engine.facts import Phase, Progress
from anymatix_fetcher.errors import DownloadCancelled, NotFoundError
from tests.cli.fakes import URL, downloaded, failed, flowing

if TYPE_CHECKING:
    import pytest

KEYS = [
    "reference",
    "name",
    "phase",
    "length",
    "bytes_stored",
    "bytes_resumed",
    "bytes_verified",
    "bytes_per_second",
    "eta_seconds",
    "connections",
    "seconds",
    "note",
]


def objects(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_json_progress_has_the_keys_of_the_contract() -> None:
    stream = io.StringIO()
    JsonDisplay(PatientStream(stream)).show((flowing(250),))
    assert objects(stream.getvalue()) == [
        {
            "reference": URL,
            "name": "model.safetensors",
            "phase": "transferring",
            "length": 1000,
            "bytes_stored": 250,
            "bytes_resumed": 0,
            "bytes_verified": 0,
            "bytes_per_second": 100,
            "eta_seconds": 7.5,
            "connections": 4,
            "seconds": 1.0,
            "note": "",
        }
    ]
    assert list(objects(stream.getvalue())[0]) == KEYS


def test_an_ended_download_is_told_once() -> None:
    stream = io.StringIO()
    display = JsonDisplay(PatientStream(stream))
    done = replace(flowing(1000), phase=Phase.DONE)
    display.show((done, flowing(1)))
    display.show((done, flowing(2)))
    display.close([downloaded(), downloaded()])
    assert [line["phase"] for line in objects(stream.getvalue())] == ["done", "transferring", "transferring", "done"]


def test_the_last_json_line_tells_the_end_even_where_nobody_showed_it() -> None:
    stream = io.StringIO()
    display = JsonDisplay(PatientStream(stream))
    display.show((flowing(250), flowing(300), Progress(URL)))
    display.close([downloaded(), failed(NotFoundError("gone")), failed(DownloadCancelled("cancelled"))])
    last = objects(stream.getvalue())[3:]
    assert [(line["phase"], line["bytes_stored"]) for line in last] == [
        ("done", 6_940_000_000),
        ("failed", 300),
        ("cancelled", 0),
    ]


def test_a_download_that_was_never_shown_has_a_last_line_too() -> None:
    stream = io.StringIO()
    JsonDisplay(PatientStream(stream)).close([downloaded()])
    (line,) = objects(stream.getvalue())
    assert (line["reference"], line["name"], line["phase"]) == (URL, "model.safetensors", "done")


def test_after_an_accident_no_end_is_invented() -> None:
    stream = io.StringIO()
    display = JsonDisplay(PatientStream(stream))
    display.show((flowing(250),))
    display.close(None)
    assert len(objects(stream.getvalue())) == 1


def plain(*frames: tuple[Progress, ...]) -> list[str]:
    stream = io.StringIO()
    display = PlainDisplay(PatientStream(stream))
    for frame in frames:
        display.show(frame)
    display.close([])
    return stream.getvalue().splitlines()


def test_plain_lines_begin_with_the_size_and_what_is_kept() -> None:
    assert plain((Progress(URL),), (replace(flowing(250), bytes_resumed=200),)) == [
        "model.safetensors: 1.00 kB, 200 B resumed"
    ]


def test_plain_lines_wait_for_both_time_and_progress() -> None:
    frames = [
        (flowing(stored, seconds=seconds),) for stored, seconds in [(0, 0), (90, 6), (500, 4), (500, 5), (550, 20)]
    ]
    assert plain(*frames) == [
        "model.safetensors: 1.00 kB",
        "model.safetensors: 50 %, 500 B of 1.00 kB, 100 B/s, about 5 s left, 4 connections",
    ]


def test_a_slow_download_still_gives_a_sign_of_life_each_minute() -> None:
    frames = [(flowing(1 + second // 60, seconds=second),) for second in range(125)]
    assert len(plain(*frames)) == 3


def test_plain_lines_tell_phases_and_each_note_once() -> None:
    waiting = Progress(URL, phase=Phase.WAITING)
    noted = replace(flowing(10), note="the server asks to wait 12 s")
    counted = replace(noted, note="the server asks to wait 11 s")
    assert plain((waiting,), (noted,), (counted,), (replace(flowing(1000), phase=Phase.VERIFYING),)) == [
        "model.safetensors: waiting for another process that downloads it",
        "model.safetensors: the server asks to wait 12 s",
        "model.safetensors: 1.00 kB",
        "model.safetensors: verifying",
    ]


def test_many_downloads_share_one_line_of_pace() -> None:
    lines = plain((flowing(0), flowing(0, name="b.gguf")), (flowing(500, seconds=9), flowing(500, seconds=9)))
    assert lines[-1] == "0 of 2 done, 1.00 of 2.00 kB, 200 B/s, about 5 s left"


def test_no_display_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    display = NoDisplay()
    display.show((flowing(1),))
    display.close([])
    assert capsys.readouterr() == ("", "")
