from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import Resource
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.base import Environment, Secret, Wish
from anymatix_fetcher.sources.direct import Direct
from tests.sources.surroundings import authorization
from tests.sources.talk import resolved


def test_a_url_is_its_own_address_and_keeps_what_the_user_said() -> None:
    digests, headers = (Digest("md5", "0" * 32),), Headers.of(x_api_key="k")
    wish = Wish(" https://h.example/a%2Fb?s=+%7E ", name=SafeName("m.bin"), digests=digests, headers=headers)
    (resource,) = resolved(Direct().resolve(wish, Environment()))
    assert resource.url.reveal() == "https://h.example/a%2Fb?s=+%7E"
    assert resource == Resource(
        resource.url,
        name=SafeName("m.bin"),
        digests=digests,
        headers=headers,
        reference=wish.reference,
        service=resource.service,
    )
    assert resource.service.name == "direct"


@pytest.mark.parametrize("reference", ["https://", "https://h.example/a\nb", "http://h.example:99999/"])
def test_what_isnt_a_web_address_isnt_guessed_at(reference: str) -> None:
    with pytest.raises(ReferenceSyntaxError, match="not a reference") as refusal:
        resolved(Direct().resolve(Wish(reference), Environment()))
    assert "https://example.com/" in refusal.value.hint


def test_the_refusal_names_no_secret_not_even_in_its_chain() -> None:
    with pytest.raises(ReferenceSyntaxError) as refusal:
        resolved(Direct().resolve(Wish("https://me:SECRET@h example/m?token=SECRET"), Environment()))
    assert "SECRET" not in f"{refusal.value} {refusal.value!r} {refusal.value.hint}"
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


KEPT = {
    "https://h.example": Secret("of-h"),
    "https://h.example:8443": Secret("of-8443"),
    "civitai": Secret("of-civitai"),
}


@pytest.mark.parametrize(
    ("reference", "sent"),
    [
        ("https://h.example/m", "Bearer of-h"),
        ("https://H.example:443/m", "Bearer of-h"),
        ("https://h.example:8443/m", "Bearer of-8443"),
        ("https://h.example:9443/m", None),
        ("http://h.example/m", None),
        ("https://me:word@h.example/m", None),
        ("https://civitai/m", None),
    ],
)
def test_a_kept_token_goes_to_its_origin_and_no_host_is_taken_for_a_service(reference: str, sent: str | None) -> None:
    (resource,) = resolved(Direct().resolve(Wish(reference), Environment(tokens=KEPT)))
    assert authorization(resource.headers) == sent
