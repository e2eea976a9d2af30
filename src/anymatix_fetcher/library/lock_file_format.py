"""Reads and writes ``anyfetch.lock``: which files belong here, their digests, and their sources.

The format is TOML, so that people can read it and version control shows changes: the order of files is stable, and each
source has its own line. ``docs/lock-format.md`` describes it. A lock file is untrusted: names and folders have to be
safe as they are, and errors name the file's number.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from anymatix_fetcher.core.values.digests import COLLISION_FREE, HEX_LENGTHS, Digest
from anymatix_fetcher.core.values.filenames import SafeName, safe_name
from anymatix_fetcher.core.values.http import MAX_LENGTH
from anymatix_fetcher.errors import ReferenceSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = 1
MAX_FILE_BYTES = 64 << 20
"""A larger one isn't read."""

_HEADING = "# What `anyfetch sync` brings here; written by `anyfetch lock`.\n"
_COMMIT = re.compile(r"@[0-9a-f]{40}(?=/)")
_MEND = "Write it anew by `anyfetch lock`, or mend it in an editor."


class Root(StrEnum):
    """The root that a file's folder is relative to."""

    MODELS = "models"
    """The models root; the folder's first name is one of ComfyUI's own, such as ``loras``."""
    HERE = "here"
    """The folder that the lock file is in."""


@dataclass(frozen=True, slots=True)
class LockedFile:
    """One file.

    Args:
        name: Its name.
        root: The root of its folder.
        folder: The path components of its folder.
        sources: References and URLs, the best first; at least one.
        size: In bytes, if known.
        digests: The expected digests, by algorithm.
        type: The model type (``lora``); empty if unknown.
    """

    name: SafeName
    root: Root
    folder: tuple[SafeName, ...]
    sources: tuple[str, ...]
    size: int | None = None
    digests: tuple[Digest, ...] = ()
    type: str = ""

    @property
    def place(self) -> tuple[Root, tuple[SafeName, ...], SafeName]:
        """Its destination, which is unique in the lock file."""
        return self.root, self.folder, self.name

    @property
    def strong(self) -> tuple[Digest, ...]:
        """The collision-resistant digests."""
        return tuple(digest for digest in self.digests if digest.algorithm in COLLISION_FREE)

    def __str__(self) -> str:
        return "/".join((*self.folder, self.name))

    def is_same_content(self, other: LockedFile) -> bool:
        """Whether a collision-resistant digest proves that both are the same file."""
        return bool(set(self.strong) & set(other.strong)) and not self.contradicts(other)

    def contradicts(self, other: LockedFile) -> bool:
        """Whether they can't be the same file."""
        known = {digest.algorithm: digest for digest in self.digests}
        other_size = self.size is not None and other.size is not None and self.size != other.size
        return other_size or any(known.get(digest.algorithm, digest) != digest for digest in other.digests)


@dataclass(frozen=True, slots=True)
class LockFile:
    """A lock file's content; ``files`` are in its order."""

    files: tuple[LockedFile, ...] = ()

    def with_file(self, new: LockedFile) -> LockFile:
        """The lock with ``new``: at the end, or replacing the file with the same destination."""
        if all(file.place != new.place for file in self.files):
            return LockFile((*self.files, new))
        return LockFile(tuple(_updated(file, new) if file.place == new.place else file for file in self.files))

    def find(self, file: LockedFile) -> LockedFile | None:
        """The locked file with the destination of ``file``."""
        return next((known for known in self.files if known.place == file.place), None)


def _updated(known: LockedFile, new: LockedFile) -> LockedFile:
    """``new``, completed by what is still true of ``known``, so that locking the same content again changes nothing."""
    # A pinned source stays the same, even if it doesn't state a digest that was computed here.
    is_same_source = known.sources[0] == new.sources[0] and not known.contradicts(new)
    if not (is_same_source or known.is_same_content(new)):
        return new
    # The same content under a later commit isn't a new source.
    named = {_COMMIT.sub("", source) for source in known.sources}
    more = tuple(source for source in new.sources if _COMMIT.sub("", source) not in named)
    return replace(
        new,
        sources=known.sources + more,
        size=known.size if new.size is None else new.size,
        digests=_together(known.digests, new.digests),
        type=new.type or known.type,
    )


def _together(first: tuple[Digest, ...], second: tuple[Digest, ...]) -> tuple[Digest, ...]:
    return tuple(sorted({*first, *second}, key=str))


# Writing --------------------------------------------------------------------------------------------------


def write(lock: LockFile) -> str:
    """The lock file's text."""
    import tomli_w  # noqa: PLC0415 - not needed for reading

    return f"{_HEADING}{tomli_w.dumps({'version': VERSION, 'file': [_table(file) for file in lock.files]})}"


def _table(file: LockedFile) -> dict[str, object]:
    table: dict[str, object] = {"name": file.name, "root": file.root.value, "folder": "/".join(file.folder)}
    if file.type:
        table["type"] = file.type
    if file.size is not None:
        table["size"] = file.size
    table["sources"] = list(file.sources)
    table["digests"] = {digest.algorithm: digest.hex for digest in sorted(file.digests, key=str)}
    return table


# Reading --------------------------------------------------------------------------------------------------


def read(data: bytes, what: str = "the lock file") -> LockFile:
    """Parses a lock file.

    Args:
        data: Its content.
        what: Its name in errors.

    Raises:
        ReferenceSyntaxError: It isn't a lock file, or has a later version.
    """
    try:
        document = tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        # The line number is reported, but not its content.
        raise ReferenceSyntaxError(f"{what} isn't TOML: {_place(error)}", hint=_MEND) from None
    version = document.get("version")
    if version is None:
        raise ReferenceSyntaxError(f"{what} is no lock file: it names no version", hint=_MEND)
    if version != VERSION:
        raise ReferenceSyntaxError(
            f"{what} is of version {version!r:.20}, and {VERSION} is known here", hint="A newer anyfetch may read it."
        )
    entries = document.get("file", [])
    if not isinstance(entries, list):
        raise ReferenceSyntaxError(f"{what}: its files can't be read", hint=_MEND)
    files = list[LockedFile]()
    seen = set[tuple[Root, tuple[SafeName, ...], SafeName]]()
    for number, entry in enumerate(entries, 1):
        try:
            file = _Entry(entry if isinstance(entry, dict) else {}).file()
            if file.place in seen:
                raise ValueError("another one has the same place")  # noqa: TRY301 - reported like the others
        except ValueError as error:
            raise ReferenceSyntaxError(f"{what}, file {number}: {error}", hint=_MEND) from None
        seen.add(file.place)
        files.append(file)
    return LockFile(tuple(files))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One table of the document; invalid values raise ``ValueError``."""

    table: Mapping[str, Any] = field(default_factory=dict)

    def file(self) -> LockedFile:
        root, size = self._text("root", Root.HERE), self.table.get("size")
        if root not in list(Root):
            raise ValueError("its root isn't one of models and here")
        if not (size is None or (type(size) is int and 0 <= size <= MAX_LENGTH)):
            raise ValueError("its size can't be one")
        folder = tuple(map(_safe, self._text("folder", "").split("/"))) if self._text("folder", "") else ()
        if root == Root.MODELS and not folder:
            raise ValueError("it names no folder below the models root")
        return LockedFile(
            _safe(self._text("name")),
            Root(root),
            folder,
            self._sources(),
            size,
            self._digests(),
            self._text("type", ""),
        )

    def _sources(self) -> tuple[str, ...]:
        sources = self.table.get("sources")
        if (
            not isinstance(sources, list)
            or not sources
            or not all(source and type(source) is str for source in sources)
        ):
            raise ValueError("it names no source")
        return tuple(sources)

    def _digests(self) -> tuple[Digest, ...]:
        if not HEX_LENGTHS.keys().isdisjoint(self.table):
            raise ValueError("its digests have to stand in [file.digests]")
        table = self.table.get("digests", {})
        if not isinstance(table, dict):
            raise ValueError("its digests can't be read")  # noqa: TRY004 - reported like the others
        return _sorted(Digest.parse(f"{algorithm}:{text}") for algorithm, text in table.items())

    def _text(self, key: str, default: str | None = None) -> str:
        value = self.table.get(key, default)
        if not isinstance(value, str):
            raise ValueError(f"its {key} is missing or no text")  # noqa: TRY004 - reported like the others
        return value


def _sorted(digests: Iterable[Digest]) -> tuple[Digest, ...]:
    return tuple(sorted(digests, key=str))


def _safe(text: str) -> SafeName:
    """The name, which has to be safe as it is, because a changed one would be another file."""
    name = safe_name(text)
    if name is None or name != text:
        raise ValueError("a name in it leads elsewhere, or isn't possible on every system")
    return name


def _place(error: Exception) -> str:
    found = re.search(r"\(at (line \d+, column \d+|end of document)\)", str(error))
    return f"look at {found.group(1)}" if found else "it can't be read"
