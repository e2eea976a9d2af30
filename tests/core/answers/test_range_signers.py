"""Which requests carry a Range: what only leads on may sign its answer for it."""

from __future__ import annotations

import base64
import json

import pytest

from anymatix_fetcher.core.answers.address import Address
from anymatix_fetcher.core.answers.expiry import is_signed, signs_range
from anymatix_fetcher.core.answers.range_signers import RangeSigners
from anymatix_fetcher.core.values.http import Request
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.core.values.urls import Url

FIRST, OTHER = Span(0, 100), Span(100, 200)
ORIGIN, TARGET = Url.parse("https://files.example/m"), Url.parse("https://store.example/m?sig=1")


def policy(condition: object) -> str:
    text = json.dumps({"Statement": [{"Resource": "https://cdn.example/f", "Condition": condition}]})
    return base64.b64encode(text.encode()).decode().translate(str.maketrans("+=/", "-_~"))


@pytest.mark.parametrize(
    ("url", "binds"),
    [
        ("https://huggingface.co/org/model/resolve/main/m.safetensors", True),
        ("https://huggingface.co/datasets/org/data/resolve/refs%2Fpr%2F1/deep/m.bin?download=true", True),
        ("https://huggingface.co/api/resolve-cache/models/org/model/COMMIT/c.json?etag=%22a%22", True),
        ("https://hf-mirror.com/org/model/resolve/main/m.safetensors", True),
        ("http://127.0.0.1:8080/below/org/model/resolve/main/m.safetensors", True),
        ("https://huggingface.co/org/model/blob/main/m.safetensors", False),
        ("https://h.example/resolve/main", False),
        ("https://h.example/m.safetensors", False),
        ("https://cdn.example/org/model/resolve/main/m?Policy=" + policy({"DateLessThan": {"EpochTime": 2e9}}), False),
    ],
)
def test_a_hubs_addresses_are_known_by_their_form(url: str, *, binds: bool) -> None:
    assert RangeSigners().binds(Url.parse(url)) == binds


@pytest.mark.parametrize(
    ("query", "bound"),
    [
        (f"Policy={policy({'DateLessThan': {'EpochTime': 2_000_000_000}, 'ByteRange': {}})}", True),
        (f"Policy={policy({'DateLessThan': {'EpochTime': 2_000_000_000}})}", False),
        ("Policy=%00&Signature=x&Key-Pair-Id=K", False),
        (f"Policy={base64.b64encode(b'[1]').decode()}", False),
        ("X-Amz-Date=20260101T000000Z&X-Amz-Expires=9&X-Amz-Signature=0&X-Amz-SignedHeaders=host%3Brange", True),
        ("X-Amz-Date=20260101T000000Z&X-Amz-Expires=9&X-Amz-Signature=0&X-Amz-SignedHeaders=host", False),
    ],
)
def test_an_address_says_whether_it_is_signed_for_one_range(query: str, *, bound: bool) -> None:
    assert signs_range(Url.parse(f"https://cdn.example/f?{query}")) == bound


def test_a_policy_alone_makes_an_address_a_signed_one() -> None:
    assert is_signed(Url.parse(f"https://cdn.example/f?Policy={policy({'ByteRange': {}})}"))
    assert not is_signed(Url.parse("https://h.example/f?Policy=privacy"))


def test_on_the_way_no_range_is_asked_for_and_at_the_target_one_always() -> None:
    address = Address(Resource(Url.parse("https://huggingface.co/o/m/resolve/main/f")))
    asked = address.request(address.origin_url, FIRST, if_range=None, fresh_connection=False, http1_only=False)
    assert asked.span is None
    address.settle(address.origin_url)  # the hub sent the file itself
    asked = address.request(address.origin_url, OTHER, if_range=None, fresh_connection=False, http1_only=False)
    assert asked.span == OTHER


def led_by(span: Span | None) -> Request:
    return Request(ORIGIN, span)


def test_a_target_that_has_served_its_walks_range_alone_may_be_bound_to_it() -> None:
    address = Address(Resource(ORIGIN))
    address.settle(TARGET, led_by(FIRST), FIRST)
    assert address.may_be_bound(OTHER)
    assert not address.may_be_bound(FIRST)
    assert not address.may_be_bound(None)
    address.settle(TARGET, led_by(FIRST), OTHER)
    assert not address.may_be_bound(Span(200, 300))


def test_a_suspect_is_asked_for_no_range_and_proved_by_what_its_address_takes_then() -> None:
    signers = RangeSigners()
    address = Address(Resource(ORIGIN), signers)
    address.settle(TARGET, led_by(FIRST), FIRST)
    address.unbind()
    assert not address.settled
    assert signers.binds(ORIGIN)
    assert signers.is_suspected(led_by(None))
    assert not signers.proved  # nothing to remember yet
    address.settle(TARGET, led_by(None), OTHER)
    assert signers.proved == {ORIGIN.origin}
    assert not signers.is_suspected(led_by(None))
    assert not address.may_be_bound(Span(200, 300))


def test_what_an_earlier_run_has_found_out_counts() -> None:
    assert RangeSigners(lambda origin: origin == ORIGIN.origin).binds(ORIGIN)
