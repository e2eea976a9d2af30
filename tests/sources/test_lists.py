from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.lists import MAX_LIST_BYTES, ListEntry, parse

HEX = "ab" * 32
SHA256 = Digest("sha256", HEX)


def refusal_of(text: str) -> str:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        parse(text.encode())
    assert refusal.value.hint
    return refusal.value.message


def test_references_stand_one_a_line_between_blank_lines_and_comments() -> None:
    text = "\ufeff# models\n\nhttps://h.example/a#part\r\n   # indented\ncivitai:sha256:00\n   \nhf:org/repo/x.bin\n"
    assert parse(text.encode()) == (
        ListEntry(("https://h.example/a#part",), 3),
        ListEntry(("civitai:sha256:00",), 5),
        ListEntry(("hf:org/repo/x.bin",), 7),
    )


def test_an_empty_list_has_no_downloads() -> None:
    assert parse(b"") == parse(b"# nothing\n\n") == ()


def test_digests_more_places_and_a_name_follow_the_reference() -> None:
    text = f"https://h.example/a\thttps://i.example/a  SHA-256:{HEX.upper()} md5:{'0' * 32} -> my model.bin"
    assert parse(text.encode()) == (
        ListEntry(
            ("https://h.example/a", "https://i.example/a"),
            1,
            name=SafeName("my model.bin"),
            digests=(SHA256, Digest("md5", "0" * 32)),
        ),
    )


def test_options_of_aria2_are_understood_or_passed_over() -> None:
    text = (
        f"https://h.example/a\n  out=b.bin\n\tdir=./models/loras\n  checksum=sha-256={HEX}\n"
        f"  --split=5\n  continue=true\nhttps://h.example/c sha256:{HEX}\n checksum=sha-256={HEX}\n"
    )
    first, second = parse(text.encode())
    assert (first.name, first.folder, first.digests, first.line) == ("b.bin", "models/loras", (SHA256,), 1)
    assert (second.name, second.folder, second.digests, second.line) == (None, "", (SHA256,), 7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" out=x", "line 1 is indented, but there is no reference above it"),
        ("civitai:1 SECRET", "line 1 of the list .* only digests"),
        ("\nhttps://h.example/a sha256:SECRET", "line 2 of the list .* not a sha256 digest"),
        ("https://h.example/a -> ../SECRET", "line 1 of the list .* the name isn't valid"),
        ("https://h.example/a -> ", "line 1 of the list"),
        ("https://h.example/a\n out=/etc/SECRET", "line 2 of the list .* the name isn't valid"),
        ("https://h.example/a\n\n dir=/etc/SECRET", "line 3 of the list .* the folder isn't below"),
        ("https://h.example/a\n dir=a/../../SECRET", "line 2 of the list .* the folder isn't below"),
        ("https://h.example/a\n dir=~", "line 2 of the list .* the folder isn't below"),
        (
            "https://h.example/a\n header=Authorization: SECRET",
            "line 2 of the list .* only options are out, dir, checksum",
        ),
        ("https://h.example/a\n out", "line 2 of the list .* only options are out, dir, checksum"),
        ("https://h.example/a\n checksum=md2=00", "line 2 of the list .* expected ALGORITHM:HEX"),
    ],
)
def test_a_line_that_cant_be_read_is_named_and_not_shown(text: str, message: str) -> None:
    shown = refusal_of(text)
    assert "SECRET" not in shown
    with pytest.raises(ReferenceSyntaxError, match=message):
        parse(text.encode())


def test_an_entry_doesnt_show_its_references() -> None:
    assert "SECRET" not in repr(parse(b"https://h.example/a?token=SECRET"))


def test_what_is_no_text_or_far_too_long_is_refused() -> None:
    with pytest.raises(ReferenceSyntaxError, match="UTF-8"):
        parse(b"\xff\xfe")
    with pytest.raises(ReferenceSyntaxError, match="64 MiB"):
        parse(b" " * (MAX_LIST_BYTES + 1))


@given(
    st.one_of(
        st.binary(max_size=80),
        st.lists(
            st.sampled_from(
                [
                    "https://h/a",
                    "\n",
                    " ",
                    "\t",
                    "->",
                    "out=",
                    "dir=",
                    "checksum=",
                    "sha-256",
                    ":",
                    "=",
                    "..",
                    "/",
                    "x",
                    HEX,
                    "#",
                ]
            ),
            max_size=25,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_every_text_is_read_or_refused(content: bytes) -> None:
    try:
        entries = parse(content)
    except ReferenceSyntaxError:
        return
    for entry in entries:
        assert entry.references
        assert not any(" ".join(reference.split()) != reference for reference in entry.references)
        assert ".." not in entry.folder.split("/")


def test_an_address_may_have_spaces_in_it() -> None:
    line = f"https://h.example/my model (v: 2).bin https://m.example/my model.bin sha256:{HEX} -> m.bin"
    (entry,) = parse(line.encode())
    assert entry.references == ("https://h.example/my model (v: 2).bin", "https://m.example/my model.bin")
    assert (entry.name, len(entry.digests)) == ("m.bin", 1)
