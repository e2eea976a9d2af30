from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.links import (
    LAST_PRIORITY,
    MAX_LINKS,
    Duplicate,
    duplicates,
    links,
    metalink,
    next_page,
)
from anymatix_fetcher.core.values.urls import Url

BASE = Url.parse("https://h.example/a/model.bin?page=1")
PIECES = st.lists(
    st.sampled_from(
        ["<", ">", "/x", ";", ",", '"', "\\", "=", " ", "\t", "rel", "next", "pri", "duplicate", "\xe9", "?"]
    ),
    max_size=40,
).map("".join)


def of(*fields: str) -> Headers:
    return Headers(tuple(("Link", value) for value in fields))


def found(*fields: str) -> list[tuple[str, tuple[str, ...], dict[str, str]]]:
    return [(link.url.reveal(), link.relations, link.parameters) for link in links(of(*fields), BASE)]


def test_a_link_has_a_target_relations_and_parameters() -> None:
    assert found('</b>; rel="next last"; title="x"') == [("https://h.example/b", ("next", "last"), {"title": "x"})]


@pytest.mark.parametrize(
    "text",
    [
        '<b>; title="a, b; c <d>; rel=prev"; rel=next',
        '<b> ;title="quote \\" and, comma";rel = "next"',
        "<b>;REL=Next",
        "<b>; rel=next; rel=prev",
        "<b>;; flag; rel=next;",
        ", ,<b>; rel=next,,",
        'nonsense "with, comma", <b>; rel=next',
        "<b>; rel=next trailing nonsense; rel=prev",
        '<b>; rel="next',
    ],
)
def test_whatever_stands_around_it_one_link_is_read(text: str) -> None:
    assert [(url, relations) for url, relations, _ in found(text)] == [("https://h.example/a/b", ("next",))]


def test_commas_in_targets_and_several_fields_are_read() -> None:
    assert [url for url, _, _ in found("<b,c>; rel=a, <?x=1,2>; rel=b", "<//i.example/>; rel=c")] == [
        "https://h.example/a/b,c",
        "https://h.example/a/model.bin?x=1,2",
        "https://i.example/",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "b; rel=next",
        "<b>",
        "<b>; rel",
        '<b>; rel=""',
        "<b; rel=next",
        "<ftp://h.example/x>; rel=next",
        "<mailto:x>; rel=next",
    ],
)
def test_what_leads_nowhere_is_no_link(text: str) -> None:
    assert found(text) == []


def test_a_link_about_something_else_isnt_one_of_the_response() -> None:
    assert next_page(of('</b>; rel=next; anchor="/other"'), BASE) is None


def test_a_broken_field_doesnt_spoil_the_next_one() -> None:
    assert [url for url, _, _ in found('<b>; title="open', "</c>; rel=next")] == ["https://h.example/c"]


def test_the_next_page_is_where_the_list_goes_on() -> None:
    fields = '<https://h.example/api?cursor=a,b>; rel="next", <https://h.example/api>; rel="first"'
    page = next_page(of(fields), BASE)
    assert page is not None
    assert page.reveal() == "https://h.example/api?cursor=a,b"
    assert next_page(of('</b>; rel="prev"'), BASE) is None


def test_duplicates_come_best_first_with_what_is_said_of_them() -> None:
    fields = (
        "<http://c.example/m>; rel=duplicate, <http://b.example/m>; rel=duplicate; pri=2; geo=DE; pref",
        '<http://a.example/m>; pri="1"; rel="duplicate", <http://d.example/m>; rel=duplicate; pri=0',
    )
    assert duplicates(of(*fields), BASE) == (
        Duplicate(Url.parse("http://a.example/m"), 1),
        Duplicate(Url.parse("http://b.example/m"), 2, "de", same_validators=True),
        Duplicate(Url.parse("http://c.example/m"), LAST_PRIORITY),
        Duplicate(Url.parse("http://d.example/m"), LAST_PRIORITY),
    )


def test_the_metalink_is_told_from_other_descriptions_by_its_type() -> None:
    fields = (
        "<m.asc>; rel=describedby; type=application/pgp-signature",
        '<m.meta4>; rel=describedby; type="application/metalink4+xml; charset=utf-8"',
    )
    assert metalink(of(*fields), BASE) == Url.parse("https://h.example/a/m.meta4")
    assert metalink(of(fields[0]), BASE) is None


def test_only_so_many_links_are_read() -> None:
    assert len(found(", ".join(["<b>; rel=next"] * (MAX_LINKS + 5)))) == MAX_LINKS


@pytest.mark.parametrize("text", [",", "<", "<,", '"', '<x>;a="', ";", " ", "<x>;", '\\"', "<x>; rel=", "=,"])
def test_no_repetition_makes_it_slow(text: str) -> None:
    started = time.process_time()
    found(text * 50_000)
    assert time.process_time() - started < 5


@given(st.lists(PIECES, max_size=3))
def test_nothing_that_a_server_sends_makes_it_fail(fields: list[str]) -> None:
    headers = of(*fields)
    assert len(links(headers, BASE)) <= MAX_LINKS
    next_page(headers, BASE)
    duplicates(headers, BASE)
    metalink(headers, BASE)


TOKEN = st.text("abcXYZ019!#$&'*+-.^_`|~", min_size=1, max_size=8)


@given(
    st.lists(
        st.tuples(
            st.text("abc,;?=&/%", max_size=12),
            st.dictionaries(
                TOKEN.map(str.lower), st.text(st.characters(min_codepoint=32, max_codepoint=255)), max_size=3
            ),
        ),
        min_size=1,
        max_size=4,
    )
)
def test_what_is_written_by_the_rules_is_read_back(written: list[tuple[str, dict[str, str]]]) -> None:
    elements = []
    for target, parameters in written:
        parameters.pop("rel", None)
        parameters.pop("anchor", None)
        quoted = ((name, value.replace("\\", r"\\").replace('"', r"\"")) for name, value in parameters.items())
        elements.append(
            f"<https://i.example/{target}>; rel=r" + "".join(f'; {name}="{value}"' for name, value in quoted)
        )
    expected = [(f"https://i.example/{target}", ("r",), parameters) for target, parameters in written]
    assert found(", ".join(elements)) == expected
