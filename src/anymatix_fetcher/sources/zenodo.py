"""Zenodo: files and whole records, by the API that states their lengths and MD5 (https://developers.zenodo.org).

- ``zenodo:ID/NAME`` is a file of a record, ``zenodo:ID`` all of them.
- URLs of both at zenodo.org, and records' DOIs (``https://doi.org/10.5281/zenodo.ID``).

The number for all versions of a record leads to the latest one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.http import Headers
from anymatix_fetcher.core.values.resource import About, Resource
from anymatix_fetcher.errors import AccessDeniedError, NetworkError, NotFoundError, ReferenceSyntaxError
from anymatix_fetcher.sources.accounts import ZENODO
from anymatix_fetcher.sources.documents import Document, unexpected
from anymatix_fetcher.sources.repository import RepositoryFile, listing, stays_inside, wanted
from anymatix_fetcher.sources.services import Explained
from anymatix_fetcher.sources.sites import Site, agreed, make_url, printable, segment, without_digest

if TYPE_CHECKING:
    from collections.abc import Generator

    from anymatix_fetcher.core.values.http import Request
    from anymatix_fetcher.sources.base import Answer, Environment, Resolving, Wish
    from anymatix_fetcher.sources.sites import SiteUrl

_RESOLVERS = ("doi.org", "dx.doi.org", "www.doi.org")
SITE = Site(ZENODO, _RESOLVERS)
SERVICE = Explained(SITE.name)

_SCHEME = re.compile(r"zenodo:(?://)?(.*)", re.IGNORECASE | re.DOTALL)
_DOI = re.compile(r"zenodo\.([0-9]+)", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,19}")
_HINT = "Expected zenodo:ID/NAME, zenodo:ID for all files of a record, or a URL at zenodo.org."


@dataclass(frozen=True, slots=True)
class ZenodoReference:
    """A file of a record; all files if ``path`` is empty."""

    record: str
    path: str = ""

    def __str__(self) -> str:
        return f"{SITE.name}:{self.record}" + (f"/{printable(self.path)}" if self.path else "")


@dataclass(frozen=True, slots=True)
class _Record:
    record: str
    files: tuple[RepositoryFile, ...] = ()
    about: About = About()  # noqa: RUF009 - frozen, so sharing it is safe


class Zenodo:
    """Records and their files; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = SITE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        return SITE.claims(reference, environment, has_scheme=_SCHEME.match, read_url=read_url, all_urls=False)

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The file that the wish names, or the files of the record.

        Raises:
            FetchError: The reference is invalid, or there is no such record or file.
        """
        text = wish.reference.strip()
        base, located = SITE.base(environment), SITE.locate(text, environment)
        if located is not None and located.url.host in _RESOLVERS:
            wish = replace(wish, headers=Headers())  # they were meant for the DOI resolver
        found = (read_url(located) if located is not None else None) or read_scheme(text)
        headers = SITE.headers(environment, wish, base)
        try:
            record = yield from _record(base, found, headers)
        except NetworkError as error:
            if not found.path:
                raise
            # The file itself may still be available.
            record = _Record(found.record)
            return (without_digest(_resource(base, record, RepositoryFile(found.path), wish, headers), SITE, error),)
        if not found.path:
            chosen = wanted(record.files, wish, what=f"{SITE.name}:{record.record}")
            wish = wish if len(chosen) == 1 else replace(wish, name=None, mirrors=())
            return tuple(_resource(base, record, file, wish, headers) for file in chosen)
        file = next((file for file in record.files if file.path == found.path), None)
        if file is None:
            raise NotFoundError(
                f"the record {SITE.name}:{record.record} has no file {printable(found.path)}",
                hint=f"It has: {listing(file.path for file in record.files)}.",
            )
        return (_resource(base, record, file, wish, headers),)


def read_scheme(text: str) -> ZenodoReference:
    """Parses ``zenodo:...``.

    Raises:
        ReferenceSyntaxError: It is invalid.
    """
    match = _SCHEME.fullmatch(text)
    record, _, path = (match.group(1) if match else "").partition("/")
    if not _NUMBER.fullmatch(record):
        raise ReferenceSyntaxError("not a reference to Zenodo: it has no record number", hint=_HINT)
    if path and not stays_inside(path):
        raise ReferenceSyntaxError("not a reference to Zenodo: its path has invalid components", hint=_HINT)
    return ZenodoReference(record, path)


def read_url(located: SiteUrl) -> ZenodoReference | None:
    """Parses a URL at Zenodo or of a DOI; ``None`` if it is another page."""
    if located.url.host in _RESOLVERS:
        doi = _DOI.fullmatch(located.path.removeprefix("/10.5281/"))
        return ZenodoReference(doi.group(1)) if doi else None
    path = located.segments[1:] if located.segments[0] == "api" else located.segments
    match path:
        case ["records" | "record", record, "files" | "preview", *names] if any(names):
            names = names[:-1] if located.segments[0] == "api" and names[-1] == "content" else names
            found = ZenodoReference(record, "/".join(names))
        case ["records" | "record", record] | ["records" | "record", record, "" | "files"]:
            found = ZenodoReference(record)
        case _:
            return None
    reads = _NUMBER.fullmatch(found.record) and (not found.path or stays_inside(found.path))
    return found if reads else None


def _record(base: str, found: ZenodoReference, headers: Headers) -> Generator[Request, Answer, _Record]:
    """The API's description of the record. A number for all versions redirects to the latest one."""
    url = f"{base}/api/records/{found.record}"
    answer = yield from SITE.ask(url, headers, f"record {found.record}")
    document = Document.of(answer)
    metadata = document.optional_part("metadata")
    if "files" not in document.fields and metadata.optional_text("access_right") not in {"", "open"}:
        raise AccessDeniedError(
            f"the files of {SITE.name}:{found.record} aren't public",
            hint=f"Ask for access on the record's page, and set {SITE.token_variable} to your token.",
        )
    record = str(document.optional_number("id") or found.record)
    about = About(
        title=metadata.optional_text("title"),
        type=metadata.optional_part("resource_type").optional_text("type"),
        licence=metadata.optional_part("license").optional_text("id"),
        page=f"{base}/records/{record}",
        document=answer.text,
    )
    return _Record(record, tuple(map(_file, document.items("files"))), about)


def _file(entry: Document) -> RepositoryFile:
    path, digest = entry.text("key"), entry.optional_digest("checksum", "md5")
    if not stays_inside(path):
        raise unexpected(entry.host, "a file name with invalid components")
    return RepositoryFile(path, entry.optional_number("size"), (digest,) if digest else ())


def _resource(base: str, record: _Record, file: RepositoryFile, wish: Wish, headers: Headers) -> Resource:
    return Resource(
        make_url(base, f"/api/records/{record.record}/files/{segment(file.path, safe='/')}/content"),
        name=wish.name or file.name,
        length=file.length,
        digests=agreed(wish.digests, file.digests, file.path),
        headers=headers,
        reference=str(ZenodoReference(record.record, file.path)),
        folder=file.folder,
        mirrors=wish.mirrors,
        service=SERVICE,
        about=record.about,
    )
