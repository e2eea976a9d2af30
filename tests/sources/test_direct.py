from __future__ import annotations

import pytest

from anymatix_fetcher.core.digests import Digest
from anymatix_fetcher.core.http import Headers
from anymatix_fetcher.core.resource import Resource
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources import direct

NOTHING = Headers()


def test_a_url_is_its_own_address_and_keeps_what_the_user_said() -> None:
    digests, headers = (Digest("md5", "0" * 32),), Headers.of(x_api_key="k")
    resource = direct.resolve(" https://h.example/a%2Fb?s=+%7E ", name="m.bin", digests=digests, headers=headers)
    assert resource.url.reveal() == "https://h.example/a%2Fb?s=+%7E"
    assert resource == Resource(resource.url, name="m.bin", length=None, digests=digests, headers=headers)


@pytest.mark.parametrize(
    "reference",
    [
        "",
        "h.example/m.bin",
        "ftp://h.example/m",
        "civitai:1",
        "https://",
        "/etc/passwd",
        "C:\\x",
        "https://h.example/a b",
    ],
)
def test_what_isnt_a_web_address_isnt_guessed_at(reference: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a reference") as refusal:
        direct.resolve(reference, name=None, digests=(), headers=NOTHING)
    assert "https://example.com/" in refusal.value.hint


def test_the_refusal_names_no_secret_not_even_in_its_chain() -> None:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        direct.resolve("ftp://me:SECRET@h.example/m?token=SECRET", name=None, digests=(), headers=NOTHING)
    assert "SECRET" not in f"{refusal.value} {refusal.value!r} {refusal.value.hint}"
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__
