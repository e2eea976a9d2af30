from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.sources.elements import MAX_DEPTH, parse

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]><lolz>&b;</lolz>"""


def test_a_document_is_a_tree_with_namespaces() -> None:
    root = parse(b'<a xmlns="urn:x" xmlns:y="urn:y"><b k="1" y:k="2"> t<c/>u </b><y:b/><b>&amp;<![CDATA[<]]></b></a>')
    assert (root.namespace, root.name) == ("urn:x", "a")
    assert [child.text for child in root.all("b")] == ["tu", "&<"]
    first = root.first("b")
    assert first is not None
    assert first.attributes["k"] == "1"
    assert root.first("c") is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (LAUGHS, "document type"),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "document type"),
        (b"<a>&undeclared;</a>", "well-formed"),
        (b"", "well-formed"),
        (b"<a>", "well-formed"),
        (b"<a></b>", "well-formed"),
        (b"<a/><b/>", "well-formed"),
        (b"{}", "well-formed"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', "well-formed|encoding"),
        (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "too deep"),
    ],
)
def test_what_is_broken_or_dangerous_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(content)


@given(
    st.one_of(
        st.binary(max_size=60),
        st.lists(
            st.sampled_from(
                [
                    "<a>",
                    "</a>",
                    "<b k='1'/>",
                    "<!DOCTYPE a>",
                    "<?xml version='1.0' encoding='",
                    "utf-7",
                    "'?>",
                    "&x;",
                    "\0",
                    "t",
                    ">",
                    "<",
                ]
            ),
            max_size=15,
        ).map(lambda parts: "".join(parts).encode()),
    )
)
def test_every_text_is_read_or_refused(content: bytes) -> None:
    with suppress(ValueError):
        assert parse(content).name
