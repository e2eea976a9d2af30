"""Parses references to Hugging Face: repository, revision, and file or folder.

- ``hf:ORG/REPO[@REVISION]/PATH`` is a file; ``.../FOLDER/``, or no path at all, selects everything below. ``hf://`` is
  equivalent, and ``datasets/``, ``spaces/`` or ``kernels/`` may come first.
- A repository without an organisation needs its revision, ``hf:gpt2@main/model.safetensors``: without an at sign the
  first two segments are organisation and repository.
- A slash within a revision is written ``%2F``; those of ``refs/pr/N`` and ``refs/convert/NAME`` may be written as they
  are.
- URLs of files (``/resolve/``, ``/blob/``, ``/raw/``), folders (``/tree/``) and repositories. Of the query only
  ``show_file_info`` is used, which selects one file of a folder or repository.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.repository import stays_inside
from anymatix_fetcher.sources.sites import printable, segment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from anymatix_fetcher.sources.sites import SiteUrl

KINDS = ("datasets", "spaces", "kernels")
DEFAULT_REVISION = "main"
HINT = "Expected hf:ORG/REPO[@REVISION]/PATH, or a file's URL at huggingface.co."

_FILE_MARKS = frozenset({"resolve", "blob", "raw"})
_FOLDER_MARK = "tree"
_SCHEME = re.compile(r"hf:(?://)?(.*)", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_REFS = re.compile(r"refs/(?:pr|convert)/[^/]+")
_SITE_PAGES = frozenset(
    {
        *("api", "blog", "chat", "collections", "docs", "enterprise", "inference", "join", "learn", "login", "logout"),
        *("models", "new", "notifications", "organizations", "papers", "posts", "pricing", "search", "settings"),
        *("tasks", "terms-of-service", "privacy", "front", "storage", "jobs", *KINDS),
    }
)
"""Path segments in the position of an organisation that aren't one."""


@dataclass(frozen=True, slots=True)
class HubReference:
    """A file, or everything below a folder, in one revision of a repository.

    Args:
        repository: "org/name", or "name" alone for the oldest ones.
        path: Within the repository; of a folder without its trailing slash, and empty for the whole.
        revision: A branch, a tag or a commit.
        kind: Empty for models, else one of :data:`KINDS`.
        is_folder: Whether everything below the path is selected.
    """

    repository: str
    path: str
    revision: str = DEFAULT_REVISION
    kind: str = ""
    is_folder: bool = False

    def __str__(self) -> str:
        kind = f"{self.kind}/" if self.kind else ""
        path = f"/{printable(self.path)}" if self.path else ""
        return f"hf:{kind}{self.repository}@{segment(self.revision)}{path}" + ("/" if self.is_folder else "")

    @property
    def site_path(self) -> str:
        """The path of the repository's page."""
        return f"/{self.kind}/{self.repository}" if self.kind else f"/{self.repository}"

    @property
    def api_path(self) -> str:
        """The path of the repository in the API."""
        return f"/api/{self.kind or 'models'}/{self.repository}"


def has_scheme(text: str) -> bool:
    """Whether the text begins with ``hf:``."""
    return _SCHEME.match(text) is not None


def read_scheme(text: str) -> HubReference:
    """Parses ``hf:...``, or the part after the scheme.

    Raises:
        ReferenceSyntaxError: It is invalid.
    """
    match = _SCHEME.fullmatch(text)
    rest = (match.group(1) if match else text).removesuffix("?download=true")
    kind, slash, tail = rest.partition("/")
    kind, rest = (kind, tail) if slash and kind in KINDS else ("", rest)
    repository, at, tail = rest.partition("@")
    if at and repository.count("/") <= 1:
        revision, path = _revision_and_path(tail)
    else:
        parts = rest.split("/", 2)
        repository, revision, path = "/".join(parts[:2]), DEFAULT_REVISION, "".join(parts[2:])
        if len(parts) == 2:  # noqa: PLR2004 - only a name, with a trailing slash
            repository = repository.removesuffix("/")
    return _checked(kind, repository, revision, path)


def read_url(located: SiteUrl) -> HubReference | None:
    """Parses a URL at the hub; ``None`` if it is another kind of page or document.

    Raises:
        ReferenceSyntaxError: It names a repository, but is invalid.
    """
    segments = list(located.segments)
    shown = next((value for name, value in parse_qsl(located.query) if name == "show_file_info"), "")
    kind = segments.pop(0) if segments[0] in KINDS else ""
    for position in (1, 2):
        mark = segments[position] if position < len(segments) else ""
        if mark in _FILE_MARKS or mark == _FOLDER_MARK:
            repository, rest = "/".join(segments[:position]), segments[position + 1 :]
            revision, path = _split_revision(rest)
            if mark == _FOLDER_MARK and shown:
                path = _below(path, shown)
            elif mark == _FOLDER_MARK and path:
                path = f"{path.removesuffix('/')}/"
            return _checked(kind, repository, revision or DEFAULT_REVISION, path)
    names = [name for name in segments if name]
    is_page = not located.is_home or not names or len(names) > 2 or (not kind and names[0] in _SITE_PAGES)  # noqa: PLR2004
    return None if is_page else _checked(kind, "/".join(names), DEFAULT_REVISION, shown)


def _below(folder: str, path: str) -> str:
    """The path of the file shown on a folder's page, which states it relative to the repository's root."""
    folder = folder.strip("/")
    return path if not folder or path.startswith(f"{folder}/") else f"{folder}/{path}"


def _revision_and_path(text: str) -> tuple[str, str]:
    special = _REFS.match(text)
    if special is not None:
        return special.group(), text[special.end() :].removeprefix("/")
    revision, _, path = text.partition("/")
    return unquote(revision, errors="replace"), path


def _split_revision(segments: Sequence[str]) -> tuple[str, str]:
    """Splits decoded segments into revision and path."""
    special = _REFS.match("/".join(segments))
    length = 3 if special is not None and "/" not in segments[0] else 1
    return "/".join(segments[:length]), "/".join(segments[length:])


def _checked(kind: str, repository: str, revision: str, path: str) -> HubReference:
    names = repository.split("/")
    if len(names) > 2 or not all(_NAME.fullmatch(name) for name in names):  # noqa: PLR2004 - organisation and name
        raise ReferenceSyntaxError("not a reference to Hugging Face: it names no repository", hint=HINT)
    if not revision or not stays_inside(revision):
        raise ReferenceSyntaxError("not a reference to Hugging Face: its revision is invalid", hint=HINT)
    is_folder = not path or path.endswith("/")
    path = path.removesuffix("/")
    if path and not stays_inside(path):
        raise ReferenceSyntaxError("not a reference to Hugging Face: its path has invalid components", hint=HINT)
    return HubReference(repository, path, revision, kind, is_folder)
