"""The files of a repository: the selection among them, and their paths below the destination."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.filenames import SafeName, safe_name
from anymatix_fetcher.errors import NotFoundError
from anymatix_fetcher.sources.sites import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.sources.base import Wish

MAX_LISTED, MAX_LISTED_LENGTH = 20, 200
"""The limits on names in an error message: their number, and the characters of each."""
_NAMELESS = SafeName("_")


@dataclass(frozen=True, slots=True)
class RepositoryFile:
    """A file in a repository's listing.

    Args:
        path: Its path within the repository, decoded, with slashes.
        length: In bytes, if the listing states it.
        digests: The digests that the listing states.
    """

    path: str
    length: int | None = None
    digests: tuple[Digest, ...] = ()

    @property
    def name(self) -> SafeName:
        """The file's local name."""
        return safe_name(self.path) or _NAMELESS

    @property
    def folder(self) -> tuple[SafeName, ...]:
        """The folders that contain it, from the repository's root."""
        return tuple(safe_name(part) or _NAMELESS for part in self.path.split("/")[:-1])


def stays_inside(path: str) -> bool:
    """Whether the path stays below its starting point and has no ``.`` or ``..``."""
    return all(part not in {"", ".", ".."} for part in path.split("/"))


def wanted(files: Sequence[RepositoryFile], wish: Wish, *, below: str = "", what: str) -> tuple[RepositoryFile, ...]:
    """The files below the folder that match any glob of ``include`` and none of ``exclude``.

    A glob is matched with the whole path, and its asterisk also matches slashes, as in ``hf download``. A glob with a
    trailing slash means everything below.

    Raises:
        NotFoundError: No file is left; the hint lists the existing ones.
    """
    prefix = f"{below.strip('/')}/" if below.strip("/") else ""
    there = [file for file in files if file.path.startswith(prefix)]
    chosen = tuple(
        file
        for file in there
        if (not wish.include or _matches(file.path, wish.include)) and not _matches(file.path, wish.exclude)
    )
    if chosen:
        return chosen
    if not there:
        raise NotFoundError(f"{what} has no files" + (f" below {prefix}" if prefix else ""), hint="Check the path.")
    raise NotFoundError(
        f"none of the {len(there)} files of {what} is selected",
        hint=f"Check --include and --exclude. The files are: {listing(file.path for file in there)}.",
    )


def listing(names: Iterable[str]) -> str:
    """The names in a sentence, in order; of many only the first ones."""
    shown = [printable(name[:MAX_LISTED_LENGTH]) for name in names]
    more = len(shown) - MAX_LISTED
    return ", ".join(shown[:MAX_LISTED]) + (f", and {more} more" if more > 0 else "")


def _matches(path: str, globs: Iterable[str]) -> bool:
    return any(fnmatchcase(path, f"{glob}*" if glob.endswith("/") else glob) for glob in globs)
