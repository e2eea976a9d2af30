from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.values.digests import HEX_LENGTHS, Digest, stated_digests, strongest
from anymatix_fetcher.core.values.http import Headers

SHA256 = hashlib.sha256(b"content")
SHA512 = hashlib.sha512(b"content")
MD5 = hashlib.md5(b"content", usedforsecurity=False)


def base64_of(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


@pytest.mark.parametrize(
    "text",
    [
        f"sha256:{SHA256.hexdigest()}",
        f"SHA256:{SHA256.hexdigest().upper()}",
        f" sha-256 : {SHA256.hexdigest()} ",
        f"Sha-256:{SHA256.hexdigest()}",
    ],
)
def test_case_dash_and_spaces_of_a_digest_dont_matter(text: str) -> None:
    assert Digest.parse(text) == Digest("sha256", SHA256.hexdigest())


@given(st.sampled_from(sorted(HEX_LENGTHS)), st.data())
def test_a_digest_reads_back_what_it_prints(algorithm: str, data: st.DataObject) -> None:
    size = HEX_LENGTHS[algorithm] // 2
    digest = Digest(algorithm, data.draw(st.binary(min_size=size, max_size=size)).hex())
    assert Digest.parse(str(digest)) == digest


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected ALGORITHM:HEX"),
        (SHA256.hexdigest(), "expected ALGORITHM:HEX"),
        ("sha3:00", "expected ALGORITHM:HEX"),
        ("autov2:0123456789", "expected ALGORITHM:HEX"),
        ("sha256:", "expected 64 hexadecimal digits"),
        ("sha256:" + "0" * 63, "expected 64 hexadecimal digits"),
        ("sha256:" + "0" * 65, "expected 64 hexadecimal digits"),
        ("sha256:" + "g" * 64, "expected 64 hexadecimal digits"),
        ("sha256:" + "\u0660" * 64, "expected 64 hexadecimal digits"),
        ("sha256:" + base64_of(SHA256.digest()), "expected 64 hexadecimal digits"),
    ],
)
def test_what_is_no_digest_is_said_to_be_none(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Digest.parse(text)


@given(st.text(max_size=100))
def test_no_text_raises_anything_but_a_value_error(text: str) -> None:
    try:
        digest = Digest.parse(text)
    except ValueError:
        return
    assert len(digest.hex) == HEX_LENGTHS[digest.algorithm]


def test_the_strongest_digest_proves_most() -> None:
    weak, middle, strong = Digest("crc32", "0" * 8), Digest("md5", "0" * 32), Digest("sha256", "0" * 64)
    assert strongest((weak, strong, middle)) == strong
    assert strongest((weak, middle)) == middle
    assert strongest(()) is None


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"repr_digest": f"sha-256=:{base64_of(SHA256.digest())}:"}, {"sha256": SHA256.hexdigest()}),
        ({"repr_digest": f"sha-256=:{base64_of(SHA256.digest())}:, unixsum=:AAAA:"}, {"sha256": SHA256.hexdigest()}),
        (
            {"repr_digest": f"sha-256=:{base64_of(SHA256.digest())}:,sha-512=:{base64_of(SHA512.digest())}:"},
            {"sha256": SHA256.hexdigest(), "sha512": SHA512.hexdigest()},
        ),
        (
            {"digest": f"SHA-256={base64_of(SHA256.digest())},MD5={base64_of(MD5.digest())}"},
            {"sha256": SHA256.hexdigest(), "md5": MD5.hexdigest()},
        ),
        (
            {
                "digest": f"SHA-256={base64_of(SHA512.digest()[:32])}",
                "repr_digest": f"sha-256=:{base64_of(SHA256.digest())}:",
            },
            {"sha256": SHA256.hexdigest()},
        ),
        ({"content_digest": f"sha-256=:{base64_of(SHA256.digest())}:"}, {}),
        ({"content_md5": base64_of(MD5.digest())}, {}),
        ({"repr_digest": f"sha-256=:{base64_of(SHA256.digest()[:31])}:"}, {}),
        ({"repr_digest": "sha-256=:not base64:"}, {}),
        ({"repr_digest": "sha-256"}, {}),
        ({"digest": "adler32=03da0195, UNIXsum=30637"}, {}),
        ({"repr_digest": ""}, {}),
        ({"x_goog_hash": f"crc32c=n03x6A==,md5={base64_of(MD5.digest())}"}, {"md5": MD5.hexdigest()}),
        (
            {"x_goog_hash": f"md5={base64_of(MD5.digest())}", "x_goog_stored_content_encoding": "identity"},
            {"md5": MD5.hexdigest()},
        ),
        ({"x_goog_hash": f"md5={base64_of(MD5.digest())}", "x_goog_stored_content_encoding": "gzip"}, {}),
        ({"x_amz_checksum_sha256": base64_of(SHA256.digest())}, {"sha256": SHA256.hexdigest()}),
        ({"x_amz_checksum_sha256": base64_of(SHA256.digest()) + "-3"}, {}),
        ({"x_amz_checksum_sha256": base64_of(SHA256.digest()), "x_amz_checksum_type": "COMPOSITE"}, {}),
        ({"x_ms_blob_content_md5": base64_of(MD5.digest())}, {"md5": MD5.hexdigest()}),
        ({}, {}),
    ],
)
def test_only_readable_digests_of_the_whole_representation_count(
    fields: dict[str, str], expected: dict[str, str]
) -> None:
    assert {digest.algorithm: digest.hex for digest in stated_digests(Headers.of(**fields))} == expected


@given(st.text(max_size=120) | st.text(alphabet="sha-256=:,+/AZaz09 ", max_size=120))
def test_no_field_makes_the_reading_of_digests_raise(text: str) -> None:
    for digest in stated_digests(Headers.of(digest=text, repr_digest=text)):
        assert Digest.parse(str(digest)) == digest
