"""The stand-in for GitHub's releases says and does what the real one does."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING

import pytest

from anymatix_fetcher.testing.hosts import GitHubAsset, GitHubRelease, GitHubSettings, Hosts, github, hosted
from tests.testing.hosts.asking import Clock, Reply, ask, query_of

if TYPE_CHECKING:
    from collections.abc import Iterator

WEIGHTS = hosted("weights v1.bin", 900_000)
OLD = hosted("old.bin", 1000)
RELEASES = (
    GitHubRelease("Owner/repo", "v3-rc", (GitHubAsset(1, OLD),), prerelease=True),
    GitHubRelease("Owner/repo", "v2/a", (GitHubAsset(2, WEIGHTS), GitHubAsset(3, OLD, digest=False))),
    GitHubRelease("Owner/hidden", "v1", (GitHubAsset(4, OLD),), private=True),
)
FILE = "Owner/repo/releases/download/v2%2Fa/weights%20v1.bin"


def site(settings: GitHubSettings | None = None, clock: Clock | None = None) -> Hosts:
    return Hosts(github(RELEASES, settings or GitHubSettings(frozenset({"good"}))), clock=clock or Clock())


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with site() as running:
        yield running


def web(hosts: Hosts, path: str) -> Reply:
    return ask(f"{hosts.urls['github']}/{path}")


def api(hosts: Hosts, path: str, **headers: str) -> Reply:
    return ask(f"{hosts.urls['github-api']}/repos/{path}", **headers)


def test_an_asset_is_redirected_to_azure_with_a_signature_and_a_shorter_token(hosts: Hosts) -> None:
    reply = web(hosts, FILE)
    assert reply.status == 302
    assert reply.location.startswith(hosts.urls["github-assets"] + "/github-production-release-asset/2/")
    fields = query_of(reply.location)
    assert set(fields) >= {"sp", "sv", "sr", "spr", "se", "rscd", "rsct", "skoid", "sktid", "skt", "ske", "sks", "skv"}
    middle = fields["jwt"].split(".")[1]
    payload = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    assert payload["exp"] - payload["nbf"] == 300
    assert payload["aud"] == "release-assets.githubusercontent.com"
    part = ask(reply.location, Range="bytes=5-9")
    assert (part.status, part.body) == (206, WEIGHTS.content.read(5, 10))
    assert part.headers["etag"].startswith('"0x8D')
    assert part.headers["content-disposition"] == "attachment; filename=weights v1.bin"
    assert ask(reply.location, "HEAD").status == 200


def test_the_token_ends_before_the_signature() -> None:
    clock = Clock()
    with site(clock=clock) as hosts:
        location = web(hosts, FILE).location
        clock.now += 300
        assert ask(location, Range="bytes=0-0").status == 206
        clock.now += 1
        assert (ask(location).status, ask(location).text) == (403, "jwt:expired\n")


def test_an_expired_signature_is_refused_in_azures_words() -> None:
    clock = Clock()
    with site(GitHubSettings(token_seconds=None), clock) as hosts:
        location = web(hosts, FILE).location
        assert "jwt=" not in location
        clock.now += 3601
        reply = ask(location)
        assert (reply.status, reply.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")
        assert "Signature not valid in the specified time frame: Start [" in reply.text


def test_a_changed_or_missing_signature_opens_nothing(hosts: Hosts) -> None:
    location = web(hosts, FILE).location
    assert ask(location.replace("sp=r", "sp=w")).status == 403
    assert ask(location.partition("?")[0]).status == 404


def test_the_latest_release_is_found_by_a_redirect_on_the_web_site(hosts: Hosts) -> None:
    reply = web(hosts, "Owner/repo/releases/latest/download/weights%20v1.bin")
    assert (reply.status, reply.location) == (302, f"{hosts.urls['github']}/{FILE}")


@pytest.mark.parametrize(
    "path", ["Owner/repo/releases/download/v2%2Fa/none", "Owner/hidden/releases/download/v1/old.bin", "no/body"]
)
def test_what_there_isnt_or_is_private_is_not_found(hosts: Hosts, path: str) -> None:
    assert (web(hosts, path).status, web(hosts, path).text) == (404, "Not Found")


def test_the_api_tells_sizes_and_digests(hosts: Hosts) -> None:
    said = api(hosts, "owner/repo/releases/tags/v2/a").json()
    new, old = said["assets"]
    assert (new["name"], new["size"], new["digest"]) == (WEIGHTS.name, WEIGHTS.size, f"sha256:{WEIGHTS.sha256}")
    assert new["browser_download_url"] == f"{hosts.urls['github']}/{FILE}"
    assert old["digest"] is None
    assert api(hosts, "Owner/repo/releases/latest").json()["tag_name"] == "v2/a"
    assert [one["tag_name"] for one in api(hosts, "Owner/repo/releases").json()] == ["v3-rc", "v2/a"]
    assert api(hosts, "Owner/repo/releases/tags/v9").json()["message"] == "Not Found"


def test_a_private_asset_is_fetched_by_its_number(hosts: Hosts) -> None:
    path, token = "Owner/hidden/releases/assets/4", "Bearer good"
    assert api(hosts, path).status == 404
    assert api(hosts, path, Authorization=token).json()["name"] == "old.bin"
    reply = api(hosts, path, Authorization=token, Accept="application/octet-stream")
    assert reply.status == 302
    assert ask(reply.location).body == OLD.content.read(0, OLD.size)


def test_a_bad_token_is_401(hosts: Hosts) -> None:
    reply = api(hosts, "Owner/repo/releases/latest", Authorization="Bearer bad")
    assert (reply.status, reply.json()["message"]) == (401, "Bad credentials")


def test_the_api_has_a_limit_and_says_when_it_ends() -> None:
    clock = Clock()
    with site(GitHubSettings(frozenset({"good"}), api_limit=1), clock) as hosts:
        path = "Owner/repo/releases/latest"
        assert api(hosts, path).headers["x-ratelimit-remaining"] == "0"
        clock.now += 600
        reply = api(hosts, path)
        assert (reply.status, reply.headers["x-ratelimit-limit"]) == (403, "1")
        assert "API rate limit exceeded" in reply.json()["message"]
        assert reply.headers["x-ratelimit-reset"] == str(int(clock.now) + 3000)
        assert api(hosts, path, Authorization="Bearer good").status == 200
        assert web(hosts, FILE).status == 302
        clock.now += 3000
        assert api(hosts, path).status == 200
