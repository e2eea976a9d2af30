from __future__ import annotations

from dataclasses import replace

import pytest

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.glyphs import ASCII, BLOCKS, Glyphs
from anymatix_fetcher.cli.display.picture import Screen, picture
from anymatix_fetcher.core.values.spans import Span, SpanSet
from anymatix_fetcher.engine.facts import Phase, Progress
from tests.cli.fakes import URL, flowing

MB = 1_000_000
HALF = Progress(
    URL,
    name="flux1-dev.safetensors",
    phase=Phase.TRANSFERRING,
    length=1000 * MB,
    bytes_stored=420 * MB,
    bytes_resumed=20 * MB,
    bytes_verified=200 * MB,
    bytes_per_second=96.3 * MB,
    eta_seconds=6.02,
    connections=8,
    stored=SpanSet.of(Span(0, 300 * MB), Span(500 * MB, 620 * MB)),
    in_flight=SpanSet.of(Span(300 * MB, 400 * MB), Span(620 * MB, 700 * MB)),
    seconds=4.0,
)


def drawn(*progress: Progress, width: int = 60, height: int = 24, glyphs: Glyphs = ASCII) -> list[str]:
    return ["".join(text for text, _ in line) for line in picture(progress, Screen(width, height, glyphs))]


def test_one_file_is_shown_with_bar_numbers_and_map() -> None:
    assert drawn(HALF) == [
        "flux1-dev.safetensors                          8 connections",
        "#######...........   42 %  96.3 MB/s  about 6 s left",
        "420 MB of 1.00 GB written  200 MB verified  20.0 MB resumed",
        "########################============>>>>>>>>>>>>............",
        "==============>>>>>>>>>>....................................",
    ]


def test_blocks_are_used_where_the_terminal_has_them() -> None:
    lines = drawn(HALF, glyphs=BLOCKS)
    assert lines[1].startswith("━" * 7 + "─" * 11 + " ")
    assert lines[3] == "█" * 24 + "▓" * 12 + "░" * 12 + "·" * 12


def test_a_narrow_terminal_keeps_the_numbers_whole() -> None:
    assert drawn(HALF, width=20) == [
        "flux1-dev..fetensors",
        "#####........   42 %",
        "96.3 MB/s",
        "############======>>",
        ">>>>......=======>>>",
        ">>..................",
    ]


def test_what_an_earlier_run_left_is_said_where_there_is_room() -> None:
    assert drawn(HALF, width=80)[2] == "420 MB of 1.00 GB written  200 MB verified  20.0 MB resumed"


@pytest.mark.parametrize("width", [1, 5, 11, 20, 33, 40, 79, 80, 200])
@pytest.mark.parametrize("glyphs", [BLOCKS, ASCII])
def test_no_line_is_wider_than_the_terminal(width: int, glyphs: Glyphs) -> None:
    shouting = replace(HALF, note="the server asks to wait 12 s, and says so at length", name="模型" * 40)
    states = [replace(shouting, phase=phase) for phase in Phase]
    states += [replace(shouting, length=None), replace(shouting, length=0, bytes_stored=0), Progress(URL)]
    for many in [*([state] for state in states), states]:
        assert all(format.cell_width(line) <= width for line in drawn(*many, width=width, glyphs=glyphs))


@pytest.mark.parametrize("height", [1, 2, 3, 5, 8, 24])
def test_the_picture_leaves_a_row_free(height: int) -> None:
    assert len(drawn(HALF, height=height)) <= max(1, height - 1)
    assert len(drawn(*[HALF] * 30, height=height)) <= max(1, height - 1)


def test_verifying_shows_how_far_the_digest_has_come() -> None:
    verifying = replace(HALF, phase=Phase.VERIFYING, bytes_stored=1000 * MB, bytes_verified=250 * MB, eta_seconds=1.4)
    title, bar, *_ = drawn(verifying)
    assert title.endswith("verifying")
    assert "  25 %  about 1 s left" in bar


def test_waiting_for_another_process_is_said_and_no_bar_is_drawn() -> None:
    waiting = Progress(URL, phase=Phase.WAITING, note="another anyfetch downloads it")
    assert drawn(waiting) == [
        "model.safetensors                                    waiting",
        "another anyfetch downloads it",
    ]


def test_an_unknown_length_has_neither_bar_nor_map() -> None:
    unknown = replace(HALF, length=None, eta_seconds=None, bytes_verified=0, bytes_resumed=0, connections=1)
    assert drawn(unknown) == [
        "flux1-dev.safetensors                           1 connection",
        "96.3 MB/s",
        "420 MB written",
    ]


def test_names_cant_command_the_terminal() -> None:
    assert drawn(replace(HALF, name="\x1b[2Jx.safetensors"))[0].startswith("?[2Jx.safetensors ")


def test_many_files_get_a_line_each_and_one_for_all() -> None:
    files = [
        flowing(250, name="a.gguf"),
        Progress(URL, name="b.gguf"),
        replace(flowing(1000, name="c.gguf"), phase=Phase.DONE),
        replace(flowing(0, name="d.gguf"), phase=Phase.FAILED),
    ]
    assert drawn(*files, width=70) == [
        "a.gguf  ######....................   25 %    100 B/s  8 s left",
        "b.gguf  opening",
        "1 of 4 done, 1 failed  1.25 kB  100 B/s",
    ]


def columns_of(line: str) -> tuple[int, int]:
    """Where the bar begins and where it ends."""
    bar = [index for index, sign in enumerate(line) if sign in "━─"]
    return bar[0], bar[-1]


@pytest.mark.parametrize("width", [40, 60, 79, 120])
def test_the_bars_stay_where_they_are_whatever_the_numbers_are(width: int) -> None:
    frames = [
        replace(HALF, name="one", bytes_per_second=rate, eta_seconds=seconds, bytes_stored=stored, phase=phase)
        for rate, seconds, stored in (
            (0.0, None, 1),
            (999.0, 3.0, 10 * MB),
            (282_000.0, 70.0, 420 * MB),
            (99.9 * MB, 3595.0, 999 * MB),
            (1.0, 98 * 86_400.0, 1000 * MB),
        )
        for phase in (Phase.TRANSFERRING, Phase.VERIFYING)
    ]
    rows = [row for one in frames for row in drawn(one, replace(HALF, name="two.gguf"), width=width, glyphs=BLOCKS)[:2]]
    assert len({columns_of(row) for row in rows if row.startswith("one")}) == 1
    flowing_alone = [one for one in frames if one.phase is Phase.TRANSFERRING]
    alone = [drawn(one, width=width, glyphs=BLOCKS)[1] for one in flowing_alone]
    assert len({columns_of(line) for line in alone}) == 1


def test_names_take_the_same_room_when_a_file_has_ended() -> None:
    long = replace(flowing(10, name="a-longer-name.safetensors"), phase=Phase.DONE)
    before = drawn(replace(long, phase=Phase.TRANSFERRING), flowing(10, name="b.gguf"))[1]
    assert drawn(long, flowing(10, name="b.gguf"))[0] == before


def test_a_name_that_isnt_known_yet_is_the_end_of_the_path_decoded_and_without_its_query() -> None:
    opening = Progress("https://example.org/a/%E6%97%A5%20x.safetensors?...")
    assert drawn(opening, glyphs=BLOCKS)[0].startswith("日 x.safetensors ")
    assert drawn(opening, Progress("hf:org/repo@main"))[1].startswith("repo@main ")


def test_a_file_that_flows_and_has_a_note_shows_both_how_far_and_why() -> None:
    noted = replace(flowing(250, name="a.gguf"), note="one stream only")
    assert drawn(noted, flowing(1, name="b.gguf"))[0] == "a.gguf   25 %  one stream only"


def test_more_files_than_lines_are_counted() -> None:
    lines = drawn(*[flowing(250, name=f"{index}.gguf") for index in range(20)])
    assert len(lines) == 10
    assert lines[-2:] == ["and 12 more", "0 of 20 done  5.00 of 20.0 kB  2.00 kB/s  about 8 s left"]


def test_files_that_move_are_shown_before_those_that_wait_their_turn() -> None:
    lines = drawn(*[Progress(URL, name=f"{index}.gguf") for index in range(20)], flowing(1, name="moving.gguf"))
    assert lines[0].startswith("moving.gguf")


def test_a_file_that_waits_says_why_and_cant_command_the_terminal() -> None:
    waiting = Progress(URL, name="a.gguf", phase=Phase.WAITING, note="another process\x1b[2J has it, at some length")
    lines = drawn(waiting, flowing(1, name="b.gguf"), width=40)
    assert lines[0] == "a.gguf  another process.. at some length"
