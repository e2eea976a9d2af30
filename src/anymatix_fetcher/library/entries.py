"""The entries of the index as values."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from anymatix_fetcher.core.values.blocks import BlockChecksums
    from anymatix_fetcher.core.values.digests import Digest
    from anymatix_fetcher.library.file_state import FileState

STRONG = {"sha256", "sha384", "sha512", "blake3"}
"""Collision-resistant algorithms, by which a file may replace another one."""


UNPROVED = {"length", "none"}
"""The values of ``verified`` for content that no digest has verified."""


class HowKnown(StrEnum):
    """How the digest of a file is known."""

    HASHED = "hashed"
    """Computed here from the file in its recorded state."""
    CLAIMED = "claimed"
    """Stated by a sidecar or a name, or computed in another state of the file."""


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """A file to enter into the index.

    Args:
        path: Its path.
        state: Its state when the digests were computed.
        digests: Its digests.
        proof: Whether the digests were computed here. The state of a claim is ignored.
        identities: The identities of the references that it came from.
        verified: What has verified the content: an algorithm's name, ``length`` or ``none``; empty to keep the record.
        read_at: When it was read, in seconds since 1970; ``None`` for now.
        blocks: The checksums of its blocks, if known.
    """

    path: Path
    state: FileState
    digests: tuple[Digest, ...]
    proof: HowKnown
    identities: tuple[str, ...] = ()
    verified: str = ""
    read_at: float | None = None
    blocks: BlockChecksums | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """The index's record of a file, which may be outdated.

    Args:
        state: The file's state at that time.
        digests: Its digests at that time.
        read_at: When it was read, in seconds since 1970; ``None`` if never.
        verified: What had verified the content: an algorithm's name, ``length`` or ``none``.
        blocks: The checksums of its blocks, if known and requested.
        refuted: The state in which it had wrong content; ``None`` if it never had.
    """

    state: FileState
    digests: tuple[Digest, ...] = ()
    read_at: float | None = None
    verified: str = "none"
    blocks: BlockChecksums | None = None
    refuted: FileState | None = None

    def holds(self, state: FileState) -> bool:
        """Whether a file in ``state`` certainly has the recorded content."""
        return state.is_still(self.state) and not self.is_refuted(state)

    def is_refuted(self, state: FileState) -> bool:
        """Whether a file in ``state`` is recorded to have wrong content."""
        return self.refuted is not None and state.is_still(self.refuted)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An existing file that should have the requested digest."""

    path: Path
    state: FileState
    proof: HowKnown
