from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.http import Headers, Request
from anymatix_fetcher.errors import NotFoundError, RetriesExhaustedError, UnexpectedAnswerError
from anymatix_fetcher.sources.base import Environment, Wish
from anymatix_fetcher.sources.github import GitHub
from tests.sources.surroundings import authorization, hosts_that_see, surroundings
from tests.sources.talk import Reply, talk, urls

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.core.values.resource import Resource
    from anymatix_fetcher.errors import FetchError

SITE, API = "https://github.com", "https://api.github.com"
TAG_URL = f"{API}/repos/o/r/releases/tags/v1"
HEX = "ab" * 32


def asset(number: int, name: str, digest: str | None = f"sha256:{HEX}") -> dict[str, Any]:
    return {
        "id": number,
        "name": name,
        "size": number * 100,
        "digest": digest,
        "url": f"https://evil.example/{number}",
        "browser_download_url": "https://evil.example/x",
    }


RELEASE = {"tag_name": "v1", "assets": [asset(1, "a.bin"), asset(2, "b.bin", None), asset(3, "notes.txt")]}


def resolve(
    reference: str,
    replies: dict[str, Reply | FetchError] | Callable[[Request], Reply],
    environment: Environment | None = None,
    asked: list[Request] | None = None,
    **wish: Any,  # noqa: ANN401 - the fields of a wish
) -> tuple[Resource, ...]:
    environment = environment or surroundings()
    assert GitHub().recognises(reference.strip(), environment)
    return talk(GitHub().resolve(Wish(reference, **wish), environment), replies, asked)


@pytest.mark.parametrize("reference", [" github:o/r@v1/a.bin ", f"{SITE}/o/r/releases/download/v1/a.bin?x=1"])
def test_the_api_tells_an_assets_digest_and_length(reference: str) -> None:
    asked = list[Request]()
    (resource,) = resolve(reference, {TAG_URL: Reply(RELEASE)}, asked=asked)
    assert resource.url.reveal() == f"{SITE}/o/r/releases/download/v1/a.bin"
    assert (resource.name, resource.length, resource.digests) == ("a.bin", 100, (Digest("sha256", HEX),))
    assert resource.reference == "github:o/r@v1/a.bin"
    assert resource.service.name == "github"
    assert (resource.about.title, resource.about.page) == ("o/r v1", f"{SITE}/o/r/releases/tag/v1")
    assert resource.headers == Headers()
    assert asked[0].headers.get("Accept") == "application/vnd.github+json"


@pytest.mark.parametrize("reference", ["github:o/r@latest/a.bin", f"{SITE}/o/r/releases/latest/download/a.bin"])
def test_latest_is_the_newest_release(reference: str) -> None:
    (resource,) = resolve(reference, {f"{API}/repos/o/r/releases/latest": Reply(RELEASE)})
    assert resource.url.reveal() == f"{SITE}/o/r/releases/latest/download/a.bin"
    assert resource.reference == "github:o/r@latest/a.bin"


def test_older_assets_have_no_digest() -> None:
    (resource,) = resolve("github:o/r@v1/b.bin", {TAG_URL: Reply(RELEASE)})
    assert (resource.length, resource.digests) == (200, ())


def test_without_an_asset_all_are_meant_and_globs_choose() -> None:
    def names(reference: str, **wish: Any) -> list[str | None]:  # noqa: ANN401 - the fields of a wish
        return [resource.name for resource in resolve(reference, {TAG_URL: Reply(RELEASE)}, **wish)]

    assert names("github:o/r@v1") == names(f"{SITE}/o/r/releases/tag/v1") == ["a.bin", "b.bin", "notes.txt"]
    assert names("github:o/r@v1/*.bin") == ["a.bin", "b.bin"]
    assert names("github:o/r@v1/*.bin", exclude=("b*",)) == ["a.bin"]
    assert names("github:o/r@v1", include=("*.txt",)) == ["notes.txt"]
    with pytest.raises(NotFoundError):
        names("github:o/r@v1/*.gguf")


def test_an_asset_that_isnt_there_is_told_with_those_that_are() -> None:
    with pytest.raises(NotFoundError, match="v1 of o/r has no such asset") as refusal:
        resolve("github:o/r@v1/c.bin", {TAG_URL: Reply(RELEASE)})
    assert refusal.value.hint == "Its assets: a.bin, b.bin, notes.txt."


TROUBLE: list[Reply | FetchError] = [
    Reply({"message": "API rate limit exceeded"}, 403, {"X-RateLimit-Remaining": "0"}),
    Reply({"message": "secondary rate limit"}, 403),
    Reply("", 429),
    Reply("", 502),
    Reply("<html>"),
    RetriesExhaustedError("down"),
]


@pytest.mark.parametrize("trouble", TROUBLE)
def test_a_public_asset_is_fetched_without_the_api_too(trouble: Reply | FetchError) -> None:
    (resource,) = resolve("github:o/r@v1/a.bin", {TAG_URL: trouble})
    assert resource.url.reveal() == f"{SITE}/o/r/releases/download/v1/a.bin"
    assert (resource.length, resource.digests) == (None, ())
    assert resource.reference == "github:o/r@v1/a.bin"


def test_a_list_cant_do_without_the_api() -> None:
    with pytest.raises(RetriesExhaustedError) as refusal:
        resolve("github:o/r@v1", {TAG_URL: Reply({}, 403, {"X-RateLimit-Remaining": "0"})})
    assert "GITHUB_TOKEN" in refusal.value.hint


def test_with_a_token_the_asset_comes_by_the_api_which_alone_serves_private_ones() -> None:
    asked = list[Request]()
    (resource,) = resolve("github:o/r@v1/a.bin", {TAG_URL: Reply(RELEASE)}, surroundings(github="SECRET"), asked)
    assert resource.url.reveal() == f"{API}/repos/o/r/releases/assets/1"
    assert resource.headers.get("Accept") == "application/octet-stream"
    assert (resource.name, resource.reference) == ("a.bin", "github:o/r@v1/a.bin")
    assert authorization(resource.headers) == authorization(asked[0].headers) == "Bearer SECRET"
    assert hosts_that_see("SECRET", asked, [resource]) == {"api.github.com"}


def test_a_token_that_isnt_accepted_hinders_nobody_from_what_is_public() -> None:
    def answer(request: Request) -> Reply:
        return Reply({"message": "Bad credentials"}, 401) if authorization(request.headers) else Reply(RELEASE)

    asked = list[Request]()
    (resource,) = resolve("github:o/r@v1/a.bin", answer, surroundings(github="OLD"), asked)
    assert urls(asked) == [TAG_URL, TAG_URL]
    assert resource.url.reveal() == f"{SITE}/o/r/releases/download/v1/a.bin"
    assert resource.digests
    assert hosts_that_see("OLD", [], [resource]) == set()


def test_a_release_that_isnt_there_or_isnt_ours_is_told() -> None:
    with pytest.raises(NotFoundError, match="o/r has no such release") as refusal:
        resolve("github:o/r@v1/a.bin", {TAG_URL: Reply({"message": "Not Found"}, 404)})
    assert "GITHUB_TOKEN" in refusal.value.hint


def test_endpoints_stand_in_for_site_and_api() -> None:
    environment = surroundings({"github": "http://127.0.0.1:8", "github_api": "http://127.0.0.1:9/api/v3"}, github="S")
    url = "http://127.0.0.1:9/api/v3/repos/o/r/releases/tags/a%2Fb"
    (resource,) = resolve("http://127.0.0.1:8/o/r/releases/download/a/b/a.bin", {url: Reply(RELEASE)}, environment)
    assert resource.url.reveal() == "http://127.0.0.1:9/api/v3/repos/o/r/releases/assets/1"
    (resource,) = resolve("github:o/r@a/b/a.bin", {url: Reply("", 500)}, environment)
    assert resource.url.reveal() == "http://127.0.0.1:8/o/r/releases/download/a/b/a.bin"
    assert not GitHub().recognises("http://127.0.0.1:8/some/file.bin", environment)


def test_a_file_comes_by_where_github_resolves_large_ones() -> None:
    for reference in (
        f"{SITE}/o/r/blob/main/a/b%20c.bin",
        f"{SITE}/o/r/raw/main/a/b%20c.bin",
        "https://raw.githubusercontent.com/o/r/main/a/b%20c.bin",
    ):
        (resource,) = resolve(reference, {})
        assert resource.url.reveal() == resource.reference == f"{SITE}/o/r/raw/main/a/b%20c.bin"
        assert resource.name == "b c.bin"


def test_a_raw_file_that_may_be_private_is_asked_for_where_tokens_count() -> None:
    (resource,) = resolve("https://raw.githubusercontent.com/o/r/main/b.bin?token=SECRET", {})
    assert resource.url.reveal() == "https://raw.githubusercontent.com/o/r/main/b.bin?token=SECRET"
    assert "SECRET" not in f"{resource.reference} {resource}"
    (resource,) = resolve("https://raw.githubusercontent.com/o/r/main/b.bin", {}, surroundings(github="T"))
    assert resource.url.host == "raw.githubusercontent.com"
    assert authorization(resource.headers) == "Bearer T"
    endpoint = surroundings({"github": "http://127.0.0.1:8"}, github="T")
    (resource,) = resolve("https://raw.githubusercontent.com/o/r/main/b.bin", {}, endpoint)
    assert resource.url.reveal() == "http://127.0.0.1:8/o/r/raw/main/b.bin"


def test_other_addresses_are_fetched_as_they_are() -> None:
    (resource,) = resolve("http://github.com/o/r/archive/refs/tags/v1.zip", {}, surroundings(github="T"))
    assert resource.url.reveal() == f"{SITE}/o/r/archive/refs/tags/v1.zip"
    assert authorization(resource.headers) == "Bearer T"


@pytest.mark.parametrize("assets", [None, {}, "x", [7], [{}], [{"name": "a.bin"}], [{"name": 1, "id": 1}]])
def test_an_answer_that_cant_be_read_is_unexpected_where_a_list_is_needed(assets: object) -> None:
    with pytest.raises(UnexpectedAnswerError, match=r"api\.github\.com"):
        resolve("github:o/r@v1", {TAG_URL: Reply({"assets": assets})})
    (resource,) = resolve("github:o/r@v1/a.bin", {TAG_URL: Reply({"assets": assets})})
    assert resource.digests == ()
