from __future__ import annotations

import pytest

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.00 kB"),
        (1_234_567, "1.23 MB"),
        (12_345_678, "12.3 MB"),
        (99_960_000, "100 MB"),
        (999_499_999, "999 MB"),
        (999_999_999, "1.00 GB"),
        (6_940_000_000, "6.94 GB"),
        (5_000_000_000_000_000_000, "5000 PB"),
    ],
)
def test_sizes_have_three_digits_and_decimal_units(count: int, text: str) -> None:
    assert format.size(count) == text


def test_an_exact_size_says_both_where_they_differ() -> None:
    assert format.exact_size(1_234_567) == "1.23 MB (1,234,567 bytes)"
    assert [format.exact_size(count) for count in (0, 1, 3, 999)] == ["0 bytes", "1 byte", "3 bytes", "999 bytes"]


def test_a_part_of_a_whole_says_the_unit_once_where_it_is_the_same() -> None:
    assert format.size_of(2_920_000_000, 6_940_000_000) == "2.92 of 6.94 GB"
    assert format.size_of(920_000, 6_940_000_000) == "920 kB of 6.94 GB"
    assert format.size_of(0, 0) == "0 of 0 B"


def test_rates_are_sizes_a_second() -> None:
    assert format.rate(96_300_000.4) == "96.3 MB/s"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0.44, "0.4 s"),
        (9.96, "10 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.7, "1 h 00 min"),
        (3900, "1 h 05 min"),
        (86_399, "1 d 00 h"),
        (183_600, "2 d 03 h"),
    ],
)
def test_durations_have_two_units_at_most(seconds: float, text: str) -> None:
    assert format.duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.2, "about 1 s left"),
        (42.4, "about 42 s left"),
        (59.7, "about 60 s left"),
        (187, "about 3 min 05 s left"),
        (3900, "about 1 h 05 min left"),
        (86_400 * 99, ""),
    ],
)
def test_the_time_to_go_is_a_guess_and_says_so(seconds: float | None, text: str) -> None:
    assert format.eta(seconds) == text


def test_a_hundred_percent_means_every_byte() -> None:
    assert format.percentage(999, 1000) == "99 %"
    assert format.percentage(1000, 1000) == "100 %"
    assert format.percentage(0, 0) == "100 %"


def test_one_is_singular() -> None:
    assert format.shorten("model.safetensors", 5, "") == "model"
    assert [format.plural(count, "connection") for count in (0, 1, 2)] == [
        "0 connections",
        "1 connection",
        "2 connections",
    ]


def test_nothing_that_a_terminal_obeys_is_printed() -> None:
    assert format.printable("a\x1b[31mb\nc\u202egnp.exe\x7f\x9b") == "a\ufffd[31mb\ufffdc\ufffdgnp.exe\ufffd\ufffd"
    assert format.printable("modèle 模型 (v1).gguf") == "modèle 模型 (v1).gguf"


def test_names_are_cut_in_the_middle_by_the_columns_that_they_take() -> None:
    assert format.shorten("model.safetensors", 17) == "model.safetensors"
    assert format.shorten("flux1-dev-fp8.safetensors", 11) == "flux1…nsors"
    assert format.shorten("模型模型模型模型", 9) == "模型…模型"
    assert format.shorten("model.safetensors", 9, "..") == "mode..ors"
    assert format.shorten("model.safetensors", 5, "") == "model"
    assert [format.cell_width(format.shorten("模型模型", width)) for width in (0, 1, 2, 3)] == [0, 0, 2, 3]
