from __future__ import annotations

import pytest

from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.sources.dropbox import Dropbox
from tests.sources.talk import resolved

SITE = "https://www.dropbox.com"


@pytest.mark.parametrize(
    ("reference", "url", "name"),
    [
        (f"{SITE}/s/k3y/a%20b.bin?dl=0", f"{SITE}/s/k3y/a%20b.bin?dl=1", "a b.bin"),
        ("http://dropbox.com/s/k3y/a.bin", f"{SITE}/s/k3y/a.bin?dl=1", "a.bin"),
        (
            f"{SITE}/scl/fi/k3y/a.bin?rlkey=SECRET%2B&st=x&dl=0&raw=1",
            f"{SITE}/scl/fi/k3y/a.bin?rlkey=SECRET%2B&st=x&dl=1",
            "a.bin",
        ),
        (f"{SITE}/scl/fo/k3y/AB?rlkey=SECRET", f"{SITE}/scl/fo/k3y/AB?rlkey=SECRET&dl=1", None),
        (f"{SITE}/sh/k3y/AB?dl=0", f"{SITE}/sh/k3y/AB?dl=1", None),
    ],
)
def test_a_shared_link_is_asked_for_its_content(reference: str, url: str, name: str | None) -> None:
    headers = Headers.of(X_Own="1")
    (resource,) = resolved(Dropbox().resolve(Wish(f" {reference} ", headers=headers), Environment()))
    assert (resource.url.reveal(), resource.name, resource.headers) == (url, name, headers)
    assert resource.reference == url.partition("?")[0]
    assert "SECRET" not in f"{resource}"
    assert ("zip" in resource.about.title) == (name is None)


@pytest.mark.parametrize("path", ["", "/", "/home/a.bin", "/s/", "/s/k3y", "/scl/fi/k3y", "/scl/fo/", "/l/scl/x"])
def test_other_pages_arent_shared_links(path: str) -> None:
    assert not Dropbox().recognises(f"{SITE}{path}", Environment())


def test_only_dropboxs_own_addresses_are_its_links() -> None:
    for reference in ("https://dropbox.com.evil.example/s/k/a", "dropbox:s/k/a", f"{SITE}:8443/s/k/a"):
        assert not Dropbox().recognises(reference, Environment())
        with pytest.raises(ReferenceSyntaxError, match="not a shared link"):
            resolved(Dropbox().resolve(Wish(reference), Environment()))
