from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.sources.forms import MAX_FIELDS, read_form

PIECES = ["<form id=f>", "<!", "<![", "[", "<!--", "x", ">", "&#xD800;", "<input type=hidden name=a value=", "'"]


def test_a_form_tells_where_it_leads_and_what_it_hides() -> None:
    page = "<FORM ID=f ACTION='/go?x&amp;y'><input type=HIDDEN name=a value='1&amp;2'><input type=hidden name=b></form>"
    form = read_form(page, "f")
    assert form is not None
    assert (form.action, form.fields, form.query) == ("/go?x&y", [("a", "1&2"), ("b", "")], "a=1%262&b=")
    assert "1&2" not in repr(form)


def test_only_hidden_fields_of_the_form_itself_count() -> None:
    page = (
        "<input type=hidden name=before value=1><form id=g><input type=hidden name=g></form>"
        "<form id=f><input name=seen value=1><input type=hidden value=nameless><input type=hidden name=a></form>"
        "<input type=hidden name=after><form id=f><input type=hidden name=second></form>"
    )
    form = read_form(page, "f")
    assert form is not None
    assert form.fields == [("a", "")]
    assert read_form(page, "h") is None


def test_a_page_without_an_end_is_read_as_far_as_it_goes() -> None:
    form = read_form("<form id=f>" + "<input type=hidden name=a>" * 1000 + "<input type=hid", "f")
    assert form is not None
    assert len(form.fields) == MAX_FIELDS


@given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
def test_no_page_is_too_broken(page: str) -> None:
    form = read_form(page, "f")
    assert form is None or form.query.isascii()
