"""Hugging Face: single files with one request, whole repositories by the tree of one commit.

For a single file no other request is needed: the hub's redirect to a CDN states the content's SHA-256 and length
(``X-Linked-Etag``, ``X-Linked-Size``; https://huggingface.co/docs/huggingface_hub).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.resource import About, Resource, Stated
from anymatix_fetcher.sources import huggingface_references as references
from anymatix_fetcher.sources.accounts import HUGGING_FACE
from anymatix_fetcher.sources.air import read_air
from anymatix_fetcher.sources.documents import Document, unexpected
from anymatix_fetcher.sources.repository import RepositoryFile, stays_inside, wanted
from anymatix_fetcher.sources.services import Explained, linked
from anymatix_fetcher.sources.sites import Site, agreed, make_url, segment

if TYPE_CHECKING:
    from collections.abc import Generator

    from anymatix_fetcher.core.values.http import Headers, Request, ResponseHead
    from anymatix_fetcher.core.values.urls import Url
    from anymatix_fetcher.sources.base import Answer, Environment, Resolving, Wish
    from anymatix_fetcher.sources.huggingface_references import HubReference

MAX_PAGES = 1000
"""The limit on pages of a listing; the hub sends 1000 entries per page."""

SITE = Site(HUGGING_FACE)

_COMMIT = re.compile(r"[0-9a-f]{40}")
_NEXT_PAGE = re.compile(r'<([^<>]*)>\s*;[^<>]*\brel="?next\b', re.IGNORECASE)


class HuggingFaceService(Explained):
    """Interprets the hub's responses."""

    def stated(self, head: ResponseHead) -> Stated:
        """The linked file's length and SHA-256, and the commit."""
        commit = (head.headers.get("X-Repo-Commit") or "").strip()
        return replace(linked(head), commit=commit if _COMMIT.fullmatch(commit) else "")


SERVICE = HuggingFaceService("huggingface")


class HuggingFace:
    """Models, datasets and spaces of the hub; implements :class:`~anymatix_fetcher.sources.base.Source`."""

    name = SITE.name

    def recognises(self, reference: str, environment: Environment) -> bool:
        """Implements ``Source.recognises``."""
        return SITE.claims(reference, environment, has_scheme=references.has_scheme, read_url=references.read_url)

    def resolve(self, wish: Wish, environment: Environment) -> Resolving:
        """The file that the wish names, or the files of the folder or repository.

        Raises:
            FetchError: The reference is invalid, or there is no such repository.
        """
        text = wish.reference.strip()
        base, air, located = SITE.base(environment), read_air(text), SITE.locate(text, environment)
        if located is not None:
            found = references.read_url(located)
            if found is None:
                return (SITE.as_it_is(located, wish, environment, SERVICE),)
            base = located.base
        else:
            found = references.read_scheme(air.name if air else text)
        headers = SITE.headers(environment, wish, base)
        if found.is_folder:
            return (yield from _files(base, found, wish, headers))
        return (_single(base, found, wish, headers),)


def _single(base: str, found: HubReference, wish: Wish, headers: Headers) -> Resource:
    file = RepositoryFile(found.path)
    return Resource(
        _address(base, found),
        name=wish.name or file.name,
        digests=wish.digests,
        headers=headers,
        reference=str(found),
        mirrors=wish.mirrors,
        service=SERVICE,
        about=About(title=found.repository, page=f"{base}{found.site_path}"),
    )


def _files(base: str, found: HubReference, wish: Wish, headers: Headers) -> Resolving:
    """All files below a folder as of one commit, regardless of later pushes."""
    url = f"{base}{found.api_path}/revision/{segment(found.revision)}"
    answer = yield from SITE.ask(url, headers, f"{found.repository} at {segment(found.revision)}")
    document = Document.of(answer)
    commit = document.text("sha")
    if not _COMMIT.fullmatch(commit):
        raise unexpected(document.host, "a commit id that isn't one")
    pinned = replace(found, revision=commit)
    files = yield from _tree(base, pinned, headers)
    about = _about(base, found, document, answer)
    return tuple(
        Resource(
            _address(base, replace(pinned, path=file.path)),
            name=file.name,
            length=file.length,
            digests=agreed(wish.digests, file.digests, file.path),
            headers=headers,
            # By the requested revision: if the branch moves, the partial files still have their references.
            reference=str(replace(found, path=file.path, is_folder=False)),
            folder=file.folder,
            service=SERVICE,
            about=about,
            pinned=str(replace(pinned, path=file.path, is_folder=False)),
        )
        for file in wanted(files, wish, below=found.path, what=found.repository)
    )


def _tree(base: str, pinned: HubReference, headers: Headers) -> Generator[Request, Answer, list[RepositoryFile]]:
    """Every file below the folder, page by page."""
    folder = f"/{segment(pinned.path, safe='/')}" if pinned.path else ""
    tree = f"{base}{pinned.api_path}/tree/{pinned.revision}{folder}"
    query, files = "recursive=true", list[RepositoryFile]()
    for _ in range(MAX_PAGES):
        answer = yield from SITE.ask(f"{tree}?{query}", headers, f"the files of {pinned.repository}")
        for entry in Document.list_of(answer):
            if entry.optional_text("type") == "file":
                files.append(_file(entry))
        following = _NEXT_PAGE.search(answer.head.headers.get("Link") or "")
        if following is None:
            return files
        # Mirrors pass on the hub's own URL. Only its query is used, so that no other host is asked.
        query = _query_of(answer, following.group(1))
    raise unexpected(answer.url.host, "a listing without an end")


def _query_of(answer: Answer, link: str) -> str:
    try:
        return answer.url.join(link).reveal().partition("?")[2]
    except ValueError:
        raise unexpected(answer.url.host, "a next page that isn't a URL") from None


def _file(entry: Document) -> RepositoryFile:
    path, large = entry.text("path"), entry.optional_part("lfs")
    if not stays_inside(path):
        raise unexpected(entry.host, "a file path with invalid components")
    digest = large.optional_digest("oid", "sha256")
    length = large.optional_number("size") if digest else entry.optional_number("size")
    return RepositoryFile(path, length, (digest,) if digest else ())


def _about(base: str, found: HubReference, document: Document, answer: Answer) -> About:
    card = document.optional_part("cardData")
    return About(
        title=document.optional_text("id") or found.repository,
        type=document.optional_text("pipeline_tag"),
        base_model=", ".join(card.optional_texts("base_model")),
        licence=", ".join(card.optional_texts("license")),
        page=f"{base}{found.site_path}",
        document=answer.text,
    )


def _address(base: str, found: HubReference) -> Url:
    return make_url(base, f"{found.site_path}/resolve/{segment(found.revision)}/{segment(found.path, safe='/')}")
