from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.formats.documents import (
    EXCERPT_SIZE,
    is_git_lfs_pointer,
    is_json,
    is_plain_error,
    is_web_page,
    is_xml,
    pointed_size,
    text_in,
)

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:%s\nsize 6938040682\n" % (b"0" * 64)


def test_a_pointer_says_how_large_the_file_is() -> None:
    assert is_git_lfs_pointer(POINTER)
    assert pointed_size(POINTER) == 6938040682
    assert pointed_size(POINTER.replace(b"size", b"seize")) is None
    assert is_git_lfs_pointer(b"version https://hawser.github.com/spec/v1\n")
    assert not is_git_lfs_pointer(b"version 1\n")


@given(st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=2000))
def test_text_is_read_as_it_was_written(text: str) -> None:
    assert text_in(text.encode()) == (text.encode()[:EXCERPT_SIZE].decode("utf-8", "ignore").removeprefix("\ufeff"))


@given(st.binary(max_size=EXCERPT_SIZE * 2))
def test_any_bytes_are_text_or_not(data: bytes) -> None:
    text = text_in(data)
    assert text is None or len(text) <= EXCERPT_SIZE


@given(st.text(alphabet='<!->html "{}:[]\\/?xml', max_size=EXCERPT_SIZE))
def test_any_text_is_judged(text: str) -> None:
    assert sum([is_json(text), is_web_page(text), is_plain_error(text)]) <= 1
    assert is_xml(text) in {True, False}


def test_long_runs_of_anything_are_judged_at_once() -> None:
    for piece in ("<!--", "<!-- -->", " ", "<a ", '{"', '{"\\', "[", "access to "):
        text = piece * (EXCERPT_SIZE // len(piece))
        assert not is_web_page(text)
        assert is_json(text) == (piece == "[")
