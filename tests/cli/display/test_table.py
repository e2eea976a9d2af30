from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.cli.display import format  # noqa: A004 - the module is called what it is about
from anymatix_fetcher.cli.display.table import table

ROWS = [("NAME", "KIND", "SIZE", ""), ("a-name-of-thirty-characters-or-so", "lora", "7", "= other")]


def test_columns_are_as_wide_as_their_texts() -> None:
    assert table(ROWS, right={2}) == [
        "NAME                               KIND  SIZE",
        "a-name-of-thirty-characters-or-so  lora     7  = other",
    ]


def test_columns_without_a_text_are_left_out() -> None:
    assert table([("A", "", "B"), ("a", "", "b")]) == ["A  B", "a  b"]


def test_what_is_optional_goes_before_a_name_becomes_too_short() -> None:
    assert table(ROWS, right={2}, optional=(1,), width=50) == [
        "NAME                               SIZE",
        "a-name-of-thirty-characters-or-so     7  = other",
    ]


def test_names_are_cut_in_the_middle_where_they_have_to_be() -> None:
    assert table(ROWS, right={2}, optional=(1,), width=35)[1] == "a-name-of-\u2026ers-or-so     7  = other"


def test_notes_are_cut_last() -> None:
    assert table(ROWS, right={2}, optional=(1,), width=30)[1] == "a-name-of-\u2026ers-or-so     7  ="


def test_what_a_terminal_would_obey_isnt_written() -> None:
    assert table([("a\x1b[31mb",)]) == ["a\ufffd[31mb"]


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=1, max_size=5), st.integers(30, 200))
def test_no_line_is_wider_than_the_terminal_where_the_least_fits(rows: list[tuple[str, str, str]], width: int) -> None:
    lines = table([(name, size[:6], note) for name, size, note in rows], optional=(1,), width=width)
    assert len(lines) == len(rows)
    assert all(format.cell_width(line) <= width for line in lines)
