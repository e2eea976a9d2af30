from __future__ import annotations

import json
import string
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.http import Headers, Refused
from anymatix_fetcher.core.values.refusals import Refusal
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.sources.explanations.anywhere import ANYWHERE, PROTECTIONS
from anymatix_fetcher.sources.explanations.lookup import HUBS, explain, row_for
from anymatix_fetcher.sources.explanations.stores import AZURE, BEHIND_A_HUB, GOOGLE_CLOUD, OWN_LINKS, S3
from tests.sources.explanations import (
    test_anywhere,
    test_civitai,
    test_github,
    test_hubs,
    test_huggingface,
    test_stores,
)

if TYPE_CHECKING:
    from anymatix_fetcher.sources.explanations.row import Row
    from tests.sources.explanations.examples import Example

GROUPS = (test_anywhere, test_civitai, test_github, test_hubs, test_huggingface, test_stores)
EXAMPLES = [example for group in GROUPS for example in group.EXAMPLES.values()]
ROWS = [
    *(row for rows in HUBS.values() for row in rows),
    *(*PROTECTIONS, *ANYWHERE, *BEHIND_A_HUB, *OWN_LINKS, *S3, *GOOGLE_CLOUD, *AZURE),
]


def row_of(example: Example) -> Row | None:
    return row_for(example.service, example.refused, example.address, authorized=example.authorized)


def test_every_row_of_the_table_has_an_example() -> None:
    reached = {id(row_of(example)) for example in EXAMPLES}
    assert [row for row in ROWS if id(row) not in reached] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.sentence)
def test_a_sentence_has_no_stop_for_the_address_follows_and_a_hint_has_one(row: Row) -> None:
    assert not row.sentence.endswith(".")
    assert row.hint.endswith((".", "..."))


@pytest.mark.parametrize(
    "kind",
    [
        Refusal.CHANGED,
        Refusal.RANGE_IGNORED,
        Refusal.MISLABELLED,
        Refusal.ENCODED,
        Refusal.UNSATISFIABLE,
        Refusal.UNSAFE_REDIRECT,
    ],
)
@pytest.mark.parametrize("service", [*HUBS, "any"])
def test_what_is_about_bytes_and_ways_is_left_to_the_judges_own_words(service: str, kind: Refusal) -> None:
    for example in EXAMPLES:
        refused = replace(example.refused, kind=kind)
        assert explain(service, refused, example.address, authorized=False) is None


@pytest.mark.parametrize("service", [*HUBS, "s3", "gcs", "azure", "any", "unheard-of"])
def test_what_means_nothing_particular_isnt_explained(service: str) -> None:
    for status in (418, 500, 502):
        refused = Refused(Refusal.UNEXPECTED, "answered", status)
        assert explain(service, refused, Url.parse("https://h.example/m"), authorized=True) is None


def test_a_store_behind_a_hub_doesnt_speak_in_the_hubs_words() -> None:
    refused = Refused(Refusal.FORBIDDEN, "answered 403", 401)
    signed = Url.parse("https://h.example/m?X-Amz-Signature=0")
    assert explain("civitai", refused, signed, authorized=True) is None
    assert explain("civitai", refused, Url.parse("https://h.example/m"), authorized=True) is not None


secrets = st.text(string.ascii_letters + string.digits, min_size=8, max_size=30).map("s3cr3t{}".format)


@given(secrets, st.sampled_from(EXAMPLES), st.sampled_from([*HUBS, "any"]), st.booleans())
def test_no_secret_reaches_a_message_or_a_hint(secret: str, example: Example, service: str, authorized: bool) -> None:  # noqa: FBT001 - drawn
    query = "&" if "?" in example.url else "?"
    url = Url.parse(example.url.replace("https://", f"https://me:{secret}@") + f"{query}token={secret}#{secret}")
    headers = {name: f"{value} {secret}" for name, value in example.headers.items()}
    headers |= {"Location": f"https://h.example/a/b/c?token={secret}", "Set-Cookie": secret}
    body = f"{example.body} {secret} {json.dumps({'message': secret, 'deadline': secret})}"
    refused = replace(example.refused, headers=Headers(tuple(headers.items())), excerpt=body)
    error = explain(service, refused, url, authorized=authorized)
    if error is not None:
        assert secret not in f"{error} {error!r} {error.hint}"


@given(
    st.sampled_from([*HUBS, "any"]),
    st.sampled_from([200, 202, 301, 308, 400, 401, 402, 403, 404, 409, 410, 412, 429, 451, 500, 503, 509, 511]),
    st.dictionaries(
        st.sampled_from(
            ["Content-Type", "X-Error-Code", "X-Error-Message", "X-RateLimit-Reset", "Date", "Location", "cf-mitigated"]
        ),
        st.text(max_size=40) | st.sampled_from(["text/html", "GatedRepo", "99999999999", "9999999999", "/a/b/c"]),
    ),
    st.text(max_size=100) | st.builds(lambda text: json.dumps({"deadline": text}), st.text() | st.integers()),
    st.text(string.ascii_letters + "/%.{}-", max_size=40),
)
def test_no_answer_is_an_error(service: str, status: int, fields: dict[str, str], body: str, path: str) -> None:
    refused = Refused(Refusal.UNEXPECTED, "answered", status, headers=Headers(tuple(fields.items())), excerpt=body)
    error = explain(service, refused, Url.parse(f"https://h.example/{path}"), authorized=False)
    if error is not None:
        assert error.hint
        assert error.message.isprintable()
