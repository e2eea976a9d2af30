"""A stand-in for GitHub's releases: the web site, the API, and the store of the assets."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote

from anymatix_fetcher.testing.hosts.schemes import AzureScheme
from anymatix_fetcher.testing.hosts.site import Host, bearer_token, json_answer, page, redirect
from anymatix_fetcher.testing.hosts.stores import Store
from anymatix_fetcher.testing.hosts.windows import FixedWindows
from anymatix_fetcher.testing.responses.making import Draft, document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.testing.hosts.hosted import HostedFile
    from anymatix_fetcher.testing.hosts.site import Moment
    from anymatix_fetcher.testing.messages import Request

_HOUR_SECONDS = 3600
_DATE = "2025-07-01T00:00:00Z"
_DOCUMENTATION: Final = "https://docs.github.com/rest"


@dataclass(frozen=True, slots=True)
class GitHubAsset:
    """An asset of a release; assets from before June 2025 have no digest."""

    id: int
    file: HostedFile
    digest: bool = True


@dataclass(frozen=True, slots=True)
class GitHubRelease:
    """A release of a repository ``owner/name``; the first one that isn't a prerelease is the latest."""

    repository: str
    tag: str
    assets: tuple[GitHubAsset, ...]
    private: bool = False
    prerelease: bool = False


@dataclass(frozen=True, slots=True)
class GitHubSettings:
    """The settings of the stand-in.

    Attributes:
        tokens: The valid tokens, which also give access to private repositories.
        url_seconds: The lifetime of a signature; in reality about 1 h.
        token_seconds: The lifetime of the additional token; in reality 5 minutes. None for no token.
        bytes_per_second: The limit of a connection to the store.
        api_limit: The limit of API requests per hour without a token.
        api_limit_with_token: The limit of API requests per hour with a token.
    """

    tokens: frozenset[str] = frozenset()
    url_seconds: int = 3600
    token_seconds: int | None = 300
    bytes_per_second: float | None = None
    api_limit: int = 60
    api_limit_with_token: int = 5000


def github(releases: Sequence[GitHubRelease], settings: GitHubSettings | None = None) -> Host:
    """A stand-in with the sites ``github``, ``github-api`` and ``github-assets``."""
    settings = settings or GitHubSettings()
    assets = Store(
        "github-assets",
        AzureScheme(b"secret of the stand-in for Azure", settings.token_seconds),
        prefix="/github-production-release-asset/",
        bytes_per_second=settings.bytes_per_second,
        headers=(("x-ms-version", "2018-11-09"), ("x-ms-blob-type", "BlockBlob")),
    )
    for release in releases:
        for asset in release.assets:
            assets.put(_key(asset), asset.file, f"github:{release.repository}/{release.tag}/{asset.file.name}")
    shelf = _Releases(releases, settings, assets)
    return Host(
        {"github": _WebSite(shelf), "github-api": _ApiSite(shelf), assets.name: assets},
        {"GITHUB_ENDPOINT": "github", "GITHUB_API_ENDPOINT": "github-api"},
    )


class _Releases:
    """The data shared by both sites."""

    def __init__(self, releases: Sequence[GitHubRelease], settings: GitHubSettings, assets: Store) -> None:
        self.settings = settings
        self._releases = releases
        self._assets = assets

    def of(self, repository: str, *, hidden_too: bool) -> list[GitHubRelease]:
        """The releases of a repository, the latest first; names are case-insensitive, as on GitHub."""
        return [
            release
            for release in self._releases
            if release.repository.lower() == repository.lower() and (hidden_too or not release.private)
        ]

    def to_store(self, asset: GitHubAsset, moment: Moment) -> Draft:
        """The redirect to an asset."""
        location = self._assets.url(_key(asset), moment, self.settings.url_seconds)
        return redirect(302, location, [("Cache-Control", "no-cache")], signed=True)


class _WebSite:
    """github.com, which ignores API tokens; implements ``Site``."""

    stores = False

    def __init__(self, shelf: _Releases) -> None:
        self._shelf = shelf

    def answer(self, request: Request, moment: Moment) -> Draft:
        """Implements ``Site.answer``."""
        _, *parts = map(unquote, request.path.split("/"))
        match parts:
            case [owner, name, "releases", "latest", "download", file]:
                latest = _latest(self._shelf.of(f"{owner}/{name}", hidden_too=False))
                if latest is not None:
                    tag = quote(latest.tag, safe="")
                    return redirect(
                        302, f"{moment.urls['github']}/{owner}/{name}/releases/download/{tag}/{quote(file)}"
                    )
            case [owner, name, "releases", "download", tag, file]:
                for release in self._shelf.of(f"{owner}/{name}", hidden_too=False):
                    for asset in release.assets:
                        if release.tag == tag and asset.file.name == file:
                            return self._shelf.to_store(asset, moment)
            case [owner, name, *_] if self._shelf.of(f"{owner}/{name}", hidden_too=False):
                return page(200, f"<head><title>{owner}/{name}</title></head>")
            case _:
                pass
        return document(404, "text/plain; charset=utf-8", "Not Found")


class _ApiSite:
    """api.github.com; implements ``Site``."""

    stores = False

    def __init__(self, shelf: _Releases) -> None:
        self._shelf = shelf
        settings = shelf.settings
        self._windows = {
            False: FixedWindows(settings.api_limit, _HOUR_SECONDS),
            True: FixedWindows(settings.api_limit_with_token, _HOUR_SECONDS),
        }

    def answer(self, request: Request, moment: Moment) -> Draft:
        """Implements ``Site.answer``."""
        if not request.headers.get("user-agent"):
            return document(403, "text/html", "Request forbidden by administrative rules. Send a User-Agent header.\n")
        token = bearer_token(request)
        if token is not None and token not in self._shelf.settings.tokens:
            return _refusal(401, "Bad credentials")
        allowance = self._windows[token is not None].take(token or "", moment.now)
        if allowance.allowed:
            said = self._answer(request, moment, known=token is not None)
        else:
            said = _refusal(
                403,
                "API rate limit exceeded for 127.0.0.1. (But here's the good news: Authenticated "
                "requests get a higher rate limit. Check out the documentation for more details.)",
            )
        said.headers += [
            ("X-RateLimit-Limit", str(allowance.limit)),
            ("X-RateLimit-Remaining", str(allowance.remaining)),
            ("X-RateLimit-Reset", str(int(moment.now) + allowance.reset_seconds)),
            ("X-RateLimit-Used", str(allowance.limit - allowance.remaining)),
            ("X-RateLimit-Resource", "core"),
        ]
        return said

    def _answer(self, request: Request, moment: Moment, *, known: bool) -> Draft:
        _, *parts = map(unquote, request.path.split("/"))
        match parts:
            case ["repos", owner, name, "releases", *rest]:
                releases = self._shelf.of(f"{owner}/{name}", hidden_too=known)
            case _:
                return _refusal(404, "Not Found")
        match rest:
            case [] if releases:
                return json_answer(200, [_release_json(release, moment) for release in releases])
            case ["latest"]:
                latest = _latest(releases)
                return json_answer(200, _release_json(latest, moment)) if latest else _refusal(404, "Not Found")
            case ["tags", *tag]:
                found = next((release for release in releases if release.tag == "/".join(tag)), None)
                return json_answer(200, _release_json(found, moment)) if found else _refusal(404, "Not Found")
            case ["assets", number]:
                return self._asset(request, releases, number, moment)
            case _:
                return _refusal(404, "Not Found")

    def _asset(self, request: Request, releases: Sequence[GitHubRelease], number: str, moment: Moment) -> Draft:
        for release in releases:
            for asset in release.assets:
                if str(asset.id) != number:
                    continue
                if "application/octet-stream" in request.headers.get("accept", ""):
                    return self._shelf.to_store(asset, moment)
                return json_answer(200, _asset_json(release, asset, moment))
        return _refusal(404, "Not Found")


def _key(asset: GitHubAsset) -> str:
    """The key of an asset in the store."""
    digest = hashlib.sha256(f"{asset.id}:{asset.file.name}".encode()).hexdigest()
    return f"{asset.id}/{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:32]}"


def _latest(releases: Sequence[GitHubRelease]) -> GitHubRelease | None:
    return next((release for release in releases if not release.prerelease), None)


def _release_json(release: GitHubRelease, moment: Moment) -> dict[str, Any]:
    """The fields of a release that downloaders use ("Get a release" in the REST API's reference)."""
    return {
        "url": f"{moment.urls['github-api']}/repos/{release.repository}/releases/1",
        "html_url": f"{moment.urls['github']}/{release.repository}/releases/tag/{quote(release.tag)}",
        "id": 1,
        "tag_name": release.tag,
        "target_commitish": "main",
        "name": release.tag,
        "draft": False,
        "prerelease": release.prerelease,
        "created_at": _DATE,
        "published_at": _DATE,
        "assets": [_asset_json(release, asset, moment) for asset in release.assets],
        "body": "",
    }


def _asset_json(release: GitHubRelease, asset: GitHubAsset, moment: Moment) -> dict[str, Any]:
    web = f"{moment.urls['github']}/{release.repository}/releases/download"
    return {
        "url": f"{moment.urls['github-api']}/repos/{release.repository}/releases/assets/{asset.id}",
        "id": asset.id,
        "name": asset.file.name,
        "label": None,
        "content_type": "application/octet-stream",
        "state": "uploaded",
        "size": asset.file.size,
        "digest": f"sha256:{asset.file.sha256}" if asset.digest else None,
        "download_count": 0,
        "created_at": _DATE,
        "updated_at": _DATE,
        "browser_download_url": f"{web}/{quote(release.tag, safe='')}/{quote(asset.file.name)}",
    }


def _refusal(status: int, message: str) -> Draft:
    value = {"message": message, "documentation_url": _DOCUMENTATION, "status": str(status)}
    return json_answer(status, value)
