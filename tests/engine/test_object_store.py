"""Signed URLs of an object store that others have written, made by Amazon's own client: OpenStack Swift and boto3."""

from __future__ import annotations

import hashlib
import random
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from anymatix_fetcher import AccessDeniedError, Status, fetch
from anymatix_fetcher.testing.hosts.sigv4 import Credentials, Signed, presign
from tests.testing.hosts.asking import ask

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.swift import Swift

KEY = "a folder/model+v1.bin"
CONTENT = random.Random(5).randbytes(24_000_001)


@pytest.fixture(scope="module")
def store(swift: Swift) -> Swift:
    swift.put(KEY, CONTENT)
    return swift


def stand_ins_url(store: Swift, key: str, *, issued_at: float, life_seconds: int) -> str:
    """The same as the stand-ins sign it."""
    parts = urlsplit(store.presigned(key))
    credentials = Credentials(store.access_key, store.secret_key)
    query = presign(Signed("GET", parts.netloc, parts.path), credentials, now=issued_at, life_seconds=life_seconds)
    return f"{store.url}{parts.path}?{query}"


def test_a_signed_url_opens_ranges(store: Swift) -> None:
    reply = ask(store.presigned(KEY), Range="bytes=5-104")
    assert (reply.status, reply.headers["content-range"]) == (206, f"bytes 5-104/{len(CONTENT)}")
    assert reply.body == CONTENT[5:105]


def test_a_url_that_is_signed_for_get_refuses_head(store: Swift) -> None:
    assert ask(store.presigned(KEY), "HEAD").status == 403


def test_an_expired_url_is_refused_and_says_so(store: Swift) -> None:
    reply = ask(stand_ins_url(store, KEY, issued_at=time.time() - 3600, life_seconds=60))
    assert reply.status == 403
    assert "<Code>AccessDenied</Code><Message>Request has expired</Message>" in reply.text


def test_a_changed_signature_is_refused(store: Swift) -> None:
    reply = ask(store.presigned(KEY).replace("X-Amz-Expires=3600", "X-Amz-Expires=3601"))
    assert (reply.status, "SignatureDoesNotMatch" in reply.text) == (403, True)


def test_what_the_stand_ins_sign_is_good_for_the_store_too(store: Swift) -> None:
    url = stand_ins_url(store, KEY, issued_at=time.time(), life_seconds=3600)
    assert ask(url, Range="bytes=0-9").body == CONTENT[:10]
    assert ask(url, "HEAD").status == 403


def test_a_signed_object_comes_whole_over_several_connections(store: Swift, tmp_path: Path) -> None:
    digest = hashlib.sha256(CONTENT).hexdigest()
    slow = 20_000_000  # else one connection may bring it all while the others are opened
    result = fetch(
        store.presigned(KEY), directory=tmp_path, digests=[f"sha256:{digest}"], connections=4, limit_rate=slow
    )
    assert result.path is not None
    assert result.path.read_bytes() == CONTENT
    assert (result.status, result.verified, result.bytes_downloaded) == (Status.DOWNLOADED, "sha256", len(CONTENT))
    assert result.connections_peak > 1


def test_an_expired_link_is_called_that(store: Swift, tmp_path: Path) -> None:
    url = stand_ins_url(store, KEY, issued_at=time.time() - 3600, life_seconds=60)
    with pytest.raises(AccessDeniedError) as caught:
        fetch(url, directory=tmp_path)
    assert "expired" in str(caught.value)
    assert "fresh one" in caught.value.hint
    assert "Signature" not in str(caught.value)
