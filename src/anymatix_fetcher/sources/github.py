"""GitHub: release assets according to the API, and files of repositories.

The API states an asset's digest and length. If it fails or its quota is exhausted, a public asset is still fetched from
its own URL. With a token the asset is fetched through the API, which alone serves private ones
(https://docs.github.com/rest/releases/assets).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import safe_name
from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import About, Resource
from anymatix_fetcher.errors import AccessDeniedError, NetworkError, NotFoundError
from anymatix_fetcher.sources import github_references as references
from anymatix_fetcher.sources.accounts import GITHUB, RAW_HOST
from anymatix_fetcher.sources.documents import Document
from anymatix_fetcher.sources.github_references import FileReference, ReleaseReference
from anymatix_fetcher.sources.repository import RepositoryFile, listing, wanted
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.sources.sites import Site, agreed, make_url, segment, without_digest

if TYPE_CHECKING:
    from collections.abc import Generator

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.sources.base import Answer, Environment, Resolving, Wish
    from anymatix_fetcher.sources.sites import SiteUrl

SITE = Site(GITHUB)
SERVICE = Explained(SITE.name)

_QUESTION = (("Accept", "application/vnd.github+json"), ("X-GitHub-Api-Version", "2022-11-28"))
_CONTENT = ("Accept", "application/octet-stream")


@dataclass(frozen=True, slots=True)
class Release:
    """A release according to the API.

    Args:
        document: The whole description.
        text: The same, as received.
        bearer: The token that was used; empty if none was needed, or it wasn't accepted.
        assets: The ids of its files, by name.
        files: Its files.
    """

    document: Document
    text: str
    bearer: Headers
    assets: dict[str, int]
    files: tuple[RepositoryFile, ...]


class GitHub:
    """Releases and files; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = SITE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        return SITE.claims(reference, environment, has_scheme=references.has_scheme, read_url=references.read_url)

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The assets or the file that the wish names.

        Raises:
            FetchError: The reference is invalid, there is no such release or asset, or the API fails and is required.
        """
        text = wish.reference.strip()
        located = SITE.locate(text, environment)
        found = references.read_scheme(text) if located is None else references.read_url(located)
        match found:
            case ReleaseReference():
                return (yield from _assets(found, wish, environment))
            case FileReference():
                return (_file(found, located, wish, environment),)
            case None if located is not None:
                return (SITE.as_it_is(located, wish, environment, SERVICE),)
        raise AssertionError("a reference is by scheme or by URL")


def _assets(found: ReleaseReference, wish: Wish, environment: Environment) -> Resolving:
    try:
        release = yield from _release(found, environment)
    except (NetworkError, AccessDeniedError) as error:
        # Unrelated to the release: an exhausted quota, possibly as a 403, an outage, a proxy's ban.
        if not found.is_one:
            raise
        return (without_digest(_public(found, wish, environment), SITE, error),)
    if found.is_one:
        return (_known(release, _named(release, found), found, wish, environment),)
    if found.asset:
        wish = replace(wish, include=(found.asset,))
    files = wanted(release.files, wish, what=f"the release of {found.repository}")
    many = replace(wish, name=None, mirrors=()) if len(files) > 1 else wish
    return tuple(_known(release, file, found, many, environment) for file in files)


def _release(found: ReleaseReference, environment: Environment) -> Generator[Request, Answer, Release]:
    """The API's description of the release.

    If the API doesn't accept the token, the request is repeated without it, because the release may be public.
    """
    api = environment.site(GITHUB.api_name, GITHUB.api_site)
    bearer = SITE.access(environment, api)
    which = f"tags/{segment(found.tag)}" if found.tag else references.LATEST
    url = f"{api}/repos/{found.repository}/releases/{which}"
    what = f"release {found.shown_tag} of {found.repository}"
    try:
        answer = yield from SITE.ask(url, Headers((*_QUESTION, *bearer.fields)), what)
    except AccessDeniedError:
        if not bearer.fields:
            raise
        bearer = Headers()
        answer = yield from SITE.ask(url, Headers(_QUESTION), what)
    document = Document.of(answer)
    assets = {asset.text("name"): asset for asset in document.items("assets")}
    return Release(
        document,
        answer.text,
        bearer,
        {name: asset.number("id") for name, asset in assets.items()},
        tuple(_listed(name, asset) for name, asset in assets.items()),
    )


def _listed(name: str, asset: Document) -> RepositoryFile:
    digest = asset.optional_digest("digest", "sha256")
    return RepositoryFile(name, asset.optional_number("size"), (digest,) if digest else ())


def _named(release: Release, found: ReleaseReference) -> RepositoryFile:
    for file in release.files:
        if file.path == found.asset:
            return file
    there = listing(file.path for file in release.files) or "none"
    raise NotFoundError(
        f"the release {found.shown_tag} of {found.repository} has no such asset",
        hint=f"Its assets: {there}.",
    )


def _known(
    release: Release, file: RepositoryFile, found: ReleaseReference, wish: Wish, environment: Environment
) -> Resource:
    """An asset that the API described."""
    this = replace(found, asset=file.path, is_literal=True)
    tag = release.document.optional_text("tag_name") or found.tag
    resource = replace(
        _public(this, wish, environment),
        length=file.length,
        digests=agreed(wish.digests, file.digests, str(this)),
        about=_about(release, found),
        pinned=str(replace(this, tag=tag)),
    )
    if not release.bearer.fields:
        return resource
    api = environment.site(GITHUB.api_name, GITHUB.api_site)
    return replace(
        resource,
        url=make_url(api, f"/repos/{found.repository}/releases/assets/{release.assets[file.path]}"),
        headers=Headers((_CONTENT, *release.bearer.fields)),
    )


def _public(found: ReleaseReference, wish: Wish, environment: Environment) -> Resource:
    """An asset at its own URL, where tokens have no effect."""
    where = f"download/{segment(found.tag, safe='/')}" if found.tag else "latest/download"
    path = f"/{found.repository}/releases/{where}/{segment(found.asset)}"
    return Resource(
        make_url(SITE.base(environment), path),
        name=wish.name or safe_name(found.asset),
        digests=wish.digests,
        headers=SITE.headers(replace(environment, tokens={}), wish, SITE.base(environment)),
        reference=str(found),
        mirrors=wish.mirrors,
        service=SERVICE,
    )


def _about(release: Release, found: ReleaseReference) -> About:
    tag = release.document.optional_text("tag_name") or found.tag
    page = f"{SITE.home}/{found.repository}/releases/tag/{segment(tag, safe='/')}" if tag else ""
    return About(title=f"{found.repository} {tag}".strip(), page=page, document=release.text)


def _file(found: FileReference, located: SiteUrl | None, wish: Wish, environment: Environment) -> Resource:
    """A file of a repository.

    ``/raw/`` serves the content, including that of LFS files, for which raw.githubusercontent.com has only the pointer.
    But that host accepts tokens, so a private file that was named there is requested there.
    """
    path = f"/{found.repository}/raw/{segment(found.place, safe='/')}"
    resource = Resource(
        make_url(SITE.base(environment), path),
        name=wish.name or safe_name(found.place),
        digests=wish.digests,
        headers=SITE.headers(environment, wish, SITE.base(environment)),
        reference=f"{SITE.home}{path}",
        mirrors=wish.mirrors,
        service=SERVICE,
    )
    is_raw = located is not None and located.is_home and located.url.host == RAW_HOST
    may_be_private = located is not None and (located.url.has_query or SITE.name in environment.tokens)
    if located is not None and is_raw and may_be_private and SITE.name not in environment.endpoints:
        resource = replace(
            resource,
            url=make_url(located.base, located.path, located.query),
            headers=SITE.headers(environment, wish, located.base),
        )
    return resource
