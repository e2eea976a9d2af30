"""CloudFront's signed URLs: only what was signed is valid, and only until it expires."""

from __future__ import annotations

import base64
import json

from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.testing.hosts.cloudfront import PARAMETERS, KeyPair, check, sign

PAIR = KeyPair("K123", b"key")
URL = "http://cdn.example/xet/abc?response-content-disposition=inline"
FIELDS = dict(sign(URL, PAIR, deadline=1000))


def test_what_was_signed_is_valid_until_its_deadline() -> None:
    assert set(FIELDS) == PARAMETERS
    assert check(URL, FIELDS, PAIR, now=999.9) == "valid"
    assert check(URL, FIELDS, PAIR, now=1000) == "denied"


def test_the_policy_tells_the_deadline_in_the_url_safe_alphabet() -> None:
    policy = json.loads(base64.b64decode(FIELDS["Policy"].translate(str.maketrans("-_~", "+=/"))))
    assert policy["Statement"][0]["Condition"] == {"DateLessThan": {"EpochTime": 1000}}
    assert policy["Statement"][0]["Resource"] == URL
    assert not set("+=/") & set(FIELDS["Policy"] + FIELDS["Signature"])


def test_another_file_or_key_is_refused() -> None:
    assert check("http://cdn.example/xet/other", FIELDS, PAIR, now=0) == "denied"
    assert check(f"{URL}%3B", FIELDS, PAIR, now=0) == "denied"
    assert check(URL, {**FIELDS, "Key-Pair-Id": "K9"}, PAIR, now=0) == "unknown key"
    assert check(URL, {}, PAIR, now=0) == "missing key"
    assert check(URL, FIELDS, KeyPair("K123", b"another"), now=0) == "denied"


def test_without_a_range_in_its_policy_a_url_takes_any() -> None:
    for asked_range in (None, "bytes=0-9", "bytes=10-"):
        assert check(URL, FIELDS, PAIR, now=0, asked_range=asked_range) == "valid"


def test_a_range_in_the_policy_is_the_only_one_that_is_let_in() -> None:
    fields = dict(sign(URL, PAIR, deadline=1000, pinned="bytes=0-9"))
    policy = json.loads(base64.b64decode(fields["Policy"].translate(str.maketrans("-_~", "+=/"))))
    assert policy["Statement"][0]["Condition"]["ByteRange"] == {"ExpectedHeader": "bytes=0-9"}
    assert check(URL, fields, PAIR, now=0, asked_range="bytes=0-9") == "valid"
    for other in (None, "bytes=0-8", "bytes=10-19", "bytes=0-"):
        assert check(URL, fields, PAIR, now=0, asked_range=other) == "other range"
    assert check(URL, fields, PAIR, now=1000, asked_range="bytes=10-19") == "denied"


@given(st.sampled_from(["Policy", "Signature"]), st.text())
def test_any_other_policy_or_signature_is_refused(name: str, value: str) -> None:
    changed = {**FIELDS, name: value}
    assert (check(URL, changed, PAIR, now=0) == "valid") == (FIELDS[name] == value)
