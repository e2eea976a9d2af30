"""ModelScope's listing of a repository's files, and what a file's absence from it means.

A listing ends after 3000 entries without saying so. One of that length may be incomplete, so it is requested again
folder by folder. The API reports errors as JSON, mostly with a status of success.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.spans import Span
from anymatix_fetcher.errors import NotFoundError, UnexpectedAnswerError
from anymatix_fetcher.sources.documents import Document, unexpected
from anymatix_fetcher.sources.repository import RepositoryFile, listing, stays_inside
from anymatix_fetcher.sources.sites import printable, segment

if TYPE_CHECKING:
    from collections.abc import Generator

    from anymatix_fetcher.core.values.http import Headers, Request
    from anymatix_fetcher.errors import FetchError
    from anymatix_fetcher.sources.base import Answer
    from anymatix_fetcher.sources.sites import Site

LISTED_AT_MOST = 3000
"""A listing with this many entries may be truncated."""
MAX_LISTS = 2000
"""The limit on listings requested for one repository."""
_FIRST_BYTES = Span(0, 1024)


@dataclass(frozen=True, slots=True)
class _List:
    files: list[RepositoryFile]
    folders: list[str]

    @property
    def is_complete(self) -> bool:
        return len(self.files) + len(self.folders) < LISTED_AT_MOST

    def find(self, path: str) -> RepositoryFile | None:
        return next((file for file in self.files if file.path == path), None)


class Repository:
    """One revision of a repository according to the API.

    Args:
        site: ModelScope.
        base: Its base URL.
        name: "org/name".
        revision: A branch, a tag or a commit.
        headers: The fields of each request.
    """

    def __init__(self, site: Site, base: str, name: str, revision: str, headers: Headers) -> None:
        self._site = site
        self._url = f"{base}/api/v1/models/{name}/repo/files"
        self._name = name
        self._revision = revision
        self._headers = headers
        self._asked = 0

    def files(self, folder: str) -> Generator[Request, Answer, list[RepositoryFile]]:
        """All files below ``folder``, or in the whole repository, and possibly others.

        Raises:
            FetchError: There is no such repository or revision, or the API doesn't list all of it.
        """
        everything = yield from self._list("")
        return everything.files if everything.is_complete else (yield from self._below(folder))

    def file(self, path: str) -> Generator[Request, Answer, RepositoryFile | None]:
        """The facts about one file; ``None`` if the listings don't tell whether it exists.

        Raises:
            NotFoundError: The file, repository or revision doesn't exist.
            FetchError: The API fails.
        """
        found = yield from self._list("")
        if found.find(path) is None and not found.is_complete:
            found = yield from self._list(path.rpartition("/")[0], recursive=False)
        file = found.find(path)
        if file is None and found.is_complete:
            raise NotFoundError(
                f"{self._name} at {segment(self._revision)} has no file {printable(path)}",
                hint=f"It has: {listing(file.path for file in found.files) or 'none'}.",
            )
        return file

    def _below(self, folder: str) -> Generator[Request, Answer, list[RepositoryFile]]:
        """The files below a folder with a listing that is or may be truncated."""
        whole = yield from self._list(folder)
        if whole.is_complete:
            return whole.files
        here = yield from self._list(folder, recursive=False)
        if not here.is_complete:
            raise UnexpectedAnswerError(
                f"{self._site.title} lists at most {LISTED_AT_MOST} entries of {folder or self._name}",
                hint="Name its files individually.",
            )
        files = here.files
        for inner in here.folders:
            files += yield from self._below(inner)
        return files

    def _list(self, folder: str, *, recursive: bool = True) -> Generator[Request, Answer, _List]:
        self._asked += 1
        root = f"&Root={segment(folder)}" if folder else ""
        query = f"Revision={segment(self._revision)}&Recursive={str(recursive).lower()}{root}"
        answer = yield from self._site.ask(f"{self._url}?{query}", self._headers, f"the files of {self._name}")
        if self._asked > MAX_LISTS:
            raise unexpected(answer.url.host, "a listing without an end")
        error = error_in(self._site, answer, self._headers)
        if error is not None:
            raise error
        entries = Document.of(answer).optional_part("Data").items("Files")
        folders = [entry.text("Path") for entry in entries if entry.optional_text("Type") == "tree"]
        below = f"{folder}/" if folder else ""
        if not all(stays_inside(name) and name.startswith(below) and name != folder for name in folders):
            raise unexpected(answer.url.host, "a folder path with invalid components")
        return _List([_file(entry) for entry in entries if entry.optional_text("Type") != "tree"], folders)


def probe(site: Site, url: str, headers: Headers, path: str) -> Generator[Request, Answer, RepositoryFile]:
    """The facts about an unlisted file from its own URL, where the first bytes may be an error in JSON.

    Raises:
        FetchError: There is no such file, or the request fails.
    """
    answer = yield from site.ask(url, headers, printable(path), span=_FIRST_BYTES)
    error = error_in(site, answer, headers)
    if error is not None:
        raise error
    label = answer.head.content_range
    return RepositoryFile(path, label.total if label else None)


def error_in(site: Site, answer: Answer, headers: Headers) -> FetchError | None:
    """The error that a successful response states in JSON, or that a missing list means; ``None`` for anything else."""
    if not answer.body.startswith(b"{"):
        return None
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return None
    match said:
        case {"Success": False, "Code": int(code)}:
            return site.meaning(answer, headers) or unexpected(answer.url.host, f"the error {code}")
        case {"Data": {"Files": None}}:
            return site.meaning(answer, headers)
        case _:
            return None


def _file(entry: Document) -> RepositoryFile:
    path, digest = entry.text("Path"), entry.optional_digest("Sha256", "sha256")
    if not stays_inside(path):
        raise unexpected(entry.host, "a file path with invalid components")
    return RepositoryFile(path, entry.optional_number("Size"), (digest,) if digest else ())
