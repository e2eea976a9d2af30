from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources import metalink
from anymatix_fetcher.sources.metalink import MetalinkMirror, Pieces, parse

HEX = "ab" * 32
PLACE = "<url>https://h.example/m</url>"


def document(*files: str, attributes: str = 'xmlns="urn:ietf:params:xml:ns:metalink"') -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><metalink {attributes}>{"".join(files)}</metalink>'.encode()


def file(inside: str = PLACE, name: str = "m.bin") -> str:
    return f'<file name="{name}">{inside}</file>'


def refusal_of(content: bytes) -> str:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        parse(content)
    assert refusal.value.__cause__ is None
    return refusal.value.message


def test_a_file_has_a_name_a_size_digests_pieces_and_places_the_best_first() -> None:
    inside = f"""
      <size>5</size> <identity>M</identity> <language>en</language> <signature mediatype="a/b">x</signature>
      <hash type="md5">{"0" * 32}</hash> <hash type="sha-256"> {HEX.upper()} </hash> <hash type="md2">00</hash>
      <pieces length="3" type="sha-1"><hash>{"1" * 40}</hash><hash>{"2" * 40}</hash></pieces>
      <pieces length="4" type="sha-256"><hash>{"3" * 64}</hash><hash>{"4" * 64}</hash></pieces>
      <pieces length="4" type="tiger"><hash>00</hash></pieces>
      <url>https://c.example/m?sig=SECRET</url> <url priority="2" location="DE">http://b.example/m</url>
      <url priority="1">https://a.example/m</url> <url priority="1">ftp://d.example/m</url>
      <url priority="9">https://a.example/m</url> <url priority="0">https://e.example/m</url>
      <metaurl mediatype="torrent">https://t.example/m.torrent</metaurl>
      <x:url xmlns:x="urn:x">https://x.example/m</x:url>
    """
    (found,) = parse(document("<generator>g</generator>", file(inside)))
    assert (found.name, found.folder, found.size) == ("m.bin", "", 5)
    assert found.digests == (Digest("md5", "0" * 32), Digest("sha256", HEX))
    assert found.pieces == Pieces(4, (Digest("sha256", "3" * 64), Digest("sha256", "4" * 64)))
    assert found.mirrors == (
        MetalinkMirror(Url.parse("https://a.example/m"), 1),
        MetalinkMirror(Url.parse("http://b.example/m"), 2, "de"),
        MetalinkMirror(Url.parse("https://c.example/m?sig=SECRET"), 999_999),
        MetalinkMirror(Url.parse("https://e.example/m"), 999_999),
    )
    assert "SECRET" not in repr(found)


def test_several_files_may_go_down_into_folders() -> None:
    first, second = parse(document(file(name="a b/c/m.bin"), file(name="n.bin")))
    assert (first.folder, first.name) == ("a b/c", "m.bin")
    assert (second.folder, second.name) == ("", "n.bin")


def test_a_prefix_for_the_namespace_is_as_good_as_none() -> None:
    content = f'<m:metalink xmlns:m="{metalink.NAMESPACE}"><m:file name="m"><m:url>https://h.example/m</m:url></m:file></m:metalink>'
    assert parse(content.encode())[0].name == "m"


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "../m", "a/../m", "./m", "a//m", "a\\m", "..", "C:/m", "m/", "~/m"]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str) -> None:
    assert "file 1 of the Metalink can't be used: its name" in refusal_of(document(file(name=name)))


@pytest.mark.parametrize(
    ("inside", "message"),
    [
        ("", "no http or https URL"),
        ("<url>ftp://h.example/m</url><metaurl>https://t.example/m.torrent</metaurl>", "no http or https URL"),
        (f"{PLACE}<size>-1</size>", "its size isn't a number of bytes"),
        (f"{PLACE}<size>{10**19 - 1}</size>", "its size isn't a number of bytes"),
        (f'{PLACE}<hash type="sha-256">00</hash>', "not a sha256 digest"),
        (
            f'{PLACE}<hash type="md5">{"0" * 32}</hash><hash type="md5">{"1" * 32}</hash>',
            "two different digests of md5",
        ),
        (f'{PLACE}<size>9</size><pieces length="4" type="sha-1"><hash>{"1" * 40}</hash></pieces>', "its pieces"),
        (f'{PLACE}<pieces length="0" type="sha-1"><hash>{"1" * 40}</hash></pieces>', "its pieces"),
        (f'{PLACE}<pieces type="sha-1"><hash>{"1" * 40}</hash></pieces>', "its length of pieces"),
    ],
)
def test_what_cant_be_true_is_refused_with_the_files_number(inside: str, message: str) -> None:
    shown = refusal_of(document(file(), file(inside)))
    assert shown.startswith("file 2 of the Metalink can't be used: ")
    assert message in shown


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (document(), "describes no file"),
        (document(file(), attributes='xmlns="http://www.metalinker.org/" version="3.0"'), "version 3"),
        (document(file(), attributes='version="3.0"'), "version 3"),
        (document(file(), attributes=""), "isn't a Metalink"),
        (b"<html/>", "isn't a Metalink"),
        (b"not xml", "well-formed"),
        (b'<!DOCTYPE m [<!ENTITY x "y">]><m>&x;</m>', "document type"),
        (b" " * (metalink.MAX_METALINK_BYTES + 1), "64 MiB"),
    ],
)
def test_what_is_no_metalink_4_is_refused(content: bytes, message: str) -> None:
    assert message in refusal_of(content)


PARTS = [
    *('<file name="a">', "<file>", "</file>", "<size>", "</size>", "5", '<hash type="md5">', "</hash>", "0" * 32),
    *(
        '<pieces length="3" type="md5">',
        "</pieces>",
        "<url>",
        '<url priority="x">',
        "</url>",
        "https://h.example/m",
        "\xa0",
        "&",
    ),
]


@given(
    st.one_of(
        st.binary(max_size=50),
        st.lists(st.sampled_from(PARTS), max_size=12).map(lambda parts: document("".join(parts))),
    )
)
def test_every_content_is_read_or_refused(content: bytes) -> None:
    with suppress(ReferenceSyntaxError):
        assert all(found.mirrors and found.name for found in parse(content))
