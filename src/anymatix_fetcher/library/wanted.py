"""A search for something that may be here: what is wanted, and what was found."""

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
    """What a download wants.

    Args:
        place: Where it goes.
        name: What the file is called.
        working: The destination that is claimed.
        references: All that is known to name the file, the likeliest first.
        digests: What it must have.
        length: Of it, where that is known.
        overwrite: Whether what is at the destination is to be replaced, and so never counts as there.
        links: Whether copies elsewhere may be used.
        is_claimed: Whether the destination is ours; else nothing is made there, and its name is a guess.
    """

    place: Placement
    name: SafeName
    working: Path
    references: tuple[str, ...] = field(repr=False)
    digests: tuple[Digest, ...] = ()
    length: int | None = None
    overwrite: bool = False
    links: bool = True
    is_claimed: bool = True

    @property
    def settling(self) -> tuple[Digest, ...]:
        """Those of the digests that leave no doubt, the strongest first."""
        strong = (digest for digest in self.digests if digest.algorithm in COLLISION_FREE)
        return tuple(sorted(strong, key=lambda digest: list(HEX_LENGTHS).index(digest.algorithm)))

    @property
    def final(self) -> Path | None:
        """Where the file is in the end, where that is known yet."""
        sha256 = next((digest.hex for digest in self.digests if digest.algorithm == "sha256"), None)
        return self.place.final(self.name, sha256)

    def fits(self, state: FileState, digests: Iterable[Digest]) -> bool:
        """Whether a file with these digests may be it: nothing that is known speaks against it.

        A length that is stated besides says nothing where a digest settles it: catalogues round lengths.
        """
        known = {digest.algorithm: digest for digest in digests}
        if any(known.get(digest.algorithm, digest) != digest for digest in self.digests):
            return False
        is_settled = any(digest in known.values() for digest in self.settling)
        return is_settled or self.length is None or state.size == self.length


@dataclass(frozen=True, slots=True)
class Found:
    """The file that is wanted, without a download.

    Args:
        path: Where it is.
        size: Its length in bytes.
        digests: Of its content, as it was hashed here.
        verified: What proves it: an algorithm's name, ``length`` or ``none``.
        verified_at: When its bytes were read for that, in seconds since 1970; ``None`` where that isn't known.
        method: How it came to be there just now; ``None`` where it was there already.
        is_recorded: Whether a sidecar of this reference names it already.
    """

    path: Path
    size: int
    digests: tuple[Digest, ...]
    verified: str
    method: Method | None = None
    is_recorded: bool = False
    verified_at: float | None = None
