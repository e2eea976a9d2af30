"""ModelScope: files and whole repositories, by a listing that states their SHA-256.

- ``modelscope:ORG/REPO[@REVISION]/PATH`` is a file; ``.../FOLDER/``, or no path at all, selects everything below. A
  slash within a revision is written ``%2F``.
- URLs of files (``/models/ORG/REPO/resolve/REVISION/PATH``, ``.../file/view/...``, and the API's own) and of
  repositories, at modelscope.cn and modelscope.ai.

The listing doesn't name its commit, so a repository that changes meanwhile may yield files of several commits. Every
file is still verified by its stated digest.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import About, Resource, Stated
from anymatix_fetcher.errors import NetworkError, ReferenceSyntaxError
from anymatix_fetcher.sources.accounts import MODELSCOPE
from anymatix_fetcher.sources.modelscope_listing import Repository, probe
from anymatix_fetcher.sources.repository import RepositoryFile, stays_inside, wanted
from anymatix_fetcher.sources.services import Explained, linked
from anymatix_fetcher.sources.sites import Site, agreed, make_url, printable, segment, without_digest

if TYPE_CHECKING:
    from collections.abc import Generator

    from anymatix_fetcher.core.values.http import Request, ResponseHead
    from anymatix_fetcher.sources.base import Answer, Environment, Resolving, Wish
    from anymatix_fetcher.sources.sites import SiteUrl


class ModelScopeService(Explained):
    """Interprets ModelScope's responses: a redirect to its CDN states the file's digest, as at Hugging Face."""

    def stated(self, head: ResponseHead) -> Stated:
        """Implements ``Service.stated``."""
        return linked(head)


SITE = Site(MODELSCOPE)
SERVICE = ModelScopeService(SITE.name)
DEFAULT_REVISION = "master"
HINT = "Expected modelscope:ORG/REPO[@REVISION]/PATH, or a file's URL at modelscope.cn."

_SCHEME = re.compile(r"modelscope:(?://)?(.*)", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_PAGES: tuple[list[str], ...] = ([], [""], ["files"], ["summary"])
"""The pages of a repository that stand for all its files."""


@dataclass(frozen=True, slots=True)
class ModelScopeReference:
    """A file, or everything below a folder, in one revision of a repository.

    Args:
        repository: "org/name".
        path: Within the repository; of a folder without its trailing slash, and empty for the whole.
        revision: A branch, a tag or a commit.
        is_folder: Whether everything below the path is selected.
    """

    repository: str
    path: str
    revision: str = DEFAULT_REVISION
    is_folder: bool = False

    def __str__(self) -> str:
        path = f"/{printable(self.path)}" if self.path else ""
        return f"{SITE.name}:{self.repository}@{segment(self.revision)}{path}" + ("/" if self.is_folder else "")


class ModelScope:
    """Models at ModelScope; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = SITE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        return SITE.claims(reference, environment, has_scheme=_SCHEME.match, read_url=read_url)

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The file that the wish names, or the files of the folder or repository.

        Raises:
            FetchError: The reference is invalid, or there is no such repository or file.
        """
        text = wish.reference.strip()
        base, located = SITE.base(environment), SITE.locate(text, environment)
        if located is not None:
            base, read = located.base, read_url(located)
            if read is None:
                return (yield from _elsewhere(located, wish, environment))
            found = read
        else:
            found = read_scheme(text)
        headers = _headers(environment, wish, base)
        repository = Repository(SITE, base, found.repository, found.revision, headers)
        if not found.is_folder:
            return ((yield from _one(base, found, repository, wish, headers)),)
        files = yield from repository.files(found.path)
        chosen = wanted(files, wish, below=found.path, what=found.repository)
        return tuple(_resource(base, found, file, wish, headers) for file in chosen)


def read_scheme(text: str) -> ModelScopeReference:
    """Parses ``modelscope:...``.

    Raises:
        ReferenceSyntaxError: It is invalid.
    """
    match = _SCHEME.fullmatch(text)
    parts = (match.group(1) if match else "").split("/", 2)
    name, at, revision = parts[1].partition("@") if len(parts) > 1 else ("", "", "")
    revision = unquote(revision, errors="replace") if at else DEFAULT_REVISION
    return _checked(parts[0], name, revision, "".join(parts[2:]))


def read_url(located: SiteUrl) -> ModelScopeReference | None:
    """Parses a URL at ModelScope; ``None`` if it is another kind of page or document.

    Raises:
        ReferenceSyntaxError: It names a repository, but is invalid.
    """
    given = dict(located.url.parameters)
    match located.segments:
        case ["models", organisation, name, "resolve", revision, *path]:
            return _checked(organisation, name, revision or DEFAULT_REVISION, "/".join(path))
        case ["models", organisation, name, "file", "view", revision, *path] if path:
            return _checked(organisation, name, revision, "/".join(path))
        case ["api", "v1", "models", organisation, name, "repo"] if given.get("FilePath"):
            return _checked(organisation, name, given.get("Revision") or DEFAULT_REVISION, given["FilePath"])
        case ["models", organisation, name, *page] if located.is_home and page in _PAGES:
            return _checked(organisation, name, DEFAULT_REVISION, "")
        case _:
            return None


def _checked(organisation: str, name: str, revision: str, path: str) -> ModelScopeReference:
    if not (_NAME.fullmatch(organisation) and _NAME.fullmatch(name)):
        raise ReferenceSyntaxError("not a reference to ModelScope: it names no repository", hint=HINT)
    if not stays_inside(revision):
        raise ReferenceSyntaxError("not a reference to ModelScope: its revision is invalid", hint=HINT)
    is_folder = not path or path.endswith("/")
    path = path.removesuffix("/")
    if path and not stays_inside(path):
        raise ReferenceSyntaxError("not a reference to ModelScope: its path has invalid components", hint=HINT)
    return ModelScopeReference(f"{organisation}/{name}", path, revision, is_folder)


def _headers(environment: Environment, wish: Wish, base: str) -> Headers:
    """The user's fields and the token, which the site expects in a cookie and the API as a bearer token."""
    headers, bearer = SITE.headers(environment, wish, base), SITE.bearer(environment, base)
    token = environment.tokens.get(SITE.name)
    if token is None or not bearer.fields or ";" in token.reveal() or headers.get("Cookie") is not None:
        return headers
    return Headers((*headers.fields, ("Cookie", f"m_session_id={token.reveal()}")))


def _one(
    base: str, found: ModelScopeReference, repository: Repository, wish: Wish, headers: Headers
) -> Generator[Request, Answer, Resource]:
    """One file, by the listing, or by its own URL if the listing doesn't contain it."""
    listed, trouble = None, None
    try:
        listed = yield from repository.file(found.path)
    except NetworkError as error:
        trouble = error
    url = make_url(base, _path(found, found.path)).reveal()
    file = listed or (yield from probe(SITE, url, headers, found.path))
    resource = replace(_resource(base, found, file, wish, headers), name=wish.name or file.name, folder=())
    return resource if trouble is None else without_digest(resource, SITE, trouble)


def _elsewhere(located: SiteUrl, wish: Wish, environment: Environment) -> Resolving:
    """Another URL at ModelScope. Only its first bytes tell whether it is an error."""
    resource = SITE.as_it_is(located, wish, environment, SERVICE)
    if "resolve" in located.segments or "FilePath" in dict(located.url.parameters):
        yield from probe(SITE, resource.url.reveal(), resource.headers, located.path)
    return (resource,)


def _resource(base: str, found: ModelScopeReference, file: RepositoryFile, wish: Wish, headers: Headers) -> Resource:
    return Resource(
        make_url(base, _path(found, file.path)),
        name=file.name,
        length=file.length,
        digests=agreed(wish.digests, file.digests, file.path),
        headers=headers,
        reference=str(replace(found, path=file.path, is_folder=False)),
        folder=file.folder,
        mirrors=() if found.is_folder else wish.mirrors,
        service=SERVICE,
        about=About(title=found.repository, page=f"{base}{_page(found)}"),
    )


def _path(found: ModelScopeReference, path: str) -> str:
    return f"{_page(found)}/resolve/{segment(found.revision)}/{segment(path, safe='/')}"


def _page(found: ModelScopeReference) -> str:
    return f"/models/{found.repository}"
