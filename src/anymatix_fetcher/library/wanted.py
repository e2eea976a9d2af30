"""A search for a local file: what is wanted, and what was found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from anymatix_fetcher.core.values.digests import COLLISION_FREE, HEX_LENGTHS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.core.values.filenames import SafeName
    from anymatix_fetcher.library.file_state import FileState
    from anymatix_fetcher.library.linking import Method
    from anymatix_fetcher.library.placing import Placement


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The file that a download wants.

    Args:
        place: The destination.
        name: The file's name.
        working: The path to lease.
        references: All known references of the file, the likeliest first.
        digests: The expected digests.
        length: The expected length, if known.
        overwrite: Whether to replace a file at the destination, so that it doesn't count as found.
        links: Whether copies elsewhere may be used.
        is_leased: Whether the lease is held; otherwise nothing is created, and the name is a guess.
    """

    place: Placement
    name: SafeName
    working: Path
    references: tuple[str, ...] = field(repr=False)
    digests: tuple[Digest, ...] = ()
    length: int | None = None
    overwrite: bool = False
    links: bool = True
    is_leased: bool = True

    @property
    def settling(self) -> tuple[Digest, ...]:
        """The collision-resistant digests, the strongest first."""
        strong = (digest for digest in self.digests if digest.algorithm in COLLISION_FREE)
        return tuple(sorted(strong, key=lambda digest: list(HEX_LENGTHS).index(digest.algorithm)))

    @property
    def final(self) -> Path | None:
        """The final path, if it is known yet."""
        sha256 = next((digest.hex for digest in self.digests if digest.algorithm == "sha256"), None)
        return self.place.final(self.name, sha256)

    def fits(self, state: FileState, digests: Iterable[Digest]) -> bool:
        """Whether a file with these digests may be the wanted one, as nothing contradicts it.

        If a collision-resistant digest matches, the stated length is ignored, because catalogues round lengths.
        """
        known = {digest.algorithm: digest for digest in digests}
        if any(known.get(digest.algorithm, digest) != digest for digest in self.digests):
            return False
        is_settled = any(digest in known.values() for digest in self.settling)
        return is_settled or self.length is None or state.size == self.length


@dataclass(frozen=True, slots=True)
class Found:
    """The wanted file, found without a download.

    Args:
        path: Its path.
        size: Its size in bytes.
        digests: Its digests, computed here.
        verified: How it was verified: an algorithm's name, ``length`` or ``none``.
        verified_at: When its bytes were read for that, in seconds since 1970; ``None`` if unknown.
        method: How it was just made there; ``None`` if it was there already.
        is_recorded: Whether a sidecar of this reference names it already.
    """

    path: Path
    size: int
    digests: tuple[Digest, ...]
    verified: str
    method: Method | None = None
    is_recorded: bool = False
    verified_at: float | None = None
