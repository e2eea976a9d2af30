"""Parses references to GitHub: assets of a release, or a file of a repository.

- ``github:OWNER/REPO@TAG/ASSET``; ``latest`` is a tag and the default. The asset may be a glob; without one all assets
  are selected. A tag may contain a slash if an asset follows, because assets can't; otherwise write ``%2F``, or end the
  reference with a slash.
- URLs of assets (``/releases/download/TAG/NAME``, ``/releases/latest/download/NAME``), of releases
  (``/releases/tag/TAG``, ``/releases/latest``) and of files (``/blob/``, ``/raw/``, and at raw.githubusercontent.com).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import unquote

from anymatix_fetcher.errors import ReferenceSyntaxError
from anymatix_fetcher.sources.accounts import RAW_HOST
from anymatix_fetcher.sources.repository import stays_inside
from anymatix_fetcher.sources.sites import printable, segment

if TYPE_CHECKING:
    from anymatix_fetcher.sources.sites import SiteUrl

LATEST = "latest"
HINT = "Expected github:OWNER/REPO@TAG/ASSET, or an asset's URL at github.com."

_SCHEME = re.compile(r"github:(?://)?(.*)", re.IGNORECASE | re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9._-]+")
_GLOB = re.compile(r"[*?\[]")
_FILE_MARKS = frozenset({"blob", "raw"})


@dataclass(frozen=True, slots=True)
class ReleaseReference:
    """Assets of a release.

    Args:
        repository: "owner/name".
        tag: The release's tag; empty for the newest release.
        asset: A name or a glob; empty for all.
        is_literal: Whether the asset is a name, even if it contains glob characters.
    """

    repository: str
    tag: str = ""
    asset: str = ""
    is_literal: bool = False

    @property
    def is_one(self) -> bool:
        """Whether a single asset is named."""
        return bool(self.asset) and (self.is_literal or not _GLOB.search(self.asset))

    @property
    def shown_tag(self) -> str:
        """The tag for messages."""
        return segment(self.tag or LATEST, safe="/")

    def __str__(self) -> str:
        return f"github:{self.repository}@{segment(self.tag or LATEST)}" + (
            f"/{printable(self.asset)}" if self.asset else ""
        )


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file of a repository. ``place`` is revision and path; only GitHub knows where the revision ends."""

    repository: str
    place: str


GitHubReference: TypeAlias = ReleaseReference | FileReference


def has_scheme(text: str) -> bool:
    """Whether the text begins with ``github:``."""
    return _SCHEME.match(text) is not None


def read_scheme(text: str) -> ReleaseReference:
    """Parses ``github:...``.

    Raises:
        ReferenceSyntaxError: It is invalid.
    """
    match = _SCHEME.fullmatch(text)
    parts = (match.group(1) if match else "").split("/", 2)
    if len(parts) == 1:
        raise ReferenceSyntaxError("not a reference to GitHub: it names no repository", hint=HINT)
    name, at, tag = parts[1].partition("@")
    rest = "".join(parts[2:])
    if at and "/" in rest:
        tag, rest = f"{tag}/{rest.rpartition('/')[0]}", rest.rpartition("/")[2]
    if at and not tag:
        raise ReferenceSyntaxError("not a reference to GitHub: it names no tag", hint=HINT)
    tag = unquote(tag, errors="replace")
    return ReleaseReference(_repository(parts[0], name), "" if tag == LATEST else tag, _asset(rest))


def read_url(located: SiteUrl) -> GitHubReference | None:
    """Parses a URL at GitHub; ``None`` if it is another kind of page or document.

    Raises:
        ReferenceSyntaxError: It names a repository, but is invalid.
    """
    segments = [segment for segment in located.segments if segment]
    if located.is_home and located.url.host == RAW_HOST:
        segments[2:2] = ["raw"]
    match segments:
        case [owner, name, "releases", "latest", "download", asset]:
            return ReleaseReference(_repository(owner, name), "", _asset(asset), is_literal=True)
        case [owner, name, "releases", "download", *tag, asset] if tag:
            return ReleaseReference(_repository(owner, name), "/".join(tag), _asset(asset), is_literal=True)
        case [owner, name, "releases", "tag", *tag] if tag:
            return ReleaseReference(_repository(owner, name), "/".join(tag))
        case [owner, name, "releases"] | [owner, name, "releases", "latest"]:
            return ReleaseReference(_repository(owner, name))
        case [owner, name, mark, revision, *path] if mark in _FILE_MARKS and path:
            place = "/".join([revision, *path])
            if not stays_inside(place):
                raise ReferenceSyntaxError("not a reference to GitHub: its path has invalid components", hint=HINT)
            return FileReference(_repository(owner, name), place)
        case _:
            return None


def _repository(owner: str, name: str) -> str:
    repository = f"{owner}/{name}"
    if not (_NAME.fullmatch(owner) and _NAME.fullmatch(name) and stays_inside(repository)):
        raise ReferenceSyntaxError("not a reference to GitHub: it names no repository", hint=HINT)
    return repository


def _asset(name: str) -> str:
    if name and ("/" in name or not stays_inside(name)):
        raise ReferenceSyntaxError("not a reference to GitHub: its asset's name is invalid", hint=HINT)
    return name
