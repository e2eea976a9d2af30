from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.filenames import (
    MAX_NAME_BYTES,
    OWN_SUFFIXES,
    choose_name,
    exact_name,
    filename_from,
    safe_name,
)
from anymatix_fetcher.core.values.http import Headers


@pytest.mark.parametrize(
    ("given_name", "expected"),
    [
        ("model.safetensors", "model.safetensors"),
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("/etc/passwd", "passwd"),
        ("C:\\x.bin", "x.bin"),
        ("C:x.bin", "C_x.bin"),
        ("\\\\host\\share\\x.bin", "x.bin"),
        ("..%2f..%2fx", "_%2f..%2fx"),
        (".bashrc", "_bashrc"),
        ("-rf", "_rf"),
        ("~root", "_root"),
        ("a. . ", "a"),
        ("  a b.bin", "a b.bin"),
        ("a:b", "a_b"),
        ('what?*"<>|.bin', "what______.bin"),
        ("CON", "_CON"),
        ("nul.safetensors", "_nul.safetensors"),
        ("COM\u00b9.txt", "_COM\u00b9.txt"),
        ("lpt0", "_lpt0"),
        ("CONIN$.x", "_CONIN$.x"),
        ("con .txt", "_con .txt"),
        ("console.txt", "console.txt"),
        ("a\x00b\x1b[31m\r\n\x07\x7f.bin", "ab[31m.bin"),
        ("txt.\u202efdp.exe", "txt.fdp.exe"),
        ("a\u200b\ufeffb.bin", "ab.bin"),
        ("a\ud800b.bin", "ab.bin"),
        ("e\u0301.bin", "\u00e9.bin"),
        ("x.part", "x.part_"),
        ("x.PART.journal", "x.PART.journal_"),
        ("x.part.lock", "x.part.lock_"),
        ("x.part.foreign", "x.part.foreign_"),
        (f"{'0aF' * 21}b.Json", f"{'0aF' * 21}b.Json_"),
        (f"{'0' * 63}.json", f"{'0' * 63}.json"),
        (f"{'0' * 64}.json.json", f"{'0' * 64}.json.json"),
    ],
)
def test_a_name_from_a_server_becomes_one_harmless_component(given_name: str, expected: str) -> None:
    assert safe_name(given_name) == expected


@pytest.mark.parametrize("nothing", ["", ".", "..", "...", " . ", "a/", "dir\\", "\u202e", "/", "~", "---", "\x00"])
def test_where_nothing_of_a_name_is_left_there_is_none(nothing: str) -> None:
    assert safe_name(nothing) is None


def test_an_overlong_name_is_cut_between_characters_and_keeps_its_extension() -> None:
    name = safe_name("\u00fc" * 200 + ".safetensors")
    assert name is not None
    assert name.endswith("\u00fc.safetensors")
    assert MAX_NAME_BYTES - 3 <= len(name.encode()) <= MAX_NAME_BYTES


def test_an_overlong_extension_is_none() -> None:
    name = safe_name("a." + "b" * 300)
    assert name is not None
    assert len(name) == MAX_NAME_BYTES - 1


@given(st.text(max_size=400))
def test_whatever_comes_the_name_is_safe_and_stays_as_it_is(text: str) -> None:
    name = safe_name(text)
    if name is None:
        return
    assert len(name.encode()) + len(".part.journal") <= 255
    assert not set(name) & set('/\\:<>"|?*\0')
    assert name[0] not in ".-~ "
    assert name[-1] not in ". "
    assert unicodedata.normalize("NFC", name) == name
    assert not name.casefold().endswith(OWN_SUFFIXES)
    assert safe_name(name) == name


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ('attachment; filename="a b.bin"', "a b.bin"),
        ("attachment; filename=a.bin", "a.bin"),
        ("attachment; filename=a.bin;", "a.bin"),
        ('inline;filename="a;b.bin" ; size=3', "a;b.bin"),
        ("filename=a.bin", "a.bin"),
        ('ATTACHMENT; FILENAME = "a.bin"', "a.bin"),
        ('attachment; filename="unterminated.bin', "unterminated.bin"),
        (r'attachment; filename="say \"hi\".bin"', 'say "hi".bin'),
        (r'attachment; filename="C:\dir\x.bin"', r"C:\dir\x.bin"),
        ("attachment; filename=\"plain.bin\"; filename*=UTF-8''na%C3%AFve.bin", "na\u00efve.bin"),
        ("attachment; filename*=UTF-8'de'%e2%82%ac.bin; filename=plain.bin", "\u20ac.bin"),
        ("attachment; filename*=iso-8859-1''%a3.bin", "\u00a3.bin"),
        ("attachment; filename*=UTF-8''%c0%af; filename=plain.bin", "plain.bin"),
        ("attachment; filename*=nonsense; filename=plain.bin", "plain.bin"),
        ("attachment; filename=first.bin; filename=second.bin", "first.bin"),
        ('attachment; filename="na\u00c3\u00afve.bin"', "na\u00efve.bin"),
        ('attachment; filename="\u00a3.bin"', "\u00a3.bin"),
        ("attachment; xfilename=a.bin", None),
        ('attachment; filename=""', None),
        ("attachment", None),
        ("", None),
    ],
)
def test_the_name_is_read_from_every_form_that_servers_send(field: str, expected: str | None) -> None:
    assert filename_from(Headers.of(content_disposition=field)) == expected


@given(st.text(alphabet="aF; =\"'*\\%8c0UTF-utfilename\u00e9\x00", max_size=80))
def test_no_field_makes_the_parser_raise(field: str) -> None:
    name = filename_from(Headers.of(content_disposition="attachment; filename" + field))
    assert name is None or name


def test_the_response_names_the_file_before_the_url_and_the_url_before_the_fallback() -> None:
    disposition = Headers.of(content_disposition='attachment; filename="a.bin"')
    assert choose_name(disposition, "b.bin", "c.bin") == "a.bin"
    assert choose_name(Headers(), "b.bin", "c.bin") == "b.bin"
    assert choose_name(Headers.of(content_disposition='attachment; filename=".."'), "", "c.bin") == "c.bin"
    assert choose_name(Headers(), "", "") == "download"


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ('"=?UTF-8?B?bW9kZWwuc2FmZXRlbnNvcnM=?="', "model.safetensors"),
        ('"=?utf-8?Q?caf=C3=A9_1%.bin?="', "caf\u00e9 1%.bin"),
        ('"=?ISO-8859-1?Q?caf=E9.bin?="', "caf\u00e9.bin"),
        ('"=?UTF-8?B?bW9k?= =?UTF-8?B?ZWwuYmlu?="', "model.bin"),
        ('"=?UTF-8*en?b?bW9kZWwuYmlu?="', "model.bin"),
        ('"my =?UTF-8?Q?caf=C3=A9?=.bin"', "my caf\u00e9.bin"),
        ("=?UTF-8?B?bW9kZWwuYmlu?=", "model.bin"),
        ('"a=?b.bin"', "a=?b.bin"),
    ],
)
def test_encoded_words_of_mail_are_read(value: str, name: str) -> None:
    assert filename_from(Headers((("Content-Disposition", f"attachment; filename={value}"),))) == name


@pytest.mark.parametrize("word", ["=?UTF-8?B?!!!!?=", "=?none?Q?a.bin?=", "=?UTF-8?Q?=FF?=", "=?UTF-8?B?/w==?="])
def test_where_an_encoded_word_cant_be_read_the_addresss_name_counts(word: str) -> None:
    headers = Headers((("Content-Disposition", f'attachment; filename="{word}"'),))
    assert choose_name(headers, "model.safetensors", "x") == "model.safetensors"


@pytest.mark.parametrize(
    "name", ["a.bin", "-a.bin", "a: b?.bin", "cafe\u0301.bin", "caf\u00e9.bin", "con.bin", "a*|.bin"]
)
def test_what_linux_and_macos_can_call_a_file_is_an_exact_name(name: str) -> None:
    assert exact_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".a",
        "~a",
        " a",
        "a ",
        "a.",
        "a/b",
        "a\\b",
        "a\0b",
        "a\u200b",
        "a\ud800",
        "---",
        "a.part",
        "a" * 250,
        "a\nb",
        "0" * 64 + ".json",
    ],
)
def test_what_hides_something_or_leads_elsewhere_is_no_exact_name(name: str) -> None:
    assert exact_name(name) is None
