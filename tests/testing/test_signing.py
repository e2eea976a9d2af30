from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from anymatix_fetcher.testing import Origin, Signer
from tests.testing.wire import fetch

if TYPE_CHECKING:
    from anymatix_fetcher.testing.signing import SignedForm

SIGNER = Signer(b"key")


@pytest.mark.parametrize("form", ["s3", "opaque"])
def test_a_signature_holds_for_method_path_and_time(form: SignedForm) -> None:
    query = SIGNER.query("GET", "/a", now=1000.0, ttl_seconds=2.5, form=form)
    assert SIGNER.check("GET", "/a", query, now=1002.5) == "valid"
    assert SIGNER.check("GET", "/a", query, now=1002.6) == "expired"
    assert SIGNER.check("HEAD", "/a", query, now=1000.0) == "mismatch"
    assert SIGNER.check("GET", "/b", query, now=1000.0) == "mismatch"
    assert SIGNER.check("GET", "/a", query[:-1] + "é", now=1000.0) == "mismatch"
    assert SIGNER.check("GET", "/a", "", now=1000.0) == "missing"
    assert Signer(b"other").check("GET", "/a", query, now=1000.0) == "mismatch"
    assert ("X-Amz-Expires=3" in query) == (form == "s3")


def test_a_deadline_that_is_no_number_is_no_signature() -> None:
    assert SIGNER.check("GET", "/a", "token=zz.zz", now=0.0) == "mismatch"


def test_a_signed_file_comes_from_the_second_origin_only() -> None:
    with Origin(seed=7) as origin:
        file = origin.sign("/dir/my model*.bin", size=10_000, ttl_seconds=60, bytes_per_second=10_000_000)
        reply = fetch(file.url, span=(0, 10))
        location = reply.headers["location"]
        assert reply.status == 307
        assert urlsplit(location).netloc != urlsplit(file.url).netloc
        assert location.startswith(origin.target_url())
        answer = fetch(location, span=(100, 200))
        assert (answer.status, answer.body) == (206, file.read(100, 200))
        assert answer.headers["etag"] == file.etag
        assert fetch(location, method="HEAD").status == 403
        refused = fetch(location, Authorization="Bearer x")
        assert refused.status == 400
        assert b"InvalidArgument" in refused.body
        assert b"SignatureDoesNotMatch" in fetch(location.replace("Signature=", "Signature=0")).body
        assert fetch(origin.target_url(file.path)).status == 403
        ledger = origin.ledger()
        assert ledger.signed_urls == 1
        assert ledger.origins == {"origin": 1, "target": 5}
        assert ledger.faults["throttle"] == 5


def test_a_signature_expires() -> None:
    with Origin() as origin:
        origin.sign("/a", size=10, ttl_seconds=0.001, expired_code=410)
        location = fetch(origin.url("/a")).headers["location"]
        reply = fetch(location)
        while reply.status == 200:
            reply = fetch(location)
        assert reply.status == 410
        assert b"Request has expired" in reply.body


def test_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="ttl_seconds"):
        Origin().sign("/a", size=1, ttl_seconds=0)
