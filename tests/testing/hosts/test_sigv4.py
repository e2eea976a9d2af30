"""Signature Version 4, against the implementation that its inventor ships."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anymatix_fetcher.testing.hosts.sigv4 import Credentials, Signed, check, expiry, presign, query_pairs

CREDENTIALS = Credentials("AKIAEXAMPLE", "secret/key+with=signs")
NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC).timestamp()
HOST = "models.example:9000"


def botocores_query(path: str, method: str = "GET", extra: str = "", life_seconds: int = 60) -> str:
    """What botocore signs right now, with the query that it makes."""
    signer = botocore.auth.S3SigV4QueryAuth(
        botocore.credentials.Credentials(CREDENTIALS.access_key, CREDENTIALS.secret_key),
        "s3",
        "us-east-1",
        expires=life_seconds,
    )
    url = f"http://{HOST}{quote(path)}" + (f"?{extra}" if extra else "")
    request = botocore.awsrequest.AWSRequest(method=method, url=url)
    signer.add_auth(request)
    return urlsplit(str(request.url)).query


def issued_at(query: str) -> float:
    stamp = dict(query_pairs(query))["X-Amz-Date"]
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize("path", ["/bucket/model.safetensors", "/bucket/a b+c/ü~(1).bin"])
def test_what_botocore_signs_is_valid(path: str) -> None:
    extra = quote('response-content-disposition=attachment; filename="a b.bin"', safe="=")
    query = botocores_query(path, extra=extra)
    now = issued_at(query)
    signed = Signed("GET", HOST, quote(path))
    assert check(signed, CREDENTIALS, query, {"host": HOST}, now=now) == "valid"
    assert check(signed, CREDENTIALS, query, {"host": HOST}, now=now + 61) == "expired"
    assert check(Signed("HEAD", HOST, quote(path)), CREDENTIALS, query, {"host": HOST}, now=now) == "mismatch"


def test_what_is_signed_here_is_what_botocore_signs() -> None:
    theirs = botocores_query("/bucket/model.safetensors")
    ours = presign(
        Signed("GET", HOST, "/bucket/model.safetensors"), CREDENTIALS, now=issued_at(theirs), life_seconds=60
    )
    assert sorted(query_pairs(ours)) == sorted(query_pairs(theirs))


@pytest.mark.parametrize(
    ("query", "verdict"),
    [
        ("", "missing"),
        ("response-content-type=x", "missing"),
        ("X-Amz-Signature=00", "garbled"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Signature=00", "garbled"),
    ],
)
def test_queries_that_are_no_signature_are_told_apart(query: str, verdict: str) -> None:
    assert check(Signed("GET", HOST, "/a"), CREDENTIALS, query, {"host": HOST}, now=NOW) == verdict


@settings(max_examples=50)
@given(st.sampled_from(["X-Amz-Date", "X-Amz-Expires", "X-Amz-Credential", "X-Amz-Signature", "name"]), st.text())
def test_any_other_value_is_refused(name: str, value: str) -> None:
    signed = Signed("GET", HOST, "/a")
    query = presign(signed, CREDENTIALS, now=NOW, life_seconds=60, extra=[("name", "a")])
    pairs = dict(query_pairs(query))
    changed = "&".join(f"{key}={quote(value if key == name else old, safe='')}" for key, old in pairs.items())
    verdict = check(signed, CREDENTIALS, changed, {"host": HOST}, now=NOW)
    assert (verdict == "valid") == (pairs[name] == value)


def test_another_host_or_path_is_refused() -> None:
    signed = Signed("GET", HOST, "/a")
    query = presign(signed, CREDENTIALS, now=NOW, life_seconds=60)
    assert check(signed, CREDENTIALS, query, {"host": "evil"}, now=NOW) == "mismatch"
    assert check(Signed("GET", HOST, "/b"), CREDENTIALS, query, {"host": HOST}, now=NOW) == "mismatch"


def test_the_expiry_is_the_date_and_the_seconds() -> None:
    query = presign(Signed("GET", HOST, "/a"), CREDENTIALS, now=NOW + 0.9, life_seconds=300)
    assert expiry(dict(query_pairs(query))) == NOW + 300
    assert expiry({"X-Amz-Date": "20260304T050607Z", "X-Amz-Expires": "604801"}) is None
    assert expiry({"X-Amz-Date": "yesterday", "X-Amz-Expires": "1"}) is None
