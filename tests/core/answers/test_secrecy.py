from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anymatix_fetcher.core.answers.secrecy import is_recordable, recordable

CIVITAI = "https://civitai.com/api/download/models/143906"
PUBLIC = (
    CIVITAI,
    f"{CIVITAI}?type=Model&format=SafeTensor&fileId=7",
    "https://h.example/get?file=a.safetensors",
    "https://h.example/get?n=3000000&seed=1&page=2&design=3&tokenizer=llama&author=me",
    "https://h.example/get?m=flux1-dev-fp8-scaled-e4m3fn.safetensors",
    "https://drive.example/uc?id=1AnymatixDriveFileIdentifier00000&export=download&confirm=t",
    "https://h.example/x?uuid=5d1d2f9e-3f0f-4f0c-9a1b-0123456789ab",
    "civitai:143906?fileId=100",
    "hf:org/repo@main/unet/x.safetensors",
    "s3://bucket/key/of/it.gguf",
    "",
)


@pytest.mark.parametrize("reference", PUBLIC)
def test_a_query_belongs_to_the_address(reference: str) -> None:
    assert recordable(reference) == reference
    assert is_recordable(reference)


@pytest.mark.parametrize(
    ("reference", "kept"),
    [
        (f"{CIVITAI}?type=Model&token=x&fileId=7", f"{CIVITAI}?type=Model&fileId=7"),
        ("https://u:p@h.example/x?n=1#part", "https://h.example/x?n=1"),
        ("https://h.example/x?a=1;api_key=x", "https://h.example/x"),
        ("https://h.example/x?to%6ben=x", "https://h.example/x"),
        ("https://www.dropbox.com/scl/fi/a/x.bin?rlkey=x&dl=1", "https://www.dropbox.com/scl/fi/a/x.bin?dl=1"),
        ("https://h.example/x?id=hf_plantedplantedplanted", "https://h.example/x"),
        ("https://h.example/x?v=9f86d081884c7d65", "https://h.example/x"),
        ("https://h.example/x?v=aK3_x9Qw-7Zp_l2Mn-4Rt_v8Bc", "https://h.example/x"),
        ("https://h.example/get?file=a&Signature=x", "https://h.example/get"),
        ("https://s3.example/b/x?X-Amz-Signature=f&file=a", "https://s3.example/b/x"),
        ("https://cdn.example/x?Expires=1&Signature=f&Key-Pair-Id=k", "https://cdn.example/x"),
        ("https://b.blob.example/x?sv=1&se=2&sr=b&sig=f", "https://b.blob.example/x"),
    ],
)
def test_what_may_be_a_secret_does_not(reference: str, kept: str) -> None:
    assert recordable(reference) == kept
    assert not is_recordable(reference)


@given(
    st.sampled_from(["token", "access_token", "X-Amz-Signature", "sig", "password", "hdnts", "auth", "key", "pass"]),
    st.from_regex(r"[A-Za-z0-9]{12,40}", fullmatch=True),
)
def test_no_secret_is_ever_written(name: str, secret: str) -> None:
    assert secret not in recordable(f"https://user:{secret}@h.example/x?type=Model&{name}={secret}#{secret}")


@given(st.binary(min_size=16, max_size=40))
def test_no_random_value_is_ever_written_whatever_it_is_called(secret: bytes) -> None:
    text = "0a" + secret.hex()
    assert text not in recordable(f"https://h.example/x?other={text}")


@given(st.text())
def test_what_was_made_writable_stays_as_it_is(text: str) -> None:
    assert recordable(recordable(text)) == recordable(text)
    assert is_recordable(recordable(text))
