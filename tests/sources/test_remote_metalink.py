from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import SafeName
from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.core.values.resource import Author
from anymatix_fetcher.core.values.urls import Url
from anymatix_fetcher.errors import (
    DigestMismatchError,
    FetchError,
    NotFoundError,
    ReferenceSyntaxError,
    UnexpectedAnswerError,
)
from anymatix_fetcher.sources.base import Environment, Secret, Wish
from anymatix_fetcher.sources.remote_metalink import Metalink
from tests.sources.surroundings import hosts_that_see
from tests.sources.talk import Reply, talk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from anymatix_fetcher.core.values.resource import Resource

META = "https://h.example/model.meta4"
HEX = "ab" * 32
SHA256, MD5 = Digest("sha256", HEX), Digest("md5", "0" * 32)
HASHES = f'<hash type="md5">{"0" * 32}</hash><hash type="sha-256">{HEX}</hash>'
PLACES = (
    '<url priority="2">http://b.example/m?sig=SECRET</url><url>https://c.example/m</url>'
    '<url priority="1">https://h.example/m?sig=SECRET</url>'
)


def document(*files: str) -> Reply:
    return Reply(f'<metalink xmlns="urn:ietf:params:xml:ns:metalink">{"".join(files)}</metalink>')


def file(name: str = "m.bin", inside: str = f"<size>5</size>{HASHES}{PLACES}") -> str:
    return f'<file name="{name}">{inside}</file>'


def resolve(
    reference: str,
    replies: Mapping[str, Reply | FetchError],
    asked: list[Request] | None = None,
    environment: Environment | None = None,
    **wish: Any,  # noqa: ANN401 - the fields of a wish
) -> tuple[Resource, ...]:
    environment = environment or Environment()
    assert Metalink().recognises(reference.strip(), environment)
    return talk(Metalink().resolve(Wish(reference, **wish), environment), replies, asked)


def test_a_file_has_its_best_place_and_mirrors_its_size_and_all_its_digests() -> None:
    mirror = Url.parse("https://user.example/m")
    (resource,) = resolve(f" {META} ", {META: document(file())}, mirrors=(mirror,))
    assert resource.url.reveal() == "https://h.example/m?sig=SECRET"
    assert [url.reveal() for url in resource.mirrors] == [
        *("https://user.example/m", "http://b.example/m?sig=SECRET", "https://c.example/m")
    ]
    assert (resource.name, resource.length, resource.digests) == ("m.bin", 5, (MD5, SHA256))
    assert (resource.service.name, resource.reference) == ("metalink", "https://h.example/m")
    assert "SECRET" not in f"{resource}"
    (resource,) = resolve(META, {META: document(file())}, name=SafeName("mine.bin"))
    assert resource.name == "mine.bin"


def test_several_files_go_into_their_folders_as_far_as_they_are_wanted() -> None:
    files = {META: document(file("a/b/m.bin"), file("n.txt"))}
    first, second = resolve(META, files, name=SafeName("ignored"), mirrors=(Url.parse("https://user.example/m"),))
    assert (first.folder, first.name, second.folder, second.name) == (("a", "b"), "m.bin", (), "n.txt")
    assert len(first.mirrors) == len(second.mirrors) == 2
    (resource,) = resolve(META, files, include=("a/*",))
    assert resource.name == "m.bin"
    with pytest.raises(NotFoundError, match=r"none of the 2 files of https://h\.example/model\.meta4"):
        resolve(META, files, include=("*.gguf",))


@pytest.mark.parametrize("url", [META, "http://h.example/M.METALINK?x=1", "https://h.example/any"])
def test_the_scheme_makes_any_address_a_metalinks(url: str) -> None:
    (resource,) = resolve(f"metalink:{url}", {url: document(file())})
    assert resource.name == "m.bin"
    assert Metalink().recognises(url, Environment()) == (not url.endswith("any"))


def test_plain_http_is_gone_to_only_where_a_digest_proves_what_comes() -> None:
    http_only = file(inside="<url>http://b.example/m</url>")
    both = file(inside="<url priority='1'>http://b.example/m</url><url>https://c.example/m</url>")
    (resource,) = resolve(META, {META: document(both)})
    assert (str(resource.url), resource.mirrors) == ("https://c.example/m", ())
    with pytest.raises(UnexpectedAnswerError, match="only plain http"):
        resolve(META, {META: document(http_only)})
    (resource,) = resolve("http://h.example/m.meta4", {"http://h.example/m.meta4": document(http_only)})
    assert str(resource.url) == "http://b.example/m"


def test_what_belongs_to_the_metalinks_host_stays_there() -> None:
    other = file("o.bin", "<url>https://o.example/m</url>")
    for environment, headers in (
        (Environment(), Headers.of(X_Own="TOP")),
        (Environment(tokens={"https://h.example": Secret("TOP"), "https://o.example": Secret("TOP")}), Headers()),
    ):
        asked: list[Request] = []
        resources = resolve(META, {META: document(file(), other)}, asked, environment, headers=headers)
        assert hosts_that_see("TOP", asked) == {"h.example"}
        assert hosts_that_see("TOP", (), resources) == {"h.example"}
        assert {resource.url.host for resource in resources if resource.author is Author.USER} == {"h.example"}


def test_redirects_are_followed_and_errors_told() -> None:
    moved = Reply(b"", 302, {"Location": "https://cdn.example/x"})
    replies: dict[str, Reply | FetchError] = {META: moved, "https://cdn.example/x": document(file())}
    assert len(resolve(META, replies)) == 1
    with pytest.raises(NotFoundError):
        resolve(META, {META: Reply("no", 404)})
    with pytest.raises(UnexpectedAnswerError):
        resolve(META, {META: Reply(b"", 204)})
    with pytest.raises(ReferenceSyntaxError, match="can't be parsed"):
        resolve(META, {META: Reply("<html>")})
    with pytest.raises(ReferenceSyntaxError, match="not a Metalink's URL"):
        resolve("metalink:/etc/passwd", {})
    with pytest.raises(DigestMismatchError):
        resolve(META, {META: document(file())}, digests=(Digest("sha256", "0" * 64),))
